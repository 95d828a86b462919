"""The menu of the brand's desk: each person sees the rooms that their roles open."""

from flask import current_app

from shop.kernel.i18n import _
from shop.web.access import rule_of
from shop.web.actor import current_actor
from shop.web.admin.routes import blueprint


def _entries() -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (
            _("Every day"),
            [("admin.tasks", _("Tasks")), ("admin.orders", _("Orders"))],
        ),
        (
            _("Catalog"),
            [
                ("admin.products", _("Products")),
                ("admin.stock_levels", _("Stock")),
                ("admin.locations", _("Places")),
                ("admin.categories", _("Categories")),
                ("admin.imports", _("Imports")),
                ("admin.rates", _("Shipping rates")),
            ],
        ),
        (
            _("Network"),
            [("admin.points", _("Points")), ("admin.applications", _("Applications"))],
        ),
        (
            _("Commissions"),
            [
                ("admin.plan", _("Plan")),
                ("admin.law", _("Ceilings and law")),
                ("admin.entries", _("Review")),
                ("admin.reviews", _("Unusual things")),
                ("admin.objections", _("Objections")),
                ("admin.corrections", _("Corrections")),
                ("admin.debts", _("Debts")),
                ("admin.payouts", _("Payouts")),
                ("admin.statements", _("Statements")),
                ("admin.payout_taxes", _("Tax on payouts")),
            ],
        ),
        (
            _("House"),
            [
                ("admin.staff", _("Staff")),
                ("admin.settings", _("Brand")),
                ("admin.taxes", _("Taxes")),
                ("admin.audit_log", _("Audit log")),
                ("admin.machinery", _("Jobs and events")),
            ],
        ),
    ]


@blueprint.app_context_processor
def _menu() -> dict[str, object]:
    def admin_menu() -> list[tuple[str, list[tuple[str, str]]]]:
        actor = current_actor()
        groups = []
        for title, items in _entries():
            open_ones = [item for item in items if is_open(item[0])]
            if open_ones and actor.staff_roles:
                groups.append((title, open_ones))
        return groups

    return {"admin_menu": admin_menu}


def is_open(endpoint: str) -> bool:
    """Whether the reader may open this page."""
    if endpoint not in current_app.view_functions:
        return False
    rule = rule_of(endpoint)
    return rule is not None and rule.passes(current_actor())
