"""The sandbox's memory: Stripe objects as JSON documents in one SQLite file.

One connection behind one lock: every call of the sandbox is a short transaction, and calls follow
one another. Ids come from a counter that moves in the same transaction, so that a second process
on the same file cannot hand one out twice.
"""

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from .errors import Json

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

LINKS = ("payment_intent", "charge", "transfer_group", "destination", "transfer")
"""Fields by which objects are listed; each is a column beside the document."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    created INTEGER NOT NULL,
    body TEXT NOT NULL,
    payment_intent TEXT,
    charge TEXT,
    transfer_group TEXT,
    destination TEXT,
    transfer TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS object_kind ON object (kind, account, seq);
CREATE INDEX IF NOT EXISTS object_payment_intent ON object (payment_intent)
    WHERE payment_intent IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_charge ON object (charge) WHERE charge IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_transfer_group ON object (transfer_group)
    WHERE transfer_group IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_destination ON object (destination)
    WHERE destination IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_transfer ON object (transfer) WHERE transfer IS NOT NULL;
CREATE TABLE IF NOT EXISTS money (
    seq INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    net INTEGER NOT NULL,
    available_on INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS money_account ON money (account, currency, available_on, net);
CREATE TABLE IF NOT EXISTS agenda (
    seq INTEGER PRIMARY KEY,
    due_at INTEGER NOT NULL,
    verb TEXT NOT NULL,
    subject TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS agenda_due ON agenda (due_at);
CREATE TABLE IF NOT EXISTS saved_answer (
    key TEXT PRIMARY KEY,
    created INTEGER NOT NULL,
    route TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    request_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS saved_answer_created ON saved_answer (created);
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    account TEXT NOT NULL,
    created INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS event_created ON event (created);
CREATE TABLE IF NOT EXISTS delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL REFERENCES event (id),
    place INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'dropped', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    answer TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS delivery_waiting ON delivery (due_at, place) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS delivery_event ON delivery (event);
"""


def encode(value: Any) -> str:
    """Return compact JSON with its Chinese left readable."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Store:
    """Reads and writes documents; every method must run inside `transaction()`."""

    def __init__(self, database: str | Path, seed: int | str | None) -> None:
        if str(database) != ":memory:":
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(
            str(database), timeout=10, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(SCHEMA)
        self._next_seq: int | None = None
        with self.transaction():
            self.seed = self._settle_seed(seed)
            self.start = self._count_start()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock and one SQLite transaction; an inner one joins the outer."""
        with self._lock:
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth, self._next_seq = 1, None
            try:
                yield
                self._keep_counter()
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._depth = 0

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement for a module that owns a table of its own (agenda, deliveries …)."""
        return self._connection.execute(statement, values)

    def next_seq(self) -> int:
        """Return the next number of the one counter behind all ids."""
        if self._next_seq is None:
            row = self.execute("SELECT value FROM meta WHERE name = 'seq'").fetchone()
            self._next_seq = int(row[0]) if row else 0
        self._next_seq += 1
        return self._next_seq

    def scramble(self, text: str, length: int) -> str:
        """Return letters and digits that look random and follow from the seed and the text."""
        letters = ""
        for part in range(-(-length // 40)):
            digest = blake2b(f"{self.seed}:{text}:{part}".encode(), digest_size=32).digest()
            number = int.from_bytes(digest, "big")
            for _ in range(40):
                number, rest = divmod(number, 62)
                letters += ALPHABET[rest]
        return letters[:length]

    def insert(self, obj: Json, *, account: str) -> None:
        """Write a new object; its id is taken as it is."""
        self.execute(
            "INSERT INTO object VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.next_seq(),
                obj["id"],
                obj["object"],
                account,
                obj["created"],
                encode(obj),
                *_links(obj),
            ),
        )

    def update(self, obj: Json) -> None:
        """Write an object back after a change."""
        self.execute(
            "UPDATE object SET body = ?, payment_intent = ? WHERE id = ?",
            (encode(obj), obj.get("payment_intent"), obj["id"]),
        )

    def load(self, object_id: str) -> Json | None:
        """Return the object of this id, or None."""
        row = self.execute("SELECT body FROM object WHERE id = ?", (object_id,)).fetchone()
        return json.loads(row[0]) if row else None

    def account_of(self, object_id: str) -> str:
        """Return the connected account that an object belongs to; the platform is ''."""
        row = self.execute("SELECT account FROM object WHERE id = ?", (object_id,)).fetchone()
        return str(row[0])

    def first(self, kind: str, link: str, value: str) -> Json | None:
        """Return the newest object of a kind whose link has this value, or None."""
        row = self.execute(
            f"SELECT body FROM object WHERE kind = ? AND {_column(link)} = ?"  # noqa: S608  fixed names
            " ORDER BY seq DESC LIMIT 1",
            (kind, value),
        ).fetchone()
        return json.loads(row[0]) if row else None

    def all_of(self, kind: str, link: str, value: str) -> list[Json]:
        """Return every object of a kind whose link has this value, newest first."""
        rows = self.execute(
            f"SELECT body FROM object WHERE kind = ? AND {_column(link)} = ?"  # noqa: S608  fixed names
            " ORDER BY seq DESC",
            (kind, value),
        )
        return [json.loads(row[0]) for row in rows]

    def newest(self, kind: str, limit: int) -> list[Json]:
        """Return the newest objects of a kind, of the platform and of connected accounts."""
        rows = self.execute(
            "SELECT body FROM object WHERE kind = ? ORDER BY seq DESC LIMIT ?", (kind, limit)
        )
        return [json.loads(row[0]) for row in rows]

    def _settle_seed(self, seed: int | str | None) -> str:
        row = self.execute("SELECT value FROM meta WHERE name = 'seed'").fetchone()
        settled = str(seed) if seed is not None else row[0] if row else secrets.token_hex(16)
        self.execute("INSERT OR REPLACE INTO meta VALUES ('seed', ?)", (settled,))
        return settled

    def _count_start(self) -> int:
        row = self.execute("SELECT value FROM meta WHERE name = 'starts'").fetchone()
        start = int(row[0]) + 1 if row else 1
        self.execute("INSERT OR REPLACE INTO meta VALUES ('starts', ?)", (str(start),))
        return start

    def _keep_counter(self) -> None:
        if self._next_seq is not None:
            self.execute("INSERT OR REPLACE INTO meta VALUES ('seq', ?)", (str(self._next_seq),))


def _links(obj: Json) -> tuple[str | None, ...]:
    charge = obj.get("charge") or obj.get("source_transaction")
    return tuple(charge if link == "charge" else obj.get(link) for link in LINKS)


def _column(link: str) -> str:
    if link not in LINKS:
        raise KeyError(link)
    return link
