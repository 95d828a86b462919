"""The Core tables behind the models.

Separate because the hot paths (storefront pages, stock of a sale) speak Core: the same rows through
the ORM cost about a third more.
"""

from typing import cast

from sqlalchemy import Table

from shop.catalog import models

category = cast("Table", models.Category.__table__)
tax_class = cast("Table", models.TaxClass.__table__)
tax_rate = cast("Table", models.TaxRate.__table__)
product = cast("Table", models.Product.__table__)
media = cast("Table", models.Media.__table__)
variant = cast("Table", models.Variant.__table__)
price = cast("Table", models.Price.__table__)
location = cast("Table", models.Location.__table__)
stock_level = cast("Table", models.StockLevel.__table__)
stock_reservation = cast("Table", models.StockReservation.__table__)
stock_lot = cast("Table", models.StockLot.__table__)
stock_movement = cast("Table", models.StockMovement.__table__)
import_job = cast("Table", models.ImportJob.__table__)
import_row = cast("Table", models.ImportRow.__table__)
