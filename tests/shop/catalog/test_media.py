"""Pictures come in re-encoded, in three widths and without what was hidden in them."""

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import insert, select

from shop.catalog import media, pictures, queries
from shop.catalog.models import Media, Product
from shop.catalog.pictures import BadPicture
from shop.kernel import db, files, ids, jobs
from tests.conftest import Database
from tests.factories.catalog import BY, make_product, make_variant


@pytest.fixture
def worker(database: Database) -> Iterator[None]:
    jobs.bind(
        {"catalog.fetch_media": jobs.Job(media.fetch, calls_outside=True)},
        hand_over=lambda _row_id: None,
    )
    yield
    jobs.bind({}, hand_over=lambda _row_id: None)


def photo(width: int = 1600, height: int = 1200, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "olive").save(out, kind, **options)
    return out.getvalue()


class TestEncode:
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        files.keep_in(tmp_path)

    def test_three_widths_without_metadata(self) -> None:
        exif = Image.Exif()
        exif[0x010E] = "taken at home"
        stored = pictures.encode(photo(exif=exif))

        assert set(stored.sizes) == {"240", "480", "960"}
        assert (stored.width, stored.height) == (960, 720)
        for width, key in stored.sizes.items():
            content = files.get(key)
            assert b"taken at home" not in content
            with Image.open(io.BytesIO(content)) as image:
                assert (image.format, image.width) == ("WEBP", int(width))

    def test_the_same_picture_is_stored_once(self) -> None:
        assert pictures.encode(photo()).sizes == pictures.encode(photo()).sizes

    def test_a_small_picture_is_not_blown_up(self) -> None:
        assert pictures.encode(photo(100, 50)).width == 100

    def test_a_picture_lies_as_its_camera_was_held(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        stored = pictures.encode(photo(400, 200, exif=exif))
        assert (stored.width, stored.height) == (200, 400)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
            b"GIF89a",
            b"%PDF-1.7",
            photo()[:200],
            photo(10, 10, "TIFF"),
            b"\0" * (pictures.MAX_BYTES + 1),
        ],
        ids=["empty", "svg", "gif head", "pdf", "cut off", "tiff", "too large"],
    )
    def test_other_files_are_refused_with_a_sentence(self, content: bytes) -> None:
        with pytest.raises(BadPicture) as refusal:
            pictures.encode(content)
        assert str(refusal.value)
        assert refusal.value.field == "picture"

    def test_a_picture_that_would_fill_the_memory_is_refused(self) -> None:
        out = io.BytesIO()
        Image.new("1", (20_000, 20_000)).save(out, "PNG")
        with pytest.raises(BadPicture):
            pictures.encode(out.getvalue())


@pytest.mark.usefixtures("worker")
class TestMedia:
    def test_the_first_picture_stands_in_lists_and_raises_the_version(self, at: datetime) -> None:
        picture = pictures.encode(photo())
        with db.unit_of_work() as session:
            product_id = make_product(session, "honey")
            make_variant(session, product_id)
            first = media.add(session, product_id, picture, alt={"en": "A jar"}, by=BY, at=at)
            page = queries.product_page(session, slug="honey", currency="CNY", at=at)
            assert page is not None
            assert page.image_key == picture.sizes["480"]
            assert page.version > 1
            assert [shown.alt for shown in page.pictures] == [{"en": "A jar"}]

            media.remove(session, first, by=BY, at=at)
            page = queries.product_page(session, slug="honey", currency="CNY", at=at)
            assert page is not None
            assert page.image_key == ""

    def test_an_address_that_must_not_be_fetched_fails_and_can_be_tried_again(
        self, at: datetime
    ) -> None:
        with db.unit_of_work() as session:
            product_id = make_product(session)
            waiting = [
                waiting_media(product_id, url)
                for url in ("https://127.0.0.1/a.png", "http://example.com/a.png", "no address")
            ]
            session.execute(insert(Media), waiting)
            media.fetch_later(session, [row["id"] for row in waiting], at=at)  # type: ignore[misc]
        jobs.drain()

        with db.unit_of_work() as session:
            rows = session.execute(select(Media.status, Media.error)).all()
            assert [status for status, _ in rows] == ["failed"] * 3
            assert all(error for _, error in rows)
            assert session.scalar(select(Product.image_key)) == ""
            assert media.try_again(session, product_id, at=at) == 3


def waiting_media(product_id: int, url: str) -> dict[str, object]:
    return {
        "id": ids.new(), "product_id": product_id, "position": 1, "alt": {}, "sizes": {},
        "status": "waiting", "source_url": url,
    }  # fmt: skip
