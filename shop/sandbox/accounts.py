"""Connected accounts: opened by the platform, filled in by their owner, paid out to their bank."""

from . import balances
from .core import Sandbox
from .errors import Json, Refused
from .params import merge_metadata
from .shapes.account import (
    account,
    account_link,
    bank_account,
    business_profile,
    requirements,
)
from .shapes.payout import payout
from .shapes.transfer import listing

LINK_LIVES = 5 * 60


def create(sandbox: Sandbox, params: Json) -> Json:
    """Open an account for somebody who will fill in the rest."""
    made = account(
        sandbox.new_id("acct", 16),
        params=params,
        default_country=sandbox.settings.country,
        now=sandbox.now(),
    )
    return sandbox.add(made)


def update(sandbox: Sandbox, made: Json, params: Json) -> Json:
    """Change what the platform may change."""
    changes: Json = {name: params[name] for name in ("business_type", "email") if name in params}
    if "metadata" in params:
        changes["metadata"] = merge_metadata(made["metadata"], params["metadata"])
    if "business_profile" in params:
        changes["business_profile"] = business_profile(
            {**made["business_profile"], **params["business_profile"]}
        )
    if "capabilities" in params:
        changes["capabilities"] = _capabilities(made, params["capabilities"])
    _tell(sandbox, made, sandbox.change(made, **changes))
    return made


def create_link(sandbox: Sandbox, params: Json) -> Json:
    """Return the address of the sign-up form; it works once, and for five minutes."""
    made = sandbox.need("account", params["account"], param="account", in_path=False)
    now = sandbox.now()
    token = sandbox.new_id("link", 32)
    sandbox.add(
        {
            "id": token,
            "object": "_account_link",
            "created": now,
            "account": made["id"],
            "expires_at": now + LINK_LIVES,
            "used": False,
            "refresh_url": params["refresh_url"],
            "return_url": params["return_url"],
        }
    )
    url = sandbox.url(f"/setup/e/{made['id']}/{token}")
    return account_link(url=url, now=now, expires_at=now + LINK_LIVES)


def onboard(sandbox: Sandbox, made: Json) -> Json:
    """Fill in everything: the account can receive transfers and is paid out from now on."""
    bank = bank_account(
        sandbox.new_id("ba"),
        account=made,
        fingerprint=sandbox.store.scramble("bank:" + made["id"], 16),
    )
    former = sandbox.change(
        made,
        details_submitted=True,
        charges_enabled=True,
        payouts_enabled=True,
        business_type=made["business_type"] or "individual",
        capabilities=dict.fromkeys(made["capabilities"], "active"),
        requirements=requirements([]),
        external_accounts=listing(made["external_accounts"]["url"], [bank]),
        tos_acceptance={"date": sandbox.now(), "ip": "127.0.0.1", "user_agent": None},
    )
    _tell(sandbox, made, former)
    return made


def restrict(sandbox: Sandbox, made: Json) -> Json:
    """Hold an account back until its owner proves who they are."""
    due = ["individual.verification.document"]
    former = sandbox.change(
        made,
        charges_enabled=False,
        payouts_enabled=False,
        capabilities=dict.fromkeys(made["capabilities"], "inactive"),
        requirements=requirements(due, disabled="requirements.past_due"),
    )
    _tell(sandbox, made, former)
    return made


def pay_out(sandbox: Sandbox, made: Json, *, currency: str) -> Json:
    """Send everything that the account holds to its bank."""
    amount = balances.available(sandbox, currency, account=made["id"])
    if not made["payouts_enabled"] or amount <= 0:
        raise Refused(
            "This account has nothing that can be paid out now.", code="payouts_not_allowed"
        )
    sent = payout(
        sandbox.new_id("po"),
        amount=amount,
        currency=currency,
        bank=made["external_accounts"]["data"][0]["id"],
        now=sandbox.now(),
    )
    line = balances.book(
        sandbox, -amount, currency, kind="payout", source=sent["id"], account=made["id"]
    )
    sent["balance_transaction"] = line["id"]
    sandbox.add(sent, account=made["id"])
    sandbox.emit("payout.paid", sent, account=made["id"])
    return sent


def fail_payout(sandbox: Sandbox, sent: Json) -> Json:
    """Let the bank send a payout back; the money is on the account again."""
    if sent["status"] != "paid":
        raise Refused(f"A payout with a status of {sent['status']} cannot fail.")
    owner = sandbox.store.account_of(sent["id"])
    line = balances.book(
        sandbox,
        sent["amount"],
        sent["currency"],
        kind="payout_failure",
        category="payout_reversal",
        source=sent["id"],
        account=owner,
    )
    sandbox.change(
        sent,
        status="failed",
        failure_code="account_closed",
        failure_message="The bank account has been closed.",
        failure_balance_transaction=line["id"],
    )
    sandbox.emit("payout.failed", sent, account=owner)
    return sent


def _capabilities(made: Json, asked: Json) -> dict[str, str]:
    state = "active" if made["details_submitted"] else "inactive"
    wanted = {name: state for name, facts in asked.items() if facts.get("requested")}
    unwanted = {name for name, facts in asked.items() if not facts.get("requested")}
    kept = {name: now for name, now in made["capabilities"].items() if name not in unwanted}
    return {**wanted, **kept}


def _tell(sandbox: Sandbox, made: Json, former: Json) -> None:
    sandbox.emit("account.updated", made, former, account=made["id"])
