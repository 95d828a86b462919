"""Shipping rates as staff write them, and what an address then costs."""

from typing import Any

import pytest

from shop.catalog import taxes
from shop.fulfillment import queries, rate_book, rates
from shop.fulfillment.rate_book import Rate
from shop.fulfillment.rates import NotDelivered
from shop.kernel import clock
from shop.kernel.db import reading, unit_of_work
from shop.kernel.errors import Invalid, NotFound
from tests.installation import Installation


def write(rate_id: int | None = None, **values: Any) -> int:
    rate = Rate(**{"region": "", "name": {"en": "Parcel"}, "amount": 800, **values})
    with unit_of_work() as session:
        return rate_book.write(session, rate, by="account:1", at=clock.now(), rate_id=rate_id)


def cost(code: str, goods: int = 1000) -> int:
    return rates.quote(division_code=code, goods_amount=goods).amount


def test_the_longest_matching_region_holds(shop: Installation) -> None:
    write()
    write(region="65", amount=2500)
    write(region="6501", amount=1800)

    assert [cost(code) for code in ("330106", "652801", "650102")] == [800, 2500, 1800]


def test_from_an_amount_on_it_is_free(shop: Installation) -> None:
    write(free_over_amount=9900)

    assert [cost("33", goods) for goods in (9899, 9900)] == [800, 0]


def test_a_region_may_be_left_out(shop: Installation) -> None:
    write()
    write(region="71", amount=None)

    with pytest.raises(NotDelivered):
        cost("710000")


def test_a_rate_that_is_off_does_not_hold(shop: Installation) -> None:
    write()
    rate_id = write(region="65", amount=2500)
    write(rate_id, region="65", amount=2500, active=False)

    assert cost("650102") == 800


def test_a_region_has_one_rate(shop: Installation) -> None:
    write(region="65")

    with pytest.raises(Invalid) as refused:
        write(region="65")

    assert "region" in refused.value.fields
    with reading() as session:
        assert len(queries.rates(session)) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"region": "Xinjiang"}, "region"),
        ({"name": {}}, "name_zh"),
        ({"amount": -1}, "amount"),
        ({"free_over_amount": -1}, "free_over"),
        ({"days_min": 5, "days_max": 4}, "days_max"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    shop: Installation, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        write(**values)

    assert field in refused.value.fields


def test_an_unknown_rate_is_not_found(shop: Installation) -> None:
    with pytest.raises(NotFound):
        write(12)


def test_another_tax_on_shipping_holds_from_the_next_quote_on(shop: Installation) -> None:
    write()
    with unit_of_work() as session:
        taxes.add_rate(session, "standard", "", 1300, by="account:1", at=clock.now())
    assert rates.quote(division_code="33", goods_amount=1).rate_bps == 1300

    with unit_of_work() as session:
        taxes.change_rate(
            session, "standard", "", 900, seen_bps=1300, by="account:1", at=clock.now()
        )

    assert rates.quote(division_code="33", goods_amount=1).rate_bps == 900


def test_a_tax_class_that_a_rate_is_of_stays(shop: Installation) -> None:
    with unit_of_work() as session:
        taxes.make_class(session, "parcels", {"en": "Parcels"}, by="account:1", at=clock.now())
    write(tax_class="parcels")

    with pytest.raises(taxes.ClassInUse), unit_of_work() as session:
        taxes.remove_class(session, "parcels", by="account:1", at=clock.now())

    with reading() as session:
        assert "parcels" in taxes.classes(session)
