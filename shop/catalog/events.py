"""News about the catalog that others hear."""

from dataclasses import dataclass
from datetime import datetime

from shop.kernel.events import Event


@dataclass(frozen=True)
class ProductsChanged(Event):
    """Words, options or publication of these products changed, or they are new."""

    product_ids: tuple[int, ...]
    at: datetime


@dataclass(frozen=True)
class TaxesChanged(Event):
    """A tax class has other rates; whoever keeps a copy of them drops it."""

    tax_class: str
    at: datetime


@dataclass(frozen=True)
class TaxClassRemoved(Event):
    """A tax class goes; whoever names it in rows of their own refuses by ClassInUse."""

    tax_class: str
    at: datetime
