"""Amounts on their way to Stripe and back, for currencies without and with cents (D4)."""

from pathlib import Path

import pytest
from sqlalchemy import select

from commissions.arithmetic import EXPONENTS
from shop.catalog import edit
from shop.catalog.drafts import ProductDraft, VariantDraft
from shop.catalog.models import ProductStatus, Variant
from shop.kernel import brand as brands
from shop.kernel import clock, db
from shop.kernel.money import format_money, parse_money
from tests.conftest import Clock, Database
from tests.installation import install
from tests.world import World


@pytest.mark.parametrize(
    ("currency", "typed", "amount", "shown"),
    [("JPY", "500", 500, "¥500"), ("KRW", "5000", 5000, "₩5,000"), ("CNY", "5.00", 500, "CN¥5.00")],
)
def test_stripe_is_asked_for_what_the_buyer_reads(
    database: Database,
    tmp_path: Path,
    business_clock: Clock,
    currency: str,
    typed: str,
    amount: int,
    shown: str,
) -> None:
    """¥500 is 500 at Stripe, never 50,000: the minor unit comes from the currency's exponent."""
    world, at = World(install(database.urls, tmp_path)), clock.now()
    with db.unit_of_work() as session:
        brands.change(session, {"currency": currency}, by="test", at=at)
        product = edit.create(
            session,
            ProductDraft(
                slug="card",
                title={"en": "Card"},
                status=ProductStatus.ACTIVE,
                published_at=at,
                variants=[
                    VariantDraft(
                        sku="CARD",
                        amount=parse_money(typed, currency, field="price"),
                        track_inventory=False,
                    )
                ],
            ),
            currency=currency,
            by="test",
            at=at,
        )
        world.variants["card"] = session.scalars(
            select(Variant.id).where(Variant.product_id == product)
        ).one()
    buyer = world.browser()
    world.add(buyer, "card")

    page = buyer.get("/en/checkout").get_data(as_text=True)
    world.check_out(buyer)

    sandbox = world.installation.sandbox
    with sandbox.transaction():
        asked = sandbox.need("checkout.session", world.session_of(world.order().id))
    assert (asked["amount_total"], asked["currency"]) == (amount, currency.lower())
    assert shown in page


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_what_is_written_is_read_back(currency: str) -> None:
    """Every currency of the table: 0, 2 or 3 digits behind the point."""
    exponent = EXPONENTS[currency]
    for amount in (0, 1, 10**exponent, 123_456_789):
        whole, part = divmod(amount, 10**exponent)
        text = f"{whole}.{part:0{exponent}d}" if exponent else str(whole)
        assert parse_money(text, currency, field="amount") == amount
        digits = [one for one in format_money(amount, currency) if one.isdigit()]
        assert "".join(digits).lstrip("0") == str(amount).lstrip("0")
