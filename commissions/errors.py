"""Everything the engine may refuse, as facts with a code; no prose for people, no HTTP."""

from __future__ import annotations


class CommissionError(Exception):
    """Base of all refusals. `code` is stable, `details` holds ids, keys and numbers only."""

    code = "commission_error"

    def __init__(self, message: str = "", **details: object) -> None:
        super().__init__(message or self.code)
        self.details = details


class StaleState(CommissionError):
    """Somebody else moved the thing first, or the step is not allowed from where it stands."""

    code = "stale_state"


class NotFound(CommissionError):
    """The named thing does not exist."""

    code = "not_found"


class KeyReused(CommissionError):
    """A business key came again with another content."""

    code = "key_reused"


class UnknownLine(CommissionError):
    """A fact names a line that its sale does not have."""

    code = "unknown_line"


class TooManyUnits(CommissionError):
    """More units would be handed over than were sold."""

    code = "too_many_units"
