"""Transfers to connected accounts, and their reversals."""

from . import balances
from .core import Sandbox
from .currencies import display
from .errors import Json, Refused
from .shapes.transfer import listing, transfer, transfer_reversal


def create(sandbox: Sandbox, params: Json) -> Json:
    """Send money from the platform to a connected account.

    Raises Refused if the account is unknown or may not receive, or the balance is too low.
    """
    _check_destination(sandbox, params["destination"])
    amount, currency = params["amount"], params["currency"]
    if "source_transaction" in params:
        _check_source(sandbox, params)
    else:
        balances.require(sandbox, amount, currency)
    made = transfer(
        sandbox.new_id("tr"),
        params=params,
        destination_payment=sandbox.new_id("py"),
        now=sandbox.now(),
    )
    line = balances.book(sandbox, -amount, currency, kind="transfer", source=made["id"])
    made["balance_transaction"] = line["id"]
    balances.book(
        sandbox,
        amount,
        currency,
        kind="payment",
        category="charge",
        source=made["destination_payment"],
        account=made["destination"],
    )
    sandbox.add(made)
    sandbox.emit("transfer.created", made)
    return made


def reverse(sandbox: Sandbox, made: Json, *, amount: int | None, metadata: dict[str, str]) -> Json:
    """Take back all that is left of a transfer, or `amount`, and return the reversal.

    Raises Refused if less is left, or the connected account no longer holds the money.
    """
    left = made["amount"] - made["amount_reversed"]
    taken = left if amount is None else amount
    if left == 0:
        raise Refused(f"Transfer {made['id']} has already been reversed.")
    if taken > left:
        raise Refused(
            f"Only {display(left, made['currency'])} of this transfer can be reversed.",
            param="amount",
        )
    balances.require(sandbox, taken, made["currency"], account=made["destination"])
    reversal = transfer_reversal(
        sandbox.new_id("trr"), transfer=made, amount=taken, metadata=metadata, now=sandbox.now()
    )
    line = balances.book(
        sandbox,
        taken,
        made["currency"],
        kind="transfer_refund",
        category="transfer_reversal",
        source=made["id"],
    )
    reversal["balance_transaction"] = line["id"]
    balances.book(
        sandbox,
        -taken,
        made["currency"],
        kind="payment_refund",
        category="refund",
        source=made["destination_payment"],
        account=made["destination"],
    )
    sandbox.add(reversal)
    _count(sandbox, made, reversal)
    return reversal


def _count(sandbox: Sandbox, made: Json, reversal: Json) -> None:
    total = made["amount_reversed"] + reversal["amount"]
    former = sandbox.change(
        made,
        amount_reversed=total,
        reversed=total == made["amount"],
        reversals=listing(made["reversals"]["url"], [reversal, *made["reversals"]["data"]][:10]),
    )
    sandbox.emit("transfer.reversed", made, former)


def _check_destination(sandbox: Sandbox, account_id: str) -> None:
    account = sandbox.store.load(account_id)
    if account is None or account["object"] != "account":
        raise Refused(
            f"No such destination: '{account_id}'", code="resource_missing", param="destination"
        )
    if account["capabilities"].get("transfers") != "active":
        raise Refused(
            "The destination account cannot receive transfers: its capability `transfers` is not "
            "active.",
            code="insufficient_capabilities_for_transfer",
        )


def _check_source(sandbox: Sandbox, params: Json) -> None:
    charge = sandbox.need(
        "charge", params["source_transaction"], param="source_transaction", in_path=False
    )
    used = sum(
        other["amount"] - other["amount_reversed"]
        for other in sandbox.store.all_of("transfer", "charge", charge["id"])
    )
    if charge["status"] != "succeeded" or params["currency"] != charge["currency"]:
        raise Refused(
            "This charge cannot be a source of this transfer.", param="source_transaction"
        )
    if used + params["amount"] > charge["amount_captured"] - charge["amount_refunded"]:
        raise Refused("Transfers from this charge would exceed what it brought in.", param="amount")
