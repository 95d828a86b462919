"""Twelve rules against abuse: what is looked for, from which number on, and what then happens."""
