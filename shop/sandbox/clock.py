"""The sandbox's sense of time: wall time plus the offset that the shop's clock has been shifted by.

The offset is read again at each look, because another process moves it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]

OFFSET_FILE = "clock-offset"


def wall_clock() -> datetime:
    """Return real time in UTC; signature stamps and leases follow it, business does not."""
    return datetime.now(UTC)


def offset_clock(data_dir: Path | None) -> Clock:
    """Return a clock that adds the whole seconds found in `data_dir/clock-offset`; no file is 0."""
    if data_dir is None:
        return wall_clock
    file = Path(data_dir) / OFFSET_FILE

    def now() -> datetime:
        return wall_clock() + timedelta(seconds=_read_offset(file))

    return now


def _read_offset(file: Path) -> int:
    try:
        return int(file.read_text(encoding="ascii"))
    except FileNotFoundError:
        return 0
