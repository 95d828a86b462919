"""How the twelve rules are set: the brand's rows over the starting values, each change audited."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.abuse.rules import BY_ORDER_ALONE, DEFAULTS, Action, Check, Setting
from shop.kernel import audit
from shop.kernel.errors import Invalid
from shop.kernel.kept import Kept
from shop.kernel.words import _l
from shop.rewards.abuse.models import AbuseSetting

MOST_WORDS, LONGEST_WORD, LARGEST = 500, 200, 1_000_000


def current(session: Session) -> dict[Check, Setting]:
    """All twelve as they stand; one statement."""
    rows = {row.rule: row for row in session.scalars(select(AbuseSetting))}
    return {check: _setting(default, rows.get(check)) for check, default in DEFAULTS.items()}


kept = Kept(current)
"""For the buyer's way: at most two seconds old."""


def change(
    session: Session,
    check: Check,
    *,
    action: Action,
    numbers: Mapping[str, int],
    words: Sequence[str],
    by: str,
    at: datetime,
) -> None:
    """Set one rule. What was held or rejected before stays as it is.

    Raises Invalid for an action that the rule cannot take, a number below one, or too long a list.
    """
    if action is Action.REJECT and check not in BY_ORDER_ALONE:
        raise Invalid(
            _l("This rule cannot reject: it needs to look at more than the order itself.")
        )
    if set(numbers) != set(DEFAULTS[check].numbers) or not all(
        1 <= number <= LARGEST for number in numbers.values()
    ):
        raise Invalid(_l("Please give every number, each of at least 1."))
    cleaned = sorted({word.strip().lower() for word in words if word.strip()})
    if len(cleaned) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in cleaned):
        raise Invalid(_l("The list is too long."))
    before = current(session)[check]
    row = session.get(AbuseSetting, check) or AbuseSetting(rule=check)
    row.action, row.numbers, row.words = action, dict(numbers), cleaned
    row.changed_at, row.changed_by = at, by
    session.add(row)
    kept.forget(session)
    audit.record(
        session,
        "abuse_setting.changed",
        "abuse_setting",
        check,
        by=by,
        at=at,
        before={"action": before.action, **before.numbers, "words": len(before.words)},
        after={"action": action, **numbers, "words": len(cleaned)},
    )


def _setting(default: Setting, row: AbuseSetting | None) -> Setting:
    if row is None:
        return default
    return Setting(
        action=Action(row.action),
        numbers={**default.numbers, **row.numbers},
        words=tuple(row.words),
    )
