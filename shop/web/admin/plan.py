"""The plan screen: the list on the page is the precedence; a second person publishes."""

from datetime import datetime, timedelta
from typing import Any

from flask import Response, request

from commissions.errors import CommissionError
from commissions.plans import NotPublishable, Retroactive, SamePerson, TermsChanged
from commissions.terms import Rate, Role, Terms
from shop.catalog.categories import categories
from shop.kernel import clock, db
from shop.kernel.errors import Conflict, Invalid
from shop.kernel.i18n import _l, text_of
from shop.kernel.money import parse_money, to_decimal
from shop.kernel.words import Words, say
from shop.network.models import PointKind
from shop.rewards import plan as plans
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint

ROW_FIELDS = (
    "role",
    "name",
    "rate",
    "value",
    "hold_days",
    "kinds",
    "groups",
    "categories",
    "service",
)
EMPTY_ROWS = 2


@blueprint.get("/plan")
@access.finance
def plan() -> Response:
    """What is in force, what comes, and the draft."""
    return _page()


@blueprint.post("/plan/start")
@access.finance_maker
def start_plan() -> Any:
    """Begin a draft with what is in force."""
    with db.unit_of_work() as session:
        if plans.open_draft(session) is not None:
            raise Conflict(_l("There is a draft already. Finish or discard it first."))
        plans.start(session, by=current_actor().key, at=clock.now())
    return render.back_to("admin.plan")


@blueprint.post("/plan/<int:draft_id>")
@access.finance_maker
def save_plan(draft_id: int) -> Any:
    """Save the rules, or hand them to a second person."""
    rows = _rows()
    actor, at = current_actor(), clock.now()
    try:
        rules = plans.rules_from([_clean(row) for row in rows], currency=_currency())
        ceiling = _bps(request.form.get("ceiling", ""), "ceiling")
        with db.unit_of_work() as session:
            plans.save(
                session, draft_id, Terms(rules=rules, ceiling_bps=ceiling), by=actor.key, at=at
            )
        if "submit" in request.form:
            with db.unit_of_work() as session:
                found = plans.open_draft(session)
                errors = (
                    [one for one in plans.problems(session, plans.terms_of(found)) if one.is_error]
                    if found
                    else []
                )
                if not errors:
                    plans.submit(session, draft_id, by=actor.key, at=at)
            if errors:
                return _page(status=422)
            return render.back_to("admin.plan", say_so=_l("A second person can publish it now."))
    except (Invalid, ValueError) as error:
        words = error.message if isinstance(error, Invalid) else _l("Please check the rules.")
        return _page(typed=rows, message=say(words), status=422)
    return render.back_to("admin.plan", say_so=_l("Saved."))


@blueprint.post("/plan/<int:draft_id>/publish")
@access.finance_checker
def publish_plan(draft_id: int) -> Any:
    """Publish what was read; it never changes afterwards."""
    at = clock.now()
    try:
        with db.unit_of_work() as session:
            plans.publish(
                session,
                draft_id,
                expected_hash=request.form.get("hash", ""),
                effective_from=_effective_from(at),
                by=current_actor().key,
                at=at,
            )
    except CommissionError as error:
        return _page(message=say(_refusal(error)), status=409)
    return render.back_to("admin.plan", say_so=_l("The plan is published."))


@blueprint.post("/plan/<int:draft_id>/return")
@access.finance_checker
def return_plan(draft_id: int) -> Any:
    """Give it back to its author with a reason."""
    with db.unit_of_work() as session:
        plans.give_back(
            session,
            draft_id,
            note=request.form.get("note", "")[:500],
            by=current_actor().key,
            at=clock.now(),
        )
    return render.back_to("admin.plan", say_so=_l("It is back with its author."))


@blueprint.post("/plan/<int:draft_id>/discard")
@access.finance_maker
def discard_plan(draft_id: int) -> Any:
    with db.unit_of_work() as session:
        plans.discard(session, draft_id, by=current_actor().key, at=clock.now())
    return render.back_to("admin.plan", say_so=_l("The draft is gone."))


def _page(
    *, typed: list[dict[str, str]] | None = None, message: str = "", status: int = 200
) -> Response:
    at = clock.now()
    with db.reading() as session:
        draft = plans.open_draft(session)
        terms = plans.terms_of(draft) if draft else None
        tree = categories(session)
        return render.page(
            "admin/plan.html",
            status=status,
            current=plans.in_force(session, at=at),
            versions=plans.history(session),
            draft=draft,
            terms=terms,
            rows=(typed or _shown(terms)) if draft else [],
            problems=plans.problems(session, terms) if terms else [],
            kinds=[kind.value for kind in PointKind],
            category_names={f"category:{one.id}": text_of(one.name) for one in tree.rows},
            message=message,
            now=at,
        )


def _shown(terms: Terms | None) -> list[dict[str, str]]:
    rows = []
    for rule in terms.rules if terms else ():
        value = (
            f"{rule.bps / 100:g}"
            if rule.rate is Rate.PERCENT
            else _plain(next(iter(rule.fixed.values()), 0))
        )
        rows.append(
            {
                "role": rule.role.value,
                "name": rule.name,
                "rate": rule.rate.value,
                "value": value,
                "hold_days": str(rule.hold_days),
                "kinds": " ".join(rule.when.point_kinds),
                "groups": " ".join(rule.when.point_groups),
                "categories": " ".join(rule.when.categories),
                "service": rule.service,
            }
        )
    blank = dict.fromkeys(ROW_FIELDS, "") | {"role": Role.SELLER.value, "rate": "percent"}
    return rows + [dict(blank) for _row in range(EMPTY_ROWS)]


def _rows() -> list[dict[str, str]]:
    """The typed rows in their order; rows without a name are no rules."""
    columns = {name: request.form.getlist(name) for name in ROW_FIELDS}
    count = min((len(values) for values in columns.values()), default=0)
    rows = [{name: columns[name][at].strip() for name in ROW_FIELDS} for at in range(count)]
    moved = request.form.get("up", "")
    named = [row for row in rows if row["name"]]
    if moved.isdecimal() and len(moved) < 5 and 0 < int(moved) < len(named):
        at = int(moved)
        named[at - 1], named[at] = named[at], named[at - 1]
    return named


def _clean(row: dict[str, str]) -> dict[str, str]:
    value = (
        str(_bps(row["value"], "value"))
        if row["rate"] == Rate.PERCENT.value
        else str(parse_money(row["value"], _currency(), field="value"))
    )
    days = row["hold_days"] or "14"
    if not days.isdecimal() or int(days[:9]) > 400:
        raise Invalid(_l("“%(text)s” is not a number.", text=days), field="hold_days")
    return {**row, "value": value, "hold_days": days}


def _bps(text: str, field: str) -> int:
    """Basis points of a typed percentage with at most two decimals."""
    cleaned = text.replace("%", "").strip()
    whole, _dot, part = cleaned.partition(".")
    if not (whole + part).isdecimal() or len(part) > 2 or len(whole) > 3:
        raise Invalid(_l("“%(text)s” is not a percentage.", text=text), field=field)
    return int(whole or 0) * 100 + int(part.ljust(2, "0") or 0)


def _plain(amount: int) -> str:
    return str(to_decimal(amount, _currency()))


def _currency() -> str:
    return render.current_brand().currency


def _effective_from(at: datetime) -> datetime:
    text = request.form.get("from", "")
    if not text:
        return at + timedelta(seconds=1)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=render.current_brand().zone)
    except ValueError as error:
        raise Invalid(_l("“%(text)s” is not a date.", text=text), field="from") from error


def _refusal(error: CommissionError) -> Words:
    if isinstance(error, SamePerson):
        return _l("Another person must publish what you wrote.")
    if isinstance(error, TermsChanged):
        return _l("The draft was changed since you read it. Please read it again.")
    if isinstance(error, Retroactive):
        return _l("A plan cannot begin in the past.")
    if isinstance(error, NotPublishable):
        return _l("The checks below must be passed first.")
    return _l("Somebody else changed this meanwhile. Please look at it again.")
