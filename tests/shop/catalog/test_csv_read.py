"""F1 and F3: files as people really send them, and cells that a spreadsheet would calculate."""

from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shop.catalog.csv_read import BadFile, with_formula_guard, without_formula_guard
from tests.shop.catalog.importing import exported, last_job, products, sheet, take

ROWS = [
    {
        "Handle": "honey", "Title": "山野蜂蜜，很甜", "Vendor": "合作社", "Variant Price": "42.00",
        "Body (HTML)": "<p>第一行\n“第二行”, 好; 很好\t吧</p>", "Option1 Name": "规格",
        "Option1 Value": "小瓶", "Variant SKU": "蜜-1",
    },
    {"Handle": "honey", "Option1 Value": "大瓶", "Variant SKU": "蜜-2", "Variant Price": "79.00"},
]  # fmt: skip
WRITTEN = {
    "utf-8": sheet(ROWS).encode(),
    "utf-8 with mark": sheet(ROWS).encode("utf-8-sig"),
    "utf-16": sheet(ROWS).encode("utf-16"),
    "utf-16 without mark": ("Handle" + sheet(ROWS)[6:]).encode("utf-16-le"),
    "gb18030": sheet(ROWS).encode("gb18030"),
    "semicolons": sheet(ROWS, delimiter=";").encode(),
    "tabs": sheet(ROWS, delimiter="\t").encode(),
    "crlf": sheet(ROWS, newline="\r\n").encode(),
    "cr": sheet(ROWS, newline="\r").encode(),
    "sep line": b"sep=;\n" + sheet(ROWS, delimiter=";").encode(),
    "gb18030, semicolons, crlf": sheet(ROWS, delimiter=";", newline="\r\n").encode("gb18030"),
}


@pytest.mark.usefixtures("database")
def test_f1_however_it_is_written_a_file_comes_in_the_same(at: datetime) -> None:
    take(WRITTEN["utf-8"], at)
    expected = products()

    for how, content in WRITTEN.items():
        report = take(content, at)
        assert [(row.status, row.problems) for row in report] == [("unchanged", [])], how
    assert products() == expected


@pytest.mark.usefixtures("sqlite_database")
class TestBytes:
    def test_western_text_of_an_old_excel_comes_in(self, at: datetime) -> None:
        rows = [{"Handle": "cafe", "Title": "Café crème brûlée à l’été", "Variant Price": "1"}]
        take(sheet(rows, delimiter=";").encode("cp1252"), at)
        assert last_job().report["encoding"] == "cp1252"
        assert products()["cafe"].title == {"zh": "Café crème brûlée à l’été"}

    def test_a_chosen_encoding_is_taken_at_its_word(self, at: datetime) -> None:
        take(WRITTEN["gb18030"], at, encoding="gb18030", delimiter=",")
        assert "honey" in products()

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            (sheet(ROWS).encode().replace("合作".encode(), b"\xff\xfe"), 2),
            (sheet(ROWS).encode("utf-16")[:-1], 4),
        ],
    )
    def test_broken_bytes_are_named_with_their_line(
        self, at: datetime, content: bytes, line: int
    ) -> None:
        with pytest.raises(BadFile) as refusal:
            take(content, at)
        assert refusal.value.line == line
        assert "bytes" in str(refusal.value)

    def test_a_decimal_comma_is_understood_where_semicolons_separate(self, at: datetime) -> None:
        rows = [{"Handle": "tea", "Title": "Tea", "Variant Price": "12,50"}]
        take(sheet(rows, delimiter=";"), at)
        assert products()["tea"].variants[0].amount == 1250

    def test_thousands_may_be_marked(self, at: datetime) -> None:
        take(sheet([{"Handle": "tea", "Title": "Tea", "Variant Price": "1,234.50"}]), at)
        assert products()["tea"].variants[0].amount == 123450


@given(st.text(alphabet="'=+-@\t\r\nab", max_size=8))
@example("'=1")
@example("''=1")
@example("=HYPERLINK(1)")
def test_f3_a_guarded_cell_is_no_formula_and_comes_back_as_it_was(cell: str) -> None:
    guarded = with_formula_guard(cell)

    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert without_formula_guard(guarded) == cell


@pytest.mark.usefixtures("sqlite_database")
def test_f3_dangerous_titles_survive_a_round_trip(at: datetime) -> None:
    titles = ["=1+1", "+49 tea", "-5% tea", "@home", "'=quoted"]
    rows = [
        {"Handle": f"p{n}", "Title": with_formula_guard(title), "Variant Price": "1"}
        for n, title in enumerate(titles)
    ]
    take(sheet(rows), at)
    assert [draft.title for draft in products().values()] == [{"zh": title} for title in titles]

    text = exported()
    assert all(f"{with_formula_guard(title)}," in text for title in titles)
    assert {row.status for row in take(text, at)} == {"unchanged"}
