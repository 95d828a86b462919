"""Whole lives: an act, a look now and then, everything given back at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.commissions.house.acts import ACTS, House
from tests.commissions.house.ground import Ground
from tests.commissions.house.promises import LAST, QUICK, WHOLE, look

BASIC = ("sell", "wait")
LOOK, PROVE = 10, 50
"""After how many acts the quick promises are looked at, and all of them."""


@dataclass
class Life:
    """One house on its way, act by act."""

    house: House
    acts: int = 0

    def do(self, act: str) -> None:
        """One act, and a look when it is time for one."""
        self.house.do(act)
        self.acts += 1
        if self.acts % PROVE == 0:
            look(self.house, WHOLE)
        elif self.acts % LOOK == 0:
            look(self.house, QUICK)

    def end(self) -> None:
        if self.acts % PROVE:
            look(self.house, WHOLE)
        self.house.give_everything_back()
        look(self.house, LAST)


BUSY = (
    *["sell", "hand_over", "deliver", "wait"] * 5,
    *["refund", "prepare", "agree", "pay"] * 3,
    *["refund_fails", "dispute", "close_dispute", "let_go", "send", "comes_back"] * 2,
    *["sale_comes", "tell_again", "new_owner", "new_plan", "hold", "take_away", "correct"],
)
"""A life of a bit of everything. Seeds that are known to meet something are seeds of this mix."""
PAYING = (
    *["sell", "hand_over", "deliver", "wait", "prepare", "agree"] * 2,
    *["refund", "pay", "send", "send"],
)
"""A life that is mostly about payouts."""

PARTS = (*PAYING, *["part_comes_back"] * 4, "comes_back")
"""The same, and much of it comes back in parts."""

GIVING_UP = (*BUSY, *["call_off"] * 4)
"""A life in which sales are often given up."""


def live(ground: Ground, seed: int, acts: int, mix: Sequence[str] = ()) -> House:
    """A life from a seed; each has its own mix of acts. Raises AssertionError for what breaks."""
    random = Random(seed)
    if not mix:
        kept = [act for act in sorted(set(ACTS)) if random.random() < 0.9 or act in BASIC]
        mix = [act for act in ACTS if act in kept]
    with ground.history() as sessions:
        life = Life(House(sessions, ground.ids, random))
        for _ in range(acts):
            life.do(random.choice(mix))
        life.end()
        return life.house
