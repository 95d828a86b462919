"""Keyset pages of lists: stable under new rows and as cheap on page 1,000 as on page 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, and where the next ones begin."""

    items: Sequence[T]
    next_key: str = ""
    """Opaque; goes into the URL as `after`. Empty on the last page."""
