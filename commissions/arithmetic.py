"""Exact arithmetic on money: integers in minor units, rates in basis points, no float anywhere.

Separate and pure so that shop and engine round in one and the same place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import cast

Weight = int | Fraction | Decimal

FULL_BPS = 10_000
"""100 % in basis points."""

MAX_AMOUNT = 10**15
"""Largest amount of one row in minor units; keeps sums far from 64 bits."""

_CURRENCIES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP "
        "BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD "
        "FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD "
        "KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD "
        "NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP "
        "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED "
        "VES WST XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENTS: dict[str, int] = {
    code: exponent for exponent, codes in _CURRENCIES.items() for code in codes.split()
}
"""Decimals of each currency of ISO 4217."""

_DECIMAL = re.compile(r"(?P<sign>[+-]?)(?P<whole>\d{1,18})(?:\.(?P<fraction>\d{1,18}))?", re.ASCII)


class BadAmount(ValueError):
    """The text is no amount of this currency, or the currency is unknown."""


def exponent(currency: str) -> int:
    """Decimals of a currency. Raises BadAmount if it is unknown."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise BadAmount(f"unknown currency {currency!r}") from None


def half_up(numerator: int, denominator: int) -> int:
    """The quotient rounded to an integer, halves away from zero.

    Raises TypeError for floats, ZeroDivisionError for a zero denominator.
    """
    _refuse_inexact(numerator, denominator)
    magnitude = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return magnitude if (numerator < 0) == (denominator < 0) else -magnitude


def share_of(amount: int, bps: int) -> int:
    """`bps` basis points of an amount in minor units, half up."""
    return half_up(amount * _integer(bps), FULL_BPS)


def cumulative(total: int, part: int, whole: int) -> int:
    """How much of `total` belongs to the first `part` of `whole`.

    Take differences of this and never the rounded pieces: f(whole) is exactly `total`, and f never
    turns back. A whole of zero has no parts: the answer is zero.
    """
    _refuse_inexact(total, part, whole)
    if not 0 <= part <= whole:
        raise ValueError(f"part {part} is not within 0 … {whole}")
    return half_up(total * part, whole) if whole else 0


def split(amount: int, weights: Iterable[Weight]) -> list[int]:
    """Split an amount by weights so that the parts add up to it exactly.

    Largest remainder, on equal remainders the earlier part; a weight of zero gets nothing; a
    negative amount mirrors the positive one. Raises TypeError for floats, ValueError for no
    weights, a negative one or none above zero.
    """
    whole = _whole_weights(list(weights))
    total = sum(whole)
    if total == 0 or min(whole) < 0:
        raise ValueError("weights must not be negative, and one must be above zero")
    magnitude = abs(_integer(amount))
    parts = [magnitude * weight // total for weight in whole]
    remainders = [magnitude * weight % total for weight in whole]
    by_remainder = sorted(range(len(parts)), key=lambda i: (-remainders[i], i))
    for i in by_remainder[: magnitude - sum(parts)]:
        parts[i] += 1
    return parts if amount >= 0 else [-part for part in parts]


def parse_amount(text: str, currency: str) -> int:
    """Minor units from a plain decimal text such as `-12.5`. No separators, no rounding.

    Raises BadAmount, also when the text has more decimals than the currency.
    """
    return _scaled(text, exponent(currency))


def parse_bps(text: str) -> int:
    """Basis points from a percentage as text: `12.5` is 1250. Raises BadAmount."""
    return _scaled(text, 2)


def to_decimal_text(amount: int, currency: str) -> str:
    """An amount as plain decimal text with all decimals of its currency: `-12.50`."""
    decimals = exponent(currency)
    digits = str(abs(_integer(amount))).rjust(decimals + 1, "0")
    sign = "-" if amount < 0 else ""
    if not decimals:
        return sign + digits
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


def _scaled(text: str, decimals: int) -> int:
    found = _DECIMAL.fullmatch(text.strip())
    if found is None:
        raise BadAmount(f"{text!r} is no decimal number")
    fraction = (found["fraction"] or "").rstrip("0")
    if len(fraction) > decimals:
        raise BadAmount(f"{text!r} has more than {decimals} decimals")
    value = int(found["whole"] + fraction.ljust(decimals, "0"))
    return -value if found["sign"] == "-" else value


def _refuse_inexact(*numbers: int) -> None:
    for number in numbers:
        _integer(number)


def _integer(number: int) -> int:
    if type(number) is not int:
        raise TypeError(f"money is counted in integers, not in {type(number).__name__}")
    return number


def _whole_weights(weights: list[Weight]) -> list[int]:
    """The same proportions in integers."""
    if all(type(weight) is int for weight in weights):
        return cast("list[int]", weights)
    exact = [_exact(weight) for weight in weights]
    common = math.lcm(*(weight.denominator for weight in exact))
    return [int(weight * common) for weight in exact]


def _exact(weight: Weight) -> Fraction:
    if isinstance(weight, bool) or not isinstance(weight, int | Fraction | Decimal):
        raise TypeError(f"a weight is exact, not a {type(weight).__name__}")
    return Fraction(weight)
