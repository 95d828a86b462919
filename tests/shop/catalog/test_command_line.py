"""`flask catalog`: a file in and out, with a report that names lines."""

from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner

from tests.conftest import Database
from tests.installation import install
from tests.shop.catalog.importing import products, sheet

ROWS = [
    {"Handle": "tea", "Title": "红茶", "Variant Price": "12.50", "Variant Inventory Qty": "5"},
    {"Handle": "bad", "Title": "坏", "Variant Price": "cheap", "Variant Inventory Qty": ""},
]


@pytest.fixture
def runner(sqlite_database: Database, tmp_path: Path) -> FlaskCliRunner:
    return install(sqlite_database.urls, tmp_path / "data").app.test_cli_runner()


def test_a_file_is_tried_out_and_brought_in(runner: FlaskCliRunner, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_text(sheet(ROWS), encoding="gb18030")

    trial = runner.invoke(args=["catalog", "import", str(file), "--dry-run"])
    assert trial.exit_code == 1
    assert "line 3, Variant Price:" in trial.output
    assert products() == {}

    runner.invoke(args=["catalog", "import", str(file)])
    assert set(products()) == {"tea"}
    again = runner.invoke(args=["catalog", "import", str(file), "--update-stock"])
    assert "created 0, updated 0, unchanged 1, failed 1" in again.output


def test_what_goes_out_comes_in_again(runner: FlaskCliRunner, tmp_path: Path) -> None:
    file, copy = tmp_path / "products.csv", tmp_path / "copy.csv"
    file.write_text(sheet(ROWS[:1]))
    assert runner.invoke(args=["catalog", "import", str(file)]).exit_code == 0

    assert runner.invoke(args=["catalog", "export", str(copy)]).exit_code == 0
    assert copy.read_bytes().startswith(b"\xef\xbb\xbfTitle,")
    result = runner.invoke(args=["catalog", "import", str(copy), "--blank-clears"])
    assert "unchanged 1, failed 0" in result.output
    assert "1 products are indexed." in runner.invoke(args=["catalog", "reindex"]).output


def test_a_file_that_is_none_is_refused_with_a_sentence(
    runner: FlaskCliRunner, tmp_path: Path
) -> None:
    file = tmp_path / "empty.csv"
    file.write_bytes(b"")
    result = runner.invoke(args=["catalog", "import", str(file)])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
