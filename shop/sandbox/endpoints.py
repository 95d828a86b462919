"""The table of simulated API calls: method, path, parameters, and the verb that answers."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from . import (
    accounts,
    balances,
    disputes,
    listing,
    payments,
    refunds,
    schemas,
    sessions,
    transfers,
)
from .core import PLATFORM, Sandbox, public
from .errors import Json, Refused, error_body, invalid, missing_object
from .params import Struct, merge_metadata
from .ways_to_pay import method_from_token

EVENTS_LIVE = 30 * 24 * 60 * 60


@dataclass(frozen=True)
class Call:
    """One checked API call."""

    sandbox: Sandbox
    params: Json
    ids: dict[str, str]
    url: str
    account: str = PLATFORM


@dataclass(frozen=True)
class Failure:
    """An error answer whose work is kept: a declined payment is a fact."""

    status: int
    body: Json


Handler = Callable[[Call], Json | Failure]


@dataclass(frozen=True)
class Endpoint:
    """One line of the table."""

    method: str
    path: str
    schema: Struct
    answer: Handler


def _retrieve(kind: str) -> Handler:
    def answer(call: Call) -> Json:
        return call.sandbox.need(kind, call.ids["id"])

    return answer


def _retrieve_owned(kind: str) -> Handler:
    def answer(call: Call) -> Json:
        obj = call.sandbox.need(kind, call.ids["id"])
        if call.sandbox.store.account_of(obj["id"]) != call.account:
            raise missing_object(kind, obj["id"], "id", in_path=True)
        return obj

    return answer


def _listed(kind: str) -> Handler:
    def answer(call: Call) -> Json:
        query = listing.objects(kind, call.params, account=call.account)
        return listing.page(call.sandbox, query, call.params, url=call.url)

    return answer


def _metadata(kind: str, event: str | None) -> Handler:
    def answer(call: Call) -> Json:
        obj = call.sandbox.need(kind, call.ids["id"])
        if "metadata" in call.params:
            merged = merge_metadata(obj["metadata"], call.params["metadata"])
            former = call.sandbox.change(obj, metadata=merged)
            if event:
                call.sandbox.emit(event, obj, former)
        return obj

    return answer


def _create_session(call: Call) -> Json:
    return sessions.create(call.sandbox, call.params)


def _expire_session(call: Call) -> Json:
    return sessions.expire(call.sandbox, call.sandbox.need("checkout.session", call.ids["id"]))


def _session_lines(call: Call) -> Json:
    session = call.sandbox.need("checkout.session", call.ids["id"])
    lines, limit = session["_line_items"], call.params.get("limit", 10)
    start = _place_after(lines, call.params.get("starting_after"))
    return {
        "object": "list",
        "data": lines[start : start + limit],
        "has_more": len(lines) > start + limit,
        "url": call.url,
    }


def _create_intent(call: Call) -> Json | Failure:
    params, currency = call.params, call.params["currency"]
    payments.check_amount(params["amount"], currency, param="amount")
    intent = payments.create(
        call.sandbox,
        amount=params["amount"],
        currency=currency,
        methods=payments.offered_methods(params, currency),
        params={**params, "payment_method": None},
    )
    if "payment_method" in params:
        method = method_from_token(call.sandbox, params["payment_method"])
        call.sandbox.change(intent, payment_method=method["id"], status="requires_confirmation")
    if not params.get("confirm"):
        return intent
    return _confirmed(call, intent, intent["payment_method"])


def _confirm_intent(call: Call) -> Json | Failure:
    intent = call.sandbox.need("payment_intent", call.ids["id"])
    if intent["_session"]:
        raise Refused(
            "This PaymentIntent belongs to a Checkout Session and is confirmed on its page.",
            code="payment_intent_unexpected_state",
        )
    token = call.params.get("payment_method") or intent["payment_method"]
    return _confirmed(call, intent, token)


def _confirmed(call: Call, intent: Json, token: str | None) -> Json | Failure:
    if token is None:
        raise Refused(
            "A PaymentIntent needs a payment method before it can be confirmed.",
            code="payment_intent_unexpected_state",
        )
    method = method_from_token(call.sandbox, token, email=call.params.get("receipt_email"))
    payments.attempt(call.sandbox, intent, method)
    error = intent["last_payment_error"]
    if error is None:
        return intent
    facts = {name: value for name, value in error.items() if name not in ("type", "message")}
    return Failure(
        402,
        error_body(error["message"], kind=error["type"], **facts, payment_intent=public(intent)),
    )


def _cancel_intent(call: Call) -> Json:
    intent = call.sandbox.need("payment_intent", call.ids["id"])
    if intent["_session"]:
        session = call.sandbox.need("checkout.session", intent["_session"])
        if session["status"] == "open":
            raise Refused(
                "This PaymentIntent belongs to an open Checkout Session; expire the session.",
                code="payment_intent_unexpected_state",
            )
    reason = call.params.get("cancellation_reason")
    return payments.cancel(call.sandbox, intent, reason=reason)


def _capture_intent(call: Call) -> Json:
    intent = call.sandbox.need("payment_intent", call.ids["id"])
    return payments.capture(call.sandbox, intent, call.params.get("amount_to_capture"))


def _create_refund(call: Call) -> Json:
    return refunds.create(call.sandbox, call.params)


def _cancel_refund(call: Call) -> Json:
    return refunds.cancel(call.sandbox, call.sandbox.need("refund", call.ids["id"]))


def _update_dispute(call: Call) -> Json:
    made = call.sandbox.need("dispute", call.ids["id"])
    return disputes.update(call.sandbox, made, call.params)


def _close_dispute(call: Call) -> Json:
    return disputes.close(call.sandbox, call.sandbox.need("dispute", call.ids["id"]))


def _create_transfer(call: Call) -> Json:
    return transfers.create(call.sandbox, call.params)


def _create_reversal(call: Call) -> Json:
    made = call.sandbox.need("transfer", call.ids["id"])
    return transfers.reverse(
        call.sandbox,
        made,
        amount=call.params.get("amount"),
        metadata=call.params.get("metadata") or {},
    )


def _list_reversals(call: Call) -> Json:
    made = call.sandbox.need("transfer", call.ids["id"])
    query = listing.objects("transfer_reversal", call.params)
    query.where("transfer = ?", made["id"])
    return listing.page(call.sandbox, query, call.params, url=call.url)


def _retrieve_reversal(call: Call) -> Json:
    reversal = call.sandbox.need("transfer_reversal", call.ids["reversal"])
    if reversal["transfer"] != call.ids["id"]:
        raise missing_object("transfer_reversal", reversal["id"], "id", in_path=True)
    return reversal


def _create_account(call: Call) -> Json:
    return accounts.create(call.sandbox, call.params)


def _update_account(call: Call) -> Json:
    made = call.sandbox.need("account", call.ids["id"])
    return accounts.update(call.sandbox, made, call.params)


def _create_account_link(call: Call) -> Json:
    return accounts.create_link(call.sandbox, call.params)


def _balance(call: Call) -> Json:
    return balances.balance_of(call.sandbox, account=call.account)


def _retrieve_event(call: Call) -> Json:
    row = call.sandbox.store.execute(
        "SELECT body FROM event WHERE id = ? AND created > ?",
        (call.ids["id"], call.sandbox.now() - EVENTS_LIVE),
    ).fetchone()
    if row is None:
        raise missing_object("event", call.ids["id"], "id", in_path=True)
    return _with_pending(call.sandbox, json.loads(row[0]))


def _list_events(call: Call) -> Json:
    params, query = call.params, listing.Query("event")
    if "type" in params and "types" in params:
        raise invalid("Only one of type and types may be given.", param="types")
    query.where("account = ?", call.account)
    query.where("created > ?", call.sandbox.now() - EVENTS_LIVE)
    wanted = params.get("types") or ([params["type"]] if "type" in params else [])
    if wanted:
        marks = ", ".join("?" * len(wanted))
        query.where(f"type IN ({marks})", *wanted)
    if "delivery_success" in params:
        query.where(f"{'NOT ' if params['delivery_success'] else ''}{UNDELIVERED}")
    query.between("created", params.get("created", {}))
    found = listing.page(call.sandbox, query, params, url=call.url)
    return {**found, "data": [_with_pending(call.sandbox, event) for event in found["data"]]}


UNDELIVERED = (
    "(EXISTS (SELECT 1 FROM delivery WHERE delivery.event = event.id)"
    " AND NOT EXISTS (SELECT 1 FROM delivery"
    " WHERE delivery.event = event.id AND state = 'delivered'))"
)
"""Pending and failed events alike, as `delivery_success=false` means them."""


def _with_pending(sandbox: Sandbox, event: Json) -> Json:
    row = sandbox.store.execute(
        f"SELECT {UNDELIVERED} FROM event WHERE id = ?",  # noqa: S608  fixed text
        (event["id"],),
    ).fetchone()
    return {**event, "pending_webhooks": int(row[0])}


def _place_after(lines: list[Json], line_id: str | None) -> int:
    ids = [line["id"] for line in lines]
    return ids.index(line_id) + 1 if line_id in ids else 0


ENDPOINTS = (
    Endpoint("POST", "/v1/checkout/sessions", schemas.SESSION_CREATE, _create_session),
    Endpoint("GET", "/v1/checkout/sessions", schemas.SESSION_LIST, _listed("checkout.session")),
    Endpoint("GET", "/v1/checkout/sessions/<id>", schemas.RETRIEVE, _retrieve("checkout.session")),
    Endpoint("POST", "/v1/checkout/sessions/<id>/expire", schemas.ACT, _expire_session),
    Endpoint("GET", "/v1/checkout/sessions/<id>/line_items", schemas.REVERSAL_LIST, _session_lines),
    Endpoint("POST", "/v1/payment_intents", schemas.INTENT_CREATE, _create_intent),
    Endpoint("GET", "/v1/payment_intents", schemas.INTENT_LIST, _listed("payment_intent")),
    Endpoint("GET", "/v1/payment_intents/<id>", schemas.RETRIEVE, _retrieve("payment_intent")),
    Endpoint("POST", "/v1/payment_intents/<id>/confirm", schemas.INTENT_CONFIRM, _confirm_intent),
    Endpoint("POST", "/v1/payment_intents/<id>/cancel", schemas.INTENT_CANCEL, _cancel_intent),
    Endpoint("POST", "/v1/payment_intents/<id>/capture", schemas.INTENT_CAPTURE, _capture_intent),
    Endpoint("GET", "/v1/payment_methods/<id>", schemas.RETRIEVE, _retrieve("payment_method")),
    Endpoint("GET", "/v1/charges", schemas.CHARGE_LIST, _listed("charge")),
    Endpoint("GET", "/v1/charges/<id>", schemas.RETRIEVE, _retrieve("charge")),
    Endpoint("POST", "/v1/refunds", schemas.REFUND_CREATE, _create_refund),
    Endpoint("GET", "/v1/refunds", schemas.REFUND_LIST, _listed("refund")),
    Endpoint("GET", "/v1/refunds/<id>", schemas.RETRIEVE, _retrieve("refund")),
    Endpoint(
        "POST",
        "/v1/refunds/<id>",
        schemas.METADATA_UPDATE,
        _metadata("refund", "refund.updated"),
    ),
    Endpoint("POST", "/v1/refunds/<id>/cancel", schemas.ACT, _cancel_refund),
    Endpoint("GET", "/v1/disputes", schemas.DISPUTE_LIST, _listed("dispute")),
    Endpoint("GET", "/v1/disputes/<id>", schemas.RETRIEVE, _retrieve("dispute")),
    Endpoint("POST", "/v1/disputes/<id>", schemas.DISPUTE_UPDATE, _update_dispute),
    Endpoint("POST", "/v1/disputes/<id>/close", schemas.ACT, _close_dispute),
    Endpoint("POST", "/v1/transfers", schemas.TRANSFER_CREATE, _create_transfer),
    Endpoint("GET", "/v1/transfers", schemas.TRANSFER_LIST, _listed("transfer")),
    Endpoint("GET", "/v1/transfers/<id>", schemas.RETRIEVE, _retrieve("transfer")),
    Endpoint(
        "POST",
        "/v1/transfers/<id>",
        schemas.METADATA_UPDATE,
        _metadata("transfer", "transfer.updated"),
    ),
    Endpoint("POST", "/v1/transfers/<id>/reversals", schemas.REVERSAL_CREATE, _create_reversal),
    Endpoint("GET", "/v1/transfers/<id>/reversals", schemas.REVERSAL_LIST, _list_reversals),
    Endpoint(
        "GET", "/v1/transfers/<id>/reversals/<reversal>", schemas.RETRIEVE, _retrieve_reversal
    ),
    Endpoint("POST", "/v1/accounts", schemas.ACCOUNT_CREATE, _create_account),
    Endpoint("GET", "/v1/accounts", schemas.ACCOUNT_LIST, _listed("account")),
    Endpoint("GET", "/v1/accounts/<id>", schemas.RETRIEVE, _retrieve("account")),
    Endpoint("POST", "/v1/accounts/<id>", schemas.ACCOUNT_UPDATE, _update_account),
    Endpoint("POST", "/v1/account_links", schemas.ACCOUNT_LINK_CREATE, _create_account_link),
    Endpoint("GET", "/v1/balance", schemas.RETRIEVE, _balance),
    Endpoint(
        "GET",
        "/v1/balance_transactions",
        schemas.BALANCE_TRANSACTION_LIST,
        _listed("balance_transaction"),
    ),
    Endpoint(
        "GET",
        "/v1/balance_transactions/<id>",
        schemas.RETRIEVE,
        _retrieve_owned("balance_transaction"),
    ),
    Endpoint("GET", "/v1/payouts", schemas.PAYOUT_LIST, _listed("payout")),
    Endpoint("GET", "/v1/payouts/<id>", schemas.RETRIEVE, _retrieve_owned("payout")),
    Endpoint("GET", "/v1/events", schemas.EVENT_LIST, _list_events),
    Endpoint("GET", "/v1/events/<id>", schemas.RETRIEVE, _retrieve_event),
)
