"""Rules that refuse, through the whole house: the decision with its reason, what ends it, what repairs it."""

from sqlalchemy import select

from commissions.abuse.rules import DEFAULTS, Action, Check
from commissions.models import Entry, EntryKind, Hold, Ruling
from shop.kernel import clock, db
from shop.network.models import Rail
from shop.rewards import keys
from shop.rewards.abuse import reviewing, settings
from tests.conftest import Clock
from tests.journeys.test_paying_out import BANK, all_payouts, delivered, proven, set_destination
from tests.journeys.test_unusual_things import ANNAS, bought, found, look, open_holds
from tests.web.admin.test_finance_pages import act, consent
from tests.web.store.people import link_of
from tests.world import World


def set_rule(
    check: Check,
    action: Action,
    words: tuple[str, ...] | None = None,
    group: str = "",
    **numbers: int,
) -> None:
    known = DEFAULTS[check]
    with db.unit_of_work() as session:
        settings.change(
            session,
            check,
            action=action,
            numbers={**known.numbers, **numbers},
            words=known.words if words is None else words,
            group=group,
            by="test",
            at=clock.now(),
        )


def outcomes(world: World, name: str = "anna") -> list[str]:
    """What became of each sale of a point, the oldest first: `paid`, or why it was refused."""
    with db.reading() as session:
        rulings = session.scalars(
            select(Ruling)
            .where(Ruling.role == "seller", Ruling.point_key == keys.point(world.points[name]))
            .order_by(Ruling.id)
        )
        return [(one.trace or {}).get("refusal") or one.outcome.value for one in rulings]


def test_an_own_purchase_is_refused_told_and_put_right_by_an_entry(world: World) -> None:
    set_rule(Check.SELF_PURCHASE, Action.REJECT)
    order = bought(world, email=ANNAS)
    bought(world, phone="13900001002")
    look(reviewing.ORDERS)

    assert outcomes(world) == ["self_purchase", "paid"]
    (case,) = found()
    assert (case.action, case.kinds) == ("reject", ["email"])
    assert open_holds() == 0
    told = world.signed_in("anna").get("/en/desk/reviews").text
    assert "Earns nothing" in told
    assert "somebody who works at the point" in told

    maker, checker = world.signed_in("maker"), world.signed_in("checker")
    page = maker.get(f"/admin/reviews/{case.id}").text
    assert order.number in page
    with db.reading() as session:
        wrong = session.scalars(select(Ruling).where(Ruling.outcome == "ineligible")).one()
    assert f"decision={wrong.id}" in page
    form = {
        "point": str(world.points["anna"]),
        "way": "give",
        "amount": "1.00",
        "reason": "tracking_error",
        "note": "It was a gift from a neighbor.",
        "decision": str(wrong.id),
    }
    another = {**form, "point": "Bo's shop"}
    assert maker.post("/admin/commissions/manual", data=another).status_code == 422
    assert maker.post("/admin/commissions/manual", data=form).status_code == 303
    act(checker, f"consents/{consent().id}", answer="agree")

    with db.reading() as session:
        (entry,) = session.scalars(select(Entry).where(Entry.kind == EntryKind.MANUAL))
        assert (entry.amount, entry.point_key) == (100, keys.point(world.points["anna"]))
    assert "Put right" in checker.get(f"/admin/reviews/{case.id}").text
    assert "Puts right a refused sale" in checker.get("/admin/commissions/manual").text
    assert proven()


def test_new_sales_earn_nothing_until_a_person_lets_go(world: World) -> None:
    set_rule(Check.VELOCITY, Action.REJECT, per_hour=1)
    bought(world)
    look(reviewing.POINTS)
    bought(world)
    (case,) = found()
    finance = world.signed_in("checker")

    assert (case.action, open_holds()) == ("reject", 1)
    assert "New sales earn nothing until then" in world.signed_in("anna").get(
        "/en/desk/reviews"
    ).get_data(as_text=True)
    assert world.orders()[1].number in finance.get(f"/admin/reviews/{case.id}").text
    answer = finance.post(f"/admin/reviews/{case.id}/release", data={"note": "A fair."})
    assert answer.status_code == 303
    look(reviewing.POINTS)
    bought(world)

    assert outcomes(world) == ["paid", "velocity", "paid"]
    assert (len(found()), open_holds()) == (1, 0)
    assert proven()


def test_a_stopped_point_loses_its_links_and_its_unsent_payouts_and_is_still_owed(
    world: World, business_clock: Clock
) -> None:
    link = link_of(world, "anna")
    set_destination(world, "anna", Rail.BANK_FILE, BANK)
    delivered(world, "honey", "anna-shop", quantity=2)
    business_clock.forward(days=8)
    world.signed_in("maker").post("/admin/payouts/prepare")
    world.installation.settle()
    drafts = [one.status.value for one in all_payouts()]
    form = {"to": "closed", "note": "Complaints.", "earnings": "hold"}

    path = f"/admin/points/{world.points['anna']}/status"
    assert world.signed_in("staff").post(path, data=form).status_code == 303

    assert drafts == ["draft"]
    assert [one.status.value for one in all_payouts()] == ["void"]
    guest = world.browser()
    assert guest.get(link).status_code == 302
    assert guest.get_cookie("gs_touch") is None
    with db.reading() as session:
        assert sum(session.scalars(select(Entry.amount))) > 0
        (hold,) = session.scalars(select(Hold).where(Hold.released_at.is_(None)))
    longer = f"/admin/commissions/holds/{hold.id}/extend"
    finance = world.signed_in("checker")
    assert finance.post(longer, data={"note": ""}).status_code == 422
    assert finance.post(longer, data={"note": "We still ask."}).status_code == 303
    assert finance.post(longer, data={"note": "And again."}).status_code == 409
    assert proven()
