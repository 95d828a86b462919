"""Profiles of the law in the brand's own rows: two people, versions, and nothing in the past."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, inspect, text
from sqlalchemy.exc import IntegrityError

from commissions.law import CHINA, Requirement
from shop.kernel import audit, clock, db, ids
from shop.kernel.errors import Conflict, Forbidden, Invalid
from shop.rewards import consents, law
from shop.rewards.law import Wanted
from shop.rewards.law_models import LegalProfileRow
from shop.rewards.models import Act
from tests.commissions.test_forbidden import FORBIDDEN
from tests.conftest import Database

OURS = Wanted(key="ours", name="Ours", ceiling_bps=2500, warning_bps=2000, source="Advice of 3 May")


def ask(wanted: Wanted = OURS, *, days: float = 0, by: str = "maker") -> int:
    """The request for a second person."""
    at = clock.now()
    with db.unit_of_work() as session:
        begins = at + timedelta(days=days)
        profile_id = law.propose(session, wanted, begins=begins, by=by, at=at)
        return consents.ask(session, Act.LAW, profile_id, reason="new advice", by=by, at=at)


def agree(consent_id: int, *, by: str = "checker") -> None:
    with db.unit_of_work() as session:
        consents.agree(session, consent_id, by=by, at=clock.now())


def holds(days: float = 0) -> tuple[str, int, int]:
    with db.reading() as session:
        found = law.in_force(session, at=clock.now() + timedelta(days=days))
        return found.key, found.number, found.ceiling_bps


def changed(**change: Any) -> Wanted:
    return Wanted(**{**OURS.__dict__, **change})


class TestTwoPeople:
    def test_a_profile_holds_once_a_second_person_agreed(self, database: Database) -> None:
        asked = ask()
        assert holds() == (CHINA.key, 0, 3000)
        with pytest.raises(Forbidden):
            agree(asked, by="maker")

        agree(asked)

        assert holds() == ("ours", 1, 2500)
        with db.reading() as session:
            (row,) = audit.page(session, thing="legal_profile").items
        assert row.before
        assert row.after
        assert (row.before["key"], row.after["ceiling_bps"]) == ("china", 2500)

    def test_one_waits_at_a_time(self, database: Database) -> None:
        first = ask()
        with pytest.raises(Conflict):
            ask(changed(key="other"), by="checker")
        with db.unit_of_work() as session:
            consents.refuse(session, first, note="not yet", by="checker", at=clock.now())

        agree(ask())

        assert holds()[1] == 2  # the number of what was refused is not given again

    def test_the_database_knows_no_single_person_and_no_reason_left_out(
        self, database: Database
    ) -> None:
        at = clock.now()
        row = {
            **OURS.__dict__, "number": 1, "requires": [], "effective_from": at,
            "proposed_by": "maker", "proposed_at": at, "agreed_by": None, "agreed_at": None,
        }  # fmt: skip
        for wrong in (
            {"agreed_by": "maker", "agreed_at": at},
            {"upline_allowed": True, "upline_reason": "advice"},
            {"upline_allowed": True, "upline_service": "training"},
            {"ceiling_bps": 10_001},
            {"warning_bps": 2501},
        ):
            with pytest.raises(IntegrityError), db.unit_of_work() as session:
                session.execute(insert(LegalProfileRow).values(id=ids.new(), **{**row, **wrong}))
        with db.unit_of_work() as session:
            for number in (1, 2):
                row["number"] = number
                session.execute(insert(LegalProfileRow).values(id=ids.new(), **row))
            with pytest.raises(IntegrityError), session.begin_nested():
                session.execute(insert(LegalProfileRow).values(id=ids.new(), **row))

    def test_no_column_can_open_what_is_forbidden(self, sqlite_database: Database) -> None:
        with db.reading() as session:
            session.execute(text("SELECT 1"))
            columns = {
                one["name"] for one in inspect(session.connection()).get_columns("legal_profile")
            }

        assert [name for name in columns if FORBIDDEN.search(name)] == []
        assert {name for name in columns if name.startswith("upline")} == {
            "upline_allowed", "upline_reason", "upline_service",
        }  # fmt: skip


class TestTime:
    def test_the_one_that_began_last_holds(self, sqlite_database: Database) -> None:
        agree(ask(days=10))
        agree(ask(changed(key="later", ceiling_bps=2000), days=5))

        assert [holds(day) for day in (0, 4.9, 5, 9.9, 10)] == [
            ("china", 0, 3000), ("china", 0, 3000), ("later", 1, 2000), ("later", 1, 2000),
            ("ours", 1, 2500),
        ]  # fmt: skip

    def test_none_begins_before_somebody_agreed(self, sqlite_database: Database) -> None:
        asked, before = ask(), clock.now()
        agree(asked)

        with db.reading() as session:
            (row,) = law.history(session)
        assert row.effective_from >= before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": "中国"}, "key"),
        ({"key": "China!"}, "key"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"source": ""}, "source"),
        ({"ceiling_bps": 10_001}, "ceiling"),
        ({"warning_bps": 2501}, "warning"),
        ({"upline_allowed": True, "upline_service": "training"}, "upline_reason"),
        ({"upline_allowed": True, "upline_reason": "advice"}, "upline_service"),
    ],
)
def test_a_bad_field_is_named(
    sqlite_database: Database, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        ask(changed(**change))

    assert list(refused.value.fields) == [field]


def test_the_past_is_refused(sqlite_database: Database) -> None:
    with pytest.raises(Invalid) as refused:
        ask(days=-1)

    assert list(refused.value.fields) == ["from"]


def test_what_it_asks_for_is_stored_in_one_order(sqlite_database: Database) -> None:
    agree(ask(changed(requires=(Requirement.REFUNDS, Requirement.APPROVER))))

    with db.reading() as session:
        held = law.in_force(session, at=clock.now())
    assert held.requires == (Requirement.APPROVER, Requirement.REFUNDS)
