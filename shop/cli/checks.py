"""What the doctor looks at, as one list of sentences."""

from sqlalchemy.exc import SQLAlchemyError

from commissions import audit as ledger
from shop import wiring
from shop.catalog import stock_check
from shop.kernel import db
from shop.kernel.i18n import in_locale
from shop.kernel.words import say
from shop.rewards import restores


def run() -> list[str]:
    """Everything that is not in order."""
    problems: list[str] = []
    try:
        wiring.assert_database(may_lose_power=True)
    except (RuntimeError, SQLAlchemyError) as error:
        problems.append(str(error))
    with db.reading() as session:
        if (went_back := restores.problem(session)) is not None:
            with in_locale("en"):  # commands speak English, like the findings beside it
                problems.append(f"payouts: {say(went_back)}")
        problems.extend(f"stock: {finding}" for finding in stock_check.check(session))
    proof = ledger.prove_snapshot(db.engine())
    problems.extend(f"ledger: {finding}" for finding in proof.findings)
    return problems
