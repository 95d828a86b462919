"""A sandbox in this process, driven by the official SDK without a socket."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe
from flask import Flask

from shop.gateway.transport import WsgiTransport
from shop.sandbox import control
from shop.sandbox.app import create_sandbox
from shop.sandbox.core import Sandbox, sandbox_of
from shop.sandbox.delivery import deliver_due
from shop.sandbox.settings import SandboxSettings

ROOT = Path(__file__).resolve().parents[2]
SECRET = "whsec_test"
HOOK = "http://shop.test/stripe/webhook"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **units: float) -> None:
        self.time += timedelta(**units)


@dataclass
class Inbox:
    """The receiving end of webhooks; answers what `status` says."""

    status: int = 200
    bodies: list[bytes] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        assert url == HOOK
        self.bodies.append(body)
        self.headers.append(headers)
        return self.status


@dataclass
class World:
    """One sandbox with its SDK client, its clock and its webhook receiver."""

    app: Flask
    sandbox: Sandbox
    client: stripe.StripeClient
    clock: Clock
    inbox: Inbox = field(default_factory=Inbox)

    def session(self, **params: Any) -> stripe.checkout.Session:
        return self.client.v1.checkout.sessions.create(session_params(**params))

    def paid_session(self, **params: Any) -> stripe.checkout.Session:
        how = {name: params.pop(name) for name in ("method", "outcome") if name in params}
        made = self.session(**params)
        control.pay(self.sandbox, made.id, **how)
        return self.client.v1.checkout.sessions.retrieve(
            made.id, {"expand": ["payment_intent.latest_charge"]}
        )

    def charge(self, **params: Any) -> stripe.Charge:
        intent = self.paid_session(**params).payment_intent
        assert isinstance(intent, stripe.PaymentIntent)
        assert isinstance(intent.latest_charge, stripe.Charge)
        return intent.latest_charge

    def account(self, *, ready: bool = True) -> stripe.Account:
        made = self.client.v1.accounts.create({"type": "express", "email": "p@example.com"})
        if ready:
            control.onboard(self.sandbox, made.id)
        return made

    def deliver(self, limit: int = 500) -> int:
        return deliver_due(self.sandbox, self.inbox, limit)

    def event_types(self) -> list[str]:
        found = self.client.v1.events.list({"limit": 100})
        return [event.type for event in reversed(found.data)]


MakeWorld = Callable[..., World]


def session_params(**changes: Any) -> Any:
    """Parameters of a session over 256 yuan, all ways to pay offered."""
    price = {"currency": "cny", "unit_amount": 12800, "product_data": {"name": "土鸡蛋"}}
    return {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 2}],
        "success_url": "http://shop.test/pay/return?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://shop.test/cart",
        "customer_email": "buyer@example.com",
        **changes,
    }


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    made: list[World] = []

    def make(**changes: Any) -> World:
        clock = Clock()
        defaults: dict[str, Any] = {
            "database": tmp_path / f"sandbox-{len(made)}.db",
            "webhook_url": HOOK,
            "webhook_secret": SECRET,
            "public_url": "http://sandbox.test",
            "brand_name": "Shanye",
            "clock": clock,
            "seed": 7,
        }
        app = create_sandbox(SandboxSettings(**{**defaults, **changes}), {})
        client = stripe.StripeClient(
            "sk_test_gridshop", http_client=WsgiTransport(app), max_network_retries=0
        )
        world = World(app, sandbox_of(app), client, clock)
        made.append(world)
        return world

    yield make
    for world in made:
        world.sandbox.store.close()


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()
