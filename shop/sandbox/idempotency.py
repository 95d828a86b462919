"""`Idempotency-Key`: the first answer of a key is the answer for 24 hours of sandbox time.

An answer is saved once the endpoint began its work, failures included. A call that was refused
before, or that came while the first still ran, leaves nothing behind.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from urllib.parse import parse_qsl

from .core import Sandbox
from .errors import key_in_use, key_reused

KEPT_FOR = 24 * 60 * 60


@dataclass(frozen=True)
class Saved:
    """An answer as it was first given."""

    request_id: str
    status: int
    body: str


@dataclass(frozen=True)
class Claim:
    """One call's hold on a key."""

    key: str
    route: str
    fingerprint: str


class RunningKeys:
    """The keys whose first call is being worked on right now, in this process."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._lock = Lock()

    @contextmanager
    def hold(self, key: str) -> Iterator[None]:
        """Keep the key for this call; raises Refused (409) while another call has it."""
        with self._lock:
            if key in self._keys:
                raise key_in_use(key)
            self._keys.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(key)


def claim(key: str, *, account: str, route: str, body: str) -> Claim:
    """Return what identifies this call; parameters count, whatever order they stand in."""
    params = repr(sorted(parse_qsl(body, keep_blank_values=True)))
    return Claim(f"{account}:{key}", route, sha256(params.encode()).hexdigest())


def recall(sandbox: Sandbox, call: Claim) -> Saved | None:
    """Return the saved answer of the key, or None if it is new or forgotten.

    Raises Refused if the key was first used with another endpoint or other parameters.
    """
    store = sandbox.store
    store.execute("DELETE FROM saved_answer WHERE created <= ?", (sandbox.now() - KEPT_FOR,))
    row = store.execute(
        "SELECT route, fingerprint, request_id, status, body FROM saved_answer WHERE key = ?",
        (call.key,),
    ).fetchone()
    if row is None:
        return None
    key = call.key.partition(":")[2]
    if row[0] != call.route:
        raise key_reused(key, f"another endpoint ({row[0]})")
    if row[1] != call.fingerprint:
        raise key_reused(key, "other parameters")
    return Saved(row[2], row[3], row[4])


def save(sandbox: Sandbox, call: Claim, answer: Saved) -> None:
    """Keep an answer for the next time this key comes."""
    sandbox.store.execute(
        "INSERT INTO saved_answer VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            call.key,
            sandbox.now(),
            call.route,
            call.fingerprint,
            answer.request_id,
            answer.status,
            answer.body,
        ),
    )
