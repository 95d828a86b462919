"""Product files come in: both dialects, what cells mean, what is reported, what stays untouched."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from shop.catalog import categories, import_report, importer, media, stock
from shop.catalog.csv_problems import sentence
from shop.catalog.csv_read import BadFile
from shop.catalog.models import ImportJob, Media, Price, Product, StockLevel, StockMovement, Variant
from shop.catalog.stock import Demand
from shop.catalog.stock_check import check
from shop.kernel import db, files, jobs
from tests.shop.catalog.importing import codes, exported, last_job, products, sheet, take

pytestmark = pytest.mark.usefixtures("database", "worker")


@pytest.fixture
def worker() -> Iterator[None]:
    jobs.bind(
        {
            "catalog.fetch_media": jobs.Job(media.fetch, calls_outside=True),
            "catalog.import": jobs.Job(importer.work, calls_outside=True),
        },
        hand_over=lambda _row_id: None,
    )
    yield
    jobs.bind({}, hand_over=lambda _row_id: None)


CLASSIC = [
    {
        "Handle": "honey", "Title": "野蜂蜜", "Body (HTML)": "<p>好</p><script>x</script>",
        "Vendor": "山野", "Type": "Food", "Tags": "organic, gift ,organic", "Published": "TRUE",
        "Option1 Name": "Size", "Option1 Value": "S", "Variant SKU": "007",
        "Variant Grams": "500", "Variant Inventory Tracker": "shopify",
        "Variant Inventory Qty": "5", "Variant Inventory Policy": "deny",
        "Variant Fulfillment Service": "manual", "Variant Price": "42.00",
        "Variant Compare At Price": "50", "Variant Requires Shipping": "true",
        "Variant Taxable": "TRUE", "Variant Barcode": "690", "Cost per item": "20.5",
        "Image Src": "https://pics.example/a.jpg", "Image Alt Text": "一瓶",
        "Google Shopping / MPN": "M-1", "Status": "active", "Variant Weight Unit": "g",
        "Product Category": "食品 > 蜂蜜",
    },
    {
        "Handle": "honey", "Option1 Value": "L", "Variant SKU": "008", "Variant Price": "79",
        "Variant Inventory Policy": "continue", "Variant Inventory Tracker": "shopify",
        "Variant Grams": "1000", "Variant Image": "https://pics.example/b.jpg",
    },
    {"Handle": "honey", "Image Src": "https://pics.example/b.jpg"},
]  # fmt: skip

CURRENT = [
    {
        "Title": "野蜂蜜", "URL handle": "honey", "Description": "<p>好</p>", "Vendor": "山野",
        "Product category": "食品 > 蜂蜜", "Type": "Food", "Tags": "organic, gift",
        "Published on online store": "TRUE", "Status": "Active", "SKU": "007", "Barcode": "690",
        "Option1 name": "Size", "Option1 value": "S", "Price": "42.00",
        "Compare-at price": "50.00", "Cost per item": "20.50", "Charge tax": "TRUE",
        "Inventory tracker": "shopify", "Inventory quantity": "5",
        "Continue selling when out of stock": "DENY", "Weight value (grams)": "500",
        "Weight unit for display": "g", "Requires shipping": "TRUE",
        "Fulfillment service": "manual", "Product image URL": "https://pics.example/a.jpg",
        "Image alt text": "一瓶",
        "Google Shopping / Manufacturer part number (MPN)": "M-1",
    },
    {
        "URL handle": "honey", "SKU": "008", "Option1 value": "L", "Price": "79.00",
        "Continue selling when out of stock": "CONTINUE", "Inventory tracker": "shopify",
        "Weight value (grams)": "1000", "Product image URL": "https://pics.example/b.jpg",
        "Variant image URL": "https://pics.example/b.jpg",
    },
]  # fmt: skip


class TestDialects:
    def test_the_classic_dialect_comes_in_with_every_field(self, at: datetime) -> None:
        (row,) = take(sheet(CLASSIC), at)

        assert (row.status, row.line, row.problems) == ("created", 2, [])
        assert last_job().report["dialect"] == "A"
        honey = products()["honey"]
        small, large = honey.variants
        assert honey.title == {"zh": "野蜂蜜"}
        assert honey.body == {"zh": "<p>好</p>"}
        assert (honey.vendor, honey.product_type) == ("山野", "Food")
        assert honey.tags == ["organic", "gift"]
        assert (honey.status, honey.published_at) == ("active", honey.published_at)
        assert honey.option_names == [{"zh": "Size"}]
        assert honey.extra == {"feed.mpn": "M-1"}
        assert (small.sku, small.barcode, small.weight_grams) == ("007", "690", 500)
        assert (small.amount, small.compare_at_amount, small.cost_amount) == (4200, 5000, 2050)
        assert (small.track_inventory, small.backorderable, small.taxable) == (True, False, True)
        assert small.extra == {
            "tracker": "shopify", "weight_unit": "g", "fulfillment_service": "manual",
        }  # fmt: skip
        assert (large.sku, large.amount, large.backorderable) == ("008", 7900, True)

    def test_both_dialects_make_the_same_product(self, at: datetime) -> None:
        take(sheet(CLASSIC), at)
        (row,) = take(sheet(CURRENT), at + timedelta(hours=1))

        assert last_job().report["dialect"] == "B"
        assert row.status == "unchanged"

    def test_a_category_path_makes_the_tree(self, at: datetime) -> None:
        take(sheet(CLASSIC), at)
        with db.reading() as session:
            tree = categories.categories(session)
            path = tree.path_to(products()["honey"].category_id)
        assert [row.name for row in path] == [{"zh": "食品"}, {"zh": "蜂蜜"}]

    def test_stock_of_a_new_product_arrives_with_a_movement(self, at: datetime) -> None:
        take(sheet(CLASSIC), at)
        with db.reading() as session:
            assert session.scalars(select(StockLevel.on_hand)).all() == [5]
            assert session.scalar(select(StockMovement.kind)) == "receive"
            assert check(session) == []
            assert session.scalar(select(Product.sellable)) is True

    def test_pictures_wait_for_a_job_and_a_variant_keeps_its_own(self, at: datetime) -> None:
        take(sheet(CLASSIC), at)
        with db.reading() as session:
            rows = session.execute(
                select(Media.id, Media.source_url, Media.status, Media.alt).order_by(Media.position)
            ).all()
        assert [(row[1], row[2]) for row in rows] == [
            ("https://pics.example/a.jpg", "waiting"),
            ("https://pics.example/b.jpg", "waiting"),
        ]
        assert rows[0][3] == {"zh": "一瓶"}
        assert products()["honey"].variants[1].media_id == rows[1][0]

    def test_headers_are_matched_without_case_and_spaces(self, at: datetime) -> None:
        rows = [{"urlHANDLE": "honey", " TITLE ": "Honey", "compare-AT Price": "3", "PRICE": "2"}]
        take(sheet(rows), at)
        (one,) = products()["honey"].variants
        assert (one.amount, one.compare_at_amount) == (200, 300)

    def test_second_language_columns_are_ours(self, at: datetime) -> None:
        rows = [
            {
                "URL handle": "honey", "Title": "蜂蜜", "Title (en)": "Honey",
                "Description": "<p>好</p>", "Body (en)": "<p>Good</p>", "Summary (en)": "Sweet",
                "Option1 name": "规格", "Option1 name (en)": "Size", "Option1 value": "小",
                "Option1 value (en)": "Small", "Product category": "食品",
                "Product category (en)": "Food", "SEO title (en)": "Honey here", "Price": "1",
            }
        ]  # fmt: skip
        take(sheet(rows), at)
        honey = products()["honey"]
        assert honey.title == {"zh": "蜂蜜", "en": "Honey"}
        assert honey.body == {"zh": "<p>好</p>", "en": "<p>Good</p>"}
        assert honey.summary == {"en": "Sweet"}
        assert honey.option_names == [{"zh": "规格", "en": "Size"}]
        assert honey.variants[0].option_values == [{"zh": "小", "en": "Small"}]
        assert honey.seo == {"title": {"en": "Honey here"}}

    def test_a_file_may_be_written_in_english(self, at: datetime) -> None:
        take(sheet([{"Title": "Honey", "Price": "1"}]), at, language="en")
        assert products()["honey"].title == {"en": "Honey"}

    def test_columns_that_nobody_knows_are_kept_and_reported(self, at: datetime) -> None:
        rows = [
            {
                "Handle": "honey", "Title": "Honey", "Variant Price": "1", "Bee": "Apis",
                "Price / International": "9", "Floral (product.metafields.custom.flower)": "Linden",
            }
        ]  # fmt: skip
        take(sheet(rows), at)
        honey = products()["honey"]
        assert last_job().report["unknown_columns"] == ["Bee", "Price / International"]
        assert honey.extra == {"column.Bee": "Apis", "custom.flower": "Linden"}
        assert honey.variants[0].extra == {"market.Price / International": "9"}

    def test_rows_of_one_product_need_not_be_adjacent(self, at: datetime) -> None:
        tea = {"Handle": "tea", "Title": "Tea", "Variant Price": "1"}
        take(sheet([CLASSIC[0], tea, *CLASSIC[1:]]), at)
        assert len(products()["honey"].variants) == 2

    def test_a_product_without_options_has_one_plain_variant(self, at: datetime) -> None:
        row = {"Handle": "tea", "Title": "Tea", "Option1 Name": "Title",
               "Option1 Value": "Default Title", "Variant Price": "1"}  # fmt: skip
        take(sheet([row]), at)
        assert products()["tea"].option_names == []
        assert products()["tea"].variants[0].option_values == []

    def test_status_and_publication_follow_their_columns(self, at: datetime) -> None:
        cases: list[tuple[dict[str, str], str, bool]] = [
            ({}, "active", True),
            ({"Published": "FALSE"}, "draft", False),
            ({"Published": "", "Status": ""}, "active", True),
            ({"Published": "false", "Status": "ACTIVE"}, "active", False),
            ({"Status": "archived"}, "archived", True),
        ]
        for number, (cells, status, published) in enumerate(cases):
            row = {"Handle": f"p{number}", "Title": "Tea", "Variant Price": "1", **cells}
            take(sheet([row]), at)
            tea = products()[f"p{number}"]
            assert (tea.status, tea.published_at is not None) == (status, published), cells


class TestUpdate:
    def test_a_second_import_changes_nothing_at_all(self, at: datetime) -> None:
        def everything() -> list[object]:
            with db.reading() as session:
                return [
                    session.execute(select(table)).all()
                    for table in (
                        Product.__table__, Variant.__table__, Price.__table__, Media.__table__,
                        StockLevel.__table__, StockMovement.__table__,
                    )
                ]  # fmt: skip

        take(sheet(CLASSIC), at)
        before = everything()
        (row,) = take(sheet(CLASSIC), at + timedelta(days=1))

        assert row.status == "unchanged"
        assert everything() == before

    def test_live_stock_is_left_alone_unless_asked(self, at: datetime) -> None:
        def on_hand() -> int | None:
            with db.reading() as session:
                return session.scalar(select(StockLevel.on_hand))

        take(sheet(CLASSIC), at)
        changed = [{**CLASSIC[0], "Variant Inventory Qty": "9"}, *CLASSIC[1:]]

        (row,) = take(sheet(changed), at)
        assert (row.status, on_hand()) == ("unchanged", 5)
        (row,) = take(sheet(changed), at, update_stock=True)
        assert (row.status, on_hand()) == ("updated", 9)
        (row,) = take(sheet(changed), at, update_stock=True)
        assert row.status == "unchanged"

    def test_counted_stock_never_falls_below_what_is_promised(self, at: datetime) -> None:
        take(sheet(CLASSIC), at)
        variant = products()["honey"].variants[0].id or 0
        with db.unit_of_work() as session:
            stock.reserve(session, 71, [Demand(variant, 3)], expires_at=at, at=at, by="x")
        low = [{**CLASSIC[0], "Variant Inventory Qty": "2", "Title": "New"}, *CLASSIC[1:]]

        report = take(sheet(low), at, update_stock=True)

        assert codes(report) == [(2, "Variant Inventory Qty", "below_committed")]
        assert products()["honey"].title == {"zh": "野蜂蜜"}

    def test_a_blank_cell_keeps_what_is_there(self, at: datetime) -> None:
        take(sheet(CLASSIC), at)
        before = products()
        blank = [{**dict.fromkeys(CLASSIC[0], ""), "Handle": "honey"}]

        (row,) = take(sheet(blank), at)

        assert row.status == "unchanged"
        assert products() == before

    def test_a_blank_cell_clears_if_that_was_asked_for(self, at: datetime) -> None:
        take(sheet(CLASSIC), at)
        blank = [{**CLASSIC[0], "Vendor": "", "Tags": "", "Variant Compare At Price": ""}]

        take(sheet(blank), at, blank_clears=True)

        honey = products()["honey"]
        assert (honey.vendor, honey.tags) == ("", [])
        assert honey.variants[0].compare_at_amount is None
        assert honey.title == {"zh": "野蜂蜜"}

    def test_variants_are_found_by_options_or_by_sku(self, at: datetime) -> None:
        take(sheet(CLASSIC), at)
        rows = [
            {"Handle": "honey", "Option1 Value": "s", "Variant Price": "43"},
            {"Handle": "honey", "Variant SKU": "008", "Variant Price": "80"},
        ]
        take(sheet(rows), at)
        assert [row.amount for row in products()["honey"].variants] == [4300, 8000]

    def test_a_variant_that_is_new_joins_the_others(self, at: datetime) -> None:
        take(sheet(CLASSIC), at)
        rows = [{"Handle": "honey", "Option1 Value": "XL", "Variant SKU": "9", "Variant Price": "9",
                 "Variant Inventory Qty": "3"}]  # fmt: skip
        (row,) = take(sheet(rows), at)
        assert row.status == "updated"
        assert [one.sku for one in products()["honey"].variants] == ["007", "008", "9"]

    def test_two_languages_of_one_option_value_are_one_variant(self, at: datetime) -> None:
        one = {"Handle": "tea", "Title": "Tea", "Option1 Name": "Size",
               "Option1 Value": "Small", "Variant Price": "1"}  # fmt: skip
        take(sheet([one]), at, language="en")
        both = [{"Handle": "tea", "Option1 Name": "规格", "Option1 Name (en)": "Size",
                 "Option1 Value": "小", "Option1 Value (en)": "small"}]  # fmt: skip
        take(sheet(both), at)
        (variant,) = products()["tea"].variants
        assert variant.option_values == [{"zh": "小", "en": "small"}]


class TestProblems:
    CELLS = (
        ("Price", "4.205", "bad_amount"),
        ("Price", "abc", "bad_amount"),
        ("Price", "1,5", "bad_amount"),
        ("Price", "NaN", "bad_amount"),
        ("Price", "-1", "negative"),
        ("Price", "99999999999999999", "bad_amount"),
        ("Weight value (grams)", "heavy", "bad_number"),
        ("Inventory quantity", "1.5", "bad_number"),
        ("Inventory quantity", "1e30", "too_large"),
        ("Charge tax", "maybe", "bad_boolean"),
        ("Status", "sold", "bad_status"),
        ("Continue selling when out of stock", "sometimes", "bad_policy"),
        ("Gift card", "TRUE", "gift_card"),
        ("Product category", "a>b>c>d>e>f>g", "category_too_deep"),
        ("SKU", "x" * 121, "too_long"),
        ("Vendor", "a\0b", "nul"),
    )

    def test_a_cell_that_means_nothing_is_named_with_line_and_column(self, at: datetime) -> None:
        good = {"URL handle": "tea", "Title": "Tea", "Price": "1"}
        bad = [
            {"URL handle": f"bad-{n}", "Title": "Bad", "Price": "1", column: text}
            for n, (column, text, _code) in enumerate(self.CELLS)
        ]

        report = take(sheet([good, *bad]), at)

        assert [row.status for row in report] == ["created"] + ["failed"] * len(bad)
        expected = [(n, column, code) for n, (column, _text, code) in enumerate(self.CELLS, 3)]
        assert codes(report) == expected
        assert set(products()) == {"tea"}
        assert all(str(sentence(problem)) for row in report for problem in row.problems)

    def test_options_need_their_name_and_value(self, at: datetime) -> None:
        rows = [
            {"URL handle": "a", "Title": "A", "Option1 name": "", "Option1 value": "S"},
            {"URL handle": "b", "Title": "B", "Option1 name": "Size", "Option1 value": ""},
        ]
        report = take(sheet([{**row, "Price": "1"} for row in rows]), at)
        assert codes(report) == [
            (2, "Option1 name", "option_name_missing"),
            (3, "Option1 value", "option_value_missing"),
        ]

    def test_a_new_product_needs_a_title(self, at: datetime) -> None:
        report = take(sheet([{"Handle": "tea", "Title": "", "Variant Price": "1"}]), at)
        assert codes(report) == [(2, "Title", "title_missing")]

    def test_a_row_of_no_product_is_reported(self, at: datetime) -> None:
        report = take(sheet([{"Handle": "", "Title": "", "Variant Price": "1"}]), at)
        assert codes(report) == [(2, "", "handle_missing")]

    def test_one_bad_variant_keeps_the_whole_product_out(self, at: datetime) -> None:
        rows = [CLASSIC[0], {**CLASSIC[1], "Variant Price": "cheap"}]
        report = take(sheet(rows), at)
        assert codes(report) == [(3, "Variant Price", "bad_amount")]
        assert products() == {}

    def test_line_numbers_count_lines_inside_quotes(self, at: datetime) -> None:
        rows = [
            {"Handle": "tea", "Title": "Tea", "Body (HTML)": "<p>one\ntwo\n\nthree</p>",
             "Variant Price": "1"},
            {"Handle": "bad", "Title": "Bad", "Variant Price": "x"},
        ]  # fmt: skip
        assert codes(take(sheet(rows), at)) == [(6, "Variant Price", "bad_amount")]

    def test_a_sku_stands_once_in_the_file_and_once_in_the_shop(self, at: datetime) -> None:
        take(sheet(CLASSIC), at)
        rows = [
            {"Handle": "a", "Title": "A", "Variant SKU": "007", "Variant Price": "1"},
            {"Handle": "b", "Title": "B", "Variant SKU": "X", "Variant Price": "1"},
            {"Handle": "c", "Title": "C", "Variant SKU": "X", "Variant Price": "1"},
        ]
        report = take(sheet(rows), at)
        assert [row.status for row in report] == ["failed", "created", "failed"]
        assert codes(report) == [(2, "Variant SKU", "sku_taken"), (4, "Variant SKU", "sku_twice")]

    def test_two_rows_with_the_same_options_are_refused(self, at: datetime) -> None:
        rows = [CLASSIC[0], {**CLASSIC[1], "Option1 Value": "S", "Variant SKU": "9"}]
        assert codes(take(sheet(rows), at)) == [(3, "Option1 Value", "variant_twice")]

    def test_a_row_with_a_cell_too_many_is_refused(self, at: datetime) -> None:
        report = take("Handle,Title,Variant Price\ntea,Tea, green,1\n", at)
        assert (2, "", "too_many_cells") in codes(report)

    def test_a_quote_that_is_never_closed_stops_the_file_before_it_begins(
        self, at: datetime
    ) -> None:
        take('Handle,Title\ntea,Tea\nbad,"Bad\n', at)
        job = last_job()
        assert job.status == "failed"
        assert job.report["problem"]["line"] == 3
        assert products() == {}

    def test_what_is_no_product_file_is_refused_at_the_door(self, at: datetime) -> None:
        picture = b"\x89PNG\r\n\x1a\n\0\0"
        for content in (b"", b"\n\n", b"a,b\n1,2\n", "价格\n".encode("utf-16"), picture):
            with pytest.raises(BadFile) as refusal:
                take(content, at)
            assert refusal.value.field == "file"


class TestJob:
    def test_a_dry_run_tells_everything_and_changes_nothing(self, at: datetime) -> None:
        bad = {"Handle": "bad", "Title": "Bad", "Variant Price": "x"}
        report = take(sheet([*CLASSIC, bad]), at, dry_run=True)

        assert [row.status for row in report] == ["created", "failed"]
        assert products() == {}
        with db.reading() as session:
            assert categories.categories(session).rows == []
            assert session.scalar(select(func.count()).select_from(Media)) == 0

    def test_the_real_import_follows_its_dry_run_in_a_job(self, at: datetime) -> None:
        take(sheet(CLASSIC), at, dry_run=True)
        with db.unit_of_work() as session:
            importer.run_for_real(session, last_job().id, by="user:1", at=at)
        jobs.drain()

        assert last_job().status == "completed"
        assert set(products()) == {"honey"}

    def test_failed_products_are_taken_again_alone(self, at: datetime) -> None:
        rows = [
            CLASSIC[0],
            {"Handle": "tea", "Title": "Tea", "Variant SKU": "T", "Variant Price": "1"},
            {"Handle": "pot", "Title": "Pot", "Variant SKU": "P", "Variant Price": "x"},
        ]
        take(
            sheet([{"Handle": "other", "Title": "O", "Variant SKU": "T", "Variant Price": "1"}]), at
        )
        first = take(sheet(rows), at)
        assert [row.status for row in first] == ["created", "failed", "failed"]
        with db.unit_of_work() as session:
            session.execute(update(Variant).where(Variant.sku == "T").values(sku="T-old"))
            importer.retry(session, last_job().id, by="user:1", at=at)
        jobs.drain()

        job = last_job()
        assert (job.total_count, job.report["created"], job.report["failed"]) == (2, 1, 1)
        assert "tea" in products()

    def test_failed_rows_come_back_as_a_file_to_correct(self, at: datetime) -> None:
        rows = [{"Handle": "tea", "Title": "Tea", "Variant Price": "1"},
                {"Handle": "bad", "Title": "=Bad", "Variant Price": "x"}]  # fmt: skip
        take(sheet(rows), at)
        job = last_job()
        with db.reading() as session:
            table = importer.sheet_of(job)
            text = "".join(import_report.failed_rows(session, job.id, table))
        assert "tea" not in text
        assert "is no price" in text
        report = take(text.replace(",x,", ",2,"), at)
        assert [row.status for row in report] == ["created"]
        assert last_job().report["unknown_columns"] == []

    def test_a_killed_worker_goes_on_where_it_was(self, at: datetime) -> None:
        rows = [{"Handle": f"p{n}", "Title": f"P{n}", "Variant Price": "1"} for n in range(1000)]
        with db.unit_of_work() as session:
            job_id = importer.start(
                session, sheet(rows).encode(), "p.csv", importer.Options(), dry_run=False,
                by="user:1", at=at,
            )  # fmt: skip
        steps = importer.progress(job_id)
        assert [next(steps), next(steps)] == [(0, 1000), (400, 1000)]
        steps.close()
        assert len(products()) == 400

        jobs.drain()

        assert len(products()) == 1000
        with db.reading() as session:
            assert session.get_one(ImportJob, job_id).status == "completed"
            assert len(import_report.report(session, job_id, limit=2000).items) == 1000

    def test_two_workers_on_one_import_bring_nothing_in_twice(self, at: datetime) -> None:
        rows = [{"Handle": f"p{n}", "Title": f"P{n}", "Variant Price": "1"} for n in range(500)]
        with db.unit_of_work() as session:
            job_id = importer.start(
                session, sheet(rows).encode(), "p.csv", importer.Options(), dry_run=False,
                by="user:1", at=at,
            )  # fmt: skip
        first, second = importer.progress(job_id), importer.progress(job_id)
        next(first), next(second)
        assert list(first)[-1] == (500, 500)
        assert list(second) == []
        with db.reading() as session:
            assert len(import_report.report(session, job_id, limit=2000).items) == 500

    def test_pictures_that_nobody_answers_for_do_not_fail_an_import(self, at: datetime) -> None:
        rows = [{**CLASSIC[0], "Image Src": "https://192.0.2.1/a.jpg"}]
        take(sheet(rows), at)
        jobs.drain()
        with db.reading() as session:
            assert session.scalars(select(Media.status)).all() == ["failed"]
        assert products()["honey"].status == "active"

    def test_uploads_lie_under_the_data_folder(self, at: datetime) -> None:
        take(sheet(CLASSIC), at)
        assert files.get(last_job().file_key) == sheet(CLASSIC).encode()


class TestExport:
    def test_what_goes_out_comes_in_without_a_change(self, at: datetime) -> None:
        extra = {"Bee": "Apis", "Price / International": "9", "Commissionable": "FALSE",
                 "Floral (product.metafields.custom.flower)": "Linden", "Title (en)": "Honey",
                 "Option1 Name (en)": "Size", "Product Category (en)": "Food > Honey"}  # fmt: skip
        plain = {"Handle": "tea", "Title": "-5% Tea", "Variant Price": "1000.00",
                 "Published": "FALSE", "Variant Inventory Tracker": ""}  # fmt: skip
        take(sheet([{**CLASSIC[0], **extra}, *CLASSIC[1:], plain]), at)
        before = products()

        report = take(exported(), at + timedelta(days=1), update_stock=True)

        assert [row.status for row in report] == ["unchanged", "unchanged"], codes(report)
        assert products() == before

    def test_what_goes_out_makes_the_same_shop_elsewhere(self, at: datetime) -> None:
        take(sheet([*CLASSIC, {"Handle": "tea", "Title": "Tea", "Variant Price": "1"}]), at)
        text = exported()
        with db.unit_of_work() as session:
            session.execute(update(Product).values(slug=Product.slug + "-old"))
            session.execute(update(Variant).values(sku=None))
        before = {slug.removesuffix("-old"): draft for slug, draft in products().items()}

        take(text, at)

        for slug, old in before.items():
            new = products()[slug]
            assert (new.title, new.body, new.tags) == (old.title, old.body, old.tags)
            assert [row.amount for row in new.variants] == [row.amount for row in old.variants]

    def test_it_is_dialect_b_with_a_mark_for_excel(self, at: datetime) -> None:
        take(sheet(CLASSIC), at)
        lines = exported().split("\r\n")
        assert lines[0].startswith("\ufeffTitle,URL handle,Description,Vendor,Product category,")
        assert lines[1].startswith("野蜂蜜,honey,<p>好</p>,山野,食品 > 蜂蜜,Food,")
        assert len(lines) == 4
