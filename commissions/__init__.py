"""The commission engine: facts in, immutable entries with their reasons out, payouts at the end.

Needs the standard library and SQLAlchemy, nothing else; knows sales, points and payees by
opaque keys only. README.md beside this file shows how to use it.
"""

from __future__ import annotations

from sqlalchemy import Connection

from commissions import models
from commissions.audit_trail import AuditEntry
from commissions.guards import insert_only_tables, install_guards
from commissions.schema import metadata


def create_schema(connection: Connection) -> None:
    """Create the engine's tables, the audit table and the guards of both."""
    tables = [table for name, table in metadata.tables.items() if is_ours(name)]
    metadata.create_all(connection, tables=tables)
    install_guards(connection, filter(is_ours, insert_only_tables()))


def is_ours(table_name: str) -> bool:
    """Whether a table of the shared MetaData belongs to the engine."""
    return table_name.startswith("commission_") or table_name == AuditEntry.__tablename__


__all__ = ["create_schema", "is_ours", "models"]
