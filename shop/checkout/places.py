"""Provinces, cities and districts of mainland China: their codes, and where a text names them.

Separate from address.py, which knows what else people write into one line.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

_FILE = Path(__file__).parent / "divisions" / "pca-code.json"
_BREAKS = " \t\r\n　,，;；、:：。.·-—/()（）"
_PEOPLES = [
    "藏族",
    "羌族",
    "彝族",
    "白族",
    "苗族",
    "侗族",
    "土家族",
    "布依族",
    "壮族",
    "傣族",
    "景颇族",
    "哈尼族",
    "傈僳族",
    "回族",
    "蒙古族",
    "蒙古",
    "朝鲜族",
    "哈萨克",
    "柯尔克孜",
    "维吾尔",
]
_ENDINGS = ("特别行政区", "自治区", "自治州", "地区", "省", "市", "盟")
_UNNAMED = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
"""Cities that are only a place in the tree; people write the municipality's name instead."""


@dataclass(frozen=True)
class Division:
    code: str
    name: str
    children: tuple["Division", ...] = ()

    @cached_property
    def short(self) -> str:
        """The name as people write it: 浙江, 凉山, 昆山."""
        ending = next((one for one in _ENDINGS if self.name.endswith(one)), "")
        kept = self.name.removesuffix(ending)
        while people := next((one for one in _PEOPLES if kept[2:].endswith(one)), ""):
            kept = kept.removesuffix(people)
        return kept if len(kept) >= 2 else self.name

    @property
    def is_municipality(self) -> bool:
        return any(one.name == "市辖区" for one in self.children)

    @property
    def is_unnamed(self) -> bool:
        return self.name in _UNNAMED


@dataclass(frozen=True)
class Place:
    """What a text says between two positions."""

    start: int
    end: int
    province: Division
    city: Division | None = None
    district: Division | None = None
    named: int = 1
    """How many of the three the text names; a city may follow from its district."""

    @property
    def names(self) -> dict[str, str]:
        """Full names by field of the address form; a municipality is its own city."""
        found = {"province": self.province.name}
        if self.city is not None:
            found["city"] = self.province.name if self.city.is_unnamed else self.city.name
        if self.district is not None:
            found["district"] = self.district.name
        return found


@cache
def provinces() -> tuple[Division, ...]:
    """The tree of provinces, cities and districts."""
    return tuple(_division(entry) for entry in json.loads(_FILE.read_text()))


def _division(entry: dict[str, object]) -> Division:
    children = entry.get("children", [])
    below = children if isinstance(children, list) else []
    return Division(str(entry["code"]), str(entry["name"]), tuple(_division(one) for one in below))


def division_code(province: str, city: str, district: str) -> str:
    """The longest code that the names lead to; empty if not even the province is known."""
    top = _named(provinces(), province)
    if top is None:
        return ""
    below = _named(top.children, city)
    if below is not None:
        return (_named(below.children, district) or below).code
    # Districts of a municipality, and cities right below a province, stand under unnamed cities.
    unnamed = [one for one in top.children if one.is_unnamed]
    for name in (city, district):
        found = _named([child for one in unnamed for child in one.children], name)
        if found is not None:
            return found.code
    is_itself = unnamed and city.strip() in (top.name, top.short)
    return (unnamed[0] if is_itself else top).code


def _named(divisions: Iterable[Division], name: str) -> Division | None:
    wanted = name.strip()
    return next((one for one in divisions if wanted and wanted in (one.name, one.short)), None)


def find(text: str) -> Place | None:
    """The place that the text names most fully; None if it names none.

    The fullest wins because streets are called after cities, and people after provinces.
    """
    candidates = [*_from_provinces(text), *_from_cities(text)]
    return max(
        (one for one in candidates if one.named > 1 or _stands_alone(text, one)),
        key=lambda one: (one.named, _begins_word(text, one.start), -one.start, one.end),
        default=None,
    )


def _from_provinces(text: str) -> Iterator[Place]:
    for province in provinces():
        for start, end in _occurrences(text, province):
            # A municipality is often written twice, as its own city.
            again = _behind(text, end, province) if province.is_municipality else None
            behind = again or end
            yield Place(start, behind, province)
            for city in province.children:
                yield from _in_city(text, start, behind, province, city)


def _in_city(
    text: str, start: int, end: int, province: Division, city: Division
) -> Iterator[Place]:
    behind = _behind(text, end, city, in_full=city.is_unnamed)
    if behind and not city.is_unnamed:
        yield Place(start, behind, province, city, named=2)
    for district in city.children:
        after = _behind(text, behind, district) if behind else None
        if after:
            yield Place(start, after, province, city, district, named=3)
        elif city.is_unnamed or district.name in _unique_below(province):
            after = _behind(text, end, district, in_full=not city.is_unnamed)
            if after:
                yield Place(start, after, province, city, district, named=2)


def _from_cities(text: str) -> Iterator[Place]:
    for province in provinces():
        for city in province.children:
            if city.is_unnamed:
                continue
            for start, end in _occurrences(text, city):
                yield Place(start, end, province, city)
                for district in city.children:
                    behind = _behind(text, end, district, in_full=True)
                    if behind:
                        yield Place(start, behind, province, city, district, named=2)


def _occurrences(text: str, division: Division) -> Iterator[tuple[int, int]]:
    """Where the text writes the name, short or in full."""
    start = text.find(division.short)
    while start >= 0:
        yield start, _behind(text, start, division) or start
        start = text.find(division.short, start + 1)


def _behind(text: str, at: int, division: Division, *, in_full: bool = False) -> int | None:
    """The position behind the division's name; None if it does not stand there."""
    while at < len(text) and text[at] in _BREAKS:
        at += 1
    for name in (division.name,) if in_full else (division.name, division.short):
        if text.startswith(name, at):
            return at + len(name)
    return None


def _begins_word(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] in _BREAKS


def _stands_alone(text: str, place: Place) -> bool:
    """Whether a single name is meant as one: 北京东路 is a street anywhere."""
    name = (place.city or place.province).name
    ends_word = place.end == len(text) or text[place.end] in _BREAKS
    is_full = text.startswith(name, place.start)
    return _begins_word(text, place.start) and (ends_word or is_full)


@cache
def _unique_below(province: Division) -> frozenset[str]:
    """Districts whose name one city of the province has only; so 江苏省昆山市 needs no 苏州."""
    names = Counter(district.name for city in province.children for district in city.children)
    return frozenset(name for name, count in names.items() if count == 1)
