"""What happens in the house: one method per act, each told to the engine and to the count.

`random` is a seeded one in the long run and one of Hypothesis' own in `make test`.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from commissions import plans, queries
from commissions.adding import add_lines
from commissions.cases import Correction, Ending, correct, repay, reverse, write_off
from commissions.crediting import credit_sale
from commissions.errors import CommissionError, KeyReused
from commissions.facts import (
    CalledOff,
    DisputePhase,
    Fact,
    Goodwill,
    LinesAdded,
    Refunded,
    RefundedLine,
    RefundFailed,
    SaleLine,
)
from commissions.holds import On, close_hold, open_hold
from commissions.intake import record_sale
from commissions.life import record_facts
from commissions.models import Claim, Entry, Payout, PayoutStatus, Reason, SaleRow
from commissions.payouts.approving import approve, queue, void, void_after_send, void_outdated
from commissions.payouts.by_hand import register_by_hand
from commissions.payouts.conditions import Conditions
from commissions.payouts.hearing import hear
from commissions.payouts.method import Destination
from commissions.payouts.partial import accept_part, book_part
from commissions.payouts.preparing import Policy, prepare_run
from commissions.payouts.returning import settle, take_back
from commissions.payouts.sending import Progress, Sender, advance, confirm_absence
from commissions.sealing import seal
from tests.commissions.factories import (
    BY,
    delivered,
    destination,
    disputed,
    fulfilled,
    line,
    market,
    moment,
    party,
    sale,
)
from tests.commissions.house.count import Sold
from tests.commissions.house.deals import CURRENCIES, DEALS, terms_of
from tests.commissions.house.ground import Sessions
from tests.commissions.provider import Clock, Crash, Fault, Killed, Provider

T = TypeVar("T")
_S = PayoutStatus
FAULTS = (Fault.NONE, Fault.NONE, Fault.NONE, *Fault)
CRASHES = (Crash.NONE, Crash.NONE, Crash.NONE, *Crash)
MOST_SALES = 9
TWO: dict[str, Any] = {"by": "finance:1", "second": "finance:2"}
CONDITIONS = Conditions(minimum=20, fee_bps=100, second_from_amount=500)
RAILS = {"bob": "hand", "depot": "hand"}
"""How a payee is paid; over the network if it is not named here."""


class House:
    """Sells, ships, refunds, disputes, holds, pays and changes its plans; time only goes on."""

    def __init__(self, sessions: Sessions, ids: Callable[[], int], random: Random) -> None:
        self.sessions, self.ids, self.random = sessions, ids, random
        self.clock = Clock(moment())
        self.provider = Provider(self.clock)
        self.number = itertools.count()
        self.sold: list[Sold] = []
        self.holds: dict[str, tuple[str, datetime]] = {}
        """Key → point and deadline."""
        self.ann = "ann"
        """Who is paid for the point ann now."""
        self.addresses: dict[str, int] = {}
        self.sent_to: dict[int, str] = {}
        """Payout → destination as it was when it was prepared."""
        self.corrections: dict[int, Correction] = {}
        """Those that were not undone."""
        self.by_hand: Counter[tuple[str, str]] = Counter()
        """What people gave and took, by payee and currency."""
        self.versions: list[tuple[datetime, int]] = []
        with sessions.begin() as session:
            plans.create_plan(session, "default", name="Default", by="maker", at=self.now, ids=ids)
        self.publish(0)

    @property
    def now(self) -> datetime:
        return self.clock.now

    def do(self, act: str) -> None:
        """One act, by its name."""
        getattr(self, act)()

    # Time and plans

    def wait(self) -> None:
        self.clock.pass_(timedelta(minutes=self.any([6, 60, 1440, 8 * 1440, 15 * 1440])))

    def new_plan(self) -> None:
        self.publish(self.random.randrange(len(DEALS)))

    def publish(self, which: int) -> None:
        """From now on another deal serves; nothing that was sold before changes."""
        terms, now, ids = terms_of(DEALS[which]), self.now, self.ids
        with self.sessions.begin() as session:
            draft = plans.start_draft(session, "default", terms, by="maker", at=now, ids=ids)
            plans.submit_draft(session, draft.id, by="maker", at=now, ids=ids)

            def publish(by: str) -> None:
                plans.publish_draft(
                    session,
                    draft.id,
                    effective_from=now,
                    expected_hash=terms.content_hash,
                    market=market(*CURRENCIES),
                    by=by,
                    at=now,
                    ids=ids,
                )

            with suppress(plans.SamePerson):
                publish("maker")
                raise AssertionError("I27 nobody approves an own plan")
            publish("checker")
        self.versions.append((now, which))

    # Sales and what becomes of them

    def sell(self) -> None:
        """Placed today or a little earlier; now and then its facts come before it does."""
        if len(self.sold) >= MOST_SALES:
            return self.sale_comes()
        placed = max(moment(), self.now - timedelta(days=self.any([0, 0, 0, 1])))
        one = Sold(
            sale(
                *[self._line(str(n)) for n in range(1, self.any([1, 1, 2, 3]) + 1)],
                key=f"s{len(self.sold)}",
                placed_at=placed,
                paid_at=placed,
                currency=self.any(["CNY", "CNY", "EUR"]),
            )
        )
        self.sold.append(one)
        if self.any([True, True, True, True, False]):
            self._credit(one)
        return None

    def _line(self, key: str) -> SaleLine:
        suspended = self.any(["", "", "", "", "point_suspended"])
        base = self.any([1, 33, 999, 4000, 7001, 12_345])
        who = self.any(["ann", "ann", "bob", None])
        seller = None
        if who:
            seller = party(who, payee_key=self.ann if who == "ann" else who, refusal=suspended)
        return line(
            key,
            base,
            quantity=self.any([1, 1, 2, 3]),
            seller=seller,
            upline=party("dealer", contract=self.any(["c1", "c1", ""])) if seller else None,
            commissionable=self.any([True] * 9 + [False]),
        )

    def exchange(self) -> None:
        """A line goes back, or not, and another comes to the order under the terms it was sold by."""
        one = self._pick(lambda one: one.credited and not one.first)
        if one is None:
            return
        old = self.any(list(one.lines.values()))
        replaces = old.line.key if old.left and self.any([True, False]) else ""
        if replaces:
            back = RefundedLine(line_key=replaces, amount=old.left, units=old.line.quantity)
            told = Refunded(key=self._name("r"), sale_key=one.key, at=self.now, lines=(back,))
            self.tell(one, told)
        added = LinesAdded(
            key=self._name("x"),
            sale_key=one.key,
            at=self.now,
            lines=(self._line(self._name("l")),),
            replaces=replaces,
        )
        for _ in range(self.any([1, 1, 2])):
            with self.sessions.begin() as session:
                add_lines(session, added, by=BY, ids=self.ids)
        part = replace(one.sale, key=added.own_key, paid_at=added.at, lines=added.lines)
        more = Sold(part, first=one.key)
        self.sold.append(more)
        more.credit(one.version, one.deal)

    def sale_comes(self) -> None:
        """One whose facts came first, or one that is told again."""
        waiting = [one for one in self.sold if not one.credited]
        told = waiting or [one for one in self.sold[-3:] if not one.first]
        if told:
            self._credit(self.any(told))

    def _credit(self, one: Sold) -> None:
        with self.sessions.begin() as session:
            recorded = record_sale(session, one.sale, by=BY, at=self.now, ids=self.ids)
            done = credit_sale(session, recorded, by=BY, at=self.now, ids=self.ids)
        assert done is not one.credited, "I8 a sale is credited once"
        if not one.credited:
            since = [since for since, _ in self.versions if since <= one.sale.placed_at]
            one.credit(len(since) - 1, DEALS[self.versions[len(since) - 1][1]])

    def hand_over(self) -> None:
        found = [
            (one, count)
            for one in self.sold
            for count in one.lines.values()
            if sum(parcel.units for parcel in count.parcels) < count.line.quantity
        ]
        if not found:
            return
        one, count = self.any(found)
        left = count.line.quantity - sum(parcel.units for parcel in count.parcels)
        who = self.any(["store", "store", "depot", "ann", None])
        refusal = self.any(["", "", "", "point_suspended"])
        payee = self.ann if who == "ann" else who or ""
        by_point = party(who, payee_key=payee, refusal=refusal) if who else None
        units = self.random.randint(1, left)
        key, at = self._name("h"), self._day(one)
        fact = fulfilled(key, count.line.key, units, by_point=by_point, sale_key=one.key, at=at)
        self.tell(one, fact)

    def deliver(self) -> None:
        found = [
            (one, parcel.fact.key)
            for one in self.sold
            for count in one.lines.values()
            for parcel in count.parcels
            if parcel.fact.key not in one.days
        ]
        if found:
            one, key = self.any(found)
            name, at = self._name("d"), self._day(one)
            self.tell(one, delivered(key, key=name, sale_key=one.key, at=at))

    def refund(self) -> None:
        """Of one line or all, with units or without, goodwill and shipping apart."""
        one = self._pick(lambda one: one.left > 0)
        if one is None:
            return
        kind = self.any(["line", "line", "line", "all", "goodwill", "shipping"])
        lines: list[RefundedLine] = []
        for count in one.lines.values() if kind == "all" else [self.any(list(one.lines.values()))]:
            amount = self.any([count.left, (count.left + 2) // 3, (count.left + 2) // 3])
            units = self.any([None, None, 0, 1, 2])
            lines.append(RefundedLine(line_key=count.line.key, amount=amount, units=units))
        goodwill = self.any([1, 100, 5000]) if kind == "goodwill" else 0
        fact = Refunded(
            key=self._name("r"),
            sale_key=one.key,
            at=self._day(one),
            lines=tuple(lines) if kind in ("line", "all") else (),
            goodwill_amount=goodwill,
            goodwill=self.any([Goodwill.SPREAD, Goodwill.BRAND]) if goodwill else Goodwill.BRAND,
            shipping_amount=800 if kind == "shipping" else 0,
        )
        self.tell(one, fact)

    def call_off(self) -> None:
        """A sale of which nothing has left is given up, perhaps after goodwill gave it all back."""
        one = self._pick(lambda one: not any(count.parcels for count in one.lines.values()))
        if one is not None:
            fact = CalledOff(key=self._name("x"), sale_key=one.key, at=self._day(one))
            self.tell(one, fact)

    def refund_fails(self) -> None:
        found = []
        for one in self.sold:
            failed = {fact.refund_key for fact in one.told if isinstance(fact, RefundFailed)}
            refunds = (fact for fact in one.told if isinstance(fact, Refunded))
            found += [(one, fact.key) for fact in refunds if fact.key not in failed]
        if found:
            one, key = self.any(found)
            fact = RefundFailed(key=f"f{key}", sale_key=one.key, at=self.now, refund_key=key)
            self.tell(one, fact)

    def dispute(self) -> None:
        one = self._pick(lambda one: one.left > 0)
        if one is None:
            return
        key, amount = self._name("dp"), self.any([None, None, 1, 3000])
        alone = not one.open_disputes
        one.open_disputes[key] = amount
        self.tell(one, disputed("opened", key, amount=amount, sale_key=one.key, at=self.now))
        if amount is None and alone and one.credited:
            self._see_reserves(one)

    def _see_reserves(self, one: Sold) -> None:
        """All that is left of a sale is at stake: what was claimed of it is kept back in full."""
        with self.sessions() as session:
            claimed = select(Claim.entry_id).where(Claim.released_at.is_(None))
            rows = session.execute(
                select(Entry.origin_id, func.sum(Entry.amount).label("left"))
                .join(SaleRow, SaleRow.id == Entry.sale_id)
                .where(SaleRow.key == one.key, Entry.origin_id.in_(claimed))
                .group_by(Entry.origin_id)
            ).all()
        assert not any(row.left for row in rows), "I20 a dispute keeps back what was claimed"

    def close_dispute(self) -> None:
        one = self._pick(lambda one: bool(one.open_disputes))
        if one is not None:
            self._close_dispute(one, self.any(["won", "lost"]))

    def _close_dispute(self, one: Sold, phase: str) -> None:
        key = next(iter(one.open_disputes))
        del one.open_disputes[key]
        self.tell(one, disputed(DisputePhase(phase), key, sale_key=one.key, at=self.now))

    def tell_again(self) -> None:
        """Old news once more; the same name with another content is refused."""
        one = self._pick(lambda one: bool(one.told))
        if one is None:
            return
        fact = self.any(one.told)
        before = self._rows()
        with self.sessions.begin() as session:
            assert record_facts(session, [fact], by=BY, ids=self.ids) == 0, "I4 told once"
        with suppress(KeyReused), self.sessions.begin() as session:
            other = replace(fact, at=fact.at + timedelta(seconds=1))
            record_facts(session, [other], by=BY, ids=self.ids)
            raise AssertionError("I4 a name is not used for two things")
        assert self._rows() == before, "I4 a repeated fact writes nothing"

    def tamper(self) -> None:
        """Somebody tries to change what was written."""
        for statement in (update(Entry).values(amount=1), delete(Entry)):
            with suppress(DBAPIError), self.sessions.begin() as session:
                if not session.scalar(select(func.count()).select_from(Entry)):
                    return
                session.execute(statement.execution_options(synchronize_session=False))
                raise AssertionError("I2 what is written stays")

    def new_owner(self) -> None:
        self.ann = f"ann-{next(self.number)}"

    # By hand

    def correct(self) -> None:
        """Finance gives or takes something, with a second person; one alone cannot."""
        amount, point = self.any([700, 90, -300]), self.any(["ann", "store"])
        wanted = Correction(
            key=self._name("c"),
            point_key=point,
            payee_key=self.ann if point == "ann" else point,
            currency=self.any(CURRENCIES),
            amount=amount,
            reason=Reason.OTHER,
            note="Looked at again.",
        )
        with suppress(plans.SamePerson), self.sessions.begin() as session:
            correct(session, wanted, by=BY, second=BY, at=self.now, ids=self.ids)
            raise AssertionError("I27 nobody corrects alone")
        for _ in range(self.any([1, 1, 2])):
            with self.sessions.begin() as session:
                case_id = correct(session, wanted, **TWO, at=self.now, ids=self.ids)
        self.corrections[case_id] = wanted
        self.by_hand[wanted.payee_key, wanted.currency] += amount

    def undo(self) -> None:
        if self.corrections:
            case_id = self.any(sorted(self.corrections))
            undone = self.corrections.pop(case_id)
            more: dict[str, Any] = {"key": self._name("u"), "note": "It was right.", **TWO}
            with self.sessions.begin() as session:
                reverse(session, case_id, at=self.now, ids=self.ids, **more)
            self.by_hand[undone.payee_key, undone.currency] -= undone.amount

    def end_debt(self) -> None:
        """The brand gives a debt up, or the payee brings it back, in whole or in part."""
        with self.sessions.begin() as session:
            for debt in queries.debts(session, at=self.now)[:1]:
                amount = self.any([debt.amount, (debt.amount + 1) // 2])
                wanted = Ending(
                    key=self._name("e"),
                    point_key=debt.point_key,
                    payee_key=debt.payee_key,
                    currency=debt.currency,
                    amount=amount,
                    note="Agreed.",
                )
                end = self.any([write_off, repay])
                end(session, wanted, **TWO, at=self.now, ids=self.ids)
                self.by_hand[debt.payee_key, debt.currency] += amount

    # Holds

    def hold(self) -> None:
        key, who = self._name("hold"), self.any(["ann", "store"])
        until = self.now + timedelta(days=self.any([5, 900]))
        with self.sessions.begin() as session:
            open_hold(
                session,
                On(point_key=who),
                key=key,
                reason="review",
                owner="staff",
                until=until,
                by=BY,
                at=self.now,
                ids=self.ids,
            )
        self.holds[key] = (who, until)

    def let_go(self) -> None:
        if self.holds:
            key = self.any(sorted(self.holds))
            del self.holds[key]
            with self.sessions.begin() as session:
                close_hold(session, key, by=BY, at=self.now, ids=self.ids)

    def is_held(self, point_key: str) -> bool:
        return any(who == point_key and until > self.now for who, until in self.holds.values())

    # Payouts

    def destination_of(self, payee_key: str, _currency: str = "") -> Destination:
        number = self.addresses.get(payee_key, 0)
        rail = RAILS.get(payee_key, self.provider.rail)
        return destination(payee_key, rail, hash=f"hash-{payee_key}-{number}")

    def prepare(self) -> None:
        policy = Policy(
            destination_of=self.destination_of, conditions_of=lambda _rail, _currency: CONDITIONS
        )
        with self.sessions.begin() as session:
            run = prepare_run(session, policy, by="maker", at=self.now, ids=self.ids)
            for payout in session.scalars(select(Payout).where(Payout.run_id == run.id)):
                self.sent_to[payout.id] = payout.destination_hash
                self._see_items(session, payout)

    def _see_items(self, session: Session, payout: Payout) -> None:
        """Nothing is claimed that is held or disputed; its day was looked at with the release."""
        disputed_sales = {one.key for one in self.sold if one.open_disputes}
        rows = session.execute(
            select(Entry.point_key, Entry.amount, SaleRow.key)
            .join(Claim, Claim.entry_id == Entry.id)
            .join(SaleRow, SaleRow.id == Entry.sale_id, isouter=True)
            .where(Claim.payout_id == payout.id)
        ).all()
        assert sum(row.amount for row in rows) == payout.amount > 0, "I16 a payout is its entries"
        for row in rows:
            if row.amount > 0:
                assert not self.is_held(row.point_key), "I9 nothing that is held is claimed"
                assert row.key not in disputed_sales, "I9 nothing that is disputed is claimed"

    def agree(self) -> None:
        """The second person; what changed meanwhile goes no further."""
        for payout in self._payouts(_S.DRAFT):
            stale = self._has_changed(payout.id)
            with suppress(CommissionError), self.sessions.begin() as session:
                self._approve(session, payout, "maker")
                raise AssertionError("I27 nobody approves an own payout")
            try:
                for by in ("checker", "chief")[: payout.approvals_needed]:
                    with self.sessions.begin() as session:
                        self._approve(session, payout, by)
            except CommissionError:
                self._void(payout)
            else:
                assert not stale, "I16 what changed goes no further"

    def _approve(self, session: Session, payout: Payout, by: str) -> None:
        seen = payout.terms_hash
        approve(session, payout.id, expected_hash=seen, by=by, at=self.now, ids=self.ids)

    def pay(self) -> None:
        """By hand, or into the queue of the network; then one pass over it, with a fault."""
        for payout in self._payouts(_S.APPROVED):
            stale = self._has_changed(payout.id)
            try:
                with self.sessions.begin() as session:
                    if payout.rail == "hand":
                        ref = str(payout.id)
                        now, ids = self.now, self.ids
                        register_by_hand(session, payout.id, reference=ref, by=BY, at=now, ids=ids)
                    else:
                        queue(session, payout.id, by=BY, at=self.now, ids=self.ids)
                        continue
            except CommissionError:
                self._void(payout)
            else:
                assert not stale, "I16 what changed is not paid"
        self.send()

    def send(self) -> None:
        """A pass over what waits, with a fault now and then, a few minutes after the last one."""
        self.clock.pass_(timedelta(minutes=4))
        for payout in self._payouts(_S.QUEUED, _S.SENDING):
            if payout.rail == "hand":
                continue
            first = payout.last_sent_at is None
            stale = first and self._has_changed(payout.id)
            self.provider.script = [(self.any(FAULTS), self.any(CRASHES))]
            before = len(self.provider.transfers) + len(self.provider.coming)
            with suppress(Killed):
                progress = advance(self._sender(), payout.id, self.provider)
                assert progress is not Progress.QUARANTINED, "I18 one transfer for one payout"
            after = len(self.provider.transfers) + len(self.provider.coming)
            assert not stale or after == before, "I16 what changed is not sent"
            self.provider.script = []

    def hear_news(self) -> None:
        """The provider tells of a transfer, perhaps before the worker knows of it itself."""
        if self.provider.transfers:
            _, transfer = self.any(self.provider.transfers)
            groups = [t for _, t in self.provider.transfers if t.group_key == transfer.group_key]
            with self.sessions.begin() as session:
                progress = hear(session, self._sender(), transfer.group_key, groups)
            assert progress in (Progress.RECORDED, Progress.LEFT), "I18 news brings no surprise"

    def comes_back(self) -> None:
        """The bank sends it back, or it settles."""
        for payout in self._payouts(_S.SENT, _S.SETTLED)[:1]:
            if payout.known_back_amount:
                continue  # of what is left of it, people decide as well
            with self.sessions.begin() as session:
                if self.any([True, False]):
                    settle(session, payout.id, by=BY, at=self.now, ids=self.ids)
                    continue
                now, ids = self.now, self.ids
                take_back(session, payout.id, event_key="e", by=BY, at=now, ids=ids)
            self.provider.transfers = [
                (at, replace(one, is_reversed=True) if one.ref == payout.transfer_ref else one)
                for at, one in self.provider.transfers
            ]

    def part_comes_back(self) -> None:
        """The provider takes a part back, or what was left; two people decide what it is."""
        for payout in self._payouts(_S.SENT, _S.SETTLED)[:1]:
            if payout.rail == "hand":
                continue
            known, whole = payout.known_back_amount, payout.net_amount
            told = self.any([known + (whole - known) // 3, whole - 1, whole])
            self.provider.transfers = [
                (
                    at,
                    replace(one, reversed_amount=told, is_reversed=told == whole)
                    if one.ref == payout.transfer_ref
                    else one,
                )
                for at, one in self.provider.transfers
            ]
            groups = [t for _, t in self.provider.transfers if t.group_key == payout.group_key]
            with self.sessions.begin() as session:
                progress = hear(session, self._sender(), payout.group_key, groups)
            if progress is Progress.QUARANTINED:
                decide = self.any([book_part, book_part, accept_part])
                with self.sessions.begin() as session:
                    more: dict[str, Any] = {**TWO, "reason": "taken back", "amount": told - known}
                    decide(session, payout.id, at=self.now, ids=self.ids, **more)

    def take_away(self) -> None:
        """Back to the payee's balance before it left, or, blocked, once it is proven absent."""
        for payout in self._payouts(_S.DRAFT, _S.APPROVED, _S.QUEUED, _S.BLOCKED):
            if payout.status is _S.BLOCKED and self.any([True, False]):
                with self.sessions.begin() as session:
                    queue(session, payout.id, by=BY, at=self.now, ids=self.ids)
            else:
                self._void(payout)

    def _void(self, payout: Payout) -> None:
        now, ids, reason = self.now, self.ids, "changed"
        with suppress(CommissionError), self.sessions.begin() as session:
            void(session, payout.id, by=BY, at=now, ids=ids, reason=reason)
            return
        if confirm_absence(self._sender(), payout.id, self.provider) is Progress.WAITING:
            with suppress(CommissionError), self.sessions.begin() as session:
                more: dict[str, Any] = {"second": "checker", "reason": reason}
                void_after_send(session, payout.id, by=BY, at=now, ids=ids, **more)

    def move_account(self) -> None:
        """A payee is to be paid elsewhere; what is on its way to the old place is taken back."""
        payee_key = self.any(["ann", "bob", "store", "dealer"])
        self.addresses[payee_key] = self.addresses.get(payee_key, 0) + 1
        current = self.destination_of(payee_key).hash
        with self.sessions.begin() as session:
            now, ids = self.now, self.ids
            void_outdated(session, payee_key, current_hash=current, by=BY, at=now, ids=ids)

    def seal(self) -> None:
        wall = datetime.now(UTC) + timedelta(minutes=16)
        with self.sessions.begin() as session:
            seal(session, wall=wall, by="job", ids=self.ids, rows_per_block=7)

    # The end

    def give_everything_back(self) -> None:
        """All sales come in, all disputes are won, all payouts come to rest, all goes back."""
        self.clock.pass_(timedelta(days=6))
        while self.holds:
            self.let_go()
        for one in self.sold:
            if not one.credited:
                self._credit(one)
            while one.open_disputes:
                self._close_dispute(one, "won")
            if one.left:
                lines = tuple(
                    RefundedLine(line_key=count.line.key, amount=count.left)
                    for count in one.lines.values()
                )
                at = max(self.now, *(fact.at for fact in one.told), one.sale.placed_at)
                self.tell(one, Refunded(key="all", sale_key=one.key, at=at, lines=lines))
        for payout in self._payouts(_S.QUEUED, _S.SENDING, most=99):
            if payout.rail != "hand":
                self._bring_to_rest(payout.id)

    def _bring_to_rest(self, payout_id: int) -> None:
        for _ in range(60):
            self.clock.pass_(timedelta(minutes=6))
            if advance(self._sender(), payout_id, self.provider) in (
                Progress.RECORDED,
                Progress.BLOCKED,
            ):
                return
            with self.sessions() as session:
                if session.get_one(Payout, payout_id).status in (_S.SENT, _S.SETTLED, _S.REVERSED):
                    return
            if self._waits_for_more(payout_id):
                return
        raise AssertionError("I18 no payout is stuck")

    def _waits_for_more(self, payout_id: int) -> bool:
        """Sent, not there, and changed since: it is looked for until people take it back."""
        return self._has_changed(payout_id)

    # Helpers

    def tell(self, one: Sold, fact: Fact) -> None:
        for _ in range(self.any([1, 1, 1, 2])):
            with self.sessions.begin() as session:
                record_facts(session, [fact], by=BY, ids=self.ids)
        one.tell(fact)

    def any(self, options: Sequence[T]) -> T:
        return options[self.random.randrange(len(options))] if len(options) > 1 else options[0]

    def _day(self, one: Sold) -> datetime:
        """Now, or told late."""
        lag = timedelta(days=self.any([0, 0, 0, 0, 2]))
        return max(one.sale.placed_at, one.sale.paid_at, self.now - lag)

    def _name(self, prefix: str) -> str:
        return f"{prefix}{next(self.number)}"

    def _pick(self, wanted: Callable[[Sold], bool]) -> Sold | None:
        found = [one for one in self.sold if wanted(one)]
        return self.any(found) if found else None

    def _payouts(self, *statuses: PayoutStatus, most: int = 2) -> list[Payout]:
        with self.sessions() as session:
            query = select(Payout).where(Payout.status.in_(statuses)).order_by(Payout.id)
            return list(session.scalars(query.limit(most)))

    def _has_changed(self, payout_id: int) -> bool:
        """Whether something was taken from a claimed entry and is claimed nowhere."""
        live = select(Claim.entry_id).where(Claim.released_at.is_(None))
        mine = live.where(Claim.payout_id == payout_id)
        later = select(func.count()).where(
            Entry.origin_id.in_(mine), Entry.amount < 0, Entry.id.not_in(live)
        )
        with self.sessions() as session:
            return bool(session.scalar(later))

    def _rows(self) -> int:
        with self.sessions() as session:
            return session.scalar(select(func.count()).select_from(Entry)) or 0

    def _sender(self) -> Sender:
        @contextmanager
        def unit_of_work() -> Iterator[Session]:
            with self.sessions.begin() as session:
                yield session

        owner = self._name("worker")
        return Sender(
            unit_of_work=unit_of_work,
            now=self.clock,
            wall=self.clock,
            ids=self.ids,
            by="job:send",
            owner=owner,
        )


ACTS = (
    *["sell"] * 5,
    "sale_comes",
    *["hand_over"] * 5,
    *["deliver"] * 5,
    *["refund"] * 3,
    "refund_fails",
    "call_off",
    *["dispute"] * 2,
    *["close_dispute"] * 2,
    "tell_again",
    "tamper",
    "new_owner",
    "new_plan",
    "hold",
    *["let_go"] * 2,
    *["exchange"] * 2,
    "correct",
    "undo",
    "end_debt",
    *["wait"] * 6,
    *["prepare"] * 4,
    *["agree"] * 4,
    *["pay"] * 4,
    *["send"] * 3,
    "hear_news",
    *["comes_back"] * 2,
    "part_comes_back",
    "take_away",
    "move_account",
    "seal",
)
"""Acts as often as they happen."""
