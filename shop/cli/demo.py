"""`flask demo build`: the demo brand, through the real pipeline."""

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from shop.trial.shanye.build import build

demo = AppGroup("demo", help="The demo brand Shanye.")


@demo.command("build")
def build_demo() -> None:
    """Build the demo; an installation that has products is left as it is."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if not app.config["SETTINGS"].demo:
        raise click.ClickException("The demo is built only with GRIDSHOP_DEMO=1.")
    built = build(app, say=lambda words: click.echo(f"demo: {words}", err=True))
    click.echo("demo: built" if built else "demo: there already", err=True)
