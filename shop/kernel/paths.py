"""Paths inside the site: what a redirect may lead to.

One place, because each of sign-in, language switch, links and printed codes takes a path from
outside, and browsers drop tabs and line breaks from an address before they read it.
"""

from urllib.parse import urlsplit


def is_inside(path: str) -> bool:
    """Whether this is a plain path of ours, with or without a query, that leads nowhere else."""
    if not path.startswith("/") or path.startswith("//"):
        return False
    if "\\" in path or not path.isprintable():
        return False
    try:
        parts = urlsplit(path)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and "//" not in parts.path
