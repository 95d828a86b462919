"""What staff write on an order's timeline."""

from datetime import datetime

from sqlalchemy.orm import Session

from shop.kernel.errors import Invalid
from shop.kernel.words import _l
from shop.orders import timeline

LONGEST = 2000


def add(session: Session, order_id: int, text: str, *, by: str, at: datetime) -> None:
    """Add a note; it stays for ever.

    Raises Invalid if it is empty or too long.
    """
    cleaned = text.strip()
    if not cleaned:
        raise Invalid(_l("Please write something first."), field="note")
    if len(cleaned) > LONGEST:
        raise Invalid(_l("This is too long."), field="note")
    timeline.note(session, order_id, "note", by=by, at=at, text=cleaned)
