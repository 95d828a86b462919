"""Words for payouts that stand, for what happened to them, and for what two people must agree on."""

from collections.abc import Mapping

from commissions.errors import CommissionError
from shop.kernel.i18n import _l
from shop.kernel.words import Words
from shop.rewards.models import Act

ACTS: Mapping[Act, Words] = {
    Act.RESUME: _l("Let payouts be sent again"),
    Act.VOID: _l("Take back a payout that was sent and did not arrive"),
    Act.NOT_SENT: _l("Record that the bank did not take a file"),
    Act.CLEAR: _l("Let a payout go on whose facts disagreed"),
    Act.BOOK_PART: _l("Book the part of a payout that came back as owed again"),
    Act.ACCEPT_PART: _l("Accept that a part of a payout came back: nothing is owed for it"),
    Act.TERMS: _l("Change the terms of a way of paying"),
    Act.CASE: _l("Put something right by hand"),
    Act.REVERSE: _l("Take the later of two transfers back at Stripe"),
    Act.TAX: _l("Put a withholding table in force"),
    Act.LAW: _l("Put a profile of the law in force"),
}
DECISIONS: Mapping[str, Words] = {
    "agreed": _l("Agreed"),
    "refused": _l("Refused"),
    "withdrawn": _l("Withdrawn"),
}
_REASONS: Mapping[str, Words] = {
    "entries_changed": _l("entries of it were taken back since"),
    "claim_broken": _l("its entries do not add up to it any more"),
    "held": _l("entries of it are under review"),
    "not_approved": _l("its approval does not fit any more"),
    "halted": _l("all payouts are halted"),
    "lease_too_short": _l("the worker had too little time left"),
    "look_up_failed": _l("Stripe could not be asked"),
    "unknown": _l("no answer came"),
    "busy": _l("another call runs"),
    "rate_limited": _l("Stripe asked to wait"),
    "server_error": _l("Stripe had an error"),
    "insufficient_funds": _l("the balance at Stripe is too low"),
    "cannot_receive": _l("the payee's account cannot receive money now"),
    "invalid": _l("Stripe refused the details"),
    "unauthorized": _l("Stripe refused our key"),
    "key_misused": _l("the order to Stripe changed"),
    "several_transfers": _l("Stripe shows several transfers for it"),
    "second_transfer": _l("Stripe shows a second transfer for it"),
    "transfer_differs": _l("the transfer at Stripe differs from it"),
    "landed_after_void": _l("it was taken back here and arrived all the same"),
    "never_sent": _l("Stripe has a transfer for it that was never sent"),
    "partly_reversed": _l("a part of its transfer was taken back at Stripe"),
    "restored": _l("the database was restored from a copy"),
    "payout_missing": _l("Stripe has a transfer that we know nothing of"),
    "transfer_missing": _l("Stripe does not show a transfer that we recorded"),
    "unrecorded": _l("a transfer was not recorded yet, and is now"),
    "reconciliation": _l("Stripe's list of transfers differs from ours"),
    "destination_changed": _l("the destination was changed"),
    "point_stopped": _l("a point that it pays for was stopped"),
    "stale_state": _l("somebody else changed it meanwhile"),
}
_EVENTS: Mapping[str, Words] = {
    "marked": _l("About to be sent"),
    "answered": _l("Answered"),
    "recorded": _l("Recorded as paid"),
    "found": _l("Found at Stripe and recorded"),
    "absent": _l("Looked for and not found"),
    "new_epoch": _l("Proven absent: sent under a new key"),
    "returned": _l("The money came back"),
    "quarantined": _l("Stopped: facts disagree"),
    "not_sent": _l("The bank did not take it"),
    "partly_reversed": _l("A part was taken back at Stripe"),
    "bank_refused": _l("The payee's bank sent it back to the payee's account at Stripe"),
}
_REFUSALS: Mapping[str, Words] = {
    "same_person": _l("You prepared this. Another person must approve it."),
    "own_payout": _l("Nobody approves money to themselves."),
    "terms_changed": _l("It changed since you saw it. Please look again."),
    "destination_cooling_down": _l(
        "The destination was changed a short while ago and still cools down."
    ),
    "payouts_halted": _l("Payouts are halted; two people can let them go on."),
    "claim_changed": _l("Entries of it changed since. Take it back and prepare a new run."),
    "mixed_batch": _l("A file holds payouts of one way and one currency."),
    "more_came_back": _l(
        "Stripe shows another amount than the one asked for. Withdraw the request and ask again."
    ),
    "may_still_land": _l("It may still arrive, so it cannot be taken back yet."),
}


def reason(code: str) -> Words | str:
    """Why a payout or all of them stand; a code may carry the number of a payout behind a colon."""
    return _REASONS.get(code) or _REASONS.get(code.partition(":")[0]) or code


def event(code: str) -> Words | str:
    """What happened to a payout while it was sent."""
    return _EVENTS.get(code) or code


def left_because(code: str) -> Words | str:
    """Why a payout was left when its run was approved or sent."""
    return _REFUSALS.get(code) or reason(code)


def refusal(error: CommissionError) -> Words:
    """The engine's refusal in a sentence that says what to do."""
    return _REFUSALS.get(error.code) or _l(
        "Somebody else changed this meanwhile. Please look at it again."
    )
