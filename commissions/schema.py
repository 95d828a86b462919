"""What every table of an installation stands on: one MetaData, one declarative base, the types.

Separate from the tables because a host application takes these over for its own tables, so that
foreign keys, constraint names and migrations live in a single MetaData.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Enum,
    Float,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

SQLITE_NAMES: dict[type[Any], str] = {
    String: "TEXT",
    Text: "TEXT",
    JSON: "TEXT",
    DateTime: "TEXT",
    Date: "TEXT",
    Uuid: "TEXT",
    Enum: "TEXT",
    Boolean: "INTEGER",
    BigInteger: "INTEGER",
    SmallInteger: "INTEGER",
    Float: "REAL",
}
"""STRICT tables know five type names; SQLAlchemy's own would be refused."""


def _name_type_on_sqlite(type_: type[Any], name: str) -> None:
    def sqlite_name(_type: Any, _compiler: Any, **_: Any) -> str:
        return name

    compiles(type_, "sqlite")(sqlite_name)


for _type, _name in SQLITE_NAMES.items():
    _name_type_on_sqlite(_type, _name)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC and returned aware on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a naive datetime has no place in the database; pass an aware one")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _Integer64(TypeDecorator[int]):
    """A 64-bit integer that takes no float, bool or text: STRICT alone would turn '12' into 12."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        if value is not None and type(value) is not int:
            raise TypeError(f"expected an int, got {type(value).__name__}")
        return value


class Id(_Integer64):
    """An identifier: positive, below 2^63, made by an allocator outside the database."""

    cache_ok = True


class Amount(_Integer64):
    """Money in minor units; its currency stands in a column beside it."""

    cache_ok = True


class Choice(TypeDecorator[StrEnum]):
    """A StrEnum, stored as its text and returned as its member."""

    impl = Text
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.enum(value)


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""JSON on SQLite, JSONB on PostgreSQL; Python's None is the database's NULL."""

PrimaryId = Annotated[int, mapped_column(Id, primary_key=True, autoincrement=False)]
"""`id: Mapped[PrimaryId]`: the primary key that an allocator fills, never a sequence."""

metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Base(DeclarativeBase):
    """Declarative base of all tables, the host's included. Every table is STRICT on SQLite."""

    metadata = metadata
    type_annotation_map = {
        int: BigInteger,
        str: Text,
        datetime: UtcDateTime,
        bool: Boolean,
    }

    @classmethod
    def __table_cls__(cls, *args: Any, **kw: Any) -> Table:
        kw.setdefault("sqlite_strict", True)
        return Table(*args, **kw)
