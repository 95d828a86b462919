"""News about orders that others hear; whoever publishes it, its class stands here."""

from dataclasses import dataclass
from datetime import datetime

from shop.kernel.events import Event


@dataclass(frozen=True)
class LineUnits:
    """Some units of one order line."""

    order_line_id: int
    units: int


@dataclass(frozen=True)
class RefundedLine:
    """What a refund takes back of one order line; `base_amount` is before tax.

    Goodwill that is spread over the lines has no units.
    """

    order_line_id: int
    units: int
    base_amount: int


@dataclass(frozen=True)
class OrderPlaced(Event):
    """Money covers the order; published once, by payments.finalise."""

    order_id: int
    at: datetime
    picks_up: bool
    """Whether a line is collected at a counter."""


@dataclass(frozen=True)
class OrderEnded(Event):
    """A pending order expired or was canceled; its holds are to be given back."""

    order_id: int
    reason: str
    at: datetime
    by: str


@dataclass(frozen=True)
class HandedOver(Event):
    """Goods left the shelf: to a carrier, or over the counter of a point."""

    order_id: int
    key: str
    """Names this hand-over once, such as `fulfillment:<id>`."""
    point_id: int | None
    """The store point that handed over; null for the brand's warehouse."""
    lines: tuple[LineUnits, ...]
    at: datetime
    is_collected: bool
    """Over a counter; else a carrier took it, which a store point may call as well."""


@dataclass(frozen=True)
class ReadyForPickup(Event):
    """The goods lie at the counter; the buyer may come."""

    order_id: int
    ticket_id: int
    at: datetime


@dataclass(frozen=True)
class Rerouted(Event):
    """Goods of an order go another way than they were bought."""

    order_id: int
    is_collected: bool
    """At a counter from now on; else they are shipped."""
    at: datetime


@dataclass(frozen=True)
class Delivered(Event):
    """The buyer has the goods."""

    order_id: int
    key: str
    lines: tuple[LineUnits, ...]
    at: datetime


@dataclass(frozen=True)
class RefundReserved(Event):
    """Money will go back to the buyer."""

    order_id: int
    refund_id: int
    lines: tuple[RefundedLine, ...]
    at: datetime


@dataclass(frozen=True)
class OrderCalledOff(Event):
    """A paid order was canceled as a whole before anything of it left, whatever money goes back."""

    order_id: int
    at: datetime


@dataclass(frozen=True)
class RefundFailed(Event):
    """A refund did not reach the buyer after all."""

    order_id: int
    refund_id: int
    at: datetime


@dataclass(frozen=True)
class Disputed(Event):
    """A chargeback was opened, won or lost."""

    order_id: int
    dispute_key: str
    state: str
    """`opened`, `won` or `lost`."""
    amount: int
    """Of the payment, with tax."""
    base_amount: int
    """The same share of the lines before tax."""
    at: datetime
