"""A redirect stays inside the site."""

import pytest

from shop.kernel import paths


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/s/anna-shop/",
        "/p/honey?variant=1",
        "/search?q=蜂蜜",
        "/admin/orders?text=http://a.b//c",
    ],
)
def test_a_plain_path_is_inside(path: str) -> None:
    assert paths.is_inside(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "p/honey",
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "/a\\b",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
        "\t//evil.example",
        "/\x00/evil.example",
        "/a//evil.example",
        "/\u2028/evil.example",
        "/\u200b/evil.example",
        "//[evil",
        "javascript:alert(1)",
        " //evil.example",
    ],
)
def test_nothing_else_is(path: str) -> None:
    """Browsers drop tabs and line breaks, and read a backslash as a slash."""
    assert not paths.is_inside(path)
