"""Every table of the installation, imported so that the one MetaData is whole."""

from sqlalchemy import Connection, select

import commissions
from shop.accounts import models as accounts
from shop.catalog import models as catalog
from shop.checkout import models as checkout
from shop.fulfillment import models as fulfillment
from shop.gateway import models as gateway
from shop.kernel import brand, db, jobs, nodes, schedule
from shop.network import models as network
from shop.notifications import models as notifications
from shop.orders import models as orders
from shop.payments import models as payments
from shop.rewards import case_models, law_models, objections, payout_models, tax_models
from shop.rewards import models as rewards
from shop.rewards.abuse import models as abuse
from shop.search import table as search
from shop.sharing import models as sharing
from shop.storefront import models as storefront

SLICES = (
    abuse,
    accounts,
    brand,
    case_models,
    catalog,
    checkout,
    fulfillment,
    gateway,
    jobs,
    law_models,
    network,
    nodes,
    notifications,
    objections,
    orders,
    payments,
    payout_models,
    rewards,
    schedule,
    search,
    sharing,
    storefront,
    tax_models,
)
"""Whatever owns tables."""


def create(connection: Connection) -> None:
    """All tables, guards and seeds, as the migrations build them; a test compares the two."""
    commissions.create_schema(connection)
    db.create_schema(connection)
    seed(connection)


def seed(connection: Connection) -> None:
    """Rows that every installation has from its first day."""
    tax_class = catalog.TaxClass.__table__
    known = connection.execute(select(tax_class.c.code)).scalars().all()
    if "standard" not in known:
        name = {"zh": "标准税率", "en": "Standard"}
        connection.execute(tax_class.insert().values(code="standard", name=name))  # type: ignore[attr-defined]
