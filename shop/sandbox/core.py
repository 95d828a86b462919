"""One sandbox: its settings, its memory, its time, and the few moves that every verb is made of."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Event as Signal
from typing import cast

from flask import Flask

from .clock import offset_clock
from .errors import Json, missing_object
from .faults import Faults
from .settings import SandboxSettings
from .store import Store, encode

API_VERSION = "2026-10-28.endive"
PLATFORM = ""


@dataclass(frozen=True)
class Origin:
    """The API call that a change came from; a click on a page has none."""

    request_id: str | None = None
    idempotency_key: str | None = None


NOBODY = Origin()

_origin: ContextVar[Origin] = ContextVar("sandbox_origin", default=NOBODY)


@contextmanager
def caused_by(origin: Origin) -> Iterator[None]:
    """Let events name the call that they came from."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


class Sandbox:
    """The state of the stand-in. Changes happen inside `transaction()`."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.begin(settings)

    def begin(self, settings: SandboxSettings) -> None:
        """Stand as if newly started with these settings; the pages on it stay as they are."""
        self.settings = settings
        self.clock = settings.clock or offset_clock(settings.data_dir)
        self.store = Store(settings.database, settings.seed)
        self.faults = Faults(settings.faults, self.store.seed)
        self.transaction = self.store.transaction
        self.news = Signal()
        """Set when a webhook waits, so that the delivery thread need not poll quickly."""

    def now(self) -> int:
        """Return sandbox time in whole seconds since 1970, UTC."""
        return int(self.clock().timestamp())

    def new_id(self, prefix: str, length: int = 24) -> str:
        """Return a new id such as `pi_3kX…`."""
        return f"{prefix}_{self.store.scramble(f'{prefix}:{self.store.next_seq()}', length)}"

    def url(self, path: str) -> str:
        """Return an absolute address on the sandbox's own origin."""
        return self.settings.public_url.rstrip("/") + path

    def add(self, obj: Json, *, account: str = PLATFORM) -> Json:
        """Keep a new object."""
        self.store.insert(obj, account=account)
        return obj

    def change(self, obj: Json, **changes: object) -> Json:
        """Set fields, keep the object, and return the former values of what really changed."""
        former = {name: obj.get(name) for name, value in changes.items() if obj.get(name) != value}
        obj.update(changes)
        self.store.update(obj)
        return former

    def need(self, kind: str, object_id: str, *, param: str = "id", in_path: bool = True) -> Json:
        """Return the object, or raise Stripe's `resource_missing`."""
        obj = self.store.load(object_id)
        if obj is None or obj["object"] != kind:
            raise missing_object(kind, object_id, param, in_path=in_path)
        return obj

    def emit(self, kind: str, obj: Json, former: Json | None = None, *, account: str = "") -> None:
        """Record an event with a snapshot of the object, and queue its webhook.

        `former` holds the previous values of changed fields; an event that reports a change which
        changed nothing is not recorded.
        """
        former = None if former is None else public(former)
        if former == {}:
            return
        origin = _origin.get()
        data: Json = {"object": public(obj)}
        if former is not None:
            data["previous_attributes"] = former
        event: Json = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "request": {"id": origin.request_id, "idempotency_key": origin.idempotency_key},
            "type": kind,
        }
        if account:
            event["account"] = account
        self.store.execute(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)",
            (
                self.store.next_seq(),
                event["id"],
                kind,
                account,
                event["created"],
                encode(event),
            ),
        )
        self._queue_webhook(event)

    def plan(self, verb: str, subject: str, due_at: int) -> None:
        """Put something that will happen by itself on the agenda."""
        self.store.execute(
            "INSERT INTO agenda (due_at, verb, subject) VALUES (?, ?, ?)", (due_at, verb, subject)
        )

    def plan_later(self, verb: str, subject: str) -> None:
        """Put something on the agenda after the sandbox's usual wait."""
        self.plan(verb, subject, self.now() + int(self.settings.late_after.total_seconds()))

    def _queue_webhook(self, event: Json) -> None:
        if self.settings.webhook_url is None or not self._is_wanted(event["type"]):
            return
        fate = self.faults.webhook_fate()
        place = self.store.next_seq() + fate.steps_back
        delay = int(self.settings.webhook_delay.total_seconds()) if fate.delayed else 0
        state = "dropped" if fate.dropped else "waiting"
        for _ in range(fate.copies):
            self.store.execute(
                "INSERT INTO delivery (event, place, due_at, state) VALUES (?, ?, ?, ?)",
                (event["id"], place, event["created"] + delay, state),
            )
        self.news.set()

    def _is_wanted(self, kind: str) -> bool:
        wanted = self.settings.webhook_events
        return "*" in wanted or kind in wanted


def public(obj: Json) -> Json:
    """Return an object without the sandbox's private notes, whose names begin with `_`."""
    return {name: value for name, value in obj.items() if name[0] != "_"}


def sandbox_of(app: Flask) -> Sandbox:
    """Return the sandbox behind an app made by `create_sandbox`."""
    return cast(Sandbox, app.extensions["sandbox"])
