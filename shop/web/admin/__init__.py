"""Pages of the admin face."""
