"""Refusals in Stripe's shape: a status, a type, a code, the parameter and a sentence."""

from typing import Any

Json = dict[str, Any]


class Refused(Exception):
    """A call that is answered with an error; nothing that it did is kept.

    `executed` tells whether the endpoint had begun its work, which decides whether the answer is
    saved under the idempotency key.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        executed: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.executed = executed
        self.body = error_body(message, kind=kind, code=code, param=param)


def error_body(message: str, *, kind: str, code: str | None = None, **facts: Any) -> Json:
    """Return `{"error": …}` without the fields that do not apply, as Stripe leaves them out."""
    error = {"type": kind, "code": code, "message": message, **facts}
    return {"error": {name: value for name, value in error.items() if value is not None}}


def invalid(message: str, *, param: str, code: str | None = None) -> Refused:
    """Return the refusal of a parameter before any work began."""
    return Refused(message, code=code, param=param, executed=False)


def missing_object(kind: str, object_id: str, param: str, *, in_path: bool) -> Refused:
    """Return the refusal of an id that names nothing; 404 when it stands in the path."""
    return Refused(
        f"No such {kind}: '{object_id}'",
        status=404 if in_path else 400,
        code="resource_missing",
        param=param,
    )


def unauthorized(message: str) -> Refused:
    """Return the answer to a call without a usable key."""
    return Refused(message, status=401, executed=False)


def no_access(account: str) -> Refused:
    """Return the answer to a call about a connected account that is not ours."""
    return Refused(
        f"The provided key does not have access to account '{account}' (or it does not exist).",
        status=403,
        code="account_invalid",
        executed=False,
    )


def rate_limited() -> Refused:
    """Return the answer to a call that came too soon; it did nothing."""
    return Refused(
        "Too many requests hit the sandbox too quickly. Wait a moment, then send it again.",
        status=429,
        code="rate_limit",
        executed=False,
    )


def internal_error() -> Refused:
    """Return the answer of a server that failed; it is saved under the key like any other."""
    return Refused("The sandbox failed on purpose.", status=500, kind="api_error")


def key_in_use(key: str) -> Refused:
    """Return the answer to a second call that came while the first still ran."""
    return Refused(
        f"Another request with the Idempotency-Key '{key}' is still being worked on.",
        status=409,
        kind="idempotency_error",
        code="idempotency_key_in_use",
        executed=False,
    )


def key_reused(key: str, difference: str) -> Refused:
    """Return the answer to a key that was first used for something else."""
    return Refused(
        f"The Idempotency-Key '{key}' was first used with {difference}. "
        "Take another key for another request.",
        kind="idempotency_error",
        executed=False,
    )
