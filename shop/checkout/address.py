"""Chinese addresses: the division code of province, city and district, and a pasted line taken apart."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "divisions" / "pca-code.json"
_PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)")
_EMAIL = re.compile(r"[^\s,，;；]+@[^\s,，;；]+\.[a-zA-Z]{2,}")
_BREAKS = re.compile(r"[\s,，;；、:：]+")
_LABELS = re.compile(
    r"(收货人|收件人|姓名|联系人|手机号码?|手机|电话|联系方式|所在地区|地区|详细地址|收货地址|地址)[:： ]*"
)
_ENDINGS = (
    "特别行政区",
    "维吾尔自治区",
    "壮族自治区",
    "回族自治区",
    "自治区",
    "自治州",
    "地区",
    "省",
    "市",
    "盟",
)
_UNNAMED = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
"""Cities that are only a place in the tree; people write the municipality's name instead."""


@dataclass(frozen=True)
class Division:
    code: str
    name: str
    children: tuple["Division", ...] = ()

    @property
    def short(self) -> str:
        """The name as people write it, without 省 or 市."""
        for ending in _ENDINGS:
            if self.name.endswith(ending) and len(self.name) - len(ending) >= 2:
                return self.name.removesuffix(ending)
        return self.name


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
    found, below = "", provinces()
    for name in filter(None, (part.strip() for part in (province, city, district))):
        match = _named(below, name)
        if match is None:
            match = _through_unnamed(below, name)
        if match is None:
            break
        found, below = match.code, match.children
    return found


def paste(text: str) -> dict[str, str]:
    """Take a pasted line apart into the form's fields; what is not found stays empty.

    Understands "张三 13800138000 浙江省杭州市西湖区文三路100号" in any order.
    """
    rest = _LABELS.sub(" ", text.strip()[:500])
    phone, rest = _take(_PHONE, rest, group=1)
    email, rest = _take(_EMAIL, rest)
    place, rest = _take_place(rest)
    name, street = _name_and_street(rest, knows_place=bool(place))
    found = {"name": name, "phone": re.sub(r"\D", "", phone), "email": email, "address": street}
    return {**found, **place}


def _take(pattern: re.Pattern[str], text: str, group: int = 0) -> tuple[str, str]:
    match = pattern.search(text)
    if match is None:
        return "", text
    return match.group(group), f"{text[: match.start()]} {text[match.end() :]}"


def _take_place(text: str) -> tuple[dict[str, str], str]:
    for province in provinces():
        start = text.find(province.short)
        if start < 0:
            continue
        found = {"province": province.name}
        rest = _after(text[start:], province)
        for city in province.children:
            below = _after(rest, city)
            if below == rest and city.name not in _UNNAMED:
                continue
            district = next((one for one in city.children if _after(below, one) != below), None)
            if below == rest and district is None:
                continue
            found["city"] = province.name if city.name in _UNNAMED else city.name
            rest = below
            if district is not None:
                found["district"] = district.name
                rest = _after(below, district)
            break
        return found, f"{text[:start]} \x00{rest}"
    return {}, text


def _after(text: str, division: Division) -> str:
    """The text behind the division's name; unchanged if it does not begin with it."""
    trimmed = _BREAKS.sub("", text[:1]) + text[1:]
    for name in (division.name, division.short):
        if trimmed.startswith(name):
            return trimmed[len(name) :]
    # "上海市上海市浦东新区": the municipality stands for its unnamed city too.
    return text


def _name_and_street(text: str, *, knows_place: bool) -> tuple[str, str]:
    before, mark, behind = text.partition("\x00")
    words = [word for word in _BREAKS.split(before) if word]
    tail = [word for word in _BREAKS.split(behind) if word]
    if not knows_place or not mark:
        return (words[0] if words else ""), " ".join(words[1:])
    if words:
        return words[0], " ".join([*words[1:], *tail])
    # "address, then name": the last short word behind the street is the person.
    if len(tail) > 1 and len(tail[-1]) <= 4:
        return tail[-1], " ".join(tail[:-1])
    return "", " ".join(tail)


def _named(divisions: tuple[Division, ...], name: str) -> Division | None:
    wanted = name.strip()
    if not wanted:
        return None
    return next((one for one in divisions if wanted in (one.name, one.short)), None)


def _through_unnamed(divisions: tuple[Division, ...], name: str) -> Division | None:
    """A municipality's districts stand below an unnamed city; its own name leads to that city."""
    unnamed = [one for one in divisions if one.name in _UNNAMED]
    for city in unnamed:
        found = _named(city.children, name)
        if found is not None:
            return found
    return unnamed[0] if unnamed and name.strip() else None
