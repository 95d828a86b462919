"""Facts about the brand: one audited row that staff edit; infrastructure is in the settings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, Integer, String, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from shop.kernel import audit
from shop.kernel.db import Base, Id, Json, UtcDateTime, insert_new
from shop.kernel.errors import Conflict
from shop.kernel.kept import Kept
from shop.kernel.words import _l

_THE_ROW = 1


class BrandFacts(Base):
    """The one row; absent means the defaults below."""

    __tablename__ = "brand"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[dict[str, str]] = mapped_column(Json)
    legal_name: Mapped[dict[str, str]] = mapped_column(Json)
    strapline: Mapped[dict[str, str]] = mapped_column(Json)
    service_phone: Mapped[str] = mapped_column(String(40), default="")
    service_email: Mapped[str] = mapped_column(String(200), default="")
    timezone: Mapped[str] = mapped_column(String(60), default="Asia/Shanghai")
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    """Fixed once an order exists."""
    country: Mapped[str] = mapped_column(String(2), default="CN")
    tax_included: Mapped[bool] = mapped_column(Boolean, default=True)
    hold_minutes: Mapped[int] = mapped_column(Integer, default=35)
    """How long a checkout keeps its stock; five minutes longer than a Stripe Session."""
    return_days: Mapped[int] = mapped_column(Integer, default=7)
    pickup_days: Mapped[int] = mapped_column(Integer, default=7)
    payment_methods: Mapped[list[str]] = mapped_column(Json)
    receipt_email: Mapped[str] = mapped_column(String(200), default="")
    """Passed to Stripe for buyers without an e-mail; empty: Stripe asks for one."""
    pages: Mapped[dict[str, dict[str, str]]] = mapped_column(Json)
    """Legal pages by name and language, Markdown."""
    consent_version: Mapped[str] = mapped_column(String(20), default="1")
    version: Mapped[int] = mapped_column(Integer, default=1)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    notes: Mapped[str] = mapped_column(Text, default="")


@dataclass(frozen=True, kw_only=True)
class Brand:
    """A read-only copy for pages and verbs."""

    name: dict[str, str]
    legal_name: dict[str, str]
    strapline: dict[str, str]
    service_phone: str = ""
    service_email: str = ""
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"
    country: str = "CN"
    tax_included: bool = True
    hold_minutes: int = 35
    return_days: int = 7
    pickup_days: int = 7
    payment_methods: tuple[str, ...] = ("card", "alipay", "wechat_pay")
    receipt_email: str = ""
    pages: dict[str, dict[str, str]]
    consent_version: str = "1"
    version: int = 0

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def reach(self) -> str:
        """Phone and mail address under which people reach somebody; empty if neither is known."""
        return " · ".join(filter(None, (self.service_phone, self.service_email)))


DEFAULT = Brand(
    name={"zh": "我的品牌", "en": "My brand"},
    legal_name={"zh": "我的品牌", "en": "My brand"},
    strapline={"zh": "从身边的人那里买", "en": "Buy from people you know"},
    pages={},
)
_FIELDS = tuple(DEFAULT.__dict__)


def current(session: Session) -> Brand:
    """The brand's facts, one statement."""
    row = session.execute(
        select(*[getattr(BrandFacts, field) for field in _FIELDS]).where(BrandFacts.id == _THE_ROW)
    ).one_or_none()
    if row is None:
        return DEFAULT
    return Brand(**{**row._mapping, "payment_methods": tuple(row.payment_methods)})


_kept = Kept(current)


def cached() -> Brand:
    """The facts for pages and checkouts, at most two seconds old."""
    return _kept.get()


def change(
    session: Session, values: dict[str, Any], *, by: str, at: datetime, expected: int | None = None
) -> Brand:
    """Change facts of the brand.

    `expected` is the version the editor saw. Raises Conflict if somebody else was faster.
    """
    before = current(session)
    if expected is not None and expected != before.version:
        raise Conflict(_l("Somebody else changed the settings meanwhile. Please look again."))
    after = {**before.__dict__, **values, "version": before.version + 1}
    row = {**after, "payment_methods": list(after["payment_methods"]), "updated_at": at}
    session.execute(insert_new(session, BrandFacts).values(id=_THE_ROW, notes="", **row))
    session.execute(update(BrandFacts).where(BrandFacts.id == _THE_ROW).values(**row))
    _kept.forget(session)
    changed = {name for name in values if before.__dict__[name] != after[name]}
    audit.record(
        session,
        "brand.changed",
        "brand",
        _THE_ROW,
        by=by,
        at=at,
        before={name: before.__dict__[name] for name in sorted(changed)},
        after={name: after[name] for name in sorted(changed)},
    )
    return current(session)
