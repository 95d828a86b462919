"""An installation for stories about goods."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Clock, Database
from tests.installation import Installation, install


@pytest.fixture
def shop(database: Database, business_clock: Clock, tmp_path: Path) -> Iterator[Installation]:
    """Application and sandbox over a fresh database of each kind."""
    yield install(database.urls, tmp_path)
