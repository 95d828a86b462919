"""The operator's desk: everything that a bank, a wallet or a buyer would do, on one page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response, request

from . import balances, control, delivery
from .agenda import catch_up
from .core import Sandbox
from .currencies import SUPPORTED, display
from .errors import Json, Refused
from .web import render

ROWS = 25

Act = Callable[[Sandbox, str], object]

ACTS: dict[str, Act] = {
    "expire": control.expire_session,
    "settle-payment": control.settle_payment,
    "fail-payment": control.fail_payment,
    "dispute": control.open_dispute,
    "inquire": lambda sandbox, charge: control.open_dispute(sandbox, charge, inquiry=True),
    "win": lambda sandbox, made: control.decide_dispute(sandbox, made, outcome="won"),
    "lose": lambda sandbox, made: control.decide_dispute(sandbox, made, outcome="lost"),
    "close-inquiry": lambda sandbox, made: control.decide_dispute(
        sandbox, made, outcome="warning_closed"
    ),
    "settle-refund": control.settle_refund,
    "fail-refund": control.fail_refund,
    "ask-refund-details": control.ask_for_refund_details,
    "reverse": control.reverse_transfer,
    "onboard": control.onboard,
    "restrict": control.restrict,
    "fail-payout": control.fail_payout,
    "redeliver": delivery.redeliver,
}


@dataclass(frozen=True)
class Row:
    """One object in a table; each action is a verb of ACTS with its label."""

    made: str
    name: str
    amount: str
    state: str
    details: str
    actions: tuple[tuple[str, str], ...] = ()
    link: str | None = None


@dataclass(frozen=True)
class Section:
    """One table of the desk."""

    anchor: str
    title: str
    rows: list[Row]
    measure: str = "Amount"


def blueprint(sandbox: Sandbox) -> Blueprint:
    """Return the routes of the operator's desk."""
    routes = Blueprint("operator", __name__)

    @routes.get("/")
    def desk() -> Response:
        return _desk(sandbox)

    @routes.post("/operator/top-up")
    def top_up() -> Response:
        amount, currency = request.form.get("amount", ""), request.form.get("currency", "")
        if not amount.isascii() or not amount.isdigit() or currency not in SUPPORTED:
            return _desk(sandbox, refusal="amount and currency", status=422)
        control.top_up(sandbox, amount=int(amount), currency=currency)
        return _back("balance")

    @routes.post("/operator/pay-out/<object_id>")
    def pay_out(object_id: str) -> Response:
        currency = request.form.get("currency", "")
        return _act(
            sandbox,
            lambda: control.pay_out(sandbox, object_id, currency=currency),
            "payouts",
        )

    @routes.post("/operator/<verb>/<object_id>")
    def act(verb: str, object_id: str) -> Response:
        if verb not in ACTS:
            return _desk(sandbox, refusal=verb, status=404)
        anchor = request.form.get("anchor", "")
        return _act(sandbox, lambda: ACTS[verb](sandbox, object_id), anchor)

    return routes


def _act(sandbox: Sandbox, verb: Callable[[], object], anchor: str) -> Response:
    try:
        verb()
    except Refused as refusal:
        return _desk(sandbox, refusal=str(refusal), status=409)
    return _back(anchor)


def _back(anchor: str) -> Response:
    return Response(status=303, headers={"Location": f"/#{anchor}"})


def _desk(sandbox: Sandbox, *, refusal: str | None = None, status: int = 200) -> Response:
    catch_up(sandbox)
    with sandbox.transaction():
        sections, balance = _sections(sandbox), balances.balance_of(sandbox)
    return render(
        sandbox,
        "desk.html",
        status=status,
        refusal=refusal,
        sections=sections,
        balance=balance,
        now=_time(sandbox.now()),
        webhook_url=sandbox.settings.webhook_url,
    )


def _sections(sandbox: Sandbox) -> list[Section]:
    def rows(kind: str, build: Callable[[Json], Row]) -> list[Row]:
        return [build(obj) for obj in sandbox.store.newest(kind, ROWS)]

    late = [
        _late_payment(intent)
        for intent in sandbox.store.newest("payment_intent", ROWS)
        if intent["status"] == "processing"
    ]
    sections = [
        Section("sessions", "Checkout sessions", rows("checkout.session", _session)),
        Section("late", "Late payments", late),
        Section("charges", "Payments", rows("charge", _charge)),
        Section("disputes", "Disputes", rows("dispute", _dispute)),
        Section("refunds", "Refunds", rows("refund", _refund)),
        Section("transfers", "Transfers", rows("transfer", _transfer)),
        Section("accounts", "Connected accounts", rows("account", _account)),
        Section("payouts", "Payouts", rows("payout", _payout)),
        Section("events", "Events", _events(sandbox), "Type"),
    ]
    return [section for section in sections if section.rows]


def _session(obj: Json) -> Row:
    return Row(
        _time(obj["created"]),
        obj["id"],
        display(obj["amount_total"], obj["currency"]),
        f"{obj['status']} · {obj['payment_status']}",
        obj["client_reference_id"] or "",
        (("expire", "Expire"),) if obj["status"] == "open" else (),
        obj["url"],
    )


def _late_payment(obj: Json) -> Row:
    actions = (("settle-payment", "Let it arrive"), ("fail-payment", "Let it fail"))
    return _row(obj, obj["status"], obj["description"] or "", actions)


def _charge(obj: Json) -> Row:
    details = obj["payment_method_details"]
    kind = details["type"]
    name = f"{details['card']['brand']} {details['card']['last4']}" if kind == "card" else kind
    refunded = obj["amount_refunded"]
    state = obj["status"] + (f" · −{display(refunded, obj['currency'])}" if refunded else "")
    free = kind == "card" and obj["paid"] and not obj["disputed"] and not obj["refunded"]
    actions = (("dispute", "Open dispute"), ("inquire", "Open inquiry")) if free else ()
    return _row(obj, state, name, actions)


def _dispute(obj: Json) -> Row:
    actions: tuple[tuple[str, str], ...] = ()
    if obj["status"] in ("needs_response", "under_review"):
        actions = (("win", "Brand wins"), ("lose", "Buyer wins"))
    if obj["status"].startswith("warning") and obj["status"] != "warning_closed":
        actions = (("close-inquiry", "Close inquiry"),)
    return _row(obj, obj["status"], obj["reason"], actions)


def _refund(obj: Json) -> Row:
    actions: tuple[tuple[str, str], ...] = ()
    if obj["status"] in ("pending", "requires_action"):
        actions = (("settle-refund", "Let it arrive"), ("fail-refund", "Let it fail"))
    if obj["status"] == "pending":
        actions += (("ask-refund-details", "Ask buyer for details"),)
    if obj["status"] == "succeeded":
        actions = (("fail-refund", "Let it fail"),)
    return _row(obj, obj["status"], obj["charge"], actions)


def _transfer(obj: Json) -> Row:
    state = "reversed" if obj["reversed"] else obj["transfer_group"] or ""
    actions = () if obj["reversed"] else (("reverse", "Reverse"),)
    return _row(obj, state, obj["destination"], actions)


def _account(obj: Json) -> Row:
    ready = obj["payouts_enabled"]
    return Row(
        _time(obj["created"]),
        obj["id"],
        "",
        "ready" if ready else ", ".join(obj["requirements"]["currently_due"]),
        obj["email"] or "",
        (("restrict", "Restrict"),) if ready else (("onboard", "Onboard"),),
    )


def _payout(obj: Json) -> Row:
    actions = (("fail-payout", "Let it fail"),) if obj["status"] == "paid" else ()
    return _row(obj, obj["status"], obj["destination"], actions)


def _row(obj: Json, state: str, details: str, actions: tuple[tuple[str, str], ...]) -> Row:
    amount = display(obj["amount"], obj["currency"])
    return Row(_time(obj["created"]), obj["id"], amount, state, details, actions)


def _events(sandbox: Sandbox) -> list[Row]:
    found = sandbox.store.execute(
        "SELECT event.created, event.id, event.type, group_concat(state, ', '),"
        " max(attempts), max(answer) FROM event LEFT JOIN delivery ON delivery.event = event.id"
        " GROUP BY event.seq ORDER BY event.seq DESC LIMIT ?",
        (ROWS * 2,),
    )
    return [
        Row(
            _time(created),
            event_id,
            kind,
            state or "–",
            f"{attempts} × {answer}" if answer else "",
            (("redeliver", "Send again"),),
        )
        for created, event_id, kind, state, attempts, answer in found
    ]


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")
