"""Pages of the store face."""
