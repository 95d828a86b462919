"""Values as canonical JSON and back: what is stored, compared and hashed is one and the same text.

Separate and pure because facts, plan terms and payout bodies all need the same bytes everywhere.
"""

from __future__ import annotations

import hashlib
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


class Unreadable(ValueError):
    """Stored or handed-in data does not have the expected shape; `path` says where."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'value'}: {problem}")
        self.path = path
        self.problem = problem


def plain(value: Any) -> Any:
    """A value as JSON types only. Raises TypeError for floats and other inexact things."""
    if value is None or isinstance(value, bool | str):
        return str(value) if isinstance(value, StrEnum) else value
    if isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    raise TypeError(f"{type(value).__name__} has no exact canonical form")


def canonical_bytes(value: Any) -> bytes:
    """One byte string per value: sorted keys, no spaces, UTF-8."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def read(shape: type[T], data: Any, path: str = "") -> T:
    """Build a frozen dataclass from JSON data. Unknown keys are refused, never ignored.

    Raises Unreadable.
    """
    if not isinstance(data, Mapping):
        raise Unreadable(path, "expected an object")
    hints = _hints(typing.cast("typing.Hashable", shape))
    unknown = sorted(set(data) - set(hints))
    if unknown:
        raise Unreadable(_join(path, unknown[0]), "unknown field")
    values = {name: _read(hints[name], item, _join(path, name)) for name, item in data.items()}
    try:
        return shape(**values)
    except (TypeError, ValueError) as error:
        raise Unreadable(path, str(error)) from error


def _read(hint: Any, data: Any, path: str) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = next(arg for arg in args if arg is not types.NoneType)
        return None if data is None else _read(inner, data, path)
    if origin is tuple:
        return _read_list(args[0], data, path)
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(data, Mapping):
            raise Unreadable(path, "expected an object")
        return {key: _read(args[1], item, _join(path, key)) for key, item in data.items()}
    if is_dataclass(hint):
        return read(typing.cast("type[Any]", hint), data, path)
    return _read_scalar(hint, data, path)


def _read_list(item_hint: Any, data: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(data, list | tuple):
        raise Unreadable(path, "expected a list")
    return tuple(_read(item_hint, item, f"{path}[{i}]") for i, item in enumerate(data))


def _read_scalar(hint: Any, data: Any, path: str) -> Any:
    try:
        if hint is datetime:
            return datetime.fromisoformat(data)
        if issubclass(hint, StrEnum):
            return hint(data)
    except (TypeError, ValueError) as error:
        raise Unreadable(path, f"{data!r} is not allowed") from error
    if type(data) is not hint:
        raise Unreadable(path, f"expected {hint.__name__}, got {type(data).__name__}")
    return data


@cache
def _hints(shape: Any) -> dict[str, Any]:
    return typing.get_type_hints(shape)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
