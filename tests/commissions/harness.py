"""A house that lives at random from a seed, with an independent count of what everybody should have.

The count knows nothing of the engine's rules: it is plain arithmetic over what was told, on lines of
one unit. What holds at all times is written down as named invariants. Used to see that each guard of
the engine is needed: with a planted bug, a house breaks.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from commissions import create_schema
from commissions.audit import prove
from commissions.connections import make_engine
from commissions.crediting import credit_sale
from commissions.errors import CommissionError
from commissions.facts import Fact, RefundFailed
from commissions.holds import On, close_hold, open_hold
from commissions.intake import record_sale
from commissions.life import record_facts
from commissions.models import Claim, Entry, EntryKind, Payout, PayoutStatus, Release, SaleRow
from commissions.payouts.approving import void
from commissions.payouts.by_hand import register_by_hand
from commissions.payouts.returning import take_back
from commissions.terms import Period, Role, TierMode
from tests.commissions.factories import (
    BY,
    approved,
    bonus,
    delivered,
    disputed,
    fulfilled,
    line,
    moment,
    party,
    percent,
    prepared,
    published,
    refunded,
    sale,
    terms,
    tiered,
)

SELLER, BAND, BAND_FROM, BONUS, BONUS_FROM, UPLINE, STORE = 1000, 1500, 15_000, 100, 9000, 300, 433
STORE_CAP, NEW_SELLER, NEW_VERSION = 300, 700, 40.0
DAYS = 14


def half_up(amount: int, bps: int, whole: int = 10_000) -> int:
    return (2 * amount * bps + whole) // (2 * whole)


@dataclass
class Sold:
    """One sale of one line and one unit, as the house remembers it."""

    key: str
    base: int
    seller: str
    suspended: bool
    contract: bool
    day: float
    refunds: dict[str, tuple[float, int]] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    lost: bool = False
    disputed: str = ""
    """Key of the dispute that is open."""
    store: str | None = None
    handed: str = ""
    delivered: float | None = None

    @property
    def is_old(self) -> bool:
        return self.day < NEW_VERSION

    @property
    def refunded(self) -> int:
        given = sum(a for key, (_, a) in self.refunds.items() if key not in self.failed)
        return self.base if self.lost else min(self.base, given)

    def net(self, amount: int) -> int:
        return amount - half_up(amount, self.refunded, self.base)

    @property
    def seller_amount(self) -> int:
        rate = SELLER if self.is_old else NEW_SELLER
        return 0 if self.suspended else half_up(self.base, rate)

    @property
    def month(self) -> str | None:
        if self.delivered is None:
            return None
        return f"{moment(self.delivered) + timedelta(hours=8):%Y-%m}"


class House:
    """Sells, ships, refunds, disputes, holds and pays; time only goes on."""

    def __init__(self, seed: int, engine: Engine | None = None) -> None:
        self.random = Random(seed)
        self.engine = engine or make_engine("sqlite://")
        if engine is None:
            with self.engine.begin() as connection:
                create_schema(connection)
        self.sessions = sessionmaker(self.engine)
        self.ids = itertools.count(1).__next__
        self.count = itertools.count()
        self.day = 0.0
        self.sold: list[Sold] = []
        self.late: list[Fact] = []
        self.holds: list[str] = []
        bands = tiered((0, SELLER), (BAND_FROM, BAND), tier_mode=TierMode.RETROACTIVE)
        others = (
            percent(UPLINE, Role.UPLINE),
            percent(STORE, Role.FULFILLER, period=Period.MONTH, period_cap={"CNY": STORE_CAP}),
        )
        extra = bonus(BONUS_FROM, bps=BONUS)
        zone = "Asia/Shanghai"
        with self.sessions.begin() as session:
            published(session, self.ids, terms(bands, *others, extra, zone=zone))
            newer = terms(percent(NEW_SELLER), *others, zone=zone)
            published(session, self.ids, newer, at=moment(NEW_VERSION))

    def live(self, steps: int) -> None:
        """Some acts, with a look at everything after every few."""
        acts: list[Callable[[], None]] = [
            *[self.sell] * 3,
            *[self.hand_over] * 3,
            *[self.deliver] * 3,
            *[self.refund] * 2,
            self.refund_fails,
            *[self.dispute] * 2,
            self.close_dispute,
            self.hold,
            *[self.let_go] * 2,
            *[self.wait] * 3,
            *[self.prepare] * 3,
            *[self.finish] * 2,
        ]
        for step in range(steps):
            self.random.choice(acts)()
            if step % 4 == 3:
                self.look()
        self.give_everything_back()
        self.look()

    # What happens

    def wait(self) -> None:
        self.day += self.random.choice([0.2, 1, 8, 15])

    def sell(self) -> None:
        day = self.random.choice([self.day, max(0.0, self.day - 1)])
        one = Sold(
            key=f"s{len(self.sold)}",
            base=self.random.choice([1, 33, 999, 4000, 7001, 12_345]),
            seller=self.random.choice(["ann", "ann", "bob"]),
            suspended=self.random.random() < 0.15,
            contract=self.random.random() < 0.7,
            day=day,
        )
        seller = party(one.seller, refusal="point_suspended" if one.suspended else "")
        upline = party("dealer", contract="c1" if one.contract else "")
        only = line(base=one.base, seller=seller, upline=upline)
        placed = sale(only, key=one.key, placed_at=moment(day), paid_at=moment(day))
        self.sold.append(one)
        for _ in range(self.random.choice([1, 1, 2])):
            with self.sessions.begin() as session:
                recorded = record_sale(session, placed, by=BY, at=moment(self.day), ids=self.ids)
                credit_sale(session, recorded, by=BY, at=moment(self.day), ids=self.ids)

    def hand_over(self) -> None:
        one = self.pick(lambda one: not one.handed)
        if one is None:
            return
        one.handed, one.store = f"h{next(self.count)}", self.random.choice(["store", None])
        by_point = party(one.store) if one.store else None
        self.tell(fulfilled(one.handed, days=self.day, sale_key=one.key, by_point=by_point))

    def deliver(self) -> None:
        one = self.pick(lambda one: bool(one.handed) and one.delivered is None)
        if one is None:
            return
        one.delivered = self.day
        self.tell(delivered(one.handed, days=self.day, sale_key=one.key))

    def refund(self) -> None:
        one = self.pick(lambda one: not one.disputed and one.refunded < one.base)
        if one is None:
            return
        left = one.base - one.refunded
        amount = self.random.choice([left, (left + 2) // 3, (left + 2) // 3])
        key = f"r{next(self.count)}"
        one.refunds[key] = (self.day, amount)
        self.tell(refunded(amount, key, days=self.day, sale_key=one.key))

    def refund_fails(self) -> None:
        one = self.pick(lambda one: bool(one.refunds.keys() - one.failed) and not one.lost)
        if one is None or one.disputed:
            return
        key = self.random.choice(sorted(one.refunds.keys() - one.failed))
        one.failed.add(key)
        fact = RefundFailed(key=f"f{key}", sale_key=one.key, at=moment(self.day), refund_key=key)
        self.tell(fact)

    def dispute(self) -> None:
        one = self.pick(lambda one: not one.disputed and not one.lost)
        if one is None or one.refunded == one.base:
            return
        one.disputed = f"dp{next(self.count)}"
        self.tell(disputed("opened", one.disputed, self.day, sale_key=one.key))
        with self.sessions() as session:
            for origin_id, amount in self.claimed_of(session, one):
                reserve = session.scalar(
                    select(func.coalesce(func.sum(Entry.amount), 0)).where(
                        Entry.origin_id == origin_id, Entry.kind == EntryKind.RESERVE
                    )
                )
                assert reserve == -amount, "reserve_answers_a_dispute"

    def close_dispute(self) -> None:
        one = self.pick(lambda one: bool(one.disputed))
        if one is None:
            return
        key, one.disputed, one.lost = one.disputed, "", self.random.random() < 0.5
        self.tell(disputed("lost" if one.lost else "won", key, self.day, sale_key=one.key))

    def hold(self) -> None:
        key = f"hold{next(self.count)}"
        self.holds.append(key)
        with self.sessions.begin() as session:
            open_hold(
                session,
                On(point_key="ann"),
                key=key,
                reason="review",
                owner="staff",
                until=None,
                by=BY,
                at=moment(self.day),
                ids=self.ids,
            )

    def let_go(self) -> None:
        if self.holds:
            with self.sessions.begin() as session:
                close_hold(session, self.holds.pop(), by=BY, at=moment(self.day), ids=self.ids)

    def prepare(self) -> None:
        disputed_sales = {one.key for one in self.sold if one.disputed}
        with self.sessions.begin() as session:
            for payout in prepared(session, self.ids, "hand", self.day):
                assert payout.amount > 0, "payout_is_positive"
                assert payout.payee_key != "ann" or not self.holds, "nothing_held_is_claimed"
                for days, key, amount in self.items_of(session, payout.id):
                    assert days <= self.day, "nothing_is_paid_too_early"
                    assert amount < 0 or key not in disputed_sales, "nothing_disputed_is_claimed"

    def finish(self) -> None:
        end = self.random.choice(["approve", "approve", "pay", "pay", "void", "return", "return"])
        before = {"pay": PayoutStatus.APPROVED, "return": PayoutStatus.SENT}
        status = before.get(end, PayoutStatus.DRAFT)
        now = moment(self.day)
        with self.sessions() as session:
            ids = session.scalars(select(Payout.id).where(Payout.status == status)).all()
        for payout_id in ids[:2]:
            with self.sessions() as session:
                stale = self.has_changed(session, payout_id)
            if end == "return":
                with self.sessions.begin() as session:
                    take_back(session, payout_id, event_key="e", by=BY, at=now, ids=self.ids)
                continue
            done = False
            if end != "void":
                with suppress(CommissionError), self.sessions.begin() as session:
                    self.go_on(session, payout_id, end)
                    done = True
            assert not (done and stale), "what_changed_goes_no_further"
            if not done:
                with suppress(CommissionError), self.sessions.begin() as session:
                    void(session, payout_id, by=BY, at=now, ids=self.ids, reason="changed")

    def go_on(self, session: Session, payout_id: int, end: str) -> None:
        if end == "approve":
            approved(session, self.ids, session.get_one(Payout, payout_id), self.day)
            return
        now, reference = moment(self.day), str(payout_id)
        register_by_hand(session, payout_id, reference=reference, by=BY, at=now, ids=self.ids)

    def give_everything_back(self) -> None:
        for one in self.sold:
            if one.disputed:
                key, one.disputed = one.disputed, ""
                self.tell(disputed("won", key, self.day, sale_key=one.key))
            if one.refunded < one.base:
                left = one.base - one.refunded
                one.refunds["all"] = (self.day, left)
                self.tell(refunded(left, "all", days=self.day, sale_key=one.key))

    # What must hold

    def look(self) -> None:
        """All invariants; an AssertionError names the one that broke."""
        with self.sessions() as session:
            found = prove(session).findings
            assert found == [], "the_books_are_proven"
            assert self.entries(session) == self.expected(), "everybody_has_what_is_due"
            assert self.claims_per_entry(session) <= 1, "an_entry_is_claimed_once"
            for payee_key in ("ann", "bob", "store", "dealer"):
                self.look_at_the_cap(session, payee_key)

    def look_at_the_cap(self, session: Session, payee_key: str) -> None:
        if payee_key != "store":
            return
        due = select(Release.entry_id).where(Release.available_at <= moment(self.day))
        months = {one.month for one in self.sold if one.store and one.month}
        payable = session.scalar(
            select(func.coalesce(func.sum(Entry.amount), 0)).where(
                Entry.payee_key == payee_key,
                Entry.origin_id.in_(due),
                Entry.kind != EntryKind.RESERVE,
            )
        )
        assert int(payable or 0) <= STORE_CAP * 2 * len(months), "no_cap_is_passed"

    def expected(self) -> dict[str, int]:
        """What everybody should have, counted from what was told; reserves apart."""
        due: Counter[str] = Counter()
        months: dict[tuple[str, bool, str], list[Sold]] = {}
        for one in self.sold:
            due[one.seller] += one.net(one.seller_amount)
            due["dealer"] += one.net(half_up(one.base, UPLINE)) if one.contract else 0
            if one.store:
                due["store"] += one.net(half_up(one.base, STORE))
            if one.month and one.is_old and not one.suspended:
                months.setdefault((one.seller, True, one.month), []).append(one)
            if one.month and one.store:
                months.setdefault(("store", one.is_old, one.month), []).append(one)
        for (who, _, _), ones in months.items():
            net = sum(one.base - one.refunded for one in ones)
            if who == "store":
                earned = sum(one.net(half_up(one.base, STORE)) for one in ones)
                due["store"] += min(0, STORE_CAP - earned)
                continue
            lines = sum(one.net(one.seller_amount) for one in ones)
            due[who] += half_up(net, BAND if net >= BAND_FROM else SELLER) - lines
            due[who] += half_up(net, BONUS) if net >= BONUS_FROM else 0
        return {who: amount for who, amount in due.items() if amount}

    def entries(self, session: Session) -> dict[str, int]:
        rows = session.execute(
            select(Entry.payee_key, func.sum(Entry.amount))
            .where(Entry.kind != EntryKind.RESERVE)
            .group_by(Entry.payee_key)
        )
        return {payee_key: int(amount) for payee_key, amount in rows if amount}

    # Helpers

    def tell(self, fact: Fact) -> None:
        for _ in range(self.random.choice([1, 1, 2])):
            with self.sessions.begin() as session:
                record_facts(session, [fact], by=BY, ids=self.ids)

    def pick(self, wanted: Callable[[Sold], bool]) -> Sold | None:
        found = [one for one in self.sold if wanted(one)]
        return self.random.choice(found) if found else None

    def items_of(self, session: Session, payout_id: int) -> list[tuple[float, str, int]]:
        """By its own count: from which day each claimed entry may be paid, its sale, its amount."""
        days = {one.key: one.delivered for one in self.sold}
        rows = session.execute(
            select(Entry.cause, Entry.sale_id, Entry.amount, Release.available_at)
            .join(Claim, Claim.entry_id == Entry.id)
            .join(Release, Release.entry_id == Entry.origin_id)
            .where(Claim.payout_id == payout_id)
        ).all()
        keys = self.sale_keys(session)
        found = []
        for row in rows:
            key = keys.get(row.sale_id, "")
            arrived = days.get(key)
            from_day = (row.available_at - moment()).total_seconds() / 86_400
            own = from_day if arrived is None else arrived + DAYS
            found.append((max(own, from_day) - 1e-6, key, row.amount))
        return found

    def sale_keys(self, session: Session) -> dict[int | None, str]:
        rows = session.execute(select(SaleRow.id, SaleRow.key))
        return {row.id: row.key for row in rows}

    def claimed_of(self, session: Session, one: Sold) -> list[tuple[int, int]]:
        """Earnings of a sale that a live payout has, with what is left of each."""
        claimed = select(Claim.entry_id).where(Claim.released_at.is_(None))
        rows = session.execute(
            select(Entry.id, Entry.amount)
            .join(SaleRow, SaleRow.id == Entry.sale_id)
            .where(SaleRow.key == one.key, Entry.kind == EntryKind.EARN, Entry.id.in_(claimed))
        ).all()
        return [(row.id, one.net(row.amount)) for row in rows if one.net(row.amount)]

    def has_changed(self, session: Session, payout_id: int) -> bool:
        """Whether something was taken from a claimed entry and not claimed with it."""
        claimed = select(Claim.entry_id).where(
            Claim.payout_id == payout_id, Claim.released_at.is_(None)
        )
        later = select(func.count()).where(
            Entry.origin_id.in_(claimed), Entry.amount < 0, Entry.id.not_in(claimed)
        )
        return bool(session.scalar(later))

    def claims_per_entry(self, session: Session) -> int:
        counts = (
            select(func.count().label("n"))
            .where(Claim.released_at.is_(None))
            .group_by(Claim.entry_id)
            .subquery()
        )
        return int(session.scalar(select(func.coalesce(func.max(counts.c.n), 0))) or 0)
