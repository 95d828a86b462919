"""The words of a plan version: roles, ordered rules, dimensions, bounds. Pure and frozen.

What the law forbids has no word here: no fee to join, no head-count, no level number, nobody who
invited somebody. A new earning role or dimension is a visible change of this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from commissions.canonical import fingerprint, plain


class Role(StrEnum):
    """Why a point earns on a line."""

    SELLER = "seller"
    """It brought the sale."""
    FULFILLER = "fulfiller"
    """It handed the goods over."""
    UPLINE = "upline"
    """It manages the seller under contract: one level, off by default, never by invitation."""
    BONUS = "bonus"
    """It reached a target with its own delivered sales of a period."""
    MANUAL = "manual"
    """Two people corrected something by hand. No rule can say this."""


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
    SELLER = "seller"
    """What the seller of the line earns at the sale, after its bounds; for an upline only."""


class Period(StrEnum):
    """Over which stretch a rule counts. A line belongs to the one in which its goods arrived."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    CAMPAIGN = "campaign"
    """From the rule's `campaign_from` until its `campaign_until`."""


class TierMode(StrEnum):
    """What a reached band does to the sales below it."""

    PROGRESSIVE = "progressive"
    """Nothing: each band has its own percentage."""
    RETROACTIVE = "retroactive"
    """The percentage of the reached band serves all sales of the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A band of net delivered sales above the first, which is the rule's own percentage."""

    from_amount: Mapping[str, int]
    """Where it begins, by currency, in minor units; inclusive. A currency left out never gets
    there."""
    bps: int


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
    order_cap: Mapping[str, int] = field(default_factory=dict)
    """Largest amount of one beneficiary per sale, by currency; empty for none."""
    period: Period | None = None
    """What tiers, period cap and target are counted over; None for a rule that counts nothing."""
    tiers: tuple[Tier, ...] = ()
    """Bands above the first, rising; for the seller's own sales only. The line pays `bps`, what
    the bands add follows when the goods have arrived."""
    tier_mode: TierMode = TierMode.PROGRESSIVE
    period_cap: Mapping[str, int] = field(default_factory=dict)
    """Largest amount of one beneficiary per period, by currency; empty for none."""
    target: Mapping[str, int] = field(default_factory=dict)
    """Net delivered sales that earn a bonus, by currency; a currency left out does not match."""
    campaign_from: datetime | None = None
    """None unless the period is a campaign."""
    campaign_until: datetime | None = None
    """Exclusive; None unless the period is a campaign."""
    hold_days: int = 14
    """Days between delivery and payment; the return window, as a rule."""
    when: When = field(default_factory=When)
    enabled: bool = True
    service: str = ""
    """What the money is for; needed for every role but the seller's."""
    contract: str = ""
    """The contract that this service is paid under; for every role but the seller's."""

    def __post_init__(self) -> None:
        # No validator's message but no word at all: who earns on the sales of others has neither
        # bands nor targets over them, and nobody but an upline looks at another's earning.
        if self.role is Role.MANUAL:
            raise ValueError("what is done by hand has no rule")
        if self.tiers and self.role is not Role.SELLER:
            raise ValueError("bands count the seller's own sales only")
        if self.target and self.role is not Role.BONUS:
            raise ValueError("a target belongs to a bonus on own sales")
        if self.basis is Basis.SELLER and self.role is not Role.UPLINE:
            raise ValueError("only an upline is paid a part of the seller's earning")

    @property
    def counts(self) -> bool:
        """Whether it looks at the sales of a whole period."""
        return self.period is not None

    @property
    def top_bps(self) -> int:
        """Its largest percentage, the highest band included."""
        return max([self.bps, *(tier.bps for tier in self.tiers)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """What a plan says beside its numbers to the points that it pays."""

    complaints: str = ""
    """Where they complain, and who answers."""
    refunds: str = ""
    """What becomes of an earning when the buyer is refunded."""
    cooling_off: str = ""
    """How long a new point may step back, and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All rules of one plan version."""

    rules: tuple[Rule, ...]
    ceiling_bps: int = 3000
    """Largest share of what was paid that all roles of a line may take together."""
    same_point: SamePoint = SamePoint.BOTH
    zone: str = "UTC"
    """IANA name of the brand's time zone: where a month begins and ends."""
    promises: Promises = field(default_factory=Promises)

    def of_role(self, role: Role) -> tuple[Rule, ...]:
        """Enabled rules of a role, in their order."""
        rules = (rule for rule in self.rules if rule.role is role and rule.enabled)
        return tuple(sorted(rules, key=lambda rule: rule.position))

    @property
    def counts(self) -> bool:
        """Whether any enabled rule looks at a whole period."""
        return any(rule.counts for rule in self.rules if rule.enabled)

    @property
    def content_hash(self) -> str:
        """What an approval is bound to.

        A word that came into the language later is left out while it says nothing, so that older
        terms keep their hash.
        """
        rules = [_said(rule, _LATER_OF_RULES) for rule in self.rules]
        return fingerprint({**_said(self, _LATER_OF_TERMS), "rules": rules})


_LATER_OF_RULES = (
    "order_cap",
    "period",
    "tiers",
    "tier_mode",
    "period_cap",
    "target",
    "campaign_from",
    "campaign_until",
    "contract",
)
_LATER_OF_TERMS = ("zone", "promises")


def _said(value: Rule | Terms, later: tuple[str, ...]) -> dict[str, Any]:
    silent = {one.name: _default(one) for one in fields(value) if one.name in later}
    data: dict[str, Any] = plain(value)
    return {name: data[name] for name in data if silent.get(name, ...) != getattr(value, name)}


def _default(one: Any) -> Any:
    return one.default if one.default_factory is MISSING else one.default_factory()
