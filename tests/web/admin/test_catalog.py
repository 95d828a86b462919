"""The staff's catalog pages: lists, the editor, pictures, stock, categories, imports."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shop.accounts.models import StaffRole
from shop.catalog import categories, edit, stored
from shop.catalog.drafts import ProductDraft, VariantDraft
from shop.kernel import clock, db
from tests.conftest import Database
from tests.factories.catalog import BY, figures, make_location, make_variant, stock_up
from tests.installation import Installation, install
from tests.shop.catalog.importing import products, sheet
from tests.web.admin.catalog_desk import Desk, form_of, staff_desk, words

CNY: dict[str, Any] = {"currency": "CNY", "by": BY}


@pytest.fixture
def installation(sqlite_database: Database, tmp_path: Path) -> Installation:
    """Pages over one database: what they call is tested on both beside the slice."""
    return install(sqlite_database.urls, tmp_path)


@pytest.fixture
def desk(installation: Installation) -> Desk:
    return staff_desk(installation, StaffRole.CATALOG)


@pytest.fixture
def honey(installation: Installation) -> int:
    """A product on sale with two sizes."""
    at = clock.now()
    draft = ProductDraft(
        title={"zh": "野蜂蜜", "en": "Wild honey"},
        slug="honey",
        option_names=[{"zh": "规格", "en": "Size"}],
        variants=[
            VariantDraft(option_values=[{"zh": "小", "en": "Small"}], sku="H-S", amount=4200),
            VariantDraft(option_values=[{"zh": "大", "en": "Large"}], sku="H-L", amount=7900),
        ],
    )
    with db.unit_of_work() as session:
        product_id = edit.create(session, draft, at=at, **CNY)
        edit.publish(session, product_id, at=at, **CNY)
    return product_id


class TestAccess:
    def test_only_catalog_staff_see_these_pages(self, installation: Installation) -> None:
        desk = staff_desk(installation, StaffRole.ORDERS)
        for path in ("products", "products/new", "stock", "categories", "imports"):
            assert desk.get(f"/admin/{path}").status_code == 403
        assert installation.client().get("/admin/products").status_code == 302


class TestList:
    def test_an_empty_list_says_how_to_begin(self, desk: Desk) -> None:
        assert "No products yet" in desk.text("/admin/products")

    @pytest.mark.parametrize("text", ["honey", "蜂蜜", "H-L", "wild"])
    def test_products_are_found_by_words_sku_and_address(
        self, desk: Desk, honey: int, text: str
    ) -> None:
        assert "Wild honey" in desk.text("/admin/products", text=text)

    def test_filters_stand_in_the_address(self, desk: Desk, honey: int) -> None:
        assert "Wild honey" in desk.text("/admin/products", status="active", sold_out="1")
        assert "Nothing fits these filters" in desk.text("/admin/products", status="draft")
        assert "Wild honey" in desk.text("/admin/products", status="nonsense", category="x")

    def test_the_export_holds_what_the_list_shows(self, desk: Desk, honey: int) -> None:
        full = desk.get("/admin/products/export").get_data(as_text=True)
        assert full.startswith("\ufeffTitle,URL handle,")
        assert full.count(",honey,") == 2
        none = desk.get("/admin/products/export", status="draft").get_data(as_text=True)
        assert none.count("\n") == 1


class TestEditor:
    def test_a_product_is_made_with_its_matrix(self, desk: Desk) -> None:
        fields = form_of(desk.get("/admin/products/new"), "/admin/products/new") | {
            "title_zh": "红茶", "title_en": "Black tea", "body_en": "<p>Good</p><script>x</script>",
            "option_0_zh": "规格", "option_0_en": "Size", "option_0_values": "小 | Small\n大 | Large",
            "variants.0.amount": "12.50", "tags": "tea，gift",
        }  # fmt: skip
        answer = desk.post("/admin/products/new", fields)
        assert answer.status_code == 303

        tea = products()["black-tea"]
        assert tea.status == "draft"
        assert tea.body == {"en": "<p>Good</p>"}
        assert tea.tags == ["tea", "gift"]
        assert [row.option_values for row in tea.variants] == [
            [{"zh": "小", "en": "Small"}], [{"zh": "大", "en": "Large"}],
        ]  # fmt: skip
        assert {row.amount for row in tea.variants} == {1250}
        assert "It is a draft" in desk.text(answer.location)

    def test_everything_wrong_is_named_and_nothing_typed_is_lost(self, desk: Desk) -> None:
        fields = form_of(desk.get("/admin/products/new"), "/admin/products/new") | {
            "summary_en": "Sweet & good", "variants.0.amount": "12.505", "position": "x",
        }  # fmt: skip
        answer = desk.post("/admin/products/new", fields)
        assert answer.status_code == 422
        page = answer.get_data(as_text=True)
        assert "Sweet &amp; good" in page
        assert 'value="12.505"' in page
        assert page.count('aria-invalid="true"') == 2

        fields |= {"variants.0.amount": "12.50", "position": "0"}
        said = words(desk.post("/admin/products/new", fields))
        assert "A product needs a title." in said
        assert products() == {}

    def test_the_editor_saved_as_it_stands_changes_nothing(self, desk: Desk, honey: int) -> None:
        before = products()
        path = f"/admin/products/{honey}"
        answer = desk.post(path, form_of(desk.get(path), path))
        assert "Nothing was changed." in desk.text(answer.location)
        assert products() == before

    def test_a_price_is_changed(self, desk: Desk, honey: int) -> None:
        path = f"/admin/products/{honey}"
        fields = form_of(desk.get(path), path) | {
            "variants.0.amount": "39.90", "variants.1.active": "", "variants.0.backorderable": "yes",
        }  # fmt: skip
        assert desk.post(path, fields).status_code == 303
        small, large = products()["honey"].variants
        assert (small.amount, small.backorderable, large.active) == (3990, True, False)

    def test_new_option_values_build_new_variants(self, desk: Desk, honey: int) -> None:
        path = f"/admin/products/{honey}"
        fields = form_of(desk.get(path), path)
        assert fields["option_0_values"] == "小 | Small\n大 | Large"
        fields |= {"option_0_values": "小 | Small\n中 | Medium", "matrix": "yes"}
        assert desk.post(path, fields).status_code == 303
        rows = products()["honey"].variants
        assert [(row.option_values[0]["en"], row.active) for row in rows] == [
            ("Small", True), ("Medium", True), ("Large", False),
        ]  # fmt: skip

    def test_a_second_editor_is_told_and_keeps_what_was_typed(self, desk: Desk, honey: int) -> None:
        path = f"/admin/products/{honey}"
        first, second = (form_of(desk.get(path), path) for _ in range(2))
        assert desk.post(path, first | {"vendor": "One"}).status_code == 303
        answer = desk.post(path, second | {"vendor": "Two"})
        assert answer.status_code == 409
        assert "Somebody else changed this product meanwhile" in words(answer)
        assert 'value="Two"' in answer.get_data(as_text=True)
        assert products()["honey"].vendor == "One"

    def test_a_taken_sku_is_named_at_its_row(self, desk: Desk, honey: int) -> None:
        fields = form_of(desk.get("/admin/products/new"), "/admin/products/new") | {
            "title_en": "Other", "variants.0.sku": "H-S", "variants.0.amount": "1",
        }  # fmt: skip
        answer = desk.post("/admin/products/new", fields)
        assert answer.status_code == 422
        assert "Another product has this SKU already." in words(answer)

    def test_a_product_is_taken_off_and_put_away(self, desk: Desk, honey: int) -> None:
        path = f"/admin/products/{honey}/status"
        for status in ("draft", "active", "archived"):
            assert desk.post(path, {"to": status}).status_code == 303
            assert products()["honey"].status == status
        assert desk.post(path, {"to": "gone"}).status_code == 400

    def test_a_product_that_is_not_there_is_not_found(self, desk: Desk) -> None:
        assert desk.get("/admin/products/4711").status_code == 404


class TestPictures:
    def test_a_picture_is_uploaded_described_and_removed(self, desk: Desk, honey: int) -> None:
        out = io.BytesIO()
        Image.new("RGB", (800, 600), "olive").save(out, "PNG")
        path = f"/admin/products/{honey}/pictures"
        upload = {"picture": (io.BytesIO(out.getvalue()), "jar.png"), "alt_en": "A jar"}
        assert desk.post(path, upload).status_code == 303
        page = desk.get(f"/admin/products/{honey}").get_data(as_text=True)
        assert 'alt="A jar"' in page

        action = page.split(f'action="{path}/')[1].split('"')[0]
        assert (
            desk.post(f"{path}/{action}", {"alt_en": "Two jars", "position": "3"}).status_code
            == 303
        )
        assert 'alt="Two jars"' in desk.get(f"/admin/products/{honey}").get_data(as_text=True)
        assert desk.post(f"/admin/products/1/pictures/{action}", {}).status_code == 404
        assert desk.post(f"{path}/{action}", {"remove": "yes"}).status_code == 303
        assert "No picture yet" in desk.text(f"/admin/products/{honey}")

    def test_other_files_are_refused_with_a_sentence(self, desk: Desk, honey: int) -> None:
        path = f"/admin/products/{honey}/pictures"
        answer = desk.post(path, {"picture": (io.BytesIO(b"<svg/>"), "x.png")})
        assert "This file is no picture." in desk.text(answer.location)
        answer = desk.post(path, {})
        assert "Please choose a picture." in desk.text(answer.location)

    def test_an_upload_beyond_all_limits_is_told_so(self, desk: Desk, honey: int) -> None:
        answer = desk.client.post(
            f"/admin/products/{honey}/pictures",
            data=b"\0" * (25 * 1024 * 1024),
            content_type="multipart/form-data; boundary=x",
        )
        assert answer.status_code == 413


class TestStock:
    def test_goods_arrive_once_however_often_the_form_is_sent(self, desk: Desk, honey: int) -> None:
        with db.unit_of_work() as session:
            make_location(session)
        path = f"/admin/products/{honey}"
        fields = form_of(desk.get(path), f"{path}/goods") | {"units": "12", "note": "from the farm"}
        for _ in range(2):
            assert desk.post(f"{path}/goods", fields).status_code == 303
        said = desk.text("/admin/stock")
        assert "Wild honey · Small" in said
        assert " 12 0 0 0 12 " in said
        answer = desk.post(f"{path}/goods", fields | {"units": "-1"})
        assert "Please say how many units" in desk.text(answer.location)

    def test_a_correction_needs_a_number_and_a_reason(self, desk: Desk, honey: int) -> None:
        with db.unit_of_work() as session:
            level = stock_up(session, make_variant(session), make_location(session), 10)
        path = f"/admin/stock/{level}"
        assert "Movements" in desk.text(path)

        answer = desk.post(path, {"change": "two", "reason": "", "note": "oh", "once": "1"})
        assert answer.status_code == 422
        assert "Please write by how many units" in words(answer)
        answer = desk.post(path, {"change": "-2", "reason": "", "once": "1"})
        assert "Please choose a reason." in words(answer)
        answer = desk.post(path, {"change": "-11", "reason": "lost", "once": "1"})
        assert "Only 10 units are free" in words(answer)
        for _ in range(2):
            fields = {"change": "-2", "reason": "damaged", "note": "broken", "once": "1"}
            assert desk.post(path, fields).status_code == 303
        with db.reading() as session:
            assert figures(session, level) == (8, 0, 0, 0)
        assert "broken" in desk.text(path)

    def test_what_runs_out_is_one_click_away(self, desk: Desk) -> None:
        with db.unit_of_work() as session:
            place = make_location(session)
            make_variant(session, sku="LITTLE", stock_at={place: 1})
            make_variant(session, sku="PLENTY", stock_at={place: 100})
        said = desk.text("/admin/stock", low="1")
        assert "LITTLE" in said
        assert "PLENTY" not in said
        assert desk.get("/admin/stock/4711").status_code == 404


class TestCategories:
    def test_categories_are_made_moved_and_removed(self, desk: Desk) -> None:
        make = {"name_zh": "食品", "name_en": "Food", "parent_id": "", "position": "1"}
        assert desk.post("/admin/categories", make).status_code == 303
        with db.reading() as session:
            food = categories.categories(session).rows[0].id
        desk.post("/admin/categories", {**make, "name_en": "Tea", "parent_id": str(food)})
        assert "— Tea" in desk.text("/admin/categories")

        path = f"/admin/categories/{food}"
        answer = desk.post(path, {**make, "parent_id": str(food)})
        assert answer.status_code == 422
        assert "A category cannot stand below itself." in words(answer)
        assert desk.post(path, {"remove": "yes"}).status_code == 409
        assert desk.post("/admin/categories", {"name_zh": ""}).status_code == 422


class TestImports:
    ROWS = [
        {"Handle": "tea", "Title": "红茶", "Variant Price": "12.50", "Note to self": "x"},
        {"Handle": "bad", "Title": "坏", "Variant Price": "cheap", "Note to self": ""},
    ]

    def send(self, desk: Desk, content: bytes, **fields: str) -> Any:
        upload = {"file": (io.BytesIO(content), "products.csv"), "language": "zh", **fields}
        return desk.post("/admin/imports", upload)

    def test_a_file_is_tried_out_brought_in_and_its_failures_retried(self, desk: Desk) -> None:
        answer = self.send(desk, sheet(self.ROWS).encode())
        assert answer.status_code == 303
        assert "data-poll" in desk.get(answer.location).get_data(as_text=True)
        desk.installation.work()

        said = desk.text(answer.location)
        assert "This is what would happen" in said
        assert "Line 3, Variant Price: “cheap” is no price in CNY." in said
        assert "no meaning here: Note to self" in said
        assert products() == {}

        real = desk.post(f"{answer.location}/run")
        desk.installation.work()
        assert "The products are in" in desk.text(real.location)
        assert set(products()) == {"tea"}

        rows = desk.get(f"{real.location}/failed").get_data(as_text=True)
        assert "cheap" in rows
        assert "is no price in CNY" in rows
        assert "红茶" not in rows
        again = desk.post(f"{real.location}/retry")
        desk.installation.work()
        assert "tea" not in desk.text(again.location).split("Result")[1]
        assert desk.text("/admin/imports").count("products.csv") == 3

    def test_the_report_can_be_narrowed(self, desk: Desk) -> None:
        answer = self.send(desk, sheet(self.ROWS).encode())
        desk.installation.work()
        said = desk.text(answer.location, status="failed").split("Problems")[1]
        assert "bad" in said
        assert "tea" not in said

    @pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x89PNG\r\n\x1a\n\0\0\0"])
    def test_what_is_no_product_file_comes_back_with_a_sentence(
        self, desk: Desk, content: bytes
    ) -> None:
        answer = self.send(desk, content, update_stock="yes")
        assert answer.status_code == 422
        page = answer.get_data(as_text=True)
        assert 'role="alert"' in page
        assert 'name="update_stock" value="yes" checked' in page

    def test_a_file_that_breaks_off_is_reported_as_unreadable(self, desk: Desk) -> None:
        answer = self.send(desk, b'Handle,Title\ntea,Tea\nbad,"Bad\n')
        desk.installation.work()
        said = desk.text(answer.location)
        assert "The row that begins on line 3" in said
        assert "Nothing was imported." in said

    def test_the_empty_file_has_all_columns(self, desk: Desk) -> None:
        text = desk.get("/admin/imports/template").get_data(as_text=True)
        assert text.startswith("\ufeffTitle,URL handle,")
        assert "Title (en)" in text

    def test_pages_speak_chinese_too(self, desk: Desk) -> None:
        desk.get("/speak/zh", next="/admin/products")
        assert desk.get("/admin/products").status_code == 200


def test_drafts_of_the_editor_keep_what_it_does_not_show(desk: Desk, honey: int) -> None:
    with db.unit_of_work() as session:
        draft = stored.draft_of(session, honey, currency="CNY")
        draft.extra = {"column.Bee": "Apis"}
        edit.change(session, draft, at=clock.now(), **CNY)
    path = f"/admin/products/{honey}"
    desk.post(path, form_of(desk.get(path), path) | {"vendor": "Shanye"})
    assert products()["honey"].extra == {"column.Bee": "Apis"}
