"""A whole installation with a small brand in it, on each database."""

from pathlib import Path

import pytest

from tests.conftest import Clock, Database
from tests.installation import Installation, install
from tests.world import World, build


@pytest.fixture
def installation(database: Database, tmp_path: Path, business_clock: Clock) -> Installation:
    """The application and its sandbox.

    No application context is held open: requests would share one `g` and see each other's user.
    """
    return install(database.urls, tmp_path)


@pytest.fixture
def world(installation: Installation) -> World:
    """The small brand."""
    return build(installation)
