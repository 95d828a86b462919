"""Past, current and coming rates stand on the desk of those whom they concern."""

from datetime import timedelta

from commissions.terms import Rate, Role, Rule, Terms, When
from shop.kernel import clock, db
from shop.rewards import plan
from shop.trial.plans import PROMISES
from tests.conftest import Clock
from tests.world import World


def published(world: World, terms: Terms, *, days: float) -> None:
    at = clock.now()
    maker, checker = (f"account:{world.accounts[name]}" for name in ("maker", "checker"))
    with db.unit_of_work() as session:
        draft = plan.start(session, by=maker, at=at)
        plan.save(session, draft.id, terms, expected_hash="", by=maker, at=at)
        plan.submit(session, draft.id, by=maker, at=at)
        plan.publish(
            session, draft.id, expected_hash=terms.content_hash,
            effective_from=at + timedelta(days=days), by=checker, at=at,
        )  # fmt: skip


def test_a_point_reads_what_was_is_and_comes(world: World, business_clock: Clock) -> None:
    business_clock.forward(days=1)
    everybody = Rule(position=1, role=Role.SELLER, name="All", rate=Rate.PERCENT, bps=1750)
    dealers = Rule(
        position=1, role=Role.SELLER, name="Dealers only", rate=Rate.PERCENT, bps=2000,
        when=When(point_kinds=("dealer",)),
    )  # fmt: skip
    later = Rule(position=2, role=Role.SELLER, name="Later", rate=Rate.PERCENT, bps=900)
    published(world, Terms(rules=(everybody,), promises=PROMISES), days=0.01)
    published(world, Terms(rules=(dealers, later), promises=PROMISES), days=20)
    business_clock.forward(days=1)

    anna = world.signed_in("anna").get("/en/desk/rates").get_data(as_text=True)
    bo = world.signed_in("bo").get("/en/desk/rates").get_data(as_text=True)

    coming, current, past = anna.split("<section")[1:4]
    assert "Coming" in coming
    assert "9 % of what was paid" in coming
    assert "A new point may step back in writing" in coming
    assert "Dealers only" not in anna
    assert "In force" in current
    assert "17.5 % of what was paid" in current
    assert "Past" in past
    assert "Dealers only" in bo
