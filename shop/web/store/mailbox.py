"""The demo's mailbox: what was mailed and texted, for everybody to read. Exists in the demo only."""

from flask import Blueprint, Response
from sqlalchemy import select

from shop.kernel import db
from shop.notifications.models import MailboxMessage
from shop.web import access, render

blueprint = Blueprint("demo", __name__)


@blueprint.get("/mailbox")
@access.public
def mailbox() -> Response:
    """The latest messages."""
    with db.reading() as session:
        messages = session.scalars(
            select(MailboxMessage).order_by(MailboxMessage.id.desc()).limit(100)
        ).all()
    return render.page("store/mailbox.html", messages=messages, shopfront=None)
