"""The evidence of a published plan version in plain words: the same for the page and for paper."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from commissions import versions
from commissions.canonical import read
from commissions.law import LegalProfile
from commissions.models import PlanVersion
from commissions.plan_checks import Problem
from commissions.terms import Rule, Terms
from shop.accounts import queries as people
from shop.kernel import brand as brands
from shop.kernel import ids
from shop.kernel.i18n import _, listed, text_of
from shop.kernel.moments import format_moment
from shop.kernel.words import say
from shop.rewards import law, plan_names
from shop.rewards.plan import ROLES
from shop.web import law_words, plan_words


@dataclass(frozen=True)
class Part:
    """A heading with what stands under it: a name and its words each."""

    title: str
    facts: list[tuple[str, str]]


@dataclass(frozen=True)
class Sheet:
    """Everything that a version keeps about itself, in the reader's language."""

    number: int
    brand: str
    title: str
    parts: list[Part]
    version: PlanVersion


def sheet_of(session: Session, version: PlanVersion) -> Sheet:
    """The evidence of one version; a handful of statements."""
    brand = brands.current(session)
    zone = brand.zone
    terms = versions.version_by_id(session, version.id).terms
    profile = read(LegalProfile, version.evidence["profile"])
    parts = [
        Part(_("The version"), _the_version(session, version, zone)),
        Part(_("The law it was checked against"), _the_law(session, profile)),
        Part(_("Who earns, and for which service"), _the_services(session, terms, zone)),
        Part(_("What it promises"), _the_promises(terms)),
    ]
    accepted = [_warning(one) for one in version.evidence["warnings"]]
    if accepted:
        parts.append(Part(_("Warnings that were accepted"), accepted))
    return Sheet(
        number=version.number,
        brand=text_of(brand.legal_name) or text_of(brand.name),
        title=_("Evidence of plan version %(number)s", number=version.number),
        parts=parts,
        version=version,
    )


def _the_version(session: Session, version: PlanVersion, zone: ZoneInfo) -> list[tuple[str, str]]:
    names = people.names_of(session, [version.author, version.approver])
    approver = version.evidence["approver"]["name"] or names.get(version.approver, version.approver)
    begins = format_moment(version.effective_from, zone)
    if version.effective_to is not None:
        ends = format_moment(version.effective_to, zone)
        begins = _("%(begin)s until %(end)s", begin=begins, end=ends)
    return [
        (_("In force from"), begins),
        (_("Written by"), names.get(version.author, version.author)),
        (_("Approved and published by"), approver),
        (_("Published"), format_moment(version.published_at, zone)),
        (_("Ceiling of all earnings of a line"), plan_words.percent(version.ceiling_bps)),
        (_("Currencies"), listed(version.evidence["currencies"])),
        (_("Fingerprint of its content"), version.content_hash),
    ]


def _the_law(session: Session, profile: LegalProfile) -> list[tuple[str, str]]:
    row = law.by_id(session, ids.read(profile.reference) or 0)
    upline = _("not allowed")
    if profile.upline_allowed:
        upline = _("allowed: %(reason)s", reason=profile.upline_reason)
        upline += " · " + _("Service: %(service)s", service=profile.upline_service)
    asked = [say(law_words.REQUIREMENTS[one]) for one in profile.requires]
    found = [
        (_("Profile"), law_words.name_of(profile)),
        (_("Its version"), str(profile.number or _("as the house ships it"))),
        (_("Largest ceiling"), plan_words.percent(profile.ceiling_bps)),
        (_("Warning from"), plan_words.percent(profile.warning_bps)),
        (_("Pay for looking after sellers"), upline),
        (_("A plan is published only if"), _("; ").join(asked) or _("nothing more is asked")),
        (_("Source"), law_words.source_of(profile)),
    ]
    if row is not None and row.agreed_by is not None:
        names = people.names_of(session, [row.proposed_by, row.agreed_by])
        both = [names.get(key, key) for key in (row.proposed_by, row.agreed_by)]
        found.append((_("Put in force by"), " · ".join(both)))
    return found


def _the_services(session: Session, terms: Terms, zone: ZoneInfo) -> list[tuple[str, str]]:
    rules = [rule for role in ROLES for rule in terms.of_role(role)]
    names = plan_names.names_of(session, rules)
    return [
        (
            f"{say(plan_words.ROLES[rule.role])} {rule.position}: {rule.name}",
            " · ".join(_words_of(rule, names, zone)),
        )
        for rule in rules
    ]


def _words_of(rule: Rule, names: plan_words.Names, zone: ZoneInfo) -> Iterator[str]:
    yield from (say(one) for one in plan_words.of_rule(rule, names, zone))
    if rule.service:
        yield _("Service: %(service)s", service=rule.service)
    if rule.contract:
        yield _("Contract: %(contract)s", contract=rule.contract)


def _the_promises(terms: Terms) -> list[tuple[str, str]]:
    return [
        (say(title), getattr(terms.promises, name) or _("not stated"))
        for name, (title, _hint) in plan_words.PROMISES.items()
    ]


def _warning(kept: Mapping[str, Any]) -> tuple[str, str]:
    words = plan_words.of_problem(Problem(code=kept["code"], is_error=False, params=kept["params"]))
    role = next((one for one in ROLES if one.value == kept["role"]), None)
    where = f"{say(plan_words.ROLES[role])} {kept['position']}" if role else _("The whole plan")
    return where, say(words)
