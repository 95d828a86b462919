"""Rules of the house that no library checks: who commits, who may set `placed`, clean markup."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "shop").rglob("*.py"), *(ROOT / "commissions").rglob("*.py")])
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
BOUNDARY = {"shop/kernel/db.py", "shop/catalog/importer.py"}
"""The unit of work, and the import that keeps or drops the savepoint of a dry run."""


def calls(name: str) -> Iterator[str]:
    for path in SOURCES:
        relative = path.relative_to(ROOT).as_posix()
        if relative.startswith("shop/sandbox/"):
            continue  # a program of its own with a database of its own
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == name:
                yield relative


def test_only_the_unit_of_work_commits() -> None:
    assert set(calls("commit")) - BOUNDARY - {"shop/payments/finalise.py"} == set()
    text = (ROOT / "shop/payments/finalise.py").read_text()
    assert re.findall(r"\w+\.commit\(", text) == ["stock.commit("] * 2


def test_only_finalise_makes_an_order_placed() -> None:
    """B2: a second way to complete an order is where other shops lose or double them."""
    writers = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if re.search(r"to=OrderStatus\.PLACED|\bplaced_at\s*=[^=]|\"placed_at\":", path.read_text())
    }
    writers -= {"shop/orders/models.py"}
    facts = {name for name in writers if name.startswith(("shop/rewards", "commissions"))}
    assert writers - facts == {"shop/payments/finalise.py"}


def test_nothing_but_the_gateway_and_the_sandbox_names_stripe() -> None:
    importers = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if re.search(r"^\s*(import|from) stripe\b", path.read_text(), re.M)
    }
    assert {name for name in importers if not name.startswith("shop/gateway/")} == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_templates_hold_no_inline_script_or_style(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"<style", text)
    scripts = re.findall(r"<script[^>]*>", text)
    assert all("src=" in tag or "application/json" in tag for tag in scripts)


def test_imports_stand_at_the_top() -> None:
    hidden = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                inside = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
                hidden += [f"{path.relative_to(ROOT)}:{n.lineno}" for n in inside]
    assert hidden == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []
