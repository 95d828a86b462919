"""A browser's random name, as it may be kept beside an order or an account: a keyed hash."""

from shop.kernel import signing


def hashed(name: str) -> str:
    """Equal browsers are seen to be equal, and nobody can go back to the name; empty for none."""
    return signing.fingerprint(name, purpose="device") if name else ""
