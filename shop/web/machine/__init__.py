"""Stripe's webhook, the probes, and uploaded files."""

from shop.web.machine import files, health, stripe
from shop.web.machine.routes import blueprint

__all__ = ["blueprint", "files", "health", "stripe"]
