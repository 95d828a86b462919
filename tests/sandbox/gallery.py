"""One of everything that the sandbox can return, in several states, as raw JSON."""

import json
from typing import Any

from werkzeug.test import Client

from shop.sandbox import control

from .conftest import World

Json = dict[str, Any]

HEADERS = {"Authorization": "Bearer sk_test_gridshop"}


def fetch(world: World, path: str, **headers: str) -> Json:
    """Return the JSON of an API address as it goes over the wire."""
    browser: Client = world.app.test_client()
    answer = browser.get(path, headers={**HEADERS, **headers})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body: Json = json.loads(answer.get_data())
    return body


def fill(world: World) -> list[Json]:
    """Let everything happen once and return every object that came of it."""
    world.session()
    for method, outcome in (
        ("card", "success"),
        ("card", "decline"),
        ("card", "action"),
        ("card", "late_success"),
        ("alipay", "action"),
        ("wechat_pay", "action"),
        ("alipay", "refund_pending"),
        ("wechat_pay", "refund_fails"),
    ):
        made = world.session()
        control.pay(world.sandbox, made.id, method=method, outcome=outcome)
    charge = world.charge()
    world.client.v1.refunds.create({"charge": charge.id, "amount": 100})
    for wallet in world.client.v1.charges.list({"limit": 100}).data:
        if wallet.id.startswith("py_") and wallet.paid:
            world.client.v1.refunds.create({"charge": wallet.id})
    _dispute(world)
    _connect(world)
    world.clock.forward(minutes=5)
    world.client.v1.payment_intents.create(
        {"amount": 5000, "currency": "cny", "payment_method": "pm_card_visa", "confirm": True}
    )
    return _everything(world)


def _dispute(world: World) -> None:
    control.open_dispute(world.sandbox, world.charge().id, inquiry=True)
    won = control.open_dispute(world.sandbox, world.charge().id)
    world.client.v1.disputes.update(won["id"], {"evidence": {"receipt": "file_1"}})
    control.decide_dispute(world.sandbox, won["id"], outcome="won")


def _connect(world: World) -> None:
    control.top_up(world.sandbox, amount=90000, currency="cny")
    world.account(ready=False)
    account = world.account()
    sent = world.client.v1.transfers.create(
        {"amount": 5000, "currency": "cny", "destination": account.id, "transfer_group": "g"}
    )
    world.client.v1.transfers.reversals.create(sent.id, {"amount": 100})
    payout = control.pay_out(world.sandbox, account.id, currency="cny")
    control.fail_payout(world.sandbox, payout["id"])


def _everything(world: World) -> list[Json]:
    found: list[Json] = [fetch(world, "/v1/balance")]
    for kind in ("checkout/sessions", "payment_intents", "charges", "refunds", "disputes",
                 "transfers", "accounts", "balance_transactions", "events"):  # fmt: skip
        expand = "&expand[]=data.refunds" if kind == "charges" else ""
        found += fetch(world, f"/v1/{kind}?limit=100{expand}")["data"]
    account = str(world.client.v1.transfers.list().data[0].destination)
    for kind in ("payouts", "events", "balance_transactions"):
        found += fetch(world, f"/v1/{kind}?limit=100", **{"Stripe-Account": account})["data"]
    found.append(fetch(world, "/v1/balance", **{"Stripe-Account": account}))
    for obj in list(found):
        if obj["object"] == "checkout.session":
            found += fetch(world, f"/v1/checkout/sessions/{obj['id']}/line_items")["data"]
        if obj["object"] == "charge":
            found.append(fetch(world, f"/v1/payment_methods/{obj['payment_method']}"))
        if obj["object"] == "transfer":
            found += obj["reversals"]["data"]
    link = world.client.v1.account_links.create(
        {
            "account": account,
            "type": "account_onboarding",
            "refresh_url": "http://shop.test/again",
            "return_url": "http://shop.test/back",
        }
    )
    return [*found, link.to_dict()]
