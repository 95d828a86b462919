"""Values as canonical JSON and back: what is stored, compared and hashed is one and the same text.

Separate and pure because facts, plan terms and payout bodies all need the same bytes everywhere.
"""

from __future__ import annotations

import hashlib
import json
import types
import typing
from collections.abc import Callable, Mapping
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
    kind = type(value)
    if value is None or kind is str or kind is int or kind is bool:
        return value
    if kind is tuple or kind is list:
        return [plain(item) for item in value]
    if is_dataclass(kind):
        return {name: plain(getattr(value, name)) for name in _field_names(kind)}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    raise TypeError(f"{kind.__name__} has no exact canonical form")


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
    readers = _readers(typing.cast("typing.Hashable", shape))
    if not data.keys() <= readers.keys():
        raise Unreadable(_join(path, min(set(data) - set(readers))), "unknown field")
    values = {name: readers[name](item, path, name) for name, item in data.items()}
    try:
        return shape(**values)
    except (TypeError, ValueError) as error:
        raise Unreadable(path, str(error)) from error


Reader = Callable[[Any, str, str], Any]
"""Takes the data, the path so far and the name of the field."""


@cache
def _field_names(shape: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(shape))


@cache
def _readers(shape: Any) -> dict[str, Reader]:
    return {name: _reader(hint) for name, hint in typing.get_type_hints(shape).items()}


def _reader(hint: Any) -> Reader:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = _reader(next(arg for arg in args if arg is not types.NoneType))
        return lambda data, path, name: None if data is None else inner(data, path, name)
    if origin is tuple:
        return _list_reader(_reader(args[0]))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_reader(_reader(args[1]))
    if is_dataclass(hint):
        return lambda data, path, name: read(
            typing.cast("type[Any]", hint), data, _join(path, name)
        )
    if hint is datetime:
        return _parser(datetime.fromisoformat)
    if issubclass(hint, StrEnum):
        return _parser(hint)
    return _exact_reader(hint)


def _list_reader(inner: Reader) -> Reader:
    def read_list(data: Any, path: str, name: str) -> tuple[Any, ...]:
        if not isinstance(data, list | tuple):
            raise Unreadable(_join(path, name), "expected a list")
        return tuple(inner(item, path, f"{name}[{i}]") for i, item in enumerate(data))

    return read_list


def _mapping_reader(inner: Reader) -> Reader:
    def read_mapping(data: Any, path: str, name: str) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise Unreadable(_join(path, name), "expected an object")
        return {key: inner(item, _join(path, name), key) for key, item in data.items()}

    return read_mapping


def _parser(parse: Callable[[Any], Any]) -> Reader:
    def read_parsed(data: Any, path: str, name: str) -> Any:
        try:
            return parse(data)
        except (TypeError, ValueError) as error:
            raise Unreadable(_join(path, name), f"{data!r} is not allowed") from error

    return read_parsed


def _exact_reader(kind: type[Any]) -> Reader:
    def read_exact(data: Any, path: str, name: str) -> Any:
        if type(data) is not kind:
            problem = f"expected {kind.__name__}, got {type(data).__name__}"
            raise Unreadable(_join(path, name), problem)
        return data

    return read_exact


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
