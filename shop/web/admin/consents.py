"""Where the second person agrees: what somebody of finance asked for and must not do alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, request
from sqlalchemy.orm import Session

from commissions.errors import CommissionError
from shop.accounts import queries as people
from shop.kernel import clock, db
from shop.kernel.errors import ShopError
from shop.kernel.i18n import _l
from shop.kernel.words import Words, say
from shop.rewards import consents as verbs
from shop.rewards.models import Act, Consent
from shop.web import access, render
from shop.web.actor import current_actor
from shop.web.admin import payout_words
from shop.web.admin.routes import blueprint

ASKED = _l("Another person of finance finds it under Tasks and must agree.")
"""Said to whoever asked for something that needs a second person."""
ABOUT_PAYOUTS = (Act.VOID, Act.CLEAR, Act.REVERSE, Act.BOOK_PART, Act.ACCEPT_PART)


@dataclass(frozen=True)
class Asked:
    """A request as pages show it."""

    consent: Consent
    act: Words
    asked_by: str
    decided_by: str
    is_mine: bool
    """Asked by the reader, who therefore cannot agree."""

    @property
    def is_about_payout(self) -> bool:
        return self.consent.act in ABOUT_PAYOUTS


@blueprint.get("/consents")
@access.finance
def consents() -> Response:
    """What waits for a second person, and the last decisions."""
    return _page()


@blueprint.post("/consents/<int:consent_id>")
@access.finance
def decide_consent(consent_id: int) -> Any:
    """Agree, refuse, or withdraw; the rule who may stands in the verb."""
    actor, at, answer = current_actor(), clock.now(), request.form.get("answer", "")
    if answer not in _SAID:
        abort(400)
    try:
        with db.unit_of_work() as session:
            if answer == "agree":
                verbs.agree(session, consent_id, by=actor.key, at=at)
            elif answer == "refuse":
                note = request.form.get("note", "")
                verbs.refuse(session, consent_id, note=note, by=actor.key, at=at)
            else:
                verbs.withdraw(session, consent_id, by=actor.key, at=at)
    except CommissionError as error:
        return _page(message=say(payout_words.refusal(error)), status=409)
    except ShopError as error:
        return _page(message=say(error.message), status=error.status)
    return render.back_to("admin.consents", say_so=_SAID[answer])


_SAID = {
    "agree": _l("Agreed, and done."),
    "refuse": _l("Refused. Whoever asked sees why."),
    "withdraw": _l("Withdrawn."),
}


def asked_for(session: Session, wanted: Callable[[Consent], bool]) -> list[Asked]:
    """Open requests about one thing, for its own page."""
    return _shown(session, [one for one in verbs.open_ones(session) if wanted(one)])


def ask(act: Act, subject_id: int) -> None:
    """Ask with the reason of the form. Raises Invalid, Conflict."""
    with db.unit_of_work() as session:
        verbs.ask(
            session,
            act,
            subject_id,
            reason=request.form.get("reason", ""),
            by=current_actor().key,
            at=clock.now(),
        )


def _shown(session: Session, found: Iterable[Consent]) -> list[Asked]:
    ones, me = list(found), current_actor().key
    keys = {one.asked_by for one in ones} | {one.decided_by or "" for one in ones}
    names = people.names_of(session, keys)
    return [
        Asked(
            one,
            payout_words.ACTS[Act(one.act)],
            names.get(one.asked_by, one.asked_by),
            names.get(one.decided_by or "", one.decided_by or ""),
            one.asked_by == me,
        )
        for one in ones
    ]


def _page(*, message: str = "", status: int = 200) -> Response:
    with db.reading() as session:
        waiting = _shown(session, verbs.open_ones(session))
        decided = _shown(session, verbs.latest_decided(session))
    return render.page(
        "admin/payouts/consents.html",
        status=status,
        waiting=waiting,
        decided=decided,
        decisions=payout_words.DECISIONS,
        message=message,
    )
