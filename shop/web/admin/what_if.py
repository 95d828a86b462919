"""What-if on the brand's desk: ask, watch, read, compare two, take home."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import Response, abort, request, stream_with_context
from sqlalchemy.orm import Session

from commissions.models import Trial
from commissions.queries import trials as results
from shop.accounts import queries as people
from shop.kernel import clock, db
from shop.kernel.csv_files import with_formula_guard
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l, locale, text_of
from shop.kernel.money import to_decimal
from shop.kernel.words import say
from shop.rewards import plan as plans
from shop.rewards import what_if
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import orders_filter
from shop.web.admin.routes import blueprint

DAYS = 90
"""The stretch that the form proposes."""
DIMENSIONS = ("role", "point", "product", "payee", "month")
OPEN = ("queued", "running")


@blueprint.get("/plan/what-if")
@access.finance
def what_ifs() -> Response:
    """The form, and the runs that are kept."""
    return _list()


@blueprint.post("/plan/what-if")
@access.finance
def ask_what_if() -> Any:
    """Begin a run."""
    try:
        since, until = _stretch()
        with db.unit_of_work() as session:
            trial_id = what_if.ask(
                session,
                request.form.get("source", ""),
                name=request.form.get("name", ""),
                since=since,
                until=until,
                by=current_actor().key,
                at=clock.now(),
            )
    except Invalid as error:
        return _list(message=say(error.message), status=422)
    return render.back_to("admin.what_if_run", trial_id=trial_id)


@blueprint.get("/plan/what-if/<int:trial_id>")
@access.finance
def what_if_run(trial_id: int) -> Response:
    """How far a run is, and what it found."""
    with db.reading() as session:
        trial = what_if.one(session, trial_id)
        found = what_if.result(session, trial) if trial.status == "done" else None
        others = [one for one in what_if.latest(session) if one.status == "done"]
        return render.page(
            "admin/what_if/one.html",
            trial=trial,
            found=found,
            runs_on=trial.status in OPEN,
            others=[one for one in others if one.id != trial.id],
            called=called(session, others if trial in others else [trial, *others]),
            people=people.names_of(session, {trial.by}),
            dimensions=DIMENSIONS,
            name_of=_name_of(found.names if found else {}),
            share=share,
        )


@blueprint.get("/plan/what-if/<int:trial_id>/progress")
@access.finance
def what_if_progress(trial_id: int) -> Response:
    """The part of the page that asks again by itself."""
    with db.reading() as session:
        trial = what_if.one(session, trial_id)
    return render.page("admin/what_if/_progress.html", trial=trial, runs_on=trial.status in OPEN)


@blueprint.get("/plan/what-if/compare")
@access.finance
def compare_what_ifs() -> Response:
    """Two kept runs side by side."""
    with db.reading() as session:
        one, other = (what_if.one(session, _number(name)) for name in ("one", "other"))
        rows = {
            dimension: results.side_by_side(session, one.id, other.id, dimension, limit=20)
            for dimension in ("role", "month", "product", "point")
        }
        totals = [_totals(session, trial) for trial in (one, other)]
        named = {row[0] for dimension in ("product", "point") for row in rows[dimension]}
        return render.page(
            "admin/what_if/compare.html",
            trials=(one, other),
            totals=totals,
            rows=rows,
            called=called(session, [one, other]),
            name_of=_name_of(what_if.names_of(session, named)),
            share=share,
        )


@blueprint.get("/plan/what-if/<int:trial_id>/<dimension>.csv")
@access.finance
def what_if_totals(trial_id: int, dimension: str) -> Response:
    """All totals of one kind as a file."""
    if dimension not in DIMENSIONS:
        abort(404)
    with db.reading() as session:
        trial = what_if.one(session, trial_id)
        totals = results.trial_totals(session, trial.id, dimension)
        names = what_if.names_of(session, {total.key for total in totals})
    rows: list[tuple[str, ...]] = [
        ("key", "name", "currency", "lines", "base", "now", "then", "change", "ceiling_cut")
    ]
    name_of = _name_of(names)
    for one in totals:
        amounts = (
            one.base_amount, one.now_amount, one.then_amount, one.change, one.cut_amount,
        )  # fmt: skip
        decimals = (str(to_decimal(amount, one.currency)) for amount in amounts)
        name = with_formula_guard(name_of(one.key))
        rows.append((one.key, name, one.currency, str(one.lines), *decimals))
    return _file(iter([_csv(rows)]), f"what-if-{dimension}-{render.stamp(trial.at)}.csv")


@blueprint.get("/plan/what-if/<int:trial_id>/lines.csv")
@access.finance
def what_if_lines(trial_id: int) -> Response:
    """Every line of the result as a file."""
    with db.reading() as session:
        trial = what_if.one(session, trial_id)
    content = stream_with_context(_lines(trial.id))
    return _file(content, f"what-if-lines-{render.stamp(trial.at)}.csv")


def share(part: int, whole: int) -> str:
    """A part of a whole in percent, with one decimal."""
    return render.bps((10_000 * part + whole // 2) // whole // 10 * 10) if whole else "–"


def called(session: Session, trials: list[Trial]) -> dict[int, str]:
    """What each run is called: its own name, or the draft or version that it tried."""
    numbers = {one.id: one.number for one in plans.history(session)}
    found = {}
    for trial in trials:
        of = _l("Draft")
        if trial.version_id is not None:
            of = _l("Version %(number)s", number=numbers.get(trial.version_id, "?"))
        found[trial.id] = trial.name or say(of)
    return found


def _lines(trial_id: int) -> Iterator[str]:
    yield "\ufeff" + _csv(
        [("sale", "line", "product", "placed_at", "role", "currency", "base", "now", "then", "cut")]
    )
    with db.reading() as session:
        for one in results.tried_lines(session, trial_id):
            amounts = (one.base_amount, one.now_amount, one.then_amount, one.cut_amount)
            decimals = [str(to_decimal(amount, one.currency)) for amount in amounts]
            moment = one.placed_at.isoformat(timespec="seconds")
            names = (one.sale_key, one.line_key, one.product_key, moment, str(one.role))
            yield _csv([(*names, one.currency, *decimals)])


def _csv(rows: list[tuple[str, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _file(content: Any, name: str) -> Response:
    answer = Response(content, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _list(*, message: str = "", status: int = 200) -> Response:
    today = render.today()
    with db.reading() as session:
        draft, trials = plans.open_draft(session), list(what_if.latest(session))
        return render.page(
            "admin/what_if/list.html",
            status=status,
            message=message,
            draft=draft,
            versions=plans.history(session),
            trials=trials,
            called=called(session, trials),
            people=people.names_of(session, {one.by for one in trials}),
            chosen=request.values.get("source", ""),
            since=request.form.get("since") or (today - timedelta(days=DAYS)).isoformat(),
            until=request.form.get("until") or today.isoformat(),
            typed=request.form,
        )


def _stretch() -> tuple[datetime, datetime]:
    brand = render.current_brand()
    since, until = orders_filter.period(request.form, brand.zone, render.today())
    if since is None or until is None:
        raise Invalid(_l("Please choose a first and a last day."), field="since")
    return since, until


def _number(name: str) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isdigit() and len(text) < 19 else 0


def _totals(session: Session, trial: Trial) -> dict[str, int]:
    months = results.trial_totals(session, trial.id, "month")
    roles = results.trial_totals(session, trial.id, "role")
    return {
        "base": sum(one.base_amount for one in months),
        "now": sum(one.now_amount for one in roles),
        "then": sum(one.then_amount for one in roles),
        "cut": sum(one.cut_amount for one in months),
    }


def _name_of(names: Any) -> Any:
    def name_of(key: str) -> str:
        if key not in names:
            return key
        return text_of(names[key], locale())

    return name_of
