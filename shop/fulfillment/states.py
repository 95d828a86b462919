"""How a parcel or a hand-over may go: the status says what we did, not what the carrier says."""

from shop.fulfillment.models import FulfillmentState as State
from shop.kernel.states import Machine

FULFILLMENT = Machine[State](
    {
        State.UNFULFILLED: {State.FULFILLED, State.CANCELED, State.READY_FOR_PICKUP},
        State.READY_FOR_PICKUP: {State.DELIVERED, State.CANCELED},
        State.FULFILLED: {State.DELIVERED},
        State.DELIVERED: set(),
        State.CANCELED: set(),
    }
)
