"""The promise: an order, its lines, its states and its timeline."""
