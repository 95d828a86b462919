"""What happens by itself once sandbox time has come: sessions expire, late outcomes arrive.

It runs at each look at the sandbox and in the delivery loop, so that nobody sees a stale state.
"""

from collections.abc import Callable

from . import disputes, refunds, sessions
from .core import Sandbox
from .errors import Json, Refused

Verb = Callable[[Sandbox, Json], object]

VERBS: dict[str, Verb] = {
    "expire_session": sessions.expire,
    "settle_payment": sessions.settle_payment,
    "fail_payment": sessions.fail_payment,
    "open_dispute": disputes.open_dispute,
    "settle_refund": refunds.settle,
    "fail_refund": refunds.fail,
}


def catch_up(sandbox: Sandbox) -> int:
    """Do everything that is due by now, in order; return how much there was."""
    with sandbox.transaction():
        rows = sandbox.store.execute(
            "SELECT seq, verb, subject FROM agenda WHERE due_at <= ? ORDER BY due_at, seq",
            (sandbox.now(),),
        ).fetchall()
        for seq, verb, subject in rows:
            sandbox.store.execute("DELETE FROM agenda WHERE seq = ?", (seq,))
            _run(sandbox, verb, subject)
    return len(rows)


def _run(sandbox: Sandbox, verb: str, subject: str) -> None:
    obj = sandbox.store.load(subject)
    if obj is None:
        return
    try:
        VERBS[verb](sandbox, obj)
    except Refused:
        # Somebody was quicker: the session was paid, the refund settled by hand. Verbs refuse
        # before they write, so nothing is left half done.
        return
