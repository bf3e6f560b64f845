"""The shape of ids."""

from __future__ import annotations

import re

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def id_remedy(id: str) -> str:
    """How to correct an id, with a proposal where one is left."""
    proposal = re.sub(r"[^A-Za-z0-9._-]+", "-", id.strip()).strip("-._")
    rule = "An id has letters a-z, digits, dots, dashes and underscores, and begins with a letter or digit"
    return f'{rule}; for example "{proposal}".' if proposal else f"{rule}."
