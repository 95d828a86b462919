"""Points, payees, memberships, the dated organization tree, applications and invitations."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Base, Id, UtcDateTime
from shop.kernel.incoming import IncomingFile

PATH_STEP = 16
"""Characters of one step of a path: a point's id in lower-case hexadecimal, filled with zeros."""
MAX_DEPTH = 32


class PointKind(StrEnum):
    DEALER = "dealer"
    STORE = "store"
    EMPLOYEE = "employee"
    PARTNER = "partner"
    CUSTOMER = "customer"


class PointStatus(StrEnum):
    APPLIED = "applied"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class PointRole(StrEnum):
    OWNER = "owner"
    CLERK = "clerk"
    MANAGER = "manager"
    """Looks after the point's whole subtree."""


class Rail(StrEnum):
    """The way a payout goes."""

    CONNECT = "connect"
    BANK_FILE = "bank_file"
    CREDIT_NOTE = "credit_note"
    PAYROLL_FILE = "payroll_file"
    BY_HAND = "by_hand"


class Payee(Base):
    """A person or company that is paid for one or several points."""

    __tablename__ = "payee"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10), default="person")
    """`person` or `company`."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PayeeDestination(Base):
    """Where a payee's money goes; a change is a new row with a cool-down."""

    __tablename__ = "payee_destination"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    payee_id: Mapped[int] = mapped_column(ForeignKey("payee.id"), index=True)
    rail: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(120))
    """Masked, for people: "ICBC •••• 4321"."""
    sealed: Mapped[str] = mapped_column(Text)
    """Encrypted details (account holder, number, bank code; or the Connect account id)."""
    hash: Mapped[str] = mapped_column(String(64))
    """Keyed hash of the details: equal destinations are seen to be equal."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(80))
    usable_from: Mapped[datetime] = mapped_column(UtcDateTime)
    """End of the cool-down, business time."""
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Point(Base):
    """A node of the network that may sell, hand over and earn."""

    __tablename__ = "point"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    external_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    """The brand's own number for it, used by imports."""
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))
    group_key: Mapped[str] = mapped_column(String(40), default="")
    """Plan group, such as "gold"; empty for none."""
    grade: Mapped[str] = mapped_column(String(40), default="")
    payee_id: Mapped[int | None] = mapped_column(ForeignKey("payee.id"), index=True)
    """The payee in force now; `point_payee` keeps the dates."""
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("point.id"), index=True)
    path: Mapped[str] = mapped_column(String(PATH_STEP * MAX_DEPTH), unique=True)
    """Ids from the root down to this point, so that a subtree is a range of prefixes."""
    depth: Mapped[int] = mapped_column(Integer, default=0)
    territory: Mapped[str] = mapped_column(String(20), default="")
    """Division code this point looks after."""
    province: Mapped[str] = mapped_column(String(40), default="")
    city: Mapped[str] = mapped_column(String(40), default="")
    district: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    contact_phone: Mapped[str] = mapped_column(String(20), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_point_status_name", "status", "name", "id"),)


class PointPayee(Base):
    """Who is paid for a point from when to when."""

    __tablename__ = "point_payee"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"), index=True)
    payee_id: Mapped[int] = mapped_column(ForeignKey("payee.id"))
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_point_payee_current",
            "point_id",
            unique=True,
            sqlite_where=until_at.is_(None),
            postgresql_where=until_at.is_(None),
        ),
    )


class OrganizationEdge(Base):
    """Who managed a point from when to when, under which contract."""

    __tablename__ = "organization_edge"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"), index=True)
    manager_id: Mapped[int] = mapped_column(ForeignKey("point.id"))
    contract: Mapped[str] = mapped_column(String(120), default="")
    from_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_organization_edge_current",
            "point_id",
            unique=True,
            sqlite_where=until_at.is_(None),
            postgresql_where=until_at.is_(None),
        ),
    )

    @classmethod
    def is_current(cls) -> ColumnElement[bool]:
        """The edge that holds now; each point has one at most."""
        return cls.until_at.is_(None)


class PointMembership(Base):
    """What an account may do at a point."""

    __tablename__ = "point_membership"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(10), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Application(Base):
    """Somebody who asks to become a point; costs nothing and asks for no purchase."""

    __tablename__ = "application"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    words: Mapped[str] = mapped_column(Text, default="")
    """Why they want a shop, in their own words."""
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(80), default="")
    approved: Mapped[bool | None] = mapped_column()
    note: Mapped[str] = mapped_column(Text, default="")


class Invitation(Base):
    """A link that lets its receiver take a role at a point; only the token's hash is kept."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), default="")
    """Empty until the sending job has made the token."""
    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"), index=True)
    role: Mapped[str] = mapped_column(String(10))
    contact: Mapped[str] = mapped_column(String(254))
    invited_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    __table_args__ = (
        Index("ix_invitation_token", "token_hash"),
        UniqueConstraint("point_id", "contact", "role", "created_at"),
    )


class NetworkImport(IncomingFile, Base):
    """A file of points on its way in, with its report."""

    __tablename__ = "network_import"
