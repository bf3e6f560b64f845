"""Short ids from names: a few telling words, in ASCII, that nobody has yet."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from hub.model import fold

WORDS, LETTERS = 3, 28
"""How many words of a name make an id, and how long it may get, where that is enough to tell it apart."""
LONGEST = 60
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "o", "å": "a", "œ": "oe", "ł": "l", "đ": "d"})
_SMALL = """
a an the and or of to in on for from by with at as is are be our we all every each per via into than that this it its
der die das den dem des ein eine einen einem einer und oder von zu zum zur im in an am auf für mit bei aus als ist sind
wir unser unsere unseren alle jede jeder jedes pro sowie kr o
under over up down less more least most unter über bis mindestens höchstens weniger mehr
"""
_EMPTY = frozenset(_SMALL.translate(_SPELT).split())


def spelt(text: str) -> str:
    """A text in small letters of ASCII; what has none that is like it goes."""
    whole = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", fold(text)).translate(_SPELT))
    return whole.encode("ascii", "ignore").decode()


def words(name: str) -> list[str]:
    """The telling words of a name; numbers go, because ids outlive them."""
    found = re.findall(r"[a-z0-9]+", spelt(name))
    telling = [word for word in found if not re.fullmatch(r"(?:kr|o)?[0-9]+", word) and word not in _EMPTY]
    return telling or [word for word in found if not word.isdigit()] or found


def slug(name: str, otherwise: str, taken: Callable[[str], bool]) -> str:
    """An id for a name: its first words, more of them where those are taken, a number at the end where all are.
    ``otherwise`` is for a name without a letter of a-z."""
    given = words(name)
    few = min(WORDS, _fitting(given))
    candidates = ["-".join(given[:count])[:LONGEST].strip("-") for count in range(few, len(given) + 1)] if given else [otherwise]
    for id in candidates:
        if not taken(id):
            return id
    number = 2
    while taken(f"{candidates[0]}-{number}"):
        number += 1
    return f"{candidates[0]}-{number}"


def _fitting(given: list[str]) -> int:
    """How many words stay within the length; at least one."""
    count = 1
    while count < len(given) and len("-".join(given[: count + 1])) <= LETTERS:
        count += 1
    return count
