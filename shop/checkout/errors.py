"""What cart and checkout may refuse."""

from collections.abc import Sequence

from shop.kernel.errors import Conflict, Invalid, NotFound
from shop.kernel.words import _l


class NoSuchCart(NotFound):
    code = "no_such_cart"

    def __init__(self) -> None:
        super().__init__(_l("Your cart is empty."))


class CartLocked(Conflict):
    """An order was made from this cart; it changes only by way of “edit cart”."""

    code = "cart_locked"

    def __init__(self) -> None:
        super().__init__(
            _l("This cart is being paid. Choose “Edit cart” if you want to change something.")
        )


class OrderDiffers(Conflict):
    """The cart's order was made with other details than this post brings (test B13)."""

    code = "order_differs"
    status = 422

    def __init__(self) -> None:
        super().__init__(
            _l(
                "An order was already made from this cart, with other details. "
                "Choose “Edit cart” to change them."
            )
        )


class CartChanged(Conflict):
    """The total rose since the buyer saw it; they must confirm the new one."""

    code = "cart_changed"

    def __init__(self, current_total: int) -> None:
        self.current_total = current_total
        super().__init__(_l("The total has changed. Please check it and pay again."))


class CartEmpty(Invalid):
    code = "cart_empty"

    def __init__(self) -> None:
        super().__init__(_l("Your cart is empty."))


class NotSold(Invalid):
    """The variant is unknown, unpublished or has no price."""

    code = "not_sold"

    def __init__(self) -> None:
        super().__init__(_l("This product is not sold at the moment."), field="variant")


class CartProblems(Invalid):
    """Lines that cannot be bought as they stand; each names its line."""

    code = "insufficient_stock"
    status = 409

    def __init__(self, line_ids: Sequence[int]) -> None:
        self.line_ids = tuple(line_ids)
        super().__init__(
            _l("Some products are not available in this quantity any more. Your cart shows which.")
        )


class AmountTooSmall(Invalid):
    """Below what the payment provider takes."""

    code = "amount_too_small"

    def __init__(self, minimum: str) -> None:
        super().__init__(
            _l(
                "Online payment is possible from %(minimum)s. Please add something.",
                minimum=minimum,
            )
        )
