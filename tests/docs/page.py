"""Pages of ``docs/``: their blocks of code, headings and links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parents[2] / "docs"
_FENCE = re.compile(r"^```(\w*) ?(.*)\n((?:.*\n)*?)^```$", re.MULTILINE)
_LINK = re.compile(r"\[[^\[\]]+\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Code(NamedTuple):
    """A block of code: its language, what follows that word (the name of a CSV file), and its text."""

    language: str
    title: str
    text: str


def code(text: str) -> list[Code]:
    """All blocks of code, in order."""
    return [Code(*found) for found in _FENCE.findall(text)]


def headings(text: str) -> list[str]:
    return _HEADING.findall(_FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """What links to the headings of a page end in."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(text)}


def dead_links(page: Path) -> list[str]:
    """Links to files or headings that do not exist; addresses on the web are not asked."""
    text = page.read_text("utf-8")
    found = []
    for link in _LINK.findall(_FENCE.sub("", text)):
        file, _, anchor = link.partition("#")
        target = page if not file else page.parent / file
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            found.append(link)
    return found
