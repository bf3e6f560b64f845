"""The remedy for an unknown word: what was most likely meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import lru_cache

from hub.model import fold


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word that was most likely meant."""
    return _nearest(word, tuple(known), likeness)


@lru_cache(maxsize=512)  # the same mistake in every row of a template is looked up once
def _nearest(word: str, known: tuple[str, ...], likeness: float) -> str | None:
    by_fold = {fold(k): k for k in known}
    found = difflib.get_close_matches(fold(word), by_fold, n=1, cutoff=likeness)
    return by_fold[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "", likeness: float = 0.6) -> str:
    """The remedy for an unknown word: the nearest known one, else all of them when they are few."""
    choices = sorted(set(known))
    near = nearest(word, choices, likeness)
    if near is not None:
        return f'Did you mean "{near}"?'
    if otherwise:
        return otherwise
    return f"Known here: {', '.join(choices)}." if 0 < len(choices) <= 20 else ""


def instead(right: str) -> str:
    """The remedy for a word that stands for another one, ``right``; a whole sentence is the remedy itself."""
    return (
        right if not right or right.endswith(".") else f"Did you mean {right}?" if right[0] == "[" else f'Did you mean "{right}"?'
    )


def key_of(right: str) -> str:
    """The key that such a word gives: ``when`` of ``when.label``, ``rule`` of ``[[rule]]``; none of a sentence."""
    return "" if right.endswith(".") else right.strip("[]").partition(".")[0]
