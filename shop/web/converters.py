"""Numbers in addresses: ids, so nothing that the database could not hold is looked for."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from shop.kernel import ids


class Id(IntegerConverter):
    """`<int:…>`: ASCII digits up to the largest id; any other address is no page."""

    regex = r"[0-9]{1,19}"

    def __init__(self, url_map: Map, **options: Any) -> None:
        super().__init__(url_map, **{"max": ids.LARGEST, **options})


def init_app(app: Flask) -> None:
    """Let every `<int:…>` be an id; call it before the routes are registered."""
    app.url_map.converters = {**app.url_map.converters, "int": Id}
