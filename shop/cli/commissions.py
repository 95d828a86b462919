"""`flask commissions`: prove the ledger, and say why a cent."""

import click
from flask.cli import AppGroup

from commissions import audit, explain
from shop.kernel import brand as brands
from shop.kernel import clock, db
from shop.kernel.i18n import LOCALES, in_locale
from shop.kernel.words import say
from shop.rewards import payable, sentences

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
