"""Every route × every kind of actor answers as its access rule says; what carries no rule is shut."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule as Route

from shop.kernel import clock
from shop.web.access import rule_of
from tests.conftest import START, Database, _database
from tests.installation import install
from tests.world import World, build

ACTORS = ("signed out", "buyer", "owner", "other owner", "clerk", "staff", "maker", "checker")
PEOPLE = {"owner": "anna", "other owner": "bo"}

TABLE: dict[str, set[str]] = {
    "public": set(ACTORS),
    "machine": set(ACTORS),
    "signed_in": set(ACTORS) - {"signed out"},
    "desk": {"owner", "other owner", "clerk"},
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
        yield build(install(database.urls, folder))
    next(databases, None)


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
