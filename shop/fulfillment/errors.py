"""What fulfillment may refuse."""

from datetime import datetime

from shop.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shop.kernel.words import _l


class NoSuchTicket(NotFound):
    """The code is unknown, or of another counter: both answer alike."""

    code = "no_such_ticket"

    def __init__(self) -> None:
        super().__init__(_l("This code is not known here. Please check it."), field="code")


class AlreadyCollected(Conflict):
    """The ticket was used; says when and by whom, so that nobody argues at the counter."""

    code = "already_collected"

    def __init__(self, used_at: datetime | None, used_by: str) -> None:
        self.used_at, self.used_by = used_at, used_by
        super().__init__(_l("These goods were collected already."))


class NotPaid(Conflict):
    code = "not_paid"

    def __init__(self) -> None:
        super().__init__(_l("This order is not paid; nothing may leave the shelf."))


class NothingLeft(Invalid):
    """More units than wait to be handed over."""

    code = "nothing_left"

    def __init__(self) -> None:
        super().__init__(_l("So many units do not wait to be handed over."), field="units")


class NotYourCounter(Forbidden):
    code = "not_your_counter"

    def __init__(self) -> None:
        super().__init__(_l("This order is collected at another place."))
