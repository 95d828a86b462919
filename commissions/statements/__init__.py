"""Statements: a payee's account of a period, closed over the sealed ledger and never changed."""
