"""What no page can take: the NUL character, which PostgreSQL refuses in every text.

Looked for once, before any view, because each path, query and form field may end up in a
statement. Machines are left out: their views read a signed body, and no form of it.
"""

from collections.abc import Iterator

from flask import request

from shop.kernel.errors import ShopError
from shop.kernel.words import _l
from shop.web import access


class Unreadable(ShopError):
    code = "unreadable"

    def __init__(self) -> None:
        super().__init__(
            _l("There is a character in it that we cannot read. Please go back and try without it.")
        )


def refuse() -> None:
    """Raise Unreadable before a view sees such a request.

    Runs after the access rule: whom a view would not hear shall not make us read a large body.
    """
    rule = access.rule_of(request.endpoint) if request.endpoint else None
    if rule not in (None, access.machine) and any("\x00" in text for text in _texts()):
        raise Unreadable


def _texts() -> Iterator[str]:
    yield request.path
    for values in (request.args, request.form):
        for name, texts in values.lists():
            yield name
            yield from texts
    for files in request.files.listvalues():
        yield from (file.filename or "" for file in files)
