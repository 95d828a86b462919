"""`flask catalog`: product files in and out."""

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from shop import search
from shop.catalog import exporter, import_report, importer
from shop.catalog.csv_problems import sentence
from shop.catalog.importer import Options
from shop.catalog.listing import ProductFilter
from shop.kernel import brand, clock, db
from shop.kernel.errors import ShopError
from shop.kernel.i18n import LOCALES
from shop.kernel.words import Words

BY = "cli"

catalog = AppGroup("catalog", help="Products.")


@catalog.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Report only; change nothing.")
@click.option("--update-stock", is_flag=True, help="Also set stock of variants that exist.")
@click.option("--blank-clears", is_flag=True, help="A blank cell empties its field.")
@click.option("--language", type=click.Choice(LOCALES), default=LOCALES[0], show_default=True,
              help="Language of columns that name none.")  # fmt: skip
@click.option("--encoding", default="", help="Instead of finding it out, such as gb18030.")
def import_file(
    file: Path,
    *,
    dry_run: bool,
    update_stock: bool,
    blank_clears: bool,
    language: str,
    encoding: str,
) -> None:
    """Bring in products from FILE, a Shopify product CSV of either dialect."""
    options = Options(
        language=language, update_stock=update_stock, blank_clears=blank_clears, encoding=encoding
    )
    try:
        with db.unit_of_work() as session:
            job_id = importer.start(
                session, file.read_bytes(), file.name, options, dry_run=dry_run, by=BY,
                at=clock.now(), work_later=False,
            )  # fmt: skip
    except ShopError as error:
        raise click.ClickException(str(error)) from error
    for done, total in importer.progress(job_id):
        click.echo(f"\r{done} / {total}", nl=False, err=True)
    click.echo(err=True)
    if not _tell(job_id):
        sys.exit(1)


@catalog.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--status", default="", help="Only products of this status.")
def export_file(file: Path | None, *, status: str) -> None:
    """Write all products to FILE, or to standard output."""
    origin = current_app.config["SETTINGS"].public_url
    with db.reading() as session, click.open_file(
        str(file or "-"), "w", encoding="utf-8", lazy=False
    ) as out:  # fmt: skip
        for line in exporter.export(
            session,
            ProductFilter(status=status),
            currency=brand.current(session).currency,
            file_url=lambda key: f"{origin}/media/{key}",
        ):
            out.write(line)


@catalog.command("reindex")
def reindex() -> None:
    """Make the search index anew."""
    with db.unit_of_work() as session:
        count = search.rebuild(session)
    click.echo(f"{count} products are indexed.")


def _tell(job_id: int) -> bool:
    """Say how an import went; True if nothing failed."""
    with db.reading() as session:
        job = importer.INTAKE.one(session, job_id)
        if job.status == "failed":
            problem = job.report["problem"]
            click.echo(str(Words(problem["msgid"], problem["values"])), err=True)
            return False
        if job.report["unknown_columns"]:
            click.echo(f"Kept, but not understood: {', '.join(job.report['unknown_columns'])}")
        page = import_report.report(session, job_id, status="failed", limit=1000)
        for row in page.items:
            for problem in row.problems:
                where = f"line {problem['line']}, {problem['column'] or row.handle}"
                click.echo(f"{where}: {sentence(problem)}")
        counts = import_report.counts(session, job_id)
    click.echo(", ".join(f"{status} {count}" for status, count in counts.items()))
    return not counts["failed"]
