"""Goods to the buyer: shipping, pick-up at a point, delivery."""
