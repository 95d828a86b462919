"""`flask payouts`: the run from the command line, with the same four eyes as on the pages."""

import click
from flask.cli import AppGroup

from commissions import queries
from commissions.errors import CommissionError
from shop.accounts import queries as accounts
from shop.accounts.models import StaffRole
from shop.checkout.contact import normal_email
from shop.kernel import db
from shop.rewards import payout_runs, payouts

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


def _person(email: str, role: StaffRole) -> int:
    with db.reading() as session:
        person = accounts.person_by_contact(session, normal_email(email) or "")
    if person is None or role not in person.staff_roles:
        raise click.ClickException(f"{email} does not hold the role {role.value}.")
    return person.id
