"""The shape of ids."""

from __future__ import annotations

import re
import unicodedata

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS"})


def spelt(text: str) -> str:
    """A text with German umlauts spelt out and without other accents."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text).translate(_SPELT))
    return "".join(char for char in plain if not unicodedata.combining(char))


def id_remedy(id: str) -> str:
    """How to correct an id, with a proposal where one is left."""
    proposal = re.sub(r"[^A-Za-z0-9._-]+", "-", spelt(id.strip())).strip("-._")
    rule = "An id has letters a-z, digits, dots, dashes and underscores, and begins with a letter or digit"
    return f'{rule}; for example "{proposal}".' if proposal else f"{rule}."
