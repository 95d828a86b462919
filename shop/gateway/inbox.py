"""News from Stripe: verified on the raw body, stored once, answered at once, worked off by a job.

An event is only a hint: the handler fetches the object and moves forward, so that duplicates and
disorder do no harm. The inbox keeps ids, type, time and a hash of the body, no personal data.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import stripe
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shop.gateway.models import InboxEvent
from shop.kernel import clock, ids, jobs, purging
from shop.kernel.db import unit_of_work
from shop.kernel.errors import ShopError
from shop.kernel.words import _l

log = logging.getLogger(__name__)

JOB = "gateway.handle"
PATIENCE = timedelta(hours=24)
"""How long an event that is ours but unknown is tried again before somebody is told."""
KEPT = timedelta(days=35)
"""Longer than Stripe lists and repeats its events, so that none is ever taken for a new one."""
_FUTURE = 300


class Outcome(StrEnum):
    PROCESSED = "processed"
    IGNORED = "ignored"
    """Somebody else's object, or nothing to do."""


class NotYetKnown(Exception):
    """The object is ours by its metadata, but the shop does not know it (yet)."""


class BadSignature(ShopError):
    code = "bad_signature"
    status = 400

    def __init__(self) -> None:
        super().__init__(_l("The signature is not right."))


Handler = Callable[[str, str], Outcome]
"""Gets the object's id and the connected account (empty for our own)."""
_handlers: dict[str, Handler] = {}


def bind(handlers: Mapping[str, Handler]) -> None:
    """Install the table of who handles which type of event."""
    _handlers.clear()
    _handlers.update(handlers)


def receive(raw: bytes, signature: str, *, secret: str) -> bool:
    """Verify and store one delivery; False if it was stored before.

    Raises BadSignature before anything else is looked at, the database included.
    """
    event = _verified(raw, signature, secret)
    at = clock.now()
    row_id = ids.new()
    try:
        with unit_of_work() as session:
            session.execute(
                insert(InboxEvent).values(
                    id=row_id,
                    provider="stripe",
                    event_id=str(event["id"]),
                    type=str(event["type"]),
                    object_id=str(event["data"]["object"].get("id", "")),
                    account=str(event.get("account") or ""),
                    body_hash=hashlib.sha256(raw).hexdigest(),
                    created_at=datetime.fromtimestamp(int(event["created"]), UTC),
                    received_at=at,
                    status="received",
                    tries=0,
                    error="",
                )
            )
            if event["type"] in _handlers:
                jobs.enqueue(session, JOB, {"inbox_id": str(row_id)}, at=at)
            else:
                _end(session, row_id, Outcome.IGNORED, at)
    except IntegrityError:
        return False
    return True


def handle(payload: Mapping[str, Any]) -> None:
    """Job: work one stored event off. May run twice."""
    inbox_id = int(payload["inbox_id"])
    with unit_of_work() as session:
        row = session.execute(
            update(InboxEvent)
            .where(InboxEvent.id == inbox_id, InboxEvent.status.in_(("received", "failed")))
            .values(tries=InboxEvent.tries + 1)
            .returning(
                InboxEvent.type, InboxEvent.object_id, InboxEvent.account, InboxEvent.received_at
            )
        ).one_or_none()
    if row is None:
        return
    try:
        outcome = _handlers[row.type](row.object_id, row.account)
    except NotYetKnown as error:
        _give_up_or_wait(inbox_id, row.received_at, error)
        return
    except Exception as error:
        _note_failure(inbox_id, error)
        raise
    with unit_of_work() as session:
        _end(session, inbox_id, outcome, clock.now())


def replay(session: Session, inbox_id: int, *, at: datetime) -> None:
    """Let a failed or dead event be worked off again."""
    session.execute(
        update(InboxEvent)
        .where(InboxEvent.id == inbox_id, InboxEvent.status.in_(("failed", "dead", "ignored")))
        .values(status="received", error="", received_at=at)
    )
    jobs.enqueue(session, JOB, {"inbox_id": str(inbox_id)}, at=at, key=f"{JOB}:{inbox_id}")


def troubled(session: Session, *, limit: int = 100) -> list[InboxEvent]:
    """Events that failed or were given up, newest first."""
    return list(
        session.scalars(
            select(InboxEvent)
            .where(InboxEvent.status.in_(("failed", "dead")))
            .order_by(InboxEvent.id.desc())
            .limit(limit)
        )
    )


def purge(_payload: Mapping[str, Any]) -> None:
    """Job, daily: forget events that were worked off long ago; failed ones wait for a person."""
    purging.forget(
        InboxEvent,
        InboxEvent.status.in_(tuple(Outcome)),
        InboxEvent.handled_at < clock.now() - KEPT,
        InboxEvent.received_at < clock.now() - KEPT,
    )


def _verified(raw: bytes, signature: str, secret: str) -> dict[str, Any]:
    if not secret:
        raise BadSignature  # an empty secret would verify against an empty key
    stamp = re.search(r"(?:^|,)t=(\d{1,12})(?:,|$)", signature)
    # The SDK refuses stamps that are too old; one from the future would stay valid for ever.
    if stamp is None or int(stamp[1]) > clock.wall().timestamp() + _FUTURE:
        raise BadSignature
    try:
        stripe.WebhookSignature.verify_header(raw.decode(), signature, secret, tolerance=300)
        event = json.loads(raw)
    except (stripe.SignatureVerificationError, UnicodeDecodeError, ValueError) as error:
        raise BadSignature from error
    if not isinstance(event, dict) or not {"id", "type", "created", "data"} <= event.keys():
        raise BadSignature
    return event


def _end(session: Session, inbox_id: int, outcome: Outcome, at: datetime) -> None:
    session.execute(
        update(InboxEvent)
        .where(InboxEvent.id == inbox_id)
        .values(status=outcome.value, handled_at=at, error="")
    )


def _note_failure(inbox_id: int, error: Exception) -> None:
    with unit_of_work() as session:
        session.execute(
            update(InboxEvent)
            .where(InboxEvent.id == inbox_id)
            .values(status="failed", error=f"{type(error).__name__}: {error}"[:1000])
        )


def _give_up_or_wait(inbox_id: int, received_at: datetime, error: NotYetKnown) -> None:
    now = clock.now()
    dead = now - received_at > PATIENCE
    with unit_of_work() as session:
        session.execute(
            update(InboxEvent)
            .where(InboxEvent.id == inbox_id)
            .values(status="dead" if dead else "failed", error=str(error)[:1000])
        )
        if not dead:
            wait = min(timedelta(minutes=1) + (now - received_at), timedelta(hours=1))
            jobs.enqueue(
                session,
                JOB,
                {"inbox_id": str(inbox_id)},
                at=now,
                due_at=now + wait,
                key=f"{JOB}:{inbox_id}",
            )
    if dead:
        log.error("an event of ours stayed unknown for a day: inbox %s", inbox_id)
