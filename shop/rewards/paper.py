"""Paper for documents that the shop prints: A4, one font that knows Chinese, the same bytes every time.

Apart from the documents because they all look alike.
"""

from datetime import datetime

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from shop.kernel.i18n import _
from shop.rewards.fonts import font_path

MARGIN, INK, SOFT, LINE = 18, 20, 110, 210
_WIDTHS = (34, 44, 48, 24, 24)


class Paper(FPDF):
    """A4 with the document's number and the page's below; amounts stand on the right."""

    def __init__(self, name: str, at: datetime) -> None:
        super().__init__(format="A4")
        self.name = name
        self.set_creation_date(at)
        self.set_title(name)
        self.add_font("sheet", fname=str(font_path()))
        self.set_margin(MARGIN)
        self.set_auto_page_break(auto=True, margin=22)
        self.alias_nb_pages()
        self.add_page()

    def normalize_text(self, text: str) -> str:
        """The font has no narrow blank, which English times are written with."""
        return super().normalize_text(text.replace("\u202f", " "))

    def footer(self) -> None:
        self.set_y(-15)
        self._write(8, SOFT)
        pages = _("Page %(page)s of %(pages)s", page=self.page_no(), pages="{nb}")
        self.cell(0, 6, f"{self.name} · {pages}", align="C")

    def _write(self, size: float, grey: int = INK) -> None:
        self.set_font("sheet", size=size)
        self.set_text_color(grey)

    def line_of(self, text: str, size: float = 10, grey: int = INK, height: float = 5.5) -> None:
        """A paragraph over the whole width."""
        self._write(size, grey)
        self.multi_cell(0, height, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def pair(self, name: str, value: str, *, strong: bool = False) -> None:
        """A name on the left, a value on the right."""
        self._write(11 if strong else 10, INK if strong else SOFT)
        self.cell(110, 6.5, name)
        self._write(11 if strong else 10)
        self.cell(0, 6.5, value, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def rule(self) -> None:
        self.set_draw_color(LINE)
        self.line(MARGIN, self.get_y(), self.w - MARGIN, self.get_y())
        self.ln(2)

    def row(self, cells: tuple[str, ...], *, grey: int = INK) -> None:
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
