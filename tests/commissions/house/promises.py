"""What must hold at any time, by its number in the reference; an AssertionError names what broke."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commissions.audit import prove
from commissions.models import (
    Approval,
    Award,
    Balance,
    Claim,
    Entry,
    EntryKind,
    Payout,
    PayoutStatus,
    PeriodRow,
    PlanVersion,
    Posting,
    Release,
    RuleRow,
    Ruling,
    SaleLineRow,
    SaleRow,
)
from commissions.payouts.halting import is_halted
from commissions.payouts.reconciling import reconcile
from commissions.rows import table_of
from commissions.terms import Role
from tests.commissions.factories import BY, moment
from tests.commissions.house.acts import RAILS, House
from tests.commissions.house.count import HOLD, Group, Slot, Sold, differences

_S = PayoutStatus
ENDS = (EntryKind.WRITE_OFF, EntryKind.REPAID)
BACK = EntryKind.RETURNED
PAID = (_S.SENT, _S.SETTLED)
GONE = (_S.VOID, _S.FAILED, _S.REVERSED)


@dataclass
class Books:
    """Everything that is written, read once."""

    house: House
    session: Session

    @cached_property
    def entries(self) -> list[Any]:
        return self.rows_of(Entry, "id")

    @cached_property
    def releases(self) -> dict[int, Any]:
        return {row.entry_id: row for row in self.rows_of(Release, "entry_id")}

    @cached_property
    def payouts(self) -> dict[int, Any]:
        return {row.id: row for row in self.rows_of(Payout, "id")}

    @cached_property
    def claims(self) -> list[Any]:
        return self.rows_of(Claim, "entry_id")

    @cached_property
    def balances(self) -> dict[tuple[str, str], Any]:
        return {(row.payee_key, row.currency): row for row in self.rows_of(Balance, "payee_key")}

    @cached_property
    def lines(self) -> dict[int, tuple[str, str]]:
        """Line id → sale and line key."""
        table, sales = table_of(SaleLineRow), table_of(SaleRow)
        query = select(table.c.id, sales.c.key, table.c.key).join(sales)
        return {id_: (sale_key, key) for id_, sale_key, key in self.session.execute(query)}

    @cached_property
    def slots(self) -> dict[int, tuple[str, Slot]]:
        """Earning → its sale and slot."""
        found = {}
        for row in self.entries:
            if row.kind is EntryKind.EARN:
                sale_key, line_key = self.lines[row.line_id]
                found[row.id] = (sale_key, (line_key, row.role.value, row.cause_key))
        return found

    @cached_property
    def origin_of(self) -> dict[int, int]:
        return {row.id: row.origin_id for row in self.entries}

    @cached_property
    def differences(self) -> dict[Group, int]:
        """What was added to months so far."""
        entry, award, period, rule, version = map(
            table_of, (Entry, Award, PeriodRow, RuleRow, PlanVersion)
        )
        rows = self.session.execute(
            select(
                version.c.number,
                rule.c.role,
                period.c.payee_key,
                period.c.currency,
                period.c.period_key,
                func.sum(entry.c.amount),
            )
            .join(award, award.c.id == entry.c.award_id)
            .join(period, period.c.id == award.c.period_id)
            .join(rule, rule.c.id == period.c.rule_id)
            .join(version, version.c.id == period.c.version_id)
            .group_by(
                version.c.number,
                rule.c.role,
                period.c.payee_key,
                period.c.currency,
                period.c.period_key,
            )
        )
        return {
            (number - 1, role.value, payee, currency, month): int(amount)
            for number, role, payee, currency, month, amount in rows
            if amount
        }

    def sums(self, *kinds: EntryKind) -> Counter[tuple[str, Slot]]:
        """What entries of some kinds come to, by slot."""
        found: Counter[tuple[str, Slot]] = Counter()
        for row in self.entries:
            if row.kind in kinds and row.origin_id in self.slots:
                found[self.slots[row.origin_id]] += row.amount
        return found

    def rows_of(self, model: Any, order: str) -> list[Any]:
        table = table_of(model)
        return list(self.session.execute(select(table).order_by(table.c[order])))


def i1_money_is_conserved(books: Books) -> None:
    """I1: what was earned left the brand, what was paid left the bank, nothing else moved."""
    accounts: Counter[tuple[str, str]] = Counter()
    table = table_of(Posting)
    for column, sign in ((table.c.credit, 1), (table.c.debit, -1)):
        query = select(column, table.c.currency, func.sum(table.c.amount)).group_by(
            column, table.c.currency
        )
        for account, currency, amount in books.session.execute(query):
            accounts[account, currency] += sign * int(amount)
    for currency in ("CNY", "EUR"):
        earned = sum(
            row.amount
            for row in books.entries
            if row.currency == currency and row.kind not in (EntryKind.RESERVE, BACK, *ENDS)
        )
        repaid = sum(
            row.amount
            for row in books.entries
            if row.currency == currency and row.kind is EntryKind.REPAID
        )
        paid = sum(
            row.net_amount - row.returned_amount
            for row in books.payouts.values()
            if row.currency == currency and row.status in PAID
        )
        waiting = sum(
            row.amount
            for row in books.payouts.values()
            if row.currency == currency and row.status not in (*PAID, *GONE)
        )
        assert accounts["brand:commission_expense", currency] == -earned, "I1 expense"
        assert accounts["platform:cash", currency] == paid - repaid, "I1 cash"
        assert accounts["payout:clearing", currency] == waiting, "I1 clearing"


def i8_every_line_is_decided_once(books: Books) -> None:
    """I8: a sale is credited once, and each of its lines has one answer for its seller."""
    table = table_of(Ruling)
    count = select(func.count()).where(table.c.role == "seller")
    expected = sum(len(one.lines) for one in books.house.sold if one.credited)
    assert books.session.scalar(count) == expected, "I8 one decision per line"
    earned = Counter(slot for slot in books.slots.values())
    assert all(count == 1 for count in earned.values()), "I8 one earning per line and role"


def i9_nothing_may_be_paid_too_early(books: Books) -> None:
    """I9: not before the goods arrived by what was told, and not before the days of waiting."""
    first = {
        (one.key, slot): day for one in books.house.sold for slot, day in one.first_day.items()
    }
    for entry_id, slot in books.slots.items():
        if entry_id in books.releases:
            assert slot in first, "I9 released before anything arrived"
            due = max(first[slot], _sold(books, slot[0]).sale.paid_at) + HOLD
            assert books.releases[entry_id].available_at >= due, "I9 nothing is paid too early"
    for claim in books.claims:
        row = books.releases[books.origin_of[claim.entry_id]]
        assert row.available_at <= books.house.now, "I9 claimed before its day"


def i10_everybody_has_what_is_due(books: Books) -> None:
    """I10, I13: the parts of every line are exactly those of the plan, net of what went back."""
    nets = books.sums(EntryKind.EARN, EntryKind.ADJUST, EntryKind.REVERSE)
    earned = books.sums(EntryKind.EARN, EntryKind.ADJUST)
    for one in books.house.sold:
        mine = {slot: amount for (key, slot), amount in earned.items() if key == one.key}
        if one.deal.tight:
            one.earned = mine
            total = sum(mine.values())
            base = sum(count.line.base_amount for count in one.lines.values())
            assert total * 10 <= base, "I10 no ceiling is passed"
        promised = {slot: amount for slot, amount in one.earned.items() if amount}
        assert {slot: amount for slot, amount in mine.items() if amount} == (
            promised if one.credited else {}
        ), "I10 everybody earns what the plan says"
        for slot in mine:
            low, high = one.bounds(slot)
            assert low <= nets[one.key, slot] <= high, "I13 refunds take their part back"


def i10_months_come_to_their_rule(books: Books) -> None:
    """I10: bands, caps and bonus of every month, net of refunds."""
    nets = books.sums(EntryKind.EARN, EntryKind.ADJUST, EntryKind.REVERSE)
    expected, unsure = differences(books.house.sold, dict(nets))
    for group in {*expected, *books.differences} - unsure:
        found = books.differences.get(group, 0)
        assert found == expected.get(group, 0), "I10 what a month adds"


def i11_no_more_is_taken_than_was_given(books: Books) -> None:
    """I11, I12: refunds, failed refunds and disputes together, in any order."""
    earned = books.sums(EntryKind.EARN, EntryKind.ADJUST)
    taken = books.sums(EntryKind.REVERSE)
    kept = books.sums(EntryKind.RESERVE)
    for slot, amount in earned.items():
        assert 0 <= -taken[slot] <= amount, "I11 no more is taken than was given"
        assert 0 <= -kept[slot] <= amount + taken[slot], "I11 no more is kept back than is left"
        if not _sold(books, slot[0]).open_disputes:
            assert kept[slot] == 0, "I12 a closed dispute keeps nothing back"


def i17_each_entry_is_in_one_payout(books: Books) -> None:
    """I16, I17: what is paid was claimed, once."""
    live = Counter(row.entry_id for row in books.claims if row.released_at is None)
    assert all(count == 1 for count in live.values()), "I17 an entry is in one payout"
    sums: Counter[int] = Counter()
    for row in books.claims:
        sums[row.payout_id] += row.amount
    for payout in books.payouts.values():
        assert sums[payout.id] == payout.amount > 0, "I16 a payout is its entries"


def i18_a_payout_is_sent_once(books: Books) -> None:
    """I18, I19: one transfer at most, of the right amount, to where it was agreed to go."""
    provider = books.house.provider
    groups = Counter(transfer.group_key for _, transfer in provider.transfers)
    assert all(count == 1 for count in groups.values()), "I18 a payout is sent once"
    by_group = {row.group_key: row for row in books.payouts.values()}
    for _, transfer in provider.transfers:
        payout = by_group[transfer.group_key]
        assert transfer.amount == payout.net_amount, "I18 the amount that was agreed"
        assert transfer.destination_hash == books.house.sent_to[payout.id], "I19 the account"
    for row in books.payouts.values():
        if row.status in PAID and row.payee_key not in RAILS:
            assert groups[row.group_key] == 1, "I18 sent is what the provider has"
    assert not is_halted(books.session), "I18 nothing had to be halted"


def i20_a_debt_is_what_was_paid_too_much(books: Books) -> None:
    """I20: below zero only by what was paid out before, and what a dispute keeps back."""
    paid: Counter[tuple[str, str]] = Counter()
    for row in books.payouts.values():
        if row.status not in GONE:
            paid[row.payee_key, row.currency] += row.amount
    for who, balance in books.balances.items():
        taken = sum(
            min(0, row.amount)
            for row in books.entries
            if row.role is Role.MANUAL and (row.payee_key, row.currency) == who
        )
        owed = taken - balance.earned_amount - balance.reserve_amount
        assert owed <= paid[who], "I20 no debt without a payout"


def i10_what_was_done_by_hand_is_there(books: Books) -> None:
    """I10: corrections, and the ends of debts, no more and no less."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in books.entries:
        if row.role is Role.MANUAL and row.kind is not BACK:
            sums[row.payee_key, row.currency] += row.amount
    done = {who: amount for who, amount in books.house.by_hand.items() if amount}
    assert {who: amount for who, amount in sums.items() if amount} == done, "I10 by hand"


def i27_two_people_agree(books: Books) -> None:
    """I27: whoever made a plan or a payout did not approve it; much money needs two who did."""
    assert all(row.approved_by != row.created_by for row in books.payouts.values()), "I27 payouts"
    agreed = Counter(row.payout_id for row in books.rows_of(Approval, "payout_id"))
    for row in books.payouts.values():
        if row.approved_by is not None:
            assert agreed[row.id] >= row.approvals_needed, "I27 as many as the amount asks for"
    table = table_of(PlanVersion)
    own = select(func.count()).where(table.c.author == table.c.approver)
    assert books.session.scalar(own) == 0, "I27 plans"


def i28_running_sums_are_the_ledgers(books: Books) -> None:
    """I28, I29: per payee and currency, counted anew."""
    earned: Counter[tuple[str, str]] = Counter()
    expected: Counter[tuple[str, str]] = Counter()
    reserve: Counter[tuple[str, str]] = Counter()
    for row in books.entries:
        who = (row.payee_key, row.currency)
        earned[who] += row.amount
        expected[who] += row.amount if row.origin_id not in books.releases else 0
        reserve[who] -= row.amount if row.kind is EntryKind.RESERVE else 0
    by_id = {row.id: row for row in books.entries}
    for row in books.claims:
        entry, payout = by_id[row.entry_id], books.payouts[row.payout_id]
        same = (entry.payee_key, entry.currency) == (payout.payee_key, payout.currency)
        assert same, "I29 one payee and one currency in a payout"
        if row.released_at is None:
            earned[entry.payee_key, entry.currency] -= row.amount
    for who, balance in books.balances.items():
        found = (balance.earned_amount, balance.expected_amount, balance.reserve_amount)
        assert found == (earned[who], expected[who], reserve[who]), "I28 running sums"


def everything_is_proven(books: Books) -> None:
    """I3, I4, I30: the proof of production, seals included."""
    found = prove(books.session).findings
    assert found == [], f"the books are proven: {found[0].code}"


def nobody_keeps_anything(books: Books) -> None:
    """I13: when all went back, nobody has anything, and owes what was paid."""
    sums: Counter[tuple[str, str]] = Counter()
    for row in books.entries:
        if row.role is not Role.MANUAL:
            sums[row.payee_key, row.currency] += row.amount
    assert not any(sums.values()), "I13 a full refund leaves nobody anything"


def provider_and_books_agree(books: Books) -> None:
    """I18: a reconciliation finds nothing that people must look at."""
    house, transfers = books.house, [one for _, one in books.house.provider.transfers]
    found = reconcile(
        books.session,
        transfers,
        house.provider.rail,
        since=moment(),
        by=BY,
        at=house.now,
        ids=house.ids,
    )
    left = [one for one in found if one.halts or one.code == "partly_reversed"]
    assert not left, "I18 provider and books agree"


QUICK = (
    i9_nothing_may_be_paid_too_early,
    i10_everybody_has_what_is_due,
    i10_months_come_to_their_rule,
    i11_no_more_is_taken_than_was_given,
    i17_each_entry_is_in_one_payout,
    i18_a_payout_is_sent_once,
    i20_a_debt_is_what_was_paid_too_much,
    i28_running_sums_are_the_ledgers,
)
WHOLE = (
    *QUICK,
    i1_money_is_conserved,
    i8_every_line_is_decided_once,
    i10_what_was_done_by_hand_is_there,
    i27_two_people_agree,
    everything_is_proven,
)
LAST = (*WHOLE, nobody_keeps_anything, provider_and_books_agree)


def look(house: House, promises: tuple[Any, ...] = QUICK) -> None:
    """See that promises hold; an AssertionError names the first that does not."""
    with house.sessions() as session:
        books = Books(house, session)
        for promise in promises:
            promise(books)


def _sold(books: Books, sale_key: str) -> Sold:
    return next(one for one in books.house.sold if one.key == sale_key)
