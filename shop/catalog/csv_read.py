"""A product file as a table: what its columns mean, and its rows with line numbers.

Separate from the importer because it knows no product; how a file is written at all (encoding,
delimiter, quoted lines) is found out by `kernel.csv_files`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shop.catalog import csv_dialects
from shop.catalog.csv_dialects import Column
from shop.kernel import csv_files
from shop.kernel.csv_files import (
    DELIMITERS,
    ENCODINGS,
    BadFile,
    Layout,
    RawRow,
    with_formula_guard,
    without_formula_guard,
)
from shop.kernel.words import _l

__all__ = [
    "DELIMITERS",
    "ENCODINGS",
    "BadFile",
    "RawRow",
    "Sheet",
    "read",
    "with_formula_guard",
    "without_formula_guard",
]


@dataclass(frozen=True)
class Sheet:
    """A file that can be read as a table."""

    path: Path
    encoding: str
    delimiter: str
    headers: Sequence[str]
    columns: Sequence[Column]
    skipped: int
    """Rows before the header (Excel's `sep=;`)."""

    @property
    def dialect(self) -> str:
        return csv_dialects.dialect_of(self.headers)

    def rows(self) -> Iterator[RawRow]:
        """All rows below the header that hold anything, streamed."""
        layout = Layout(self.encoding, self.delimiter, self.headers, self.skipped)
        return csv_files.rows_below(self.path, layout)


def read(path: Path, *, encoding: str = "", delimiter: str = "") -> Sheet:
    """Find out how a file is written, and what its columns mean.

    Raises BadFile with a sentence for people: empty, of no known encoding, with broken bytes or
    without any column that we know.
    """
    found = csv_files.layout(
        path, known=csv_dialects.known_count, encoding=encoding, delimiter=delimiter
    )
    columns = csv_dialects.columns_of(found.headers)
    fields = {column.field for column in columns}
    if not fields & {"handle", "title"}:
        raise BadFile(
            _l(
                "No column with a product's handle or title was found. The first line must hold "
                "the names of the columns, such as “Title” and “URL handle”."
            ),
            line=1 + found.skipped,
        )
    return Sheet(path, found.encoding, found.delimiter, found.headers, columns, found.skipped)
