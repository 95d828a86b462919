"""What an account holds, and each line that made it so."""

from ..errors import Json


def balance_transaction(
    transaction_id: str,
    *,
    amount: int,
    fee: int,
    currency: str,
    kind: str,
    category: str,
    source: str | None,
    available_on: int,
    now: int,
) -> Json:
    """Return one line of an account's balance."""
    fees = [] if fee == 0 else [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Sandbox processing fees",
            "type": "stripe_fee",
        }
    ]  # fmt: skip
    return {
        "id": transaction_id,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "created": now,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": fees,
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "status": "available" if available_on <= now else "pending",
        "type": kind,
    }


def balance(available: dict[str, int], pending: dict[str, int], *, connected: bool) -> Json:
    """Return the balance of an account, by currency."""
    made: Json = {
        "object": "balance",
        "available": _sums(available),
        "livemode": False,
        "pending": _sums(pending),
    }
    if not connected:
        made["connect_reserved"] = [{"amount": 0, "currency": currency} for currency in available]
    return made


def _sums(amounts: dict[str, int]) -> list[Json]:
    return [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(amounts.items())
    ]
