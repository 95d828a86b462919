"""Rules against abuse, from the buyer's way to the review: nothing is held for ever or in silence."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from commissions import audit
from commissions.abuse.rules import DEFAULTS, Action, Check
from commissions.models import Entry, Hold, Ruling
from shop.kernel import clock, db, ids, jobs
from shop.network.models import PayeeDestination, Point, Rail
from shop.orders.models import Order
from shop.rewards.abuse import cases, reviewing, settings
from shop.rewards.abuse.models import AbuseCase, AbuseSignal, Verdict
from shop.sharing import links
from tests.conftest import Clock, Database
from tests.installation import install
from tests.world import World, standing

ANNAS = "Anna+shop@world.example"
"""Her mailbox in other letters; her address itself is her account's, which never earns on itself."""


@pytest.fixture
def world(database: Database, business_clock: Clock, tmp_path: Path) -> World:
    return standing(install(database.urls, tmp_path), database.kind)


def look(*names: str) -> None:
    """Let the jobs look at what happened."""
    with db.unit_of_work() as session:
        for name in names or (reviewing.ORDERS, reviewing.POINTS):
            jobs.enqueue(session, name, at=clock.now())
    jobs.drain()


def found() -> Sequence[AbuseCase]:
    with db.reading() as session:
        return session.scalars(select(AbuseCase).order_by(AbuseCase.id)).all()


def open_holds() -> int:
    with db.reading() as session:
        count = select(func.count()).where(
            Hold.key.startswith("abuse:"),
            Hold.released_at.is_(None),
            Hold.expires_at > clock.now(),
        )
        return session.scalar(count) or 0


def set_rule(check: Check, action: Action, words: tuple[str, ...] = (), **numbers: int) -> None:
    with db.unit_of_work() as session:
        settings.change(
            session,
            check,
            action=action,
            numbers={**DEFAULTS[check].numbers, **numbers},
            words=words,
            by="test",
            at=clock.now(),
        )


def bought(world: World, **changes: str) -> Order:
    buyer = world.browser()
    world.add(buyer, "honey", slug="anna-shop")
    assert world.check_out(buyer, **changes).status_code == 303
    world.pay()
    world.installation.settle()
    return world.order()


def test_an_own_purchase_is_held_answered_and_let_go(world: World) -> None:
    order = bought(world, email=ANNAS)
    look()
    look()

    (case,) = found()
    assert (case.rule, case.action, case.kinds) == ("self_purchase", "hold", ["email"])
    assert open_holds() == 1

    desk = world.signed_in("anna")
    page = desk.get("/en/desk/reviews").get_data(as_text=True)
    assert "Under review until" in page
    assert "somebody who works at the point" in page
    path = f"/desk/reviews/{case.id}/answer"
    assert desk.post(path, data={"text": "It was for my mother."}).status_code == 303
    assert desk.post(path, data={"text": "Again."}).status_code == 409
    assert world.signed_in("bo").post(path, data={"text": "Me too."}).status_code == 404

    finance = world.signed_in("checker")
    assert "The point has answered" in finance.get("/admin/reviews").get_data(as_text=True)
    shown = finance.get(f"/admin/reviews/{case.id}").get_data(as_text=True)
    assert "It was for my mother." in shown
    assert "the same mail address" in shown
    assert order.number in shown
    assert "anna+shop" not in shown.lower()
    decide = f"/admin/reviews/{case.id}/release"
    assert finance.post(decide, data={"note": ""}).status_code == 422
    assert finance.post(decide, data={"note": "A gift, indeed."}).status_code == 303
    assert finance.post(decide, data={"note": "Again."}).status_code == 409

    assert open_holds() == 0
    assert "A gift, indeed." in desk.get("/en/desk/reviews").get_data(as_text=True)


def test_a_hold_ends_by_itself_and_is_extended_once(world: World, business_clock: Clock) -> None:
    bought(world, email=ANNAS)
    look()
    (case,) = found()
    extend = f"/admin/reviews/{case.id}/extend"
    finance = world.signed_in("checker")

    assert finance.post(extend, data={"note": "We ask the courier."}).status_code == 303
    assert finance.post(extend, data={"note": "And again."}).status_code == 409
    business_clock.forward(days=27)
    assert open_holds() == 1
    business_clock.forward(days=2)

    assert open_holds() == 0
    assert "Released by itself" in finance.get("/admin/reviews").get_data(as_text=True)


def test_what_a_banned_page_sends_earns_nothing_and_the_proof_agrees(world: World) -> None:
    set_rule(Check.BANNED_REFERRER, Action.REJECT, ("*.coupons.example",))
    with db.unit_of_work() as session:
        link = links.share_link(session, world.points["anna"], "/s/anna-shop/", at=clock.now())
    buyer = world.browser()
    buyer.get(f"/l/{link}?gclid=1", headers={"Referer": "https://www.coupons.example/x?user=1"})
    world.add(buyer, "honey", slug="anna-shop")
    assert world.check_out(buyer).status_code == 303
    world.pay()
    world.installation.settle()
    set_rule(Check.BANNED_REFERRER, Action.OFF)
    look()

    with db.reading() as session:
        ruling = session.scalars(select(Ruling).where(Ruling.role == "seller")).one()
        assert (ruling.outcome, ruling.amount) == ("ineligible", 0)
        assert ruling.trace is not None
        assert ruling.trace["refusal"] == "banned_referrer"
        assert session.scalar(select(func.count()).select_from(Entry)) == 0
        assert audit.prove(session).findings == []
    rules = {case.rule: case.action for case in found()}
    assert rules["banned_referrer"] == "reject"
    assert rules["paid_ads"] == "flag"
    assert open_holds() == 0


def test_one_household_and_many_orders_are_told_and_not_held(world: World) -> None:
    set_rule(Check.HOUSEHOLD, Action.FLAG, orders=2)
    set_rule(Check.VELOCITY, Action.FLAG, per_hour=2)
    bought(world)
    look(reviewing.ORDERS)
    assert found() == []
    bought(world, phone="13900001002")
    look()

    flags = {case.rule: (case.action, tuple(case.kinds)) for case in found()}
    assert flags["household"][0] == flags["velocity"][0] == "flag"
    assert set(flags["household"][1]) <= {"address", "card"}
    assert open_holds() == 0
    assert "Under review until" not in world.signed_in("anna").get("/en/desk/reviews").text


def test_two_points_with_one_account_are_held(world: World) -> None:
    with db.unit_of_work() as session:
        for name in ("anna", "bo"):
            payee_id = session.scalars(
                select(Point.payee_id).where(Point.id == world.points[name])
            ).one()
            session.add(
                PayeeDestination(
                    id=ids.new(),
                    payee_id=payee_id,
                    rail=Rail.BANK_FILE,
                    label="ICBC •••• 3445",
                    sealed="",
                    hash="one-and-the-same",
                    created_at=clock.now(),
                    created_by="test",
                    usable_from=clock.now(),
                )
            )
    bought(world)
    look(reviewing.POINTS)

    held = [case for case in found() if case.rule == "duplicate_point"]
    assert {case.point_id for case in held} == {world.points["anna"], world.points["bo"]}
    assert open_holds() == 2


def test_the_same_card_is_known_by_its_hash_and_forgotten(
    world: World, business_clock: Clock
) -> None:
    first, second = bought(world), bought(world, address="别处 1 号")
    assert first.payer_hash == second.payer_hash != ""
    assert first.device_hash != second.device_hash
    undecided = world.browser()
    world.add(undecided, "honey", slug="anna-shop")
    world.check_out(undecided)  # and never pays
    assert world.order().device_hash not in ("", second.device_hash)
    look()
    with db.reading() as session:
        kinds = set(session.scalars(select(AbuseSignal.kind)))
        assert {"address", "card", "phone", "seen"} <= kinds

    business_clock.forward(days=200)
    look(reviewing.FORGET)

    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(AbuseSignal)) == 0
        assert set(session.scalars(select(Order.payer_hash))) == {""}
        assert set(session.scalars(select(Order.device_hash))) == {""}


def test_rules_are_set_by_who_approves_and_every_change_is_kept(world: World) -> None:
    checker, maker = world.signed_in("checker"), world.signed_in("maker")
    form: dict[str, Any] = {"action": "hold", "orders": "4", "days": "30"}
    path = "/admin/reviews/rules/household"

    assert "One household" in checker.get("/admin/reviews/rules").text
    assert "One household" in maker.get(path).text
    assert maker.post(path, data=form).status_code == 403
    assert checker.post(path, data={**form, "orders": "0"}).status_code == 422
    assert checker.post(path, data={**form, "action": "ban"}).status_code == 422
    assert checker.post("/admin/reviews/rules/nonsense", data=form).status_code == 404
    assert checker.post(path, data=form).status_code == 303

    with db.reading() as session:
        now = settings.current(session).everywhere[Check.HOUSEHOLD]
    assert (now.action, dict(now.numbers)) == (Action.HOLD, {"orders": 4, "days": 30})


def test_who_decides_is_not_who_answered(world: World) -> None:
    bought(world, email=ANNAS)
    look()
    (case,) = found()
    by = f"account:{world.accounts['anna']}"
    with db.unit_of_work() as session:
        cases.answer(session, case.id, point_id=case.point_id, text="Mine.", by=by, at=clock.now())
    with pytest.raises(Exception, match="Another person"), db.unit_of_work() as session:
        cases.decide(session, case.id, Verdict.RELEASED, note="ok", by=by, at=clock.now())
    assert open_holds() == 1
