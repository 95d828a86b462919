"""Totals of a run: carried from piece to piece in its own row, written out by name at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from commissions.models import TrialPeriod, TrialSum
from commissions.periods import Sums
from commissions.rows import write
from commissions.trials.tally import Tally, Total

_SUMS = {
    "line_count": "lines",
    "base_amount": "base",
    "now_amount": "now",
    "then_amount": "then",
    "cut_amount": "cut",
}
_PERIOD_KEYS = ("role", "position", "point_key", "payee_key", "currency", "period_key")
_COUNTED = {"base_amount": "base", "line_amount": "line", "room_amount": "room"}


def carried(tally: Tally) -> dict[str, Any]:
    """A tally as JSON, for the next piece to begin with."""
    return {
        "totals": [
            [*key, *(getattr(total, name) for name in _SUMS.values())]
            for key, total in tally.totals.items()
        ],
        "periods": [
            [*key, *(getattr(sums, name) for name in _COUNTED.values())]
            for key, sums in tally.periods.items()
        ],
    }


def taken_up(carry: Mapping[str, Any], zone: str) -> Tally:
    """The tally that an earlier piece left."""
    tally = Tally(zone)
    for dimension, currency, key, *amounts in carry.get("totals", ()):
        tally.totals[dimension, currency, key] = Total(*amounts)
    for row in carry.get("periods", ()):
        role, position, point, payee, currency, period, *amounts = row
        tally.periods[role, position, point, payee, currency, period] = Sums(*amounts)
    return tally


def write_totals(session: Session, trial_id: int, tally: Tally) -> None:
    """The totals by role, point, payee, product and month."""
    rows = [
        {
            "trial_id": trial_id,
            "dimension": dimension,
            "currency": currency,
            "key": key,
            **{column: getattr(total, name) for column, name in _SUMS.items()},
        }
        for (dimension, currency, key), total in sorted(tally.totals.items())
    ]
    write(session, TrialSum, rows)


def write_periods(
    session: Session,
    trial_id: int,
    tally: Tally,
    awards: Mapping[Any, int],
    ids: Callable[[], int],
) -> None:
    """What whole periods have counted, and what they add by that."""
    rows = [
        {
            "id": ids(),
            "trial_id": trial_id,
            **dict(zip(_PERIOD_KEYS, key, strict=True)),
            **{column: getattr(sums, name) for column, name in _COUNTED.items()},
            "award_amount": awards[key],
        }
        for key, sums in sorted(tally.periods.items())
    ]
    write(session, TrialPeriod, rows)
