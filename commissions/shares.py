"""The share of one role in every line of a sale: match, base, pool, round once, spread, bound.

Separate from calculator.py because the same steps serve the seller of each line, the upline, and
the one point that hands over. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    pool: dict[str, Any] | None = None
    """Lines of this beneficiary under the same rule, rounded together once."""

    @property
    def rule(self) -> Rule | None:
        return self.match.rule


def shares(
    sale: Sale, rules: Sequence[Rule], parties: Iterable[Party | None]
) -> list[Share | None]:
    """One share per line; None where there is no party or the line earns nothing by nature."""
    found = [
        Share(line, party, first_match(rules, sale, line, party))
        if party is not None and line.commissionable
        else None
        for line, party in zip(sale.lines, parties, strict=True)
    ]
    for pool in _pools(found):
        _fill(pool, sale.currency)
    return found


def base_of(rule: Rule, line: SaleLine) -> int:
    """The amount a percentage is taken of, never below zero."""
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


def _fill(pool: list[Share], currency: str) -> None:
    rule = pool[0].rule
    if rule is None:
        return
    for share in pool:
        share.base_amount = base_of(rule, share.line)
    if rule.rate is Rate.FIXED:
        for share in pool:
            share.amount = rule.fixed[currency] * share.line.quantity
    else:
        _spread(pool, rule)
    for share in pool:
        _bound(share, rule, currency)


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
        share.amount, share.bound = floor, "floor"
    if cap is not None and share.amount > cap:
        share.amount, share.bound = cap, "cap"
