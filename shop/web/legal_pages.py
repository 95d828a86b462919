"""Which legal pages a brand has: shown to buyers, written by staff."""

from shop.kernel.i18n import _l
from shop.kernel.words import Words

PAGES: dict[str, Words] = {
    "terms": _l("Terms"),
    "privacy": _l("Privacy"),
    "shipping": _l("Shipping"),
    "returns": _l("Returns"),
    "contact": _l("Contact"),
}
