"""One rule of a plan as a form: every word of the plan language that a person may choose.

Separate from the page because a rule goes in and out of it unchanged: whatever has no field here
stays as it was, since a condition that got lost would pay more people more money.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from wtforms import (
    BooleanField,
    DateField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional

from commissions.terms import Basis, Period, Rate, Role, Rule, Tier, TierMode
from shop.kernel.errors import Invalid
from shop.kernel.i18n import _l
from shop.kernel.words import Words
from shop.rewards import plan_names
from shop.web import plan_words
from shop.web.admin import plan_form
from shop.web.forms import Form, choices, label
from shop.web.kinds import KIND_NAMES

BANDS = range(1, 6)
_AMOUNTS = ("floor", "cap", "order_cap", "period_cap", "target")
_NO_PERIOD = {"": _l("Nothing is counted over a period")}


class RuleForm(Form):
    """A rule; amounts are in the brand's currency."""

    name = StringField(label("Name of the rule"), [InputRequired(), Length(max=80)])
    role = SelectField(label("Who earns"), choices=choices(plan_words.ROLES))
    enabled = BooleanField(label("Switched on"))
    rate = RadioField(
        label("It pays"),
        choices=choices(
            {Rate.PERCENT: _l("a percentage"), Rate.FIXED: _l("an amount for each unit")}
        ),
    )
    percent = StringField(label("Percent"), [Length(max=10)])
    basis = SelectField(
        label("of"),
        choices=choices(
            {
                Basis.PAID: _l("what was paid"),
                Basis.PROFIT: _l("the profit"),
                Basis.SELLER: _l("what the seller earns (only who looks after the seller)"),
            }
        ),
    )
    fixed = StringField(label("Amount"), [Length(max=20)])
    hold_days = StringField(label("Days of waiting after delivery"), [Length(max=4)])
    service = StringField(label("Service that is paid for"), [Length(max=120)])
    contract = StringField(label("Contract that it is paid under"), [Length(max=120)])
    kinds = SelectMultipleField(label("Kinds of points"), validate_choice=False)
    groups = StringField(label("Groups of points"), [Length(max=200)])
    grades = StringField(label("Grades"), [Length(max=200)])
    points = TextAreaField(label("Single points"), [Length(max=8000)])
    categories = SelectMultipleField(label("Categories"), validate_choice=False)
    goods = TextAreaField(label("Single products"), [Length(max=8000)])
    customers = SelectField(
        label("Customers"),
        choices=choices(
            {
                "": _l("all"),
                "new": _l("new customers"),
                "returning": _l("returning customers"),
            }
        ),
    )
    from_amount = StringField(label("Lines from"), [Length(max=20)])
    below_amount = StringField(label("Lines below"), [Length(max=20)])
    floor = StringField(label("At least, a line"), [Length(max=20)])
    cap = StringField(label("At most, a line"), [Length(max=20)])
    order_cap = StringField(label("At most, an order"), [Length(max=20)])
    period = SelectField(
        label("Counted over"), choices=choices({**_NO_PERIOD, **plan_words.PERIODS})
    )
    campaign_from = DateField(label("First day"), [Optional()])
    campaign_until = DateField(label("Last day"), [Optional()])
    period_cap = StringField(label("At most, in the period"), [Length(max=20)])
    target = StringField(label("Target of a bonus: delivered sales of"), [Length(max=20)])
    tier_mode = SelectField(
        label("A band that is reached"),
        choices=choices(
            {
                TierMode.PROGRESSIVE: _l("has its own percentage for what is above"),
                TierMode.RETROACTIVE: _l("serves all sales of the period"),
            }
        ),
    )
    band_1_from = StringField(label("From delivered sales of"), [Length(max=20)])
    band_1_percent = StringField(label("Percent"), [Length(max=10)])
    band_2_from = StringField(label("From delivered sales of"), [Length(max=20)])
    band_2_percent = StringField(label("Percent"), [Length(max=10)])
    band_3_from = StringField(label("From delivered sales of"), [Length(max=20)])
    band_3_percent = StringField(label("Percent"), [Length(max=10)])
    band_4_from = StringField(label("From delivered sales of"), [Length(max=20)])
    band_4_percent = StringField(label("Percent"), [Length(max=10)])
    band_5_from = StringField(label("From delivered sales of"), [Length(max=20)])
    band_5_percent = StringField(label("Percent"), [Length(max=10)])

    def offer(self, categories: dict[str, str], rule: Rule | None) -> None:
        """What can be chosen; what the rule names and is gone can still be kept."""
        kinds: dict[Any, Any] = {kind.value: words for kind, words in KIND_NAMES.items()}
        named = dict(categories)
        if rule is not None:
            kinds |= {one: one for one in rule.when.point_kinds if one not in kinds}
            named |= {one: one for one in rule.when.categories if one not in named}
        self.kinds.choices = choices(kinds)
        self.categories.choices = choices(named)


def shown(session: Session, rule: Rule, *, currency: str, zone: ZoneInfo) -> dict[str, Any]:
    """A rule as the form's values."""
    when = rule.when
    last = rule.campaign_until - timedelta(seconds=1) if rule.campaign_until else None
    bands: dict[str, str] = {}
    for number, tier in zip(BANDS, rule.tiers, strict=False):
        bands[f"band_{number}_from"] = plan_form.amount(tier.from_amount, currency)
        bands[f"band_{number}_percent"] = plan_form.percent(tier.bps)
    return {
        "name": rule.name,
        "role": rule.role.value,
        "enabled": rule.enabled,
        "rate": rule.rate.value,
        "percent": plan_form.percent(rule.bps),
        "basis": rule.basis.value,
        "fixed": plan_form.amount(rule.fixed, currency),
        "hold_days": str(rule.hold_days),
        "service": rule.service,
        "contract": rule.contract,
        "kinds": list(when.point_kinds),
        "groups": " ".join(when.point_groups),
        "grades": " ".join(when.grades),
        "points": plan_names.written_points(session, when.points),
        "categories": list(when.categories),
        "goods": plan_names.written_goods(session, when.products, when.variants),
        "customers": when.customers[0] if len(when.customers) == 1 else "",
        "from_amount": plan_form.amount(when.from_amount, currency),
        "below_amount": plan_form.amount(when.below_amount, currency),
        **{name: plan_form.amount(getattr(rule, name), currency) for name in _AMOUNTS},
        "period": rule.period.value if rule.period else "",
        "campaign_from": rule.campaign_from.astimezone(zone).date() if rule.campaign_from else None,
        "campaign_until": last.astimezone(zone).date() if last else None,
        "tier_mode": rule.tier_mode.value,
        **bands,
    }


def read(
    session: Session, form: RuleForm, before: Rule | None, *, currency: str, zone: ZoneInfo
) -> Rule:
    """What the form means, over the rule that it was filled from.

    Raises Invalid with every bad field named.
    """
    typed, wrong = form.values, _Wrong()
    base = before or Rule(position=1, role=Role.SELLER, name="", rate=Rate.PERCENT)
    role = Role(typed["role"]) if typed["role"] in set(Role) else base.role
    rate = Rate(typed["rate"]) if typed["rate"] in set(Rate) else base.rate
    amounts = {
        name: wrong.of(
            plan_form.with_amount,
            getattr(base, name),
            typed[name] or "",
            currency,
            name,
            instead={},
        )
        for name in _AMOUNTS
    }
    fixed = wrong.of(
        plan_form.with_amount, base.fixed, typed["fixed"] or "", currency, "fixed", instead={}
    )
    facts: dict[str, Any] = {
        **amounts,
        "name": (typed["name"] or "").strip(),
        "role": role,
        "rate": rate,
        "enabled": bool(typed["enabled"]),
        "fixed": fixed if rate is Rate.FIXED else {},
        "bps": wrong.of(plan_form.bps, typed["percent"] or "", "percent", instead=0)
        if rate is Rate.PERCENT
        else 0,
        "basis": Basis(typed["basis"]) if typed["basis"] in set(Basis) else base.basis,
        "hold_days": wrong.of(plan_form.days, typed["hold_days"] or "", "hold_days", instead=0),
        "service": (typed["service"] or "").strip(),
        "contract": (typed["contract"] or "").strip(),
        "period": Period(typed["period"]) if typed["period"] in set(Period) else None,
        "campaign_from": _begin(typed["campaign_from"], zone),
        "campaign_until": _after(typed["campaign_until"], zone),
        "tiers": _tiers(typed, base, currency, wrong),
        "tier_mode": TierMode(typed["tier_mode"])
        if typed["tier_mode"] in set(TierMode)
        else base.tier_mode,
        "when": _when(session, typed, base, currency, wrong),
    }
    for broken, name, words in _CONTRADICTIONS:
        if broken(facts):
            wrong.fields.setdefault(name, words)
    wrong.raise_them()
    return replace(base, **facts)


class _Wrong:
    """Bad fields, gathered so that all are marked at once."""

    def __init__(self) -> None:
        self.fields: dict[str, Words | str] = {}

    def of(self, make: Callable[..., Any], *typed: Any, instead: Any) -> Any:
        try:
            return make(*typed)
        except Invalid as error:
            self.fields.update(error.fields)
            return instead

    def raise_them(self) -> None:
        if self.fields:
            raise Invalid(_l("Please check the marked fields."), fields=self.fields)


_CONTRADICTIONS: tuple[tuple[Callable[[dict[str, Any]], bool], str, Words], ...] = (
    (
        lambda rule: bool(rule["tiers"]) and rule["role"] is not Role.SELLER,
        "band_1_from",
        _l("Only who brought the sale has bands: nobody earns more by the sales of others."),
    ),
    (
        lambda rule: bool(rule["target"]) and rule["role"] is not Role.BONUS,
        "target",
        _l("Only a bonus has a target, on the point's own sales."),
    ),
    (
        lambda rule: rule["basis"] is Basis.SELLER and rule["role"] is not Role.UPLINE,
        "basis",
        _l("Only who looks after the seller is paid a part of the seller's earning."),
    ),
)


def _when(session: Session, typed: dict[str, Any], base: Rule, currency: str, wrong: _Wrong) -> Any:
    when = base.when
    products, variants = wrong.of(
        plan_names.read_goods, session, typed["goods"] or "", instead=((), ())
    )
    bounds = {
        name: wrong.of(
            plan_form.with_amount,
            getattr(when, name),
            typed[name] or "",
            currency,
            name,
            instead={},
        )
        for name in ("from_amount", "below_amount")
    }
    chosen = (typed["customers"],) if typed["customers"] else ()
    return replace(
        when,
        **bounds,
        point_kinds=tuple(typed["kinds"] or ()),
        point_groups=tuple((typed["groups"] or "").split()),
        grades=tuple((typed["grades"] or "").split()),
        points=wrong.of(plan_names.read_points, session, typed["points"] or "", instead=()),
        categories=tuple(typed["categories"] or ()),
        products=products,
        variants=variants,
        # Both of them chosen is the same as none; it stays as it was written.
        customers=when.customers if len(when.customers) > 1 and not chosen else chosen,
    )


def _tiers(typed: dict[str, Any], base: Rule, currency: str, wrong: _Wrong) -> tuple[Tier, ...]:
    """Bands in the order of the form; an empty row is none, and those beyond the form stay."""
    found = []
    for number in BANDS:
        begin, rate = f"band_{number}_from", f"band_{number}_percent"
        if not (typed[begin] or "").strip() and not (typed[rate] or "").strip():
            continue
        known = base.tiers[number - 1].from_amount if number <= len(base.tiers) else {}
        amounts = wrong.of(
            plan_form.with_amount, known, typed[begin] or "", currency, begin, instead={}
        )
        bps = wrong.of(plan_form.bps, typed[rate] or "", rate, instead=0)
        found.append(Tier(from_amount=amounts, bps=bps))
    return (*found, *base.tiers[len(BANDS) :])


def _begin(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(), zone).astimezone(UTC) if day else None


def _after(day: date | None, zone: ZoneInfo) -> datetime | None:
    return _begin(day + timedelta(days=1), zone) if day else None
