"""Money back to the buyer: at once on cards, later or never on wallets."""

from . import balances
from .core import Sandbox
from .currencies import display
from .errors import Json, Refused
from .shapes.refund import refund

HOLDS_AMOUNT = ("pending", "requires_action", "succeeded")


def create(sandbox: Sandbox, params: Json) -> Json:
    """Return a refund of all that is left, or of `amount`.

    Raises Refused if nothing, or less than that, is left, or a dispute already took the money.
    """
    charge = _charge_to_refund(sandbox, params)
    amount = params.get("amount", charge["amount_captured"] - _given_back(charge))
    _check(sandbox, charge, amount)
    plan = charge.get("_refund_plan")
    kind = charge["payment_method_details"]["type"]
    made = refund(
        sandbox.new_id("re" if kind == "card" else "pyr"),
        charge=charge,
        amount=amount,
        status="pending" if _takes_time(plan, kind) else "succeeded",
        reason=params.get("reason"),
        metadata=params.get("metadata") or {},
        now=sandbox.now(),
    )
    line = balances.book(sandbox, -amount, charge["currency"], kind="refund", source=made["id"])
    made["balance_transaction"] = line["id"]
    sandbox.add(made)
    _count(sandbox, charge, amount, "charge.refunded")
    sandbox.emit("refund.created", made)
    _plan_ahead(sandbox, made, plan)
    return made


def settle(sandbox: Sandbox, made: Json) -> Json:
    """Let a pending refund arrive."""
    _require_state(made, ("pending", "requires_action"), "settle")
    made.pop("pending_reason", None)
    former = sandbox.change(made, status="succeeded")
    sandbox.emit("refund.updated", made, former)
    return made


def fail(sandbox: Sandbox, made: Json) -> Json:
    """Let a refund come back; its amount can be refunded again. A card's may fail after success."""
    _require_state(made, HOLDS_AMOUNT, "fail")
    return _take_back(sandbox, made, status="failed", failure_reason="declined")


def ask_for_details(sandbox: Sandbox, made: Json) -> Json:
    """Let a pending refund wait for the buyer to name an account."""
    _require_state(made, ("pending",), "ask for details of")
    made.pop("pending_reason", None)
    former = sandbox.change(made, status="requires_action")
    sandbox.emit("refund.updated", made, former)
    return made


def cancel(sandbox: Sandbox, made: Json) -> Json:
    """Call back a refund that waits for the buyer; no other can be called back."""
    _require_state(made, ("requires_action",), "cancel")
    return _take_back(sandbox, made, status="canceled")


def _take_back(sandbox: Sandbox, made: Json, **changes: object) -> Json:
    line = balances.book(
        sandbox, made["amount"], made["currency"], kind="refund_failure", source=made["id"]
    )
    made.pop("pending_reason", None)
    former = sandbox.change(made, failure_balance_transaction=line["id"], **changes)
    _count(sandbox, sandbox.need("charge", made["charge"]), -made["amount"], "charge.updated")
    if made["status"] == "failed":
        sandbox.emit("refund.failed", made)
    sandbox.emit("refund.updated", made, former)
    return made


def _charge_to_refund(sandbox: Sandbox, params: Json) -> Json:
    if "charge" in params:
        charge = sandbox.need("charge", params["charge"], param="charge", in_path=False)
        if params.get("payment_intent") not in (None, charge["payment_intent"]):
            raise Refused("The charge is not of this PaymentIntent.", param="payment_intent")
        return charge
    if "payment_intent" not in params:
        raise Refused(
            "One of `charge` and `payment_intent` must be given.",
            code="parameter_missing",
            param="payment_intent",
            executed=False,
        )
    intent = sandbox.need(
        "payment_intent", params["payment_intent"], param="payment_intent", in_path=False
    )
    if intent["status"] != "succeeded":
        raise Refused(
            f"This PaymentIntent ({intent['id']}) has no successful charge to refund.",
            param="payment_intent",
        )
    return sandbox.need("charge", intent["latest_charge"])


def _check(sandbox: Sandbox, charge: Json, amount: int) -> None:
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise Refused(f"Charge {charge['id']} has no money to refund.", param="charge")
    if charge.get("_refund_blocked"):
        raise Refused(
            f"Charge {charge['id']} has been charged back; look at its dispute.",
            code="charge_disputed",
        )
    left = charge["amount_captured"] - _given_back(charge)
    if left == 0:
        raise Refused(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if amount > left:
        currency = charge["currency"]
        raise Refused(
            f"Refund amount ({display(amount, currency)}) is greater than "
            f"the unrefunded amount of the charge ({display(left, currency)}).",
            param="amount",
        )


def _given_back(charge: Json) -> int:
    """Return refunded money; what a partial capture let go counts in `amount_refunded` only."""
    return int(charge["amount_refunded"] - (charge["amount"] - charge["amount_captured"]))


def _count(sandbox: Sandbox, charge: Json, amount: int, event: str) -> None:
    total = charge["amount_refunded"] + amount
    former = sandbox.change(charge, amount_refunded=total, refunded=total == charge["amount"])
    sandbox.emit(event, charge, former)


def _takes_time(plan: str | None, kind: str) -> bool:
    # A card's refund that will fail looks like a success until the bank sends it back.
    return plan in ("late", "stays") or (plan == "fails" and kind != "card")


def _plan_ahead(sandbox: Sandbox, made: Json, plan: str | None) -> None:
    if plan == "late":
        sandbox.plan_later("settle_refund", made["id"])
    if plan == "fails":
        sandbox.plan_later("fail_refund", made["id"])


def _require_state(made: Json, states: tuple[str, ...], verb: str) -> None:
    if made["status"] not in states:
        raise Refused(
            f"You cannot {verb} a refund with a status of {made['status']}; "
            f"it must be {' or '.join(states)}."
        )
