"""What stands on a statement, in the reader's language: the one source of page, CSV and PDF."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from commissions.models import Statement, StatementLine
from commissions.statements import reading
from commissions.statements.sums import PAYOUT, RETURNED, VOID
from shop.kernel import brand as brands
from shop.kernel.i18n import _l, text_of
from shop.kernel.words import Words
from shop.rewards import earnings, keys, statements, taxes
from shop.rewards.payouts import names_of
from shop.rewards.tax_models import PayeeTax, SelfBilling

KINDS: Mapping[str, Words] = {
    "earn": _l("Earned"),
    "adjust": _l("Rounding of a late hand-over"),
    "difference": _l("Bonus or band of a period"),
    "reverse": _l("Taken back"),
    "reserve": _l("Held for a dispute, or let go of"),
    "manual": _l("Put right by hand"),
    "write_off": _l("Debt written off"),
    "repaid": _l("Debt repaid"),
    "returned": _l("Came back from a payout"),
    PAYOUT: _l("Payout"),
    VOID: _l("Payout taken back"),
    RETURNED: _l("Payout returned"),
}


@dataclass(frozen=True)
class SheetLine:
    """One line; `entry_id` or `payout_id` says what it links to."""

    position: int
    at: datetime
    kind: Words | str
    point_key: str
    point: str
    order: str
    amount: int
    is_late: bool
    entry_id: int | None
    payout_id: int | None


@dataclass(frozen=True)
class Sheet:
    """A whole statement."""

    statement: Statement
    number: str
    brand: str
    payee: str
    """The legal name, where the payee gave one."""
    tax: PayeeTax | None
    invoice: SelfBilling | None
    invoice_number: str
    sums: list[tuple[Words, int]]
    parts: list[tuple[str, reading.Part]]
    lines: list[SheetLine]
    zone: ZoneInfo

    @property
    def last_day(self) -> datetime:
        """A moment of the period's last day."""
        return self.statement.period_end - timedelta(seconds=1)


@dataclass(frozen=True)
class PartSheet:
    """What an owner of some of a payee's points reads: their parts and lines, no word of the others'."""

    statement: Statement
    number: str
    parts: list[tuple[str, reading.Part]]
    lines: list[SheetLine]
    zone: ZoneInfo

    @property
    def last_day(self) -> datetime:
        return self.statement.period_end - timedelta(seconds=1)


def part_sheet(session: Session, statement: Statement, point_keys: Collection[str]) -> PartSheet:
    """The part of some points; seven statements whatever its length."""
    lines = [one for one in reading.lines(session, statement) if one.point_key in point_keys]
    sale_keys = reading.sale_keys(session, statement)
    mine = {sale_keys[one.entry_id] for one in lines if one.entry_id in sale_keys}
    points = earnings.point_names(session, point_keys)
    parts = reading.parts_of(session, [statement], point_keys)[statement.original_id]
    orders = earnings.order_numbers(session, mine)
    return PartSheet(
        statement=statement,
        number=statements.number_of(statement),
        parts=[(points.get(part.point_key, "?"), part) for part in parts],
        lines=_lines(lines, points, orders, sale_keys),
        zone=brands.current(session).zone,
    )


def sheet_of(session: Session, statement: Statement) -> Sheet:
    """Read everything that stands on it; ten statements whatever its length."""
    brand = brands.current(session)
    payee_id = keys.number(statement.payee_key)
    lines = reading.lines(session, statement)
    parts = reading.parts(session, statement)
    sale_keys = reading.sale_keys(session, statement)
    points = earnings.point_names(session, {line.point_key for line in lines})
    orders = earnings.order_numbers(session, set(sale_keys.values()))
    invoice = statements.invoices_of(session, [statement]).get(statement.id)
    tax = taxes.as_of(session, payee_id, statement.at)
    name = names_of(session, [payee_id]).get(payee_id, "?")
    return Sheet(
        statement=statement,
        number=statements.number_of(statement),
        brand=text_of(brand.legal_name) or text_of(brand.name),
        payee=tax.legal_name if tax else name,
        tax=tax,
        invoice=invoice,
        invoice_number=statements.invoice_number(invoice) if invoice else "",
        sums=_sums(statement),
        parts=[(points.get(part.point_key, "?"), part) for part in parts],
        lines=_lines(lines, points, orders, sale_keys),
        zone=brand.zone,
    )


def _lines(
    lines: Sequence[StatementLine],
    points: Mapping[str, str],
    orders: Mapping[str, str],
    sale_keys: Mapping[int, str],
) -> list[SheetLine]:
    return [
        SheetLine(
            line.position,
            line.at,
            KINDS.get(line.kind, line.kind),
            line.point_key,
            points.get(line.point_key, ""),
            orders.get(sale_keys.get(line.entry_id or 0, ""), ""),
            line.amount,
            line.is_late,
            line.entry_id,
            line.payout_id,
        )
        for line in lines
    ]


def _sums(found: Statement) -> list[tuple[Words, int]]:
    rows = [
        (_l("Opening balance"), found.opening_amount),
        (_l("Earned"), found.earned_amount),
        (_l("Taken back"), -found.reversed_amount),
        (_l("Held for disputes"), -found.held_amount),
        (_l("Let go of"), found.released_amount),
        (_l("Paid out"), -found.paid_amount),
        (_l("Fees"), -found.fee_amount),
        (_l("Tax kept"), -found.withheld_amount),
        (_l("Closing balance"), found.closing_amount),
    ]
    ends = (0, len(rows) - 1)
    return [row for place, row in enumerate(rows) if row[1] or place in ends]
