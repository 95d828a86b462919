"""Payouts: claimed by one person, agreed by another, sent once, whatever breaks on the way."""
