"""The words of a plan version: roles, ordered rules, dimensions, bounds. Pure and frozen.

What the law forbids has no word here: no fee to join, no head-count, no level number, nobody who
invited somebody. A new earning role or dimension is a visible change of this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from commissions.canonical import fingerprint


class Role(StrEnum):
    """Why a point earns on a line."""

    SELLER = "seller"
    """It brought the sale."""
    FULFILLER = "fulfiller"
    """It handed the goods over."""
    UPLINE = "upline"
    """It manages the seller under contract: one level, off by default, never by invitation."""


class Rate(StrEnum):
    """How a rule counts."""

    PERCENT = "percent"
    FIXED = "fixed"
    """An amount per unit and currency, never converted."""


class Basis(StrEnum):
    """What a percentage is taken of."""

    PAID = "paid"
    PROFIT = "profit"
    """Paid less frozen cost, never below zero."""


class SamePoint(StrEnum):
    """What a point gets that both sold and handed over."""

    BOTH = "both"
    HIGHER = "higher"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Conditions of a rule: *and* between dimensions, *or* inside one; empty asks nothing."""

    products: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    point_kinds: tuple[str, ...] = ()
    point_groups: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    """`new` or `returning`."""
    currencies: tuple[str, ...] = ()
    from_amount: Mapping[str, int] = field(default_factory=dict)
    """Smallest line base per currency, inclusive; a currency left out does not match."""
    below_amount: Mapping[str, int] = field(default_factory=dict)
    """Upper bound of the line base per currency, exclusive; a currency left out does not match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the list. Within a role the first rule that matches wins."""

    position: int
    role: Role
    name: str
    rate: Rate
    bps: int = 0
    fixed: Mapping[str, int] = field(default_factory=dict)
    """Minor units per unit sold, by currency."""
    basis: Basis = Basis.PAID
    floor: Mapping[str, int] = field(default_factory=dict)
    """Least amount per line, by currency; empty for none."""
    cap: Mapping[str, int] = field(default_factory=dict)
    """Largest amount per line, by currency; empty for none."""
    hold_days: int = 14
    """Days between delivery and payment; the return window, as a rule."""
    when: When = field(default_factory=When)
    enabled: bool = True
    service: str = ""
    """What the money is for; needed for every role but the seller's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All rules of one plan version."""

    rules: tuple[Rule, ...]
    ceiling_bps: int = 3000
    """Largest share of what was paid that all roles of a line may take together."""
    same_point: SamePoint = SamePoint.BOTH

    def of_role(self, role: Role) -> tuple[Rule, ...]:
        """Enabled rules of a role, in their order."""
        rules = (rule for rule in self.rules if rule.role is role and rule.enabled)
        return tuple(sorted(rules, key=lambda rule: rule.position))

    @property
    def content_hash(self) -> str:
        return fingerprint(self)
