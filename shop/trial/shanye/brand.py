"""What was built so far, by the keys of the demo's own lists."""

from dataclasses import dataclass


@dataclass
class Shanye:
    """What was built, by its keys."""

    points: dict[str, int]
    counters: dict[str, int]
    """Location by the key of its store."""
    variants: dict[str, list[int]]
    """Variants in order, by the product's address."""
    accounts: dict[str, int]
