"""Credit notes and payroll slips: one document for each payout that a list hands to the books.

A dealer's is set off against own purchases, an employee's comes with the salary. Its number is the
payout's reference in that list; it is made once in each language and kept.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.arithmetic import FULL_BPS, half_up
from commissions.models import Batch, BatchItem, Payout, PayoutStatus
from shop.kernel import brand as brands
from shop.kernel import clock, db, signing
from shop.kernel.errors import Conflict
from shop.kernel.i18n import _, _l, locale, text_of
from shop.kernel.moments import format_day
from shop.kernel.money import format_money
from shop.kernel.words import say
from shop.network import destinations
from shop.network.models import Rail
from shop.rewards import keys, taxes
from shop.rewards.paper import SOFT, Paper
from shop.rewards.payouts import names_of
from shop.rewards.tax_models import PayoutPaper

RAILS = (Rail.CREDIT_NOTE, Rail.PAYROLL_FILE)


@dataclass(frozen=True)
class Listed:
    """A payout whose document can be had."""

    payout: Payout
    reference: str
    at: datetime

    @property
    def is_slip(self) -> bool:
        return self.payout.rail == Rail.PAYROLL_FILE


def of_payee(session: Session, payee_id: int, *, limit: int = 100) -> list[Listed]:
    """Documents of a payee, newest first; one statement."""
    rows = session.execute(
        select(Payout, BatchItem.reference, Batch.at)
        .join(BatchItem, BatchItem.payout_id == Payout.id)
        .join(Batch, Batch.id == BatchItem.batch_id)
        .where(
            Payout.payee_key == keys.payee(payee_id),
            Batch.rail.in_(RAILS),
            Payout.status.in_((PayoutStatus.SENDING, PayoutStatus.SENT, PayoutStatus.SETTLED)),
        )
        .order_by(Batch.id.desc())
        .limit(limit)
    )
    newest: dict[int, Listed] = {}
    for payout, reference, at in rows:
        newest.setdefault(payout.id, Listed(payout, reference, at))
    return list(newest.values())


def document(payout_id: int) -> bytes:
    """The document as PDF, byte for byte as it was made first.

    Raises Conflict for a payout that is on no such list.
    """
    tag = locale()
    with db.reading() as session:
        kept = session.get(PayoutPaper, (payout_id, tag))
        if kept is not None:
            return _opened(kept)
        content = _draw(session, session.get_one(Payout, payout_id))
    with db.unit_of_work() as session:
        session.execute(
            db.insert_new(session, PayoutPaper).values(
                payout_id=payout_id,
                locale=tag,
                sealed=signing.seal(base64.b64encode(content).decode()),
                sha256=hashlib.sha256(content).hexdigest(),
                at=clock.now(),
            )
        )
        return _opened(session.get_one(PayoutPaper, (payout_id, tag)))


def _opened(kept: PayoutPaper) -> bytes:
    return base64.b64decode(signing.unseal(kept.sealed))


def _draw(session: Session, payout: Payout) -> bytes:
    item = session.execute(
        select(BatchItem.reference, Batch.at)
        .join(Batch, Batch.id == BatchItem.batch_id)
        .where(BatchItem.payout_id == payout.id, Batch.rail.in_(RAILS))
        .order_by(Batch.id.desc())
        .limit(1)
    ).one_or_none()
    if item is None:
        raise Conflict(_l("It has a document once it stands in a list for the books."))
    brand, payee_id = brands.current(session), keys.number(payout.payee_key)
    tax = taxes.as_of(session, payee_id, item.at)
    paper = Paper(item.reference, item.at)

    def money(amount: int) -> str:
        return format_money(amount, payout.currency)

    paper.line_of(text_of(brand.legal_name) or text_of(brand.name), 10, SOFT)
    is_slip = payout.rail == Rail.PAYROLL_FILE
    if is_slip:
        title = _("Payroll slip %(number)s", number=item.reference)
    else:
        title = _("Credit note %(number)s", number=item.reference)
    paper.line_of(title, 20, height=10)
    paper.line_of(format_day(item.at, brand.zone), 10, SOFT)
    paper.ln(4)
    name = tax.legal_name if tax else names_of(session, [payee_id]).get(payee_id, "?")
    paper.line_of(name, 12, height=6.5)
    if tax is not None and tax.address:
        paper.line_of(tax.address, 9, SOFT)
    if tax is not None and tax.tax_id_sealed:
        paper.line_of(_("Tax number %(number)s", number=taxes.tax_id(tax)), 9, SOFT)
    known = destinations.unsealed(payout.destination_sealed)
    if is_slip:
        number = _("Personnel number %(number)s", number=known.get("personnel_number", ""))
    else:
        number = _("Customer number %(number)s", number=known.get("customer_number", ""))
    paper.line_of(number, 9, SOFT)
    paper.ln(4)
    paper.rule()
    paper.pair(_("Commission"), money(payout.amount))
    if tax is not None and tax.vat_bps:
        vat = half_up(payout.amount * tax.vat_bps, FULL_BPS + tax.vat_bps)
        treatment = say(taxes.VAT_CODES.get(tax.vat_code, tax.vat_code))
        paper.pair(f"{treatment} {tax.vat_bps / 100:g} %", money(vat))
    if payout.fee_amount:
        paper.pair(_("Fee"), money(-payout.fee_amount))
    if payout.withheld_amount:
        paper.pair(_("Tax kept"), money(-payout.withheld_amount))
    paper.rule()
    total = _("Paid with the salary") if is_slip else _("Credited")
    paper.pair(total, money(payout.net_amount), strong=True)
    return bytes(paper.output())
