"""Little converters from the formats of the shared data to our own import formats.

Each says in its docstring what it changes and what it leaves out. They stand with the tests,
because a brand that changes systems writes one of these once, and then never needs it again.
"""
