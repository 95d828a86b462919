"""A member of the catalog staff at a browser, for tests of the admin's pages."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shop.accounts import register
from shop.accounts.models import StaffRole
from shop.kernel import clock, db
from tests.installation import Installation

_TAG = re.compile(r"<(script|style).*?</\1>|<[^>]+>", re.DOTALL)


@dataclass
class Desk:
    """A signed-in browser that speaks English."""

    installation: Installation
    client: FlaskClient
    sent: list[str] = field(default_factory=list)

    def get(self, path: str, **query: str) -> TestResponse:
        return self.client.get(path, query_string=query)

    def post(self, path: str, fields: dict[str, Any] | None = None) -> TestResponse:
        return self.client.post(path, data=fields or {})

    def text(self, path: str, **query: str) -> str:
        """What a page says, without its markup; fails unless it is there."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.get_data(as_text=True)[-2000:]
        return words(answer)


def words(answer: TestResponse) -> str:
    """The visible words of a page."""
    return re.sub(r"\s+", " ", unescape(_TAG.sub(" ", answer.get_data(as_text=True))))


def form_of(answer: TestResponse, action: str) -> dict[str, str]:
    """The fields of the form with this action, as a browser would send them back."""
    page = answer.get_data(as_text=True)
    form = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert form is not None, f"no form sends to {action}"
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form[1]):
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        ticked = attributes.get("type") != "checkbox" or re.search(r"\schecked", tag)
        if "name" in attributes and ticked and attributes.get("type") != "file":
            fields[attributes["name"]] = unescape(attributes.get("value", ""))
    for name, content in re.findall(
        r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form[1], re.DOTALL
    ):
        fields[name] = unescape(content)
    for name, content in re.findall(
        r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form[1], re.DOTALL
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', content)
        first = re.search(r'<option value="([^"]*)"', content)
        found = chosen or first
        fields[name] = unescape(found[1]) if found else ""
    return fields


def staff_desk(installation: Installation, *roles: StaffRole) -> Desk:
    """Somebody of the brand's staff with these roles, signed in with both factors."""
    at = clock.now()
    with db.unit_of_work() as session:
        person = register.with_contact(
            session, "staff@shanye.example", name="Wei", locale="en", at=at
        )
        for role in roles:
            register.grant(session, person.id, role, by="cli", at=at)
    client = installation.client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = f"{person.id}:{person.session_version}"
        cookie["_fresh"] = True
        cookie["second_factor"] = True
    return Desk(installation, client)
