"""The application with a sandbox in the same process: no sockets, one clock for both.

Everything that moves goes through the real pipeline; only the wires are short.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from shop.checkout import cart as carts
from shop.checkout import prepare as preparing
from shop.checkout import view
from shop.gateway import client, inbox
from shop.gateway.transport import WsgiTransport
from shop.kernel import brand as brands
from shop.kernel import clock, db, ids, jobs
from shop.kernel.settings import Settings
from shop.payments import finalise, sessions
from shop.sandbox import control
from shop.sandbox.app import create_sandbox
from shop.sandbox.core import Sandbox, sandbox_of
from shop.sandbox.delivery import deliver_due
from shop.sandbox.settings import SandboxSettings
from shop.sharing import touches
from shop.sharing.touches import Seen


@dataclass(frozen=True)
class Item:
    """What a buyer puts into the cart."""

    variant_id: int
    quantity: int
    point_id: int | None = None
    pickup_location_id: int | None = None


@dataclass(frozen=True)
class Bought:
    """An order with its payment page, paid or not."""

    order_id: int
    token: str
    total_amount: int
    session_id: str


@dataclass
class Stage:
    """The running pair."""

    app: Flask
    settings: Settings
    sandbox: Sandbox

    def buy(
        self,
        items: list[Item],
        contact: Mapping[str, Any],
        *,
        account_id: int | None = None,
        outcome: str = "success",
        method: str = "card",
        locale: str = "zh",
        came_by: Seen | None = None,
    ) -> Bought:
        """Fill a cart, check out, pay on the sandbox's page, come back.

        Raises whatever the pipeline refuses.
        """
        sent = self.send(items, contact, account_id=account_id, locale=locale, came_by=came_by)
        control.pay(self.sandbox, sent.session_id, method=method, outcome=outcome)
        finalise.by_session(sent.session_id)
        return sent

    def send(
        self,
        items: list[Item],
        contact: Mapping[str, Any],
        *,
        account_id: int | None = None,
        locale: str = "zh",
        came_by: Seen | None = None,
    ) -> Bought:
        """The same as far as the payment page, where the buyer leaves.

        `came_by` is the link or code that brought the visitor to the shop.
        """
        at = clock.now()
        with db.unit_of_work() as session:
            brand = brands.current(session)
            visitor = came_by.visitor if came_by else ids.public_token()
            cart_id, token = carts.open_cart(session, visitor=visitor, account_id=account_id, at=at)
            touch_id = touches.keep(session, came_by, at=at)
            for item in items:
                line_id = carts.add(
                    session,
                    cart_id,
                    item.variant_id,
                    quantity=item.quantity,
                    point_id=item.point_id,
                    currency=brand.currency,
                    at=at,
                    touch_id=touch_id,
                )
                if item.pickup_location_id is not None:
                    place = item.pickup_location_id
                    carts.choose_pickup(session, cart_id, line_id, location_id=place, at=at)
        with db.unit_of_work() as session:
            seen = view.of(
                session,
                cart_id,
                brand=brand,
                at=at,
                division_code=str(contact.get("division_code", "")),
            )
            prepared = preparing.prepare(
                session,
                token,
                {"consent": "yes", **contact},
                expected_total=seen.totals.total_amount,
                brand=brand,
                account_id=account_id,
                locale=locale,
                at=at,
            )
        origin = self.settings.public_url
        sessions.open_session(
            prepared.order_id,
            success_url=f"{origin}/pay/return?session_id={{CHECKOUT_SESSION_ID}}",
            cancel_url=f"{origin}/orders/{prepared.token}",
        )
        (session_id,) = sessions.session_ids(prepared.order_id)
        return Bought(prepared.order_id, prepared.token, prepared.total_amount, session_id)

    def settle(self) -> None:
        """Deliver the sandbox's news and do the jobs until nothing moves."""
        for _round in range(50):
            if not deliver_due(self.sandbox, self._post, 500) + jobs.drain():
                return

    def _post(self, _url: str, headers: Mapping[str, str], body: bytes) -> int:
        inbox.receive(body, headers["Stripe-Signature"], secret=self.settings.stripe_webhook_secret)
        return 200


def stage(app: Flask, *, database: Path | str = ":memory:") -> Stage:
    """Put a sandbox beside the application and let its Stripe client speak to it."""
    settings: Settings = app.config["SETTINGS"]
    sandbox_app = create_sandbox(
        SandboxSettings(
            database=database,
            secret_key=settings.stripe_secret_key,
            webhook_url=f"{settings.public_url}/stripe/webhook",
            webhook_secret=settings.stripe_webhook_secret,
            public_url=settings.sandbox_public_url,
            clock=clock.now,
            seed=1,
        )
    )
    client.use(settings.stripe_secret_key, transport=WsgiTransport(sandbox_app))
    return Stage(app, settings, sandbox_of(sandbox_app))
