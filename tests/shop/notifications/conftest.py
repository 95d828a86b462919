"""An installation for stories about messages, on each database."""

from pathlib import Path

import pytest

from tests.conftest import Clock, Database
from tests.installation import Installation, install


@pytest.fixture
def shop(database: Database, business_clock: Clock, tmp_path: Path) -> Installation:
    """Application and sandbox; messages land in the demo's mailbox."""
    return install(database.urls, tmp_path)
