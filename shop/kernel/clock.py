"""The business clock: wall time, moved forward in a demo, or set by a replay.

It rules business times, schedules and due dates. Leases, signature stamps, cookies, one-time codes
and ids follow the wall clock, because they measure what machines do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

OFFSET_FILE = "clock-offset"
"""File under DATA_DIR with the demo's offset in whole seconds; the sandbox reads it too."""

_offset_path: Path | None = None
_set_moment: datetime | None = None


def wall() -> datetime:
    """Wall time in UTC."""
    return datetime.now(UTC)


def now() -> datetime:
    """Business time in UTC; read it once per unit of work and pass it on as `at`."""
    return _set_moment or wall() + offset()


def offset() -> timedelta:
    """How far the demo has moved the clock; never negative."""
    if _offset_path is None or not _offset_path.exists():
        return timedelta()
    return timedelta(seconds=max(0, int(_offset_path.read_text() or 0)))


def follow(data_dir: Path) -> None:
    """Take the offset from the file under this folder."""
    global _offset_path
    _offset_path = data_dir / OFFSET_FILE


def shift(by: timedelta) -> timedelta:
    """Move the clock forward and return the new offset.

    Raises ValueError for a negative shift: business time never goes back.
    """
    if by < timedelta():
        raise ValueError("the clock only moves forward")
    if _offset_path is None:
        raise RuntimeError("no folder to keep the offset in")
    total = offset() + by
    _offset_path.parent.mkdir(parents=True, exist_ok=True)
    _offset_path.write_text(str(int(total.total_seconds())))
    return total


@contextmanager
def set_to(moment: datetime) -> Iterator[None]:
    """Let this process live at `moment`: for replays and the building of the demo."""
    global _set_moment
    before = _set_moment
    travel(moment)
    try:
        yield
    finally:
        _set_moment = before


def travel(moment: datetime) -> None:
    """Inside `set_to`, go on to a later moment."""
    global _set_moment
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    _set_moment = moment.astimezone(UTC)
