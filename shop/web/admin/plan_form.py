"""The plan editor's form: rows of rules as they are typed, in the order of their precedence.

Separate from plan.py because reading a form of many rows is a concern of its own. Each field of a row
is named `rule-<row>-<field>`; `key` says which rule of the draft the row stands for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from commissions.terms import Rate, Role, Rule, SamePoint, Terms
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l
from shop.kernel.money import parse_money, to_decimal
from shop.kernel.words import Words
from shop.rewards.plan import TypedRule, key_of

LONGEST_HOLD = 400
_FIELD = re.compile(r"rule-(\d{1,3})-(\w+)")
_MANY = ("kinds", "categories")


@dataclass
class Row:
    """One row as typed."""

    key: str = ""
    role: str = Role.SELLER.value
    name: str = ""
    enabled: str = "on"
    rate: str = Rate.PERCENT.value
    value: str = ""
    hold_days: str = "14"
    kinds: list[str] = field(default_factory=list)
    groups: str = ""
    categories: list[str] = field(default_factory=list)
    service: str = ""
    errors: dict[str, Words | str] = field(default_factory=dict)


def shown(terms: Terms, *, currency: str) -> list[Row]:
    """The draft's rules, and an empty row for a new one."""
    return with_new([_row(rule, currency) for rule in terms.rules])


def with_new(rows: list[Row]) -> list[Row]:
    """Rows with an empty one at their end."""
    return [*rows, Row()]


def read(form: MultiDict[str, str]) -> list[Row]:
    """The typed rows in their order; one without a name is no rule, one that was moved goes up."""
    found: dict[int, dict[str, Any]] = {}
    for name in form:
        match = _FIELD.fullmatch(name)
        if match and match[2] in Row.__dataclass_fields__ and match[2] != "errors":
            many = match[2] in _MANY
            value = form.getlist(name) if many else form[name].strip()
            found.setdefault(int(match[1]), {})[match[2]] = value
    moved = form.get("up", "")
    order = sorted(found)
    rows = {number: Row(**found[number]) for number in order}
    if moved.isdecimal() and int(moved) in order[1:]:
        at = order.index(int(moved))
        order[at - 1], order[at] = order[at], order[at - 1]
    return [rows[number] for number in order if rows[number].name]


def rules(rows: list[Row], *, currency: str) -> list[TypedRule]:
    """What the rows mean. Raises Invalid after every bad field is marked in its row."""
    found = [_rule(row, currency) for row in rows]
    if any(row.errors for row in rows):
        raise Invalid(_l("Please check the marked fields."))
    return found


def bps(text: str, name: str) -> int:
    """Basis points of a typed percentage with at most two decimals. Raises Invalid."""
    cleaned = text.replace("%", "").strip()
    whole, _dot, part = cleaned.partition(".")
    if not (whole + part).isdecimal() or len(part) > 2 or len(whole) > 3:
        raise Invalid(_l("“%(text)s” is not a percentage.", text=text), field=name)
    return int(whole or 0) * 100 + int(part.ljust(2, "0") or 0)


def percent(rate_bps: int) -> str:
    """Basis points as a percentage to edit, without needless zeros."""
    return f"{rate_bps / 100:.2f}".rstrip("0").rstrip(".")


def same_point(form: Mapping[str, str]) -> SamePoint:
    """What a point gets that both sold and handed over. Raises Invalid."""
    chosen = form.get("same_point", "")
    if chosen not in set(SamePoint):
        raise Invalid(_l("Please choose one of the list."), field="same_point")
    return SamePoint(chosen)


def _row(rule: Rule, currency: str) -> Row:
    if rule.rate is Rate.PERCENT:
        value = percent(rule.bps)
    else:
        amount = rule.fixed.get(currency)
        value = "" if amount is None else str(to_decimal(amount, currency))
    return Row(
        key=key_of(rule),
        role=rule.role.value,
        name=rule.name,
        enabled="on" if rule.enabled else "off",
        rate=rule.rate.value,
        value=value,
        hold_days=str(rule.hold_days),
        kinds=list(rule.when.point_kinds),
        groups=" ".join(rule.when.point_groups),
        categories=list(rule.when.categories),
        service=rule.service,
    )


def _rule(row: Row, currency: str) -> TypedRule:
    """A marked field gets a harmless value: the whole form is refused anyway."""
    if row.role not in set(Role) or row.rate not in set(Rate):
        row.errors["role"] = _l("Please choose one of the list.")
    role = Role(row.role) if row.role in set(Role) else Role.SELLER
    rate = Rate(row.rate) if row.rate in set(Rate) else Rate.PERCENT
    return TypedRule(
        key=row.key,
        role=role,
        name=row.name[:80],
        enabled=row.enabled == "on",
        rate=rate,
        value=_value(row, rate, currency),
        hold_days=_days(row),
        kinds=tuple(row.kinds),
        groups=tuple(row.groups.split()),
        categories=tuple(row.categories),
        service=row.service[:120],
    )


def _value(row: Row, rate: Rate, currency: str) -> int | None:
    if rate is Rate.FIXED and not row.value and row.key:
        return None  # it has amounts in other currencies only
    try:
        if rate is Rate.PERCENT:
            return bps(row.value, "value")
        amount = parse_money(row.value, currency, field="value")
    except Invalid as error:
        row.errors["value"] = error.message
        return 0
    if amount < 0:
        row.errors["value"] = _l("This cannot be below zero.")
    return amount


def _days(row: Row) -> int:
    text = row.hold_days
    if not (text.isascii() and text.isdigit()) or int(text) > LONGEST_HOLD:
        row.errors["hold_days"] = _l("“%(text)s” is not a number of days.", text=text)
        return 0
    return int(text)
