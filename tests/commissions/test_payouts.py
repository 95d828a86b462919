"""Payouts claim what is payable, need two people, and give back what did not arrive."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from commissions.auditing.payouts import check
from commissions.errors import StaleState
from commissions.facts import Refunded
from commissions.holds import On, close_hold, open_hold
from commissions.life import record_dispute, record_refund
from commissions.models import Balance, Claim, Entry, Payout, PayoutStatus, Posting, Skipped
from commissions.payouts.approving import (
    CoolingDown,
    OwnPayout,
    approve,
    block,
    queue,
    void,
    void_outdated,
)
from commissions.payouts.bank_file import (
    batch_content,
    build_batch,
    confirm_uploaded,
    declare_not_sent,
)
from commissions.payouts.by_hand import ClaimChanged, Halted, register_by_hand
from commissions.payouts.claims import payees_with_money
from commissions.payouts.conditions import Conditions
from commissions.payouts.files.format import Account
from commissions.payouts.halting import halt_payouts, resume_payouts
from commissions.payouts.preparing import open_run, prepare_payout, prepare_run
from commissions.payouts.returning import settle, take_back
from commissions.plans import SamePerson, TermsChanged
from tests.commissions.conftest import Ids
from tests.commissions.factories import (
    BY,
    approved,
    arrived,
    credited,
    destination,
    disputed,
    line,
    lines_of,
    moment,
    party,
    policy,
    prepared,
    published,
    queued,
    refunded,
    sale,
)


def owed(session: Session, payee_key: str = "ann") -> int:
    return session.get_one(Balance, (payee_key, "CNY"), populate_existing=True).earned_amount


def account(session: Session, name: str) -> int:
    credits = session.scalar(select(func.sum(Posting.amount)).where(Posting.credit == name))
    debits = session.scalar(select(func.sum(Posting.amount)).where(Posting.debit == name))
    return int(credits or 0) - int(debits or 0)


def conditions(**fields: Any) -> Callable[[str, str], Conditions]:
    return lambda _rail, _currency: Conditions(**fields)


class TestPrepare:
    def test_nothing_is_payable_before_the_hold_ends(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)

        assert payees_with_money(session, moment(15)) == []
        assert payees_with_money(session, moment(16)) == [("ann", "CNY", 480)]

    def test_the_amount_is_the_sum_of_a_thousand_claims(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        for n in range(40):
            arrived(session, ids, sale(*lines_of(range(100, 125)), key=f"s{n}"))

        (payout,) = prepared(session, ids)

        claims = session.execute(select(func.count(), func.sum(Claim.amount))).one()
        assert claims == (1000, payout.amount)
        assert owed(session) == 0

    def test_what_is_claimed_is_not_claimed_again(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)

        assert len(prepared(session, ids)) == 1
        assert prepared(session, ids) == []

    def test_debt_nets_first_and_the_run_says_why(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        (payout,) = prepared(session, ids, "hand")
        approved(session, ids, payout)
        register_by_hand(session, payout.id, reference="1", by=BY, at=moment(31), ids=ids)

        record_refund(session, refunded(4000, days=32), by=BY, ids=ids)
        assert owed(session) == -480
        arrived(session, ids, sale(line(base=2500), key="s2"))
        assert prepared(session, ids, days=60) == []
        arrived(session, ids, sale(line(base=4167), key="s3"))

        assert [p.amount for p in prepared(session, ids, days=60)] == [320]
        skipped = session.execute(select(Skipped.reason, Skipped.available_amount)).all()
        assert skipped == [("in_debt", -180)]

    def test_a_fee_leaves_the_net_and_the_ledger_shows_all(
        self, session: Session, ids: Ids
    ) -> None:
        """T46: 5 % of 100.00 is a transfer of 95.00, and the ledger says 100 = 95 + 5."""
        published(session, ids)
        arrived(session, ids, sale(line(base=83333)))
        keeps = policy("hand", conditions_of=conditions(fee_bps=500))
        prepare_run(session, keeps, by="maker", at=moment(30), ids=ids)
        payout = session.scalars(select(Payout)).one()
        approved(session, ids, payout)

        register_by_hand(session, payout.id, reference="1", by=BY, at=moment(31), ids=ids)

        assert (payout.amount, payout.net_amount) == (10000, 9500)
        assert account(session, "payout:clearing") == 0
        assert account(session, "platform:cash") == 9500
        assert account(session, "brand:payout_fee") == 500

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"destination_of": lambda _p, _c: None}, "no_destination"),
            (
                {"destination_of": lambda p, _c: destination(p, ready_at=moment(99))},
                "destination_cooling_down",
            ),
            ({"conditions_of": lambda _r, _c: Conditions(minimum=481)}, "below_minimum"),
            (
                {"conditions_of": lambda _r, _c: Conditions(fee_amount=180, fee_bps=6250)},
                "eaten_by_deductions",
            ),
            ({"withhold": lambda _p, _c, gross: gross}, "eaten_by_deductions"),
            (
                {"destination_of": lambda p, _c: destination(p, problem="account_not_ready")},
                "account_not_ready",
            ),
        ],
    )
    def test_each_unpaid_payee_gets_a_note(
        self, session: Session, ids: Ids, change: dict[str, Any], reason: str
    ) -> None:
        published(session, ids)
        arrived(session, ids)

        prepare_run(session, policy(**change), by="maker", at=moment(30), ids=ids)

        assert session.scalars(select(Skipped.reason)).all() == [reason]
        assert owed(session) == 480

    def test_a_run_that_begins_again_finds_who_was_dealt_with(
        self, session: Session, ids: Ids
    ) -> None:
        published(session, ids)
        arrived(session, ids)
        run = open_run(session, by="maker", at=moment(30), ids=ids)
        told = [
            prepare_payout(session, run, "ann", "CNY", policy(), by="maker", at=moment(30), ids=ids)
            for _worker in range(2)
        ]

        assert [payout is not None for payout in told] == [True, False]
        assert session.scalars(select(Skipped)).all() == []


class TestTwoApprovals:
    """From a limit on two people must agree besides the maker, however the amount is cut."""

    def large(self, session: Session, ids: Ids, key: str = "s1", days: float = 30) -> Payout:
        arrived(session, ids, sale(line(base=10000), key=key))
        limited = policy("hand", conditions_of=conditions(second_from_amount=2000))
        run = prepare_run(session, limited, by="maker", at=moment(days), ids=ids)
        return session.scalars(select(Payout).where(Payout.run_id == run.id)).one()

    def agree(self, session: Session, ids: Ids, payout: Payout, by: str, seen: str = "") -> bool:
        return approve(
            session,
            payout.id,
            expected_hash=seen or payout.terms_hash,
            by=by,
            at=moment(31),
            ids=ids,
        )

    def test_the_second_is_another_person_than_maker_and_first(
        self, session: Session, ids: Ids
    ) -> None:
        published(session, ids)
        first = self.large(session, ids)
        assert first.approvals_needed == 1
        split = self.large(session, ids, "s2", days=30.5)
        assert split.approvals_needed == 2

        assert not self.agree(session, ids, split, "checker")
        assert not self.agree(session, ids, split, "checker")
        with pytest.raises(SamePerson):
            self.agree(session, ids, split, "maker")
        with pytest.raises(ClaimChanged):
            register_by_hand(session, split.id, reference="1", by=BY, at=moment(31), ids=ids)
        assert split.status is PayoutStatus.DRAFT

        assert self.agree(session, ids, split, "second")
        assert register_by_hand(session, split.id, reference="1", by=BY, at=moment(31), ids=ids)
        assert list(check(session)) == []

    def test_a_day_later_or_after_a_void_it_is_a_new_amount(
        self, session: Session, ids: Ids
    ) -> None:
        published(session, ids)
        self.large(session, ids)
        taken = self.large(session, ids, "s2", days=31.5)
        void(session, taken.id, by=BY, at=moment(31.5), ids=ids, reason="mistake")

        again = self.large(session, ids, "s3", days=31.6)

        assert (taken.approvals_needed, again.approvals_needed) == (1, 2)
        assert again.amount == 2400  # both sales: the amount itself is over the limit

    def test_two_payees_of_one_account_are_one_amount(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        for key, point in (("s1", "ann"), ("s2", "eve")):
            arrived(session, ids, sale(line(base=10000, seller=party(point)), key=key))
        same = policy(
            "hand",
            destination_of=lambda _p, _c: destination("ann", "hand"),
            conditions_of=conditions(second_from_amount=2000),
        )
        prepare_run(session, same, by="maker", at=moment(30), ids=ids)

        needed = session.scalars(select(Payout.approvals_needed).order_by(Payout.id)).all()
        assert needed == [1, 2]

    def test_an_approval_of_other_terms_does_not_count(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        self.large(session, ids)
        payout = self.large(session, ids, "s2", days=30.5)
        self.agree(session, ids, payout, "checker")
        with pytest.raises(TermsChanged):
            self.agree(session, ids, payout, "second", seen="other")

        # Somebody lowers the number in the database: the hash of the terms does not fit any more.
        session.execute(update(Payout).values(approvals_needed=1))
        session.expire_all()
        with pytest.raises(TermsChanged):
            self.agree(session, ids, payout, "second")

    def test_the_audit_finds_an_approval_that_nobody_gave(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        payout = self.large(session, ids)
        session.execute(
            update(Payout).values(
                status=PayoutStatus.APPROVED,
                approved_at=moment(31),
                approved_by="mallory",
                approved_hash=payout.terms_hash,
            )
        )
        session.expire_all()

        assert [finding.code for finding in check(session)] == ["approval_missing"]


class TestHolds:
    @pytest.mark.parametrize("where", ["sale", "point", "payee", "entry"])
    def test_a_hold_keeps_back_until_it_ends_by_itself(
        self, session: Session, ids: Ids, where: str
    ) -> None:
        published(session, ids)
        arrived(session, ids)
        entry = session.scalars(select(Entry)).one()
        on = {
            "sale": On(sale_id=entry.sale_id),
            "point": On(point_key="ann"),
            "payee": On(payee_key="ann"),
            "entry": On(entry_id=entry.id),
        }[where]

        open_hold(
            session,
            on,
            key="case:1",
            reason="return_open",
            owner="support",
            until=moment(40),
            by=BY,
            at=moment(20),
            ids=ids,
        )

        assert prepared(session, ids, days=39) == []
        assert len(prepared(session, ids, days=40)) == 1

    def test_any_open_case_blocks_also_a_second_after_a_rejected_first(
        self, session: Session, ids: Ids
    ) -> None:
        published(session, ids)
        arrived(session, ids)
        sale_id = session.scalars(select(Entry.sale_id)).one()
        for key in ("case:1", "case:2"):
            open_hold(
                session,
                On(sale_id=sale_id),
                key=key,
                reason="return_open",
                owner="support",
                until=None,
                by=BY,
                at=moment(20),
                ids=ids,
            )

        close_hold(session, "case:1", by=BY, at=moment(21), ids=ids)
        assert prepared(session, ids) == []
        close_hold(session, "case:2", by=BY, at=moment(22), ids=ids)

        assert len(prepared(session, ids)) == 1


class TestDisputeAfterPayout:
    def test_paid_entries_are_reserved_and_unpaid_ones_held(
        self, session: Session, ids: Ids
    ) -> None:
        published(session, ids)
        arrived(session, ids)
        prepared(session, ids)

        record_dispute(session, disputed("opened", days=31), by=BY, ids=ids)
        assert owed(session) == -480
        assert account(session, "payee:ann:reserve") == 480
        record_dispute(session, disputed("won", days=40), by=BY, ids=ids)

        assert owed(session) == 0
        assert account(session, "payee:ann:reserve") == 0

    def test_lost_turns_the_reserve_into_a_debt_of_the_same_size(
        self, session: Session, ids: Ids
    ) -> None:
        published(session, ids)
        arrived(session, ids)
        record_refund(session, refunded(1000), by=BY, ids=ids)
        prepared(session, ids)

        record_dispute(session, disputed("opened", days=31, amount=3000), by=BY, ids=ids)
        record_refund(session, refunded(500, "r2", days=32), by=BY, ids=ids)
        assert account(session, "payee:ann:reserve") == 300
        record_dispute(session, disputed("lost", days=40, amount=3000), by=BY, ids=ids)

        assert owed(session) == -360
        assert account(session, "payee:ann:reserve") == 0


class TestApprove:
    def test_the_maker_cannot_approve(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        (payout,) = prepared(session, ids)

        with pytest.raises(SamePerson):
            approve(
                session,
                payout.id,
                expected_hash=payout.terms_hash,
                by="maker",
                at=moment(30),
                ids=ids,
            )

    def test_nobody_approves_money_to_themselves(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        (payout,) = prepared(session, ids)

        with pytest.raises(OwnPayout):
            approve(
                session,
                payout.id,
                expected_hash=payout.terms_hash,
                by="checker",
                at=moment(30),
                ids=ids,
                own_payees={"ann"},
            )

    def test_an_approval_is_bound_to_what_was_seen(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        (payout,) = prepared(session, ids)

        with pytest.raises(TermsChanged):
            approve(session, payout.id, expected_hash="other", by="checker", at=moment(30), ids=ids)
        record_refund(session, refunded(1000, days=30), by=BY, ids=ids)
        with pytest.raises(TermsChanged, match="entries_changed"):
            approved(session, ids, payout)

    def test_a_new_destination_cools_down(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        (payout,) = prepared(session, ids)
        payout.destination_ready_at = moment(31)
        session.flush()

        with pytest.raises(CoolingDown):
            approved(session, ids, payout)

    def test_a_changed_destination_takes_payouts_back(self, session: Session, ids: Ids) -> None:
        payout = queued(session, ids)

        void_outdated(session, "ann", current_hash="new", by="engine", at=moment(31), ids=ids)

        assert payout.status is PayoutStatus.VOID
        assert owed(session) == 480
        assert len(prepared(session, ids)) == 1


class TestByHand:
    def test_registered_once_it_is_paid_once(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        (payout,) = prepared(session, ids, "hand")
        approved(session, ids, payout)

        told = [
            register_by_hand(session, payout.id, reference="A7", by=BY, at=moment(31), ids=ids)
            for _ in range(2)
        ]

        assert told == [True, False]
        assert account(session, "platform:cash") == 480

    def test_not_without_approval(self, session: Session, ids: Ids) -> None:
        published(session, ids)
        arrived(session, ids)
        (payout,) = prepared(session, ids, "hand")

        with pytest.raises(ClaimChanged):
            register_by_hand(session, payout.id, reference="A7", by=BY, at=moment(31), ids=ids)

    def test_halted_means_halted_until_two_agree(self, session: Session, ids: Ids) -> None:
        payout = queued(session, ids, "hand")
        halt_payouts(session, reason="audit", by="job", at=moment(30), ids=ids)

        with pytest.raises(Halted):
            register_by_hand(session, payout.id, reference="A7", by=BY, at=moment(31), ids=ids)
        with pytest.raises(SamePerson):
            resume_payouts(session, reason="ok", by="a", second="a", at=moment(31), ids=ids)
        resume_payouts(session, reason="ok", by="a", second="b", at=moment(31), ids=ids)

        assert register_by_hand(session, payout.id, reference="A7", by=BY, at=moment(31), ids=ids)

    def test_money_that_comes_back_is_payable_again(self, session: Session, ids: Ids) -> None:
        payout = queued(session, ids, "hand")
        register_by_hand(session, payout.id, reference="A7", by=BY, at=moment(31), ids=ids)
        settle(session, payout.id, by=BY, at=moment(32), ids=ids)

        for _ in range(2):
            take_back(session, payout.id, event_key="b1", by=BY, at=moment(33), ids=ids)

        assert payout.status is PayoutStatus.REVERSED
        assert owed(session) == 480
        assert account(session, "platform:cash") == 0
        assert [p.amount for p in prepared(session, ids, days=40)] == [480]


class TestVoid:
    def test_void_gives_the_entries_back_once(self, session: Session, ids: Ids) -> None:
        payout = queued(session, ids)

        told = [
            void(session, payout.id, by=BY, at=moment(31), ids=ids, reason="mistake")
            for _ in range(2)
        ]

        assert told == [True, False]
        assert owed(session) == 480
        assert account(session, "payout:clearing") == 0

    def test_a_blocked_payout_goes_on_or_back(self, session: Session, ids: Ids) -> None:
        payout = queued(session, ids)

        block(session, payout.id, by=BY, at=moment(31), ids=ids, reason="asked")
        queue(session, payout.id, by=BY, at=moment(31), ids=ids)

        assert payout.status is PayoutStatus.QUEUED
        assert payout.status_reason == ""


class TestBankFile:
    def build(self, session: Session, ids: Ids, payout: Payout) -> int:
        return build_batch(
            session,
            [payout.id],
            open_destination=lambda one: Account(
                holder=f"={one.destination_sealed}", number="NL01"
            ),
            purpose="commission",
            by=BY,
            at=moment(31),
            ids=ids,
            seal=lambda content: content[::-1],
        ).id

    def test_the_file_stays_byte_for_byte(self, session: Session, ids: Ids) -> None:
        payout = queued(session, ids, "bank")

        batch_id = self.build(session, ids, payout)

        content = batch_content(session, batch_id, unseal=lambda content: content[::-1])
        row = content.decode().splitlines()[1].split(",")
        assert row[1:] == ["'=ann", "NL01", "", "", "4.80", "CNY", "commission"]
        assert hashlib.sha256(content).hexdigest()
        assert content == batch_content(session, batch_id, unseal=lambda c: c[::-1])

    def test_a_payout_is_in_one_file_only(self, session: Session, ids: Ids) -> None:
        payout = queued(session, ids, "bank")
        self.build(session, ids, payout)

        with pytest.raises(StaleState):
            self.build(session, ids, payout)

    def test_uploaded_is_sent_once(self, session: Session, ids: Ids) -> None:
        payout = queued(session, ids, "bank")
        batch_id = self.build(session, ids, payout)

        counts = [
            confirm_uploaded(session, batch_id, by=BY, at=moment(32), ids=ids) for _ in range(2)
        ]

        assert counts == [1, 0]
        assert account(session, "platform:cash") == 480

    def test_not_sent_needs_two_and_frees_for_a_new_file(self, session: Session, ids: Ids) -> None:
        payout = queued(session, ids, "bank")
        first = self.build(session, ids, payout)
        with pytest.raises(SamePerson):
            declare_not_sent(
                session, first, by="a", second="a", at=moment(32), ids=ids, reason="lost"
            )
        declare_not_sent(session, first, by="a", second="b", at=moment(32), ids=ids, reason="lost")

        second = self.build(session, ids, payout)

        assert confirm_uploaded(session, first, by=BY, at=moment(33), ids=ids) == 0
        assert confirm_uploaded(session, second, by=BY, at=moment(33), ids=ids) == 1


def test_refund_of_shipping_or_by_the_brand_leaves_payouts_alone(
    session: Session, ids: Ids
) -> None:
    payout = queued(session, ids, "hand")
    fact = Refunded(key="g", sale_key="s1", at=moment(31), goodwill_amount=9)
    record_refund(session, fact, by=BY, ids=ids)

    assert register_by_hand(session, payout.id, reference="1", by=BY, at=moment(32), ids=ids)


def test_a_new_owner_does_not_move_earned_money(session: Session, ids: Ids) -> None:
    published(session, ids)
    credited(session, ids)
    new_owner = party("ann", payee_key="eve")
    credited(session, ids, sale(line(seller=new_owner), key="s2"))
    record_refund(session, refunded(4000), by=BY, ids=ids)

    assert (owed(session, "ann"), owed(session, "eve")) == (0, 480)
