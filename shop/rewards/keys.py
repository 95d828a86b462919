"""The opaque keys by which the engine knows the shop's things."""


def sale(order_id: int) -> str:
    return f"order:{order_id}"


def line(order_line_id: int) -> str:
    return f"line:{order_line_id}"


def point(point_id: int) -> str:
    return f"point:{point_id}"


PAYEE = "payee:"


def payee(payee_id: int) -> str:
    return f"{PAYEE}{payee_id}"


def number(key: str) -> int:
    """The shop's id behind a key."""
    return int(key.rpartition(":")[2])
