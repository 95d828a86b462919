"""A database that went back in time is found by itself, and nothing is paid before people looked.

A number in the database rises whenever money is about to leave, and every few minutes. After each
commit it is written to a file outside of the database, before the call that moves money. A database
whose number is behind the file's was restored from a copy, whoever did it; so is one that the file
does not know. Looked at when a process starts, by a job, by the doctor, and with every mark.
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from commissions.models import Payout
from commissions.payouts import halting
from shop.kernel import clock, db, ids
from shop.kernel.words import Words, _l
from shop.rewards.payout_models import PayoutMarker

log = logging.getLogger(__name__)

STEP = "rewards.step_marker"
FILE = "payouts.marker"
BY = "start"

_folder: Path | None = None


class WentBack(RuntimeError):
    """The database is older than what was sent from it."""


@dataclass(frozen=True)
class _Seen:
    """What the file knows."""

    installation: str
    count: int
    token: str
    begun: str
    """When the file was made."""


def keep_in(data_dir: Path) -> None:
    """The file lies in this folder; it never goes back, not even with a restored database."""
    global _folder
    _folder = data_dir


def check(*, by: str = BY) -> None:
    """Halt payouts if the database is not the one, or not as far, as the file says.

    Safe from several processes at once: they wait for the row, and whoever comes second finds the
    block that the first one wrote.
    """
    with db.unit_of_work() as session:
        row = _locked(session)
        seen = _read()
        if _why(session, row, seen) is None:
            if row is None:
                _begin(session)
        else:
            since = row.at if row is not None else _unknown_since(session, seen)
            _block(session, row, seen, since, by=by)
    write_down()


def problem(session: Session) -> Words | None:
    """The same for the doctor, who writes nothing."""
    row = session.get(PayoutMarker, 1)
    if row is not None and row.restored_to is not None:
        return _l("The database was restored; payouts wait for a comparison and two people.")
    return _why(session, row, _read())


def block(restored_to: datetime, *, by: str) -> None:
    """People say that the database was restored as of a moment, as when the file went back with it."""
    with db.unit_of_work() as session:
        _block(session, _locked(session), _read(), restored_to, by=by)
    write_down()


def unblock(session: Session) -> None:
    """Two people agreed after a comparison."""
    session.execute(
        update(PayoutMarker)
        .where(PayoutMarker.id == 1)
        .values(restored_to=None, blocked_at=None)
        .execution_options(synchronize_session=False)
    )


def blocked(session: Session) -> PayoutMarker | None:
    """The row, if a restore blocks payouts."""
    row = session.get(PayoutMarker, 1, populate_existing=True)
    return row if row is not None and row.restored_to is not None else None


def step(session: Session) -> None:
    """One further, in the transaction that says that money is about to leave.

    Raises WentBack if the database was put back under this process; then nothing leaves.
    """
    row = _locked(session)
    if row is None or _why(session, row, _read()) is not None:
        raise WentBack("the database is older than its marker")
    _forward(session, row.count + 1)


def write_down() -> None:
    """Bring the file to where the database is; to be called after the commit, before the call.

    Raises OSError: what cannot be written down must not be sent.
    """
    with db.reading() as session:
        row = session.get(PayoutMarker, 1)
    if row is None:
        return
    with _file_locked():
        seen = _read()
        if seen is not None and seen.installation == row.installation and seen.count >= row.count:
            return
        begun = seen.begun if seen is not None else row.at.isoformat()
        _write(_Seen(row.installation, row.count, row.token, begun))


def work(_payload: Mapping[str, Any]) -> None:
    """Job, every few minutes: a copy older than that is known for one."""
    check(by="job:marker")
    with db.unit_of_work() as session:
        step(session)
    write_down()


def _why(session: Session, row: PayoutMarker | None, seen: _Seen | None) -> Words | None:
    """What is wrong between database and file; None if nothing is."""
    if seen is None:
        if _has_sent(session):
            return _l(
                "Payouts were sent from this database, and the file payouts.marker under DATA_DIR "
                "is missing."
            )
        return None
    if row is None or row.installation != seen.installation:
        return _l("The file payouts.marker under DATA_DIR belongs to another database.")
    if (row.count, row.token) == (seen.count, seen.token) or row.count > seen.count:
        return None
    return _l("The database is older than the file payouts.marker: it was restored from a copy.")


def _has_sent(session: Session) -> bool:
    sent = select(Payout.id).where(Payout.last_sent_at.is_not(None)).limit(1)
    return session.scalar(sent) is not None


def _unknown_since(session: Session, seen: _Seen | None) -> datetime:
    """When a database was copied that cannot say it itself: not before its newest payout."""
    newest: datetime | None = session.scalar(select(func.max(Payout.created_at)))
    if newest is not None:
        return newest
    return datetime.fromisoformat(seen.begun) if seen is not None else clock.now()


def _begin(session: Session, count: int = 1) -> None:
    values = {
        "id": 1,
        "installation": ids.public_token(),
        "count": count,
        "token": ids.public_token(),
        "at": clock.now(),
    }
    session.execute(db.insert_new(session, PayoutMarker).values(values))


def _block(
    session: Session, row: PayoutMarker | None, seen: _Seen | None, since: datetime, *, by: str
) -> None:
    """Halt, and be the newest there is, so that the same restore is found once."""
    now = clock.now()
    count = 1 + max(row.count if row is not None else 0, seen.count if seen is not None else 0)
    if row is None:
        _begin(session, count)
    _forward(session, count)
    session.execute(
        update(PayoutMarker)
        .where(PayoutMarker.id == 1)
        .values(restored_to=since, blocked_at=now)
        .execution_options(synchronize_session=False)
    )
    reason = f"restored:{since.isoformat()}"
    halting.halt_payouts(session, reason=reason, by=by, at=now, ids=ids.new)
    log.error("payouts are blocked: the database was restored as of %s", since.isoformat())


def _forward(session: Session, count: int) -> None:
    session.execute(
        update(PayoutMarker)
        .where(PayoutMarker.id == 1)
        .values(count=count, token=ids.public_token(), at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _locked(session: Session) -> PayoutMarker | None:
    """The row; whoever else wants to compare or to count waits until this transaction ends."""
    session.execute(
        update(PayoutMarker)
        .where(PayoutMarker.id == 1)
        .values(count=PayoutMarker.count)
        .execution_options(synchronize_session=False)
    )
    return session.get(PayoutMarker, 1, populate_existing=True)


# The file


def _path() -> Path:
    if _folder is None:
        raise RuntimeError("no folder to keep the marker in")
    return _folder / FILE


def _read() -> _Seen | None:
    try:
        return _Seen(**json.loads(_path().read_text()))
    except FileNotFoundError:
        return None


def _write(seen: _Seen) -> None:
    """All of it or nothing, and on the disk before anything is sent."""
    aside = _path().with_suffix(f".{os.getpid()}")
    with aside.open("w") as file:
        file.write(json.dumps(asdict(seen)))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(_path())


@contextmanager
def _file_locked() -> Iterator[None]:
    """One process at a time compares and writes, so that the file never goes back."""
    with _path().with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
