"""Numbers of the plan as people type them: percentages, and amounts in the brand's currency."""

from collections.abc import Mapping
from dataclasses import fields

from commissions.terms import Promises, SamePoint
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l
from shop.kernel.money import parse_money, to_decimal

LONGEST_HOLD = 400
LONGEST_PROMISE = 500


def bps(text: str, name: str) -> int:
    """Basis points of a typed percentage with at most two decimals. Raises Invalid."""
    cleaned = text.replace("%", "").strip()
    whole, _dot, part = cleaned.partition(".")
    if not (whole + part).isdecimal() or len(part) > 2 or len(whole) > 3:
        raise Invalid(_l("“%(text)s” is not a percentage.", text=text), field=name)
    return int(whole or 0) * 100 + int(part.ljust(2, "0") or 0)


def percent(rate_bps: int) -> str:
    """Basis points as a percentage to edit, without needless zeros."""
    return f"{rate_bps // 100}.{rate_bps % 100:02d}".rstrip("0").rstrip(".")


def days(text: str, name: str) -> int:
    """A number of days. Raises Invalid."""
    cleaned = text.strip()
    if not (cleaned.isascii() and cleaned.isdigit()) or int(cleaned) > LONGEST_HOLD:
        raise Invalid(_l("“%(text)s” is not a number of days.", text=text), field=name)
    return int(cleaned)


def amount(amounts: Mapping[str, int], currency: str) -> str:
    """The amount in the brand's currency to edit; empty if there is none."""
    found = amounts.get(currency)
    return "" if found is None else str(to_decimal(found, currency))


def with_amount(before: Mapping[str, int], text: str, currency: str, name: str) -> dict[str, int]:
    """The amounts with what was typed for the brand's currency; those in others stay.

    Raises Invalid for what is no amount, or below zero.
    """
    kept = {one: value for one, value in before.items() if one != currency}
    if not text.strip():
        return kept
    found = parse_money(text, currency, field=name)
    if found < 0:
        raise Invalid(_l("This cannot be below zero."), field=name)
    return {**kept, currency: found}


def promises(form: Mapping[str, str]) -> Promises:
    """What the plan says beside its numbers. Raises Invalid for words without end."""
    typed = {one.name: form.get(one.name, "").strip() for one in fields(Promises)}
    for name, text in typed.items():
        if len(text) > LONGEST_PROMISE:
            raise Invalid(_l("This is too long."), field=name)
    return Promises(**typed)


def same_point(form: Mapping[str, str]) -> SamePoint:
    """What a point gets that both sold and handed over. Raises Invalid."""
    chosen = form.get("same_point", "")
    if chosen not in set(SamePoint):
        raise Invalid(_l("Please choose one of the list."), field="same_point")
    return SamePoint(chosen)
