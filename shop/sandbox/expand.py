"""`expand[]`: ids inside an answer are replaced by the objects that they name."""

from collections.abc import Callable

from .core import Sandbox, public
from .errors import Json, Refused
from .shapes.transfer import listing

DEEPEST = 4


def _session_lines(sandbox: Sandbox, session: Json) -> Json:
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    stored = sandbox.need("checkout.session", session["id"])
    return listing(url, stored["_line_items"])


def _charge_refunds(sandbox: Sandbox, charge: Json) -> Json:
    found = sandbox.store.all_of("refund", "charge", charge["id"])
    return listing(f"/v1/charges/{charge['id']}/refunds", [public(refund) for refund in found])


INCLUDABLE: dict[tuple[str, str], Callable[[Sandbox, Json], Json]] = {
    ("checkout.session", "line_items"): _session_lines,
    ("charge", "refunds"): _charge_refunds,
}
"""Fields that stand in an object only when asked for."""


def expand(sandbox: Sandbox, obj: Json, paths: list[str]) -> Json:
    """Return the object with every path opened; raises Refused for a path that leads nowhere."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise Refused(f"You cannot expand more than {DEEPEST} levels: {path}", param="expand")
        _open(sandbox, obj, steps, path)
    return obj


def _open(sandbox: Sandbox, obj: Json, steps: list[str], path: str) -> None:
    name, rest = steps[0], steps[1:]
    value = obj.get(name)
    if isinstance(value, str):
        value = sandbox.store.load(value)
        if value is not None:
            obj[name] = value = public(value)
    elif (obj.get("object"), name) in INCLUDABLE and not isinstance(value, dict):
        obj[name] = value = INCLUDABLE[obj["object"], name](sandbox, obj)
    elif name not in obj:
        raise Refused(f"This property cannot be expanded ({path}).", param="expand")
    for member in value if isinstance(value, list) else [value]:
        if rest and isinstance(member, dict):
            _open(sandbox, member, rest, path)
