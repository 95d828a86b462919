"""A small brand that is valid by default: two sellers, a store with a counter, staff, a plan.

Journeys begin here and then use pages and real verbs only.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from sqlalchemy import make_url, select

from shop.accounts import register
from shop.accounts.models import Account, StaffRole
from shop.catalog import edit, locations, stock, taxes
from shop.catalog.drafts import ProductDraft, VariantDraft
from shop.catalog.models import ProductStatus, Variant
from shop.gateway import client
from shop.kernel import brand as brands
from shop.kernel import clock, db
from shop.network import points
from shop.network.models import PointKind, PointRole
from shop.network.points import NewPoint
from shop.orders.models import Order
from shop.payments.models import Payment
from shop.storefront import edit as storefronts
from shop.trial import plans
from tests.installation import Installation

BY = "test"
STAFF = {
    "staff": (StaffRole.CATALOG, StaffRole.ORDERS, StaffRole.NETWORK, StaffRole.ADMIN),
    "maker": (StaffRole.FINANCE_MAKER,),
    "checker": (StaffRole.FINANCE_CHECKER,),
}
CONTACT = {
    "name": "王芳",
    "phone": "13800001001",
    "email": "",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "address": "文一西路 12 号",
    "consent": "yes",
}


@dataclass
class World:
    """What stands, by name."""

    installation: Installation
    accounts: dict[str, int] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    variants: dict[str, int] = field(default_factory=dict)
    counter: int = 0
    """Location of the store's counter."""
    warehouse: int = 0

    def browser(self) -> FlaskClient:
        """A visitor's browser without cookies."""
        return self.installation.client()

    def signed_in(self, name: str) -> FlaskClient:
        """A browser in which this person is signed in, with the second factor where it counts."""
        client = self.browser()
        with db.reading() as session:
            version = session.execute(
                select(Account.session_version).where(Account.id == self.accounts[name])
            ).scalar_one()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = f"{self.accounts[name]}:{version}"
            cookie["_fresh"] = True
            cookie["second_factor"] = True
        return client

    def add(self, client: FlaskClient, product: str, *, slug: str = "", quantity: int = 1) -> Any:
        """Put a product into the cart, from a storefront or from the brand's shop."""
        form = {"variant": str(self.variants[product]), "quantity": str(quantity), "slug": slug}
        return client.post("/cart/add", data=form)

    def check_out(self, client: FlaskClient, **changes: str) -> Any:
        """Post the checkout with the total that its page shows."""
        form = {**CONTACT, **changes}
        if "expected_total" not in form:
            form["expected_total"] = str(self.total_shown(client, form))
        return client.post("/checkout", data=form)

    def total_shown(self, client: FlaskClient, form: dict[str, str]) -> int:
        """The total of the checkout page, as the buyer's form would send it."""
        page = client.get("/checkout").get_data(as_text=True)
        _before, _mark, rest = page.partition('name="expected_total" value="')
        return int(rest.partition('"')[0] or 0)

    def session_of(self, order_id: int) -> str:
        """The latest Checkout Session of an order."""
        with db.reading() as session:
            found = session.execute(
                select(Payment.session_id)
                .where(Payment.order_id == order_id)
                .order_by(Payment.attempt.desc())
                .limit(1)
            ).scalar_one()
        assert found is not None
        return found

    def way_back(self, order_id: int) -> str:
        """Where the payment page of an order sends its buyer, within the shop."""
        found = client.session(self.session_of(order_id))
        back = urlsplit(found["success_url"].replace("{CHECKOUT_SESSION_ID}", found["id"]))
        return f"{back.path}?{back.query}"

    def orders(self) -> list[Order]:
        """All orders, oldest first."""
        with db.reading() as session:
            return list(session.scalars(select(Order).order_by(Order.id)))

    def order(self, number: int = -1) -> Order:
        """One order, the latest unless told otherwise."""
        return self.orders()[number]

    def pay(self, **choice: Any) -> Order:
        """Pay the latest order on the sandbox's page; the browser does not come back."""
        self.installation.pay(self.session_of(self.order().id), **choice)
        return self.order()

    def buy(self, product: str, *, slug: str = "", quantity: int = 1, **choice: Any) -> Order:
        """A whole purchase by a fresh visitor, webhooks and jobs included."""
        client = self.browser()
        self.add(client, product, slug=slug, quantity=quantity)
        answer = self.check_out(client)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        self.pay(**choice)
        self.installation.settle()
        return self.order()


_founded: dict[str, World] = {}


def found_world(installation: Installation) -> None:
    """Build it in a template, and remember what has which id there."""
    _founded[make_url(installation.settings.database_url).get_backend_name()] = build(installation)


def standing(installation: Installation, kind: str) -> World:
    """The world in a copy of that template."""
    founded = _founded[kind]
    return World(
        installation,
        accounts=dict(founded.accounts),
        points=dict(founded.points),
        variants=dict(founded.variants),
        counter=founded.counter,
        warehouse=founded.warehouse,
    )


def build(installation: Installation, *, honey: int = 20, tea: int = 20) -> World:
    """Stand everything up; `honey` and `tea` are the units in the warehouse."""
    world, at = World(installation), clock.now()
    with installation.app.app_context():
        with db.unit_of_work() as session:
            brands.change(
                session,
                {"name": {"zh": "山野", "en": "Shanye"}, "currency": "CNY", "country": "CN"},
                by=BY,
                at=at,
            )
            taxes.set_class(session, "standard", {"zh": "标准"}, {"": 1300}, by=BY, at=at)
            for name in ("buyer", "anna", "bo", "clerk", "keeper", "staff", "maker", "checker"):
                person = register.with_contact(
                    session, f"{name}@world.example", name=name, locale="en", at=at
                )
                world.accounts[name] = person.id
                for role in STAFF.get(name, ()):
                    register.grant(session, person.id, role, by=BY, at=at)
            _network(session, world, at)
            _goods(session, world, {"honey": (9900, honey), "tea": (16800, tea)}, at)
        plans.publish_first(currency="CNY", at=at)
    return world


def _network(session: db.Session, world: World, at: datetime) -> None:
    people = (
        ("anna", PointKind.EMPLOYEE, "anna", "Anna's shop"),
        ("bo", PointKind.DEALER, "bo", "Bo's shop"),
        ("store", PointKind.STORE, "keeper", "Corner store"),
    )
    for key, kind, owner, name in people:
        world.points[key] = points.make(
            session,
            NewPoint(kind=kind, name=name),
            by=BY,
            at=at,
            owner_account_id=world.accounts[owner],
        )
        storefronts.change(
            session,
            world.points[key],
            {"slug": f"{key}-shop", "name": name, "owner_name": name.split("'")[0]},
            by=BY,
            at=at,
        )
    points.join(session, world.points["store"], world.accounts["clerk"], PointRole.CLERK, at=at)


def _goods(
    session: db.Session, world: World, goods: dict[str, tuple[int, int]], at: datetime
) -> None:
    world.warehouse = locations.make_location(
        session, "main", {"zh": "仓库", "en": "Warehouse"}, by=BY, at=at
    )
    world.counter = locations.make_location(
        session,
        "corner",
        {"zh": "街角店", "en": "Corner store"},
        point_id=world.points["store"],
        ships=False,
        pickup_enabled=True,
        position=5,
        by=BY,
        at=at,
    )
    for slug, (price, units) in goods.items():
        product_id = edit.create(
            session,
            ProductDraft(
                slug=slug,
                title={"zh": {"honey": "蜂蜜", "tea": "龙井茶"}[slug], "en": slug.title()},
                status=ProductStatus.ACTIVE,
                published_at=at,
                variants=[VariantDraft(sku=slug.upper(), amount=price, cost_amount=price // 2)],
            ),
            currency="CNY",
            by=BY,
            at=at,
        )
        variant_id = session.execute(
            select(Variant.id).where(Variant.product_id == product_id)
        ).scalar_one()
        world.variants[slug] = variant_id
        for location_id, count in ((world.warehouse, units), (world.counter, 10)):
            if count:
                stock.receive(
                    session, variant_id, location_id, count, reason_id="world", at=at, by=BY
                )
