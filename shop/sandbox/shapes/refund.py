"""Money on its way back to a buyer."""

from ..errors import Json


def refund(
    refund_id: str,
    *,
    charge: Json,
    amount: int,
    status: str,
    reason: str | None,
    metadata: dict[str, str],
    now: int,
) -> Json:
    """Return a refund of part or all of a charge."""
    kind = charge["payment_method_details"]["type"]
    made: Json = {
        "id": refund_id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "customer": None,
        "customer_account": None,
        "destination_details": {"type": kind, kind: _destination(kind)},
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }
    if status == "pending":
        made["pending_reason"] = "processing"
    return made


def _destination(kind: str) -> Json:
    if kind != "card":
        return {}
    return {"reference_status": "pending", "reference_type": "acquirer_reference_number",
            "type": "refund"}  # fmt: skip
