"""What the point earns by the plan: coming, current and past rates in plain words."""

from flask import Response

from shop.kernel import clock, db
from shop.rewards import plan_names
from shop.rewards import rates as verbs
from shop.web import access, plan_words, render
from shop.web.actor import current_actor
from shop.web.desk.routes import blueprint


@blueprint.get("/rates")
@access.desk_owner
def rates() -> Response:
    """Every version that concerns the point, with its rules in their precedence."""
    zone = render.current_brand().zone
    with db.reading() as session:
        found = verbs.of_point(session, current_actor().point_id or 0, at=clock.now())
        names = plan_names.names_of(session, [rule for one in found for rule in one.rules])
    return render.page(
        "desk/rates.html",
        versions=found,
        words_of=lambda rule: plan_words.of_rule(rule, names, zone),
        roles=plan_words.ROLES,
        promised=plan_words.PROMISES,
    )
