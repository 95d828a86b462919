"""“Why not me?”, one objection, and an answer that must come.

Guards and who misses them: `_concerns` (`test_what_is_not_yours…`), the unique key
(`test_it_is_raised_once`), the condition on `open` (`test_of_two_answers…`), `not_the_same`
(`test_nobody_answers_themselves`).
"""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from shop.kernel import clock, db
from shop.kernel.errors import Conflict, Forbidden
from shop.orders.models import OrderLine
from shop.rewards import earnings, objections
from shop.rewards.objections import Objection, Subject
from tests.conftest import Clock
from tests.races import won
from tests.shop.notifications.mailbox import messages_to
from tests.web.store.people import link_of
from tests.world import World


@pytest.fixture
def line(world: World) -> int:
    """Bo sent the buyer, who bought in Anna's shop: the shop comes first."""
    guest = world.browser()
    guest.get(link_of(world, "bo"))
    world.add(guest, "honey", slug="anna-shop")
    assert world.check_out(guest).status_code == 303
    world.pay()
    world.installation.settle()
    with db.reading() as session:
        return session.scalars(select(OrderLine.id)).one()


def bo(world: World) -> FlaskClient:
    return world.signed_in("bo")


def words(client: FlaskClient, path: str) -> str:
    answer = client.get(f"/en{path}")
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def said(world: World, line: int) -> int:
    with db.unit_of_work() as session:
        return objections.raise_objection(
            session, world.points["bo"], Subject.LINE, line, text="I sent her", by="account:1",
            at=clock.now(),
        )  # fmt: skip


class TestWhyNotMe:
    def test_who_lost_a_sale_sees_it_with_the_reason(self, world: World, line: int) -> None:
        assert "another way of bringing the sale comes first" in words(bo(world), "/desk/lost")

        page = words(bo(world), f"/desk/lines/{line}")

        assert "Another candidate lost because another way" in page
        assert world.order().number not in page
        assert "Anna" not in page

    def test_who_brought_an_order_sees_what_became_of_each_line(
        self, world: World, line: int
    ) -> None:
        anna = world.signed_in("anna")
        order = world.order()

        assert f"/desk/orders/{order.id}" in words(anna, "/desk/orders")
        page = words(anna, f"/desk/orders/{order.id}")
        assert "Honey" in page
        assert "/desk/earnings/" in page
        assert "The sale is credited because" in words(anna, f"/desk/lines/{line}")

    def test_what_is_not_yours_is_not_there(self, world: World, line: int) -> None:
        keeper = world.signed_in("keeper")

        for path in (f"/desk/lines/{line}", f"/desk/orders/{world.order().id}"):
            assert keeper.get(path).status_code == 404
        answer = keeper.post(f"/desk/lines/{line}/objection", data={"text": "Mine!"})
        assert answer.status_code == 404


class TestObjecting:
    def test_the_brand_answers_and_the_point_reads_it(self, world: World, line: int) -> None:
        sent = bo(world).post(f"/desk/lines/{line}/objection", data={"text": "I sent her."})
        assert sent.status_code == 303
        assert "Waits for an answer" in words(bo(world), f"/desk/lines/{line}")

        maker = world.signed_in("maker")
        page = words(maker, "/admin/objections")
        assert "I sent her." in page
        assert "Objections to answer" in words(maker, "/admin/")
        with db.reading() as session:
            objection_id = session.scalars(select(Objection.id)).one()
        path = f"/admin/objections/{objection_id}"
        data = {"text": "The shop comes first, that is rule one.", "answer": "decline"}
        assert maker.post(path, data=data).status_code == 303
        world.installation.settle()

        page = words(bo(world), f"/desk/lines/{line}")
        assert "The brand does not agree" in page
        assert "rule one" in page
        (mail,) = messages_to("bo@world.example")
        assert "has answered your objection" in mail.subject
        assert f"/desk/lines/{line}" in mail.body

    def test_an_amount_is_objected_to_on_its_own_page(self, world: World, line: int) -> None:
        anna, at = world.signed_in("anna"), clock.now()
        with db.reading() as session:
            (row,) = earnings.of_point(session, world.points["anna"], at=at)
        path = f"/desk/earnings/{row.earning.id}"

        empty = anna.post(f"/en{path}/objection", data={"text": "  "})
        assert empty.status_code == 422
        assert "Please say what is wrong." in empty.get_data(as_text=True)
        assert anna.post(f"{path}/objection", data={"text": "Too little"}).status_code == 303

        assert "Too little" in words(anna, path)
        assert bo(world).post(f"{path}/objection", data={"text": "x"}).status_code == 404
        assert "Too little" in words(world.signed_in("checker"), "/admin/objections")

    def test_it_is_raised_once(self, world: World, line: int) -> None:
        path = f"/desk/lines/{line}/objection"
        answers = [bo(world).post(path, data={"text": word}) for word in ("one", "two")]

        assert [answer.status_code for answer in answers] == [303, 409]

    def test_a_late_answer_is_shown_as_overdue(
        self, world: World, line: int, business_clock: Clock
    ) -> None:
        said(world, line)
        business_clock.forward(days=15)

        assert "Overdue" in words(world.signed_in("maker"), "/admin/objections")

    def test_of_two_answers_at_once_one_stands(self, world: World, line: int) -> None:
        objection_id = said(world, line)

        def answer(by: str, *, upheld: bool) -> None:
            with db.unit_of_work() as session:
                objections.answer(
                    session, objection_id, upheld=upheld, text=by, by=by, at=clock.now()
                )

        outcomes = won(
            [lambda: answer("account:2", upheld=True), lambda: answer("account:3", upheld=False)],
            refusal=Conflict,
        )

        assert sorted(outcomes) == [False, True]

    def test_nobody_answers_themselves(self, world: World, line: int) -> None:
        objection_id = said(world, line)

        with pytest.raises(Forbidden), db.unit_of_work() as session:
            objections.answer(
                session, objection_id, upheld=True, text="Yes", by="account:1",
                at=clock.now() + timedelta(days=1),
            )  # fmt: skip
