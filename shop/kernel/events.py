"""News that goes up the stack.

A slice publishes, `wiring` says who hears. Handlers run at once, in the listed order, in the
publisher's transaction: an exception undoes everything, so they write rows and outbox only.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session


class Event:
    """Base of all events; each is a frozen dataclass that carries ids, not objects."""


Handler = Callable[[Session, Any], None]
_handlers: dict[type[Event], tuple[Handler, ...]] = {}


def bind(table: Mapping[type[Event], Sequence[Handler]]) -> None:
    """Install the one table of who hears what."""
    _handlers.clear()
    _handlers.update({event: tuple(hearers) for event, hearers in table.items()})


def publish(session: Session, event: Event) -> None:
    """Tell everybody who listens, now."""
    for handler in _handlers.get(type(event), ()):
        handler(session, event)
