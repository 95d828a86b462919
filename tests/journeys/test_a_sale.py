"""The main job, over HTTP: from a point's link to a commission that is explained."""

from flask.testing import FlaskClient
from sqlalchemy import select

from commissions import audit
from shop.fulfillment import hand_over
from shop.fulfillment.models import PickupTicket
from shop.kernel import clock, db, signing
from shop.orders.models import OrderLine
from shop.rewards import earnings
from tests.conftest import Clock
from tests.world import World


class TestASaleThroughTwoShops:
    def test_one_payment_credits_both_shops_and_the_counter(
        self, world: World, business_clock: Clock
    ) -> None:
        buyer = world.browser()
        assert "Anna" in buyer.get("/en/s/anna-shop/").get_data(as_text=True)
        world.add(buyer, "honey", slug="anna-shop", quantity=2)
        world.add(buyer, "tea", slug="bo-shop")
        collect_last_line(world, buyer)

        answer = world.check_out(buyer)

        assert answer.status_code == 303
        assert answer.location.startswith("http://sandbox.test/c/pay/")
        world.pay()
        world.installation.settle()
        order = world.order()
        assert (order.status, order.payment_status) == ("placed", "paid")
        page = world.browser().get(f"/en/orders/{order.token}").get_data(as_text=True)
        assert "Thank you, it is paid" in page
        for name in ("anna", "bo"):
            assert statuses_of(world, name) == ["expected"]

        hand_over_everything(world, order.id)
        for point in ("anna", "bo", "store"):
            assert statuses_of(world, point) == ["pending"]

        business_clock.forward(days=8)
        for point in ("anna", "bo", "store"):
            assert statuses_of(world, point) == ["available"]
        with db.reading() as session:
            assert audit.prove(session).findings == []

    def test_the_owner_reads_why_it_is_this_amount(self, world: World) -> None:
        world.buy("honey", slug="anna-shop")

        desk = world.signed_in("anna")
        page = desk.get("/desk/earnings").get_data(as_text=True)
        why = desk.get("/desk/earnings/" + page.split("/desk/earnings/")[1].split('"')[0])

        words = why.get_data(as_text=True)
        assert "before tax and shipping" in words
        assert "It waits for the goods to be delivered" in words

    def test_moments_of_the_explanation_are_in_the_brands_zone(self, world: World) -> None:
        """The plan began at 04:00 UTC, which is noon in Shanghai."""
        world.buy("honey", slug="anna-shop")

        desk = world.signed_in("anna")
        page = desk.get("/desk/earnings").get_data(as_text=True)
        why = desk.get("/desk/earnings/" + page.split("/desk/earnings/")[1].split('"')[0])

        words = why.get_data(as_text=True)
        assert "in force, since Mar 2, 2026, 12:00" in words
        assert "UTC" not in words

    def test_another_owner_cannot_read_it(self, world: World) -> None:
        world.buy("honey", slug="anna-shop")

        page = world.signed_in("anna").get("/desk/earnings").get_data(as_text=True)
        entry = page.split("/desk/earnings/")[1].split('"')[0]

        assert world.signed_in("bo").get(f"/desk/earnings/{entry}").status_code == 404


def statuses_of(world: World, point: str) -> list[str]:
    with db.reading() as session:
        rows = earnings.of_point(session, world.points[point], at=clock.now())
    return [row.earning.status.value for row in rows]


def collect_last_line(world: World, buyer: FlaskClient) -> None:
    page = buyer.get("/cart").get_data(as_text=True)
    line_id = page.split("/cart/lines/")[-1].split('"')[0]
    answer = buyer.post(f"/cart/lines/{line_id}", data={"delivery": str(world.counter)})
    assert answer.status_code == 303


def hand_over_everything(world: World, order_id: int) -> None:
    """Staff ship one line, the clerk hands the other over against its code, once."""
    with db.reading() as session:
        lines = session.scalars(
            select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
        ).all()
        ticket = session.scalars(select(PickupTicket)).one()
        code = signing.unseal(ticket.code_sealed)
    shipped = next(line for line in lines if line.delivery == "shipping")
    collected = next(line for line in lines if line.delivery == "pickup")
    with db.unit_of_work() as session:
        parcel = hand_over.ship(
            session,
            order_id,
            {shipped.id: shipped.quantity},
            carrier="SF",
            tracking_number="1",
            by="staff",
            at=clock.now(),
        )
    with db.unit_of_work() as session:
        hand_over.deliver(session, parcel, by="staff", at=clock.now())
    clerk = world.signed_in("clerk")
    assert clerk.post("/desk/hand-over/find", data={"code": code}).status_code == 200
    done = clerk.post(f"/desk/hand-over/{ticket.id}", data={f"units-{collected.id}": "1"})
    assert done.status_code == 303
    assert clerk.post("/desk/hand-over/find", data={"code": code}).status_code == 409
    assert world.order().fulfillment_status == "delivered"
