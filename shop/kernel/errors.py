"""Errors that people may see: a code for machines, a status for HTTP, a translated sentence.

Slices name their own errors as facts (`OutOfStock`) and build the sentence from the objects.
"""

from collections.abc import Mapping

from shop.kernel.words import Words, say


class ShopError(Exception):
    """A refusal that is expected; `message` is translated when it is shown."""

    code = "error"
    status = 400

    def __init__(self, message: Words | str = "", *, field: str = "", retry_after: int = 0) -> None:
        self.message = message
        self.field = field
        """Name of the form field or column that is to blame; empty if none is."""
        self.retry_after = retry_after
        """Seconds after which the same request may succeed; 0 if it never will."""
        super().__init__(message)

    def __str__(self) -> str:
        return say(self.message) or self.code


class Invalid(ShopError):
    """Form input that cannot be taken; `fields` maps a field's name to its sentence."""

    code = "invalid"
    status = 422

    def __init__(
        self,
        message: Words | str = "",
        *,
        field: str = "",
        fields: Mapping[str, Words | str] | None = None,
    ) -> None:
        super().__init__(message, field=field)
        self.fields = dict(fields or ({field: message} if field else {}))


class NotFound(ShopError):
    code = "not_found"
    status = 404


class Forbidden(ShopError):
    code = "forbidden"
    status = 403


class Conflict(ShopError):
    code = "conflict"
    status = 409


class Busy(ShopError):
    """The database's one writer is taken for too long; nothing was written."""

    code = "busy"
    status = 503


class BadSetting(Exception):
    """An environment variable that the application cannot start with."""

    def __init__(self, name: str, sentence: str) -> None:
        self.name = name
        super().__init__(f"{name} {sentence}")
