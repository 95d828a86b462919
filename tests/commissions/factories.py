"""Sales, facts and plans that are valid by default."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import plans
from commissions.cases import Correction, correct
from commissions.crediting import credit_sale
from commissions.facts import (
    Delivered,
    Disputed,
    DisputePhase,
    Fulfilled,
    Party,
    Refunded,
    RefundedLine,
    Sale,
    SaleLine,
)
from commissions.intake import record_sale
from commissions.law import LegalProfile
from commissions.life import record_facts
from commissions.models import Payout, Plan, Reason
from commissions.payouts.approving import approve, queue
from commissions.payouts.method import Destination
from commissions.payouts.preparing import Policy, prepare_run
from commissions.plan_checks import Market
from commissions.terms import Period, Rate, Role, Rule, Terms, Tier
from tests.commissions.conftest import Ids

START = datetime(2026, 1, 1, tzinfo=UTC)
BY = "user:1"


def moment(days: float = 0) -> datetime:
    return START + timedelta(days=days)


def party(key: str = "ann", **fields: Any) -> Party:
    return Party(**{"point_key": key, "payee_key": key, **fields})


def line(key: str = "1", base: int = 4000, **fields: Any) -> SaleLine:
    defaults = {
        "key": key,
        "quantity": 1,
        "list_amount": base,
        "base_amount": base,
        "seller": party(),
        "source": "storefront",
    }
    return SaleLine(**{**defaults, **fields})


def sale(*lines: SaleLine, key: str = "s1", **fields: Any) -> Sale:
    defaults = {"currency": "CNY", "placed_at": moment(), "paid_at": moment()}
    return Sale(**{**defaults, **fields, "key": key, "lines": lines or (line(),)})


def percent(bps: int, role: Role = Role.SELLER, position: int = 1, **fields: Any) -> Rule:
    defaults = {"name": f"{role} {position}", "rate": Rate.PERCENT, "service": "hand-over"}
    return Rule(**{**defaults, **fields, "bps": bps, "role": role, "position": position})


def fixed(amounts: dict[str, int], position: int = 1, **fields: Any) -> Rule:
    defaults = {"name": f"fixed {position}", "rate": Rate.FIXED, "role": Role.SELLER}
    return Rule(**{**defaults, **fields, "fixed": amounts, "position": position})


def tiered(*bands: tuple[int, int], **fields: Any) -> Rule:
    """A seller's rule with bands: (where it begins, basis points), the first from zero."""
    (_, bps), *rest = bands
    tiers = tuple(Tier(from_amount={"CNY": low}, bps=rate) for low, rate in rest)
    return percent(bps, **{"period": Period.MONTH, "tiers": tiers, **fields})


def bonus(target: int, position: int = 1, **fields: Any) -> Rule:
    """A bonus of the month on own delivered sales; an amount unless a percentage is given."""
    defaults: dict[str, Any] = {"rate": Rate.FIXED, "fixed": {"CNY": 1000}}
    if "bps" in fields:
        defaults = {"rate": Rate.PERCENT}
    defaults |= {"name": f"bonus {position}", "service": "own sales", "period": Period.MONTH}
    return Rule(
        **{**defaults, **fields}, role=Role.BONUS, position=position, target={"CNY": target}
    )


def terms(*rules: Rule, **fields: Any) -> Terms:
    return Terms(rules=rules or (percent(1200), percent(400, Role.FULFILLER)), **fields)


def market(*currencies: str, **profile: Any) -> Market:
    """A generous law that asks for nothing; what it asks for is tested where it is stated."""
    defaults = {
        "key": "test",
        "name": "Test",
        "ceiling_bps": 10_000,
        "upline_allowed": True,
        "upline_reason": "contract",
        "upline_service": "training",
        "requires": (),
    }
    return Market(
        currencies=currencies or ("CNY",), profile=LegalProfile(**{**defaults, **profile})
    )


def published(
    session: Session,
    ids: Ids,
    the_terms: Terms | None = None,
    *,
    at: datetime = START,
    on: Market | None = None,
) -> int:
    """A published version in force from `at`; its id."""
    the_terms = the_terms or terms()
    if session.scalar(select(Plan.id).where(Plan.key == "default")) is None:
        plans.create_plan(session, "default", name="Default", by="maker", at=at, ids=ids)
    draft = plans.start_draft(session, "default", the_terms, by="maker", at=at, ids=ids)
    plans.submit_draft(session, draft.id, by="maker", at=at, ids=ids)
    version = plans.publish_draft(
        session,
        draft.id,
        effective_from=at,
        expected_hash=the_terms.content_hash,
        market=on or market(),
        by="checker",
        at=at,
        ids=ids,
    )
    return version.id


def credited(session: Session, ids: Ids, the_sale: Sale | None = None) -> Sale:
    """A sale that is recorded and credited."""
    the_sale = the_sale or sale()
    recorded = record_sale(session, the_sale, by=BY, at=the_sale.paid_at, ids=ids)
    credit_sale(session, recorded, by=BY, at=the_sale.paid_at, ids=ids)
    return the_sale


def fulfilled(
    key: str = "h1", line_key: str = "1", units: int = 1, days: float = 1, **fields: Any
) -> Fulfilled:
    defaults = {"sale_key": "s1", "by_point": party("store"), "at": moment(days)}
    return Fulfilled(**{**defaults, **fields, "key": key, "line_key": line_key, "units": units})


def delivered(*keys: str, days: float = 2, **fields: Any) -> Delivered:
    defaults = {"key": f"d-{'-'.join(keys)}", "sale_key": "s1", "at": moment(days)}
    return Delivered(**{**defaults, **fields, "fulfilled_keys": keys or ("h1",)})


def refunded(
    amount: int,
    key: str = "r1",
    line_key: str = "1",
    units: int | None = None,
    days: float = 3,
    **fields: Any,
) -> Refunded:
    lines = (RefundedLine(line_key=line_key, amount=amount, units=units),)
    return Refunded(**{"sale_key": "s1", "at": moment(days), "lines": lines, **fields, "key": key})


def disputed(
    phase: str, dispute: str = "dp", days: float = 5, amount: int | None = None, **fields: Any
) -> Disputed:
    defaults = {"key": f"{dispute}-{phase}", "sale_key": "s1", "at": moment(days)}
    return Disputed(
        **{**defaults, **fields},
        dispute_key=dispute,
        phase=DisputePhase(phase),
        amount=amount,
    )


def lines_of(bases: Iterable[int], **fields: Any) -> tuple[SaleLine, ...]:
    return tuple(line(str(i), base, **fields) for i, base in enumerate(bases, start=1))


def corrected(session: Session, ids: Ids, amount: int = 500, **fields: Any) -> int:
    """Something that two people put right; the case."""
    defaults: dict[str, Any] = {
        "key": "c1",
        "point_key": "ann",
        "payee_key": "ann",
        "currency": "CNY",
        "reason": Reason.TRACKING_ERROR,
        "note": "The link was printed wrong.",
    }
    at = fields.pop("at", START)
    wanted = Correction(**{**defaults, **fields, "amount": amount})
    return correct(session, wanted, by="finance:1", second="finance:2", at=at, ids=ids)


def arrived(session: Session, ids: Ids, the_sale: Sale | None = None, days: float = 2) -> Sale:
    """A credited sale whose lines the brand itself shipped and which all arrived."""
    the_sale = credited(session, ids, the_sale)
    hand_overs = [
        fulfilled(f"h{n}", sold.key, sold.quantity, days, sale_key=the_sale.key, by_point=None)
        for n, sold in enumerate(the_sale.lines)
    ]
    keys = [hand_over.key for hand_over in hand_overs]
    arrival = delivered(*keys, days=days, key="d", sale_key=the_sale.key)
    record_facts(session, [*hand_overs, arrival], by=BY, ids=ids)
    return the_sale


def destination(payee_key: str = "ann", rail: str = "net", **fields: Any) -> Destination:
    defaults = {
        "rail": rail,
        "label": f"{payee_key} ••42",
        "hash": f"hash-{payee_key}",
        "sealed": payee_key,
        "ready_at": START,
    }
    return Destination(**{**defaults, **fields})


def policy(rail: str = "net", **fields: Any) -> Policy:
    def destination_of(payee_key: str, _currency: str) -> Destination:
        return destination(payee_key, rail)

    return Policy(**{"destination_of": destination_of, **fields})


def prepared(session: Session, ids: Ids, rail: str = "net", days: float = 30) -> list[Payout]:
    """Payouts of everybody with money, by the maker."""
    run = prepare_run(session, policy(rail), by="maker", at=moment(days), ids=ids)
    return list(session.scalars(select(Payout).where(Payout.run_id == run.id)))


def approved(session: Session, ids: Ids, payout: Payout, days: float = 30) -> None:
    """Agreed to by the checker."""
    approve(
        session,
        payout.id,
        expected_hash=payout.terms_hash,
        by="checker",
        at=moment(days),
        ids=ids,
    )


def queued(session: Session, ids: Ids, rail: str = "net") -> Payout:
    """One payout of 480 to ann, approved and queued."""
    published(session, ids)
    arrived(session, ids)
    payout = prepared(session, ids, rail)[0]
    approved(session, ids, payout)
    queue(session, payout.id, by="checker", at=moment(30), ids=ids)
    return payout
