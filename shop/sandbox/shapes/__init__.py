"""Stripe's objects as this API version writes them, one builder each; values in, document out."""
