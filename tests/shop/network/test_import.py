"""Points from a spreadsheet: managers in any order, every wrong row named, twice is once."""

import csv
import io
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import func, select

from shop.kernel import clock, db
from shop.kernel.audit import AuditEntry
from shop.kernel.csv_files import BadFile
from shop.kernel.db import reading, unit_of_work
from shop.network import edit, exporter, importer, points, tree
from shop.network.importer import Options
from shop.network.models import (
    Invitation,
    NetworkImport,
    OrganizationEdge,
    Payee,
    Point,
    PointMembership,
    PointPayee,
    PointStatus,
)
from shop.storefront.models import Storefront
from tests.counting import counted
from tests.factories import network
from tests.installation import Installation
from tests.shop.network.conftest import BringIn

HEADER = "external_key,parent_key,kind,name,phone,city,slug,owner\n"
CHANNEL = (
    HEADER
    + "S-1,D-1,store,西湖店,13800138000,杭州市,westlake,\n"
    + "D-1,HQ,dealer,浙江总经销,,杭州市,,dealer@example.com\n"
    + "E-1,S-1,employee,小李,,,,13900139000\n"
    + "HQ,,dealer,总部,,,,\n"
)


def table(*rows: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([HEADER.strip().split(","), *rows])
    return out.getvalue()


def row(
    key: str, parent: str = "", *, kind: str = "dealer", name: str = "", **more: str
) -> list[str]:
    return [key, parent, kind, name or key, "", more.get("city", ""), "", more.get("owner", "")]


def counts(job: NetworkImport) -> dict[str, int]:
    return {name: job.report[name] for name in importer.COUNTS if job.report[name]}


def problems(job: NetworkImport) -> list[tuple[int, str, str]]:
    return [(one["line"], one["column"], one["code"]) for one in job.report["problems"]]


def everything() -> dict[str, Any]:
    tables = (Point, Payee, PointPayee, OrganizationEdge, PointMembership, Storefront, Invitation)
    with reading() as session:
        return {
            one.__tablename__: sorted(map(tuple, session.execute(select(*one.__table__.columns))), key=str)
            for one in tables
        }  # fmt: skip


class TestBringingIn:
    def test_managers_may_stand_anywhere_in_the_file(self, bring_in: BringIn) -> None:
        job = bring_in(CHANNEL)

        assert (job.status, counts(job), problems(job)) == ("completed", {"created": 4}, [])
        assert network.names() == {
            "总部": "", "浙江总经销": "总部", "西湖店": "浙江总经销", "小李": "西湖店",
        }  # fmt: skip
        with reading() as session:
            assert network.broken(session) == []

    def test_each_point_is_paid_to_somebody_and_has_its_shop(self, bring_in: BringIn) -> None:
        bring_in(CHANNEL)

        with reading() as session:
            kinds = dict(session.execute(select(Payee.name, Payee.kind)).all())
            slugs = dict(session.execute(select(Storefront.name, Storefront.slug)).all())
            phone = session.scalars(
                select(Point.contact_phone).where(Point.external_key == "S-1")
            ).one()
        assert kinds["小李"] == "person"
        assert kinds["西湖店"] == "company"
        assert slugs["西湖店"] == "westlake"
        assert len(slugs) == 4
        assert phone == "+8613800138000"

    def test_a_second_time_changes_nothing(self, bring_in: BringIn) -> None:
        bring_in(CHANNEL, invite=True)
        before = everything()

        again = bring_in(CHANNEL, invite=True)

        assert counts(again) == {"unchanged": 4}
        assert everything() == before

    def test_a_dry_run_writes_nothing_and_says_what_will_happen(self, bring_in: BringIn) -> None:
        bring_in(table(row("HQ"), row("A", "HQ"), row("B", "HQ")))
        before = everything()
        file = table(
            row("HQ"), row("A", "HQ", name="New"), row("B", "A"), row("C", "B", owner="c@x.com")
        )

        look = bring_in(file, dry_run=True, invite=True)
        unchanged = everything() == before
        real = bring_in(file, invite=True)

        assert unchanged
        assert counts(look) == counts(real)
        assert counts(real) == {
            "created": 1,
            "updated": 2,
            "moved": 1,
            "unchanged": 1,
            "invited": 1,
        }

    def test_a_blank_cell_keeps_what_is_there(self, bring_in: BringIn) -> None:
        bring_in(CHANNEL)

        job = bring_in(table(["S-1", "", "", "", "", "", "", ""]))

        assert counts(job) == {"unchanged": 1}
        assert network.names()["西湖店"] == "浙江总经销"

    def test_a_dash_puts_a_point_at_the_root(self, bring_in: BringIn) -> None:
        bring_in(CHANNEL)

        bring_in(table(["S-1", "-", "", "", "", "", "", ""]))

        assert network.names()["西湖店"] == ""
        assert network.names()["小李"] == "西湖店"

    def test_a_whole_branch_may_be_turned_upside_down(self, bring_in: BringIn) -> None:
        bring_in(table(row("A"), row("B", "A"), row("C", "B")))

        job = bring_in(table(row("A", "B"), row("B", "C"), row("C", "-")))

        assert counts(job) == {"moved": 3, "updated": 3}
        assert network.names() == {"A": "B", "B": "C", "C": ""}
        with reading() as session:
            assert network.broken(session) == []

    def test_the_history_of_managers_is_kept(self, bring_in: BringIn) -> None:
        bring_in(table(row("A"), row("B"), row("C", "A")))
        bring_in(table(row("C", "B")))

        with reading() as session:
            ended = session.scalar(
                select(func.count()).where(OrganizationEdge.until_at.is_not(None))
            )
        assert ended == 1

    def test_points_that_were_there_without_a_number_can_manage(self, bring_in: BringIn) -> None:
        boss = network.point("Boss")

        job = bring_in(table(row("A", f"#{boss}")))

        assert problems(job) == []
        assert network.names()["A"] == "Boss"


class TestRowsThatCannotBeTaken:
    def test_each_says_its_line_its_column_and_why(self, bring_in: BringIn) -> None:
        job = bring_in(
            "number,manager,type,名称,电话,owner\n"
            "A,,dealer,A,,\n"
            ",,dealer,B,,\n"
            "C,,palace,C,,\n"
            "D,nobody,dealer,D,,\n"
            "E,,,E,,\n"
            "F,,dealer,,,\n"
            "G,,dealer,G,12,\n"
            "H,,dealer,H,,nonsense\n"
            "A,,dealer,A again,,\n"
            "K,C,dealer,K,,\n"
        )

        assert counts(job) == {"created": 1}
        assert problems(job) == [
            (3, "number", "key_missing"),
            (4, "type", "kind_unknown"),
            (5, "manager", "parent_unknown"),
            (6, "type", "kind_missing"),
            (7, "名称", "name_missing"),
            (8, "电话", "bad_phone"),
            (9, "owner", "bad_owner"),
            (10, "number", "key_twice"),
            (11, "manager", "parent_failed"),
        ]

    def test_a_circle_is_shown_and_what_hangs_below_it_waits(self, bring_in: BringIn) -> None:
        job = bring_in(table(row("A", "C"), row("B", "A"), row("C", "B"), row("D", "C"), row("E")))

        assert counts(job) == {"created": 1}
        assert [code for _line, _column, code in problems(job)] == ["cycle"] * 3 + ["parent_failed"]
        assert job.report["problems"][0]["values"]["way"] == "A → C → B → A"

    def test_a_circle_through_points_that_are_there_is_seen(self, bring_in: BringIn) -> None:
        bring_in(table(row("A"), row("B", "A"), row("C", "B")))

        job = bring_in(table(row("A", "C")))

        assert [code for *_more, code in problems(job)] == ["cycle"]
        assert network.names()["A"] == ""

    def test_nobody_manages_himself(self, bring_in: BringIn) -> None:
        assert [code for *_m, code in problems(bring_in(table(row("A", "A"))))] == ["cycle"]

    def test_the_tree_is_no_deeper_than_it_may_be(self, bring_in: BringIn) -> None:
        chain = [row("P0"), *(row(f"P{n}", f"P{n - 1}") for n in range(1, 34))]

        job = bring_in(table(*chain))

        assert counts(job) == {"created": 32}
        assert [code for *_m, code in problems(job)] == ["too_deep", "too_deep"]

    def test_a_closed_point_is_left_alone(self, bring_in: BringIn) -> None:
        bring_in(table(row("A")))
        with unit_of_work() as session:
            point_id = session.scalars(select(Point.id)).one()
            points.change_status(session, point_id, PointStatus.CLOSED, by="x", at=clock.now())

        assert [code for *_m, code in problems(bring_in(table(row("A", name="B"))))] == ["closed"]

    def test_failed_rows_are_taken_once_their_manager_is_there(self, bring_in: BringIn) -> None:
        job = bring_in(table(row("A", "HQ"), row("B", "A"), row("C")))
        assert counts(job) == {"created": 1}
        network.point("Head office", key="HQ")

        with unit_of_work() as session:
            second = importer.retry(session, job.id, by="account:1", at=clock.now())
        importer.run(second)

        with reading() as session:
            again = importer.INTAKE.one(session, second)
        assert (counts(again), problems(again)) == ({"created": 2}, [])
        assert network.names()["B"] == "A"


class TestFiles:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_however_it_is_saved_the_same_points_come_in(
        self, bring_in: BringIn, encoding: str, delimiter: str
    ) -> None:
        text = CHANNEL.replace(",", delimiter).replace("\n", "\r\n")

        job = bring_in(text.encode(encoding))

        assert counts(job) == {"created": 4}
        assert network.names()["西湖店"] == "浙江总经销"

    def test_a_file_without_the_points_numbers_is_refused_at_once(self, bring_in: BringIn) -> None:
        with pytest.raises(BadFile) as refused:
            bring_in("title,price\nHoney,12\n")

        assert "No column with the points' numbers" in str(refused.value)

    def test_an_empty_file_is_refused_at_once(self, bring_in: BringIn) -> None:
        with pytest.raises(BadFile):
            bring_in("  \n ")

    def test_what_was_exported_comes_in_unchanged(self, bring_in: BringIn) -> None:
        bring_in(CHANNEL)
        network.point("=SUM(A1)", manager=network.point("Made by hand"))

        file = "".join(exporter.rows())
        job = bring_in(file)

        assert "'=SUM(A1)" in file
        assert counts(job) == {"unchanged": 6}


class TestInvitations:
    def test_owners_are_invited_once(self, shop: Installation, bring_in: BringIn) -> None:
        first = bring_in(CHANNEL, invite=True)
        second = bring_in(CHANNEL, invite=True)
        shop.settle()

        assert (first.report["invited"], second.report["invited"]) == (2, 0)
        with reading() as session:
            contacts = session.scalars(select(Invitation.contact).order_by(Invitation.contact))
            assert contacts.all() == ["+8613900139000", "dealer@example.com"]

    def test_without_asking_nobody_is_invited(self, bring_in: BringIn) -> None:
        bring_in(CHANNEL)

        with reading() as session:
            assert session.scalar(select(func.count()).select_from(Invitation)) == 0


class TestLongFiles:
    def many(self, count: int = 1200) -> str:
        rows = [row("P0"), *(row(f"P{n}", f"P{(n - 1) // 8}") for n in range(1, count))]
        return table(*rows[::-1])

    def start(self, content: str) -> int:
        with unit_of_work() as session:
            return importer.start(
                session, content.encode(), "p.csv", Options(), dry_run=False, by="account:1",
                at=clock.now(), work_later=False,
            )  # fmt: skip

    def test_a_killed_worker_goes_on_where_it_was(self, shop: Installation) -> None:
        import_id = self.start(self.many())
        work = importer.progress(import_id)
        assert [next(work), next(work)] == [(0, 1200), (500, 1200)]
        work.close()

        first, *_rest = importer.progress(import_id)
        assert first == (500, 1200)

        with reading() as session:
            assert counts(importer.INTAKE.one(session, import_id)) == {"created": 1200}
            assert network.broken(session) == []

    def test_two_workers_at_once_bring_each_point_in_once(self, shop: Installation) -> None:
        import_id = self.start(self.many())
        crashed: list[BaseException] = []

        def work() -> None:
            try:
                importer.run(import_id)
            except BaseException as error:
                crashed.append(error)

        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert crashed == []
        with reading() as session:
            assert counts(importer.INTAKE.one(session, import_id)) == {"created": 1200}
            assert session.scalar(select(func.count()).select_from(Point)) == 1200

    def test_a_piece_takes_a_handful_of_statements_however_many_points_it_brings(
        self, shop: Installation
    ) -> None:
        import_id = self.start(self.many(501))
        work = importer.progress(import_id)
        next(work)

        with counted(db.engine()) as sent:
            next(work)

        assert len(sent) < 30


def test_an_edit_meanwhile_is_a_row_error_not_a_crash(shop: Installation) -> None:
    """The file was judged, then somebody moved the manager below the point."""
    a, b = network.point("A", key="A"), network.point("B", key="B")
    with unit_of_work() as session:
        import_id = importer.start(
            session, table(row("A", "B")).encode(), "p.csv", Options(), dry_run=False,
            by="account:1", at=clock.now(), work_later=False,
        )  # fmt: skip
    work = importer.progress(import_id)
    next(work)
    with unit_of_work() as session:
        tree.move(session, b, a, by="x", at=clock.now())
    list(work)

    with reading() as session:
        job = importer.INTAKE.one(session, import_id)
    assert problems(job) == [(2, "parent_key", "conflict")]
    assert network.names() == {"A": "", "B": "A"}


def test_changing_a_point_names_no_address_in_the_audit_log(shop: Installation) -> None:
    point_id = network.point("A")

    with unit_of_work() as session:
        changed = edit.change(
            session, point_id, {"address": "文三路 1 号", "grade": "gold"}, by="x", at=clock.now()
        )

    assert changed == ("address", "grade")
    with reading() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "point.changed")
        ).one()
    assert entry.after == {"grade": "gold", "fields": ["address", "grade"]}
