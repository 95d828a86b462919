"""Plans as plain numbers, and the same plans in the engine's words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from commissions.terms import Basis, Period, Role, SamePoint, Terms, Tier, TierMode
from tests.commissions.factories import bonus, fixed, percent, terms, tiered

CNY_EUR = tuple[int, int]
CURRENCIES = ("CNY", "EUR")
NEVER = 10**12


@dataclass(frozen=True)
class Deal:
    """What one version promises: basis points, and amounts per currency."""

    seller: int
    upline: int
    store: int
    band: int = 0
    band_from: CNY_EUR = (NEVER, NEVER)
    retroactive: bool = False
    seller_cap: CNY_EUR | None = None
    store_cap: CNY_EUR | None = None
    upline_cap: CNY_EUR | None = None
    upline_of_seller: bool = False
    bonus_from: CNY_EUR = (NEVER, NEVER)
    bonus: int = 0
    bonus_fixed: CNY_EUR = (0, 0)
    tight: bool = False
    """Under a ceiling that is lower than what is promised: amounts are read from the books."""


DEALS = (
    Deal(
        1000,
        300,
        433,
        band=1500,
        band_from=(15_000, 2000),
        retroactive=True,
        store_cap=(300, 60),
        bonus_from=(9000, 1200),
        bonus=100,
    ),
    Deal(700, 300, 433, upline_cap=(150, 40)),
    Deal(
        800,
        2000,
        433,
        band=1200,
        band_from=(9000, 1200),
        seller_cap=(2500, 300),
        upline_of_seller=True,
        bonus_from=(15_000, 2000),
        bonus_fixed=(900, 100),
    ),
    Deal(800, 100, 0, tight=True),
)
ZONE = "Asia/Shanghai"


def of(amounts: CNY_EUR | None) -> dict[str, int]:
    return dict(zip(CURRENCIES, amounts, strict=True)) if amounts else {}


def terms_of(deal: Deal) -> Terms:
    """The deal in the words of a plan."""
    if deal.tight:
        tight = (
            percent(deal.seller),
            percent(deal.upline, Role.UPLINE),
            fixed({"CNY": 70, "EUR": 9}, role=Role.FULFILLER, service="hand-over"),
        )
        return terms(*tight, ceiling_bps=1000, same_point=SamePoint.HIGHER, zone=ZONE)
    seller = percent(deal.seller)
    if deal.band:
        mode = TierMode.RETROACTIVE if deal.retroactive else TierMode.PROGRESSIVE
        cap = of(deal.seller_cap)
        band = Tier(from_amount=of(deal.band_from), bps=deal.band)
        seller = tiered((0, deal.seller), tier_mode=mode, period_cap=cap, tiers=(band,))
    basis = Basis.SELLER if deal.upline_of_seller else Basis.PAID
    upline = percent(deal.upline, Role.UPLINE, basis=basis, order_cap=of(deal.upline_cap))
    period = Period.MONTH if deal.store_cap else None
    store = percent(deal.store, Role.FULFILLER, period=period, period_cap=of(deal.store_cap))
    rules = [seller, upline, store]
    if deal.bonus or any(deal.bonus_fixed):
        extra: dict[str, Any] = (
            {"bps": deal.bonus} if deal.bonus else {"fixed": of(deal.bonus_fixed)}
        )
        rules.append(replace(bonus(1, **extra), target=of(deal.bonus_from)))
    return terms(*rules, ceiling_bps=10_000, zone=ZONE)
