"""What a plan would have cost: asked on the plan's page, worked off by a job, kept for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions import versions
from commissions.models import Draft, PlanVersion, Trial
from commissions.queries import trials as results
from commissions.queries.trials import Spread, TrialTotal
from commissions.terms import Terms
from commissions.trials import running
from commissions.trials.running import NothingToTry
from shop.catalog.models import Product
from shop.kernel import clock, db, ids, jobs
from shop.kernel.errors import Invalid, NotFound
from shop.kernel.words import _l
from shop.network import destinations
from shop.network.models import Payee, Point
from shop.rewards import keys, payout_terms, plan

SIMULATE = "rewards.simulate"
BY = "job:what-if"


@dataclass(frozen=True)
class Effect:
    """What a run would change about payouts: totals of payees beside their least amount."""

    now_amount: int = 0
    then_amount: int = 0
    paid_now: int = 0
    """Payees whose total reaches the least amount."""
    paid_then: int = 0
    no_longer: tuple[TrialTotal, ...] = ()
    """Payees who would wait, and did not."""
    newly: tuple[TrialTotal, ...] = ()


@dataclass(frozen=True)
class Result:
    """Everything that the page of a finished run shows."""

    roles: Sequence[TrialTotal]
    months: Sequence[TrialTotal]
    points: Spread
    point_winners: Sequence[TrialTotal]
    point_losers: Sequence[TrialTotal]
    products: Spread
    product_winners: Sequence[TrialTotal]
    product_losers: Sequence[TrialTotal]
    cut: Sequence[TrialTotal]
    periods: Sequence[Any]
    effect: Effect
    names: Mapping[str, dict[str, str]]

    @property
    def now_amount(self) -> int:
        return sum(one.now_amount for one in self.roles)

    @property
    def then_amount(self) -> int:
        return sum(one.then_amount for one in self.roles)

    @property
    def base_amount(self) -> int:
        return sum(one.base_amount for one in self.months)

    @property
    def cut_amount(self) -> int:
        return sum(one.cut_amount for one in self.months)


def ask(
    session: Session,
    source: str,
    *,
    name: str,
    since: datetime,
    until: datetime,
    by: str,
    at: datetime,
) -> int:
    """Try a draft (`draft:<id>`) or a version (`version:<id>`) over the sales placed in [since, until).

    Raises Invalid for an unknown source, a stretch that is none, or one without sales.
    """
    if since >= until:
        raise Invalid(_l("The last day lies before the first."), field="until")
    terms, called, of = _source(session, source)
    try:
        trial_id = running.start_trial(
            session,
            terms,
            plan_key=plan.KEY,
            name=name.strip()[:120] or called,
            placed_from=since,
            placed_until=until,
            by=by,
            at=at,
            ids=ids.new,
            **of,
        )
    except NothingToTry as error:
        raise Invalid(_l("Nothing was sold in that time."), field="since") from error
    jobs.enqueue(session, SIMULATE, {"id": str(trial_id)}, at=at, key=f"{SIMULATE}:{trial_id}")
    return trial_id


def work(payload: Mapping[str, Any]) -> None:
    """Job: work a run off, from wherever it stands."""
    for _progress in progress(int(payload["id"])):
        pass


def progress(trial_id: int) -> Any:
    """The same, telling after each piece how many sales of how many are done."""
    return running.run_to_the_end(
        db.engine(), trial_id, db.unit_of_work, by=BY, now=clock.now, ids=ids.new
    )


def latest(session: Session) -> Sequence[Trial]:
    """Kept runs, newest first."""
    return results.latest_trials(session, plan.KEY)


def one(session: Session, trial_id: int) -> Trial:
    """One run. Raises NotFound."""
    found = session.get(Trial, trial_id)
    if found is None:
        raise NotFound(_l("There is no such run."))
    return found


def result(session: Session, trial: Trial) -> Result:
    """What a finished run found; the number of statements does not depend on its size."""
    periods = results.trial_periods(session, trial.id)
    best = {
        (dimension, winners): results.extremes(session, trial.id, dimension, winners=winners)
        for dimension in ("point", "product")
        for winners in (True, False)
    }
    cut, effect = results.most_cut(session, trial.id), _effect(session, trial.id)
    named = {total.key for totals in (*best.values(), cut) for total in totals}
    named |= {row.point_key for row in periods}
    named |= {total.key for total in (*effect.no_longer, *effect.newly)}
    return Result(
        roles=results.trial_totals(session, trial.id, "role"),
        months=results.trial_totals(session, trial.id, "month"),
        points=results.spread(session, trial.id, "point"),
        point_winners=best["point", True],
        point_losers=best["point", False],
        products=results.spread(session, trial.id, "product"),
        product_winners=best["product", True],
        product_losers=best["product", False],
        cut=cut,
        periods=periods,
        effect=effect,
        names=names_of(session, named),
    )


def names_of(session: Session, wanted: set[str]) -> dict[str, dict[str, str]]:
    """Names of points, products and payees by key, in every language they have; three statements."""
    named: dict[str, dict[str, str]] = {}
    columns: tuple[tuple[str, Any, Any], ...] = (
        ("product", Product.id, Product.title),
        ("point", Point.id, Point.name),
        ("payee", Payee.id, Payee.name),
    )
    for kind, number, name in columns:
        numbers = [keys.number(key) for key in wanted if key.startswith(f"{kind}:")]
        for found, called in session.execute(select(number, name).where(number.in_(numbers))):
            named[f"{kind}:{found}"] = called if isinstance(called, dict) else {"en": called}
    return named


def _source(session: Session, source: str) -> tuple[Terms, str, dict[str, int]]:
    kind, _colon, number = source.partition(":")
    if number.isdigit() and kind == "draft" and (draft := session.get(Draft, int(number))):
        return plan.terms_of(draft), str(draft.note) or "", {"draft_id": draft.id}
    if number.isdigit() and kind == "version":
        version = session.get(PlanVersion, int(number))
        if version is not None:
            terms = versions.version_by_id(session, version.id).terms
            return terms, "", {"version_id": version.id}
    raise Invalid(_l("Please choose a plan."), field="source")


def _effect(session: Session, trial_id: int) -> Effect:
    totals = results.trial_totals(session, trial_id, "payee")
    payee_ids = [keys.number(total.key) for total in totals]
    places, terms = destinations.current(session, payee_ids), payout_terms.current(session)

    def reaches(total: TrialTotal, amount: int) -> bool:
        place = places.get(keys.number(total.key))
        known = terms.get((place.rail, total.currency)) if place else None
        return amount >= (known or payout_terms.standard(total.currency)).minimum

    now = {total for total in totals if reaches(total, total.now_amount)}
    then = {total for total in totals if reaches(total, total.then_amount)}
    largest = sorted(totals, key=lambda total: (-abs(total.change), total.key))
    return Effect(
        now_amount=sum(total.now_amount for total in now),
        then_amount=sum(total.then_amount for total in then),
        paid_now=len(now),
        paid_then=len(then),
        no_longer=tuple(total for total in largest if total in now and total not in then)[:10],
        newly=tuple(total for total in largest if total in then and total not in now)[:10],
    )
