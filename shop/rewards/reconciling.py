"""Stripe's list of transfers against the books, every day, after a restore, or when somebody asks.

The newest comparison is the watermark; each begins 48 hours before the one before it. A transfer that
was not recorded is adopted; a disagreement halts payouts until people have looked.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from commissions.models import Payout
from commissions.payouts import hearing, reconciling
from commissions.payouts.method import Transfer
from shop.gateway import client
from shop.kernel import clock, db, ids
from shop.kernel.words import Words, _l
from shop.rewards import payouts, restores
from shop.rewards.connect_rail import RAIL, of_stripe
from shop.rewards.payout_models import Reconciliation

log = logging.getLogger(__name__)

RECONCILE = "rewards.reconcile"
REVERSE_LATER = "rewards.reverse_later"
OVERLAP = timedelta(hours=48)
BY = "job:reconcile"
_GROUP = "payout:"


def work(_payload: Mapping[str, Any]) -> None:
    """Job, daily."""
    reconcile(by=BY)


def reconcile(*, by: str, since: datetime | None = None) -> Reconciliation:
    """Compare all transfers since the last time, or since a moment; what was found is kept.

    Raises GatewayUnavailable.
    """
    until = clock.now()
    with db.reading() as session:
        start = since or _since(session, until)
    raw = [one for one in client.transfers_since(start) if _is_ours(one)]
    transfers = [of_stripe(one) for one in raw]
    with db.unit_of_work() as session:
        found = reconciling.reconcile(
            session, transfers, RAIL, since=start, by=by, at=until, ids=ids.new
        )
        for one in found:
            log.error("reconciliation: %s of %s (%s)", one.code, one.group_key, one.ref or "-")
        row_id = ids.new()
        findings = [{"code": one.code, "group": one.group_key, "ref": one.ref} for one in found]
        session.execute(
            insert(Reconciliation).values(
                id=row_id,
                since=start,
                until=until,
                transfer_count=len(transfers),
                findings=findings,
                by=by,
            )
        )
        _adopt(session, transfers, {one.group_key for one in found if one.code == "unrecorded"})
        return session.get_one(Reconciliation, row_id)


def latest(session: Session) -> Reconciliation | None:
    """The newest comparison."""
    return session.scalars(
        select(Reconciliation).order_by(Reconciliation.id.desc()).limit(1)
    ).first()


def restore_objection(session: Session) -> Words | None:
    """Why payouts must stay halted after a restore; None if that was not the reason, or is done.

    A comparison must reach from 48 hours before the copy's time to after the restore, and a second
    one must find that nothing is left to adopt. Transfers of payouts that the copy never had are the
    two people's: they take them back at Stripe, or correct the payees by hand, before they agree.
    """
    row = restores.blocked(session)
    if row is None or row.restored_to is None or row.blocked_at is None:
        return None
    newest = latest(session)
    if (
        newest is None
        or newest.until < row.blocked_at
        or newest.since > row.restored_to - OVERLAP
        or any(one["code"] != "payout_missing" for one in newest.findings)
    ):
        return _l(
            "The database was restored. Compare with Stripe from two days before the copy's time, "
            "until nothing is left: flask payouts reconcile --since."
        )
    return None


def reverse_later(payload: Mapping[str, Any]) -> None:
    """Job, after two people agreed: of several transfers of a payout all but the first go back."""
    payout_id = int(payload["payout_id"])
    with db.reading() as session:
        payout = session.get_one(Payout, payout_id)
        group, recorded = payout.group_key, payout.transfer_ref
    live = [one for one in client.transfers_of(group) if not one.get("reversed")]
    first = min(
        live, key=lambda one: (one["id"] != recorded, one["created"], one["id"]), default=None
    )
    for one in live:
        if first is not None and one["id"] != first["id"]:
            client.reverse_transfer(str(one["id"]), key=f"reverse:{one['id']}")


def _since(session: Session, at: datetime) -> datetime:
    newest = latest(session)
    return (newest.until if newest else at - timedelta(days=30)) - OVERLAP


def _is_ours(found: Mapping[str, Any]) -> bool:
    ours = (found.get("metadata") or {}).get("app") == "gridshop"
    return ours or str(found.get("transfer_group") or "").startswith(_GROUP)


def _adopt(session: Session, transfers: Sequence[Transfer], groups: set[str]) -> None:
    for group in sorted(groups):
        found = [one for one in transfers if one.group_key == group]
        hearing.hear(session, payouts.hands(BY), group, found)
