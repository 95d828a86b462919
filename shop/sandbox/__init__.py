"""A stateful stand-in for Stripe: its own process, its own database, its own pages.

It imports nothing of the shop and the shop imports nothing of it, so that neither can cheat: they
meet over HTTP, through the official SDK and signed webhooks.
"""
