"""`flask orders replay`: real order history through the real pipeline, for trials and benchmarks."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from shop.kernel import brand as brands
from shop.kernel import clock, db
from shop.trial import plans, retail_file
from shop.trial.replay import CURRENCY, replay
from shop.trial.stage import stage

orders = AppGroup("orders", help="Orders.")


@orders.command("replay")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def replay_files(files: tuple[Path, ...]) -> None:
    """Play files of the Online Retail form at their own dates, against a sandbox in this process."""
    if not current_app.config["SETTINGS"].uses_sandbox:
        raise click.ClickException("A replay runs only while Stripe is the sandbox.")
    history = retail_file.read(files)
    with clock.set_to(min(one.at for one in history.sales)):
        with db.unit_of_work() as session:
            brands.change(
                session,
                {"currency": CURRENCY, "country": "GB", "payment_methods": ["card"]},
                by="replay",
                at=clock.now(),
            )
        plans.publish_first(currency=CURRENCY, at=clock.now())
    report = replay(stage(current_app._get_current_object()), history, progress=click.echo)  # type: ignore[attr-defined]
    click.echo(f"{report.rows} rows: {report.orders} orders from {report.order_rows} rows,")
    click.echo(f"{report.refunds} refunds from {report.refund_rows} rows,")
    for reason, count in sorted(report.rejected.items()):
        click.echo(f"{count:6} rejected: {reason}")
    click.echo("accepted + rejected = file" if report.adds_up else "THE ROWS DO NOT ADD UP")
    if not report.adds_up:
        raise SystemExit(1)
