"""News about the catalog that others hear."""

from dataclasses import dataclass
from datetime import datetime

from shop.kernel.events import Event


@dataclass(frozen=True)
class ProductsChanged(Event):
    """Words, options or publication of these products changed, or they are new."""

    product_ids: tuple[int, ...]
    at: datetime
