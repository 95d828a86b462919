"""Reading order history in the form of the Online Retail data set; pure.

InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country. Invoices
whose number begins with C cancel earlier ones. Every row of the file ends either in an invoice or
in the list of rejected rows with its reason.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

POSTAGE = frozenset({"POST", "DOT", "C2"})
"""Codes that are the carriage of the invoice."""
NO_GOODS = frozenset({"M", "D", "S", "B", "PADS", "CRUK", "BANK CHARGES", "AMAZONFEE"})
MAX_LINE = 9_999


@dataclass(frozen=True)
class Row:
    """One line of the file; the price in minor units."""

    number: int
    invoice: str
    code: str
    title: str
    quantity: int
    at: datetime
    unit_amount: int
    customer: str
    country: str


@dataclass
class Invoice:
    """The rows of one invoice that can become an order, or cancel one."""

    number: str
    at: datetime
    customer: str
    country: str
    goods: list[Row] = field(default_factory=list)
    postage: list[Row] = field(default_factory=list)

    @property
    def postage_amount(self) -> int:
        return sum(row.quantity * row.unit_amount for row in self.postage)

    def units(self) -> dict[tuple[str, int], int]:
        """Units by code and price; repeated rows of a file add up."""
        found: dict[tuple[str, int], int] = defaultdict(int)
        for row in self.goods:
            found[row.code, row.unit_amount] += row.quantity
        return dict(found)


@dataclass
class History:
    """A whole file."""

    sales: list[Invoice] = field(default_factory=list)
    cancellations: list[Invoice] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    """Rows by reason."""
    row_count: int = 0

    def reject(self, rows: Iterable[Row], reason: str) -> None:
        self.rejected[reason] += sum(1 for _row in rows)


def read(paths: Iterable[Path]) -> History:
    """All files as one history, in the order of time."""
    history = History()
    invoices: dict[str, Invoice] = {}
    for path in paths:
        with path.open(newline="", encoding="utf-8") as file:
            for number, fields in enumerate(csv.DictReader(file), 2):
                history.row_count += 1
                _take(history, invoices, _row(number, fields))
    for invoice in sorted(invoices.values(), key=lambda one: (one.at, one.number)):
        _file(history, invoice)
    return history


def _take(history: History, invoices: dict[str, Invoice], row: Row | str) -> None:
    reason = row if isinstance(row, str) else _objection(row)
    if isinstance(row, str) or reason:
        history.rejected[reason] += 1
        return
    invoice = invoices.setdefault(
        row.invoice, Invoice(row.invoice, row.at, row.customer, row.country)
    )
    (invoice.postage if row.code in POSTAGE else invoice.goods).append(row)


def _objection(row: Row) -> str:
    if row.code in NO_GOODS or row.code.startswith("gift_"):
        return "no goods: fee, discount, sample or voucher"
    if row.unit_amount <= 0:
        return "no sale: price is not positive"
    if row.quantity == 0:
        return "no sale: no units"
    if row.quantity < 0 and not row.invoice.startswith("C"):
        return "no sale: stock correction"
    if abs(row.quantity) > MAX_LINE:
        return "too many units for one line"
    return ""


def _file(history: History, invoice: Invoice) -> None:
    if not invoice.goods:
        history.reject(invoice.postage, "carriage without goods")
    elif invoice.number.startswith("C"):
        history.reject(invoice.postage, "carriage given back without its goods")
        history.cancellations.append(invoice)
    else:
        history.sales.append(invoice)


def _row(number: int, fields: dict[str, str]) -> Row | str:
    try:
        price = Decimal(fields["UnitPrice"]).scaleb(2)
        quantity = int(fields["Quantity"])
        at = datetime.fromisoformat(fields["InvoiceDate"]).replace(tzinfo=UTC)
    except (KeyError, ValueError, InvalidOperation):
        return "not readable"
    if price != price.to_integral_value():
        return "price has more decimals than the currency"
    return Row(
        number,
        fields["InvoiceNo"].strip(),
        fields["StockCode"].strip(),
        " ".join((fields["Description"] or fields["StockCode"]).split()),
        quantity,
        at,
        int(price),
        fields["CustomerID"].split(".")[0],
        fields["Country"],
    )
