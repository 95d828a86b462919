"""Stopping a payout, letting it go on, and looking up what became of it.

Separate from payouts.py because a run needs none of it: these are the ways out when a payout stands.
What needs two people is in consents.py.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from commissions.models import Payout, PayoutStatus
from commissions.payouts import approving, hearing, sending
from commissions.payouts.leases import order_of
from commissions.payouts.method import LookUpFailed
from shop.gateway.client import GatewayUnavailable
from shop.kernel import clock, db, ids, jobs
from shop.kernel.errors import Conflict, Invalid
from shop.kernel.words import _l
from shop.rewards import payouts
from shop.rewards.connect_rail import RAIL as CONNECT
from shop.rewards.connect_rail import ConnectRail

LOOK_AGAIN = "rewards.look_again"


def stop(payout_id: int, *, reason: str, by: str) -> None:
    """Hold a payout that waits to be sent.

    Raises Invalid without a reason, StaleState if it is being sent already.
    """
    if not reason.strip():
        raise Invalid(_l("Please say why."), field="reason")
    with db.unit_of_work() as session:
        approving.block(
            session, payout_id, by=by, at=clock.now(), ids=ids.new, reason=reason.strip()[:200]
        )


def go_on(payout_id: int, *, by: str) -> None:
    """Let a held payout be sent after all; its approval stands, and so do all checks before it is.

    Raises StaleState if it is not held.
    """
    at = clock.now()
    with db.unit_of_work() as session:
        if approving.payout_of(session, payout_id).status is not PayoutStatus.BLOCKED:
            raise Conflict(_l("Somebody else changed this meanwhile. Please look at it again."))
        approving.queue(session, payout_id, by=by, at=at, ids=ids.new)
        jobs.enqueue(session, payouts.SEND, at=at, key=payouts.SEND)


def look_again(payout_id: int, *, by: str) -> None:
    """Ask Stripe for the transfers of a payout, and note what they say.

    A held one that was sent is proven absent by the second look that finds nothing.
    Raises GatewayUnavailable, Conflict for a rail that cannot be asked.
    """
    with db.reading() as session:
        payout = approving.payout_of(session, payout_id)
        order = order_of(payout)
    if payout.rail != CONNECT:
        raise Conflict(_l("Only Stripe can be asked; look at the bank yourself."))
    method, sender = ConnectRail(), payouts.hands(by)
    try:
        if payout.status is PayoutStatus.BLOCKED:
            sending.confirm_absence(sender, payout_id, method)
            return
        found = method.look_up(order)
    except LookUpFailed as error:
        raise GatewayUnavailable from error
    with db.unit_of_work() as session:
        hearing.hear(session, sender, order.group_key, found)


def look_again_later(payload: Mapping[str, Any]) -> None:
    """Job: the same, after two people have cleared a quarantine."""
    payout_id = int(payload["payout_id"])
    with db.reading() as session:
        is_connect = _rail_of(session, payout_id) == CONNECT
    if is_connect:
        look_again(payout_id, by="job:payouts")


def _rail_of(session: Session, payout_id: int) -> str:
    return session.get_one(Payout, payout_id).rail
