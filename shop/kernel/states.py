"""State machines of the shop: the engine's transition helper with the shop's audit and errors."""

from commissions.errors import StaleState
from commissions.states import Machine

__all__ = ["Machine", "StaleState"]
