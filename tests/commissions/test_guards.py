"""What was written stays written: the database itself refuses to change or remove it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from commissions import is_ours
from commissions.audit_trail import AuditEntry
from commissions.guards import (
    drop_guards,
    guard_names,
    insert_only_tables,
    install_guards,
    missing_guards,
)
from commissions.payouts.bank_file import build_batch
from commissions.payouts.files.format import Account
from commissions.payouts.preparing import prepare_run
from commissions.schema import metadata
from commissions.sealing import seal
from commissions.statements.closing import Period, close_period
from tests.commissions.conftest import Ids, Sessions
from tests.commissions.factories import (
    BY,
    arrived,
    corrected,
    moment,
    policy,
    published,
    queued,
    sale,
    terms,
    tiered,
)
from tests.commissions.test_audit import soon
from tests.databases import Urls, make_engine

OURS = [name for name in insert_only_tables() if is_ours(name)]
ATTACKS = {
    "sqlite": (
        "UPDATE {table} SET {column} = {column}",
        "DELETE FROM {table}",
        "REPLACE INTO {table} SELECT * FROM {table}",
        "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
        "INSERT INTO {table} SELECT * FROM {table} WHERE true "
        "ON CONFLICT ({keys}) DO UPDATE SET {column} = excluded.{column}",
        "UPDATE OR IGNORE {table} SET {column} = {column}",
    ),
    "postgresql": (
        "UPDATE {table} SET {column} = {column}",
        "DELETE FROM {table}",
        "INSERT INTO {table} SELECT * FROM {table} "
        "ON CONFLICT ({keys}) DO UPDATE SET {column} = excluded.{column}",
        "TRUNCATE {table}",
        "TRUNCATE {table} CASCADE",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DROP TRIGGER guard_{table}_change ON {table}",
        "DROP TABLE {table} CASCADE",
    ),
}


@pytest.fixture
def full(sessions: Sessions, ids: Ids) -> Sessions:
    """Books with at least one row in every insert-only table."""
    with sessions.begin() as session:
        payout = queued(session, ids, "bank")
        rules = terms(tiered((0, 1000), (1000, 2000)))
        published(session, ids, rules, at=moment(1))
        late = sale(key="counted", placed_at=moment(2), paid_at=moment(2))
        arrived(session, ids, late, days=3)
        nobody = policy(destination_of=lambda _payee, _currency: None)
        arrived(session, ids, sale(key="s2"))
        corrected(session, ids)
        prepare_run(session, nobody, by="maker", at=moment(31), ids=ids)
        build_batch(
            session,
            [payout.id],
            open_destination=lambda one: Account(holder=one.payee_key, number="1"),
            purpose="commission",
            by=BY,
            at=moment(31),
            ids=ids,
        )
        seal(session, wall=soon(), by="job", ids=ids)
        period = Period(moment(0), moment(40))
        close_period(session, "ann", "CNY", period, series="s", by=BY, at=moment(41), ids=ids)
    return sessions


def test_every_attack_on_every_table_is_refused(full: Sessions, urls: Urls) -> None:
    for table in OURS:
        with full() as session:
            columns = metadata.tables[table].columns
            keys = ", ".join(column.name for column in metadata.tables[table].primary_key)
            column = f'"{list(columns)[-1].name}"'
            before = session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            assert before > 0, f"{table} is empty, so nothing is proven"
        for attack in ATTACKS[urls.kind]:
            statement = attack.format(table=table, column=column, keys=keys)
            with pytest.raises(DBAPIError), full.begin() as session:
                session.execute(text(statement))
        with full() as session:
            after = session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            assert after == before


def test_plan_versions_and_rules_are_among_them() -> None:
    assert {"commission_plan_version", "commission_rule", "commission_posting"} < set(OURS)
    assert {"commission_counted", "commission_award"} < set(OURS)


@pytest.fixture
def owner(urls: Urls) -> Iterator[Engine]:
    engine = make_engine(urls.owner)
    yield engine
    engine.dispose()


def test_a_missing_guard_is_named_and_put_back(owner: Engine, urls: Urls) -> None:
    table = AuditEntry.__tablename__
    with owner.begin() as connection:
        assert missing_guards(connection, OURS) == []

        drop_guards(connection, table)
        assert missing_guards(connection, OURS) == list(guard_names(urls.kind, table))

        install_guards(connection, [table])
        install_guards(connection, [table])
        assert missing_guards(connection, OURS) == []


def test_amounts_that_cannot_be_are_refused_by_the_database(full: Sessions) -> None:
    for statement in (
        "INSERT INTO commission_posting (id, key, request_hash, debit, credit, amount, currency, at)"
        " VALUES (900001, 'x', '', 'a', 'b', 0, 'CNY', '2026-01-01 00:00:00+00')",
        "INSERT INTO commission_posting (id, key, request_hash, debit, credit, amount, currency, at)"
        " VALUES (900001, 'x', '', 'a', 'a', 5, 'CNY', '2026-01-01 00:00:00+00')",
        "UPDATE commission_payout SET amount = 0",
        "UPDATE commission_payout SET approved_by = created_by",
        "UPDATE commission_payout SET fee_amount = 1",
    ):
        with pytest.raises(DBAPIError), full.begin() as session:
            session.execute(text(statement))


def test_what_the_law_forbids_is_refused_by_the_database(full: Sessions) -> None:
    copied = "name, enabled, bps, fixed, floor, cap, order_cap, tiers, period_cap, target"
    for role, basis, period, tier_mode in (
        ("upline", "paid", "'month'", "'progressive'"),
        ("fulfiller", "paid", "'month'", "'retroactive'"),
        ("fulfiller", "seller", "NULL", "NULL"),
        ("seller", "seller", "NULL", "NULL"),
        ("bonus", "paid", "NULL", "NULL"),
        ("upline2", "paid", "NULL", "NULL"),
    ):
        with pytest.raises(DBAPIError, match=r"(?i)check"), full.begin() as session:
            session.execute(
                text(
                    f"INSERT INTO commission_rule (id, version_id, role, position, basis, period,"
                    f" tier_mode, rate, hold_days, conditions, service, contract, {copied})"
                    f" SELECT 900001, version_id, '{role}', 9, '{basis}', {period}, {tier_mode},"
                    f" rate, hold_days, conditions, service, contract, {copied} FROM commission_rule LIMIT 1"
                )
            )
    # No amount without a line that was sold or an award that knows the lines it counted.
    copied = "point_key, payee_key, currency, version_id, rule_id, base_amount, hold_days, trace"
    for kind, role in (("earn", "seller"), ("earn", "bonus"), ("difference", "bonus")):
        with pytest.raises(DBAPIError, match=r"(?i)check"), full.begin() as session:
            session.execute(
                text(
                    f"""INSERT INTO commission_entry
                    (id, origin_id, role, kind, cause, cause_key, amount, at, "by", {copied})
                    SELECT 900001, 900001, '{role}', '{kind}', cause, cause_key, 500, at, "by",
                    {copied} FROM commission_entry LIMIT 1"""
                )
            )


def test_every_table_is_strict(full: Sessions, urls: Urls) -> None:
    if urls.kind != "sqlite":
        pytest.skip("STRICT is a word of SQLite")
    with full() as session:
        rows = session.execute(
            text("SELECT name, strict FROM pragma_table_list WHERE name LIKE 'commission%'")
        ).all()

    assert len(rows) > 20
    assert all(row.strict for row in rows)
