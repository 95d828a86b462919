"""Product files for tests: written from a few dicts, brought in, and looked at."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from shop.catalog import exporter, import_report, importer, stored
from shop.catalog.drafts import ProductDraft
from shop.catalog.import_report import Report
from shop.catalog.importer import Options
from shop.catalog.listing import ProductFilter
from shop.catalog.models import ImportJob, Product
from shop.kernel import clock, db

BY = "user:1"


def sheet(rows: Sequence[Mapping[str, str]], *, delimiter: str = ",", newline: str = "\n") -> str:
    """A CSV text with a column for every key."""
    headers = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, headers, restval="", delimiter=delimiter, lineterminator=newline)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def take(
    content: str | bytes, at: datetime, *, dry_run: bool = False, **options: Any
) -> list[Report]:
    """Bring a file in, to its end; what happened to each product."""
    raw = content.encode() if isinstance(content, str) else content
    with db.unit_of_work() as session:
        job_id = importer.start(
            session,
            raw,
            "products.csv",
            Options(**options),
            dry_run=dry_run,
            by=BY,
            at=at,
            work_later=False,
        )
    with clock.set_to(at):
        importer.run(job_id)
    with db.reading() as session:
        return list(import_report.report(session, job_id, limit=10_000).items)


def last_job() -> ImportJob:
    with db.reading() as session:
        return session.scalars(select(ImportJob).order_by(ImportJob.id.desc()).limit(1)).one()


def products() -> dict[str, ProductDraft]:
    """Everything that is there, by handle."""
    with db.reading() as session:
        ids = session.scalars(select(Product.id)).all()
        drafts = stored.drafts_of(session, ids, currency="CNY")
    return {draft.slug: draft for draft in drafts.values()}


def exported(wanted: ProductFilter | None = None) -> str:
    """The whole export as text."""
    with db.reading() as session:
        return "".join(
            exporter.export(
                session,
                wanted or ProductFilter(),
                currency="CNY",
                file_url=lambda key: f"https://shop.example/media/{key}",
            )
        )


def codes(report: Sequence[Report]) -> list[tuple[int, str, str]]:
    """Line, column and code of every problem."""
    return [
        (problem["line"], problem["column"], problem["code"])
        for row in report
        for problem in row.problems
    ]
