"""Webhooks on their way: a queue in the database, retried with growing pauses for three days.

No lock and no transaction is held while a webhook is posted, because its receiver calls back.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .agenda import catch_up
from .clock import wall_clock
from .core import Sandbox
from .errors import missing_object
from .signing import signature_header
from .store import encode

Post = Callable[[str, Mapping[str, str], bytes], int]
"""Sends one webhook and returns the status; raises OSError when nobody answered."""

PAUSES = (5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600, 24 * 3600)
"""Sandbox seconds before the second, third … attempt."""


@dataclass(frozen=True)
class _Delivery:
    seq: int
    attempts: int
    event: str


def deliver_due(sandbox: Sandbox, post: Post, limit: int = 100) -> int:
    """Post what is due, in order, and return how many attempts were made.

    Everything else that is due by the sandbox clock happens first, so that its events go along.
    """
    catch_up(sandbox)
    due = _claim(sandbox, limit)
    for delivery in due:
        _record(sandbox, delivery, _attempt(sandbox, delivery, post))
    return len(due)


def release_interrupted(sandbox: Sandbox) -> None:
    """Queue again what a former process was sending when it ended."""
    with sandbox.transaction():
        sandbox.store.execute("UPDATE delivery SET state = 'waiting' WHERE state = 'sending'")


def redeliver(sandbox: Sandbox, event_id: str) -> None:
    """Send an event once more, whatever became of it before; Refused if there is none such."""
    with sandbox.transaction():
        if not sandbox.store.execute("SELECT 1 FROM event WHERE id = ?", (event_id,)).fetchone():
            raise missing_object("event", event_id, "id", in_path=True)
        sandbox.store.execute(
            "INSERT INTO delivery (event, place, due_at, state) VALUES (?, ?, ?, 'waiting')",
            (event_id, sandbox.store.next_seq(), sandbox.now()),
        )
    sandbox.news.set()


def _claim(sandbox: Sandbox, limit: int) -> list[_Delivery]:
    with sandbox.transaction():
        rows = sandbox.store.execute(
            "SELECT delivery.seq, attempts, body FROM delivery JOIN event ON event.id = event"
            " WHERE state = 'waiting' AND due_at <= ? ORDER BY due_at, place LIMIT ?",
            (sandbox.now(), limit),
        ).fetchall()
        for row in rows:
            sandbox.store.execute("UPDATE delivery SET state = 'sending' WHERE seq = ?", (row[0],))
    return [_Delivery(*row) for row in rows]


def _attempt(sandbox: Sandbox, delivery: _Delivery, post: Post) -> str:
    settings = sandbox.settings
    body = encode({**json.loads(delivery.event), "pending_webhooks": 1}).encode()
    secrets = [settings.webhook_secret, settings.previous_webhook_secret]
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (Gridshop sandbox)",
        "Stripe-Signature": signature_header(
            [secret for secret in secrets if secret],
            timestamp=int(wall_clock().timestamp()),
            body=body,
        ),
    }
    try:
        return str(post(settings.webhook_url or "", headers, body))
    except OSError as error:
        return type(error).__name__


def _record(sandbox: Sandbox, delivery: _Delivery, answer: str) -> None:
    attempts = delivery.attempts + 1
    delivered = answer.startswith("2")
    state = "delivered" if delivered else "waiting" if attempts <= len(PAUSES) else "failed"
    pause = 0 if state != "waiting" else PAUSES[attempts - 1]
    with sandbox.transaction():
        sandbox.store.execute(
            "UPDATE delivery SET state = ?, attempts = ?, answer = ?, due_at = ? WHERE seq = ?",
            (state, attempts, answer, sandbox.now() + pause, delivery.seq),
        )
