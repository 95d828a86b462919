"""Four eyes on the money: prepared by one, approved by another, sent once; debt is paid off first."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from commissions import audit
from commissions.models import Attempt, Payout
from commissions.payouts import halting
from shop.fulfillment import hand_over
from shop.gateway import client
from shop.gateway.models import InboxEvent
from shop.kernel import clock, db
from shop.network import destinations
from shop.network.models import PayeeDestination, Point, Rail
from shop.notifications import ports
from shop.notifications.ports import Message
from shop.orders.models import Order, OrderLine
from shop.payments import refunds
from shop.payments.refunds import Units, Wanted
from shop.rewards import earnings, payouts
from shop.rewards.models import Consent
from shop.sandbox import control
from shop.sandbox.delivery import deliver_due
from tests.conftest import Clock
from tests.world import World

BANK = {"holder": "Anna", "account_number": "6222021203004321", "bank_name": "ICBC"}
BANK_OF_BO = {"holder": "Bo", "account_number": "6222020200112233", "bank_name": "ICBC"}


@pytest.fixture
def connected(world: World) -> World:
    """Anna is paid by Connect, Bo by bank file."""
    anna_has_an_account(world)
    set_destination(world, "bo", Rail.BANK_FILE, BANK_OF_BO)
    return world


class TestConnect:
    def test_the_maker_cannot_approve_and_the_checker_can(
        self, connected: World, business_clock: Clock
    ) -> None:
        order = delivered(connected, "honey", "anna-shop", quantity=2)
        business_clock.forward(days=8)
        maker, checker = connected.signed_in("maker"), connected.signed_in("checker")

        assert maker.post("/admin/payouts/prepare").status_code == 303
        (payout,) = all_payouts()
        form = {"payout": str(payout.id), f"hash-{payout.id}": payout.terms_hash}
        assert maker.post("/admin/payouts/approve", data=form).status_code == 403
        assert checker.post("/admin/payouts/prepare").status_code == 403
        assert checker.post("/admin/payouts/approve", data=form).status_code == 303
        connected.installation.settle()

        (paid,) = all_payouts()
        assert paid.status.value == "sent"
        assert paid.transfer_ref is not None
        page = checker.get(f"/admin/payouts/{paid.id}").get_data(as_text=True)
        assert order.number in page
        assert statuses(connected, "anna") == ["paid"]
        assert proven()

    def test_a_changed_amount_voids_what_the_checker_saw(
        self, connected: World, business_clock: Clock
    ) -> None:
        order = delivered(connected, "honey", "anna-shop", quantity=2)
        business_clock.forward(days=8)
        connected.signed_in("maker").post("/admin/payouts/prepare")
        (payout,) = all_payouts()
        refund_one(order)

        form = {"payout": str(payout.id), f"hash-{payout.id}": payout.terms_hash}
        answer = connected.signed_in("checker").post("/admin/payouts/approve", data=form)

        assert answer.status_code == 409
        assert all_payouts()[0].status.value == "draft"

    def test_a_refund_after_payment_is_paid_off_by_the_next_sale(
        self, connected: World, business_clock: Clock
    ) -> None:
        order = delivered(connected, "honey", "anna-shop", quantity=2)
        business_clock.forward(days=8)
        pay_everything(connected)
        refund_one(order)
        connected.installation.settle()
        owed = balance(connected, "anna")
        assert owed == -876

        delivered(connected, "tea", "anna-shop", quantity=2)
        business_clock.forward(days=8)

        earned = balance(connected, "anna") - owed
        pay_everything(connected)
        amounts = [payout.amount for payout in all_payouts()]
        assert amounts == [1752, earned + owed]
        assert balance(connected, "anna") == 0
        assert proven()


class TestBankFile:
    def test_the_file_is_built_once_and_holds_what_was_approved(
        self, connected: World, business_clock: Clock
    ) -> None:
        delivered(connected, "tea", "bo-shop", quantity=1)
        business_clock.forward(days=8)
        maker = connected.signed_in("maker")
        maker.post("/admin/payouts/prepare")
        (payout,) = all_payouts()
        form = {"payout": str(payout.id), f"hash-{payout.id}": payout.terms_hash}
        connected.signed_in("checker").post("/admin/payouts/approve", data=form)

        assert maker.post("/admin/payouts/file", data=form).status_code == 303
        first, second = download(maker), download(maker)

        assert first == second
        assert b"6222020200112233" in first
        amount = Decimal(payout.amount) / 100
        assert str(amount).encode() in first


class TestNewsOfTransfers:
    """Hints from Stripe: the object is fetched, and a payout goes forward, never back."""

    def paid(self, world: World, clock: Clock) -> Payout:
        delivered(world, "honey", "anna-shop", quantity=2)
        clock.forward(days=8)
        pay_everything(world)
        return all_payouts()[-1]

    def test_a_reversal_at_stripe_makes_the_entries_payable_again_once(
        self, connected: World, business_clock: Clock
    ) -> None:
        payout = self.paid(connected, business_clock)
        assert balance(connected, "anna") == 0

        control.reverse_transfer(connected.installation.sandbox, str(payout.transfer_ref))
        posts = collect(connected)
        for headers, body in (*reversed(posts), *posts):
            connected.installation.post_webhook("", headers, body)
        connected.installation.settle()

        assert all_payouts()[-1].status.value == "reversed"
        assert balance(connected, "anna") == payout.amount
        assert not halted()
        assert proven()

    def test_news_that_overtake_the_lost_answer_record_the_transfer(
        self, connected: World, business_clock: Clock
    ) -> None:
        delivered(connected, "honey", "anna-shop", quantity=2)
        business_clock.forward(days=8)
        control.inject(connected.installation.sandbox, "lost_after", path="/v1/transfers")

        pay_everything(connected)  # the worker does not come back in this minute

        (payout,) = all_payouts()
        assert payout.status.value == "sent"
        business_clock.forward(minutes=10)
        connected.installation.settle()
        assert len(client.transfers_of(payout.group_key)) == 1
        assert proven()

    def test_a_part_taken_back_is_a_matter_for_people_and_the_rest_ends_it(
        self, connected: World, business_clock: Clock
    ) -> None:
        payout = self.paid(connected, business_clock)
        sandbox, ref = connected.installation.sandbox, str(payout.transfer_ref)
        maker, checker = connected.signed_in("maker"), connected.signed_in("checker")

        for amount in (100, None):
            control.reverse_transfer(sandbox, ref, amount=amount)
            connected.installation.settle()
            with sandbox.transaction():
                sandbox.emit("transfer.updated", sandbox.need("transfer", ref))
            connected.installation.settle()
            assert not halted()
            assert all_payouts()[-1].status.value == "quarantined"
            form = {"reason": "taken back"}
            maker.post(f"/admin/payouts/{payout.id}/ask/book_part", data=form)
            with db.reading() as session:
                asked = session.scalars(select(Consent.id).order_by(Consent.id.desc())).first()
            checker.post(f"/admin/consents/{asked}", data={"answer": "agree"})
            connected.installation.settle()

        assert all_payouts()[-1].status.value == "reversed"
        assert balance(connected, "anna") == payout.amount
        assert proven()

    def test_the_payees_bank_has_it(self, connected: World, business_clock: Clock) -> None:
        payout = self.paid(connected, business_clock)
        business_clock.forward(hours=1)

        control.pay_out(connected.installation.sandbox, account_of(payout), currency="cny")
        connected.installation.settle()

        assert all_payouts()[-1].status.value == "settled"
        assert statuses(connected, "anna") == ["paid"]

    def test_what_the_bank_sends_back_lies_at_stripe_and_is_not_owed_twice(
        self, connected: World, business_clock: Clock
    ) -> None:
        payout = self.paid(connected, business_clock)
        sandbox = connected.installation.sandbox
        made = control.pay_out(sandbox, account_of(payout), currency="cny")
        control.fail_payout(sandbox, made["id"])
        connected.installation.settle()

        assert all_payouts()[-1].status.value == "sent"
        assert balance(connected, "anna") == 0
        with db.reading() as session:
            events = session.scalars(select(Attempt.event)).all()
        assert events.count("bank_refused") == 1
        assert proven()

    def test_an_account_that_can_receive_again_gets_what_was_held(
        self, connected: World, business_clock: Clock
    ) -> None:
        delivered(connected, "honey", "anna-shop", quantity=2)
        business_clock.forward(days=8)
        sandbox = connected.installation.sandbox
        account = connect_account()
        control.restrict(sandbox, account)
        pay_everything(connected)
        (payout,) = all_payouts()
        assert (payout.status.value, payout.status_reason) == ("blocked", "cannot_receive")

        control.onboard(sandbox, account)
        connected.installation.settle()
        for _pass in range(8):  # the timetable's rounds; the quiet time must pass first
            business_clock.forward(minutes=6)
            payouts.send_due({})

        assert all_payouts()[0].status.value == "sent"
        assert len(client.transfers_of(payout.group_key)) == 1
        assert proven()

    def test_foreign_transfers_are_ignored_and_unknown_ones_of_ours_are_tried_again(
        self, connected: World, business_clock: Clock
    ) -> None:
        for group, app in (("theirs", "other"), ("payout:1", "gridshop")):
            client.create_transfer(
                {
                    "amount": 100,
                    "currency": "cny",
                    "destination": connect_account(),
                    "transfer_group": group,
                    "metadata": {"app": app},
                },
                key=group,
            )
        connected.installation.settle()

        with db.reading() as session:
            found = session.scalars(
                select(InboxEvent.status)
                .where(InboxEvent.type == "transfer.created")
                .order_by(InboxEvent.id)
            ).all()
        assert found == ["ignored", "failed"]


def collect(world: World) -> list[tuple[dict[str, str], bytes]]:
    """What the sandbox would post now, kept instead of delivered."""
    posts: list[tuple[dict[str, str], bytes]] = []

    def keep(_url: str, headers: Mapping[str, str], body: bytes) -> int:
        posts.append((dict(headers), body))
        return 200

    deliver_due(world.installation.sandbox, keep, 500)
    return posts


def connect_account() -> str:
    """Anna's account at Stripe."""
    with db.reading() as session:
        sealed = session.scalars(
            select(PayeeDestination.sealed).where(PayeeDestination.rail == Rail.CONNECT)
        ).one()
    return destinations.unsealed(sealed)["account_id"]


def account_of(payout: Payout) -> str:
    return destinations.unsealed(payout.destination_sealed)["account_id"]


def halted() -> bool:
    with db.reading() as session:
        return halting.is_halted(session)


def download(maker: FlaskClient) -> bytes:
    page = maker.get("/admin/payouts").get_data(as_text=True)
    path = "/admin/payouts/files/" + page.split("/admin/payouts/files/")[1].split('"')[0]
    return maker.get(path).get_data()


def delivered(world: World, product: str, slug: str, *, quantity: int) -> Order:
    """A paid order whose goods have arrived."""
    order = world.buy(product, slug=slug, quantity=quantity)
    at = clock.now()
    with db.unit_of_work() as session:
        units = {
            line.id: line.quantity
            for line in session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))
        }
        parcel = hand_over.ship(
            session, order.id, units, carrier="SF", tracking_number="1", by="staff", at=at
        )
        hand_over.deliver(session, parcel, by="staff", at=at)
    return order


def refund_one(order: Order) -> None:
    with db.unit_of_work() as session:
        line = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
        refunds.reserve(
            session, order.id, Wanted(lines=[Units(line.id, 1)]), by="staff", at=clock.now()
        )


def pay_everything(world: World) -> None:
    known = {payout.id for payout in all_payouts()}
    world.signed_in("maker").post("/admin/payouts/prepare")
    fresh = [payout for payout in all_payouts() if payout.id not in known]
    form: dict[str, object] = {"payout": [str(payout.id) for payout in fresh]}
    form.update({f"hash-{payout.id}": payout.terms_hash for payout in fresh})
    world.signed_in("checker").post("/admin/payouts/approve", data=form)
    world.installation.settle()


def test_an_owner_hears_of_it_when_somebody_sends_their_money_elsewhere(
    world: World,
) -> None:
    """While it still rests: whoever took over the account cannot stop this letter."""
    sent: list[Message] = []
    ports.use(sent.append)
    set_destination(world, "anna", Rail.BANK_FILE, BANK)
    desk = world.signed_in("anna")

    desk.post(
        "/desk/payee", data={"rail": "bank_file", **BANK, "account_number": "6222021203009999"}
    )
    world.installation.work()

    (letter,) = [one for one in sent if one.recipient == "anna@world.example"]
    assert "another account" in letter.subject
    assert "•••• 9999" in letter.body
    assert "6222" not in letter.body


def all_payouts() -> list[Payout]:
    with db.reading() as session:
        return list(session.scalars(select(Payout).order_by(Payout.id)))


def set_destination(world: World, point: str, rail: Rail, details: dict[str, str]) -> None:
    with db.unit_of_work() as session:
        payee_id = session.execute(
            select(Point.payee_id).where(Point.id == world.points[point])
        ).scalar_one()
        assert payee_id is not None
        destinations.set_destination(
            session, payee_id, rail=rail, details=details, by="test", at=clock.now(), by_staff=True
        )


def anna_has_an_account(world: World) -> None:
    """An account at Stripe that can receive, and money of ours to send there."""
    sandbox = world.installation.sandbox
    account = client.create_account({"type": "express", "country": "HK"}, key="anna")["id"]
    control.onboard(sandbox, account)
    control.top_up(sandbox, amount=10_000_000, currency="cny")
    set_destination(world, "anna", Rail.CONNECT, {"account_id": account})


def balance(world: World, point: str) -> int:
    with db.reading() as session:
        return earnings.balance(session, world.points[point], at=clock.now()).available_amount


def statuses(world: World, point: str) -> list[str]:
    with db.reading() as session:
        rows = earnings.of_point(session, world.points[point], at=clock.now())
    return [row.earning.status.value for row in rows]


def proven() -> bool:
    """Whether the books agree with everything that was told."""
    with db.reading() as session:
        return audit.prove(session).is_clean
