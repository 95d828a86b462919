"""The order list as a file: one row for each line, streamed, with the filter of the list."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from shop.kernel import db
from shop.kernel.csv_files import with_formula_guard
from shop.kernel.i18n import text_of
from shop.kernel.money import to_decimal
from shop.orders import queries
from shop.orders.queries import ExportLine, Filter

CHUNK = 500
HEADER = (
    "Order", "Submitted at", "Placed at", "Status", "Payment", "Fulfillment", "Dispute", "Currency",
    "Order total", "Shipping", "Refunded", "Name", "Phone", "Email", "Country", "Province", "City",
    "District", "Address", "Postal code", "Line", "SKU", "Product", "Options", "Quantity",
    "Unit price", "Line total", "Tax", "Delivery", "Handed over", "Delivered", "Refunded units",
    "Point",
)  # fmt: skip


def rows(wanted: Filter, *, tag: str, zone: ZoneInfo) -> Iterator[str]:
    """The file, piece by piece; each piece is read in a session of its own.

    Moments stand in the brand's `zone`, with their offset.
    """
    yield "\ufeff" + _line(HEADER)
    after = 0
    while True:
        with db.reading() as session:
            found = queries.export(session, wanted, after=after, limit=CHUNK)
            lines = [_line(_cells(one, tag, zone)) for one in found]
        if not found:
            return
        yield "".join(lines)
        after = found[-1].order.id


def _cells(one: ExportLine, tag: str, zone: ZoneInfo) -> list[str]:
    order, line, contact = one.order, one.line, one.contact

    def money(amount: int) -> str:
        return str(to_decimal(amount, order.currency))

    def moment(at: datetime | None) -> str:
        return at.astimezone(zone).isoformat(timespec="seconds") if at else ""

    def of_contact(name: str) -> str:
        return with_formula_guard(str(getattr(contact, name, "") or ""))

    return [
        order.number,
        moment(order.submitted_at),
        moment(order.placed_at),
        order.status,
        order.payment_status,
        order.fulfillment_status,
        order.dispute_status,
        order.currency,
        money(order.total_amount),
        money(order.shipping_amount),
        money(order.refunded_amount),
        *map(of_contact, (
            "name", "phone", "email", "country", "province", "city", "district", "address",
            "postal_code",
        )),
        str(line.position),
        with_formula_guard(line.sku),
        with_formula_guard(text_of(line.title, tag)),
        with_formula_guard(" / ".join(text_of(option, tag) for option in line.options)),
        str(line.quantity),
        money(line.unit_price_amount),
        money(line.line_amount),
        money(line.tax_amount),
        line.delivery,
        str(line.fulfilled_count),
        str(line.delivered_count),
        str(line.refunded_count),
        with_formula_guard(one.point),
    ]  # fmt: skip


def _line(cells: tuple[str, ...] | list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
