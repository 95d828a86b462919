"""The last step of every message: its links, its language's addresses, and the port it leaves by."""

from shop.kernel.i18n import LOCALES
from shop.notifications import ports
from shop.notifications.ports import Message

_public_url = ""


def link_to(public_url: str) -> None:
    """Links in messages begin with this origin."""
    global _public_url
    _public_url = public_url


def address(path: str) -> str:
    """The full address of a page that follows the reader's account, such as the desk."""
    return f"{_public_url}{path}"


def public_address(path: str, locale: str) -> str:
    """The full address of a public page in this language; the default language stands bare."""
    prefix = "" if locale == LOCALES[0] else f"/{locale}"
    return f"{_public_url}{prefix}{path}"


def send(contact: str | None, subject: str, body: str) -> str:
    """Hand a finished text to the port that fits the contact.

    Returns the channel, mail or sms; empty if there is nobody to write to any more.
    """
    if not contact:
        return ""
    channel = "mail" if "@" in contact else "sms"
    ports.deliver(Message(channel, contact, subject, body))
    return channel
