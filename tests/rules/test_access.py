"""Every route × every kind of actor answers as its access rule says; what carries no rule is shut."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule as Route

from commissions import sealing
from commissions.abuse.judging import Finding
from commissions.abuse.rules import Action, Check
from commissions.models import Batch, BatchItem, Entry, Payout, PayoutStatus, Run
from commissions.statements.closing import Period, close_period
from shop.accounts import register
from shop.fulfillment.models import PickupTicket
from shop.kernel import clock, db, ids
from shop.network import destinations, points, tree
from shop.network.models import Point, PointKind, PointRole, Rail
from shop.network.points import NewPoint
from shop.orders.models import OrderLine
from shop.rewards import keys
from shop.rewards.abuse import cases
from shop.rewards.abuse.models import AbuseCase
from shop.sharing import links
from shop.web.access import rule_of
from tests.conftest import START, Database, _database
from tests.installation import install
from tests.world import World, build

ACTORS = (
    "signed out",
    "buyer",
    "owner",
    "other owner",
    "clerk",
    "manager",
    "staff",
    "maker",
    "checker",
)
PEOPLE = {"owner": "anna", "other owner": "bo", "manager": "boss"}

TABLE: dict[str, set[str]] = {
    "public": set(ACTORS),
    "machine": set(ACTORS),
    "signed_in": set(ACTORS) - {"signed out"},
    "desk": {"owner", "other owner", "clerk", "manager"},
    "desk_lead": {"owner", "other owner", "manager"},
    "desk_manager": {"manager"},
    "desk_owner": {"owner", "other owner"},
    "any_staff": {"staff", "maker", "checker"},
    "staff:admin": {"staff"},
    "staff:catalog": {"staff"},
    "staff:orders": {"staff"},
    "staff:network": {"staff"},
    "staff:finance_maker": {"maker"},
    "staff:finance_checker": {"checker"},
    "staff:finance_checker+finance_maker": {"maker", "checker"},
}
"""Who passes which rule. `staff` holds catalog, orders, network and admin; nobody else holds any."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("access")
    databases = _database("sqlite", folder)
    database: Database = next(databases)

    with clock.set_to(START):
        world = build(install(database.urls, folder))
        region(world)
        yield world
    next(databases, None)


def region(world: World) -> None:
    """A point whose manager looks after Anna's; nobody manages Bo's or the corner store."""
    at = clock.now()
    with db.unit_of_work() as session:
        boss = register.with_contact(session, "boss@world.example", name="boss", locale="en", at=at)
        world.accounts["boss"] = boss.id
        world.points["region"] = points.make(
            session, NewPoint(kind=PointKind.DEALER, name="Region east"), by="test", at=at
        )
        points.join(session, world.points["region"], boss.id, PointRole.MANAGER, at=at)
        tree.move(session, world.points["anna"], world.points["region"], by="test", at=at)


@pytest.fixture(scope="module")
def browsers(world: World) -> dict[str, FlaskClient]:
    return {
        actor: world.browser()
        if actor == "signed out"
        else world.signed_in(PEOPLE.get(actor, actor))
        for actor in ACTORS
    }


def routes(world: World) -> list[Route]:
    return [
        route for route in world.installation.app.url_map.iter_rules() if route.endpoint != "static"
    ]


def test_every_route_carries_exactly_one_known_rule(world: World) -> None:
    with world.installation.app.app_context():
        rules = {route.endpoint: rule_of(route.endpoint) for route in routes(world)}

    missing = sorted(endpoint for endpoint, rule in rules.items() if rule is None)
    unknown = sorted({rule.name for rule in rules.values() if rule} - TABLE.keys())
    assert missing == []
    assert unknown == []


@pytest.mark.parametrize("actor", ACTORS)
def test_each_actor_passes_where_the_table_says_and_nowhere_else(
    world: World, browsers: dict[str, FlaskClient], actor: str
) -> None:
    wrong = []
    for route in routes(world):
        if route.endpoint in ("store.sign_out", "store.speak", "store.enter_code"):
            continue  # they change the session that this walk needs, or lead to its beginning
        with world.installation.app.app_context():
            rule = rule_of(route.endpoint)
        assert rule is not None
        for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
            passed = passes(browsers[actor], route, method)
            if passed != (actor in TABLE[rule.name]):
                wrong.append((method, route.rule, rule.name, passed))
    assert wrong == []


SHARED = {"desk.arrange", "desk.choose"}
"""Desk routes that name a product of the one catalog, or a place (tested below)."""


def test_a_point_sees_and_changes_only_its_own(world: World) -> None:
    """Every desk route that names a thing, with real things: the owner passes, no other does."""
    things, unnamed = own_things(world), []
    wrong = []
    for route in routes(world):
        if not route.rule.startswith("/desk/") or not route.arguments or route.endpoint in SHARED:
            continue
        if not route.arguments <= things.keys():
            unnamed.append(route.rule)
            continue
        _value, owner, others = things[min(route.arguments)]
        for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
            path = route.rule
            for argument in route.arguments:
                path = re.sub(f"<(int:)?{argument}>", things[argument][0], path)
            refused = {
                name: refuses(world.signed_in(name), path, method) for name in (*others, owner)
            }
            if refused != {**dict.fromkeys(others, True), owner: False}:
                wrong.append((method, route.rule, refused))
    assert unnamed == [], "say here whose thing it is"
    assert wrong == []


def refuses(client: FlaskClient, path: str, method: str) -> bool:
    """Whether somebody is told that there is no such thing, or that it is none of theirs."""
    form = {"target": "/"} if method == "POST" else None
    return client.open(path, method=method, data=form).status_code in (403, 404)


def own_things(world: World) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """For each argument: a real value, whose it is, and who must not get at it."""
    buyer = world.browser()
    world.add(buyer, "honey", slug="anna-shop")
    line = re.search(r"/cart/lines/(\d+)", buyer.get("/cart").get_data(as_text=True))
    assert line is not None
    buyer.post(f"/cart/lines/{line[1]}", data={"delivery": str(world.counter)})
    world.check_out(buyer)
    world.pay()
    world.installation.settle()
    with db.unit_of_work() as session:
        anna = keys.point(world.points["anna"])
        entry = session.scalars(select(Entry.id).where(Entry.point_key == anna)).first()
        ticket = session.scalars(select(PickupTicket.id)).first()
        statement = a_statement(session, world)
        payout_id = a_credit_note(session, world)
        code = links.live_code(session, world.points["anna"], "/", label="door", at=clock.now())
        line_id, order_id = session.execute(select(OrderLine.id, OrderLine.order_id)).one()
        own_purchase = Finding(Check.SELF_PURCHASE, Action.HOLD, ("card",))
        cases.open_case(
            session,
            own_purchase,
            point_id=world.points["anna"],
            order_id=order_id,
            identity=f"order:{order_id}",
            at=clock.now(),
        )
        case_id = session.scalars(select(AbuseCase.id)).one()
    return {
        "case_id": (str(case_id), "anna", ("bo", "keeper", "clerk", "boss", "buyer")),
        "line_id": (str(line_id), "anna", ("bo", "keeper", "clerk", "boss", "buyer")),
        "order_id": (str(order_id), "anna", ("bo", "keeper", "clerk", "boss", "buyer")),
        "entry_id": (str(entry), "anna", ("bo", "keeper", "clerk", "boss", "buyer")),
        "statement_id": (str(statement), "anna", ("bo", "keeper", "clerk", "boss", "buyer")),
        "payout_id": (str(payout_id), "anna", ("bo", "keeper", "clerk", "boss", "buyer")),
        "kind": ("pdf", "anna", ("bo", "keeper", "clerk", "boss", "buyer")),
        "ticket_id": (str(ticket), "keeper", ("anna", "bo", "boss", "buyer")),
        "code": (code, "anna", ("bo", "keeper", "boss", "buyer")),
    }


def a_statement(session: db.Session, world: World) -> int:
    """Anna's account of a time in which her sale was earned."""
    sealing.seal(session, wall=clock.wall() + timedelta(minutes=16), by="test", ids=ids.new)
    at = clock.now()
    payee_id = session.scalar(select(Point.payee_id).where(Point.id == world.points["anna"]))
    found = close_period(
        session,
        keys.payee(payee_id or 0),
        "CNY",
        Period(at - timedelta(days=1), at + timedelta(days=1)),
        series="test",
        by="test",
        at=at,
        ids=ids.new,
    )
    assert found is not None
    return found.id


def a_credit_note(session: db.Session, world: World) -> int:
    """Anna's payout in a list for the books."""
    at, ids_ = clock.now(), [ids.new() for _ in range(3)]
    payee_id = session.scalar(select(Point.payee_id).where(Point.id == world.points["anna"])) or 0
    details = {"customer_number": "K-1001"}
    destinations.set_destination(
        session,
        payee_id,
        rail=Rail.CREDIT_NOTE,
        details=details,
        by="test",
        at=at,
        by_staff=True,
    )
    place = destinations.current(session, [payee_id])[payee_id]
    session.add(Run(id=ids_[0], at=at, by="test", note=""))
    session.flush()
    session.add(
        Payout(
            id=ids_[1],
            run_id=ids_[0],
            payee_key=keys.payee(payee_id),
            currency="CNY",
            amount=100,
            net_amount=100,
            fee_amount=0,
            withheld_amount=0,
            rail=place.rail,
            status=PayoutStatus.SENT,
            status_reason="",
            destination_label=place.label,
            destination_hash=place.hash,
            destination_sealed=place.sealed,
            destination_ready_at=at,
            items_hash="",
            terms_hash="",
            approvals_needed=1,
            group_key=f"payout:{ids_[1]}",
            epoch=0,
            lease_owner="",
            created_at=at,
            created_by="test",
        )
    )
    session.flush()
    session.add(
        Batch(
            id=ids_[2],
            rail=place.rail,
            currency="CNY",
            format="credit_notes",
            item_count=1,
            total_amount=100,
            content=b"",
            sha256="",
            at=at,
            by="test",
        )
    )
    session.flush()
    session.add(
        BatchItem(batch_id=ids_[2], payout_id=ids_[1], reference=f"{ids_[2]}-1", terms_hash="")
    )
    session.flush()
    return ids_[1]


def test_a_manager_looks_after_the_points_below_and_no_others(world: World) -> None:
    boss = world.signed_in("boss")

    team = boss.get("/en/desk/team").get_data(as_text=True)
    assert "Anna&#39;s shop" in team
    assert "Bo&#39;s shop" not in team

    boss.get(f"/desk/places/{world.points['anna']}")
    assert "Anna&#39;s shop" in boss.get("/en/desk/").get_data(as_text=True)
    assert boss.get("/desk/earnings").status_code == 403
    boss.get(f"/desk/places/{world.points['bo']}")
    assert "Bo&#39;s shop" not in boss.get("/en/desk/").get_data(as_text=True)


def test_a_post_from_another_site_is_refused_everywhere_but_at_the_machines(world: World) -> None:
    client = world.signed_in("staff")
    wrong = []
    for route in routes(world):
        with world.installation.app.app_context():
            rule = rule_of(route.endpoint)
        if rule is None or "POST" not in (route.methods or set()) or not rule.same_origin:
            continue
        answer = client.post(address(route), headers={"Sec-Fetch-Site": "cross-site"})
        if answer.status_code != 403:
            wrong.append(route.rule)
    assert wrong == []


def test_an_old_browser_proves_its_origin_by_header(world: World) -> None:
    client = world.installation.app.test_client()

    foreign = client.post("/cart/edit", headers={"Origin": "https://evil.example"})
    silent = client.post("/cart/edit")
    own = client.post("/cart/edit", headers={"Origin": "http://localhost"})

    assert (foreign.status_code, silent.status_code) == (403, 403)
    assert own.status_code == 404  # it passed, and there is no cart


def passes(client: FlaskClient, route: Route, method: str) -> bool:
    """Whether the rule let the actor through; what the view then says about a made-up thing is
    not asked here."""
    answer = client.open(address(route), method=method, data={} if method == "POST" else None)
    if answer.status_code == 403:
        return False
    return not (answer.status_code == 302 and is_sign_in(answer.location))


def is_sign_in(location: str | None) -> bool:
    return (location or "").endswith(("/sign-in", "/sign-in/second-factor"))


def address(route: Route) -> str:
    """The route with made-up values: unknown numbers and names."""
    path = route.rule
    for argument in route.arguments:
        for kind in ("int:", "path:", "string:", ""):
            value = "1" if kind == "int:" else "zz"
            path = path.replace(f"<{kind}{argument}>", value)
    return path
