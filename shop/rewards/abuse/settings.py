"""How the twelve rules are set: the brand's rows over the starting values, each change audited.

A rule has one setting for all points, and may have another for a group of them, which then wins.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from commissions.abuse.rules import DEFAULTS, SIGNALS, Action, Check, Rulebook, Setting
from shop.kernel import audit
from shop.kernel.errors import Invalid, NotFound
from shop.kernel.kept import Kept
from shop.kernel.words import _l
from shop.network.models import Point
from shop.rewards.abuse.models import AbuseSetting

MOST_WORDS, LONGEST_WORD, LARGEST = 500, 200, 1_000_000


def current(session: Session) -> Rulebook:
    """All settings as they stand; one statement."""
    everywhere, groups = dict(DEFAULTS), defaultdict[str, dict[Check, Setting]](dict)
    for row in session.scalars(select(AbuseSetting)):
        check = Check(row.rule)
        setting = Setting(
            action=Action(row.action),
            numbers={**DEFAULTS[check].numbers, **row.numbers},
            words=tuple(row.words),
        )
        if row.group_key:
            groups[row.group_key][check] = setting
        else:
            everywhere[check] = setting
    return Rulebook(everywhere, groups)


kept = Kept(current)
"""For the buyer's way: at most two seconds old."""


def groups(session: Session) -> list[str]:
    """Groups that points are in, by name."""
    found = select(Point.group_key).where(Point.group_key != "").distinct()
    return sorted(session.scalars(found))


def change(
    session: Session,
    check: Check,
    *,
    action: Action,
    numbers: Mapping[str, int],
    words: Sequence[str],
    by: str,
    at: datetime,
    group: str = "",
) -> None:
    """Set one rule, for all points or for a group. What was held or rejected before stays so.

    Raises Invalid for a group without points, a number below one, an unknown signal, or too long a
    list.
    """
    if group and group not in groups(session):
        raise Invalid(_l("No point is in this group."), field="group")
    if set(numbers) != set(DEFAULTS[check].numbers) or not all(
        1 <= number <= LARGEST for number in numbers.values()
    ):
        raise Invalid(_l("Please give every number, each of at least 1."))
    cleaned = sorted({word.strip().lower() for word in words if word.strip()})
    if len(cleaned) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in cleaned):
        raise Invalid(_l("The list is too long."))
    if check in SIGNALS and not set(cleaned) <= set(SIGNALS[check]):
        raise Invalid(_l("Please choose what counts."))
    before = current(session).of(group)[check]
    row = session.get(AbuseSetting, (check, group)) or AbuseSetting(rule=check, group_key=group)
    row.action, row.numbers, row.words = action, dict(numbers), cleaned
    row.changed_at, row.changed_by = at, by
    session.add(row)
    kept.forget(session)
    audit.record(
        session,
        "abuse_setting.changed",
        "abuse_setting",
        _thing(check, group),
        by=by,
        at=at,
        before={"action": before.action, **before.numbers, "words": len(before.words)},
        after={"action": action, **numbers, "words": len(cleaned)},
    )


def drop(session: Session, check: Check, group: str, *, by: str, at: datetime) -> None:
    """A group goes by what holds for all again. Raises NotFound if it had nothing of its own."""
    gone = session.execute(
        delete(AbuseSetting)
        .where(
            AbuseSetting.rule == check,
            AbuseSetting.group_key == group,
            AbuseSetting.group_key != "",
        )
        .returning(AbuseSetting.rule)
    ).one_or_none()
    if gone is None:
        raise NotFound(_l("This group has no setting of its own."))
    kept.forget(session)
    thing = _thing(check, group)
    audit.record(session, "abuse_setting.dropped", "abuse_setting", thing, by=by, at=at)


def _thing(check: Check, group: str) -> str:
    return f"{check}:{group}" if group else check
