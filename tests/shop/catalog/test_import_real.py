"""Real catalogs come in whole, and a large made one within a minute, twice."""

import csv
import io
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from shop import search
from shop.catalog import categories, media, queries
from shop.catalog.events import ProductsChanged
from shop.catalog.models import Media, Product, StockLevel, Variant
from shop.catalog.stock_check import check
from shop.kernel import db, events, jobs
from tests.converters import adventureworks, spree
from tests.shop.catalog.importing import codes, exported, products, take

pytestmark = pytest.mark.usefixtures("database", "worker")


@pytest.fixture
def worker() -> Iterator[None]:
    jobs.bind(
        {"catalog.fetch_media": jobs.Job(media.fetch, calls_outside=True)},
        hand_over=lambda _row_id: None,
    )
    events.bind({ProductsChanged: [search.refresh]})
    yield
    events.bind({})
    jobs.bind({}, hand_over=lambda _row_id: None)


def count(of: type) -> int:
    with db.reading() as session:
        return session.scalars(select(func.count()).select_from(of)).one()


@pytest.mark.shared
def test_the_spree_catalog_comes_in_whole(shared: Path, at: datetime) -> None:
    text = spree.convert(shared / "spree" / "products.csv", currency="USD")

    report = take(text, at, language="en")

    assert codes(report) == []
    assert Counter(row.status for row in report) == {"created": 37}
    assert (count(Product), count(Variant), count(StockLevel)) == (37, 87, 87)
    machine = products()["automatic-espresso-machine"]
    assert machine.title == {"en": "Automatic Espresso Machine"}
    assert machine.extra["custom.wattage"] == "1400W"
    assert [row.option_values for row in machine.variants] == [
        [{"en": "Matte Black"}], [{"en": "Silver"}], [{"en": "White"}],
    ]  # fmt: skip
    assert {row.amount for row in machine.variants} == {87999}
    assert machine.variants[0].weight_grams == 8981
    with db.reading() as session:
        tree = categories.categories(session)
        path = [row.name["en"] for row in tree.path_to(machine.category_id)]
        assert len(search.find(session, "espresso", at=at).items) >= 2
        assert check(session) == []
    assert path == ["Kitchen", "Coffee Machines"]
    again = take(text, at + timedelta(days=1), language="en")
    assert Counter(row.status for row in again) == {"unchanged": 37}


@pytest.mark.shared
def test_the_bilingual_adventureworks_catalog_comes_in_whole(shared: Path, at: datetime) -> None:
    text = adventureworks.convert(shared / "adventureworks")

    report = take(text, at)

    assert codes(report) == []
    assert Counter(row.status for row in report) == {"created": 119}
    assert count(Variant) == 295
    frame = products()["hl-mountain-frame"]
    assert frame.option_names == [{"en": "Color"}, {"en": "Size"}]
    assert set(frame.body) == {"zh", "en"}
    with db.reading() as session:
        tree = categories.categories(session)
        bikes = tree.by_slug("bikes")
        assert bikes is not None
        ids = tree.ids_under(bikes.id)
        listed = queries.cards(session, at=at, category_ids=ids, limit=100).items
        # One- and two-character words of the Chinese descriptions find their products.
        assert search.find(session, "车", at=at).items
        assert search.find(session, "轮胎", at=at).items
    assert {"mountain-100", "road-150"} <= {card.slug for card in listed} | set(products())
    again = take(text, at + timedelta(days=1))
    assert Counter(row.status for row in again) == {"unchanged": 119}
    assert Counter(row.status for row in take(exported(), at)) == {"unchanged": 119}


HEADERS = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Tags", "Published",
    "Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value", "Variant SKU",
    "Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty",
    "Variant Inventory Policy", "Variant Price", "Variant Barcode", "Image Src",
    "Image Position", "SEO Title", "Cost per item", "Status",
)  # fmt: skip


def made(count: int) -> bytes:
    """An export of a large shop: variants on several rows, HTML bodies, quoted line breaks."""
    chance = random.Random(1)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADERS)
    rows = number = 0
    while rows < count:
        number += 1
        body = (
            f'<h2>山野 "{number}"</h2>\n<p>第一行,\n第二行 <b>bold</b></p>\n<ul><li>one</li>\n'
            f"<li>two</li></ul><p>{'红茶绿茶蜂蜜 good food ' * 20}</p>"
        )
        for place in range(min(chance.randint(1, 6), count - rows)):
            first = [f"产品 {number}", body, "山野", f"食品 > 第{number % 30}类", "a, b, c", "TRUE"]
            writer.writerow(
                [
                    f"product-{number}", *(first if place == 0 else [""] * 6),
                    "尺寸" if place == 0 else "", f"S{place}", "颜色" if place == 0 else "",
                    f"C{place % 2}", f"SKU-{number}-{place}", "100", "shopify",
                    chance.randint(0, 50), "deny", "12.50", f"690{number}{place}",
                    f"https://pictures.example/{number}-{place}.jpg", place + 1,
                    f"产品 {number}" if place == 0 else "", "3.20", "active" if place == 0 else "",
                ]
            )  # fmt: skip
            rows += 1
    return out.getvalue().encode()


def test_five_thousand_rows_come_in_within_a_minute_and_a_second_time_change_nothing(
    at: datetime,
) -> None:
    def state() -> list[object]:
        with db.reading() as session:
            return [
                session.execute(
                    select(Product.id, Product.version, Product.updated_at).order_by(Product.id)
                ).all(),
                session.execute(
                    select(StockLevel.id, StockLevel.on_hand).order_by(StockLevel.id)
                ).all(),
            ]

    content = made(5000)
    begun = time.monotonic()
    report = take(content, at)
    taken = time.monotonic() - begun
    assert codes(report) == []
    assert {row.status for row in report} == {"created"}
    assert (count(Variant), count(Media)) == (5000, 5000)
    before = state()

    again = take(content, at + timedelta(days=1))

    assert {row.status for row in again} == {"unchanged"}
    assert state() == before
    # Seconds on any machine; the promise leaves room for a slow one.
    assert taken < 60
