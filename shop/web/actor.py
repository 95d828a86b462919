"""Who is asking: the signed-in account with its roles, read once a request."""

from dataclasses import dataclass, field

from flask import g, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from shop.accounts import queries as accounts
from shop.accounts.queries import Person
from shop.kernel import db
from shop.network import queries as network
from shop.network.queries import Place

login_manager = LoginManager()


@dataclass(frozen=True)
class Actor:
    """What access rules look at; a visitor without an account has none of it."""

    account_id: int | None = None
    name: str = ""
    staff_roles: frozenset[str] = frozenset()
    has_second_factor: bool = False
    places: tuple[Place, ...] = ()
    """Points where this person works."""
    place: Place | None = None
    """The point that is chosen."""
    locale: str = ""

    @property
    def is_signed_in(self) -> bool:
        return self.account_id is not None

    @property
    def point_id(self) -> int | None:
        return self.place.point_id if self.place else None

    @property
    def point_role(self) -> str:
        return self.place.role if self.place else ""

    @property
    def key(self) -> str:
        """The name of this person in audit rows."""
        return f"account:{self.account_id}" if self.account_id else "visitor"


@dataclass
class SignedIn(UserMixin):  # type: ignore[misc]  # flask-login publishes no types
    """What Flask-Login keeps; its id carries the session version, so one bump signs out all."""

    person: Person
    places: tuple[Place, ...] = field(default_factory=tuple)

    def get_id(self) -> str:
        return f"{self.person.id}:{self.person.session_version}"


@login_manager.user_loader  # type: ignore[untyped-decorator]  # flask-login publishes no types
def _load(user_id: str) -> SignedIn | None:
    account_id, _, version = user_id.partition(":")
    if not (account_id.isdecimal() and version.isdecimal()):
        return None
    with db.reading() as reader:
        person = accounts.person(reader, int(account_id))
        if person is None or person.session_version != int(version) or person.disabled:
            return None
        return SignedIn(person, network.places_of(reader, person.id))


def sign_in(person: Person, *, second_factor: bool) -> None:
    """Begin a fresh session for this person; nothing of the old one is kept but the cart."""
    kept = {name: session[name] for name in ("after_sign_in",) if name in session}
    session.clear()
    session.update(kept)
    session["second_factor"] = second_factor
    session.permanent = True
    login_user(SignedIn(person))
    g.pop("actor", None)


def sign_out() -> None:
    """End the session."""
    logout_user()
    session.clear()


def choose_place(point_id: int) -> None:
    """Work at this point from now on; unknown points are ignored when the actor is read."""
    session["point"] = str(point_id)
    g.pop("actor", None)


def current_actor() -> Actor:
    """The actor of this request."""
    if "actor" not in g:
        g.actor = _read()
    actor: Actor = g.actor
    return actor


def _read() -> Actor:
    user = current_user
    if not user.is_authenticated:
        return Actor()
    places: tuple[Place, ...] = user.places
    chosen = session.get("point", "")
    place = next((place for place in places if str(place.point_id) == chosen), None)
    if place is None and chosen and any(place.role == "manager" for place in places):
        with db.reading() as reader:
            place = network.place_below(reader, user.person.id, int(chosen))
    return Actor(
        account_id=user.person.id,
        name=user.person.name,
        staff_roles=user.person.staff_roles,
        has_second_factor=bool(session.get("second_factor")),
        places=places,
        place=place or (places[0] if places else None),
        locale=user.person.locale,
    )
