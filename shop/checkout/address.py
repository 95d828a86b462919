"""An address pasted in one line, taken apart into the fields of the form."""

import re

from shop.checkout import places

_MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(0\d{2,3}[- ]?\d{7,8})(?!\d)")
_EMAIL = re.compile(r"[^\s,，;；]+@[^\s,，;；]+\.[a-zA-Z]{2,}")
_BREAKS = re.compile(r"[\s,，;；、:：]+")
_LABELS = re.compile(
    r"(收货人|收件人|姓名|联系人|手机号码?|手机|电话|联系方式|所在地区|地区|详细地址|收货地址|地址)[:： ]*"
)
_NAME = re.compile(r"[^\W\d_]{2,4}|[A-Za-z][A-Za-z.'·-]*|[^\W\d_]+·[^\W\d_]+")
_NO_NAME = re.compile(r".*[省市区县镇乡村路街道号室楼栋层]$")
"""How a piece of an address ends; it is nobody's name."""


def paste(text: str) -> dict[str, str]:
    """Take a pasted line apart into the form's fields; what is not found stays empty.

    Understands "张三 13800138000 浙江省杭州市西湖区文三路100号" in any order.
    """
    rest = _LABELS.sub(" ", text.strip()[:500])
    phone, rest = _take(_MOBILE, rest, group=1)
    if not phone:
        phone, rest = _take(_LANDLINE, rest, group=1)
    email, rest = _take(_EMAIL, rest)
    place = places.find(rest)
    before, behind = (rest[: place.start], rest[place.end :]) if place else ("", rest)
    name, street = _name_and_street(_words(before), _words(behind))
    found = {"name": name, "phone": re.sub(r"\D", "", phone), "email": email, "address": street}
    return {**found, **(place.names if place else {})}


def _take(pattern: re.Pattern[str], text: str, group: int = 0) -> tuple[str, str]:
    match = pattern.search(text)
    if match is None:
        return "", text
    return match.group(group), f"{text[: match.start()]} {text[match.end() :]}"


def _words(text: str) -> list[str]:
    return [word for word in _BREAKS.split(text) if word]


def _name_and_street(before: list[str], behind: list[str]) -> tuple[str, str]:
    """The person stands before the place, else behind the street, else anywhere."""
    if before and all(word.isascii() and _is_name(word) for word in before):
        return " ".join(before), " ".join(behind)
    for words in (before, behind[1:][::-1], behind[:1]):
        name = next((word for word in words if _is_name(word)), "")
        if name:
            rest = [*before, *behind]
            at = rest.index(name) if words is before else len(rest) - 1 - rest[::-1].index(name)
            return name, " ".join(rest[:at] + rest[at + 1 :])
    return "", " ".join([*before, *behind])


def _is_name(word: str) -> bool:
    return bool(_NAME.fullmatch(word)) and not _NO_NAME.fullmatch(word)
