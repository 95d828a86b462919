"""What an order may refuse."""

from shop.kernel.errors import Conflict, NotFound
from shop.kernel.words import _l


class NoSuchOrder(NotFound):
    code = "no_such_order"

    def __init__(self) -> None:
        super().__init__(_l("We cannot find this order."))


class AlreadyHandedOver(Conflict):
    """Something of the order is on its way; a refund is the way now, not a cancellation."""

    code = "already_handed_over"

    def __init__(self, number: str) -> None:
        super().__init__(
            _l(
                "Part of order %(number)s was already handed over. Refund it instead.",
                number=number,
            )
        )


class NotCancelable(Conflict):
    code = "not_cancelable"

    def __init__(self, number: str) -> None:
        super().__init__(_l("Order %(number)s cannot be canceled any more.", number=number))


class ContactFixed(Conflict):
    """The parcel carries the old label already."""

    code = "contact_fixed"

    def __init__(self) -> None:
        super().__init__(
            _l("Something of this order was shipped, or it has ended; its contact stays as it is.")
        )
