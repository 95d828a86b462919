"""The engine's answers in words: each step's code has its sentence here, and nowhere else.

The engine speaks in codes and numbers, so that one explanation reads right in every language.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from commissions.explain import Step
from shop.kernel.moments import format_day, format_moment
from shop.kernel.money import format_money
from shop.kernel.words import Words, _l

Params = Mapping[str, Any]

_ROLES = {
    "seller": _l("for bringing the sale"),
    "fulfiller": _l("for handing the goods over"),
    "upline": _l("for looking after the seller under contract"),
    "bonus": _l("for reaching a target"),
    "manual": _l("entered by hand"),
}
_DIMENSIONS = {
    "products": _l("the product"),
    "variants": _l("the variant"),
    "categories": _l("the category"),
    "collections": _l("the collection"),
    "points": _l("the point"),
    "point_kinds": _l("the kind of point"),
    "point_groups": _l("the group of points"),
    "grades": _l("the grade"),
    "channels": _l("the channel"),
    "customers": _l("new or returning customer"),
    "currencies": _l("the currency"),
    "from_amount": _l("the amount of the line"),
    "below_amount": _l("the amount of the line"),
}
REASONS = {
    "lower_priority": _l("another way of bringing the sale comes first"),
    "superseded_by_newer_touch": _l("a newer visit took its place"),
    "outside_window": _l("the visit was more than thirty days ago"),
    "point_suspended": _l("the point was suspended"),
    "point_expired": _l("the point was closed"),
    "point_not_yet_approved": _l("the point was not approved yet"),
    "self_purchase": _l("it was the point's own purchase"),
    "duplicate": _l("it is the same point"),
    "no_payee": _l("nobody is named to be paid for the point"),
    "banned_referrer": _l("the buyer came from a page that the brand does not pay for"),
    "paid_ads": _l("the buyer came by a paid advertisement"),
    "click_to_order": _l("the time between visit and order is out of the ordinary"),
    "upline_loop": _l("the point would be managed by itself"),
    "household": _l("many orders went to one household"),
    "disposable_mail": _l("the buyer's mail address is one that is thrown away"),
    "duplicate_point": _l("the point was under review because it is like another one"),
    "velocity": _l("the point was under review because of unusually many orders"),
    "refunds": _l("the point was under review because of refunds and disputes"),
    "code_leak": _l("the code that was used had gone around and was under review"),
    "late_return": _l("the point was under review because of returns after the release"),
}
OUTCOMES = {
    "paid": _l("It earned."),
    "no_plan": _l("No plan was in force at that moment."),
    "no_candidate": _l("Nobody brought this sale: it is the brand's own."),
    "not_commissionable": _l("This product pays no commission."),
    "ineligible": _l("The point could not earn at that moment."),
    "no_contract": _l("The managing point had no service contract at that moment."),
    "same_point": _l("The managing point is the seller itself."),
    "no_rule": _l("No rule of the plan fits this line."),
    "zero_base": _l("Nothing was paid for this line."),
    "zero_amount": _l("The rule fits, and its amount rounds to nothing."),
    "ceiling": _l("The plan's ceiling left nothing for this role."),
    "lower_than_seller": _l("The plan pays the higher of two shares, and the seller's was higher."),
}
_SOURCES = {
    "storefront": _l("it was put into the cart in your shop"),
    "touch": _l("the buyer came by your link or code"),
    "code": _l("your code was used"),
    "binding": _l("the customer is bound to you"),
}
_CAUSES = {
    "sale": _l("The sale"),
    "fulfilled": _l("The hand-over"),
    "delivered": _l("Goods arrived"),
    "refund": _l("Part of it was refunded"),
    "refund_failed": _l("A refund did not reach the buyer"),
    "called_off": _l("The order was canceled"),
    "dispute_open": _l("The buyer disputes the payment"),
    "dispute_won": _l("The dispute was won"),
    "dispute_lost": _l("The dispute was lost"),
    "correction": _l("A correction by hand"),
    "reversal": _l("A correction was undone"),
    "write_off": _l("The brand gave up the debt"),
    "repayment": _l("The debt was repaid"),
    "returned": _l("A part of a payout came back"),
}


HOLDS = {
    "dispute": _l("the buyer disputes the payment"),
    "check": _l("the sale is being checked"),
    "abuse": _l("something looks unusual"),
    "agreement": _l("something has to be agreed on first"),
}
_KINDS = {
    "earn": _l("Earned"),
    "adjust": _l("Adjusted"),
    "reverse": _l("Taken back"),
    "reserve": _l("Held back"),
    "difference": _l("Settled for the period"),
    "manual": _l("Put right by hand"),
    "write_off": _l("Debt written off"),
    "repaid": _l("Debt repaid"),
    "returned": _l("Came back from a payout"),
}
_PERIODS = {
    "month": _l("month"),
    "quarter": _l("quarter"),
    "year": _l("year"),
    "campaign": _l("campaign"),
}


def of_cause(code: str) -> Words:
    """What made an entry, in words; a code without words says itself."""
    return _CAUSES.get(code) or _l("%(cause)s", cause=code)


def of_hold(code: str) -> Words | str:
    """Why something is held back, in words that its owner may read."""
    return HOLDS.get(code) or code


def of_kind(code: str) -> Words:
    """What an entry does, in words."""
    return _KINDS.get(code) or _l("%(cause)s", cause=code)


@dataclass(frozen=True)
class Figures:
    """How the engine's numbers and moments are written for this reader."""

    currency: str
    zone: ZoneInfo

    def money(self, amount: Any) -> str:
        return format_money(int(amount), self.currency)

    def moment(self, at: datetime) -> str:
        return format_moment(at, self.zone)

    def day(self, at: datetime) -> str:
        return format_day(at, self.zone)


def of_steps(steps: Iterable[Step], currency: str, *, zone: ZoneInfo) -> list[Words]:
    """One sentence a step; a code without a sentence says itself, and a test finds it.

    `zone` is the brand's: nobody reads UTC.
    """
    figures = Figures(currency, zone)
    return [_sentence(step, figures) for step in steps]


def _sentence(step: Step, figures: Figures) -> Words:
    make = _SENTENCES.get(step.code)
    if make is None:
        return _l("%(code)s", code=step.code)
    return make(step.params, figures)


def _percent(bps: Any) -> str:
    return f"{int(bps) / 100:.2f}".rstrip("0").rstrip(".") + " %"


def _role(params: Params, _figures: Figures) -> Words:
    role = _ROLES.get(params["role"], _l("%(role)s", role=params["role"]))
    return _l("You earn this %(why)s.", why=role)


def _plan_version(params: Params, figures: Figures) -> Words:
    return _l(
        "Version %(number)s of the plan was in force, since %(since)s.",
        number=params["number"],
        since=figures.moment(params["effective_from"]),
    )


def _passed_over(params: Params, _figures: Figures) -> Words:
    what = _DIMENSIONS.get(params["failed"], _l("%(name)s", name=params["failed"]))
    return _l(
        "Rule %(position)s did not fit because of %(what)s.",
        position=params["position"],
        what=what,
    )


def _rule(params: Params, _figures: Figures) -> Words:
    return _l(
        "Rule %(position)s, “%(name)s”, was the first that fits.",
        position=params["position"],
        name=params.get("name", ""),
    )


def _base(params: Params, figures: Figures) -> Words:
    if params.get("discount"):
        return _l(
            "The base is %(amount)s: %(list)s less %(discount)s discount, before tax and shipping.",
            amount=figures.money(params["amount"]),
            list=figures.money(params["list"]),
            discount=figures.money(params["discount"]),
        )
    return _l(
        "The base is %(amount)s: what was paid for the goods, before tax and shipping.",
        amount=figures.money(params["amount"]),
    )


def _fixed(params: Params, figures: Figures) -> Words:
    each = params["each"]
    amount = next(iter(each.values())) if isinstance(each, Mapping) else each
    return _l(
        "%(each)s for each of %(quantity)s units.",
        each=figures.money(amount),
        quantity=params["quantity"],
    )


def _pool(params: Params, figures: Figures) -> Words:
    return _l(
        "The rate was taken once on all %(count)s lines of the order (%(base)s gives %(total)s), "
        "then shared out to the cent.",
        count=len(params["lines"]),
        base=figures.money(params["base"]),
        total=figures.money(params["total"]),
    )


def _handed_over(params: Params, figures: Figures) -> Words:
    return _l(
        "You handed over %(units)s of %(of)s units; for all of them it would be %(total)s.",
        units=params["units"],
        of=params["of"],
        total=figures.money(params["total"]),
    )


def _change(params: Params, figures: Figures) -> Words:
    return _l(
        "%(cause)s on %(day)s: %(amount)s.",
        cause=of_cause(params["cause"]),
        day=figures.day(params["at"]),
        amount=figures.money(params["amount"]),
    )


def _held(params: Params, figures: Figures) -> Words:
    reason = of_hold(params["reason"])
    if params.get("until"):
        return _l(
            "It is under review until %(until)s (%(reason)s).",
            until=figures.moment(params["until"]),
            reason=reason,
        )
    return _l("It is under review (%(reason)s).", reason=reason)


def _waits_until(params: Params, figures: Figures) -> Words:
    return _l("It becomes available on %(day)s.", day=figures.day(params["available_at"]))


def _lost(params: Params, _figures: Figures) -> Words:
    reason = REASONS.get(params["reason"], _l("%(reason)s", reason=params["reason"]))
    return _l("Another candidate lost because %(reason)s.", reason=reason)


def _won(params: Params, _figures: Figures) -> Words:
    source = _SOURCES.get(params["source"], _l("%(source)s", source=params["source"]))
    return _l("The sale is credited because %(source)s.", source=source)


def _outcome(params: Params, _figures: Figures) -> Words:
    return OUTCOMES.get(params["outcome"], _l("%(outcome)s", outcome=params["outcome"]))


def _refusal(params: Params, _figures: Figures) -> Words:
    reason = REASONS.get(params["reason"], _l("%(reason)s", reason=params["reason"]))
    return _l("It was not paid because %(reason)s.", reason=reason)


def _award(params: Params, _figures: Figures) -> Words:
    period = _PERIODS.get(params["period"], _l("%(period)s", period=params["period"]))
    return _l(
        "This settles the %(period)s %(key)s as a whole; each line has its own entry beside it.",
        period=period,
        key="" if params["key"] == "campaign" else params["key"],
    )


def _counted(params: Params, figures: Figures) -> Words:
    return _l(
        "Delivered sales of the period, less refunds: %(sales)s. Their lines earn %(lines)s.",
        sales=figures.money(params["sales"]),
        lines=figures.money(params["lines"]),
    )


def _band_part(params: Params, figures: Figures) -> Words:
    return _l(
        "From %(from)s on: %(sales)s at %(rate)s.",
        **{"from": figures.money(params["from"])},
        sales=figures.money(params["sales"]),
        rate=_percent(params["bps"]),
    )


def _band(params: Params, figures: Figures) -> Words:
    return _l(
        "Band %(number)s is reached, from %(from)s on: %(rate)s of all %(sales)s.",
        **{"from": figures.money(params["from"])},
        number=params["number"],
        rate=_percent(params["bps"]),
        sales=figures.money(params["sales"]),
    )


def _target(params: Params, figures: Figures) -> Words:
    if not params["reached"]:
        return _l(
            "The target of %(target)s is not reached: there is no bonus.",
            target=figures.money(params["target"]),
        )
    if "fixed" in params:
        return _l(
            "The target of %(target)s is reached: the bonus is %(fixed)s.",
            target=figures.money(params["target"]),
            fixed=figures.money(params["fixed"]),
        )
    return _l(
        "The target of %(target)s is reached: the bonus is %(rate)s of these sales.",
        target=figures.money(params["target"]),
        rate=_percent(params["bps"]),
    )


def _period(params: Params, figures: Figures) -> Words:
    period = _PERIODS.get(params["period"], _l("%(period)s", period=params["period"]))
    if "cap" in params:
        return _l(
            "The rule pays at most %(cap)s in a %(period)s; what is above is taken off when the "
            "goods arrive.",
            cap=figures.money(params["cap"]),
            period=period,
        )
    return _l(
        "Once the goods arrive the line counts for the bands of the %(period)s, which are settled "
        "apart.",
        period=period,
    )


_BY_HAND = {
    "correction": _l(
        "Two people of the brand put this right by hand on %(day)s. Their words: %(note)s"
    ),
    "write_off": _l("The brand gave up a debt on %(day)s. Its words: %(note)s"),
    "repayment": _l("You brought back what you owed on %(day)s. The brand's words: %(note)s"),
    "returned": _l(
        "A part of a payout came back from Stripe. On %(day)s two people of the brand made your share "
        "of it payable again. Their words: %(note)s"
    ),
}


_REST_CAME_BACK = _l(
    "On %(day)s the rest of the payout came back as well, and all of it is payable again. What had "
    "been given for the first part is taken off. The brand's words: %(note)s"
)


def _by_hand(params: Params, figures: Figures) -> Words:
    ends = params["kind"] == "returned" and params["amount"] < 0
    msgid = (_REST_CAME_BACK if ends else _BY_HAND[params["kind"]]).msgid
    return Words(msgid, {"day": figures.day(params["at"]), "note": params["note"]})


_SENTENCES: Mapping[str, Callable[[Params, Figures], Words]] = {
    "role": _role,
    "by_hand": _by_hand,
    "plan_version": _plan_version,
    "passed_over": _passed_over,
    "rule": _rule,
    "base": _base,
    "percent": lambda params, _figures: _l("Of it, %(rate)s.", rate=_percent(params["bps"])),
    "fixed": _fixed,
    "pool": _pool,
    "handed_over": _handed_over,
    "ceiling": lambda params, figures: _l(
        "All roles together may take no more than the plan's ceiling, so the shares were reduced."
    ),
    "bound": lambda params, figures: _l("A lower or upper bound of the rule was applied."),
    "order_cap": lambda params, figures: _l(
        "Together the lines of the order asked for %(asked)s; the rule pays at most %(cap)s an "
        "order.",
        asked=figures.money(params["asked"]),
        cap=figures.money(params["cap"]),
    ),
    "award": _award,
    "counted": _counted,
    "band_part": _band_part,
    "band": _band,
    "target": _target,
    "period": _period,
    "period_cap": lambda params, figures: _l(
        "The rule pays at most %(cap)s in this period; it would be %(asked)s.",
        cap=figures.money(params["cap"]),
        asked=figures.money(params["asked"]),
    ),
    "award_ceiling": lambda params, figures: _l(
        "All roles together may take no more than the plan's ceiling: of %(asked)s the period may "
        "add %(allowed)s.",
        asked=figures.money(params["asked"]),
        allowed=figures.money(params["allowed"]),
    ),
    "period_total": lambda params, figures: _l(
        "So the period adds %(total)s to its lines; %(before)s of it stood in the books already.",
        total=figures.money(params["total"]),
        before=figures.money(params["before"]),
    ),
    "higher_of": lambda params, figures: _l(
        "You brought the sale and handed it over: the plan pays the higher of the two."
    ),
    "amount": lambda params, figures: _l(
        "That makes %(amount)s, rounded half up once.", amount=figures.money(params["amount"])
    ),
    "reverse": _change,
    "reserve": _change,
    "adjust": _change,
    "write_off": _change,
    "net": lambda params, figures: _l(
        "What remains is %(amount)s.", amount=figures.money(params["amount"])
    ),
    "waits_for_delivery": lambda params, figures: _l(
        "It waits for the goods to be delivered; nobody has to do anything."
    ),
    "waits_until": _waits_until,
    "hold_days": lambda params, _figures: _l(
        "%(days)s days after delivery, when the time to return is over.", days=params["days"]
    ),
    "payable_since": lambda params, figures: _l(
        "It is available since %(day)s and goes out with the next payout.",
        day=figures.day(params["available_at"]),
    ),
    "held": _held,
    "reversed": lambda params, figures: _l("Nothing is left to pay: it was taken back in full."),
    "in_payout": lambda params, figures: _l("It is in a payout that is being prepared or sent."),
    "paid": lambda params, figures: _l("It was paid."),
    "won": _won,
    "lost": _lost,
    "outcome": _outcome,
    "refusal": _refusal,
    "forgone": lambda params, figures: _l(
        "It would have been %(amount)s.", amount=figures.money(params["amount"])
    ),
    "no_candidate_of_yours": lambda params, figures: _l(
        "You were not in the running: the line was added elsewhere and no link of yours led there."
    ),
}
