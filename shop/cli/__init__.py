"""Commands: each a thin shell over one verb."""
