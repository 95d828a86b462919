"""The engine stands alone: the standard library and SQLAlchemy, no clock, no shop."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import commissions

ROOT = Path(commissions.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
PURE = (
    "arithmetic",
    "calculator",
    "canonical",
    "ceiling",
    "decisions",
    "facts",
    "history",
    "law",
    "matching",
    "periods",
    "plan_checks",
    "shares",
    "targets",
    "terms",
)
CLOCKS = {"now", "utcnow", "today", "time", "monotonic"}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            yield node.module or ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_standard_library_and_sqlalchemy(path: Path) -> None:
    allowed = {*sys.stdlib_module_names, "sqlalchemy", "commissions"}

    assert {name.split(".")[0] for name in imported(path)} <= allowed


@pytest.mark.parametrize("name", PURE)
def test_rules_and_arithmetic_know_no_database(name: str) -> None:
    found = set(imported(ROOT / f"{name}.py"))

    assert "sqlalchemy" not in {module.split(".")[0] for module in found}
    ours = {module.split(".")[1] for module in found if module.startswith("commissions.")}
    assert ours <= set(PURE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_reads_the_clock(path: Path) -> None:
    calls = {
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("datetime", "time", "date")
    }

    assert not calls & CLOCKS


def test_it_comes_up_without_the_shop() -> None:
    code = "import commissions, sys; print(sorted(m for m in sys.modules if m.startswith('shop')))"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent
    )

    assert done.stdout.strip() == "[]"
