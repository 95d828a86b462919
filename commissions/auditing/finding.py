"""One difference between the books and what they should say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """A code, the thing it is about, and the numbers."""

    code: str
    thing: str
    detail: Mapping[str, object] = field(default_factory=dict)

    @property
    def halts(self) -> bool:
        """Whether payouts must stop. A sale still to be credited owes, it does not mislead."""
        return self.code != "sale_uncredited"
