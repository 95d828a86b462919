"""Random sales, plans and facts for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from commissions.facts import (
    CalledOff,
    Delivered,
    Disputed,
    DisputePhase,
    Fact,
    Fulfilled,
    Goodwill,
    Refunded,
    RefundedLine,
    RefundFailed,
    Sale,
    SaleLine,
)
from commissions.terms import Basis, Period, Role, Rule, SamePoint, Terms, TierMode
from tests.commissions.factories import (
    bonus,
    fixed,
    line,
    moment,
    party,
    percent,
    sale,
    tiered,
)

POINTS = ("ann", "bob", "store", "depot")
amounts = st.one_of(st.integers(0, 50), st.integers(0, 100_000), st.just(0))
parties = st.sampled_from(
    [party(key) for key in POINTS] + [party("cat", refusal="point_suspended")]
)
uplines = st.sampled_from([party(key, contract="c1") for key in POINTS] + [party("dog")])


@st.composite
def sale_lines(draw: st.DrawFn, number: int) -> SaleLine:
    base = draw(amounts)
    return line(
        str(number),
        base,
        quantity=draw(st.integers(1, 5)),
        list_amount=base + draw(st.integers(0, 100)),
        cost_amount=draw(st.one_of(st.none(), st.integers(0, base))),
        product_key=draw(st.sampled_from(["tea", "rice"])),
        commissionable=draw(st.sampled_from([True, True, True, False])),
        seller=draw(st.one_of(st.none(), parties, parties)),
        upline=draw(st.one_of(st.none(), uplines)),
    )


@st.composite
def sales(draw: st.DrawFn) -> Sale:
    count = draw(st.integers(1, 4))
    return sale(*(draw(sale_lines(number)) for number in range(1, count + 1)))


@st.composite
def rules(draw: st.DrawFn, role: Role, position: int) -> Rule:
    if draw(st.booleans()):
        rule = percent(draw(st.integers(0, 3000)), role, position)
    else:
        rule = fixed({"CNY": draw(st.integers(0, 5000))}, position, role=role, service="x")
    return rule


@st.composite
def plans(draw: st.DrawFn) -> Terms:
    found = [
        draw(rules(role, position))
        for role in (Role.SELLER, Role.FULFILLER, Role.UPLINE)
        for position in range(1, 1 + draw(st.integers(0, 2)))
    ]
    return Terms(
        rules=tuple(found) or (percent(1000),),
        ceiling_bps=draw(st.sampled_from([0, 500, 1750, 3000, 10_000])),
        same_point=draw(st.sampled_from(SamePoint)),
    )


@st.composite
def counting_plans(draw: st.DrawFn) -> Terms:
    """Plans that look at whole periods: bands, caps per order and period, bonus."""
    starts = draw(st.lists(st.integers(1, 50_000), max_size=2, unique=True).map(sorted))
    rates = [draw(st.integers(0, 2000)) for _ in range(len(starts) + 1)]
    caps: st.SearchStrategy[dict[str, int]] = st.one_of(
        st.just({}), st.integers(0, 3000).map(lambda cap: {"CNY": cap})
    )
    sellers = tiered(
        *zip([0, *starts], sorted(rates), strict=True),
        period=draw(st.sampled_from([Period.MONTH, Period.QUARTER])),
        tier_mode=draw(st.sampled_from(TierMode)),
        period_cap=draw(caps),
    )
    found: list[Rule] = [sellers]
    if draw(st.booleans()):
        cap = draw(caps)
        period: dict[str, Any] = {"period": Period.MONTH, "period_cap": cap} if cap else {}
        if draw(st.booleans()):
            one = fixed({"CNY": 70}, role=Role.FULFILLER, service="x", **period)
        else:
            rate = draw(st.integers(0, 1500))
            one = percent(rate, Role.FULFILLER, order_cap=draw(caps), **period)
        found.append(one)
    if draw(st.booleans()):
        basis = draw(st.sampled_from([Basis.PAID, Basis.SELLER]))
        found.append(percent(draw(st.integers(0, 900)), Role.UPLINE, basis=basis))
    if draw(st.booleans()):
        target = draw(st.integers(1, 60_000))
        extra: dict[str, Any] = {"bps": 300} if draw(st.booleans()) else {"fixed": {"CNY": 900}}
        found.append(bonus(target, **extra))
    return Terms(
        rules=tuple(found),
        ceiling_bps=draw(st.sampled_from([500, 1750, 3000, 10_000])),
        zone=draw(st.sampled_from(["UTC", "Asia/Shanghai"])),
    )


@st.composite
def facts_of(draw: st.DrawFn, the_sale: Sale, last: int = 20) -> list[Fact]:
    """Hand-overs within what was sold, deliveries, refunds and disputes on days up to the last."""
    days = st.integers(0, last).map(moment)
    found: list[Fact] = []
    for sold in the_sale.lines:
        left = sold.quantity
        while left and draw(st.booleans()):
            units = draw(st.integers(1, left))
            left -= units
            key = f"h{sold.key}-{left}"
            by_point = draw(st.one_of(st.none(), parties))
            found.append(
                Fulfilled(
                    key=key,
                    sale_key=the_sale.key,
                    at=draw(days),
                    line_key=sold.key,
                    units=units,
                    by_point=by_point,
                )
            )
            if draw(st.booleans()):
                found.append(
                    Delivered(
                        key=f"d{key}",
                        sale_key=the_sale.key,
                        at=draw(days),
                        fulfilled_keys=(key,),
                    )
                )
    for n in range(draw(st.integers(0, 3))):
        found += draw(refunds(the_sale, n))
    for n in range(draw(st.integers(0, 2))):
        found += draw(disputes(the_sale, n))
    if draw(st.integers(0, 7)) == 0:
        found.append(CalledOff(key="x", sale_key=the_sale.key, at=draw(days)))
    return found


@st.composite
def refunds(draw: st.DrawFn, the_sale: Sale, number: int) -> list[Fact]:
    days = st.integers(0, 20).map(moment)
    key = f"r{number}"
    lines = tuple(
        RefundedLine(
            line_key=sold.key,
            amount=draw(st.one_of(st.just(sold.base_amount), st.integers(0, sold.base_amount))),
            units=draw(st.one_of(st.none(), st.integers(0, sold.quantity))),
        )
        for sold in the_sale.lines
        if draw(st.booleans())
    )
    refund = Refunded(
        key=key,
        sale_key=the_sale.key,
        at=draw(days),
        lines=lines,
        goodwill_amount=draw(st.integers(0, 300)),
        goodwill=draw(st.sampled_from(Goodwill)),
    )
    failed = RefundFailed(key=f"f{key}", sale_key=the_sale.key, at=draw(days), refund_key=key)
    return [refund, failed] if draw(st.integers(0, 3)) == 0 else [refund]


@st.composite
def disputes(draw: st.DrawFn, the_sale: Sale, number: int) -> list[Fact]:
    days = st.integers(0, 20).map(moment)
    phases = draw(st.sampled_from([("opened",), ("opened", "won"), ("opened", "lost"), ("lost",)]))
    amount = draw(st.one_of(st.none(), st.integers(0, 5000)))
    return [
        Disputed(
            key=f"dp{number}-{phase}",
            sale_key=the_sale.key,
            at=draw(days),
            dispute_key=f"dp{number}",
            phase=DisputePhase(phase),
            amount=amount,
        )
        for phase in phases
    ]


def the_rest_of(the_sale: Sale, facts: list[Fact], day: int) -> list[Fact]:
    """Facts by which everything that was sold has left and arrived."""
    handed = [fact for fact in facts if isinstance(fact, Fulfilled)]
    rest: list[Fact] = []
    for sold in the_sale.lines:
        left = sold.quantity - sum(f.units for f in handed if f.line_key == sold.key)
        if left:
            key = f"rest-{sold.key}"
            last = Fulfilled(
                key=key, sale_key=the_sale.key, at=moment(day), line_key=sold.key, units=left
            )
            handed.append(last)
            rest.append(last)
    keys = tuple(fact.key for fact in handed)
    arrival = Delivered(key="rest", sale_key=the_sale.key, at=moment(day), fulfilled_keys=keys)
    return [*rest, arrival]
