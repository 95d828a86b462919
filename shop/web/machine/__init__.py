"""Pages of the machine face."""
