"""Who did what to which thing, newest first."""

from datetime import datetime
from typing import Any

from flask import Response, request

from shop.accounts import queries as accounts
from shop.kernel import audit, db
from shop.web import access, render
from shop.web.admin.routes import blueprint

THINGS = (
    "order", "refund", "payout", "payee", "point", "storefront", "product", "category", "location",
    "tax_class", "shipping_rate", "account", "brand", "network_import", "import_job", "job",
)  # fmt: skip


@blueprint.app_template_filter()
def of_audit(value: Any) -> str:
    """A stored value for people: moments in the brand's zone, lists and parts in a row."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {of_audit(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(of_audit(one) for one in value)
    if value is None:
        return "–"
    moment = _moment(value) if isinstance(value, str) else None
    return render.moment(moment) if moment else str(value)


def _moment(text: str) -> datetime | None:
    """Rows hold moments as ISO texts with their offset; nothing else looks like one."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


@blueprint.get("/audit-log")
@access.admin
def audit_log() -> Response:
    """Filtered by actor and thing; `thing` in an address may be `kind` or `kind:id`."""
    kind, _, key = request.args.get("thing", "").partition(":")
    wanted: dict[str, Any] = {
        "thing": kind.strip()[:40],
        "thing_id": (request.args.get("key", "") or key).strip()[:80],
        "action": request.args.get("action", "").strip()[:60],
    }
    with db.reading() as session:
        actor = request.args.get("by", "").strip()[:120]
        by = accounts.key_of(session, actor) if actor else ""
        page = audit.page(session, **wanted, by=by, after=request.args.get("after", ""))
        actors = {entry.by for entry in page.items}
        names = accounts.names_of(session, actors)
    return render.page(
        "admin/audit/list.html",
        page=page,
        names=names,
        wanted={**wanted, "by": actor},
        things=THINGS,
        is_filtered=any((actor, *wanted.values())),
    )
