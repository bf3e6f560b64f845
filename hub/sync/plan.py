"""Which passes a run makes over a partition. Pure: what is known of it in, steps out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from connectors.base import Partition
from hub.store.write import PassKind

Mode = Literal["nightly", "delta", "full"]
"""nightly: what changed, and a census; delta: what changed; full: everything, which is a census by itself."""

CLOCK_TOLERANCE = 60_000
"""Milliseconds by which a stored cursor may lie ahead of the vendor's clock, whose header has whole seconds."""
LARGE = 5_000
"""Items from which a first sync reads the cycle's active ones before the rest."""


class Known(NamedTuple):
    """What earlier passes left: where the last complete one began (vendor time, ms), and under which fingerprint; whether one was
    cut off and can go on; whether items are out of sight or held, so that only a listing tells whether they are back; the version
    of what it left, if it said one and nothing was read since."""

    cursor: int | None = None
    fingerprint: str | None = None
    cut_off: bool = False
    away: bool = False
    version: str | None = None


class Plan(NamedTuple):
    """One pass over a partition. ``census``: list its ids afterwards; ``reset``: the stored cursor is not to be used again;
    ``note``: what a person should know of the choice; ``version``: what need not be read again if the vendor still has it."""

    kind: PassKind
    since: datetime | None = None
    census: bool = False
    reset: bool = False
    note: str | None = None
    version: str = ""


def plan(partition: Partition, known: Known, fingerprint: str, *, mode: Mode, overlap: float, vendor_now: int | None) -> Plan:
    """The pass to make. ``overlap`` is in seconds; ``fingerprint`` the present one. Values are always read whole: what was
    restated or taken away has no stamp."""
    if (
        partition.reads == "whole"
        or partition.yields == "values"
        or mode == "full"
        or known.cursor is None
        or known.fingerprint != fingerprint
    ):
        same = partition.reads == "whole" and mode != "full" and known.fingerprint == fingerprint
        return Plan("full", version=known.version or "" if same else "")
    if vendor_now is not None and known.cursor > vendor_now + CLOCK_TOLERANCE:
        text = f"the stored position of {partition.key or partition.title} lies in the vendor's future; it is read whole"
        return Plan("full", reset=True, note=text)
    since = datetime.fromtimestamp(known.cursor / 1000, UTC) - timedelta(seconds=overlap)
    return Plan("delta", since, census=mode == "nightly" or known.away)


def recent(partitions: list[Partition], known: dict[str, Known], starts: datetime | None) -> list[Partition]:
    """The partitions of which the present cycle's work is read first: those never read, when they are large together."""
    if starts is None:
        return []
    blank = Known()
    delta = [p for p in partitions if p.reads == "delta" and p.yields == "items"]
    fresh = [p for p in delta if known.get(p.id, blank).fingerprint is None]
    fresh = [p for p in fresh if not known.get(p.id, blank).cut_off]
    return fresh if sum(p.size or 0 for p in fresh) > LARGE else []
