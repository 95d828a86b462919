"""What earns nothing from the beginning: judged when the sale is told, and frozen in its facts.

So the proof recomputes it from what was told, and a setting that changes later moves nothing. More
than the sale's own rows is read only where a rule that needs it rejects.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.abuse.judging import OrderSignals, judge_order
from commissions.abuse.rules import SCOPES, Action, Check, Rulebook, Scope
from shop.orders.models import Order, OrderContact
from shop.rewards import keys
from shop.rewards.abuse import identifying, settings
from shop.rewards.abuse.models import AbuseCase, Verdict
from shop.rewards.parties import Standing
from shop.sharing.models import Touch

REFUSALS = frozenset(check.value for check in Check)
"""Reasons in the facts that come from a rule against abuse."""
_BY_CONTACT = (Check.SELF_PURCHASE, Check.HOUSEHOLD, Check.DISPOSABLE_MAIL)


@dataclass(frozen=True)
class Known:
    """What rules that reject may ask of an order beyond its own rows."""

    rules: Rulebook
    order_id: int
    placed_at: datetime
    buyer: Mapping[str, str] = field(default_factory=dict)
    mail_domain: str = ""
    own: Mapping[int, identifying.Own] = field(default_factory=dict)
    earlier: identifying.Earlier = field(default_factory=dict)
    refused: Mapping[int, Sequence[AbuseCase]] = field(default_factory=dict)
    """Point → its cases because of which new sales earn nothing now."""


def known(session: Session, order: Order, point_ids: Collection[int], *, at: datetime) -> Known:
    """Read what rules that reject need: nothing, unless one is set so."""
    rules = settings.kept.get()
    found = Known(rules, order.id, order.submitted_at)
    if not point_ids:
        return found
    if rules.rejects(Scope.POINT):
        found = replace(found, refused=refusing(session, point_ids, at=at))
    if any(_rejects(rules, check) for check in _BY_CONTACT):
        contact = session.get(OrderContact, order.id)
        found = replace(
            found,
            buyer=identifying.buyer(order, contact),
            mail_domain=identifying.domain(contact.email) if contact else "",
        )
    if _rejects(rules, Check.SELF_PURCHASE):
        found = replace(found, own=identifying.own(session, point_ids))
    if _rejects(rules, Check.HOUSEHOLD):
        since = at - timedelta(days=longest_household(rules) + 1)
        hashes = identifying.household_hashes(found.buyer)
        found = replace(found, earlier=identifying.earlier(session, hashes, since))
    return found


def judged(standing: Standing | None, touch: Touch | None, known: Known) -> Standing | None:
    """The standing with a refusal, if a rule that rejects is met; no statement of its own."""
    if standing is None or standing.party.refusal:
        return standing
    point_id = keys.number(standing.party.point_key)
    rules = {
        check: setting
        for check, setting in known.rules.of(standing.party.group).items()
        if setting.action is Action.REJECT
    }
    signals = replace(
        signals_of(standing, touch, placed_at=known.placed_at),
        buyer=known.buyer,
        own=known.own.get(point_id, {}),
        earlier=identifying.of_household(
            known.earlier, point_id, known.buyer, order_id=known.order_id, at=known.placed_at
        ),
        mail_domain=known.mail_domain,
    )
    reasons = [found.check.value for found in judge_order(signals, rules)]
    reasons += [
        one.rule
        for one in known.refused.get(point_id, ())
        if one.rule in rules and _concerns(one, touch)
    ]
    if not reasons:
        return standing
    return replace(standing, party=replace(standing.party, refusal=reasons[0]))


def refusing(
    session: Session, point_ids: Collection[int], *, at: datetime
) -> dict[int, list[AbuseCase]]:
    """Cases because of which new sales of these points earn nothing; one statement."""
    found: defaultdict[int, list[AbuseCase]] = defaultdict(list)
    rows = session.scalars(
        select(AbuseCase)
        .where(
            AbuseCase.point_id.in_(sorted(point_ids)),
            AbuseCase.action == Action.REJECT,
            AbuseCase.rule.in_([check for check in Check if SCOPES[check] is Scope.POINT]),
            AbuseCase.status != Verdict.RELEASED,
            AbuseCase.due_at > at,
        )
        .order_by(AbuseCase.id)
    )
    for one in rows:
        found[one.point_id].append(one)
    return found


def signals_of(
    standing: Standing | None, touch: Touch | None, *, placed_at: datetime
) -> OrderSignals:
    """What is known of an order without looking at anybody else's."""
    return OrderSignals(
        placed_at=placed_at,
        touched_at=touch.at if touch else None,
        platform=touch.platform if touch else "",
        campaign=touch.campaign if touch else "",
        referrer=touch.referrer if touch else "",
        is_own_upline=bool(
            standing and standing.upline and standing.upline.point_key == standing.party.point_key
        ),
    )


def longest_household(rules: Rulebook) -> int:
    """Days that the rule about households looks back at most."""
    return max(setting.numbers["days"] for setting in rules.settings(Check.HOUSEHOLD))


def _rejects(rules: Rulebook, check: Check) -> bool:
    return any(setting.action is Action.REJECT for setting in rules.settings(check))


def _concerns(case: AbuseCase, touch: Touch | None) -> bool:
    """A code that leaked refuses what came by it, and nothing else of its point."""
    if case.rule != Check.CODE_LEAK:
        return True
    return touch is not None and touch.source == case.about
