"""Checks of one installation: each is a function that gives lines, and none of them writes anything.

    files.py: configuration, modes, secrets    database.py: schema, integrity, room, owners    network.py: names, TLS
    source.py: what a source answered          plan.py: clock, times, what listens where

What a check needs and this room may not ask for itself, as the answers of a source, is handed in by the command line.
"""

from hub.doctor.checks import Check, Result

__all__ = ["Check", "Result"]
