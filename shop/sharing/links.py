"""Making short links and live codes."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from shop.kernel import audit, ids, paths
from shop.kernel.errors import Invalid, NotFound
from shop.kernel.words import _l
from shop.sharing.models import LiveCode, ShareLink

_LINK_LENGTH = 7
_CODE_LENGTH = 8
_LONGEST_TARGET = 300


def share_link(session: Session, point_id: int, target: str, *, at: datetime) -> str:
    """The code of this point's link to a page; the same page keeps the same link."""
    check_target(target)
    known = session.scalar(
        select(ShareLink.code).where(
            ShareLink.point_id == point_id,
            ShareLink.target == target,
            ShareLink.parent_id.is_(None),
        )
    )
    if known:
        return str(known)
    code = ids.short_code(_LINK_LENGTH)
    session.execute(
        insert(ShareLink).values(
            id=ids.new(), code=code, point_id=point_id, target=target, created_at=at
        )
    )
    return code


def live_code(session: Session, point_id: int, target: str, *, label: str, at: datetime) -> str:
    """A code to print, whose target can be changed later."""
    check_target(target)
    code = ids.short_code(_CODE_LENGTH)
    session.execute(
        insert(LiveCode).values(
            id=ids.new(), code=code, point_id=point_id, target=target, label=label, created_at=at
        )
    )
    return code


def retarget(
    session: Session, point_id: int, code: str, target: str, *, by: str, at: datetime
) -> None:
    """Let a printed code lead elsewhere.

    Raises NotFound if the point has no such code.
    """
    check_target(target)
    changed = session.execute(
        update(LiveCode)
        .where(LiveCode.point_id == point_id, LiveCode.code == code)
        .values(target=target)
        .returning(LiveCode.id)
    ).one_or_none()
    if changed is None:
        raise NotFound(_l("This code does not exist."))
    audit.record(
        session, "live_code.changed", "live_code", code, by=by, at=at, after={"target": target}
    )


def codes_of(session: Session, point_id: int) -> list[LiveCode]:
    """The point's live codes, oldest first."""
    return list(
        session.scalars(select(LiveCode).where(LiveCode.point_id == point_id).order_by(LiveCode.id))
    )


def check_target(target: str) -> None:
    """Raise Invalid unless the target is a path inside the site: links never lead away."""
    if not paths.is_inside(target) or len(target) > _LONGEST_TARGET:
        raise Invalid(_l("A link may only lead to a page of this shop."), field="target")
