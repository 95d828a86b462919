"""From cart to order: one cart per visitor, filled in any number of storefronts."""
