"""Where the rows of an import belong: parents in any order, no cycle, not too deep; pure.

The whole tree is held as two numbers per point, so that rows and points that are there already are
judged as one. What a concurrent edit changes after that is caught again by the tree itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from shop.network.import_rows import ROOT, Problem, Row
from shop.network.models import MAX_DEPTH


@dataclass(frozen=True)
class Known:
    """A point that is there already."""

    id: int
    key: str
    manager_id: int | None
    status: str


def key_of(external_key: str | None, point_id: int) -> str:
    """How a file calls a point: by the brand's number, else by `#` and its id."""
    return external_key or f"#{point_id}"


@dataclass(frozen=True)
class Step:
    """A row with its place; managers stand before those whom they manage."""

    row: Row
    known_id: int | None
    parent_key: str
    """Empty: at the root."""
    parent_is_told: bool
    """False where the cell is blank: a point that is there stays where it is."""


@dataclass
class Plan:
    """What will be done, in this order, and what cannot be done."""

    steps: list[Step] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


Node = int | str
"""A point that is there, by its id; a new one, by its key."""


class _Fail(Protocol):
    """Refuses a row."""

    def __call__(self, row: Row, column: str, code: str, **values: object) -> None: ...


def make(
    rows: Iterable[Row],
    known: Iterable[Known],
    *,
    headers: Mapping[str, str],
    unreadable: Iterable[str] = (),
) -> Plan:
    """Judge all rows together; `headers` name the columns in the report.

    `unreadable` are the numbers of rows that were refused before, so that those whom they manage
    are told the true reason.
    """
    there = {one.id: one for one in known}
    by_key = {one.key: one.id for one in there.values()}
    plan, good = Plan(), _without_repeats(rows, headers)
    plan.problems.extend(good.problems)
    wanted, failed = dict(good.rows), set(unreadable)

    def fail(row: Row, column: str, code: str, **values: object) -> None:
        plan.problems.append(Problem(row.line, headers.get(column, column), code, values))
        del wanted[row.key]
        failed.add(row.key)

    for row in list(wanted.values()):
        _check_alone(row, by_key, there, fail)
    while True:
        managers = _managers(wanted, there, by_key, failed, fail)
        if managers is None:
            continue
        cycles = _cycles(wanted, managers, by_key)
        if cycles:
            for row, way in cycles:
                fail(row, "parent_key", "cycle", way=way)
            continue
        depths = _depths(wanted, managers, by_key)
        deep = [row for row in wanted.values() if depths[_node(row, by_key)] >= MAX_DEPTH]
        if not deep:
            break
        for row in deep:
            fail(row, "parent_key", "too_deep", most=MAX_DEPTH)
    ordered = sorted(wanted.values(), key=lambda row: (depths[_node(row, by_key)], row.line))
    plan.steps = [_step(row, by_key) for row in ordered]
    plan.problems.sort(key=lambda problem: problem.line)
    return plan


@dataclass
class _Single:
    rows: dict[str, Row]
    problems: list[Problem]


def _without_repeats(rows: Iterable[Row], headers: Mapping[str, str]) -> _Single:
    """The first row of a number stands; the others are refused, because nobody knows which holds."""
    found = _Single({}, [])
    for row in rows:
        first = found.rows.setdefault(row.key, row)
        if first is not row:
            values = {"key": row.key, "other": first.line}
            column = headers.get("external_key", "external_key")
            found.problems.append(Problem(row.line, column, "key_twice", values))
    return found


def _check_alone(
    row: Row, by_key: Mapping[str, int], there: Mapping[int, Known], fail: _Fail
) -> None:
    point = there.get(by_key.get(row.key, 0))
    if point is None and not row.name:
        fail(row, "name", "name_missing")
    elif point is None and not row.kind:
        fail(row, "kind", "kind_missing")
    elif point is not None and point.status == "closed":
        fail(row, "external_key", "closed")


def _managers(
    wanted: Mapping[str, Row],
    there: Mapping[int, Known],
    by_key: Mapping[str, int],
    failed: set[str],
    fail: _Fail,
) -> dict[Node, Node | None] | None:
    """Who manages whom once all rows are in; None if rows had to be refused on the way."""
    managers: dict[Node, Node | None] = {one.id: one.manager_id for one in there.values()}
    refused = False
    for row in list(wanted.values()):
        node = _node(row, by_key)
        if not row.parent_key:
            managers.setdefault(node, None)
        elif row.parent_key == ROOT:
            managers[node] = None
        elif row.parent_key in by_key or row.parent_key in wanted:
            managers[node] = by_key.get(row.parent_key, row.parent_key)
        else:
            code = "parent_failed" if row.parent_key in failed else "parent_unknown"
            fail(row, "parent_key", code, key=row.parent_key)
            refused = True
    return None if refused else managers


def _cycles(
    wanted: Mapping[str, Row], managers: Mapping[Node, Node | None], by_key: Mapping[str, int]
) -> list[tuple[Row, str]]:
    """Rows that stand on a circle, with the way round; points that were there never made one."""
    names = {_node(row, by_key): row.key for row in wanted.values()}
    safe: set[Node] = set()
    found: list[tuple[Row, str]] = []
    for start in names:
        way: list[Node] = []
        seen: set[Node] = set()
        node: Node | None = start
        while node is not None and node not in safe and node not in seen:
            way.append(node)
            seen.add(node)
            node = managers.get(node)
        if node is not None and node in seen:
            circle = way[way.index(node) :]
            words = " → ".join(names.get(one, str(one)) for one in [*circle, circle[0]][:8])
            found.extend((wanted[names[one]], words) for one in circle if one in names)
        safe.update(way)
    return found


def _depths(
    wanted: Mapping[str, Row], managers: Mapping[Node, Node | None], by_key: Mapping[str, int]
) -> dict[Node, int]:
    depths: dict[Node, int] = {}
    for row in wanted.values():
        way: list[Node] = []
        node: Node | None = _node(row, by_key)
        while node is not None and node not in depths:
            way.append(node)
            node = managers.get(node)
        depth = depths[node] if node is not None else -1
        for one in reversed(way):
            depth += 1
            depths[one] = depth
    return depths


def _node(row: Row, by_key: Mapping[str, int]) -> Node:
    return by_key.get(row.key, row.key)


def _step(row: Row, by_key: Mapping[str, int]) -> Step:
    parent = "" if row.parent_key == ROOT else row.parent_key
    return Step(row, by_key.get(row.key), parent, bool(row.parent_key))
