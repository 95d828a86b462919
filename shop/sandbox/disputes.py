"""A buyer disputes a card payment, the brand answers, the issuer decides."""

from . import balances
from .core import Sandbox
from .errors import Json, Refused
from .params import merge_metadata
from .shapes.dispute import dispute

DAYS_TO_ANSWER = 9
UNDECIDED = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")


def open_dispute(
    sandbox: Sandbox,
    charge: Json,
    *,
    reason: str = "fraudulent",
    inquiry: bool = False,
    amount: int | None = None,
) -> Json:
    """Dispute a charge. A chargeback takes money and fee at once, an inquiry only asks.

    Raises Refused for wallets, which know no disputes, and for a charge disputed before.
    """
    left = charge["amount"] - charge["amount_refunded"]
    if charge["payment_method_details"]["type"] != "card":
        raise Refused("Payments by wallet cannot be disputed.")
    if charge["disputed"]:
        raise Refused(f"Charge {charge['id']} has been disputed before.", code="charge_disputed")
    if not charge["captured"] or left <= 0:
        raise Refused(f"Charge {charge['id']} holds no money to dispute.")
    made = dispute(
        sandbox.new_id("du"),
        charge=charge,
        amount=left if amount is None else amount,
        reason=reason,
        inquiry=inquiry,
        due_by=sandbox.now() + DAYS_TO_ANSWER * 86400,
        now=sandbox.now(),
    )
    if not inquiry:
        _withdraw(sandbox, made)
    sandbox.add(made)
    charge["_refund_blocked"] = not inquiry
    former = sandbox.change(charge, disputed=True)
    sandbox.emit("charge.dispute.created", made)
    if not inquiry:
        sandbox.emit("charge.dispute.funds_withdrawn", made)
    sandbox.emit("charge.updated", charge, former)
    return made


def update(sandbox: Sandbox, made: Json, params: Json) -> Json:
    """Give evidence and, unless `submit` is false, hand it in."""
    if made["status"] not in UNDECIDED:
        raise Refused("This dispute is closed; evidence can no longer be given.")
    changes: Json = {}
    if "metadata" in params:
        changes["metadata"] = merge_metadata(made["metadata"], params["metadata"])
    if "evidence" in params:
        changes["evidence"] = {**made["evidence"], **params["evidence"]}
    submit = params.get("submit", True) and "evidence" in params
    changes["evidence_details"] = {
        **made["evidence_details"],
        "has_evidence": made["evidence_details"]["has_evidence"] or "evidence" in params,
        "submission_count": made["evidence_details"]["submission_count"] + int(submit),
        "submission_method": "manual" if submit else made["evidence_details"]["submission_method"],
    }
    if submit:
        warning = made["status"].startswith("warning")
        changes["status"] = "warning_under_review" if warning else "under_review"
    former = sandbox.change(made, **changes)
    sandbox.emit("charge.dispute.updated", made, former)
    return made


def decide(sandbox: Sandbox, made: Json, outcome: str) -> Json:
    """End a dispute as `won`, `lost` or, for an inquiry, `warning_closed`."""
    inquiry = made["status"].startswith("warning")
    if made["status"] not in UNDECIDED or (outcome == "warning_closed") != inquiry:
        raise Refused(f"A dispute with a status of {made['status']} cannot become {outcome}.")
    if outcome == "won":
        _reinstate(sandbox, made)
    charge = sandbox.need("charge", made["charge"])
    charge["_refund_blocked"] = outcome == "lost"
    sandbox.store.update(charge)
    sandbox.change(made, status=outcome)
    sandbox.emit("charge.dispute.closed", made)
    if outcome == "won":
        sandbox.emit("charge.dispute.funds_reinstated", made)
    return made


def close(sandbox: Sandbox, made: Json) -> Json:
    """Give in: the brand accepts the loss."""
    if made["status"] != "needs_response":
        raise Refused(f"A dispute with a status of {made['status']} cannot be closed.")
    return decide(sandbox, made, "lost")


def _withdraw(sandbox: Sandbox, made: Json) -> None:
    line = balances.book(
        sandbox,
        -made["amount"],
        made["currency"],
        kind="adjustment",
        category="dispute",
        source=made["id"],
        fee=sandbox.settings.dispute_fee,
    )
    made["balance_transactions"].append(line)


def _reinstate(sandbox: Sandbox, made: Json) -> None:
    line = balances.book(
        sandbox,
        made["amount"],
        made["currency"],
        kind="adjustment",
        category="dispute_reversal",
        source=made["id"],
    )
    made["balance_transactions"].append(line)
