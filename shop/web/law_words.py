"""Profiles of the law in words: names and sources of those the house ships, and what they ask for."""

from collections.abc import Mapping

from commissions.law import CHINA, DIRECT_SELLING, WECHAT, LegalProfile, Requirement
from shop.kernel.i18n import _l
from shop.kernel.words import Words, say

REQUIREMENTS: Mapping[Requirement, Words] = {
    Requirement.APPROVER: _l("somebody known by name publishes it"),
    Requirement.COMPLAINTS: _l("it says where points complain"),
    Requirement.REFUNDS: _l("it says what becomes of earnings when a buyer is refunded"),
    Requirement.COOLING_OFF: _l("it says how long a new point may step back"),
    Requirement.CONTRACTS: _l("each service names the contract that it is paid under"),
}
NAMES: Mapping[str, Words] = {
    CHINA.key: _l("China"),
    WECHAT.key: _l("China, sold inside WeChat"),
    DIRECT_SELLING.key: _l("China, licensed direct selling"),
}
SOURCES: Mapping[str, Words] = {
    CHINA.key: _l(
        "Regulations on Direct Selling, Art. 24: even a licensed direct seller is paid on own sales "
        "only, thirty percent at most. Regulations on Prohibition of Pyramid Selling, Art. 7: no fee to join, "
        "no pay for recruiting, no pay for the sales of the recruited."
    ),
    WECHAT.key: _l(
        "The law of China, and WeChat's rules of 2015 and 2016: no pay by the sales of others; from "
        "three levels on, the developer counted, payment stops and the account is closed."
    ),
    DIRECT_SELLING.key: _l(
        "Regulations on Direct Selling, Art. 24: licensed companies only, paid on a person's own "
        "direct sales, thirty percent of them at most in all."
    ),
}


def name_of(profile: LegalProfile) -> str:
    """Its name: as the brand wrote it, or in the reader's language if the house ships it."""
    known = None if profile.number else NAMES.get(profile.key)
    return say(known) if known else profile.name


def source_of(profile: LegalProfile) -> str:
    """Where its numbers come from."""
    known = None if profile.number else SOURCES.get(profile.key)
    return say(known) if known else profile.source
