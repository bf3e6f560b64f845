"""Two sources that read the same work: each of its items would count twice."""

from __future__ import annotations

from itertools import combinations
from urllib.parse import urlsplit

import connectors
from hub.config.values import Source
from hub.errors import Problem
from hub.model import fold

_PORTS = {"http": 80, "https": 443}
_SHOWN = 3


def read_twice(sources: list[Source]) -> list[Problem]:
    """A problem at each source that reads what one before it reads: the same site, and a partition of both."""
    found: dict[str, Problem] = {}
    for one, other in combinations(sources, 2):
        if other.name in found or one.kind != other.kind or _site(one.url) != _site(other.url):
            continue
        if not (one.work and other.work):
            continue  # several sources may measure the same rows, each in its own way
        kind = connectors.load(other.kind)
        if kind.queries and not (one.partitions and other.partitions):
            continue  # without a list it runs what its own metrics name
        word = kind.partition_word
        shared = _shared(one, other, word)
        if shared:
            text = f'The sources "{one.name}" and "{other.name}" both read {shared} of {other.url}: every item would count twice.'
            found[other.name] = Problem.at(other.place, text, f"Remove one, or give each its own {word}.")
    return list(found.values())


def _site(url: str) -> tuple[str, str, int | None, str]:
    """An address by what it reaches. It was checked before."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme), parts.path.rstrip("/")


def _shared(one: Source, other: Source, word: str) -> str:
    """What both read, in words; empty when nothing is. A source without a list reads all."""
    if not one.partitions and not other.partitions:
        return f"all {word}"
    listed, among = (other, one) if other.partitions else (one, other)
    folded = {fold(p) for p in among.partitions}
    shared = [p for p in listed.partitions if not folded or fold(p) in folded]
    if len(shared) > _SHOWN + 1:
        shared = [*shared[:_SHOWN], f"{len(shared) - _SHOWN} more"]
    return f"{', '.join(shared[:-1])} and {shared[-1]}" if len(shared) > 1 else "".join(shared)
