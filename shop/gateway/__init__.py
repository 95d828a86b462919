"""The only door to Stripe: its client, the check of its signatures, and the inbox of its news."""
