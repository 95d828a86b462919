"""Finding products by words, Chinese included, on both databases without an extension."""

from shop.search.find import find
from shop.search.index import rebuild, refresh

__all__ = ["find", "rebuild", "refresh"]
