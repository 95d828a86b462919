"""Random sales, plans and facts for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from commissions.facts import (
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
from commissions.terms import Role, Rule, SamePoint, Terms
from tests.commissions.factories import fixed, line, moment, party, percent, sale

POINTS = ("ann", "bob", "store", "depot")
amounts = st.one_of(st.integers(0, 50), st.integers(0, 100_000), st.just(0))
parties = st.sampled_from(
    [party(key) for key in POINTS] + [party("cat", refusal="point_suspended")]
)


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
        upline=draw(st.one_of(st.none(), parties)),
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
        for role in Role
        for position in range(1, 1 + draw(st.integers(0, 2)))
    ]
    return Terms(
        rules=tuple(found) or (percent(1000),),
        ceiling_bps=draw(st.sampled_from([0, 500, 1750, 3000, 10_000])),
        same_point=draw(st.sampled_from(SamePoint)),
    )


@st.composite
def facts_of(draw: st.DrawFn, the_sale: Sale) -> list[Fact]:
    """Hand-overs within what was sold, deliveries, refunds and disputes at random times."""
    days = st.integers(0, 20).map(moment)
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
