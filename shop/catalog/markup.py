"""HTML that staff and files bring in, reduced to a small list of harmless tags.

Cleaned once, when it is saved, so that pages may show it as it is. Pictures are dropped: pages ask
no other host for anything.
"""

import nh3

_TAGS = {
    "a", "b", "blockquote", "br", "caption", "em", "h2", "h3", "h4", "hr", "i", "li", "ol", "p",
    "s", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style"},
    attributes={"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel="nofollow noopener",
    strip_comments=True,
)


def clean(html: str) -> str:
    """The text with allowed tags only; cleaning twice is cleaning once."""
    return _CLEANER.clean(html).strip()
