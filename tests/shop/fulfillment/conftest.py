"""An installation for stories about goods."""

from pathlib import Path

import pytest

from tests.conftest import Clock, Database
from tests.installation import Installation, install


@pytest.fixture
def shop(database: Database, business_clock: Clock, tmp_path: Path) -> Installation:
    """Application and sandbox over a fresh database of each kind."""
    return install(database.urls, tmp_path)
