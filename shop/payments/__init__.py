"""The money of orders: attempts to pay, captures, refunds and disputes."""
