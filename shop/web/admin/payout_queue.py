"""The operators' queue: payouts that stand for too long, and Stripe's list against ours."""

from typing import Any

from flask import Response

from shop.kernel import clock, db
from shop.kernel.errors import ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import say
from shop.rewards import keys, payout_lists, reconciling
from shop.rewards.payouts import names_of
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import payout_words
from shop.web.admin.routes import blueprint


@blueprint.get("/payouts/queue")
@access.finance
def payout_queue() -> Response:
    """What stands, since when and why, and what the last comparison found."""
    return _page()


@blueprint.post("/payouts/reconcile")
@access.finance
def reconcile_payouts() -> Any:
    """Compare with Stripe now."""
    try:
        found = reconciling.reconcile(by=current_actor().key)
    except ShopError as error:
        return _page(message=say(error.message), status=error.status)
    said = (
        _l("Stripe's list differs; see below.") if found.findings else _l("Stripe's list agrees.")
    )
    return render.back_to(
        "admin.payout_queue", say_so=said, tone="bad" if found.findings else "good"
    )


def _page(*, message: str = "", status: int = 200) -> Response:
    at = clock.now()
    with db.reading() as session:
        rows = payout_lists.standing(session, at=at)
        return render.page(
            "admin/payouts/queue.html",
            status=status,
            rows=rows,
            names=names_of(session, [keys.number(row.payout.payee_key) for row in rows]),
            compared=reconciling.latest(session),
            halt=payout_lists.halt(session),
            keys=keys,
            words=payout_words,
            message=message,
            at=at,
        )
