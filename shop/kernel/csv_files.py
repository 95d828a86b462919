"""A table file as people really send it: any of five encodings, three delimiters, quoted lines.

Below every slice, because products and points come in by the same kind of file: bytes in, rows with
line numbers out. Everything that stops the whole file is found before the first row is used.
"""

import codecs
import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from shop.kernel.errors import Invalid
from shop.kernel.words import Words, _l

DELIMITERS = (",", ";", "\t")
ENCODINGS = ("utf-8", "utf-16", "gb18030", "big5", "cp1252")
"""What a person may choose where the guess is wrong."""
MAX_CELL = 4 * 1024 * 1024
_GUESSED = ("gb18030", "big5", "cp1252")
_BLOCK = 1024 * 1024
_SAMPLE = 64 * 1024
_FORMULA = re.compile(r"'+(?=[=+\-@\t\r\n])")
_RISKY = re.compile(r"'*[=+\-@\t\r\n]")

csv.field_size_limit(MAX_CELL)


class BadFile(Invalid):
    """The file as a whole cannot be read; nothing was imported."""

    code = "bad_file"

    def __init__(self, message: Words, *, line: int = 0) -> None:
        self.line = line
        super().__init__(message, field="file")


@dataclass(frozen=True)
class RawRow:
    """One row, with the line of the file on which it begins."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True)
class Layout:
    """How a file is written."""

    encoding: str
    delimiter: str
    headers: Sequence[str]
    skipped: int
    """Rows before the header (Excel's `sep=;`)."""


def layout(
    path: Path,
    *,
    known: Callable[[Sequence[str]], int],
    encoding: str = "",
    delimiter: str = "",
) -> Layout:
    """Find out how a file is written; `known` counts the headers that the reader understands.

    Raises BadFile: empty, of no known encoding, or with broken bytes.
    """
    found = checked(path, encoding) if encoding else encoding_of(path)
    first, second = _first_records(path, found)
    told = re.fullmatch(r"sep=(.)", first.strip(), re.IGNORECASE | re.DOTALL)
    header = second if told else first
    mark = delimiter or (told[1] if told else _delimiter_of(header, known))
    skipped = 1 if told else 0
    rows = records(path, found, mark)
    for _ in range(skipped):
        next(rows)
    headers = [cell.strip() for cell in next(rows).cells]
    return Layout(found, mark, headers, skipped)


def rows_below(path: Path, found: Layout) -> Iterator[RawRow]:
    """All rows below the header that hold anything, streamed."""
    rows = records(path, found.encoding, found.delimiter)
    for number, row in enumerate(rows):
        if number > found.skipped and any(cell.strip() for cell in row.cells):
            yield row


def encoding_of(path: Path) -> str:
    """The encoding in which the whole file can be read; raises BadFile."""
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    if not head.strip():
        raise BadFile(_l("The file is empty."))
    marked = _marked(head)
    if marked:
        return checked(path, marked)
    broken = _first_broken_line(path, "utf-8")
    if broken is None:
        return "utf-8"
    if not _is_mostly_utf8(head):
        guess = from_bytes(
            head[: head.rfind(b"\n") + 1] or head, cp_isolation=list(_GUESSED)
        ).best()
        if guess is not None and _first_broken_line(path, guess.encoding) is None:
            return guess.encoding
    raise _broken(broken)


def without_formula_guard(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from calculating it."""
    return cell[1:] if _FORMULA.match(cell) else cell


def with_formula_guard(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; `without_formula_guard` undoes it."""
    return f"'{cell}" if _RISKY.match(cell) else cell


def _marked(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Half of the bytes of an English UTF-16 text are zero.
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    return "utf-16-be" if head[::2].count(0) > len(head) // 4 else ""


def checked(path: Path, encoding: str) -> str:
    """The encoding that a person named, if the whole file can be read in it; raises BadFile."""
    broken = _first_broken_line(path, encoding)
    if broken is not None:
        raise _broken(broken)
    return encoding


def _broken(line: int) -> BadFile:
    return BadFile(
        _l(
            "Line %(line)s holds bytes that are no text. Save the file as “CSV UTF-8” and try "
            "again.",
            line=line,
        ),
        line=line,
    )


def _first_broken_line(path: Path, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            try:
                lines += decoder.decode(block, final=not block).count("\n")
            except UnicodeDecodeError as error:
                return lines + error.object[: error.start].count(b"\n")
            if not block:
                return None


def _is_mostly_utf8(head: bytes) -> bool:
    text = head.decode("utf-8", errors="replace")
    wrong = text.count("\ufffd")
    right = sum(1 for letter in text if ord(letter) > 127) - wrong
    return right > 2 * wrong


def _first_records(path: Path, encoding: str) -> tuple[str, str]:
    with path.open(encoding=encoding, newline="") as file:
        return file.readline(_SAMPLE), file.readline(_SAMPLE)


def _delimiter_of(header: str, known: Callable[[Sequence[str]], int]) -> str:
    def count(mark: str) -> int:
        try:
            return known(next(csv.reader([header], delimiter=mark), []))
        except csv.Error:
            return 0

    return max(DELIMITERS, key=count)


def records(path: Path, encoding: str, delimiter: str) -> Iterator[RawRow]:
    """Every row of the file with the line on which it begins; raises BadFile at a broken quote."""
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        line = 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise BadFile(
                    _l(
                        "The row that begins on line %(line)s is not quoted as a CSV file must be: "
                        "look for a quotation mark that is never closed.",
                        line=line,
                    ),
                    line=line,
                ) from error
            yield RawRow(line, cells)
            line = reader.line_num + 1
