"""What landed in the demo's mailbox."""

from sqlalchemy import select

from shop.kernel.db import reading
from shop.notifications.models import MailboxMessage


def messages_to(contact: str) -> list[MailboxMessage]:
    """Everything that was sent to this phone or address, oldest first."""
    with reading() as session:
        query = select(MailboxMessage).where(MailboxMessage.recipient == contact)
        return list(session.scalars(query.order_by(MailboxMessage.id)))
