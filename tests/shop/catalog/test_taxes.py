"""Tax classes and rates: added, changed and removed with a trace; orders keep what they had."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy.orm import Session

from shop.catalog import queries, taxes
from shop.kernel import audit, db
from shop.kernel.errors import Conflict, Invalid, NotFound
from tests.factories.catalog import BY, make_product, make_tax, make_variant
from tests.races import won

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def session() -> Iterator[Session]:
    with db.unit_of_work() as session:
        make_tax(session, {"": 1300})
        yield session


def add(session: Session, code: str, region: str, rate_bps: int, at: datetime) -> None:
    taxes.add_rate(session, code, region, rate_bps, by=BY, at=at)


def change(session: Session, region: str, rate_bps: int, at: datetime, *, seen: int) -> None:
    taxes.change_rate(session, "standard", region, rate_bps, seen_bps=seen, by=BY, at=at)


def last(session: Session) -> audit.AuditEntry:
    return audit.page(session, thing="tax_class").items[0]


class TestClasses:
    def test_a_class_is_made_named_anew_and_removed(self, session: Session, at: datetime) -> None:
        taxes.make_class(session, "food", {"zh": "农产品", "en": " "}, by=BY, at=at)
        add(session, "food", "", 900, at)
        taxes.rename_class(session, "food", {"en": "Farm goods"}, by=BY, at=at)
        assert taxes.classes(session)["food"] == {"en": "Farm goods"}

        taxes.remove_class(session, "food", by=BY, at=at)

        assert "food" not in taxes.classes(session)
        assert "food" not in taxes.rates(session)
        assert (last(session).action, last(session).before) == (
            "tax_class.removed",
            {"rates": {"": 900}},
        )

    @pytest.mark.parametrize(
        ("code", "name", "blamed"),
        [
            ("Food!", "Food", "code"),
            ("", "Food", "code"),
            ("standard", "Food", "code"),
            ("food", "", "name_zh"),
        ],
    )
    def test_what_makes_no_class_is_named(
        self, session: Session, code: str, name: str, blamed: str, at: datetime
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            taxes.make_class(session, code, {"en": name}, by=BY, at=at)

        assert list(refusal.value.fields) == [blamed]

    def test_a_class_with_products_stays_with_its_rates(
        self, session: Session, at: datetime
    ) -> None:
        make_tax(session, {"": 900}, code="food")
        make_product(session, tax_class="food")

        with pytest.raises(taxes.ClassInUse):
            taxes.remove_class(session, "food", by=BY, at=at)

        assert taxes.rates(session)["food"] == {"": 900}
        assert taxes.products_by_class(session) == {"food": 1}

    def test_the_standard_class_stays(self, session: Session, at: datetime) -> None:
        with pytest.raises(Conflict):
            taxes.remove_class(session, "standard", by=BY, at=at)

    def test_an_unknown_class_is_not_found(self, session: Session, at: datetime) -> None:
        with pytest.raises(NotFound):
            taxes.rename_class(session, "zz", {"en": "Z"}, by=BY, at=at)
        with pytest.raises(NotFound):
            taxes.remove_class(session, "zz", by=BY, at=at)
        with pytest.raises(NotFound):
            add(session, "zz", "", 1, at)


class TestRates:
    def test_a_region_gets_a_rate_of_its_own(self, session: Session, at: datetime) -> None:
        variant = make_variant(session)
        add(session, "standard", "65", 650, at)

        assert rate_at(session, variant, "650100", at) == 650
        assert rate_at(session, variant, "330100", at) == 1300
        assert last(session).after == {"region": "65", "rate_bps": 650}

    def test_a_rate_is_changed_and_both_figures_are_kept(
        self, session: Session, at: datetime
    ) -> None:
        change(session, "", 0, at, seen=1300)

        assert taxes.rates(session)["standard"] == {"": 0}
        entry = last(session)
        assert entry.before == {"region": "", "rate_bps": 1300}
        assert entry.after == {"region": "", "rate_bps": 0}

    def test_whoever_looked_at_an_old_rate_is_told(self, session: Session, at: datetime) -> None:
        change(session, "", 900, at, seen=1300)

        with pytest.raises(Conflict):
            change(session, "", 600, at, seen=1300)
        change(session, "", 900, at, seen=1300)  # what stands there already is no conflict

    def test_without_its_rate_a_region_has_the_wider_ones(
        self, session: Session, at: datetime
    ) -> None:
        variant = make_variant(session)
        for region, rate in (("65", 650), ("6501", 100)):
            add(session, "standard", region, rate, at)
        taxes.remove_rate(session, "standard", "6501", by=BY, at=at)

        assert rate_at(session, variant, "650100", at) == 650
        assert last(session).before == {"region": "6501", "rate_bps": 100}
        with pytest.raises(NotFound):
            taxes.remove_rate(session, "standard", "6501", by=BY, at=at)

    @pytest.mark.parametrize(
        ("region", "rate_bps", "blamed"),
        [
            ("", 900, "region"),
            ("xj", 900, "region"),
            ("6" * 13, 900, "region"),
            ("65", 10_001, "percent"),
            ("65", -1, "percent"),
        ],
    )
    def test_what_makes_no_rate_is_named(
        self, session: Session, region: str, rate_bps: int, blamed: str, at: datetime
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            add(session, "standard", region, rate_bps, at)

        assert list(refusal.value.fields) == [blamed]

    def test_all_and_nothing_are_rates(self, session: Session, at: datetime) -> None:
        add(session, "standard", "65", 10_000, at)
        add(session, "standard", "54", 0, at)

        assert taxes.rates(session)["standard"] == {"": 1300, "54": 0, "65": 10_000}


def test_of_two_who_change_a_rate_at_once_one_is_told(at: datetime) -> None:
    """The figure that was seen, taken out of the condition, let both through."""
    with db.unit_of_work() as session:
        make_tax(session, {"": 1300})

    def write(rate_bps: int) -> None:
        with db.unit_of_work() as session:
            change(session, "", rate_bps, at, seen=1300)

    assert sum(won([partial(write, rate) for rate in (900, 600)], refusal=Conflict)) == 1


def rate_at(session: Session, variant: int, region: str, at: datetime) -> int:
    found = queries.variants_for_cart(session, [variant], currency="CNY", at=at, region=region)
    return found[variant].rate_bps
