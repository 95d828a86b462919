"""The log of a payout: every mark, answer and look-up, never changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from commissions.models import Attempt, Payout
from commissions.rows import write


def log(
    session: Session,
    payout: Payout,
    event: str,
    *,
    by: str,
    at: datetime,
    ids: Callable[[], int],
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Note one thing that happened while sending. `detail` holds codes and references only."""
    row = {
        "id": ids(),
        "payout_id": payout.id,
        "at": at,
        "by": by,
        "epoch": payout.epoch,
        "key": f"{payout.group_key}:{payout.epoch}",
        "event": event,
        "detail": dict(detail or {}),
    }
    write(session, Attempt, [row])
