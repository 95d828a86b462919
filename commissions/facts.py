"""What the engine is told: frozen facts in opaque keys, each with its unique key and its time.

Separate from the tables because the pure calculator, the intake and the audit all speak in these.
Amounts are minor units of the sale's currency, *before tax*, without shipping; times are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from commissions.arithmetic import MAX_AMOUNT, exponent


class BadFact(ValueError):
    """A fact contradicts itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A point in the running for a role, as it stood at the moment of the fact."""

    point_key: str
    payee_key: str
    """Who is paid for this point; every entry freezes it."""
    kind: str = ""
    group: str = ""
    grade: str = ""
    refusal: str = ""
    """Why it may not earn (`point_suspended`, `self_purchase`, …); empty if it may."""
    contract: str = ""
    """Reference of the service contract; needed for an upline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loser:
    """A candidate for the sale that lost, and why (`lower_priority`, `outside_window`, …)."""

    point_key: str
    reason: str
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLine:
    """One line of a paid order, with the frozen answer to who brought it."""

    key: str
    quantity: int
    list_amount: int
    """Price of all units before any discount, before tax."""
    base_amount: int
    """What was really paid for the line: after discounts, before tax and shipping."""
    discount_amount: int = 0
    tax_amount: int = 0
    cost_amount: int | None = None
    """Cost of all units, frozen; None if unknown."""
    product_key: str = ""
    variant_key: str = ""
    category_keys: tuple[str, ...] = ()
    collection_keys: tuple[str, ...] = ()
    commissionable: bool = True
    """False for gift cards, deposits, memberships and whatever the catalog leaves out."""
    seller: Party | None = None
    """The winning candidate; None for a house sale."""
    source: str = ""
    """Why the seller won: `code`, `storefront`, `touch`, `binding` …"""
    losers: tuple[Loser, ...] = ()
    upline: Party | None = None
    """The point that manages the seller under contract, frozen on the order."""

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise BadFact(f"line {self.key}: quantity {self.quantity} is not positive")
        amounts = (self.list_amount, self.base_amount, self.discount_amount, self.tax_amount)
        _check_amounts(f"line {self.key}", *amounts, self.cost_amount or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A paid order. `key` is the caller's order, told once."""

    key: str
    currency: str
    placed_at: datetime
    """Chooses the plan version; grades and eligibility are those of this moment."""
    paid_at: datetime
    lines: tuple[SaleLine, ...]
    plan_key: str = "default"
    channel: str = ""
    customer_key: str = ""
    new_customer: bool = False

    def __post_init__(self) -> None:
        exponent(self.currency)
        _check_moments(self.placed_at, self.paid_at)
        keys = {line.key for line in self.lines}
        if not self.lines or len(keys) != len(self.lines):
            raise BadFact(f"sale {self.key}: needs lines, each with a key of its own")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesAdded:
    """Lines that came to an order later: an edit, or what a returned line was exchanged for.

    They are a sale of their own under the terms of the first one. What happens to them later is
    told of the sale `own_key`.
    """

    key: str
    """Unique per sale."""
    sale_key: str
    at: datetime
    """When they were paid."""
    lines: tuple[SaleLine, ...]
    replaces: str = ""
    """Line of the first sale that was exchanged for them; its refund is told apart."""

    @property
    def own_key(self) -> str:
        """Key of the sale that these lines are."""
        return f"{self.sale_key}+{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened to a sale. `key` is unique per sale and kind."""

    key: str
    sale_key: str
    at: datetime

    def __post_init__(self) -> None:
        _check_moments(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfilled(Fact):
    """Units of one line left for the buyer: one hand-over, by a point or by the brand itself."""

    line_key: str
    units: int
    by_point: Party | None = None
    """Who handed over or shipped; None for the brand's own warehouse, which earns nothing."""

    def __post_init__(self) -> None:
        _check_moments(self.at)
        if self.units < 1:
            raise BadFact(f"hand-over {self.key}: {self.units} units")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered(Fact):
    """The named hand-overs reached the buyer: receipt, automatic receipt or pick-up."""

    fulfilled_keys: tuple[str, ...]


class Goodwill(StrEnum):
    """Who bears a refund that names no lines."""

    SPREAD = "spread"
    """All roles, by what is left of each line."""
    BRAND = "brand"
    """The brand alone: nothing is reversed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundedLine:
    """What one line gives back. Without units the amount is taken in proportion."""

    line_key: str
    amount: int
    units: int | None = None

    def __post_init__(self) -> None:
        _check_amounts(f"refund of line {self.line_key}", self.amount)
        if self.units is not None and self.units < 0:
            raise BadFact(f"refund of line {self.line_key}: {self.units} units")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded(Fact):
    """Money goes back to the buyer. A refund of shipping alone has no lines and no goodwill."""

    lines: tuple[RefundedLine, ...] = ()
    goodwill_amount: int = 0
    goodwill: Goodwill = Goodwill.BRAND
    shipping_amount: int = 0

    def __post_init__(self) -> None:
        _check_moments(self.at)
        _check_amounts(f"refund {self.key}", self.goodwill_amount, self.shipping_amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed(Fact):
    """A refund told before did not happen after all."""

    refund_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledOff(Fact):
    """The whole sale was given up before anything of it left: nobody earns on it, whatever money
    went back and whoever bore it."""


class DisputePhase(StrEnum):
    """What happened to a dispute."""

    OPENED = "opened"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed(Fact):
    """A buyer's bank takes the money back, or gave it up again."""

    dispute_key: str
    phase: DisputePhase
    amount: int | None = None
    """Disputed part of the base, spread over what is left of the lines; None for all of it.
    Only the amount of the opening counts."""

    def __post_init__(self) -> None:
        _check_moments(self.at)
        _check_amounts(f"dispute {self.dispute_key}", self.amount or 0)


FACTS: dict[str, type[Fact]] = {
    "fulfilled": Fulfilled,
    "delivered": Delivered,
    "refunded": Refunded,
    "refund_failed": RefundFailed,
    "disputed": Disputed,
    "called_off": CalledOff,
}
"""Stored name of each kind, in the order in which facts of one moment count."""

KINDS: dict[type[Fact], str] = {shape: kind for kind, shape in FACTS.items()}


def _check_amounts(what: str, *amounts: int) -> None:
    for amount in amounts:
        if type(amount) is not int:
            raise TypeError(f"{what}: an amount is an int in minor units")
        if not 0 <= amount <= MAX_AMOUNT:
            raise BadFact(f"{what}: amount {amount} is out of range")


def _check_moments(*moments: datetime) -> None:
    for moment in moments:
        if moment.tzinfo is None:
            raise TypeError("a moment is an aware datetime")
