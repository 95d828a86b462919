"""Where a payee's money goes: sealed, shown masked, and usable only after a cool-down.

A change is a new row; the newest is the current one. Whoever takes over an account and points it to
another bank has to wait three days of business time, in which the real payee is told. The first
destination has nothing to redirect, so it waits for nobody when staff enter it; when the payee
enters it the cool-down holds all the same, because earned money may be waiting already.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shop.kernel import audit, events, ids, signing
from shop.kernel.errors import Invalid, NotFound
from shop.kernel.events import Event
from shop.kernel.words import Words, _l
from shop.network.account_numbers import is_iban, is_meant_as_iban
from shop.network.models import Payee, PayeeDestination, Rail

COOL_DOWN = timedelta(days=3)
PURPOSE = "payee-destination"
_SHOWN = 4

FIELDS: Mapping[Rail, tuple[str, ...]] = {
    Rail.BANK_FILE: ("holder", "account_number", "bank_name", "bank_code"),
    Rail.CONNECT: ("account_id",),
    Rail.CREDIT_NOTE: ("customer_number",),
    Rail.PAYROLL_FILE: ("personnel_number",),
    Rail.BY_HAND: ("instructions",),
}
"""What each rail needs to know; `bank_code` and `instructions` may stay empty."""
_OPTIONAL = {"bank_code", "instructions"}
_LONGEST = 120


@dataclass(frozen=True)
class Destination:
    """A payee's current destination; the details stay sealed."""

    rail: Rail
    label: str
    """Masked, for people."""
    hash: str
    """Equal for equal destinations."""
    sealed: str
    usable_from: datetime
    """End of the cool-down."""


@dataclass(frozen=True)
class DestinationChanged(Event):
    """A payee's money is to go somewhere else after the cool-down."""

    payee_id: int
    destination_id: int
    at: datetime


def set_destination(
    session: Session,
    payee_id: int,
    *,
    rail: Rail,
    details: Mapping[str, str],
    by: str,
    at: datetime,
    by_staff: bool = False,
) -> bool:
    """Send a payee's money there from now on, after the cool-down; False if it goes there already.

    The audit row knows rail and hash, nothing of the details.
    Raises Invalid for missing or malformed details, NotFound.
    """
    clean = check(rail, details)
    take_turn(session, payee_id)
    text = text_of(rail, clean)
    fingerprint = signing.fingerprint(text, purpose=PURPOSE)
    before = current(session, [payee_id]).get(payee_id)
    if before is not None and before.hash == fingerprint:
        return False
    at_once = before is None and by_staff
    session.execute(
        update(PayeeDestination)
        .where(PayeeDestination.payee_id == payee_id, PayeeDestination.replaced_at.is_(None))
        .values(replaced_at=at)
    )
    destination_id = ids.new()
    session.execute(
        insert(PayeeDestination).values(
            id=destination_id,
            payee_id=payee_id,
            rail=rail,
            label=masked(rail, clean),
            sealed=signing.seal(text),
            hash=fingerprint,
            created_at=at,
            created_by=by,
            usable_from=at if at_once else at + COOL_DOWN,
        )
    )
    audit.record(
        session, "payee.destination_changed", "payee", payee_id, by=by, at=at,
        before={"hash": before.hash[:16], "rail": before.rail} if before else None,
        after={"hash": fingerprint[:16], "rail": rail},
    )  # fmt: skip
    if not at_once:
        events.publish(session, DestinationChanged(payee_id, destination_id, at))
    return True


def take_turn(session: Session, payee_id: int) -> None:
    """Changes of one payee stand in line, so that one of them is the current one. Raises NotFound."""
    turn = select(Payee.id).where(Payee.id == payee_id).with_for_update(key_share=True)
    if session.execute(turn).one_or_none() is None:
        raise NotFound(_l("There is no such payee."))


def current(session: Session, payee_ids: Collection[int]) -> dict[int, Destination]:
    """Where money of these payees goes; payees without a destination are absent. One statement."""
    if not payee_ids:
        return {}
    rows = session.execute(
        select(
            PayeeDestination.payee_id,
            PayeeDestination.rail,
            PayeeDestination.label,
            PayeeDestination.hash,
            PayeeDestination.sealed,
            PayeeDestination.usable_from,
        )
        .where(
            PayeeDestination.payee_id.in_(sorted(payee_ids)), PayeeDestination.replaced_at.is_(None)
        )
        .order_by(PayeeDestination.id)
    )
    return {row[0]: Destination(Rail(row[1]), *row[2:]) for row in rows}


def hash_of(rail: Rail, details: Mapping[str, str]) -> str:
    """The hash that a destination with these details has; raises Invalid."""
    return signing.fingerprint(text_of(rail, check(rail, details)), purpose=PURPOSE)


def text_of(rail: Rail, clean: Mapping[str, str]) -> str:
    """What is sealed and hashed."""
    return json.dumps({"rail": rail, **clean}, ensure_ascii=False, sort_keys=True)


def unsealed(sealed: str) -> dict[str, str]:
    """The details behind a destination, for the rail that pays; with `rail` among them."""
    details: dict[str, str] = json.loads(signing.unseal(sealed))
    return details


def check(rail: Rail, details: Mapping[str, str]) -> dict[str, str]:
    """The details of a rail, trimmed; raises Invalid with every bad field named."""
    clean = {name: " ".join(str(details.get(name) or "").split()) for name in FIELDS[rail]}
    for name in ("account_number", "bank_code"):
        if name in clean:
            clean[name] = clean[name].replace(" ", "").replace("-", "").upper()
    wrong: dict[str, Words | str] = {}
    for name, text in clean.items():
        if not text and name not in _OPTIONAL:
            wrong[name] = _l("Please fill this in.")
        elif len(text) > _LONGEST:
            wrong[name] = _l("This is too long.")
    number = clean.get("account_number", "")
    if number and not (number.isascii() and number.isalnum() and 6 <= len(number) <= 34):
        wrong["account_number"] = _l("An account number has 6 to 34 letters and digits.")
    elif is_meant_as_iban(number) and not is_iban(number):
        wrong["account_number"] = _l("This IBAN has a typing error.")
    if rail is Rail.CONNECT and clean["account_id"] and not clean["account_id"].startswith("acct_"):
        wrong["account_id"] = _l("A Connect account begins with acct_.")
    if wrong:
        raise Invalid(_l("Please check the marked fields."), fields=wrong)
    return clean


def masked(rail: Rail, clean: Mapping[str, str]) -> str:
    """What people may see of a destination: the bank and the last four characters."""
    shown = {
        Rail.BANK_FILE: clean.get("account_number", ""),
        Rail.CONNECT: clean.get("account_id", ""),
        Rail.CREDIT_NOTE: clean.get("customer_number", ""),
        Rail.PAYROLL_FILE: clean.get("personnel_number", ""),
        Rail.BY_HAND: "",
    }[rail]
    # Short numbers would be given away by their last four characters.
    tail = shown[-_SHOWN:] if len(shown) > 2 * _SHOWN else ""
    return " ".join(filter(None, (clean.get("bank_name", "")[:60], f"•••• {tail}".strip())))
