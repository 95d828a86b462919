"""Whole installations driven from inside: replays of real orders and the building of the demo.

Stands beside the commands: it starts a sandbox in the same process, which no slice may do.
"""
