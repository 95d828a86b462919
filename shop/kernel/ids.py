"""Numbers for rows: positive, below 2^63, ordered by time, made without asking the database.

No sequence of the database stands on the path of a sale, so tables that grow with sales can later
be spread over machines. Layout: 41 bits milliseconds, 10 bits node, 12 bits counter.
"""

import secrets
import threading
import time

LARGEST = 2**63 - 1
"""What a column of ids holds."""

_EPOCH_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z
NODES = 1024
_PER_MS = 4096

_lock = threading.Lock()
_node = secrets.randbelow(NODES)
_last = 0


def use_node(node: int) -> None:
    """Take this node number, which `kernel.nodes` leased for the process."""
    global _node
    _node = node % NODES


def new() -> int:
    """One new id."""
    return block(1)[0]


def block(count: int) -> list[int]:
    """`count` new ids in ascending order, for rows that are written together."""
    global _last
    with _lock:
        now = (int(time.time() * 1000) - _EPOCH_MS) * _PER_MS
        # A clock that goes back, or a burst, borrows from the future instead of repeating.
        first = max(now, _last + 1)
        _last = first + count - 1
        return [_compose(tick) for tick in range(first, first + count)]


def _compose(tick: int) -> int:
    milliseconds, counter = divmod(tick, _PER_MS)
    return (milliseconds << 22) | (_node << 12) | counter


def read(text: str) -> int | None:
    """The id that somebody sends as decimal digits; None for what cannot be one."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(LARGEST)):
        return None
    found = int(text)
    return found if 0 < found <= LARGEST else None


def public_token() -> str:
    """A name that grants access: 160 random bits, safe in URLs."""
    return secrets.token_urlsafe(20)


_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def short_code(length: int) -> str:
    """Random letters and digits that people can read to each other; no 0, 1, I, O."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
