"""The share of one role in every line of a sale: match, base, pool, round once, spread, bound.

Separate from calculator.py because the same steps serve the seller of each line, the upline, and
the one point that hands over. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commissions.arithmetic import share_of, split
from commissions.facts import Party, Sale, SaleLine
from commissions.matching import Match, first_match
from commissions.terms import Basis, Rate, Rule


@dataclass(slots=True)
class Share:
    """What a rule yields for one line before the ceiling, with its working."""

    line: SaleLine
    party: Party
    match: Match
    base_amount: int = 0
    amount: int = 0
    bound: str = ""
    """`floor` or `cap` if one of them decided."""
    bound_amount: int = 0
    """What that bound made of the line."""
    order_cap: dict[str, int] | None = None
    """Cap of the sale and what was asked of it, if the cap decided."""
    pool: dict[str, Any] | None = None
    """Lines of this beneficiary under the same rule, rounded together once."""

    @property
    def rule(self) -> Rule | None:
        return self.match.rule


def shares(
    sale: Sale,
    rules: Sequence[Rule],
    parties: Iterable[Party | None],
    sold: Sequence[int] = (),
) -> list[Share | None]:
    """One share per line; None where there is no party or the line earns nothing by nature.

    `sold` is what the seller of each line earns; needed where an upline is paid a part of it.
    """
    found = [
        Share(line, party, first_match(rules, sale, line, party))
        if party is not None and line.commissionable
        else None
        for line, party in zip(sale.lines, parties, strict=True)
    ]
    earned = dict(zip((line.key for line in sale.lines), sold, strict=False))
    for pool in _pools(found):
        _fill(pool, sale.currency, earned)
    return found


def base_of(rule: Rule, line: SaleLine, sold: int = 0) -> int:
    """The amount a percentage is taken of, never below zero. `sold`: what the seller earns."""
    if rule.basis is Basis.SELLER:
        return sold
    if rule.basis is Basis.PROFIT:
        return max(0, line.base_amount - (line.cost_amount or 0))
    return line.base_amount


def _pools(found: Iterable[Share | None]) -> list[list[Share]]:
    """Shares of one rule and one point belong together: 7 × 1.05 at 10 % is 0.74, not 0.77."""
    pools: dict[tuple[int, str], list[Share]] = {}
    for share in found:
        if share is not None and share.rule is not None:
            pools.setdefault((share.rule.position, share.party.point_key), []).append(share)
    return list(pools.values())


def _fill(pool: list[Share], currency: str, sold: Mapping[str, int]) -> None:
    rule = pool[0].rule
    if rule is None:
        return
    for share in pool:
        share.base_amount = base_of(rule, share.line, sold.get(share.line.key, 0))
    if rule.rate is Rate.FIXED:
        for share in pool:
            share.amount = rule.fixed[currency] * share.line.quantity
    else:
        _spread(pool, rule)
    for share in pool:
        _bound(share, rule, currency)
    _bound_together(pool, rule, currency)


def _spread(pool: list[Share], rule: Rule) -> None:
    base = sum(share.base_amount for share in pool)
    if base == 0:
        return
    total = share_of(base, rule.bps)
    parts = split(total, [share.base_amount for share in pool])
    for share, part in zip(pool, parts, strict=True):
        share.amount = part
        if len(pool) > 1:
            lines = [other.line.key for other in pool]
            share.pool = {"base": base, "total": total, "lines": lines}


def _bound(share: Share, rule: Rule, currency: str) -> None:
    if share.line.base_amount == 0:
        share.amount = 0  # nothing was paid for the line: neither a fixed amount nor a floor
        return
    floor, cap = rule.floor.get(currency), rule.cap.get(currency)
    if floor is not None and share.amount < floor:
        share.amount, share.bound, share.bound_amount = floor, "floor", floor
    if cap is not None and share.amount > cap:
        share.amount, share.bound, share.bound_amount = cap, "cap", cap


def _bound_together(pool: list[Share], rule: Rule, currency: str) -> None:
    """Hold one beneficiary to its cap per sale; the lines keep their proportion."""
    asked, cap = sum(share.amount for share in pool), rule.order_cap.get(currency)
    if cap is None or asked <= cap:
        return
    parts = split(cap, [share.amount for share in pool])
    for share, part in zip(pool, parts, strict=True):
        share.order_cap = {"cap": cap, "asked": asked}
        share.amount = part
