"""Moments for people: in the brand's time zone and in the reader's language.

Everything is stored and compared in UTC; this is the one way from there to a page or a message.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel import dates

from shop.kernel.i18n import BABEL_NAMES, locale


def format_moment(at: datetime, zone: ZoneInfo, *, style: str = "medium") -> str:
    """Date and time; the style is Babel's: short, medium, long."""
    return str(dates.format_datetime(at.astimezone(zone), style, locale=BABEL_NAMES[locale()]))


def format_day(at: datetime, zone: ZoneInfo, *, style: str = "medium") -> str:
    """The day on which the moment falls there."""
    return format_date(at.astimezone(zone).date(), style=style)


def format_date(day: date, *, style: str = "medium") -> str:
    """A day that was counted in the brand's calendar already."""
    return str(dates.format_date(day, style, locale=BABEL_NAMES[locale()]))


def file_stamp(at: datetime, zone: ZoneInfo) -> str:
    """The moment as it stands in the name of a file: 20260302-1200."""
    return f"{at.astimezone(zone):%Y%m%d-%H%M}"
