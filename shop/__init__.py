"""The platform: one catalog, many storefronts, one order and payment pipeline."""
