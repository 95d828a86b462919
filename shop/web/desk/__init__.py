"""Pages of the desk face."""
