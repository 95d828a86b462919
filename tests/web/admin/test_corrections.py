"""Entries by hand and debts at the desk: one asks, a second agrees, the point reads why."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from commissions import queries
from commissions.models import Case, Entry
from commissions.queries import Debt
from shop.kernel import clock, db
from shop.rewards import keys
from tests.conftest import Clock
from tests.journeys.test_paying_out import (
    anna_has_an_account,
    delivered,
    pay_everything,
    proven,
    refund_one,
)
from tests.web.admin.test_finance_pages import act, consent, page
from tests.world import World


@pytest.fixture
def world(world: World, business_clock: Clock) -> World:
    """Anna is paid by Connect."""
    anna_has_an_account(world)
    return world


def form(**fields: Any) -> dict[str, Any]:
    return {
        "point": "Bo's shop",
        "way": "give",
        "amount": "12.34",
        "reason": "tracking_error",
        "note": "The link was printed wrong.",
        "order": "",
        **fields,
    }


def cases() -> list[Case]:
    with db.reading() as session:
        return list(session.scalars(select(Case).order_by(Case.id)))


def debts() -> list[Debt]:
    with db.reading() as session:
        return queries.debts(session, at=clock.now())


class TestCorrections:
    def test_one_asks_a_second_agrees_and_the_point_reads_why(
        self, world: World, maker: FlaskClient, checker: FlaskClient
    ) -> None:
        act(maker, "commissions/manual", **form())
        assert cases() == []
        assert "The link was printed wrong." in page(checker, "commissions/manual")

        act(maker, f"consents/{consent().id}", 403, answer="agree")
        act(checker, f"consents/{consent().id}", answer="agree")

        (case,) = cases()
        assert (case.amount, case.reason) == (1234, "tracking_error")
        assert "¥12.34" in page(maker, "commissions/manual")
        with db.reading() as session:
            entry_id = session.scalars(select(Entry.id).where(Entry.case_id == case.id)).one()
        assert "printed wrong" in page(maker, f"commissions/{entry_id}")
        bo = world.signed_in("bo")
        assert "printed wrong" in bo.get(f"/desk/earnings/{entry_id}").text
        assert "12.34" in bo.get("/desk/earnings").text
        assert proven()

    def test_what_was_wrong_is_undone_once(self, maker: FlaskClient, checker: FlaskClient) -> None:
        act(maker, "commissions/manual", **form(way="take"))
        act(checker, f"consents/{consent().id}", answer="agree")
        (case,) = cases()

        act(checker, f"commissions/manual/{case.id}/undo", note="It was right.")
        act(checker, f"commissions/manual/{case.id}/undo", 409, note="It was right.")
        act(maker, f"consents/{consent().id}", answer="agree")

        assert [one.amount for one in cases()] == [-1234, 1234]
        assert "Undone" in page(maker, "commissions/manual")
        assert proven()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("point", "nobody"),
            ("amount", "x"),
            ("amount", "-1"),
            ("amount", "9" * 30),
            ("note", " "),
            ("order", "NONE"),
        ],
    )
    def test_a_bad_field_is_named_and_nothing_is_lost(
        self, maker: FlaskClient, field: str, value: str
    ) -> None:
        answer = act(maker, "commissions/manual", 422, **form(**{field: value}))

        assert f'id="new-{field}"' in answer
        assert "field__error" in answer
        if field != "point":
            assert "Bo&#39;s shop" in answer


class TestDebts:
    @pytest.fixture
    def owing(self, world: World, business_clock: Clock) -> Debt:
        """Anna was paid for three jars, and one went back."""
        order = delivered(world, "honey", "anna-shop", quantity=3)
        business_clock.forward(days=8)
        pay_everything(world)
        refund_one(order)
        (debt,) = debts()
        business_clock.forward(days=30)
        return debt

    def path(self, debt: Debt) -> str:
        return f"commissions/debts/{keys.number(debt.payee_key)}/{debt.currency}"

    def test_it_is_invoiced_brought_back_in_part_and_given_up(
        self, owing: Debt, maker: FlaskClient, checker: FlaskClient
    ) -> None:
        assert "for 30 days" in page(maker, "commissions/debts")
        act(maker, self.path(owing), answer="invoice", note="No. 7")
        assert "Invoiced on" in page(maker, "commissions/debts")

        act(maker, self.path(owing), answer="repayment", amount="1.00", note="By bank.")
        act(checker, f"consents/{consent().id}", answer="agree")
        assert [debt.amount for debt in debts()] == [owing.amount - 100]

        rest = f"{(owing.amount - 100) / 100:.2f}"
        act(maker, self.path(owing), 422, answer="write_off", amount="9999", note="Moved.")
        act(maker, self.path(owing), answer="write_off", amount=rest, note="Moved away.")
        act(checker, f"consents/{consent().id}", answer="agree")

        assert debts() == []
        assert "Nobody owes anything" in page(maker, "commissions/debts")
        assert proven()

    def test_what_fits_no_more_stays_undone(
        self, owing: Debt, maker: FlaskClient, checker: FlaskClient
    ) -> None:
        whole = f"{owing.amount / 100:.2f}"
        act(maker, self.path(owing), answer="write_off", amount=whole, note="Moved away.")
        first = consent().id
        act(maker, self.path(owing), answer="repayment", amount=whole, note="By bank.")
        act(checker, f"consents/{consent().id}", answer="agree")

        refused = act(checker, f"consents/{first}", 409, answer="agree")

        assert "It does not fit any more" in refused
        assert debts() == []
        assert proven()
