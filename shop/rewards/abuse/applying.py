"""Who wants to become a point: the rule about mail addresses, and the second look that it asks for."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from commissions.abuse.judging import OrderSignals, judge_order
from commissions.abuse.rules import Action, Check
from shop.accounts.models import Account
from shop.kernel.errors import Invalid
from shop.kernel.words import _l
from shop.network.joining import ApplicationMade
from shop.rewards.abuse import cases, identifying, settings
from shop.rewards.abuse.models import AbuseCase, Verdict


class MailThrownAway(Invalid):
    """Nobody can be reached, and paid, at an address that is thrown away."""

    code = "mail_thrown_away"

    def __init__(self) -> None:
        super().__init__(
            _l(
                "Your mail address is one that is thrown away after a while. Please sign in with "
                "a phone number or a mail address that you keep, and apply again."
            )
        )


def on_applied(session: Session, event: ApplicationMade) -> None:
    """Tell staff, ask for a second look, or refuse. Raises MailThrownAway."""
    mail = session.scalar(select(Account.email).where(Account.id == event.account_id))
    rules = settings.current(session).everywhere
    signals = OrderSignals(placed_at=event.at, mail_domain=identifying.domain(mail))
    only = {Check.DISPOSABLE_MAIL: rules[Check.DISPOSABLE_MAIL]}
    for found in judge_order(signals, only):
        if found.action is Action.REJECT:
            raise MailThrownAway
        cases.open_case(
            session,
            found,
            point_id=event.point_id,
            order_id=None,
            application_id=event.application_id,
            identity=f"application:{event.application_id}",
            at=event.at,
        )


def doubts(session: Session, point_ids: Collection[int]) -> dict[int, AbuseCase]:
    """Point → the open case about its application; one statement."""
    rows = session.scalars(
        select(AbuseCase).where(
            AbuseCase.point_id.in_(sorted(point_ids)),
            AbuseCase.application_id.is_not(None),
            AbuseCase.status == Verdict.OPEN,
        )
    )
    return {one.point_id: one for one in rows}


def needs_second_look(case: AbuseCase, at: datetime) -> bool:
    """Whether it can be approved only by somebody who says that they looked."""
    return case.action == Action.HOLD and case.due_at > at


def settle(
    session: Session,
    point_id: int,
    *,
    approve: bool,
    looked: bool,
    note: str,
    by: str,
    at: datetime,
) -> None:
    """Close what is open about an application with its decision.

    Raises Invalid for an approval without the second look that it needs, and its reason.
    """
    case = doubts(session, [point_id]).get(point_id)
    if case is None:
        return
    if approve and needs_second_look(case, at) and not (looked and note.strip()):
        raise Invalid(
            _l("Please look at it again: tick the box, and write down what you found."),
            field="looked",
        )
    verdict = Verdict.RELEASED if approve else Verdict.UPHELD
    cases.decide(session, case.id, verdict, note=note.strip() or "–", by=by, at=at)
