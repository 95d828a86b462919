"""The end of a run: what whole periods add, then and now, counted over the same sales.

Periods come last because a band or a cap looks at all sales of its period at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commissions.facts import Party
from commissions.models import Counted, PeriodRow, SaleRow, Trial, TrialStatus
from commissions.models.trials import trials
from commissions.periods import Sums, award_of
from commissions.rows import table_of
from commissions.terms import Terms
from commissions.trials.sums import write_periods, write_totals
from commissions.trials.tally import PeriodKey, Tally
from commissions.versions import version_by_id


def end(
    session: Session,
    trial_id: int,
    terms: Terms,
    tally: Tally,
    *,
    by: str,
    at: datetime,
    ids: Callable[[], int],
) -> None:
    """Settle the periods of a run whose lines are all written, and say that it is done."""
    awards = _then(terms, tally)
    _now(session, trial_id, tally)
    write_periods(session, trial_id, tally, awards, ids)
    write_totals(session, trial_id, tally)
    to, also = TrialStatus.DONE, {"ended_at": at, "carry": {}}
    trials.move(session, Trial, trial_id, to=to, by=by, at=at, ids=ids, also=also)


def _then(terms: Terms, tally: Tally) -> dict[PeriodKey, int]:
    rules = {(rule.role.value, rule.position): rule for rule in terms.rules}
    awards = {}
    for key, sums in tally.periods.items():
        role, position, point_key, payee_key, currency, _period = key
        awards[key], _working = award_of(rules[role, position], currency, sums)
        party = Party(point_key=point_key, payee_key=payee_key)
        tally.award(role, party, currency, then=awards[key])
    return awards


def _now(session: Session, trial_id: int, tally: Tally) -> None:
    """What the books' own periods come to for the sales of this run and no others."""
    trial, sale, period, counted = map(table_of, (Trial, SaleRow, PeriodRow, Counted))
    names = ("base_amount", "line_amount", "room_amount")
    rows = session.execute(
        select(
            period.c.version_id,
            period.c.rule_id,
            period.c.point_key,
            period.c.payee_key,
            period.c.currency,
            *(func.sum(counted.c[name]).label(name) for name in names),
        )
        .join_from(counted, period, period.c.id == counted.c.period_id)
        .join(sale, sale.c.id == counted.c.sale_id)
        .join(trial, trial.c.id == trial_id)
        .where(
            sale.c.plan_key == trial.c.plan_key,
            sale.c.placed_at >= trial.c.placed_from,
            sale.c.placed_at < trial.c.placed_until,
        )
        .group_by(
            period.c.id,
            period.c.version_id,
            period.c.rule_id,
            period.c.point_key,
            period.c.payee_key,
            period.c.currency,
        )
    ).all()
    for row in rows:
        in_force = version_by_id(session, row.version_id)
        rule = next(one for one in in_force.terms.rules if in_force.rule_id(one) == row.rule_id)
        sums = Sums(*(int(getattr(row, name)) for name in names))
        amount, _working = award_of(rule, row.currency, sums)
        party = Party(point_key=row.point_key, payee_key=row.payee_key)
        tally.award(rule.role.value, party, row.currency, now=amount)
