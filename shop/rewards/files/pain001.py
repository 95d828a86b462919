"""ISO 20022 pain.001.001.09, the customer credit transfer that banks read all over the world.

Accounts are IBANs or the country's own numbers; banks are named by BIC or by their number in the
currency's clearing system. The message is built from generated classes of the standard.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal

from pyiso20022.pain import pain_001_001_09 as iso
from xsdata.formats.dataclass.serializers import XmlSerializer
from xsdata.models.datatype import XmlDate, XmlDateTime

from commissions.arithmetic import to_decimal_text
from commissions.payouts.files.format import Account, Head, Row
from shop.network.account_numbers import is_bic, is_iban

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
CLEARING = {
    "CNY": "CNAPS",
    "HKD": "HKNCC",
    "GBP": "GBDSC",
    "USD": "USABA",
    "AUD": "AUBSB",
    "CAD": "CACPA",
    "CHF": "CHBCC",
    "INR": "INFSC",
    "SGD": "SGIBG",
}
"""Clearing system of a currency's banks, by ISO 20022's external code list."""
_NAME = 140
_BANK_NAME = 140


@dataclass(frozen=True, slots=True)
class Pain001:
    """The format, for one debtor: the brand's own account."""

    debtor: Account
    key: str = "pain001"
    suffix: str = "xml"
    mimetype: str = "application/xml"

    def write(self, head: Head, rows: Sequence[Row]) -> bytes:
        """One payment instruction with all transfers; count and sum stand in it twice."""
        total = _decimal(sum(row.net_amount for row in rows), head.currency)
        count, moment = str(len(rows)), head.at.astimezone(UTC)
        header = iso.GroupHeader85(
            msg_id=str(head.batch_id),
            cre_dt_tm=XmlDateTime.from_datetime(moment.replace(microsecond=0)),
            nb_of_txs=count,
            ctrl_sum=total,
            initg_pty=_party(self.debtor),
        )
        instruction = iso.PaymentInstruction30(
            pmt_inf_id=str(head.batch_id),
            pmt_mtd=iso.PaymentMethod3Code.TRF,
            btch_bookg=True,
            nb_of_txs=count,
            ctrl_sum=total,
            reqd_exctn_dt=iso.DateAndDateTime2Choice(dt=XmlDate.from_date(moment.date())),
            dbtr=_party(self.debtor),
            dbtr_acct=_account(self.debtor, head.currency),
            dbtr_agt=_bank(self.debtor, head.currency),
            chrg_br=iso.ChargeBearerType1Code.SHAR,
            cdt_trf_tx_inf=[_transfer(row, head.currency) for row in rows],
        )
        message = iso.CustomerCreditTransferInitiationV09(grp_hdr=header, pmt_inf=[instruction])
        document = iso.Document(cstmr_cdt_trf_initn=message)
        return XmlSerializer().render(document, ns_map={None: NAMESPACE}).encode()


def _transfer(row: Row, currency: str) -> iso.CreditTransferTransaction34:
    amount = iso.ActiveOrHistoricCurrencyAndAmount(
        value=_decimal(row.net_amount, currency), ccy=currency
    )
    return iso.CreditTransferTransaction34(
        pmt_id=iso.PaymentIdentification6(instr_id=row.reference, end_to_end_id=row.reference),
        amt=iso.AmountType4Choice(instd_amt=amount),
        cdtr_agt=_bank(row.account, currency),
        cdtr=_party(row.account),
        cdtr_acct=_account(row.account),
        rmt_inf=iso.RemittanceInformation16(ustrd=[f"{row.purpose} {row.reference}"[:140]]),
    )


def _party(account: Account) -> iso.PartyIdentification135:
    return iso.PartyIdentification135(nm=account.holder[:_NAME])


def _account(account: Account, currency: str | None = None) -> iso.CashAccount38:
    if is_iban(account.number):
        found = iso.AccountIdentification4Choice(iban=account.number)
    else:
        other = iso.GenericAccountIdentification1(id=account.number)
        found = iso.AccountIdentification4Choice(othr=other)
    return iso.CashAccount38(id=found, ccy=currency)


def _bank(account: Account, currency: str) -> iso.BranchAndFinancialInstitutionIdentification6:
    name = account.bank[:_BANK_NAME] or None
    if is_bic(account.code):
        bank = iso.FinancialInstitutionIdentification18(bicfi=account.code, nm=name)
    elif account.code:
        system = CLEARING.get(currency)
        member = iso.ClearingSystemMemberIdentification2(
            clr_sys_id=iso.ClearingSystemIdentification2Choice(cd=system) if system else None,
            mmb_id=account.code,
        )
        bank = iso.FinancialInstitutionIdentification18(clr_sys_mmb_id=member, nm=name)
    else:
        bank = iso.FinancialInstitutionIdentification18(nm=name or "NOTPROVIDED")
    return iso.BranchAndFinancialInstitutionIdentification6(fin_instn_id=bank)


def _decimal(amount: int, currency: str) -> Decimal:
    return Decimal(to_decimal_text(amount, currency))
