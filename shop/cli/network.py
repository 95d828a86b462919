"""Points in and out as a spreadsheet."""

from pathlib import Path
from typing import IO

import click
from flask.cli import AppGroup

from shop.kernel import clock, db
from shop.kernel.errors import Invalid
from shop.kernel.words import say
from shop.network import exporter, importer
from shop.network.import_rows import sentence
from shop.network.importer import Options

network = AppGroup("network", help="The points and their hierarchy.")
SHOWN = 50


@network.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only report what would happen.")
@click.option("--invite", is_flag=True, help="Send owners their invitation.")
def import_points(file: Path, dry_run: bool, invite: bool) -> None:
    """Bring points in; parents in any order, running it twice changes nothing."""
    try:
        with db.unit_of_work() as session:
            import_id = importer.start(
                session, file.read_bytes(), file.name, Options(invite=invite), dry_run=dry_run,
                by="command", at=clock.now(), work_later=False,
            )  # fmt: skip
    except Invalid as error:
        raise click.ClickException(say(error.message)) from error
    for done, total in importer.progress(import_id):
        click.echo(f"{done} of {total}", err=True)
    _report(import_id)


@network.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8"), default="-")
def export_points(file: IO[str]) -> None:
    """Write all points as CSV, to a file or to the screen."""
    for piece in exporter.rows():
        file.write(piece)


def _report(import_id: int) -> None:
    with db.reading() as session:
        job = importer.INTAKE.one(session, import_id)
    if job.status == "failed":
        problem = job.report["problem"]
        raise click.ClickException(problem["msgid"] % problem["values"])
    problems = job.report["problems"]
    for problem in problems[:SHOWN]:
        where = f"line {problem['line']}" + (f", {problem['column']}" if problem["column"] else "")
        click.echo(f"{where}: {say(sentence(problem))}")
    if len(problems) > SHOWN:
        click.echo(f"… and {len(problems) - SHOWN} more")
    counts = ", ".join(f"{job.report[name]} {name}" for name in importer.COUNTS)
    failed = len(importer.failed_lines(job))
    click.echo(("Dry run: " if job.dry_run else "") + f"{counts}, {failed} rows failed")
    if failed:
        raise SystemExit(1)
