"""Commands of the house: sandbox, clock, worker, staff, and the doctor."""

import os
from datetime import timedelta

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from shop.accounts import passwords, register
from shop.accounts.models import StaffRole
from shop.checkout.contact import normal_email
from shop.cli import checks
from shop.kernel import clock, db, jobs
from shop.kernel.settings import Settings
from shop.kernel.worker import Worker
from shop.sandbox.serve import serve
from shop.sandbox.settings import SandboxSettings

sandbox = AppGroup("sandbox", help="The stand-in for Stripe.")
clock_group = AppGroup("clock", help="Business time, for demos.")
jobs_group = AppGroup("jobs", help="Work that waits in the outbox.")
users = AppGroup("users", help="Staff.")

_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


@sandbox.command("serve")
@click.option("--host", default="127.0.0.1")
@click.option("--port", default=8001)
def serve_sandbox(host: str, port: int) -> None:
    """Serve the stand-in for Stripe on a port of its own."""
    settings = _settings()
    serve(
        SandboxSettings(
            database=str(settings.data_dir / "sandbox.sqlite"),
            secret_key=settings.stripe_secret_key,
            webhook_url=f"{settings.public_url}/stripe/webhook",
            webhook_secret=settings.stripe_webhook_secret,
            public_url=settings.sandbox_public_url,
            data_dir=settings.data_dir,
        ),
        host,
        port,
    )


@clock_group.command("shift")
@click.argument("by")
def shift(by: str) -> None:
    """Let time pass: 8d, 12h or 30m. Allowed only against the sandbox."""
    if not _settings().uses_sandbox:
        raise click.ClickException("The clock moves only while Stripe is the sandbox.")
    number, unit = by[:-1], by[-1:]
    if not number.isdigit() or unit not in _UNITS:
        raise click.ClickException("Say how far: 8d, 12h or 30m.")
    total = clock.shift(timedelta(**{_UNITS[unit]: int(number)}))
    click.echo(f"Business time is {total} ahead of wall time: {clock.now():%Y-%m-%d %H:%M} UTC")


@jobs_group.command("work")
@click.option("--threads", default=2, show_default=True)
def work(threads: int) -> None:
    """Do jobs until stopped; a running one is finished first."""
    worker: Worker = current_app.extensions["worker"]
    worker.work(threads=threads)


@jobs_group.command("drain")
def drain() -> None:
    """Do everything that is due now, then stop."""
    worker: Worker = current_app.extensions["worker"]
    worker.sweep()
    click.echo(f"{jobs.drain()} jobs done")


@jobs_group.command("dead")
@click.option("--revive", is_flag=True, help="Give them their tries back.")
def dead(revive: bool) -> None:
    """List jobs that were given up."""
    with db.unit_of_work() as session:
        found = jobs.dead(session)
        for job in found:
            click.echo(f"{job.id} {job.name} {job.error[:120]}")
            if revive:
                jobs.revive(session, job.id, at=clock.now())
    click.echo(f"{len(found)} dead jobs" + (", revived" if revive and found else ""))


@users.command("create")
@click.argument("email")
@click.option("--name", default="")
@click.option(
    "--role", "roles", multiple=True, type=click.Choice([role.value for role in StaffRole])
)
def create(email: str, name: str, roles: tuple[str, ...]) -> None:
    """Make a member of staff; the password is asked for, or read from GRIDSHOP_PASSWORD."""
    contact = normal_email(email) or ""
    password = os.environ.get("GRIDSHOP_PASSWORD") or click.prompt(
        "Password", hide_input=True, confirmation_prompt=True
    )
    at = clock.now()
    with db.unit_of_work() as session:
        person = register.with_contact(session, contact, name=name, locale="zh", at=at)
        passwords.set_password(session, person.id, password)
        for role in roles or (StaffRole.ADMIN.value,):
            register.grant(session, person.id, StaffRole(role), by="command", at=at)
    click.echo(f"{contact} may sign in at /sign-in/staff; the second factor is set up there.")


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Check configuration, database contract, stock and ledger."""
    problems = checks.run()
    for problem in problems:
        click.echo(f"✗ {problem}")
    if problems:
        raise SystemExit(1)
    click.echo("✓ Configuration, database, stock and ledger are in order.")


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
