"""Money that the platform and its connected accounts hold: lines are added, never edited."""

from .core import PLATFORM, Sandbox
from .errors import Json, Refused
from .shapes.balance import balance, balance_transaction


def book(
    sandbox: Sandbox,
    amount: int,
    currency: str,
    *,
    kind: str,
    source: str | None,
    account: str = PLATFORM,
    fee: int = 0,
    available_on: int | None = None,
    category: str | None = None,
) -> Json:
    """Add one line to an account's balance and return its balance transaction."""
    now = sandbox.now()
    line = balance_transaction(
        sandbox.new_id("txn"),
        amount=amount,
        fee=fee,
        currency=currency,
        kind=kind,
        category=category or kind,
        source=source,
        available_on=now if available_on is None else available_on,
        now=now,
    )
    sandbox.add(line, account=account)
    sandbox.store.execute(
        "INSERT INTO money (account, currency, net, available_on) VALUES (?, ?, ?, ?)",
        (account, currency, line["net"], line["available_on"]),
    )
    return line


def available(sandbox: Sandbox, currency: str, *, account: str = PLATFORM) -> int:
    """Return what can be transferred or paid out now."""
    row = sandbox.store.execute(
        "SELECT coalesce(sum(net), 0) FROM money"
        " WHERE account = ? AND currency = ? AND available_on <= ?",
        (account, currency, sandbox.now()),
    ).fetchone()
    return int(row[0])


def balance_of(sandbox: Sandbox, *, account: str = PLATFORM) -> Json:
    """Return the balance object of the platform or of a connected account."""
    now = sandbox.now()
    ready: dict[str, int] = {}
    waiting: dict[str, int] = {}
    for currency, is_ready, amount in sandbox.store.execute(
        "SELECT currency, available_on <= ?, sum(net) FROM money WHERE account = ? GROUP BY 1, 2",
        (now, account),
    ):
        (ready if is_ready else waiting)[currency] = amount
    for currency in {*ready, *waiting} or {"hkd"}:
        ready.setdefault(currency, 0)
        waiting.setdefault(currency, 0)
    return balance(ready, waiting, connected=account != PLATFORM)


def require(sandbox: Sandbox, amount: int, currency: str, *, account: str = PLATFORM) -> None:
    """Raise `balance_insufficient` unless the account can give this amount now."""
    if available(sandbox, currency, account=account) < amount:
        raise Refused(
            "The available balance of this account is too low. Money of charges becomes available "
            "later; the sandbox's operator page can top up the balance.",
            code="balance_insufficient",
        )


def top_up(sandbox: Sandbox, *, amount: int, currency: str) -> Json:
    """Put made-up money into the platform's available balance."""
    return book(sandbox, amount, currency, kind="topup", source=None)
