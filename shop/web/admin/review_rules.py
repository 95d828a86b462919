"""How the rules against abuse are set: all twelve, and one with its groups and its exceptions."""

from typing import Any

from flask import Response, abort, request

from commissions.abuse.rules import SCOPES, SIGNALS, Action, Check
from shop.accounts import queries as people
from shop.kernel import clock, db
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l
from shop.kernel.words import say
from shop.rewards import payouts
from shop.rewards.abuse import allowing, settings, trying, words
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint


@blueprint.get("/reviews/rules")
@access.finance
def review_rules() -> Response:
    """The twelve rules: what each does, and how often it did it in the last weeks."""
    with db.reading() as session:
        return render.page(
            "admin/reviews/rules.html",
            rules=settings.current(session),
            lately=trying.lately(session, at=clock.now()),
            days=trying.LATELY.days,
            words=words,
            scopes=SCOPES,
        )


@blueprint.get("/reviews/rules/<rule>")
@access.finance
def review_rule(rule: str) -> Response:
    """One rule for all points and for groups of them; with `try` in the address, tried out."""
    return _rule(_check(rule), is_tried="try" in request.args)


@blueprint.post("/reviews/rules/<rule>")
@access.finance_checker
def change_review_rule(rule: str) -> Any:
    """Set it, for all points or for a group."""
    check = _check(rule)
    group = request.form.get("group", "").strip()
    try:
        with db.unit_of_work() as session:
            known = settings.current(session).of(group)[check]
            settings.change(
                session,
                check,
                action=_action(),
                numbers={name: _number(name) for name in known.numbers},
                words=_listed(check),
                group=group,
                by=current_actor().key,
                at=clock.now(),
            )
    except Invalid as error:
        return _rule(check, refused=group or "all", message=say(error.message), status=422)
    return render.back_to("admin.review_rule", rule=rule, say_so=_l("The rule is set."))


@blueprint.post("/reviews/rules/<rule>/same-for-all")
@access.finance_checker
def drop_review_rule(rule: str) -> Any:
    """A group goes by what holds for all again."""
    check, group = _check(rule), request.form.get("group", "")
    with db.unit_of_work() as session:
        settings.drop(session, check, group, by=current_actor().key, at=clock.now())
    return render.back_to(
        "admin.review_rule", rule=rule, say_so=_l("The group goes by the rule for all again.")
    )


@blueprint.post("/reviews/pairs/<int:payee_id>/<int:other_id>/withdraw")
@access.finance_checker
def withdraw_pair(payee_id: int, other_id: int) -> Any:
    """Two payees who were allowed to be alike are looked at again."""
    with db.unit_of_work() as session:
        allowing.withdraw(session, payee_id, other_id, by=current_actor().key, at=clock.now())
    return render.back_to(
        "admin.review_rule",
        rule=Check.DUPLICATE_POINT.value,
        say_so=_l("They are looked at again."),
    )


def _check(rule: str) -> Check:
    return Check(rule) if rule in set(Check) else abort(404)


def _action() -> Action:
    value = request.form.get("action", "")
    if value not in set(Action):
        raise Invalid(_l("Please choose what the rule does."))
    return Action(value)


def _number(name: str) -> int:
    text = request.form.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _listed(check: Check) -> list[str]:
    if check in SIGNALS:
        return request.form.getlist("words")
    return request.form.get("words", "").split()


def _rule(
    check: Check,
    *,
    is_tried: bool = False,
    refused: str = "",
    message: str = "",
    status: int = 200,
) -> Response:
    """`refused` is the group whose form did not go through, `all` for that of all points."""
    at = clock.now()
    with db.reading() as session:
        rules = settings.current(session)
        own = {group: of[check] for group, of in rules.groups.items() if check in of}
        pairs = allowing.pairs(session) if check is Check.DUPLICATE_POINT else []
        ids = [one.payee_id for one in pairs] + [one.other_id for one in pairs]
        return render.page(
            "admin/reviews/rule.html",
            status=status,
            check=check,
            everywhere=rules.everywhere[check],
            own=own,
            groups=[one for one in settings.groups(session) if one not in own],
            scope=SCOPES[check],
            signals=SIGNALS.get(check, ()),
            actions=tuple(Action),
            lately=trying.lately(session, at=at).get(check, {}),
            tried=trying.would_meet(session, check, rules, at=at) if is_tried else None,
            days=trying.LATELY.days,
            pairs=pairs,
            payees=payouts.names_of(session, ids) if ids else {},
            people=people.names_of(session, {one.by for one in pairs}),
            refused=refused,
            message=message,
            typed=request.form,
            words=words,
        )
