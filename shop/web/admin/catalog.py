"""The catalog's rooms at the brand's desk; importing it registers all of them."""

from shop.web.admin import (
    catalog_categories,
    catalog_imports,
    catalog_product,
    catalog_products,
    catalog_stock,
    catalog_transfer,
)

__all__ = [
    "catalog_categories",
    "catalog_imports",
    "catalog_product",
    "catalog_products",
    "catalog_stock",
    "catalog_transfer",
]
