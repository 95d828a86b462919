"""`flask commissions`: prove the ledger, say why a cent, and what a plan would have cost."""

from datetime import datetime, timedelta

import click
from flask.cli import AppGroup

from commissions import audit, explain
from shop.kernel import brand as brands
from shop.kernel import clock, db
from shop.kernel.i18n import LOCALES, in_locale
from shop.kernel.money import to_decimal
from shop.kernel.words import say
from shop.rewards import payable, plan, sentences, what_if

commissions = AppGroup("commissions", help="The commission engine.")


@commissions.command("audit")
def audit_ledger() -> None:
    """Recompute everything from the facts and the plan versions, and compare."""
    report = audit.prove_snapshot(db.engine())
    click.echo(f"{report.sales} sales recomputed, {report.postings} sealed postings checked")
    for finding in report.findings:
        click.echo(f"✗ {finding}")
    if not report.is_clean:
        raise SystemExit(1)
    click.echo("✓ The ledger balances and equals a recomputation.")


@commissions.command("explain")
@click.argument("entry_id", type=int)
@click.option("--locale", type=click.Choice(LOCALES), default=LOCALES[0])
def explain_entry(entry_id: int, locale: str) -> None:
    """Why this amount, and when it is payable."""
    with db.reading() as session, in_locale(locale):
        found = explain.explain_entry(session, entry_id, at=clock.now())
        currency, zone = found.earning.currency, brands.current(session).zone
        for sentence in sentences.of_steps(found.why_this_amount, currency, zone=zone):
            click.echo(say(sentence))
        for sentence in sentences.of_steps(found.when_payable, currency, zone=zone):
            click.echo(say(sentence))


@commissions.command("clear")
def clear() -> None:
    """Report what is payable now; availability is a comparison with the clock, not a state."""
    with db.reading() as session:
        rows, _sums = payable.payable(session, at=clock.now(), limit=100_000)
        for row in rows:
            click.echo(f"{row.available_amount:>12} {row.currency}  {row.name}  {row.label or '-'}")


@commissions.command("simulate")
@click.argument("source")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), required=True)
@click.option("--to", "until", type=click.DateTime(["%Y-%m-%d"]), required=True)
@click.option("--name", default="", help="How the kept run is called.")
def simulate(source: str, since: datetime, until: datetime, name: str) -> None:
    """What SOURCE would have cost: `draft:<id>`, `version:<id>`, or `draft` for the open one.

    Both days count, in the brand's time zone.
    """
    with db.unit_of_work() as session:
        zone, draft = brands.current(session).zone, plan.open_draft(session)
        if source == "draft" and draft is not None:
            source = f"draft:{draft.id}"
        trial_id = what_if.ask(
            session,
            source,
            name=name,
            since=since.replace(tzinfo=zone),
            until=until.replace(tzinfo=zone) + timedelta(days=1),
            by="cli",
            at=clock.now(),
        )
    for done, total in what_if.progress(trial_id):
        click.echo(f"{done} of {total} sales")
    with db.reading() as session:
        trial = what_if.one(session, trial_id)
        if trial.status == "failed":
            raise click.ClickException(trial.problem)
        found = what_if.result(session, trial)
    click.echo(
        f"{trial.line_count} lines, {trial.checked_sales} sales compared with the calculator"
    )
    for total_ in found.roles:
        now, then = (
            to_decimal(a, total_.currency) for a in (total_.now_amount, total_.then_amount)
        )
        click.echo(f"{total_.key:<10} {now:>14} → {then:>14} {total_.currency}")
    click.echo(f"{trial.cut_count} lines scaled down by the ceiling; kept as run {trial.id}")
