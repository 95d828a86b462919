"""Every table of the installation, imported so that the one MetaData is whole."""

from sqlalchemy import Connection
from sqlalchemy.orm import Session

import commissions
import shop.accounts.models
import shop.catalog.models
import shop.checkout.models
import shop.fulfillment.models
import shop.gateway.models
import shop.kernel.brand
import shop.kernel.jobs
import shop.kernel.nodes
import shop.kernel.schedule
import shop.network.models
import shop.notifications.models
import shop.orders.models
import shop.payments.models
import shop.sharing.models
import shop.storefront.models
from shop.catalog import taxes
from shop.kernel import db

__all__ = ["create", "seed"]


def create(connection: Connection) -> None:
    """All tables, guards and seeds, as the migrations build them; a test compares the two."""
    commissions.create_schema(connection)
    db.create_schema(connection)
    seed(connection)


def seed(connection: Connection) -> None:
    """Rows that every installation has from its first day."""
    with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
        taxes.need_standard(session)
        session.commit()
