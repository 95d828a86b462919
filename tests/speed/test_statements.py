"""How many statements a page and an order take; flat whatever the tables hold."""

import pytest

from shop.catalog import categories, edit
from shop.catalog.drafts import ProductDraft, VariantDraft
from shop.catalog.models import ProductStatus
from shop.kernel import clock, db
from shop.network import points
from shop.network.models import PointKind
from shop.network.points import NewPoint
from tests.counting import counted
from tests.world import CONTACT, World

pytestmark = pytest.mark.usefixtures("keeps_what_it_knows")


def farm() -> None:
    """A category, empty at first."""
    with db.unit_of_work() as session:
        categories.make_category(session, {"en": "Farm"}, slug="farm", by="test", at=clock.now())


def fill(world: World) -> None:
    """Many products, points and orders around the few that a page shows."""
    at = clock.now()
    with db.unit_of_work() as session:
        chosen = categories.categories(session).by_slug("farm")
        assert chosen is not None
        for number in range(60):
            edit.create(
                session,
                ProductDraft(
                    slug=f"more-{number}",
                    title={"en": f"More {number}"},
                    status=ProductStatus.ACTIVE,
                    published_at=at,
                    category_id=chosen.id,
                    variants=[VariantDraft(sku=f"MORE-{number}", amount=1000 + number)],
                ),
                currency="CNY",
                by="test",
                at=at,
            )
            points.make(
                session, NewPoint(kind=PointKind.CUSTOMER, name=f"Point {number}"), by="t", at=at
            )
    for _order in range(3):
        world.buy("honey", slug="anna-shop")


PAGES = {
    "/s/anna-shop/": 1,
    "/": 2,
    "/c/farm": 1,
    "/s/anna-shop/c/farm": 1,
    "/s/anna-shop/search?q=honey": 3,
    "/p/honey": 2,
    "/s/anna-shop/p/honey": 2,
}


@pytest.mark.parametrize(("path", "limit"), PAGES.items())
def test_public_pages_keep_to_their_number(world: World, path: str, limit: int) -> None:
    farm()
    before = statements(world, path)
    fill(world)
    after = statements(world, path)

    assert len(after) == len(before) <= limit, "\n".join(after)


def test_placing_an_order_and_the_whole_flow(world: World) -> None:
    farm()
    flow(world)  # the first sale reads the rules of the plan version, which the process then keeps
    before = flow(world)
    fill(world)
    placing, whole = flow(world)

    assert (placing, whole) == before
    assert placing <= LIMIT_PLACING
    assert whole <= LIMIT_FLOW


LIMIT_PLACING = 12
"""Two variants of two shops, shipped; a third one adds rows, no statement."""
LIMIT_FLOW = 40
"""Home, product, two adds, cart, checkout page, order, return, with entries and ledger."""


def flow(world: World) -> tuple[int, int]:
    """Statements of placing an order, and of the buyer's whole way to it."""
    buyer = world.browser()
    world.browser().get("/s/anna-shop/")
    with counted(db.engine()) as whole:
        buyer.get("/s/anna-shop/")
        buyer.get("/s/anna-shop/p/honey")
        world.add(buyer, "honey", slug="anna-shop")
        world.add(buyer, "tea", slug="bo-shop")
        buyer.get("/cart")
        form = {**CONTACT, "expected_total": str(world.total_shown(buyer, dict(CONTACT)))}
        with counted(db.engine()) as placing:
            answer = buyer.post("/checkout", data=form)
        assert answer.status_code == 303
    world.pay()
    back = world.way_back(world.order().id)
    with counted(db.engine()) as ending:
        buyer.get(back)
    assert world.order().status == "placed"
    return len(placing), len(whole) + len(ending)


def statements(world: World, path: str) -> list[str]:
    """Those of a page, while the process knows what it keeps: brand, categories, rates."""
    world.browser().get(path)
    with counted(db.engine()) as seen:
        assert world.browser().get(path).status_code == 200
    return list(seen)
