"""Signed values and sealed texts; every use names its purpose, so that no token fits two doors."""

import base64
import hashlib
import hmac
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

_keys: tuple[str, ...] = ()


def use_keys(secret_key: str, fallbacks: tuple[str, ...] = ()) -> None:
    """Sign with the first key, accept all; so keys can be rotated."""
    global _keys
    _keys = (secret_key, *fallbacks)


def sign(value: Any, *, purpose: str) -> str:
    """A URL-safe token of a JSON value, with the wall time in it."""
    return str(_serializer(purpose).dumps(value))


def unsign(token: str, *, purpose: str, max_age: int | None = None) -> Any:
    """The value of a token, or None if it is forged, older than `max_age` seconds or elsewhere's."""
    try:
        return _serializer(purpose).loads(token, max_age=max_age)
    except (BadSignature, SignatureExpired):
        return None


def seal(text: str) -> str:
    """Encrypt a text that staff may never read from the database, such as a bank account."""
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text behind `seal`; raises ValueError if no key fits."""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise ValueError("no key opens this text") from error


def fingerprint(text: str, *, purpose: str) -> str:
    """A keyed hash: equal texts are seen to be equal, and nobody can go back to the text."""
    key = f"{purpose}:{_keys[-1]}".encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    # itsdangerous signs with the last key of its list.
    return URLSafeTimedSerializer(list(reversed(_keys)), salt=f"gridshop.{purpose}")


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(_fernet_key(key)) for key in _keys])


def _fernet_key(key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(f"gridshop.seal:{key}".encode()).digest())
