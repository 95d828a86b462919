"""A point's shop window over the one catalog."""
