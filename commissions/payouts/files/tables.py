"""CSV files: for banks that read one, for the books that post credit notes, for payroll.

No cell is taken for a formula by a spreadsheet, whatever a payee calls itself.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from commissions.arithmetic import to_decimal_text
from commissions.payouts.files.format import Head, Row

Cell = Callable[[Head, Row], str]


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV with named columns."""

    key: str
    columns: Mapping[str, Cell]
    suffix: str = "csv"
    mimetype: str = "text/csv"

    def write(self, head: Head, rows: Sequence[Row]) -> bytes:
        """Header and one line for each row, UTF-8, as RFC 4180 has it."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(self.columns)
        for row in rows:
            writer.writerow([cell(head, row) for cell in self.columns.values()])
        return out.getvalue().encode()


def safe(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    text = " ".join(text.split())
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _amount(name: str) -> Cell:
    def cell(head: Head, row: Row) -> str:
        return to_decimal_text(getattr(row, name), head.currency)

    return cell


_REFERENCE: Mapping[str, Cell] = {"reference": lambda _head, row: row.reference}
_MONEY: Mapping[str, Cell] = {
    "amount": _amount("net_amount"),
    "currency": lambda head, _row: head.currency,
    "purpose": lambda _head, row: safe(row.purpose),
}
_PARTS: Mapping[str, Cell] = {
    "gross": _amount("gross_amount"),
    "fee": _amount("fee_amount"),
    "withheld": _amount("withheld_amount"),
}

BANK = Table(
    "csv",
    {
        **_REFERENCE,
        "holder": lambda _head, row: safe(row.account.holder),
        "account": lambda _head, row: safe(row.account.number),
        "bank": lambda _head, row: safe(row.account.bank),
        "bank_code": lambda _head, row: safe(row.account.code),
        **_MONEY,
    },
)
CREDIT_NOTES = Table(
    "credit_notes",
    {
        **_REFERENCE,
        "customer_number": lambda _head, row: safe(row.account.number),
        "name": lambda _head, row: safe(row.account.holder),
        "date": lambda head, _row: f"{head.at:%Y-%m-%d}",
        **_PARTS,
        **_MONEY,
    },
)
PAYROLL = Table(
    "payroll",
    {
        **_REFERENCE,
        "personnel_number": lambda _head, row: safe(row.account.number),
        "name": lambda _head, row: safe(row.account.holder),
        "period": lambda head, _row: f"{head.at:%Y-%m}",
        **_PARTS,
        **_MONEY,
    },
)
