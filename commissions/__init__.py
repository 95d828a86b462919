"""The commission engine: facts in, immutable entries with their reasons out, payouts at the end.

Needs the standard library and SQLAlchemy, nothing else; knows sales, points and payees by
opaque keys only. README.md beside this file shows how to use it.
"""

from __future__ import annotations

from sqlalchemy import Connection

from commissions import audit_trail
from commissions.guards import install_guards
from commissions.schema import metadata


def create_schema(connection: Connection) -> None:
    """Create the engine's tables, the audit table and the guards of both."""
    names = [
        name
        for name in metadata.tables
        if name.startswith("commission_") or name == audit_trail.AuditEntry.__tablename__
    ]
    metadata.create_all(connection, tables=[metadata.tables[name] for name in names])
    guarded = [name for name in metadata.info.get("insert_only", ()) if name in names]
    install_guards(connection, guarded)
