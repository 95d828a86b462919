"""The demo's ready sign-ins: one account for each part in the play, by its e-mail address."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from shop.accounts import queries
from shop.accounts.queries import Person
from shop.kernel.words import Words, _l

DOMAIN = "demo.example"


@dataclass(frozen=True)
class Part:
    """Somebody whom a visitor of the demo can be."""

    key: str
    label: Words
    hint: Words


PARTS = (
    Part("buyer", _l("A buyer"), _l("has bought before and sees her orders")),
    Part("owner", _l("The owner of a point"), _l("Anna shares her shop and earns")),
    Part("owner2", _l("The owner of another point"), _l("sees only his own shop")),
    Part("clerk", _l("A clerk at a store"), _l("hands goods over against a code")),
    Part("staff", _l("Brand staff"), _l("catalog, orders and network")),
    Part("maker", _l("Finance: prepares"), _l("prepares payouts and drafts plans")),
    Part("checker", _l("Finance: approves"), _l("approves what the other prepared")),
)


def email_of(key: str) -> str:
    """The address of a part."""
    return f"{key}@{DOMAIN}"


def ready(session: Session) -> list[tuple[Part, Person]]:
    """The parts whose accounts exist."""
    found = [(part, queries.person_by_contact(session, email_of(part.key))) for part in PARTS]
    return [(part, person) for part, person in found if person is not None]


def one(session: Session, key: str) -> Person | None:
    """The account of one part; None for any other name."""
    if key not in {part.key for part in PARTS}:
        return None
    return queries.person_by_contact(session, email_of(key))
