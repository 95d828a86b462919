"""The one table of how an order may go; payment and fulfillment status are derived, not moved."""

from shop.kernel.states import Machine
from shop.orders.models import OrderStatus

ORDER = Machine[OrderStatus](
    {
        OrderStatus.DRAFT: {OrderStatus.PENDING, OrderStatus.CANCELED},
        OrderStatus.PENDING: {OrderStatus.PLACED, OrderStatus.EXPIRED, OrderStatus.CANCELED},
        OrderStatus.EXPIRED: {OrderStatus.PLACED},
        OrderStatus.PLACED: {OrderStatus.CANCELED},
        OrderStatus.CANCELED: set(),
    }
)
