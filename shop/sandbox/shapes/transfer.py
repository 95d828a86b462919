"""Money that moves from the platform to a connected account, and back."""

from ..errors import Json


def listing(url: str, data: list[Json] | None = None) -> Json:
    """Return Stripe's list object as it stands inside other objects."""
    return {"object": "list", "data": data or [], "has_more": False, "url": url}


def transfer(transfer_id: str, *, params: Json, destination_payment: str, now: int) -> Json:
    """Return a transfer that was just made."""
    return {
        "id": transfer_id,
        "object": "transfer",
        "amount": params["amount"],
        "amount_reversed": 0,
        "balance_transaction": None,
        "created": now,
        "currency": params["currency"],
        "description": params.get("description"),
        "destination": params["destination"],
        "destination_payment": destination_payment,
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "reversals": listing(f"/v1/transfers/{transfer_id}/reversals"),
        "reversed": False,
        "source_transaction": params.get("source_transaction"),
        "source_type": "card",
        "transfer_group": params.get("transfer_group"),
    }


def transfer_reversal(
    reversal_id: str, *, transfer: Json, amount: int, metadata: dict[str, str], now: int
) -> Json:
    """Return money taken back from a transfer."""
    return {
        "id": reversal_id,
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": None,
        "created": now,
        "currency": transfer["currency"],
        "destination_payment_refund": None,
        "metadata": metadata,
        "source_refund": None,
        "transfer": transfer["id"],
    }
