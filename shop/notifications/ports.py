"""How a message leaves the house: SMTP for mail, and the demo's mailbox for mail and SMS alike."""

import smtplib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import insert

from shop.kernel import clock, ids, purging
from shop.kernel.db import unit_of_work
from shop.notifications.models import MailboxMessage


@dataclass(frozen=True)
class Message:
    """A finished text for one person."""

    channel: str
    """mail or sms."""
    recipient: str
    subject: str
    body: str


KEPT = timedelta(days=35)
"""How long the demo's mailbox keeps a message."""

Port = Callable[[Message], None]


class NoChannel(Exception):
    """Nothing is set up that could deliver this kind of message."""


def mailbox(message: Message) -> None:
    """Keep the message for the demo's mailbox page."""
    with unit_of_work() as session:
        session.execute(
            insert(MailboxMessage).values(id=ids.new(), at=clock.now(), **message.__dict__)
        )


def purge_mailbox(_payload: Mapping[str, Any]) -> None:
    """Job, daily: forget old messages of the demo; they are personal data."""
    purging.forget(MailboxMessage, MailboxMessage.at < clock.now() - KEPT)


def smtp(url: str, sender: str) -> Port:
    """Send mail through `smtp://user:password@host:port`; `smtps://` speaks TLS from the start."""
    parts = urlsplit(url)
    make = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP

    def send(message: Message) -> None:
        if message.channel != "mail":
            raise NoChannel("no SMS provider is set up")
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, message.recipient, message.subject
        mail.set_content(message.body)
        with make(parts.hostname or "", parts.port or 0, timeout=20) as server:
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(mail)

    return send


_port: Port = mailbox


def use(port: Port) -> None:
    """Deliver through this port from now on."""
    global _port
    _port = port


def deliver(message: Message) -> None:
    """Hand the message to whoever delivers it; an exception makes the job try again."""
    _port(message)
