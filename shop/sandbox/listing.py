"""Lists: newest first, in pages that hang on an object's id, filtered by columns."""

import json
from typing import Any

from .core import PLATFORM, Sandbox, public
from .errors import Json, missing_object

COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Query:
    """Conditions on one table, kept as SQL and values side by side."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.conditions: list[str] = []
        self.values: list[Any] = []

    def where(self, condition: str, *values: Any) -> None:
        """Add a condition; its text is fixed in the code, its values are bound."""
        self.conditions.append(condition)
        self.values.extend(values)

    def between(self, column: str, bounds: dict[str, int]) -> None:
        """Add `created[gte]=…` and its like."""
        for name, value in bounds.items():
            self.where(f"{column} {COMPARISONS[name]} ?", value)


def objects(kind: str, params: Json, *, account: str = PLATFORM) -> Query:
    """Return the query for a kind of object with the filters that all kinds share."""
    query = Query("object")
    query.where("kind = ?", kind)
    query.where("account = ?", account)
    for link in ("payment_intent", "charge", "transfer_group", "destination"):
        if link in params:
            query.where(f"{link} = ?", params[link])
    if "status" in params:
        query.where("json_extract(body, '$.status') = ?", params["status"])
    query.between("created", params.get("created", {}))
    return query


def page(sandbox: Sandbox, query: Query, params: Json, *, url: str) -> Json:
    """Return one page as Stripe's list object."""
    limit = params.get("limit", 10)
    backwards = "ending_before" in params
    for name, sign in (("starting_after", "<"), ("ending_before", ">")):
        if name in params:
            query.where(f"seq {sign} ?", _seq_of(sandbox, query, params[name], name))
    rows = sandbox.store.execute(
        f"SELECT body FROM {query.table} WHERE {' AND '.join(query.conditions)}"  # noqa: S608  fixed texts
        f" ORDER BY seq {'ASC' if backwards else 'DESC'} LIMIT ?",
        (*query.values, limit + 1),
    ).fetchall()
    found = [public(json.loads(row[0])) for row in rows[:limit]]
    if backwards:
        found.reverse()
    return {"object": "list", "data": found, "has_more": len(rows) > limit, "url": url}


def _seq_of(sandbox: Sandbox, query: Query, object_id: str, param: str) -> int:
    row = sandbox.store.execute(
        f"SELECT seq FROM {query.table} WHERE id = ?",  # noqa: S608  fixed table names
        (object_id,),
    ).fetchone()
    if row is None:
        raise missing_object("object", object_id, param, in_path=False)
    return int(row[0])
