"""The evidence of a plan version on paper: headings with names and words, the same bytes every time."""

from collections.abc import Iterable
from datetime import datetime

from shop.rewards.paper import SOFT, Paper

Facts = Iterable[tuple[str, str]]


def write(brand: str, title: str, parts: Iterable[tuple[str, Facts]], *, at: datetime) -> bytes:
    """The document; all words are in the reader's language already."""
    paper = Paper(title, at)
    paper.line_of(brand, 10, SOFT)
    paper.line_of(title, 20, height=10)
    paper.ln(4)
    for heading, facts in parts:
        paper.rule()
        paper.line_of(heading, 13, height=8)
        for name, words in facts:
            paper.line_of(name, 8, SOFT, 4.5)
            paper.line_of(words, 10)
            paper.ln(1.5)
        paper.ln(3)
    return bytes(paper.output())
