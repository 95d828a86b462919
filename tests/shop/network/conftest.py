"""An installation for stories about points."""

from collections.abc import Callable
from pathlib import Path

import pytest

from shop.kernel import clock
from shop.kernel.db import reading, unit_of_work
from shop.network import importer
from shop.network.importer import Options
from shop.network.models import NetworkImport
from tests.conftest import Clock, Database
from tests.installation import Installation, install

BringIn = Callable[..., NetworkImport]


@pytest.fixture
def shop(database: Database, business_clock: Clock, tmp_path: Path) -> Installation:
    """Application and sandbox over a fresh database of each kind."""
    return install(database.urls, tmp_path)


@pytest.fixture
def bring_in(shop: Installation) -> BringIn:
    """Bring a file of points in, to its end."""

    def run(content: str | bytes, *, dry_run: bool = False, invite: bool = False) -> NetworkImport:
        raw = content.encode() if isinstance(content, str) else content
        with unit_of_work() as session:
            import_id = importer.start(
                session, raw, "points.csv", Options(invite=invite), dry_run=dry_run,
                by="account:1", at=clock.now(), work_later=False,
            )  # fmt: skip
        importer.run(import_id)
        with reading() as session:
            return importer.INTAKE.one(session, import_id)

    return run
