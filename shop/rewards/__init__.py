"""The bridge to the engine: turns the shop's news into facts, and its answers into pages."""
