"""From form-encoded brackets to checked values, and Stripe's refusals on the way.

A schema is a tree of nodes; whatever it does not name is refused as unknown, because a stand-in
that swallows what it does not simulate would let a mistake through.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from .currencies import SUPPORTED
from .errors import Json, Refused, invalid

_KEY_PARTS = re.compile(r"\[([^\[\]]*)\]")


class Node(Protocol):
    """One place in a schema."""

    def read(self, raw: Any, path: str) -> Any:
        """Return the checked value, or raise Refused naming `path`."""


def decode(query: str) -> Json:
    """Return `a[b][0][c]=1` as nested dictionaries; lists keep their index as a key."""
    tree: Json = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        head, _, _ = name.partition("[")
        _plant(tree, [head, *_KEY_PARTS.findall(name[len(head) :])], value)
    return tree


def _plant(tree: Json, keys: list[str], value: str) -> None:
    for key in keys[:-1]:
        branch = tree.setdefault(key if key else str(len(tree)), {})
        if not isinstance(branch, dict):
            raise invalid(f"Invalid parameter: {key}", param=key)
        tree = branch
    tree[keys[-1] or str(len(tree))] = value


@dataclass(frozen=True)
class Text:
    """A string; empty only where `clearable`, which then means None."""

    longest: int = 5000
    clearable: bool = False

    def read(self, raw: Any, path: str) -> str | None:
        if not isinstance(raw, str):
            raise invalid(f"Invalid string: {path}", param=path)
        if raw == "":
            if self.clearable:
                return None
            raise invalid(
                f"You passed an empty string for '{path}'. Leave it out instead.",
                param=path,
                code="parameter_invalid_empty",
            )
        if len(raw) > self.longest:
            raise invalid(f"{path} may have {self.longest} characters at most.", param=path)
        return raw


@dataclass(frozen=True)
class Integer:
    """A whole number within bounds."""

    least: int | None = None
    most: int | None = None

    def read(self, raw: Any, path: str) -> int:
        if not isinstance(raw, str) or not re.fullmatch(r"-?\d{1,18}", raw):
            raise invalid(f"Invalid integer: {raw}", param=path, code="parameter_invalid_integer")
        value = int(raw)
        if self.least is not None and value < self.least:
            raise invalid(
                f"This value must be greater than or equal to {self.least}.",
                param=path,
                code="parameter_invalid_integer",
            )
        if self.most is not None and value > self.most:
            raise invalid(f"This value must be less than or equal to {self.most}.", param=path)
        return value


@dataclass(frozen=True)
class Flag:
    """`true` or `false`."""

    def read(self, raw: Any, path: str) -> bool:
        if raw not in ("true", "false"):
            raise invalid(f"Invalid boolean: {raw}", param=path)
        return bool(raw == "true")


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, raw: Any, path: str) -> str:
        if raw not in self.words:
            raise invalid(f"Invalid {path}: must be one of {', '.join(self.words)}.", param=path)
        return str(raw)


@dataclass(frozen=True)
class Currency:
    """A currency code, kept in lower case."""

    def read(self, raw: Any, path: str) -> str:
        code = str(raw).lower()
        if code not in SUPPORTED:
            raise invalid(
                f"Invalid currency: {raw}. It must be a supported ISO code in lower case.",
                param=path,
            )
        return code


@dataclass(frozen=True)
class Email:
    """An e-mail address that looks like one."""

    def read(self, raw: Any, path: str) -> str:
        if not isinstance(raw, str) or not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", raw):
            raise invalid(f"Invalid email address: {raw}", param=path, code="email_invalid")
        return raw


@dataclass(frozen=True)
class Address:
    """An absolute http address."""

    def read(self, raw: Any, path: str) -> str:
        parts = urlsplit(raw) if isinstance(raw, str) else None
        if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
            raise invalid("Not a valid URL", param=path, code="url_invalid")
        return str(raw)


@dataclass(frozen=True)
class Pairs:
    """Metadata: up to 50 short names with texts. An empty text unsets a name, '' unsets all."""

    def read(self, raw: Any, path: str) -> dict[str, str] | None:
        if raw == "":
            return None
        if not isinstance(raw, dict):
            raise invalid(f"Invalid hash: {path}", param=path)
        if len(raw) > 50:
            raise invalid(f"{path} may hold 50 names at most.", param=path)
        for name, value in raw.items():
            if not isinstance(value, str) or len(name) > 40 or len(value) > 500:
                raise invalid(
                    f"{path}: names have 40 characters at most, values are texts of 500.",
                    param=f"{path}[{name}]",
                )
        return dict(raw)


@dataclass(frozen=True)
class Items:
    """A list whose members all follow one node."""

    member: Node
    most: int = 100

    def read(self, raw: Any, path: str) -> list[Any]:
        if not isinstance(raw, dict) or not all(key.isdigit() for key in raw):
            raise invalid(f"Invalid array: {path}", param=path)
        if len(raw) > self.most:
            raise invalid(f"{path} may hold {self.most} at most.", param=path)
        return [self.member.read(raw[key], f"{path}[{key}]") for key in sorted(raw, key=int)]


@dataclass(frozen=True)
class Retired:
    """A parameter that Stripe took out of this API version and refuses by a code of its own."""

    code: str

    def read(self, raw: Any, path: str) -> None:
        raise invalid(f"{path} is no longer supported.", param=path, code=self.code)


@dataclass(frozen=True)
class Struct:
    """Named fields; everything else is unknown."""

    fields: Mapping[str, Node]
    required: Iterable[str] = field(default=())

    def read(self, raw: Any, path: str = "") -> Json:
        if not isinstance(raw, dict):
            raise invalid(f"Invalid hash: {path}", param=path)
        self._refuse_unknown(raw, path)
        for name in self.required:
            if name not in raw:
                where = _join(path, name)
                raise invalid(
                    f"Missing required param: {where}.", param=where, code="parameter_missing"
                )
        return {name: self.fields[name].read(raw[name], _join(path, name)) for name in raw}

    def _refuse_unknown(self, raw: Json, path: str) -> None:
        unknown = [_join(path, name) for name in raw if name not in self.fields]
        if unknown:
            raise Refused(
                f"Received unknown parameter{'s' if unknown[1:] else ''}: {', '.join(unknown)}",
                code="parameter_unknown",
                param=unknown[0],
                executed=False,
            )


@dataclass(frozen=True)
class Moment:
    """A time in seconds, or a range written as `created[gte]=…`."""

    def read(self, raw: Any, path: str) -> dict[str, int]:
        if isinstance(raw, dict):
            return Struct(dict.fromkeys(("gt", "gte", "lt", "lte"), Integer())).read(raw, path)
        moment = Integer().read(raw, path)
        return {"gte": moment, "lte": moment}


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def merge_metadata(old: dict[str, str], news: dict[str, str] | None) -> dict[str, str]:
    """Return metadata after an update: names join, empty texts leave, None clears everything."""
    if news is None:
        return {}
    return {name: value for name, value in {**old, **news}.items() if value != ""}
