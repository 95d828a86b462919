"""Formats of payout files that need more than the standard library."""
