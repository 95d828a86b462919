"""Statements of the shop: months of the brand's calendar, closed for all payees, with self-billing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from commissions.arithmetic import FULL_BPS, half_up
from commissions.models import Statement
from commissions.statements import closing, reading
from commissions.statements.closing import NotSealed, Period, PeriodOverlaps
from commissions.statements.numbering import next_number
from shop.kernel import brand as brands
from shop.kernel import clock, db, ids, jobs
from shop.kernel.errors import Conflict, Invalid
from shop.kernel.serial import alone
from shop.kernel.words import _l
from shop.rewards import keys, taxes
from shop.rewards.tax_models import SelfBilling

CLOSE = "rewards.close_month"
AT_ONCE = 20
SLICE = 400


@dataclass(frozen=True)
class Month:
    """A month of the brand's calendar, such as 2026-03."""

    year: int
    month: int

    @classmethod
    def of(cls, text: str) -> "Month":
        """Read `2026-03`. Raises Invalid."""
        year, _dash, month = text.partition("-")
        if not (year.isdigit() and month.isdigit() and len(text) <= 7 and 1 <= int(month) <= 12):
            raise Invalid(_l("Please choose a month."), field="month")
        if not 2000 <= int(year) < 3000:
            raise Invalid(_l("Please choose a month."), field="month")
        return cls(int(year), int(month))

    def period(self, zone: ZoneInfo) -> Period:
        """From its first moment to that of the next month, in the brand's zone."""
        following = Month(self.year + self.month // 12, self.month % 12 + 1)
        return Period(self._begin(zone), following._begin(zone))

    def _begin(self, zone: ZoneInfo) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=zone)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"


@dataclass(frozen=True)
class Closing:
    """How far the closing of a month is."""

    month: Month
    payees: int
    statements: int
    is_open: bool


def number_of(statement: Statement) -> str:
    """The number as it is printed."""
    return f"{statement.series}-{statement.number:06}"


def invoice_number(invoice: SelfBilling) -> str:
    return f"{invoice.series}-{invoice.number:06}"


def close_month(month: Month, *, by: str) -> None:
    """Close a month that is over for every payee; what is closed stays as it is.

    Many payees are a job's. Raises Conflict for a month that is not over.
    """
    at = clock.now()
    with db.reading() as session:
        zone = brands.current(session).zone
        payees = closing.payees_with_account(session)
    if month.period(zone).end > at:
        raise Conflict(_l("This month is not over yet."))
    if len(payees) <= AT_ONCE:
        _close_some(month, payees, by=by)
        return
    with db.unit_of_work() as session:
        _go_on(session, month, 0, by=by, at=at)


def work(payload: Mapping[str, Any]) -> None:
    """Job: close the month for some payees, then hand over to the next job.

    Rows that are not sealed yet make it fail, and it is tried again by itself.
    """
    month, done = Month.of(str(payload["month"])), int(payload["done"])
    with db.reading() as session:
        payees = closing.payees_with_account(session)
    some = payees[done : done + SLICE]
    _close_some(month, some, by=str(payload["by"]))
    if done + len(some) < len(payees):
        at = clock.now()
        with db.unit_of_work() as session:
            _go_on(session, month, done + len(some), by=str(payload["by"]), at=at)


def progress(session: Session, month: Month) -> Closing:
    """How far a month is closed; four statements."""
    start = month.period(brands.current(session).zone).start
    count = session.scalar(
        select(func.count()).where(Statement.period_start == start, Statement.copy == 1)
    )
    waiting = session.scalar(
        select(func.count()).where(
            jobs.OutboxJob.name == CLOSE,
            jobs.OutboxJob.done_at.is_(None),
            jobs.OutboxJob.dead_at.is_(None),
        )
    )
    payees = len(closing.payees_with_account(session))
    return Closing(month, payees, int(count or 0), bool(waiting))


def issue_again(statement_id: int, *, reason: str, by: str) -> int:
    """A copy under a new number, because what was printed around the account was wrong.

    Raises Invalid without a reason.
    """
    if not reason.strip():
        raise Invalid(_l("Please say why."), field="reason")
    with db.unit_of_work() as session:
        copy = closing.reissue(
            session,
            statement_id,
            reason=reason.strip()[:200],
            by=by,
            at=clock.now(),
            ids=ids.new,
        )
        _bill(session, copy)
        return copy.id


def invoices_of(session: Session, found: Sequence[Statement]) -> dict[int, SelfBilling]:
    """Self-billing invoices by statement; one statement."""
    rows = session.scalars(
        select(SelfBilling).where(SelfBilling.statement_id.in_([one.id for one in found]))
    )
    return {row.statement_id: row for row in rows}


def of_payees(session: Session, payee_ids: Sequence[int], **page: Any) -> Sequence[Statement]:
    """Statements of payees, newest first; nothing for nobody."""
    wanted = [keys.payee(payee_id) for payee_id in payee_ids]
    return reading.statements(session, payee_keys=wanted, **page) if wanted else []


def _go_on(session: Session, month: Month, done: int, *, by: str, at: datetime) -> None:
    payload = {"month": str(month), "done": done, "by": by}
    jobs.enqueue(session, CLOSE, payload, at=at, key=f"{CLOSE}:{month}:{done}")


def _close_some(month: Month, payees: Sequence[tuple[str, str]], *, by: str) -> None:
    for payee_key, currency in payees:
        alone(partial(_close_one, month, payee_key, currency, by))


def _close_one(month: Month, payee_key: str, currency: str, by: str, session: Session) -> None:
    zone, at = brands.current(session).zone, clock.now()
    try:
        statement = closing.close_period(
            session,
            payee_key,
            currency,
            month.period(zone),
            series=f"ST{month.year}",
            by=by,
            at=at,
            ids=ids.new,
        )
    except PeriodOverlaps:
        return  # a later month is closed for this payee; what came late stands there
    except NotSealed as error:
        raise Conflict(
            _l("The newest entries are sealed within half an hour. Please try again then.")
        ) from error
    if statement is not None:
        _bill(session, statement)


def _bill(session: Session, statement: Statement) -> None:
    """The invoice that a payee lets the brand write, once for each statement."""
    payee_id = keys.number(statement.payee_key)
    data = taxes.data_of(session, [payee_id]).get(payee_id)
    net = statement.earned_amount - statement.reversed_amount
    known = session.get(SelfBilling, statement.id)
    if data is None or not data.self_billing or known is not None or not net:
        return
    series = f"SB{statement.series.removeprefix('ST')}"
    session.execute(
        insert(SelfBilling).values(
            statement_id=statement.id,
            series=series,
            number=next_number(session, series),
            payee_tax_id=data.id,
            net_amount=net,
            vat_code=data.vat_code,
            vat_bps=data.vat_bps,
            vat_amount=half_up(net * data.vat_bps, FULL_BPS + data.vat_bps),
            at=statement.at,
        )
    )
