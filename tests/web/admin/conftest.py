"""The brand's desk in a browser without a screen: an installation and signed-in members of staff."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from shop.accounts import demo_people, register
from shop.accounts.models import StaffRole
from shop.kernel import clock
from shop.kernel.db import unit_of_work
from tests.conftest import Clock, Database
from tests.installation import Installation, install
from tests.world import World

SignIn = Callable[..., FlaskClient]


@pytest.fixture
def shop(sqlite_database: Database, business_clock: Clock, tmp_path: Path) -> Installation:
    """Application and sandbox; the verbs behind the pages are tested on both databases."""
    return install(sqlite_database.urls, tmp_path)


@pytest.fixture
def sign_in(shop: Installation) -> SignIn:
    """A client of somebody with these roles, speaking English."""

    def enter(*roles: StaffRole, part: str = "staff") -> FlaskClient:
        at = clock.now()
        with unit_of_work() as session:
            person = register.with_contact(
                session, demo_people.email_of(part), name=part.title(), locale="en", at=at
            )
            for role in roles:
                register.grant(session, person.id, role, by="test", at=at)
        client = shop.client()
        assert client.post("/sign-in/demo", data={"person": part}).status_code == 303
        return client

    return enter


@pytest.fixture
def staff(sign_in: SignIn) -> FlaskClient:
    """Somebody of the brand who looks after orders and the network."""
    return sign_in(StaffRole.ORDERS, StaffRole.NETWORK, StaffRole.CATALOG)


@pytest.fixture
def chief(sign_in: SignIn) -> FlaskClient:
    """The administrator."""
    return sign_in(StaffRole.ADMIN, part="checker")


@pytest.fixture
def maker(world: World) -> FlaskClient:
    """Who prepares payouts and proposes."""
    return world.signed_in("maker")


@pytest.fixture
def checker(world: World) -> FlaskClient:
    """Who approves and agrees."""
    return world.signed_in("checker")
