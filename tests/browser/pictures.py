"""The README's pictures, made from what the walk photographed; `make pictures` keeps them."""

from pathlib import Path

from PIL import Image

HEIGHT = 844
GAP = 24
PAPER = (236, 233, 226)


def side_by_side(folder: Path, names: tuple[str, ...], *, to: str) -> None:
    """The upper part of several phone pages, as they stand beside each other on a desk."""
    pages = [Image.open(folder / f"{name}.png").convert("RGB") for name in names]
    width = sum(page.width for page in pages) + GAP * (len(pages) - 1)
    sheet = Image.new("RGB", (width, HEIGHT), PAPER)
    left = 0
    for page in pages:
        sheet.paste(page.crop((0, 0, page.width, HEIGHT)), (left, 0))
        left += page.width + GAP
    sheet.save(folder / f"{to}.png", optimize=True)


def upper_part(folder: Path, name: str, *, to: str) -> None:
    """A desk page, cut below what a screen shows."""
    page = Image.open(folder / f"{name}.png").convert("RGB")
    page.crop((0, 0, page.width, min(page.height, HEIGHT))).save(
        folder / f"{to}.png", optimize=True
    )
