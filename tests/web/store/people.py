"""People at the store's pages: signing in with a code from the mailbox, following a point's link."""

import re
import time
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from shop.kernel import db
from shop.notifications.models import MailboxMessage
from tests.world import World


def ask_for_code(client: FlaskClient, contact: str) -> Any:
    """The first page of signing in."""
    return client.post("/sign-in", data={"contact": contact})


def code_for(world: World, contact: str) -> str:
    """The latest code that was sent to this contact."""
    world.installation.work()
    found = re.search(r"\b\d{6}\b", letters_to(contact)[-1])
    assert found
    return found[0]


def letters_to(recipient: str) -> list[str]:
    """What was mailed or texted to somebody, oldest first."""
    with db.reading() as session:
        found = session.scalars(
            select(MailboxMessage)
            .where(MailboxMessage.recipient == recipient)
            .order_by(MailboxMessage.id)
        )
        return [f"{one.subject}\n{one.body}" for one in found]


def sign_in(world: World, client: FlaskClient, name: str) -> Any:
    """Come in by a code, as everybody does; gives the answer to the right code."""
    contact = f"{name}@world.example"
    assert ask_for_code(client, contact).status_code == 303
    answer = client.post("/sign-in/code", data={"code": code_for(world, contact)})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer


def link_of(world: World, name: str) -> str:
    """The short link on the desk of this point."""
    page = world.signed_in(name).get("/desk/share").get_data(as_text=True)
    found = re.search(r"/l/[A-Z0-9]+", page)
    assert found
    return found[0]


def text_of(client: FlaskClient, path: str) -> str:
    """The page as a reader sees it."""
    return unescape(client.get(path).get_data(as_text=True))


def in_one_window(seconds: int, *, needs: float = 20) -> None:
    """Wait for the next window of wall time if this one is about to end: counts begin anew there."""
    left = seconds - time.time() % seconds
    if left < needs:
        time.sleep(left)
