"""Build the demo brand through the real pipeline: one seed, three months, every state.

Idempotent: an installation that has products is left as it is.
"""

import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import insert, select

from shop.accounts import demo_people, register
from shop.accounts.models import StaffRole
from shop.catalog import edit, locations, media, pictures, stock, taxes
from shop.catalog.categories import make_category
from shop.catalog.drafts import ProductDraft, VariantDraft
from shop.catalog.models import Product, ProductStatus, StockLevel, Variant
from shop.fulfillment.models import ShippingRate
from shop.gateway import client
from shop.kernel import brand as brands
from shop.kernel import clock, db, ids
from shop.network import destinations, points
from shop.network.models import Point, PointKind, PointRole, Rail
from shop.network.points import NewPoint
from shop.sandbox import control
from shop.sharing import links
from shop.storefront import edit as storefronts
from shop.trial import plans
from shop.trial.shanye import pages, parcels, scenes
from shop.trial.shanye.brand import Shanye
from shop.trial.shanye.drawing import picture
from shop.trial.shanye.goods import GOODS, KINDS, Good
from shop.trial.shanye.people import BUYERS, NODES, Node
from shop.trial.stage import Item, Stage, stage

BY = "demo"
SEED = 20260301
DAYS = 90
ORDERS = int(os.environ.get("GRIDSHOP_DEMO_ORDERS", "160"))
"""Drawn by chance, at most 280; the browser test draws fewer. The scenes come on top."""
_STAFF = {
    "staff": (StaffRole.CATALOG, StaffRole.ORDERS, StaffRole.NETWORK, StaffRole.ADMIN),
    "maker": (StaffRole.FINANCE_MAKER,),
    "checker": (StaffRole.FINANCE_CHECKER,),
}


def build(
    app: Flask, *, orders: int = ORDERS, say: Callable[[str], None] = lambda _words: None
) -> bool:
    """Build the demo; False if the installation has products already.

    `orders` are drawn by chance; the scenes come on top of them.
    """
    with app.app_context():
        with db.reading() as session:
            if session.scalar(select(Product.id).limit(1)):
                return False
        database = app.config["SETTINGS"].data_dir / "sandbox.sqlite"
        played = stage(app, database=database)
        today = clock.wall().replace(minute=0, second=0, microsecond=0)
        with clock.set_to(today - timedelta(days=DAYS + 1)):
            say("brand, people and network")
            shanye = Shanye({}, {}, {}, {})
            _brand()
            _people(shanye)
            _network(shanye)
            _destinations(played, shanye)
            say("36 products with their pictures")
            _goods(shanye)
            _plan(shanye)
            say("three months of orders")
            _months(played, shanye, today, orders, say)
            _make_scarce(shanye)
            played.settle()
    return True


def _brand() -> None:
    at = clock.now()
    with db.unit_of_work() as session:
        brands.change(
            session,
            {
                "name": {"zh": "山野", "en": "Shanye"},
                "legal_name": {
                    "zh": "山野食品（香港）有限公司",
                    "en": "Shanye Foods (Hong Kong) Ltd",
                },
                "strapline": {
                    "zh": "山里的好东西，从你认识的人那里来",
                    "en": "Good things from the mountains, from people you know",
                },
                "service_phone": "+852 3000 0000",
                "service_email": "hello@shanye.example",
                "currency": "CNY",
                "country": "CN",
                "pages": pages.PAGES,
                "receipt_email": "receipts@shanye.example",
            },
            by=BY,
            at=at,
        )
        taxes.set_class(
            session, "standard", {"zh": "标准税率", "en": "Standard"}, {"": 1300}, by=BY, at=at
        )
        taxes.set_class(
            session, "food", {"zh": "农产品", "en": "Farm goods"}, {"": 900}, by=BY, at=at
        )
        locations.make_location(
            session, "main", {"zh": "杭州冷链仓", "en": "Hangzhou cold store"}, by=BY, at=at
        )
        far = ("65", "54", "63")
        rows = [
            ("", {"zh": "全国", "en": "Everywhere"}, 1200, 19900, 2, 4),
            *(
                (code, {"zh": "偏远地区", "en": "Remote regions"}, 2800, 39900, 4, 8)
                for code in far
            ),
        ]
        session.execute(
            insert(ShippingRate),
            [
                {
                    "id": ids.new(),
                    "region": region,
                    "name": name,
                    "amount": amount,
                    "free_over_amount": free,
                    "tax_class": "standard",
                    "days_min": least,
                    "days_max": most,
                    "active": True,
                }
                for region, name, amount, free, least, most in rows
            ],
        )


def _people(shanye: Shanye) -> None:
    at = clock.now()
    names = {
        "buyer": "王芳",
        "owner": "安娜",
        "owner2": "陈博",
        "clerk": "小何",
        "staff": "林山",
        "maker": "钱进",
        "checker": "孙核",
    }
    with db.unit_of_work() as session:
        for part, name in names.items():
            person = register.with_contact(
                session, demo_people.email_of(part), name=name, locale="zh", at=at
            )
            shanye.accounts[part] = person.id
            for role in _STAFF.get(part, ()):
                register.grant(session, person.id, role, by=BY, at=at)


def _network(shanye: Shanye) -> None:
    at = clock.now()
    for node in NODES:
        with db.unit_of_work() as session:
            _point(session, node, shanye, at)
    with db.unit_of_work() as session:
        points.join(
            session,
            shanye.points["westlake"],
            shanye.accounts["clerk"],
            PointRole.CLERK,
            at=at,
        )


def _point(session: db.Session, node: Node, shanye: Shanye, at: datetime) -> None:
    province, city, district, street = node.place
    owner = shanye.accounts.get(node.part)
    if owner is None:
        owner = register.with_contact(
            session, f"{node.slug}@points.example", name=node.owner, locale="zh", at=at
        ).id
    point_id = points.make(
        session,
        NewPoint(
            kind=node.kind,
            name=node.name,
            external_key=f"SY-{node.key}",
            manager_id=shanye.points.get(node.boss),
            province=province,
            city=city,
            district=district,
            address=street,
            contract=f"SY-{node.boss}-{node.key}" if node.boss else "",
            group_key=node.group,
        ),
        by=BY,
        at=at,
        owner_account_id=owner,
    )
    shanye.points[node.key] = point_id
    storefronts.change(
        session,
        point_id,
        {
            "slug": node.slug,
            "name": node.name,
            "owner_name": node.owner,
            "greeting": node.greeting,
            "accent": node.accent,
            "contact": node.contact,
        },
        by=BY,
        at=at,
    )
    links.live_code(session, point_id, f"/s/{node.slug}/", label="门口海报", at=at)
    if node.kind is PointKind.STORE:
        shanye.counters[node.key] = locations.make_location(
            session,
            f"store-{node.slug}",
            {"zh": node.name, "en": f"Shanye {node.slug.title()}"},
            point_id=point_id,
            ships=False,
            pickup_enabled=True,
            address=f"{city}{district}{street}",
            phone="+86 571 8000 0000",
            opening_hours={"zh": "每天 9:00–21:00", "en": "Daily 9:00–21:00"},
            position=10,
            by=BY,
            at=at,
        )


def _destinations(played: Stage, shanye: Shanye) -> None:
    """Dealers and stores are paid by bank file, Anna and the partner by Connect."""
    at = clock.now()
    with db.reading() as session:
        payees = {
            row.id: row.payee_id
            for row in session.execute(select(Point.id, Point.payee_id))
            if row.payee_id is not None
        }
    control.top_up(played.sandbox, amount=50_000_000, currency="cny")
    for number, node in enumerate(NODES):
        rail, details = (
            Rail.BANK_FILE,
            {
                "holder": node.owner,
                "account_number": f"62220202001{number:08d}",
                "bank_name": "工商银行",
            },
        )
        if node.key in ("anna", "partner"):
            account = client.create_account({"type": "express", "country": "HK"}, key=node.key)
            control.onboard(played.sandbox, account["id"])
            rail, details = Rail.CONNECT, {"account_id": account["id"]}
        with db.unit_of_work() as session:
            destinations.set_destination(
                session,
                payees[shanye.points[node.key]],
                rail=rail,
                details=details,
                by=BY,
                at=at,
                by_staff=True,
            )


def _goods(shanye: Shanye) -> None:
    at = clock.now()
    with db.unit_of_work() as session:
        warehouse = locations.location_by_code(session, "main")
        kinds = {
            kind.slug: make_category(
                session, {"zh": kind.zh, "en": kind.en}, slug=kind.slug, by=BY, at=at
            )
            for kind in KINDS
        }
    for position, good in enumerate(GOODS, 1):
        with db.unit_of_work() as session:
            product_id = edit.create(
                session, _draft(good, kinds[good.kind], position, at), currency="CNY", by=BY, at=at
            )
            media.add(
                session,
                product_id,
                pictures.encode(picture(good.picture, good.slug)),
                alt={"zh": good.zh, "en": good.en},
                by=BY,
                at=at,
            )
            rows = session.scalars(
                select(Variant.id)
                .where(Variant.product_id == product_id)
                .order_by(Variant.position)
            ).all()
            shanye.variants[good.slug] = list(rows)
            for variant_id in rows:
                _receive(session, variant_id, warehouse, 400, at)
                for location_id in shanye.counters.values():
                    _receive(session, variant_id, location_id, 40, at)


def _receive(
    session: db.Session, variant_id: int, location_id: int, units: int, at: datetime
) -> None:
    stock.receive(
        session, variant_id, location_id, units, reason_id=f"demo:{variant_id}", at=at, by=BY
    )


def _draft(good: Good, category_id: int, position: int, at: datetime) -> ProductDraft:
    several = len(good.sizes) > 1
    return ProductDraft(
        slug=good.slug,
        title={"zh": good.zh, "en": good.en},
        summary={"zh": good.words_zh, "en": good.words_en},
        body={
            "zh": f"<p>{good.words_zh}</p><ul><li>产地直发，批次可查</li><li>收到不满意，七天内可退</li></ul>",
            "en": f"<p>{good.words_en}</p><ul><li>Straight from the farm, every batch can be "
            "traced</li><li>Not happy? Seven days to return</li></ul>",
        },
        vendor="山野",
        category_id=category_id,
        tax_class="food",
        status=ProductStatus.ACTIVE,
        published_at=at,
        option_names=[{"zh": "规格", "en": "Size"}] if several else [],
        position=position,
        variants=[
            VariantDraft(
                sku=f"SY-{good.slug}-{number}".upper(),
                option_values=[{"zh": zh, "en": en}] if several else [],
                amount=price,
                compare_at_amount=price * 5 // 4 if position % 9 == 0 else None,
                cost_amount=price * 55 // 100,
                weight_grams=500 * number,
            )
            for number, (zh, en, price) in enumerate(good.sizes, 1)
        ],
    )


def _plan(shanye: Shanye) -> None:
    plans.publish_first(
        currency="CNY",
        at=clock.now(),
        maker=f"account:{shanye.accounts['maker']}",
        checker=f"account:{shanye.accounts['checker']}",
    )


def _months(
    played: Stage, shanye: Shanye, today: datetime, orders: int, say: Callable[[str], None]
) -> None:
    """Orders with what became of them, in the order of time."""
    chance = random.Random(SEED)  # noqa: S311  (a demo is no secret)
    begin = today - timedelta(days=DAYS)
    moments = sorted(
        begin + timedelta(minutes=chance.randint(0, DAYS * 24 * 60)) for _n in range(orders)
    )
    later = scenes.plan(played, shanye, today)
    for number, moment in enumerate(moments, 1):
        _run_due(played, later, moment)
        clock.travel(max(moment, clock.now()))
        later.extend(_order(played, shanye, chance, moment))
        played.settle()
        if number % 40 == 0:
            say(f"{number} of {orders} orders")
    _run_due(played, later, today)


def _make_scarce(shanye: Shanye) -> None:
    """One variant with three units left, and one that is sold out."""
    at = clock.now()
    with db.unit_of_work() as session:
        warehouse = locations.location_by_code(session, "main")
        places = (warehouse, *shanye.counters.values())
        for slug, left in (("beef-ribs", 3), ("waxberries", 0)):
            variant_id = shanye.variants[slug][1]
            held = {
                level.location_id: level.committed + level.reserved
                for level in session.scalars(
                    select(StockLevel).where(StockLevel.variant_id == variant_id)
                )
            }
            for location_id in places:
                kept = held.get(location_id, 0)
                stock.set_on_hand(
                    session,
                    variant_id,
                    location_id,
                    kept + (left if location_id == warehouse else 0),
                    reason_id=f"demo:scarce:{slug}",
                    at=at,
                    by=BY,
                )


def _run_due(
    played: Stage, later: list[tuple[datetime, Callable[[], None]]], until: datetime
) -> None:
    due = sorted((one for one in later if one[0] <= until), key=lambda one: one[0])
    for moment, work in due:
        clock.travel(max(moment, clock.now()))
        work()
        played.settle()  # messages leave when it happened, not at the end
    later[:] = [one for one in later if one[0] > until]


def _order(
    played: Stage, shanye: Shanye, chance: random.Random, moment: datetime
) -> list[tuple[datetime, Callable[[], None]]]:
    node = chance.choices(NODES, [one.weight for one in NODES])[0]
    goods = chance.sample(sorted(shanye.variants), chance.choices((1, 2, 3), (5, 4, 2))[0])
    counter = shanye.counters.get(node.key) if chance.random() < 0.7 else None
    items = [
        Item(
            chance.choice(shanye.variants[slug][:2]),
            chance.choices((1, 2, 3), (7, 3, 1))[0],
            shanye.points[node.key] if chance.random() < 0.92 else None,
            counter,
        )
        for slug in goods
    ]
    buyer = chance.choice(BUYERS)
    mine = buyer[0] == "王芳"
    sender = chance.choices(NODES, [one.weight for one in NODES])[0]
    bought = played.buy(
        items,
        scenes.contact(buyer),
        account_id=shanye.accounts["buyer"] if mine else None,
        method=chance.choices(("card", "alipay", "wechat_pay"), (2, 4, 6))[0],
        came_by=scenes.came_by(shanye, sender.key, chance) if chance.random() < 0.2 else None,
    )
    order_id, by = bought.order_id, f"account:{shanye.accounts['staff']}"
    fate = chance.random()
    sent = moment + timedelta(hours=chance.randint(4, 40))
    arrived = sent + timedelta(hours=chance.randint(20, 70))
    works: list[tuple[datetime, Callable[[], None]]] = []
    if fate < 0.95:
        works.append((sent, lambda: parcels.hand_over(order_id, by=by)))
        works.append((arrived, lambda: parcels.deliver(order_id, by=by)))
    if 0.80 < fate < 0.88:
        works.append(
            (arrived + timedelta(days=2), lambda: parcels.refund(order_id, units=1, by=by))
        )
    elif fate > 0.93:
        works.append(
            (moment + timedelta(hours=2), lambda: parcels.refund(order_id, units=99, by=by))
        )
    return works
