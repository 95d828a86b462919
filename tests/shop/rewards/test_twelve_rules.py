"""Each of the twelve rules against each of its four actions: what happens to the sale and the money.

Off finds nothing, Flag tells staff, Hold keeps back, Reject lets the sale earn nothing and keeps the
reason; a rule about a point refuses its new sales and holds what it earned before.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from commissions.abuse.judging import (
    CodeSignals,
    Finding,
    OrderSignals,
    PointSignals,
    judge_order,
    judge_point,
)
from commissions.abuse.rules import DEFAULTS, SCOPES, Action, Check, Rulebook, Scope, Setting
from commissions.calculator import reckon
from commissions.decisions import Outcome
from commissions.facts import Party
from commissions.models import Hold
from commissions.terms import Terms
from shop.kernel import clock, db
from shop.rewards import sentences
from shop.rewards.abuse import cases, rejecting, reviewing, words
from shop.rewards.abuse.models import AbuseCase, Verdict
from shop.rewards.parties import Standing
from shop.sharing.models import Touch
from tests.commissions.factories import line, moment, percent, sale
from tests.conftest import on_sqlite
from tests.world import World

ANN, PAYEE = "point:7", "payee:7"


@dataclass(frozen=True)
class Met:
    """Circumstances in which a rule is met, as its order or its point shows them."""

    signals: OrderSignals | PointSignals
    lists: tuple[str, ...] | None = None
    """Words of the setting, where the default has none that fit."""


MET: dict[Check, Met] = {
    Check.SELF_PURCHASE: Met(
        OrderSignals(placed_at=moment(), buyer={"phone": "p"}, own={"phone": frozenset({"p", "q"})})
    ),
    Check.HOUSEHOLD: Met(
        OrderSignals(placed_at=moment(), buyer={"address": "a"}, earlier={"address": (2, 40)})
    ),
    Check.CLICK_TO_ORDER: Met(
        OrderSignals(placed_at=moment(), touched_at=moment() - timedelta(seconds=1))
    ),
    Check.PAID_ADS: Met(OrderSignals(placed_at=moment(), platform="google")),
    Check.BANNED_REFERRER: Met(
        OrderSignals(placed_at=moment(), referrer="www.coupons.example/x"), ("*.coupons.example",)
    ),
    Check.DISPOSABLE_MAIL: Met(OrderSignals(placed_at=moment(), mail_domain="yopmail.com")),
    Check.UPLINE_LOOP: Met(OrderSignals(placed_at=moment(), is_own_upline=True)),
    Check.DUPLICATE_POINT: Met(PointSignals(alike={"device": frozenset({"8"})})),
    Check.VELOCITY: Met(PointSignals(last_hour=20)),
    Check.REFUNDS: Met(PointSignals(delivered=10, refunded=4)),
    Check.CODE_LEAK: Met(
        PointSignals(codes=(CodeSignals(code="SUN", visitors=3, pages={"deals.example/": 3}),)),
        ("deals.example",),
    ),
    Check.LATE_RETURN: Met(PointSignals(released=5, returned=(1, 2))),
}
EVERY = [(check, action) for check in Check for action in Action]


def setting_of(check: Check, action: Action) -> Setting:
    lists = MET[check].lists
    found = replace(DEFAULTS[check], action=action)
    return found if lists is None else replace(found, words=lists)


def found_by(check: Check, action: Action) -> list[Finding]:
    """What the jobs find with everything else switched off."""
    only, signals = {check: setting_of(check, action)}, MET[check].signals
    if isinstance(signals, OrderSignals):
        return judge_order(signals, only)
    return judge_point(signals, only)


def told(check: Check, action: Action, *, status: Verdict = Verdict.OPEN) -> str:
    """The refusal that goes into the facts of a sale while the rule is met."""
    signals = MET[check].signals
    known = rejecting.Known(
        Rulebook({**_all_off(), check: setting_of(check, action)}), order_id=1, placed_at=moment()
    )
    touch = None
    upline = None
    if isinstance(signals, OrderSignals):
        orders = enumerate(signals.earlier.get("address", ()), start=-10)
        known = replace(
            known,
            buyer=signals.buyer,
            own={7: signals.own},
            mail_domain=signals.mail_domain,
            earlier={
                (7, "address", "a"): frozenset(
                    (number, moment() - timedelta(days=days)) for number, days in orders
                )
            },
        )
        touch = Touch(
            at=signals.touched_at or moment() - timedelta(minutes=5),
            platform=signals.platform,
            campaign="",
            referrer=signals.referrer,
            source="",
        )
        upline = party() if signals.is_own_upline else None
    else:
        # Its case stands open since the job found it; only a rule that rejects makes such a one.
        case = AbuseCase(rule=check.value, point_id=7, action=action, status=status, about="SUN")
        known = replace(known, refused={7: [case]} if action is Action.REJECT else {})
        touch = Touch(
            at=moment() - timedelta(minutes=5), platform="", campaign="", referrer="", source="SUN"
        )
    judged = rejecting.judged(Standing(party(), upline), touch, known)
    assert judged is not None
    return judged.party.refusal


def party() -> Party:
    return Party(point_key=ANN, payee_key=PAYEE, kind="employee")


def _all_off() -> dict[Check, Setting]:
    return {check: replace(setting, action=Action.OFF) for check, setting in DEFAULTS.items()}


@pytest.mark.parametrize(("check", "action"), EVERY)
def test_each_rule_does_what_it_is_set_to(check: Check, action: Action) -> None:
    found = found_by(check, action)
    refusal = told(check, action)

    assert [(one.check, one.action) for one in found] == (
        [] if action is Action.OFF else [(check, action)]
    )
    assert refusal == (check.value if action is Action.REJECT else "")

    seller = replace(party(), refusal=refusal)
    (decision,) = reckon(sale(line(seller=seller)), Terms(rules=(percent(1000),))).decisions
    if action is Action.REJECT:
        assert (decision.outcome, decision.amount) == (Outcome.INELIGIBLE, 0)
        assert decision.trace["refusal"] == check.value
        assert decision.forgone_amount > 0
    else:
        assert decision.outcome is Outcome.PAID


@pytest.mark.parametrize("check", [one for one in Check if SCOPES[one] is Scope.ENTRY])
def test_what_refuses_later_than_the_sale_holds_and_says_so(check: Check) -> None:
    found = found_by(check, Action.REJECT)

    (late,) = reviewing.as_it_was(found, "")
    (refused,) = reviewing.as_it_was(found, check.value)
    (beside,) = reviewing.as_it_was(found, "no_payee")

    assert (late.action, late.numbers["later"]) == (Action.HOLD, 1)
    assert refused.action is Action.REJECT
    assert beside.action is Action.FLAG
    (told_anyway,) = reviewing.as_it_was([], check.value)
    assert (told_anyway.check, told_anyway.action) == (check, Action.REJECT)


@pytest.mark.parametrize("check", Check)
def test_every_rule_has_its_words(check: Check) -> None:
    assert check in words.NAMES
    assert check in words.ABOUT
    assert check.value in sentences.REASONS
    assert set(DEFAULTS[check].numbers) <= set(words.NUMBERS)


def test_a_group_has_its_own_setting_and_all_others_the_common_one() -> None:
    strict = replace(DEFAULTS[Check.VELOCITY], action=Action.HOLD, numbers={"per_hour": 3})
    rules = Rulebook(DEFAULTS, {"gold": {Check.VELOCITY: strict}})

    assert rules.of("gold")[Check.VELOCITY] is strict
    assert rules.of("gold")[Check.REFUNDS] is DEFAULTS[Check.REFUNDS]
    assert rules.of("")[Check.VELOCITY] is DEFAULTS[Check.VELOCITY]


@on_sqlite
class TestWhatIsHeld:
    def test_each_rule_holds_what_it_may_and_nothing_else(self, world: World) -> None:
        order = world.buy("honey", slug="anna-shop")
        at = clock.now()

        held: dict[tuple[Check, Action], list[str]] = {}
        for check, action in EVERY:
            of_order = SCOPES[check] is Scope.ENTRY
            with db.unit_of_work() as session:
                for found in found_by(check, action):
                    cases.open_case(
                        session,
                        found,
                        point_id=world.points["anna"],
                        order_id=order.id if of_order else None,
                        identity="table",
                        at=at,
                    )
                rows = session.scalars(select(Hold).where(Hold.expires_at == at + cases.TERM))
                held[check, action] = ["entry" if one.entry_id else "point" for one in rows]
                session.rollback()

        for (check, action), lies_on in held.items():
            of_order = SCOPES[check] is Scope.ENTRY
            if action is Action.HOLD:
                assert lies_on == ["entry" if of_order else "point"], check
            elif action is Action.REJECT:
                assert lies_on == ([] if of_order else ["point"]), check
            else:
                assert lies_on == [], check
        with db.reading() as session:
            assert session.scalar(select(func.count()).select_from(AbuseCase)) == 0
