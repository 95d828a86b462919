"""How much tax is kept from a payout: tables as data, and one function that reads them. Pure.

A cumulative table looks at the whole tax year: tax on everything so far less what was kept before,
as China withholds on service income. A plain one looks at each payment alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commissions.arithmetic import FULL_BPS, half_up

_SCALE = FULL_BPS


@dataclass(frozen=True, kw_only=True)
class Band:
    """A rate for the part of the taxable amount up to `up_to`; None is the rest."""

    up_to: int | None
    bps: int


@dataclass(frozen=True, kw_only=True)
class Table:
    """One withholding table; amounts in minor units, rates in basis points."""

    bands: tuple[Band, ...]
    deduction_bps: int = 0
    """Part of the gross amount that is not taxed: costs by rule of thumb."""
    free_amount: int = 0
    """Not taxed: of each month of a cumulative table, of each payment of a plain one."""
    cumulative: bool = False

    def __post_init__(self) -> None:
        limits = [band.up_to for band in self.bands]
        rising = [limit for limit in limits[:-1] if limit is not None]
        if not limits or limits[-1] is not None or len(rising) != len(limits) - 1:
            raise BadTable("the last band, and only it, has no upper end")
        if rising != sorted(set(rising)) or (rising and rising[0] <= 0):
            raise BadTable("bands must rise")
        if not all(0 <= band.bps <= FULL_BPS for band in self.bands):
            raise BadTable("a rate is between 0 and 100 percent")
        if not 0 <= self.deduction_bps < FULL_BPS or self.free_amount < 0:
            raise BadTable("deduction or free amount out of range")


class BadTable(ValueError):
    """A table that cannot be meant."""


@dataclass(frozen=True, kw_only=True)
class Year:
    """What a payee got in the tax year before this payment."""

    gross: int = 0
    withheld: int = 0
    months: int = 1
    """Months from the first payment of the year to this one, both counted."""


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """Tax of one payment."""

    taxable: int
    """What the rates were applied to; of a cumulative table, of the year so far."""
    amount: int


def withheld(table: Table, gross: int, year: Year) -> Withheld:
    """Tax to keep from `gross`; never more than it, never below zero. Rounded once, half up."""
    so_far = year.gross if table.cumulative else 0
    free = table.free_amount * (year.months if table.cumulative else 1)
    # In ten-thousandths of a minor unit, so that nothing is rounded before the end.
    taxable = max((so_far + gross) * (_SCALE - table.deduction_bps) - free * _SCALE, 0)
    tax = half_up(_by_bands(table.bands, taxable), _SCALE * FULL_BPS)
    before = year.withheld if table.cumulative else 0
    amount = min(max(tax - before, 0), gross)
    return Withheld(taxable=half_up(taxable, _SCALE), amount=amount)


def of_body(body: Mapping[str, Any]) -> Table:
    """A stored table. Raises BadTable."""
    return Table(
        bands=tuple(Band(up_to=one["up_to"], bps=one["bps"]) for one in body["bands"]),
        deduction_bps=body.get("deduction_bps", 0),
        free_amount=body.get("free_amount", 0),
        cumulative=body.get("cumulative", False),
    )


def body_of(table: Table) -> dict[str, Any]:
    """A table as it is stored."""
    return {
        "bands": [{"up_to": band.up_to, "bps": band.bps} for band in table.bands],
        "deduction_bps": table.deduction_bps,
        "free_amount": table.free_amount,
        "cumulative": table.cumulative,
    }


def _by_bands(bands: tuple[Band, ...], taxable: int) -> int:
    tax, low = 0, 0
    for band in bands:
        high = taxable if band.up_to is None else min(taxable, band.up_to * _SCALE)
        tax += max(high - low, 0) * band.bps
        low = max(low, high)
    return tax


def china_service_income() -> Table:
    """Income from services on platforms: 20 % costs, 5,000 yuan free each month, 3 to 45 %."""
    limits = (36_000, 144_000, 300_000, 420_000, 660_000, 960_000, None)
    rates = (300, 1000, 2000, 2500, 3000, 3500, 4500)
    bands = tuple(
        Band(up_to=None if limit is None else limit * 100, bps=bps)
        for limit, bps in zip(limits, rates, strict=True)
    )
    return Table(bands=bands, deduction_bps=2000, free_amount=500_000, cumulative=True)


def flat(bps: int) -> Table:
    """The same part of every payment."""
    return Table(bands=(Band(up_to=None, bps=bps),))
