"""What earns nothing from the beginning: judged when the sale is told, and frozen in its facts.

So the proof recomputes it from what was told, and a setting that changes later moves nothing.
"""

from dataclasses import replace
from datetime import datetime

from commissions.abuse.judging import OrderSignals, judge_order
from commissions.abuse.rules import BY_ORDER_ALONE, Action, Check
from shop.rewards.abuse import settings
from shop.rewards.parties import Standing
from shop.sharing.models import Touch


def judged(
    standing: Standing | None, touch: Touch | None, *, placed_at: datetime
) -> Standing | None:
    """The standing with a refusal, if a rule that rejects is met; no statement of its own."""
    if standing is None or standing.party.refusal:
        return standing
    rejecting = {
        check: setting
        for check, setting in settings.kept.get().items()
        if setting.action is Action.REJECT and check in BY_ORDER_ALONE
    }
    found = judge_order(signals_of(standing, touch, placed_at=placed_at), rejecting)
    if not found:
        return standing
    return replace(standing, party=replace(standing.party, refusal=found[0].check.value))


def signals_of(
    standing: Standing | None, touch: Touch | None, *, placed_at: datetime
) -> OrderSignals:
    """What is known of an order without looking at anybody else's."""
    return OrderSignals(
        placed_at=placed_at,
        touched_at=touch.at if touch else None,
        platform=touch.platform if touch else "",
        referrer=touch.referrer if touch else "",
        is_own_upline=bool(
            standing and standing.upline and standing.upline.point_key == standing.party.point_key
        ),
    )


REFUSALS = frozenset(check.value for check in Check)
"""Reasons in the facts that come from a rule against abuse."""
