"""Payout files of the shop: which format each way takes, the brand's own account, one file per way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.models import Batch, Payout
from commissions.payouts import approving, bank_file
from commissions.payouts.files import tables
from commissions.payouts.files.format import Account, FileFormat
from shop.kernel import audit, clock, db, ids, signing
from shop.kernel.db import insert_new
from shop.kernel.errors import Invalid
from shop.kernel.words import Words, _l
from shop.network import destinations
from shop.network.models import Payee, Rail
from shop.rewards import keys, restores
from shop.rewards.files.pain001 import Pain001
from shop.rewards.payout_models import PayerAccount

FORMATS: Mapping[str, Words] = {
    "csv": _l("CSV"),
    "pain001": _l("ISO 20022 (pain.001)"),
}
"""Formats of bank files that finance may choose."""
PURPOSE = "Commission"
_SUFFIXES = {"pain001": ("xml", "application/xml")}


@dataclass(frozen=True)
class Payer:
    """The brand's own account as a page shows it."""

    label: str
    format: str


def write_file(payout_ids: Sequence[int], *, by: str) -> int:
    """Approved payouts of a rail go into one file, built once; returns the batch."""
    with db.unit_of_work() as session:
        return build(session, payout_ids, by=by, at=clock.now())


def build(session: Session, payout_ids: Sequence[int], *, by: str, at: datetime) -> int:
    """The same in the caller's transaction. Raises what the engine refuses, with the payout."""
    restores.step(session)
    db.after_commit(session, restores.write_down)
    first = approving.payout_of(session, min(payout_ids))
    names = _names(session, payout_ids)

    def open_destination(payout: Payout) -> Account:
        return _account(payout.destination_sealed, names.get(payout.payee_key, ""))

    batch = bank_file.build_batch(
        session,
        payout_ids,
        open_destination=open_destination,
        purpose=PURPOSE,
        write_as=_format(session, first.rail, first.currency),
        by=by,
        at=at,
        ids=ids.new,
        seal=_seal,
    )
    return batch.id


def content(session: Session, batch_id: int) -> bytes:
    """The file, byte for byte the same at each download."""
    return bank_file.batch_content(session, batch_id, unseal=_unseal)


def file_name(batch: Batch) -> tuple[str, str]:
    """Name and media type of a batch's file."""
    suffix, mimetype = _SUFFIXES.get(batch.format, ("csv", "text/csv"))
    return f"{batch.rail.replace('_', '-')}-{batch.id}.{suffix}", mimetype


def confirm_uploaded(batch_id: int, *, by: str) -> int:
    """The bank took the file: its payouts are paid."""
    with db.unit_of_work() as session:
        return bank_file.confirm_uploaded(session, batch_id, by=by, at=clock.now(), ids=ids.new)


def payer(session: Session, currency: str) -> Payer | None:
    """The brand's own account, if it is known."""
    row = session.get(PayerAccount, currency)
    return Payer(row.label, row.format) if row else None


def set_payer(
    session: Session,
    currency: str,
    details: Mapping[str, str],
    file_format: str,
    *,
    by: str,
    at: datetime,
) -> None:
    """Which account bank files draw on, and how they are written; audited without the details.

    Raises Invalid with every bad field named.
    """
    if file_format not in FORMATS:
        raise Invalid(_l("This format is not known."), field="format")
    clean = destinations.check(Rail.BANK_FILE, details)
    values = {
        "label": destinations.masked(Rail.BANK_FILE, clean),
        "sealed": signing.seal(destinations.text_of(Rail.BANK_FILE, clean)),
        "format": file_format,
        "changed_by": by,
        "changed_at": at,
    }
    put = insert_new(session, PayerAccount).values(currency=currency, **values)
    session.execute(put)
    row = session.get_one(PayerAccount, currency, populate_existing=True)
    before = {"label": row.label, "format": row.format}
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
    audit.record(
        session, "payer_account.changed", "payer_account", 0, by=by, at=at,
        before=before, after={"currency": currency, "label": row.label, "format": file_format},
    )  # fmt: skip


def _format(session: Session, rail: str, currency: str) -> FileFormat:
    if rail == Rail.CREDIT_NOTE:
        return tables.CREDIT_NOTES
    if rail == Rail.PAYROLL_FILE:
        return tables.PAYROLL
    own = session.get(PayerAccount, currency)
    if own is None or own.format != "pain001":
        return tables.BANK
    return Pain001(_account(own.sealed, ""))


def _names(session: Session, payout_ids: Sequence[int]) -> dict[str, str]:
    payee_keys = session.scalars(
        select(Payout.payee_key).where(Payout.id.in_(payout_ids)).distinct()
    )
    numbers = [keys.number(key) for key in payee_keys]
    rows = session.execute(select(Payee.id, Payee.name).where(Payee.id.in_(numbers)))
    return {keys.payee(row.id): row.name for row in rows}


def _account(sealed: str, name: str) -> Account:
    details = destinations.unsealed(sealed)
    return Account(
        holder=details.get("holder") or name,
        number=details.get("account_number")
        or details.get("customer_number")
        or details.get("personnel_number", ""),
        bank=details.get("bank_name", ""),
        code=details.get("bank_code", ""),
    )


def _seal(raw: bytes) -> bytes:
    return signing.seal(raw.decode()).encode()


def _unseal(raw: bytes) -> bytes:
    return signing.unseal(raw.decode()).encode()
