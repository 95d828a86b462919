"""Tax data that a payee enters: it rests like a new destination, and finance accepts or refuses it.

Separate from taxes.py because nothing of it counts before it was accepted. The numbers are sealed,
pages show them masked, and audit rows know which fields changed and nothing of what is in them.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from shop.kernel import audit, events, ids, signing
from shop.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shop.kernel.events import Event
from shop.kernel.states import Machine
from shop.kernel.words import Words, _l
from shop.network import destinations
from shop.network.models import Payee
from shop.rewards import taxes
from shop.rewards.tax_models import PayeeTax, PayeeTaxChange, TaxChangeState

CHANGE = Machine[TaxChangeState](
    {
        TaxChangeState.OPEN: {
            TaxChangeState.ACCEPTED,
            TaxChangeState.REFUSED,
            TaxChangeState.WITHDRAWN,
        },
        TaxChangeState.ACCEPTED: set(),
        TaxChangeState.REFUSED: set(),
        TaxChangeState.WITHDRAWN: set(),
    }
)
_LONGEST = {"legal_name": 200, "address": 300, "tax_id": 40}


@dataclass(frozen=True, kw_only=True)
class OwnData:
    """What a payee may say; how the commission is taxed is the brand's to decide."""

    legal_name: str
    address: str = ""
    tax_id: str = ""
    """Empty keeps the one that is known."""
    self_billing: bool = False
    """The brand may write the invoice."""


@dataclass(frozen=True)
class TaxDataChanging(Event):
    """A payee's tax data is to change; whoever did not ask for it has time to say so."""

    payee_id: int
    change_id: int
    at: datetime


def propose(session: Session, payee_id: int, wanted: OwnData, *, by: str, at: datetime) -> int:
    """Write down what should count from now on; it takes the place of one that still waits.

    Raises Invalid with every bad field named, NotFound, Conflict if nothing would change.
    """
    clean = _checked(wanted)
    destinations.take_turn(session, payee_id)
    known = taxes.data_of(session, [payee_id]).get(payee_id)
    changed = _changed(clean, known)
    if not changed:
        raise Conflict(_l("This is what we know already."))
    for earlier in open_of(session, [payee_id]).values():
        _move(session, earlier.id, TaxChangeState.WITHDRAWN, note="replaced", by=by, at=at)
    change_id = ids.new()
    label = taxes.masked(clean.tax_id) if clean.tax_id else (known.tax_id_label if known else "")
    session.execute(
        insert(PayeeTaxChange).values(
            id=change_id,
            payee_id=payee_id,
            sealed=signing.seal(json.dumps(asdict(clean), ensure_ascii=False, sort_keys=True)),
            label=label,
            status=TaxChangeState.OPEN,
            asked_by=by,
            asked_at=at,
            usable_from=at + destinations.COOL_DOWN,
            note="",
        )
    )
    audit.record(
        session, "payee_tax.change_asked", "payee", payee_id, by=by, at=at,
        after={"fields": changed},
    )  # fmt: skip
    events.publish(session, TaxDataChanging(payee_id, change_id, at))
    return change_id


def withdraw(session: Session, payee_id: int, *, by: str, at: datetime) -> None:
    """The payee takes it back before it was decided. Raises NotFound."""
    waiting = open_of(session, [payee_id]).get(payee_id)
    if waiting is None:
        raise NotFound(_l("Nothing waits."))
    _move(session, waiting.id, TaxChangeState.WITHDRAWN, note="", by=by, at=at)


def accept(session: Session, change_id: int, *, by: str, at: datetime) -> None:
    """Finance has compared it with the payee's papers: it counts from now on.

    Raises NotFound, Conflict while it rests, Forbidden for whoever asked.
    """
    found = _found(session, change_id)
    if found.asked_by == by:
        raise Forbidden(_l("You asked for this. Another person must agree."))
    if found.usable_from > at:
        raise Conflict(_l("It rests for three days, so that the payee can say if it was not them."))
    _move(session, change_id, TaxChangeState.ACCEPTED, note="", by=by, at=at)
    # What the payee did not say is carried over, so nobody may write it down in between.
    destinations.take_turn(session, found.payee_id)
    said, known = content(found), taxes.data_of(session, [found.payee_id]).get(found.payee_id)
    data = taxes.TaxData(
        legal_name=said.legal_name,
        address=said.address,
        tax_id=said.tax_id,
        self_billing=said.self_billing,
        vat_code=known.vat_code if known else "none",
        vat_bps=known.vat_bps if known else 0,
        table_key=_table_in_force(session, known, at),
    )
    taxes.set_data(session, found.payee_id, data, by=by, at=at)


def refuse(session: Session, change_id: int, *, note: str, by: str, at: datetime) -> None:
    """Finance says no; the payee reads why. Raises NotFound, Invalid without a reason."""
    if not note.strip():
        raise Invalid(_l("Please say why."), field="note")
    _found(session, change_id)
    _move(session, change_id, TaxChangeState.REFUSED, note=note.strip()[:300], by=by, at=at)


def content(change: PayeeTaxChange) -> OwnData:
    """What was entered, for the one who decides and for the document that needs it."""
    return OwnData(**json.loads(signing.unseal(change.sealed)))


def open_of(session: Session, payee_ids: Collection[int]) -> dict[int, PayeeTaxChange]:
    """What waits, by payee; one statement."""
    rows = session.scalars(
        select(PayeeTaxChange).where(
            PayeeTaxChange.payee_id.in_(sorted(payee_ids)),
            PayeeTaxChange.status == TaxChangeState.OPEN,
        )
    )
    return {row.payee_id: row for row in rows}


def waiting(session: Session, *, limit: int = 100) -> Sequence[tuple[PayeeTaxChange, str]]:
    """Everything that waits for finance with the payee's name, oldest first."""
    rows = session.execute(
        select(PayeeTaxChange, Payee.name)
        .join(Payee, Payee.id == PayeeTaxChange.payee_id)
        .where(PayeeTaxChange.status == TaxChangeState.OPEN)
        .order_by(PayeeTaxChange.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def to_decide(*, at: datetime) -> Select[int]:
    """SQL: what has rested and waits for finance."""
    return select(PayeeTaxChange.id).where(
        PayeeTaxChange.status == TaxChangeState.OPEN, PayeeTaxChange.usable_from <= at
    )


def latest_refused(session: Session, payee_id: int) -> PayeeTaxChange | None:
    """What finance said no to, if that was the last word."""
    newest = session.scalars(
        select(PayeeTaxChange)
        .where(PayeeTaxChange.payee_id == payee_id)
        .order_by(PayeeTaxChange.id.desc())
        .limit(1)
    ).first()
    refused = newest is not None and newest.status == TaxChangeState.REFUSED
    return newest if refused else None


def _checked(wanted: OwnData) -> OwnData:
    clean = OwnData(
        legal_name=" ".join(wanted.legal_name.split()),
        address=" ".join(wanted.address.split()),
        tax_id="".join(wanted.tax_id.split()),
        self_billing=wanted.self_billing,
    )
    wrong: dict[str, Words | str] = {
        name: _l("This is too long.")
        for name, longest in _LONGEST.items()
        if len(getattr(clean, name)) > longest
    }
    if not clean.legal_name:
        wrong["legal_name"] = _l("Please fill this in.")
    if clean.tax_id and not (clean.tax_id.isascii() and clean.tax_id.replace("-", "").isalnum()):
        wrong["tax_id"] = _l("A tax number has letters, digits and hyphens only.")
    if wrong:
        raise Invalid(_l("Please check the marked fields."), fields=wrong)
    return clean


def _changed(clean: OwnData, known: PayeeTax | None) -> list[str]:
    said = asdict(clean)
    if known is None:
        return sorted(name for name, value in said.items() if value)
    before = {name: getattr(known, name) for name in ("legal_name", "address", "self_billing")}
    before["tax_id"] = taxes.tax_id(known) if clean.tax_id else ""
    return sorted(name for name, value in said.items() if value != before[name])


def _table_in_force(session: Session, known: PayeeTax | None, at: datetime) -> str:
    """A table that nobody keeps any more must not stand in the way of a new address."""
    if known is None:
        return ""
    in_force = {one.key for one in taxes.in_force(session, at=at)}
    return known.table_key if known.table_key in in_force else ""


def _found(session: Session, change_id: int) -> PayeeTaxChange:
    found = session.get(PayeeTaxChange, change_id)
    if found is None:
        raise NotFound(_l("There is no such request."))
    return found


def _move(
    session: Session, change_id: int, to: TaxChangeState, *, note: str, by: str, at: datetime
) -> None:
    moved = CHANGE.move(
        session,
        PayeeTaxChange,
        change_id,
        to=to,
        by=by,
        at=at,
        ids=ids.new,
        expected=TaxChangeState.OPEN,
        also={"decided_by": by, "decided_at": at, "note": note},
    )
    if not moved:
        raise Conflict(_l("Somebody else changed this meanwhile. Please look at it again."))
