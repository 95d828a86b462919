"""A statement as CSV: its head, its sums, and one row for each line."""

import csv
import io

from commissions.arithmetic import to_decimal_text
from commissions.payouts.files.tables import safe
from shop.kernel.i18n import _
from shop.kernel.words import say
from shop.rewards.statement_sheet import Sheet


def write(sheet: Sheet) -> bytes:
    """The file in the reader's language, UTF-8 with a mark, so that spreadsheets see Chinese.

    The same statement gives the same bytes each time.
    """
    out, found = io.StringIO(newline=""), sheet.statement
    writer = csv.writer(out, lineterminator="\r\n")

    def amount(value: int) -> str:
        return to_decimal_text(value, found.currency)

    for name, text in (
        (_("Statement"), sheet.number),
        (_("Payee"), sheet.payee),
        (_("Currency"), found.currency),
        (_("From"), f"{found.period_start.astimezone(sheet.zone):%Y-%m-%d}"),
        (_("To"), f"{sheet.last_day.astimezone(sheet.zone):%Y-%m-%d}"),
        (_("Invoice"), sheet.invoice_number),
        (_("Checksum"), found.checksum),
    ):
        writer.writerow([name, safe(text)])
    for label, value in sheet.sums:
        writer.writerow([say(label), amount(value)])
    writer.writerow([])
    writer.writerow(
        [
            _("Line"),
            _("Time"),
            _("What"),
            _("Point"),
            _("Order"),
            _("Amount"),
            _("Entry"),
            _("Payout"),
        ]
    )
    for line in sheet.lines:
        kind = say(line.kind)
        late = _("%(what)s (late)", what=kind) if line.is_late else kind
        writer.writerow(
            [
                line.position,
                f"{line.at.astimezone(sheet.zone):%Y-%m-%d %H:%M}",
                late,
                safe(line.point),
                safe(line.order),
                amount(line.amount),
                line.entry_id or "",
                line.payout_id or "",
            ]
        )
    return "\ufeff".encode() + out.getvalue().encode()
