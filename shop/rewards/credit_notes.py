"""Credit notes: one document for each payout that is set off against a dealer's own purchases.

Its number is the payout's reference in the list that the books post; it is made once in each language
and kept.
"""

import base64
import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.arithmetic import FULL_BPS, half_up
from commissions.models import Batch, BatchItem, Payout
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
from shop.rewards.tax_models import CreditNote


def document(payout_id: int) -> bytes:
    """The credit note as PDF, byte for byte as it was made first.

    Raises Conflict for a payout that is on no list of credit notes.
    """
    tag = locale()
    with db.reading() as session:
        kept = session.get(CreditNote, (payout_id, tag))
        if kept is not None:
            return _opened(kept)
        content = _draw(session, session.get_one(Payout, payout_id))
    with db.unit_of_work() as session:
        session.execute(
            db.insert_new(session, CreditNote).values(
                payout_id=payout_id,
                locale=tag,
                sealed=signing.seal(base64.b64encode(content).decode()),
                sha256=hashlib.sha256(content).hexdigest(),
                at=clock.now(),
            )
        )
        return _opened(session.get_one(CreditNote, (payout_id, tag)))


def _opened(kept: CreditNote) -> bytes:
    return base64.b64decode(signing.unseal(kept.sealed))


def _draw(session: Session, payout: Payout) -> bytes:
    item = session.execute(
        select(BatchItem.reference, Batch.at)
        .join(Batch, Batch.id == BatchItem.batch_id)
        .where(BatchItem.payout_id == payout.id, Batch.rail == Rail.CREDIT_NOTE)
        .order_by(Batch.id.desc())
        .limit(1)
    ).one_or_none()
    if item is None:
        raise Conflict(_l("It has a credit note once it stands in a list for the books."))
    brand, payee_id = brands.current(session), keys.number(payout.payee_key)
    tax = taxes.as_of(session, payee_id, item.at)
    paper = Paper(item.reference, item.at)

    def money(amount: int) -> str:
        return format_money(amount, payout.currency)

    paper.line_of(text_of(brand.legal_name) or text_of(brand.name), 10, SOFT)
    paper.line_of(_("Credit note %(number)s", number=item.reference), 20, height=10)
    paper.line_of(format_day(item.at, brand.zone), 10, SOFT)
    paper.ln(4)
    name = tax.legal_name if tax else names_of(session, [payee_id]).get(payee_id, "?")
    paper.line_of(name, 12, height=6.5)
    if tax is not None and tax.address:
        paper.line_of(tax.address, 9, SOFT)
    if tax is not None and tax.tax_id_sealed:
        paper.line_of(_("Tax number %(number)s", number=taxes.tax_id(tax)), 9, SOFT)
    customer = destinations.unsealed(payout.destination_sealed).get("customer_number", "")
    paper.line_of(_("Customer number %(number)s", number=customer), 9, SOFT)
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
    paper.pair(_("Credited"), money(payout.net_amount), strong=True)
    return bytes(paper.output())
