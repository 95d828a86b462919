"""State machines of the shop: the engine's transition helper with the shop's audit and errors."""

from commissions.states import Machine, StaleState

__all__ = ["Machine", "StaleState"]
