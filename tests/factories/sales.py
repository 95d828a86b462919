"""Orders made the way buyers make them: cart, PREPARE, the sandbox's payment page, FINALISE."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from shop.checkout import cart as carts
from shop.checkout import prepare
from shop.fulfillment.models import ShippingRate
from shop.kernel import brand as brands
from shop.kernel import clock, ids
from shop.kernel.db import reading, unit_of_work
from shop.orders import end as ending
from shop.orders.models import Order, OrderLine, OrderStatus
from shop.payments import finalise, sessions
from shop.payments.models import Payment
from tests.factories import catalog
from tests.installation import Installation

CONTACT = {
    "name": "李明",
    "phone": "13800138000",
    "email": "",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "division_code": "330106",
    "address": "文三路100号",
    "consent": "yes",
}


def stocked(units: int = 10, *, amount: int = 1000, rate_bps: int = 900) -> int:
    """A variant that stands on the brand's shelf; the warehouse and its tax are made once."""
    with unit_of_work() as session:
        known = session.scalar(select(catalog.Location.id).where(catalog.Location.code == "main"))
        if known is None:
            catalog.make_tax(session, {"": rate_bps})
            known = catalog.make_location(session)
        return catalog.make_variant(session, amount=amount, stock_at={known: units})


def counter(point_id: int | None = None, code: str = "counter") -> int:
    """A place where buyers collect."""
    with unit_of_work() as session:
        return catalog.make_location(
            session,
            code,
            point_id=point_id,
            ships=False,
            pickup_enabled=True,
            name={"zh": "门店", "en": "Counter"},
        )


def shipping_costs(amount: int) -> None:
    """One flat rate for everywhere."""
    with unit_of_work() as session:
        session.execute(
            insert(ShippingRate).values(
                id=ids.new(),
                region="",
                name={"zh": "快递", "en": "Parcel"},
                amount=amount,
                active=True,
            )
        )


def prepared(
    wants: Mapping[int, int] | Sequence[tuple[int, int, int | None]],
    *,
    collect_at: int | None = None,
    contact: Mapping[str, str] | None = None,
) -> int:
    """A pending order of (variant, units, point) lines."""
    at = clock.now()
    rows = [(v, q, None) for v, q in wants.items()] if isinstance(wants, Mapping) else wants
    with unit_of_work() as session:
        cart_id, token = carts.open_cart(session, visitor="", account_id=None, at=at)
        for variant_id, units, point_id in rows:
            line_id = carts.add(
                session,
                cart_id,
                variant_id,
                quantity=units,
                point_id=point_id,
                currency="CNY",
                at=at,
            )
            if collect_at is not None:
                carts.choose_pickup(session, cart_id, line_id, location_id=collect_at, at=at)
    with unit_of_work() as session:
        made = prepare.prepare(
            session,
            token,
            {**CONTACT, **(contact or {})},
            expected_total=10**12,
            brand=brands.current(session),
            account_id=None,
            locale="zh",
            at=at,
        )
    return made.order_id


def pay(installation: Installation, order_id: int, **choice: object) -> None:
    """Pay on the hosted page and come back."""
    with reading() as session:
        free = (
            session.execute(select(Order.total_amount).where(Order.id == order_id)).scalar_one()
            == 0
        )
    if free:
        finalise.without_payment(order_id)
        return
    sessions.open_session(
        order_id, success_url="http://shop.test/r", cancel_url="http://shop.test/"
    )
    session_id = sessions.session_ids(order_id)[-1]
    installation.pay(session_id, **choice)
    finalise.by_session(session_id)


def placed(
    installation: Installation,
    wants: Mapping[int, int] | Sequence[tuple[int, int, int | None]],
    *,
    collect_at: int | None = None,
    contact: Mapping[str, str] | None = None,
) -> int:
    """A paid order."""
    order_id = prepared(wants, collect_at=collect_at, contact=contact)
    pay(installation, order_id)
    return order_id


def pay_twice(installation: Installation, order_id: int) -> None:
    """The order was paid a second time in another tab; both captures stand."""
    at = clock.now()
    with unit_of_work() as session:
        first = session.scalars(select(Payment).where(Payment.order_id == order_id)).one()
        # The second tab opened its attempt while the order still waited.
        session.execute(
            insert(Payment).values(
                id=ids.new(),
                order_id=order_id,
                attempt=first.attempt + 1,
                method="stripe",
                status="pending",
                currency=first.currency,
                amount=first.amount,
                captured_amount=0,
                refunded_amount=0,
                url="",
                method_type="",
                expires_at=at,
                created_at=at,
            )
        )
        session.execute(update(Order).where(Order.id == order_id).values(status="pending"))
    sessions.open_session(
        order_id, success_url="http://shop.test/r", cancel_url="http://shop.test/"
    )
    with unit_of_work() as session:
        session.execute(update(Order).where(Order.id == order_id).values(status="placed"))
    session_id = sessions.session_ids(order_id)[-1]
    installation.pay(session_id)
    finalise.by_session(session_id)


def order(order_id: int) -> Order:
    """The order as it stands."""
    with reading() as session:
        return session.execute(select(Order).where(Order.id == order_id)).scalar_one()


def lines(order_id: int) -> list[OrderLine]:
    """Its lines."""
    with reading() as session:
        return list(
            session.scalars(
                select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
            )
        )


def now() -> datetime:
    """Business time."""
    return clock.now()


def expire(order_id: int) -> None:
    """The hold of a pending order is over and its goods are given back, as the sweeper does it."""
    with unit_of_work() as session:
        ending.end(
            session,
            order_id,
            to=OrderStatus.EXPIRED,
            reason="not_paid_in_time",
            by="sweeper",
            at=clock.now(),
        )
