"""Kinds of points in words, for every face that names them."""

from typing import Any

from shop.kernel.i18n import _l
from shop.network.models import PointKind

KIND_NAMES: dict[PointKind, Any] = {
    PointKind.DEALER: _l("Dealer"),
    PointKind.STORE: _l("Store"),
    PointKind.EMPLOYEE: _l("Employee"),
    PointKind.PARTNER: _l("Partner"),
    PointKind.CUSTOMER: _l("Customer"),
}
