"""The brand's own profiles of the law: the limits of a jurisdiction, version by version."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel.db import Base, Id, Json, UtcDateTime


class LegalProfileRow(Base):
    """One version of a profile; it holds from its day on, once a second person agreed.

    There is no column for what is forbidden everywhere, so no version can allow it.
    """

    __tablename__ = "legal_profile"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    """The jurisdiction, in short."""
    number: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(120))
    ceiling_bps: Mapped[int] = mapped_column(Integer)
    warning_bps: Mapped[int] = mapped_column(Integer)
    upline_allowed: Mapped[bool]
    upline_reason: Mapped[str] = mapped_column(String(500))
    upline_service: Mapped[str] = mapped_column(String(500))
    requires: Mapped[list[str]] = mapped_column(Json)
    """What a plan must state, in the engine's words."""
    source: Mapped[str] = mapped_column(Text)
    effective_from: Mapped[datetime] = mapped_column(UtcDateTime)
    """As it was asked for; the day of the agreement if that came later."""
    proposed_by: Mapped[str] = mapped_column(String(80))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    agreed_by: Mapped[str | None] = mapped_column(String(80))
    """Null until a second person agreed."""
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("key", "number"),
        Index(None, "effective_from", "id"),
        CheckConstraint("agreed_by IS NULL OR agreed_by <> proposed_by", name="four_eyes"),
        CheckConstraint(
            "warning_bps >= 0 AND ceiling_bps >= warning_bps AND ceiling_bps <= 10000",
            name="ceiling",
        ),
        CheckConstraint(
            "NOT upline_allowed OR (upline_reason <> '' AND upline_service <> '')",
            name="upline_has_reason",
        ),
    )
