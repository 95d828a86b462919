"""A statement as PDF on A4, with Chinese set in a font of its own; the same bytes every time."""

from shop.kernel.i18n import _
from shop.kernel.moments import format_day, format_moment
from shop.kernel.money import format_money
from shop.kernel.words import say
from shop.rewards import taxes
from shop.rewards.paper import SOFT, Paper
from shop.rewards.statement_sheet import Sheet


def write(sheet: Sheet) -> bytes:
    """The document in the reader's language."""
    found = sheet.statement
    paper = Paper(sheet.number, found.at)

    def money(amount: int) -> str:
        return format_money(amount, found.currency)

    paper.line_of(sheet.brand, 10, SOFT)
    paper.line_of(_("Statement %(number)s", number=sheet.number), 20, height=10)
    if found.copy > 1:
        paper.line_of(_("Copy %(copy)s: %(reason)s", copy=found.copy, reason=found.reason), 10)
    first = format_day(found.period_start, sheet.zone)
    last = format_day(sheet.last_day, sheet.zone)
    paper.line_of(_("%(first)s to %(last)s", first=first, last=last), 10, SOFT)
    paper.ln(4)
    paper.line_of(sheet.payee, 12, height=6.5)
    if sheet.tax is not None:
        paper.line_of(sheet.tax.address, 9, SOFT)
        if sheet.tax.tax_id_sealed:
            number = taxes.tax_id(sheet.tax)
            paper.line_of(_("Tax number %(number)s", number=number), 9, SOFT)
    paper.ln(4)
    paper.rule()
    for place, (name, amount) in enumerate(sheet.sums):
        ends = place in (0, len(sheet.sums) - 1)
        paper.pair(say(name), money(amount), strong=ends)
    paper.rule()
    if sheet.invoice is not None:
        _invoice(paper, sheet)
    if len(sheet.parts) > 1:
        paper.line_of(_("Each point's part"), 12, height=8)
        for point, part in sheet.parts:
            paper.pair(point, money(part.amount))
        paper.rule()
    paper.line_of(_("Every line"), 12, height=8)
    paper.row((_("Time"), _("What"), _("Point"), _("Order"), _("Amount")), grey=SOFT)
    for line in sheet.lines:
        kind = say(line.kind)
        paper.row(
            (
                format_moment(line.at, sheet.zone, style="short"),
                _("%(what)s (late)", what=kind) if line.is_late else kind,
                line.point,
                line.order,
                money(line.amount),
            )
        )
    paper.ln(4)
    paper.line_of(_("Checksum %(hash)s", hash=found.checksum), 7, SOFT, 4)
    return bytes(paper.output())


def _invoice(paper: Paper, sheet: Sheet) -> None:
    invoice = sheet.invoice
    if invoice is None:
        return
    currency = sheet.statement.currency
    paper.line_of(_("Self-billing invoice %(number)s", number=sheet.invoice_number), 12, height=8)
    paper.pair(_("Commission"), format_money(invoice.net_amount, currency))
    treatment = say(taxes.VAT_CODES.get(invoice.vat_code, invoice.vat_code))
    if invoice.vat_amount:
        rate = f"{invoice.vat_bps / 100:g} %"
        paper.pair(f"{treatment} {rate}", format_money(invoice.vat_amount, currency))
    else:
        paper.line_of(treatment, 9, SOFT)
    paper.rule()
