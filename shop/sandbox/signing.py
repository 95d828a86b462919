"""`Stripe-Signature`: HMAC-SHA256 over time and body, one signature per valid secret."""

import hmac
from hashlib import sha256


def signature(secret: str, *, timestamp: int, body: bytes) -> str:
    """Return the `v1` signature of a body at a wall-clock second."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()


def signature_header(secrets: list[str], *, timestamp: int, body: bytes) -> str:
    """Return the whole header; several secrets are valid while one is being rolled over."""
    signatures = [f"v1={signature(secret, timestamp=timestamp, body=body)}" for secret in secrets]
    return ",".join([f"t={timestamp}", *signatures])
