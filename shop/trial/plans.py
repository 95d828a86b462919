"""The first plan of a trial or demo: what most brands begin with, published by two people."""

from datetime import datetime

from commissions import plans
from commissions.plan_checks import Market
from commissions.terms import Promises, Rate, Role, Rule, Terms, When
from shop.accounts import queries as people
from shop.kernel import db, ids

PROMISES = Promises(
    complaints="网络部 400-820-6060，三日内答复 / Network office, answered within three days",
    refunds="退款部分的收益随之扣回，已打款的从以后的收益中扣 / The refunded part is taken back, from "
    "later earnings if it was paid out",
    cooling_off="新网点 14 天内可书面退出 / A new point may step back in writing within 14 days",
)
"""In both languages, as a brand with points of both would write them; so are names and services."""
MAKER, CHECKER = "trial:maker", "trial:checker"
PLAN = "default"


def first_terms(hold_days: int = 7) -> Terms:
    """Dealers and partners 12 %, everybody else 10 % to the seller; 3 % for handing goods over."""
    return Terms(
        rules=(
            Rule(
                position=1,
                role=Role.SELLER,
                name="经销商和合伙人 / Dealers and partners",
                rate=Rate.PERCENT,
                bps=1200,
                hold_days=hold_days,
                when=When(point_kinds=("dealer", "partner")),
            ),
            Rule(
                position=2,
                role=Role.SELLER,
                name="所有网点 / Everybody",
                rate=Rate.PERCENT,
                bps=1000,
                hold_days=hold_days,
            ),
            Rule(
                position=1,
                role=Role.FULFILLER,
                name="交付商品 / Handing over",
                rate=Rate.PERCENT,
                bps=300,
                hold_days=hold_days,
                service="备货并在柜台交付 / Keeps the goods and hands them over at the counter",
                contract="门店协议第 2 项服务 / Store agreement, service 2",
            ),
        ),
        promises=PROMISES,
    )


def publish_first(
    *,
    currency: str,
    at: datetime,
    maker: str = MAKER,
    checker: str = CHECKER,
    terms: Terms | None = None,
) -> None:
    """Draft, submit, publish; in force from `at` on."""
    chosen = terms or first_terms()
    with db.unit_of_work() as session:
        plans.create_plan(session, PLAN, name="Commission plan", by=maker, at=at, ids=ids.new)
        draft = plans.start_draft(session, PLAN, chosen, by=maker, at=at, ids=ids.new)
        plans.submit_draft(session, draft.id, by=maker, at=at, ids=ids.new)
        plans.publish_draft(
            session,
            draft.id,
            effective_from=at,
            expected_hash=draft.content_hash,
            market=Market(currencies=(currency,)),
            approver_name=people.names_of(session, [checker]).get(checker, checker),
            by=checker,
            at=at,
            ids=ids.new,
        )
