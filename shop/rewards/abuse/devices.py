"""In which browsers people of the network sign in: a name in a cookie of ours, kept as its hash."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from shop.kernel.db import upsert
from shop.network.models import PointMembership
from shop.rewards.abuse.models import AccountDevice
from shop.sharing import browsers

KEPT = timedelta(days=180)
"""How long a personal signal is kept after it was seen last."""


def note(session: Session, account_id: int, name: str, *, at: datetime) -> bool:
    """This person signed in here; False, and nothing kept, for who works at no point."""
    works = select(exists().where(PointMembership.account_id == account_id))
    if not name or not session.scalar(works):
        return False
    row = {"account_id": account_id, "hash": browsers.hashed(name), "expires_at": at + KEPT}
    session.execute(
        upsert(session, AccountDevice)
        .values(**row)
        .on_conflict_do_update(
            index_elements=["account_id", "hash"], set_={"expires_at": row["expires_at"]}
        )
    )
    return True
