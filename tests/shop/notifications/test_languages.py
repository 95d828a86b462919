"""People are written to in their language, and read the mailbox in the one they chose."""

from sqlalchemy import insert

from shop.accounts import register
from shop.kernel import clock, ids, jobs
from shop.kernel.db import unit_of_work
from shop.network import joining
from shop.network.models import Invitation, PointRole
from tests.factories import network
from tests.installation import Installation
from tests.shop.notifications.mailbox import messages_to


def known(contact: str, locale: str) -> str:
    """The audit key of an account that speaks this language."""
    with unit_of_work() as session:
        person = register.with_contact(session, contact, name="", locale=locale, at=clock.now())
    return f"account:{person.id}"


def invite(contact: str, *, locale: str, by: str = "account:1") -> None:
    point_id = network.point()
    with unit_of_work() as session:
        joining.invite(
            session, point_id, PointRole.CLERK, contact, locale=locale, by=by, at=clock.now()
        )


class TestInvitations:
    def test_a_stranger_is_invited_in_the_inviters_language(self, shop: Installation) -> None:
        invite("+447700900123", locale="en")
        shop.work()

        (told,) = messages_to("+447700900123")
        assert "http://localhost/en/invite/" in told.body

    def test_whom_we_know_is_invited_in_the_own_language(self, shop: Installation) -> None:
        known("mei@example.com", "zh")
        invite("mei@example.com", locale="en")
        shop.work()

        (told,) = messages_to("mei@example.com")
        assert "http://localhost/invite/" in told.body

    def test_those_of_an_import_speak_as_who_brought_it_in(self, shop: Installation) -> None:
        by, point_id, at = known("boss@example.com", "en"), network.point(), clock.now()
        with unit_of_work() as session:
            invitation_id = ids.new()
            session.execute(
                insert(Invitation).values(
                    id=invitation_id,
                    token_hash="",
                    point_id=point_id,
                    role=PointRole.OWNER,
                    contact="dealer@example.com",
                    invited_by=by,
                    created_at=at,
                    expires_at=at + joining.INVITATION_LIFE,
                )
            )
            payload = {"invitation_id": str(invitation_id)}
            jobs.enqueue(session, joining.INVITE, payload, at=at)
        shop.work()

        (told,) = messages_to("dealer@example.com")
        assert "http://localhost/en/invite/" in told.body


class TestTheMailbox:
    def test_it_follows_the_chosen_language(self, shop: Installation) -> None:
        visitor = shop.client()

        before = visitor.get("/mailbox").text
        visitor.get("/speak/en?next=/mailbox")
        after = visitor.get("/mailbox").text

        assert 'lang="zh-Hans"' in before
        assert '<html lang="en">' in after
        assert "/speak/zh?next=/mailbox" in after
