"""Tax around payouts: payees' data, tables that two people agree on, and what is kept and why."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Text, cast, func, insert, literal, select
from sqlalchemy.orm import Session

from commissions.models import Payout, PayoutStatus
from shop.kernel import audit, ids, signing
from shop.kernel import brand as brands
from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.words import Words, _l
from shop.network import destinations
from shop.rewards import keys, proposals
from shop.rewards.models import Act
from shop.rewards.tax_models import PayeeTax, TaxRecord, WithholdingTable
from shop.rewards.withholding import Table, Withheld, Year, body_of, of_body, withheld

VAT_CODES: Mapping[str, Words] = {
    "none": _l("No VAT"),
    "standard": _l("VAT included"),
    "reverse_charge": _l("Reverse charge"),
    "exempt": _l("Exempt"),
}
_GONE = (PayoutStatus.VOID, PayoutStatus.FAILED, PayoutStatus.REVERSED)


@dataclass(frozen=True, kw_only=True)
class TaxData:
    """What is asked of a payee."""

    legal_name: str
    address: str = ""
    tax_id: str = ""
    """Empty keeps the one that is known."""
    vat_code: str = "none"
    vat_bps: int = 0
    self_billing: bool = False
    table_key: str = ""


@dataclass(frozen=True)
class Reckoned:
    """Tax of one payout with everything that it was reckoned by."""

    table_id: int
    gross: int
    """What was taxed: the payout less what came back of an earlier one."""
    year: Year
    tax_year: int
    tax_month: int
    result: Withheld


def data_of(session: Session, payee_ids: Collection[int]) -> dict[int, PayeeTax]:
    """The tax data that counts, by payee; one statement."""
    latest = select(func.max(PayeeTax.id)).group_by(PayeeTax.payee_id)
    rows = session.scalars(
        select(PayeeTax).where(PayeeTax.payee_id.in_(sorted(payee_ids)), PayeeTax.id.in_(latest))
    )
    return {row.payee_id: row for row in rows}


def has_form() -> ColumnElement[bool]:
    """SQL on payouts: the payee's tax data is known."""
    known = select(literal(keys.PAYEE) + cast(PayeeTax.payee_id, Text))
    return Payout.payee_key.in_(known)


def as_of(session: Session, payee_id: int, moment: datetime) -> PayeeTax | None:
    """The tax data that counted at a moment, so that an old document stays as it was."""
    return session.scalars(
        select(PayeeTax)
        .where(PayeeTax.payee_id == payee_id, PayeeTax.at <= moment)
        .order_by(PayeeTax.at.desc(), PayeeTax.id.desc())
        .limit(1)
    ).first()


def set_data(session: Session, payee_id: int, data: TaxData, *, by: str, at: datetime) -> None:
    """Write tax data down; the audit row holds no number.

    Raises Invalid with the fields named, NotFound.
    """
    wrong: dict[str, Words | str] = {}
    if not data.legal_name.strip():
        wrong["legal_name"] = _l("Please fill this in.")
    if data.vat_code not in VAT_CODES:
        wrong["vat_code"] = _l("This treatment is not known.")
    if not 0 <= data.vat_bps <= 5000 or (data.vat_code != "standard" and data.vat_bps):
        wrong["vat_bps"] = _l("Only VAT that is included has a rate, up to 50 percent.")
    if data.table_key and data.table_key not in {one.key for one in in_force(session, at=at)}:
        wrong["table_key"] = _l("There is no such table in force.")
    if wrong:
        raise Invalid(_l("Please check the marked fields."), fields=wrong)
    destinations.take_turn(session, payee_id)
    before = data_of(session, [payee_id]).get(payee_id)
    tax_id = "".join(data.tax_id.split())[:40]
    sealed, label = (signing.seal(tax_id), masked(tax_id)) if tax_id else ("", "")
    if not tax_id and before is not None:
        sealed, label = before.tax_id_sealed, before.tax_id_label
    session.execute(
        insert(PayeeTax).values(
            id=ids.new(),
            payee_id=payee_id,
            legal_name=data.legal_name.strip()[:200],
            address=data.address.strip()[:300],
            tax_id_sealed=sealed,
            tax_id_label=label,
            vat_code=data.vat_code,
            vat_bps=data.vat_bps,
            self_billing=data.self_billing,
            table_key=data.table_key,
            at=at,
            by=by,
        )
    )
    after = {"vat_code": data.vat_code, "self_billing": data.self_billing, "table": data.table_key}
    audit.record(session, "payee_tax.changed", "payee", payee_id, by=by, at=at, after=after)


def tax_id(row: PayeeTax) -> str:
    """The number itself, for a document that must show it."""
    return signing.unseal(row.tax_id_sealed) if row.tax_id_sealed else ""


def in_force(session: Session, *, at: datetime) -> list[WithholdingTable]:
    """The version of each table that holds at a moment, by name."""
    rows = session.scalars(
        select(WithholdingTable)
        .where(WithholdingTable.agreed_at.is_not(None), WithholdingTable.valid_from <= at)
        .order_by(WithholdingTable.key, WithholdingTable.valid_from, WithholdingTable.id)
    )
    return sorted({row.key: row for row in rows}.values(), key=lambda row: row.name)


def propose(
    session: Session,
    *,
    key: str,
    name: str,
    currency: str,
    table: Table,
    valid_from: datetime,
    by: str,
    at: datetime,
) -> int:
    """A new table, or a new version of one; it holds once a second person agreed.

    Raises Invalid, Conflict if another version of it waits.
    """
    if not (key.replace("_", "").isalnum() and key.isascii() and len(key) <= 40) or not name:
        raise Invalid(_l("A table has a short key of letters and digits, and a name."), field="key")
    if key in {one.key for one in proposals.waiting(session, Act.TAX, WithholdingTable)}:
        raise Conflict(_l("Another version of this table waits for a second person."))
    table_id = ids.new()
    session.execute(
        insert(WithholdingTable).values(
            id=table_id,
            key=key,
            name=name[:120],
            currency=currency,
            body=body_of(table),
            valid_from=valid_from,
            proposed_by=by,
            proposed_at=at,
        )
    )
    return table_id


def put_in_force(session: Session, table_id: int, *, by: str, at: datetime) -> None:
    """A second person agreed."""
    row = session.get(WithholdingTable, table_id)
    if row is None or row.agreed_at is not None:
        raise NotFound(_l("There is no such table."))
    row.agreed_by, row.agreed_at = by, at
    session.flush()
    audit.record(
        session, "withholding_table.agreed", "withholding_table", table_id, by=by, at=at,
        after={"key": row.key, "body": row.body},
    )  # fmt: skip


def reckon(
    session: Session, payee_key: str, currency: str, gross: int, *, at: datetime
) -> Reckoned | None:
    """Tax to keep from a payout that is prepared now; None if no table counts for the payee."""
    payee_id = keys.number(payee_key)
    data = data_of(session, [payee_id]).get(payee_id)
    if data is None or not data.table_key:
        return None
    table = next((one for one in in_force(session, at=at) if one.key == data.table_key), None)
    if table is None or table.currency != currency:
        return None
    local = at.astimezone(_zone(session))
    year = _year_so_far(session, payee_id, currency, local)
    result = withheld(of_body(table.body), gross, year)
    return Reckoned(table.id, gross, year, local.year, local.month, result)


def note(session: Session, payout: Payout, found: Reckoned, *, at: datetime) -> None:
    """Keep what the tax of a payout was reckoned by."""
    session.execute(
        insert(TaxRecord).values(
            payout_id=payout.id,
            payee_id=keys.number(payout.payee_key),
            table_id=found.table_id,
            currency=payout.currency,
            tax_year=found.tax_year,
            tax_month=found.tax_month,
            gross_before=found.year.gross,
            withheld_before=found.year.withheld,
            months=found.year.months,
            gross_amount=found.gross,
            taxable_amount=found.result.taxable,
            withheld_amount=payout.withheld_amount,
            at=at,
        )
    )


def record_of(session: Session, payout_id: int) -> tuple[TaxRecord, str] | None:
    """The tax record of a payout, and the name of its table."""
    row = session.execute(
        select(TaxRecord, WithholdingTable.name)
        .join(WithholdingTable, WithholdingTable.id == TaxRecord.table_id)
        .where(TaxRecord.payout_id == payout_id)
    ).one_or_none()
    return (row[0], row[1]) if row else None


def _year_so_far(session: Session, payee_id: int, currency: str, local: datetime) -> Year:
    row = session.execute(
        select(
            func.sum(TaxRecord.gross_amount),
            func.sum(TaxRecord.withheld_amount),
            func.min(TaxRecord.tax_month),
        )
        .join(Payout, Payout.id == TaxRecord.payout_id)
        .where(
            TaxRecord.payee_id == payee_id,
            TaxRecord.currency == currency,
            TaxRecord.tax_year == local.year,
            Payout.status.not_in(_GONE),
        )
    ).one()
    first = int(row[2] or local.month)
    return Year(gross=int(row[0] or 0), withheld=int(row[1] or 0), months=local.month - first + 1)


def _zone(session: Session) -> ZoneInfo:
    return brands.current(session).zone


def masked(number: str) -> str:
    """What people may see of a tax number."""
    return f"•••• {number[-4:]}" if len(number) > 8 else "••••"
