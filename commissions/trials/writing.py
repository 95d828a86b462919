"""Many rows of integers into one table, by the set: what INSERT … SELECT can do, nearly.

Separate because each database has its own quickest way to take columns in.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from commissions.models import TrialLine
from commissions.rows import table_of
from commissions.trials.tally import Rows

_ROWS_AT_ONCE = 400

Columns = dict[str, Sequence[int]]


def insert_rows(session: Session, trial_id: int, rows: Rows) -> None:
    """Result rows of one run and role."""
    columns = {
        "line_id": rows.line_ids,
        "part": rows.parts,
        "now_amount": rows.now,
        "then_amount": rows.then,
        "cut_amount": rows.cut,
    }
    # A column without any amount is written as a constant: most plans leave some empty.
    full = {name: column for name, column in columns.items() if column is not None and any(column)}
    constants = {"trial_id": str(int(trial_id)), "role": f"'{rows.role.value}'"}
    constants |= {name: "0" for name in columns if name not in full}
    if not full:
        return
    names = ", ".join([*constants, *full])
    into = f"INSERT INTO {table_of(TrialLine).name} ({names})"
    values = ", ".join(constants.values())
    if session.get_bind().dialect.name == "postgresql":
        _by_arrays(session, into, values, list(full.values()))
    else:
        _by_values(session, into, values, list(full.values()))


def _by_arrays(
    session: Session, into: str, constants: str, columns: Sequence[Sequence[int]]
) -> None:
    arrays = ", ".join(["CAST(%s AS bigint[])"] * len(columns))
    # The arrays go as text: the driver would look at every number for its width.
    texts = tuple("{" + ",".join(map(str, column)) + "}" for column in columns)
    session.connection().exec_driver_sql(
        f"{into} SELECT {constants}, * FROM unnest({arrays})",  # noqa: S608 - our own names
        texts,
    )


def _by_values(
    session: Session, into: str, constants: str, columns: Sequence[Sequence[int]]
) -> None:
    connection, width, count = session.connection(), len(columns), len(columns[0])
    row = f"({constants}{', ?' * width})"
    for start in range(0, count, _ROWS_AT_ONCE):
        rows = min(_ROWS_AT_ONCE, count - start)
        values = [0] * (rows * width)
        for place, column in enumerate(columns):
            values[place::width] = column[start : start + rows]
        connection.exec_driver_sql(f"{into} VALUES {', '.join([row] * rows)}", tuple(values))
