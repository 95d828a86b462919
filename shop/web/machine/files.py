"""Uploaded pictures, named by the hash of their content and therefore cacheable for ever."""

import re

from flask import Response, abort, send_file

from shop.kernel import files
from shop.web import access
from shop.web.machine.routes import blueprint

_KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}\.(webp|png|svg|jpg)")


@blueprint.get("/media/<path:key>")
@access.machine
def media(key: str) -> Response:
    """One file; only pictures are served, whatever else lies in the folder."""
    if not _KEY.fullmatch(key):
        abort(404)
    try:
        path = files.path_of(key)
        answer: Response = send_file(path, max_age=31_536_000)
    except FileNotFoundError:
        abort(404)
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer
