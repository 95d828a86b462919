"""Which process owns which node number of the ids.

Two processes with one number could make the same id in the same millisecond, so a number is leased
from the database at start and renewed while the process lives.
"""

import os
import socket
from datetime import datetime, timedelta

from sqlalchemy import String, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from shop.kernel import clock, ids
from shop.kernel.db import Base, Id, UtcDateTime, unit_of_work

LEASE = timedelta(days=2)


class NodeLease(Base):
    __tablename__ = "node_lease"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    """The node number, 0 to 1023."""
    owner: Mapped[str] = mapped_column(String(120))
    leased_until: Mapped[datetime] = mapped_column(UtcDateTime)
    """Wall time."""


_mine: tuple[int, str] | None = None


def lease() -> int:
    """Take a free node number for this process and use it.

    Raises RuntimeError if all numbers are taken.
    """
    global _mine
    owner = f"{socket.gethostname()}:{os.getpid()}:{ids.public_token()}"
    for _try in range(ids.NODES):
        node = _take(owner)
        if node is not None:
            _mine = (node, owner)
            ids.use_node(node)
            return node
    raise RuntimeError("every node number is leased")


def renew() -> bool:
    """Keep the number for longer; False if this process holds none."""
    if _mine is None:
        return False
    with unit_of_work() as session:
        kept = session.execute(
            update(NodeLease)
            .where(NodeLease.id == _mine[0], NodeLease.owner == _mine[1])
            .values(leased_until=clock.wall() + LEASE)
            .returning(NodeLease.id)
        ).one_or_none()
    return kept is not None


def _take(owner: str) -> int | None:
    wall = clock.wall()
    try:
        with unit_of_work() as session:
            free = session.scalar(
                select(NodeLease.id)
                .where(or_(NodeLease.leased_until < wall, NodeLease.owner == owner))
                .order_by(NodeLease.leased_until)
                .limit(1)
            )
            if free is not None:
                taken = session.execute(
                    update(NodeLease)
                    .where(NodeLease.id == free, NodeLease.leased_until < wall)
                    .values(owner=owner, leased_until=wall + LEASE)
                    .returning(NodeLease.id)
                ).one_or_none()
                return taken[0] if taken else None
            used = set(session.scalars(select(NodeLease.id)))
            node = next((n for n in range(ids.NODES) if n not in used), None)
            if node is not None:
                session.execute(
                    insert(NodeLease).values(id=node, owner=owner, leased_until=wall + LEASE)
                )
            return node
    except IntegrityError:  # another process took the same number at the same moment
        return None
