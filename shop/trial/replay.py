"""Real order history through the real pipeline, at its own dates.

Each invoice becomes one order: cart, PREPARE, Session, payment, FINALISE. Carriage becomes the
shipping of the order, a cancellation becomes a refund of the units it names, and points are dealt
by a hash of the customer, so that a replay gives the same answer each time.
"""

import csv
import hashlib
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import insert, select

from shop.catalog import importer
from shop.catalog.models import Variant
from shop.fulfillment.models import ShippingRate
from shop.kernel import clock, db, ids
from shop.kernel.money import to_decimal
from shop.network import points
from shop.network.models import PointKind
from shop.network.points import NewPoint
from shop.orders.models import OrderLine
from shop.payments import refunds
from shop.payments.refunds import Units, Wanted
from shop.trial.retail_file import History, Invoice
from shop.trial.stage import Item, Stage

BY = "replay"
POINTS = 12
CURRENCY = "GBP"


@dataclass
class Report:
    """What became of every row of the file."""

    rows: int
    orders: int = 0
    order_rows: int = 0
    refunds: int = 0
    refund_rows: int = 0
    paid_amount: int = 0
    refunded_amount: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    @property
    def accepted_rows(self) -> int:
        return self.order_rows + self.refund_rows

    @property
    def adds_up(self) -> bool:
        """accepted + rejected = file."""
        return self.accepted_rows + self.rejected.total() == self.rows


@dataclass
class _Sold:
    """What a customer holds of one code at one price, oldest order first."""

    order_id: int
    line_id: int
    units: int


def replay(
    stage: Stage, history: History, *, progress: Callable[[str], None] = lambda _words: None
) -> Report:
    """Play the history; the brand's currency must be GBP."""
    report = Report(history.row_count, rejected=Counter(history.rejected))
    begin = min((one.at for one in history.sales), default=clock.now())
    with clock.set_to(begin - timedelta(hours=1)):
        progress("catalog")
        variants = _stock_up(history)
        dealt = _make_points()
        _make_rates(history)
        sold: dict[tuple[str, str, int], list[_Sold]] = defaultdict(list)
        both = sorted(
            [*history.sales, *history.cancellations], key=lambda one: (one.at, one.number)
        )
        for played, invoice in enumerate(both, 1):
            _travel(invoice.at)
            if invoice.number.startswith("C"):
                _cancel(invoice, sold, report)
            else:
                _sell(stage, invoice, variants, dealt, sold, report)
            if played % 50 == 0:
                stage.settle()
                progress(f"{played} of {len(both)} invoices")
        stage.settle()
    return report


def _travel(moment: datetime) -> None:
    """Files are ordered to the minute only; time never goes back."""
    clock.travel(max(moment, clock.now() + timedelta(milliseconds=1)))


def _sell(
    stage: Stage,
    invoice: Invoice,
    variants: dict[tuple[str, int], int],
    dealt: list[int],
    sold: dict[tuple[str, str, int], list[_Sold]],
    report: Report,
) -> None:
    point_id = _point_of(invoice.customer, dealt)
    units = invoice.units()
    bought = stage.buy(
        [Item(variants[key], count, point_id) for key, count in units.items()],
        _contact(invoice),
        locale="en",
    )
    report.orders += 1
    report.order_rows += len(invoice.goods) + len(invoice.postage)
    report.paid_amount += bought.total_amount
    by_variant = {variants[key]: key for key in units}
    with db.reading() as session:
        lines = session.execute(
            select(OrderLine.id, OrderLine.variant_id, OrderLine.quantity).where(
                OrderLine.order_id == bought.order_id
            )
        ).all()
    for line_id, variant_id, quantity in lines:
        code, price = by_variant[variant_id]
        sold[invoice.customer, code, price].append(_Sold(bought.order_id, line_id, quantity))


def _cancel(
    invoice: Invoice, sold: dict[tuple[str, str, int], list[_Sold]], report: Report
) -> None:
    """Refund the units of each row from the customer's earlier orders of this history."""
    wanted: dict[int, list[Units]] = defaultdict(list)
    for row in invoice.goods:
        held = sold[invoice.customer, row.code, row.unit_amount] if invoice.customer else []
        taken = _take(held, -row.quantity)
        if not taken:
            report.rejected["cancellation whose sale is not in the file"] += 1
            continue
        report.refund_rows += 1
        for piece in taken:
            wanted[piece.order_id].append(Units(piece.line_id, piece.units))
    for order_id, units in sorted(wanted.items()):
        merged = Counter[int]()
        for one in units:
            merged[one.order_line_id] += one.units
        with db.unit_of_work() as session:
            made = refunds.reserve(
                session,
                order_id,
                Wanted(lines=[Units(line_id, count) for line_id, count in merged.items()]),
                by=BY,
                at=clock.now(),
            )
        report.refunds += len(made)


def _take(held: list[_Sold], units: int) -> list[_Sold]:
    """Pieces of earlier sales that make up the units, latest first; nothing if they do not."""
    if sum(one.units for one in held) < units:
        return []
    taken = []
    for one in reversed(held):
        count = min(units, one.units)
        if count:
            taken.append(_Sold(one.order_id, one.line_id, count))
            one.units -= count
            units -= count
    return taken


def _stock_up(history: History) -> dict[tuple[str, int], int]:
    """A product for each code, a variant for each of its prices, and all the stock they need.

    They come in as a merchant's would: by a product file.
    """
    counts: Counter[tuple[str, int]] = Counter()
    titles: dict[str, str] = {}
    for invoice in history.sales:
        counts.update(invoice.units())
        titles.update({row.code: row.title for row in invoice.goods})
    with db.unit_of_work() as session:
        import_id = importer.start(
            session,
            _product_file(counts, titles).encode(),
            "replay.csv",
            importer.Options(language="en"),
            dry_run=False,
            work_later=False,
            by=BY,
            at=clock.now(),
        )
    importer.run(import_id)
    with db.reading() as session:
        by_sku = {row.sku: row.id for row in session.execute(select(Variant.sku, Variant.id))}
    return {key: by_sku[_sku(key)] for key in counts}


def _product_file(counts: Mapping[tuple[str, int], int], titles: Mapping[str, str]) -> str:
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(
        (
            "Handle",
            "Title",
            "Option1 Name",
            "Option1 Value",
            "Variant SKU",
            "Variant Price",
            "Variant Inventory Tracker",
            "Variant Inventory Qty",
            "Published",
            "Status",
        )
    )
    for (code, price), count in sorted(counts.items()):
        amount = str(to_decimal(price, CURRENCY))
        variant = ("Price", amount, _sku((code, price)), amount, "shopify", count)
        rows.writerow((_slug(code), titles[code], *variant, "TRUE", "active"))
    return file.getvalue()


def _sku(key: tuple[str, int]) -> str:
    """A code was sold at several prices; each is a variant."""
    code, price = key
    return f"{code}@{price}"


def _slug(code: str) -> str:
    """Codes differ by upper and lower case; addresses do not."""
    return f"retail-{hashlib.sha256(code.encode()).hexdigest()[:12]}"


def _make_points() -> list[int]:
    at = clock.now()
    with db.unit_of_work() as session:
        return [
            points.make(
                session,
                NewPoint(kind=PointKind.DEALER, name=f"Dealer {number}"),
                by=BY,
                at=at,
            )
            for number in range(1, POINTS + 1)
        ]


def _make_rates(history: History) -> None:
    """Carriage is what the file says: each invoice with carriage ships to a region of its own."""
    rows = [
        {
            "id": row_id,
            "region": invoice.number,
            "name": {"en": invoice.number},
            "amount": invoice.postage_amount,
            "free_over_amount": None,
            "tax_class": "standard",
            "days_min": 2,
            "days_max": 4,
            "active": True,
        }
        for invoice, row_id in zip(
            [one for one in history.sales if one.postage_amount > 0],
            ids.block(max(1, len(history.sales))),
            strict=False,
        )
    ]
    if rows:
        with db.unit_of_work() as session:
            session.execute(insert(ShippingRate), rows)


def _point_of(customer: str, dealt: list[int]) -> int | None:
    """Customers are dealt to points by a hash; rows without a customer are the brand's own."""
    if not customer:
        return None
    digest = hashlib.sha256(customer.encode()).digest()
    return dealt[int.from_bytes(digest[:4]) % len(dealt)]


def _contact(invoice: Invoice) -> dict[str, str]:
    buyer = invoice.customer or f"counter-{invoice.number}"
    return {
        "name": f"Customer {buyer}",
        "email": f"{buyer.lower()}@retail.example",
        "country": "GB",
        "city": invoice.country or "London",
        "address": f"{buyer} Street",
        "postal_code": "EC1A 1BB",
        "division_code": invoice.number,
    }
