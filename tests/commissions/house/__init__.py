"""A house that lives at random: its ground, its acts, an independent count, what must hold.

One set of acts serves Hypothesis, the seeded long run and the planted bugs.
"""
