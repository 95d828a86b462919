"""One rule of the draft: its whole language on a page of its own."""

from typing import Any

from flask import Response, abort, request
from sqlalchemy.orm import Session

from commissions.errors import StaleState
from commissions.models import Draft, DraftStatus
from commissions.terms import Rate, Role, Rule, Terms
from shop.catalog.categories import categories
from shop.kernel import clock, db
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l, text_of
from shop.kernel.words import say
from shop.rewards import plan as plans
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import plan_rule_form
from shop.web.admin.plan_rule_form import BANDS, RuleForm
from shop.web.admin.routes import blueprint

NEW = "new"


@blueprint.get("/plan/<int:draft_id>/rules/<key>")
@access.finance_maker
def plan_rule(draft_id: int, key: str) -> Response:
    """Everything that the rule says, to change."""
    brand = render.current_brand()
    with db.reading() as session:
        draft, terms, rule = _find(session, draft_id, key)
        blank = Rule(position=1, role=_asked_role(), name="", rate=Rate.PERCENT)
        values = plan_rule_form.shown(
            session, rule or blank, currency=brand.currency, zone=brand.zone
        )
        form = _form(session, rule, data=values)
    return _page(draft, terms, key, form, seen=draft.content_hash)


@blueprint.post("/plan/<int:draft_id>/rules/<key>")
@access.finance_maker
def save_rule(draft_id: int, key: str) -> Any:
    """Save the rule; a new one goes to the top of its list."""
    brand, actor = render.current_brand(), current_actor()
    seen = request.form.get("seen", "")
    with db.reading() as session:
        draft, terms, rule = _find(session, draft_id, key)
        form = _form(session, rule, request.form)
    try:
        form.validate()
        with db.unit_of_work() as session:
            made = plan_rule_form.read(
                session, form, rule, currency=brand.currency, zone=brand.zone
            )
            if form.errors:
                return _page(draft, terms, key, form, seen=seen, status=422)
            plans.save(
                session,
                draft_id,
                plans.with_rule(terms, key, made),
                expected_hash=seen,
                by=actor.key,
                at=clock.now(),
            )
    except Invalid as error:
        form.blame(error)
        return _page(draft, terms, key, form, seen=seen, status=422)
    except StaleState:
        words = _l("The draft was changed since you read it. Please read it again.")
        form.form_errors.append(say(words))
        return _page(draft, terms, key, form, seen=seen, status=409)
    return render.back_to("admin.plan", say_so=_l("Saved."))


def _find(session: Session, draft_id: int, key: str) -> tuple[Draft, Terms, Rule | None]:
    draft = plans.by_id(session, draft_id)
    if draft is None or draft.status is not DraftStatus.DRAFT:
        abort(404)
    terms = plans.terms_of(draft)
    rule = plans.rule_of(terms, key)
    if rule is None and key != NEW:
        abort(404)
    return draft, terms, rule


def _form(session: Session, rule: Rule | None, typed: Any = None, **more: Any) -> RuleForm:
    form = RuleForm(typed, **more)
    tree = categories(session)
    form.offer({f"category:{one.id}": text_of(one.name) for one in tree.rows}, rule)
    return form


def _asked_role() -> Role:
    role = request.args.get("role", "")
    return Role(role) if role in set(Role) else Role.SELLER


def _page(
    draft: Draft, terms: Terms, key: str, form: RuleForm, *, seen: str, status: int = 200
) -> Response:
    return render.page(
        "admin/plan/rule.html",
        status=status,
        draft=draft,
        key=key,
        is_new=key == NEW,
        form=form,
        seen=seen,
        bands=[(form[f"band_{one}_from"], form[f"band_{one}_percent"]) for one in BANDS],
        count=sum(len(terms.of_role(role)) for role in Role),
    )
