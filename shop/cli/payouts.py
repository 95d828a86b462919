"""`flask payouts`: the run from the command line, with the same four eyes as on the pages."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from commissions import queries
from commissions.errors import CommissionError
from shop.accounts import queries as accounts
from shop.accounts.models import StaffRole
from shop.checkout.contact import normal_email
from shop.kernel import db
from shop.rewards import payout_runs, payouts, reconciling, restores

payouts_group = AppGroup("payouts", help="Paying commissions out.")


@payouts_group.command("prepare")
@click.option("--by", "email", required=True, help="E-mail of the maker.")
def prepare(email: str) -> None:
    """Claim what is payable now; one draft for each payee."""
    person = _person(email, StaffRole.FINANCE_MAKER)
    click.echo(f"run {payout_runs.prepare(by=f'account:{person}')}")


@payouts_group.command("approve")
@click.argument("run_id", type=int)
@click.option("--by", "email", required=True, help="E-mail of the checker.")
def approve(run_id: int, email: str) -> None:
    """Approve every draft of a run; the maker cannot."""
    person = _person(email, StaffRole.FINANCE_CHECKER)
    with db.reading() as session:
        found = queries.payouts(session, run_id=run_id, limit=100_000)
        hashes = {one.id: one.terms_hash for one in found if one.status.value == "draft"}
    try:
        done = payouts.approve(sorted(hashes), hashes, by=f"account:{person}", account_id=person)
    except CommissionError as error:
        raise click.ClickException(error.code) from error
    click.echo(f"{len(done)} payouts approved")


@payouts_group.command("send")
def send() -> None:
    """Advance every queued Connect payout by one pass, as the worker does."""
    payouts.send_due({})


@payouts_group.command("reconcile")
@click.option("--since", type=click.DateTime(), help="UTC; else two days before the last time.")
def reconcile(since: datetime | None) -> None:
    """Compare Stripe's transfers with the books; a disagreement halts payouts."""
    start = since.replace(tzinfo=UTC) if since else None
    found = reconciling.reconcile(by="command", since=start)
    click.echo(f"{found.transfer_count} transfers since {found.since:%Y-%m-%d %H:%M} UTC")
    for one in found.findings:
        click.echo(f"{one['code']}: {one['group']} {one['ref']}")
    if found.findings:
        raise SystemExit(1)
    click.echo("✓ Stripe and the books agree.")


@payouts_group.command("restored")
@click.argument("restored_to", type=click.DateTime())
def restored(restored_to: datetime) -> None:
    """Say that the database was restored as of RESTORED_TO (UTC); nothing is sent until compared."""
    restores.block(restored_to.replace(tzinfo=UTC), by="command")
    click.echo("Payouts are halted. Run flask payouts reconcile --since, then two people agree.")


def _person(email: str, role: StaffRole) -> int:
    with db.reading() as session:
        person = accounts.person_by_contact(session, normal_email(email) or "")
    if person is None or role not in person.staff_roles:
        raise click.ClickException(f"{email} does not hold the role {role.value}.")
    return person.id
