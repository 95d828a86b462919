"""A statement as PDF on A4, with Chinese set in a font of its own; the same bytes every time."""

from datetime import datetime

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from shop.kernel.i18n import _
from shop.kernel.moments import format_day, format_moment
from shop.kernel.money import format_money
from shop.kernel.words import say
from shop.rewards import taxes
from shop.rewards.fonts import font_path
from shop.rewards.statement_sheet import Sheet

_MARGIN, _INK, _SOFT, _LINE = 18, 20, 110, 210
_WIDTHS = (34, 44, 48, 24, 24)


class _Paper(FPDF):
    """A4 with the statement's number and the page's below."""

    def __init__(self, name: str, at: datetime) -> None:
        super().__init__(format="A4")
        self.name = name
        self.set_creation_date(at)
        self.set_title(name)
        self.add_font("sheet", fname=str(font_path()))
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=22)
        self.alias_nb_pages()
        self.add_page()

    def footer(self) -> None:
        self.set_y(-15)
        self._write(8, _SOFT)
        pages = _("Page %(page)s of %(pages)s", page=self.page_no(), pages="{nb}")
        self.cell(0, 6, f"{self.name} · {pages}", align="C")

    def _write(self, size: float, grey: int = _INK) -> None:
        self.set_font("sheet", size=size)
        self.set_text_color(grey)

    def line_of(self, text: str, size: float = 10, grey: int = _INK, height: float = 5.5) -> None:
        """A paragraph over the whole width."""
        self._write(size, grey)
        self.multi_cell(0, height, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def pair(self, name: str, value: str, *, strong: bool = False) -> None:
        """A name on the left, a value on the right."""
        self._write(11 if strong else 10, _INK if strong else _SOFT)
        self.cell(110, 6.5, name)
        self._write(11 if strong else 10)
        self.cell(0, 6.5, value, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def rule(self) -> None:
        self.set_draw_color(_LINE)
        self.line(_MARGIN, self.get_y(), self.w - _MARGIN, self.get_y())
        self.ln(2)

    def row(self, cells: tuple[str, ...], *, grey: int = _INK) -> None:
        """A row of the table of lines; what is too long is cut, the CSV has it whole."""
        self._write(8, grey)
        for text, width in zip(cells, _WIDTHS, strict=True):
            align = "R" if width == _WIDTHS[-1] and text == cells[-1] else "L"
            self.cell(width, 5.2, self._fitting(text, width - 1.5), align=align)
        self.ln(5.2)

    def _fitting(self, text: str, width: float) -> str:
        while text and self.get_string_width(text) > width:
            text = f"{text[:-2]}…"
        return text


def write(sheet: Sheet) -> bytes:
    """The document in the reader's language."""
    found = sheet.statement
    paper = _Paper(sheet.number, found.at)

    def money(amount: int) -> str:
        return format_money(amount, found.currency)

    paper.line_of(sheet.brand, 10, _SOFT)
    paper.line_of(_("Statement %(number)s", number=sheet.number), 20, height=10)
    if found.copy > 1:
        paper.line_of(_("Copy %(copy)s: %(reason)s", copy=found.copy, reason=found.reason), 10)
    first = format_day(found.period_start, sheet.zone)
    last = format_day(sheet.last_day, sheet.zone)
    paper.line_of(_("%(first)s to %(last)s", first=first, last=last), 10, _SOFT)
    paper.ln(4)
    paper.line_of(sheet.payee, 12, height=6.5)
    if sheet.tax is not None:
        paper.line_of(sheet.tax.address, 9, _SOFT)
        if sheet.tax.tax_id_sealed:
            number = taxes.tax_id(sheet.tax)
            paper.line_of(_("Tax number %(number)s", number=number), 9, _SOFT)
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
    paper.row((_("Time"), _("What"), _("Point"), _("Order"), _("Amount")), grey=_SOFT)
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
    paper.line_of(_("Checksum %(hash)s", hash=found.checksum), 7, _SOFT, 4)
    return bytes(paper.output())


def _invoice(paper: _Paper, sheet: Sheet) -> None:
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
        paper.line_of(treatment, 9, _SOFT)
    paper.rule()
