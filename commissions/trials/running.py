"""A what-if run from its beginning to its end: piece by piece, each committed with its progress.

Whoever goes on with a run finds its cursor in its row, so a killed worker costs one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from commissions import audit_trail
from commissions.canonical import plain, read
from commissions.errors import CommissionError, NotFound
from commissions.models import SaleRow, Trial, TrialStatus
from commissions.models.trials import trials
from commissions.rows import row_count, table_of
from commissions.terms import Terms
from commissions.trials.blocks import SALES_PER_BLOCK, Block, blocks_after, keep
from commissions.trials.checking import FIRST_SAMPLE, SAMPLE, differing_sales
from commissions.trials.deck import Deck, part_of, ticks
from commissions.trials.ending import end
from commissions.trials.reckoner import Reckoner
from commissions.trials.sums import carried, taken_up
from commissions.trials.tally import Rows, Tally, rows_of
from commissions.trials.writing import insert_rows

Ids = Callable[[], int]

LINES_PER_PIECE = 200_000


class NothingToTry(CommissionError):
    """No sale was placed in that stretch of time."""

    code = "nothing_to_try"


@dataclass(slots=True)
class Piece:
    """Some blocks, reckoned and not yet written."""

    after: int
    """Where it begins: the last sale that was worked off before it."""
    last_sale_id: int
    tally: Tally
    """Totals up to here."""
    is_last: bool = True
    rows: list[Rows] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    sales: int = 0
    lines: int = 0
    cuts: int = 0
    exact_sales: int = 0
    checked_sales: int = 0
    carry: dict[str, Any] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)
    """Keys of sales of the sample for which the calculator says something else."""


def start_trial(
    session: Session,
    terms: Terms,
    *,
    plan_key: str,
    name: str,
    placed_from: datetime,
    placed_until: datetime,
    by: str,
    at: datetime,
    ids: Ids,
    draft_id: int | None = None,
    version_id: int | None = None,
) -> int:
    """Ask what these terms would have paid for the sales placed in [from, until).

    Raises NothingToTry if there are none.
    """
    table = table_of(SaleRow)
    total = session.scalar(
        select(func.count()).where(
            table.c.plan_key == plan_key,
            table.c.placed_at >= placed_from,
            table.c.placed_at < placed_until,
        )
    )
    if not total:
        raise NothingToTry(plan=plan_key)
    trial = Trial(
        id=ids(),
        plan_key=plan_key,
        name=name,
        draft_id=draft_id,
        version_id=version_id,
        terms=plain(terms),
        content_hash=terms.content_hash,
        placed_from=placed_from,
        placed_until=placed_until,
        status=TrialStatus.QUEUED,
        after_sale_id=0,
        done_sales=0,
        total_sales=total,
        line_count=0,
        cut_count=0,
        exact_sales=0,
        checked_sales=0,
        carry={},
        problem="",
        at=at,
        by=by,
        ended_at=None,
    )
    session.add(trial)
    session.flush()
    audit_trail.record(
        session,
        "commission_trial.asked",
        thing=("commission_trial", trial.id),
        by=by,
        at=at,
        ids=ids,
        after={"hash": trial.content_hash},
    )
    return trial.id


class Run:
    """One worker at one run. It reckons outside of any transaction that writes."""

    def __init__(
        self,
        trial: Trial,
        *,
        lines_per_piece: int = LINES_PER_PIECE,
        sales_per_block: int = SALES_PER_BLOCK,
    ) -> None:
        self._lines_per_piece, self._sales_per_block = lines_per_piece, sales_per_block
        self.trial_id = trial.id
        self.plan_key = trial.plan_key
        self.terms = read(Terms, trial.terms)
        self._from, self._until = trial.placed_from, trial.placed_until
        self._reckoner = Reckoner(self.terms)

    def reckon(self, session: Session, after: int, tally: Tally) -> Piece:
        """The next piece, counted on top of the tally of the one before.

        Give a session with one picture of the database: see `picture_of`.
        """
        piece = Piece(after, after, tally)
        for block in blocks_after(session, self.plan_key, after, size=self._sales_per_block):
            if piece.lines >= self._lines_per_piece:
                piece.is_last = False
                break
            piece.last_sale_id = block.last_sale_id
            piece.blocks.append(block)
            deck = self._wanted(block)
            if deck.sale_count:
                self._add(session, piece, deck)
        tally.fold()
        # The next piece is counted on while this one is being written.
        piece.carry = carried(tally)
        return piece

    def write(self, session: Session, piece: Piece, *, by: str, at: datetime, ids: Ids) -> bool:
        """Keep a piece with its progress; False if another worker was first."""
        table = table_of(Trial)
        going_on = (
            update(table)
            .where(
                table.c.id == self.trial_id,
                table.c.status == TrialStatus.RUNNING,
                table.c.after_sale_id == piece.after,
            )
            .values(
                after_sale_id=piece.last_sale_id,
                done_sales=table.c.done_sales + piece.sales,
                line_count=table.c.line_count + piece.lines,
                cut_count=table.c.cut_count + piece.cuts,
                exact_sales=table.c.exact_sales + piece.exact_sales,
                checked_sales=table.c.checked_sales + piece.checked_sales,
                carry={} if piece.is_last else piece.carry,
            )
        )
        if row_count(session, going_on) == 0:
            return False
        for block in piece.blocks:
            keep(session, block, ids=ids)
        if piece.differing:
            problem = f"sale {piece.differing[0]} differs from the calculator"
            fail(session, self.trial_id, problem, by=by, at=at, ids=ids)
            return True
        for rows in piece.rows:
            insert_rows(session, self.trial_id, rows)
        if piece.is_last:
            end(session, self.trial_id, self.terms, piece.tally, by=by, at=at, ids=ids)
        return True

    def _wanted(self, block: Block) -> Deck:
        deck, begin, end_ = block.deck, ticks(self._from), ticks(self._until)
        if min(deck.placed) >= begin and max(deck.placed) < end_:
            return deck
        return part_of(deck, begin, end_)

    def _add(self, session: Session, piece: Piece, deck: Deck) -> None:
        found = self._reckoner.reckon(deck)
        sample = SAMPLE if piece.lines or piece.after else FIRST_SAMPLE
        checked, differing = differing_sales(session, deck, found, self.terms, sample)
        piece.tally.add(deck, found)
        piece.rows += rows_of(deck, found)
        piece.sales += deck.sale_count
        piece.lines += deck.line_count
        piece.cuts += found.cuts.line_count(deck.parcel_line)
        piece.exact_sales += found.exact_sales
        piece.checked_sales += checked
        piece.differing += differing


def run_to_the_end(
    engine: Engine,
    trial_id: int,
    unit_of_work: Callable[[], Any],
    *,
    by: str,
    now: Callable[[], datetime],
    ids: Ids,
    lines_per_piece: int = LINES_PER_PIECE,
    sales_per_block: int = SALES_PER_BLOCK,
) -> Iterator[tuple[int, int]]:
    """Work a run off, from wherever it stands; after each piece, sales done of all sales.

    While one piece is written the next is reckoned: the database works without Python's lock.
    `unit_of_work` gives a context manager with a session that commits at its end.
    """
    with unit_of_work() as session:
        trial = session.get(Trial, trial_id)
        if trial is None:
            raise NotFound(thing="commission_trial", id=trial_id)
        if trial.status not in (TrialStatus.QUEUED, TrialStatus.RUNNING):
            return
        done, total = trial.done_sales, trial.total_sales
        run = Run(trial, lines_per_piece=lines_per_piece, sales_per_block=sales_per_block)
        after = trial.after_sale_id
        tally = taken_up(trial.carry, run.terms.zone)
        to = TrialStatus.RUNNING
        trials.move(session, Trial, trial_id, to=to, by=by, at=now(), ids=ids)

    def reckon(after: int) -> Piece:
        with picture_of(engine) as session:
            return run.reckon(session, after, tally)

    with ThreadPoolExecutor(max_workers=1) as ahead:
        coming: Future[Piece] | None = ahead.submit(reckon, after)
        while coming is not None:
            piece = coming.result()
            is_last = piece.is_last or bool(piece.differing)
            coming = None if is_last else ahead.submit(reckon, piece.last_sale_id)
            with unit_of_work() as session:
                if not run.write(session, piece, by=by, at=now(), ids=ids):
                    return
            done += piece.sales
            yield done, total


def fail(session: Session, trial_id: int, problem: str, *, by: str, at: datetime, ids: Ids) -> None:
    """End a run without a result that may be shown."""
    trials.move(
        session,
        Trial,
        trial_id,
        to=TrialStatus.FAILED,
        by=by,
        at=at,
        ids=ids,
        note=problem,
        also={"problem": problem, "ended_at": at},
    )


@contextmanager
def picture_of(engine: Engine) -> Iterator[Session]:
    """A session whose statements all see the same data, beside a working shop. Takes no lock."""
    options: dict[str, Any] = {"read_only": True}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ"}
    with Session(engine.execution_options(**options)) as session:
        yield session
