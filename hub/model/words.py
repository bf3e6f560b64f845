"""Words that everything shares: states, presences, the form in which texts compare."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Literal

State = Literal["todo", "doing", "done", "dropped"]
NodeKind = Literal["company", "pillar", "objective", "key_result"]
TargetKind = Literal["key_result", "allowance", "ignore"]
Outcome = Literal["linked", "allowance", "ignored", "contested", "broken", "unanchored", "duplicate"]

PRESENT = "present"
LEFT = frozenset({"trashed", "deleted", "out_of_scope", "merged"})
"""Presences that leave numerator and denominator; ``archived`` keeps done work and drops open work."""
FROZEN = frozenset({"access_lost", "unobserved", "held"})
"""Presences of items that are out of sight or whose absence is not concluded: the last known stands, and every key result that
they feed stays at its last snapshot."""


def day_in_words(day: date) -> str:
    """As people write it: 12 Jan 2027."""
    return f"{day.day} {day:%b} {day.year}"


def singular(plural: str) -> str:
    """One of what a plural names: query of queries, sheet of sheets."""
    return f"{plural[:-3]}y" if plural.endswith("ies") else plural.removesuffix("s")


def fold(text: str) -> str:
    """The form in which texts and ids are compared everywhere: NFC, case-folded."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
