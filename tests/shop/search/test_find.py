"""F4: one- and two-character Chinese words are found, on both databases alike."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from shop import search
from shop.catalog import edit, stored
from shop.catalog.drafts import ProductDraft, VariantDraft
from shop.catalog.events import ProductsChanged
from shop.kernel import db, events
from tests.conftest import Database
from tests.counting import counted
from tests.factories.catalog import BY, make_product, make_tax

pytestmark = pytest.mark.usefixtures("database")

TITLES = {
    "black-tea": {"zh": "武夷山红茶", "en": "Black tea"},
    "big-robe": {"zh": "大红袍岩茶 250克", "en": "Big Red Robe"},
    "green-tea": {"zh": "有机绿茶", "en": "Organic green tea"},
    "case": {"zh": "iPhone手机壳", "en": "Phone case"},
    "coffee": {"zh": "咖啡", "en": "Café crème"},
    "jar": {"zh": "ＡＢＣ蜂蜜", "en": "Honey, 500g jar"},
}


@pytest.fixture(autouse=True)
def wired() -> Iterator[None]:
    events.bind({ProductsChanged: [search.refresh]})
    yield
    events.bind({})


def make(session: Session, at: datetime, slug: str, **values: Any) -> int:
    make_tax(session)
    draft = ProductDraft(
        slug=slug, status="active", published_at=at,
        **{"variants": [VariantDraft(amount=1)], **values},
    )  # fmt: skip
    return edit.create(session, draft, currency="CNY", by=BY, at=at)


@pytest.fixture
def shelf(database: Database, at: datetime) -> dict[int, str]:
    """Some products by id."""
    with db.unit_of_work() as session:
        return {make(session, at, slug, title=title): slug for slug, title in TITLES.items()}


def found(shelf: dict[int, str], query: str, at: datetime) -> set[str]:
    with db.reading() as session:
        return {shelf[id] for id in search.find(session, query, at=at).items}


ASKED: dict[str, set[str]] = {
    "红茶": {"black-tea"},
    "手机": {"case"},
    "茶": {"black-tea", "big-robe", "green-tea"},
    "大红袍": {"big-robe"},
    "iPhone手机壳": {"case"},
    "iphone 手机": {"case"},
    "有机绿茶": {"green-tea"},
    "茶绿": set(),
    "绿红": set(),
    "tea": {"black-tea", "green-tea"},
    "GREEN TEA": {"green-tea"},
    "tea green": {"green-tea"},
    "gre": {"green-tea"},
    "cafe": {"coffee"},
    "CRÈME": {"coffee"},
    "abc": {"jar"},
    "ａｂｃ蜂": {"jar"},
    "500g": {"jar"},
    "250": {"big-robe"},
    "袍岩": {"big-robe"},
    "茶 250": {"big-robe"},
    "nothing": set(),
}

DANGEROUS = (
    "", " ", '"', "'", "'' OR 1=1 --", "NEAR(", "a AND", "title:", "*", "-tea", "tea*",
    "(", ")", ":*", "& |", "!", "<->", "\\", "\0", "😀", "%", "_", "x" * 5000,
    "tea' | 'x", "手\ufeff机", "\ue000",
)  # fmt: skip


def test_f4_what_people_type_is_found(shelf: dict[int, str], at: datetime) -> None:
    assert {query: found(shelf, query, at) for query in ASKED} == ASKED


def test_dangerous_input_is_harmless(shelf: dict[int, str], at: datetime) -> None:
    for query in DANGEROUS:
        assert found(shelf, query, at) <= set(TITLES)


def test_a_phrase_never_reaches_from_one_text_into_the_next(
    shelf: dict[int, str], at: datetime
) -> None:
    assert found(shelf, "tea武", at) == set()
    assert found(shelf, "茶black", at) == set()


def test_titles_come_before_mentions(database: Database, at: datetime) -> None:
    with db.unit_of_work() as session:
        mention = make(session, at, "bread", title={"zh": "面包"}, body={"zh": "<p>配蜂蜜很好</p>"})
        honey = make(session, at, "honey", title={"zh": "蜂蜜"})
        assert search.find(session, "蜂蜜", at=at).items == [honey, mention]


def test_a_sku_is_found(database: Database, at: datetime) -> None:
    with db.unit_of_work() as session:
        product = make(
            session, at, "honey", title={"zh": "蜂蜜"},
            variants=[VariantDraft(sku="H-0042/B", amount=1)],
        )  # fmt: skip
        for query in ("H-0042/B", "h-0042", "0042"):
            assert search.find(session, query, at=at).items == [product]


def test_html_is_not_text(database: Database, at: datetime) -> None:
    with db.unit_of_work() as session:
        make(session, at, "a", title={"en": "A"}, body={"en": "<strong>Fresh</strong> &amp; good"})
        assert search.find(session, "strong", at=at).items == []
        assert len(search.find(session, "fresh", at=at).items) == 1


def test_a_change_shows_at_once_and_a_withdrawn_product_is_gone(
    database: Database, at: datetime
) -> None:
    with db.unit_of_work() as session:
        product = make(session, at, "honey", title={"zh": "蜂蜜"})
        draft = stored.draft_of(session, product, currency="CNY")
        draft.title = {"zh": "蜂王浆"}
        edit.change(session, draft, currency="CNY", by=BY, at=at)

        assert search.find(session, "蜂蜜", at=at).items == []
        assert search.find(session, "王浆", at=at).items == [product]

        edit.archive(session, product, currency="CNY", by=BY, at=at)
        assert search.find(session, "王浆", at=at).items == []
        assert search.find(session, "王浆", at=None).items == [product]


def test_what_is_not_published_yet_is_not_found(database: Database, at: datetime) -> None:
    with db.unit_of_work() as session:
        make(session, at + timedelta(days=1), "honey", title={"zh": "蜂蜜"})
        assert search.find(session, "蜂蜜", at=at).items == []
        assert len(search.find(session, "蜂蜜", at=at + timedelta(days=2)).items) == 1


def test_an_undone_change_leaves_the_index_as_it_was(database: Database, at: datetime) -> None:
    def change_and_fail() -> None:
        with db.unit_of_work() as session:
            make(session, at, "honey", title={"zh": "蜂蜜"})
            raise LookupError

    with pytest.raises(LookupError):
        change_and_fail()
    with db.reading() as session:
        assert search.find(session, "蜂蜜", at=at).items == []


def test_results_come_in_pages(database: Database, at: datetime) -> None:
    with db.unit_of_work() as session:
        made = [make(session, at, f"p{n}", title={"zh": "蜂蜜"}) for n in range(5)]
        first = search.find(session, "蜂蜜", at=at, limit=3)
        second = search.find(session, "蜂蜜", at=at, limit=3, after=first.next_key)
        assert [*first.items, *second.items] == made[::-1]
        assert second.next_key == ""
        assert search.find(session, "蜂蜜", at=at, after="9999").items == []


def test_a_search_is_one_statement(shelf: dict[int, str], at: datetime, database: Database) -> None:
    with db.reading() as session, counted(database.engine) as sent:
        search.find(session, "红茶 tea", at=at)
    assert len(sent) == 1


def test_the_index_can_be_made_anew(database: Database, at: datetime) -> None:
    with db.unit_of_work() as session:
        product = make_product(session, "honey", title={"zh": "蜂蜜"})
        assert search.find(session, "蜂蜜", at=at).items == []
        assert search.rebuild(session) == 1
        assert search.find(session, "蜂蜜", at=at).items == [product]


def test_over_dense_chinese_text_every_hit_is_a_substring_and_none_is_missed(
    database: Database, at: datetime
) -> None:
    chance = random.Random(7)
    letters = "红绿茶山野蜂"
    texts = ["".join(chance.choices(letters, k=30)) for _ in range(60)]
    with db.unit_of_work() as session:
        made = {
            make_product(session, f"p{n}", title={"zh": text}): text for n, text in enumerate(texts)
        }
        search.rebuild(session)
        for _ in range(120):
            query = "".join(chance.choices(letters, k=chance.randrange(1, 5)))
            hits = set(search.find(session, query, at=at, limit=100).items)
            assert hits == {id for id, text in made.items() if query in text}
