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
        """Whether payouts must stop: not for what is owed and waits, which misleads nobody."""
        return self.code not in ("sale_uncredited", "entry_stuck")
