"""Money for people: the engine's arithmetic, with formatting and parsing by language."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

from babel import Locale
from babel.numbers import NumberPattern, parse_pattern

from commissions.arithmetic import cumulative, exponent, half_up, share_of, split
from shop.kernel.errors import Invalid
from shop.kernel.i18n import BABEL_NAMES, locale
from shop.kernel.words import _l

__all__ = [
    "Money",
    "cumulative",
    "exponent",
    "format_money",
    "half_up",
    "parse_money",
    "share_of",
    "split",
    "tax_inside",
    "tax_on",
    "to_decimal",
]

MAX_AMOUNT = 10**15
"""Largest amount a form may hold, in minor units; sums of a year stay far below 2^63."""


@dataclass(frozen=True, order=True)
class Money:
    """An amount in minor units with its currency; different currencies never add."""

    amount: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.amount * times, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.amount


def to_decimal(amount: int, currency: str) -> Decimal:
    """The amount in major units."""
    return Decimal(amount).scaleb(-exponent(currency))


def format_money(amount: int, currency: str, *, tag: str | None = None) -> str:
    """The amount as the reader's language writes it: ¥12.50 in Chinese, CN¥12.50 in English."""
    name = BABEL_NAMES[tag or locale()]
    pattern = _pattern(name, exponent(currency))
    number = to_decimal(amount, currency)
    return str(pattern.apply(number, name, currency=currency, currency_digits=False))


@cache
def _pattern(name: str, digits: int) -> NumberPattern:
    """How a language writes money, with as many digits as the currency has minor units.

    Babel's own choice is what shops of a country round to in cash: it would show 12.50 RSD as 13.
    """
    pattern = parse_pattern(Locale.parse(name).currency_formats["standard"].pattern)
    pattern.frac_prec = (digits, digits)
    return pattern


def parse_money(text: str, currency: str, *, field: str = "") -> int:
    """Minor units of a number that a person typed, such as "1,234.50".

    Raises Invalid for anything else, for more decimals than the currency has, and for amounts
    beyond all reason.
    """
    cleaned = text.strip().replace(",", "").replace("\u00a0", "").lstrip("¥￥$£€")
    try:
        minor = Decimal(cleaned).scaleb(exponent(currency))
    except InvalidOperation as error:
        raise Invalid(
            _l("“%(text)s” is not an amount of money.", text=text), field=field
        ) from error
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise Invalid(
            _l("“%(text)s” has more decimals than %(currency)s has.", text=text, currency=currency),
            field=field,
        )
    if abs(minor) > MAX_AMOUNT:
        raise Invalid(_l("“%(text)s” is too large.", text=text), field=field)
    return int(minor)


def tax_inside(gross: int, rate_bps: int) -> int:
    """The tax that a tax-inclusive amount holds, half up (reference shop §8)."""
    return half_up(gross * rate_bps, 10_000 + rate_bps)


def tax_on(net: int, rate_bps: int) -> int:
    """The tax that comes on top of a net amount, half up."""
    return half_up(net * rate_bps, 10_000)
