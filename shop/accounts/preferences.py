"""How a person likes the pages of the desk: kept with the account, so that it follows to any machine."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from shop.accounts.models import Preference
from shop.kernel.db import upsert


def of(session: Session, account_id: int, name: str) -> list[str]:
    """What was chosen; empty if nothing was."""
    found = session.scalar(
        select(Preference.value).where(Preference.account_id == account_id, Preference.name == name)
    )
    return list(found or ())


def choose(session: Session, account_id: int, name: str, value: Sequence[str]) -> None:
    """Keep a choice; an empty one goes back to what everybody gets."""
    mine = (Preference.account_id == account_id, Preference.name == name)
    if not value:
        session.execute(delete(Preference).where(*mine))
        return
    row = {"account_id": account_id, "name": name, "value": list(value)}
    session.execute(
        upsert(session, Preference)
        .values(**row)
        .on_conflict_do_update(index_elements=["account_id", "name"], set_={"value": row["value"]})
    )
