"""Where a visitor came from, in as few words as the rules against abuse need: no query, no person."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

LENGTH = 200
ADS: Mapping[str, tuple[str, ...]] = {
    "google": ("gclid", "gad_source", "gad_campaignid"),
    "facebook": ("fbclid", "fb_action_ids"),
    "x": ("twclid",),
    "bing": ("msclkid",),
    "linkedin": ("li_fat_id",),
    "reddit": ("rdclid",),
    "tiktok": ("ttclid",),
}
"""Query arguments by which a platform marks visitors that somebody paid for."""
CAMPAIGNS = ("gad_campaignid", "utm_id", "utm_campaign")
"""Query arguments that name the campaign."""
_CAMPAIGN = re.compile(r"[\w.-]{1,40}", re.ASCII)


def platform(arguments: Mapping[str, str]) -> str:
    """The platform whose advertisement led here; empty for none."""
    return next((name for name, marks in ADS.items() if any(one in arguments for one in marks)), "")


def campaign(arguments: Mapping[str, str]) -> str:
    """The platform's number or name of the campaign; empty if it is none that can be told."""
    found = next((arguments[one] for one in CAMPAIGNS if arguments.get(one)), "")
    return found.lower() if _CAMPAIGN.fullmatch(found) else ""


def place(referrer: str, *, own_host: str) -> str:
    """Host and path of a page, in small letters; empty for our own pages and for nonsense."""
    try:
        parts = urlsplit(referrer)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.netloc == own_host:
        return ""
    return f"{parts.hostname or ''}{parts.path}".lower()[:LENGTH]
