"""Which cycle a text of a sheet means: its id, or a quarter as people write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from hub.importing.slug import spelt
from hub.model import fold
from hub.tomlfile.write import key

_NUMBERED = (
    r"(?:q|quartal|quarter)[\s.]*(?P<part>[1-4])(?:[\s./'’-]*(?P<year>(?:20)?\d{2}))?",
    r"(?P<part>[1-4])\.?\s*(?:q|quartal|quarter)(?:[\s./'’-]*(?P<year>(?:20)?\d{2}))?",
    r"(?P<year>(?:20)?\d{2})[\s./-]*(?:q|quartal|quarter)[\s.]*(?P<part>[1-4])",
)
_HALVES = (
    r"(?P<part>[12])\.?\s*(?:h|hj|halbjahr|half)(?:[\s./'’-]*(?P<year>(?:20)?\d{2}))?",
    r"(?:h|hj|halbjahr|half)[\s.]*(?P<part>[12])(?:[\s./'’-]*(?P<year>(?:20)?\d{2}))?",
    r"(?P<year>(?:20)?\d{2})[\s./-]*(?:h|hj|halbjahr|half)[\s.]*(?P<part>[12])",
)


class Period(NamedTuple):
    """The ``part``-th of ``parts`` equal parts of a year; ``year`` is None where the text has none."""

    year: int | None
    parts: int
    part: int

    @property
    def id(self) -> str:
        """As ids are usually written: 2027-q1, 2027-h2, 2027."""
        return f"{self.year}" + ("" if self.parts == 1 else f"-{'q' if self.parts == 4 else 'h'}{self.part}")

    def days(self) -> tuple[date, date]:
        """First and last day, by the calendar."""
        assert self.year is not None
        months = 12 // self.parts
        first = date(self.year, (self.part - 1) * months + 1, 1)
        after = date(self.year + self.part // self.parts, self.part % self.parts * months + 1, 1)
        return first, after - timedelta(days=1)


def period(text: str) -> Period | None:
    """A quarter, half or year: ``Q1 2027``, ``2027-Q1``, ``1. Quartal 27``, ``H2/2027``, ``2027``; None for anything else."""
    bare = fold(text).strip()
    for parts, patterns in ((4, _NUMBERED), (2, _HALVES)):
        for pattern in patterns:
            if found := re.fullmatch(pattern, bare):
                year = found["year"]
                full = None if year is None else int(year) if len(year) == 4 else 2000 + int(year)
                return Period(full, parts, int(found["part"]))
    return Period(int(bare), 1, 1) if re.fullmatch(r"20\d\d", bare) else None


def named(text: str, cycles: Mapping[str, tuple[str, date, date]]) -> str | None:
    """The folded id of the cycle that a text means: by its id, else by the same quarter, where only one cycle is it."""
    folded = fold(text).strip()
    if folded in cycles:
        return folded
    wanted = period(text)
    if wanted is None:
        return None
    same = [
        id for id in cycles if (other := period(id)) is not None and other[1:] == wanted[1:] and wanted.year in (None, other.year)
    ]
    return same[0] if len(same) == 1 else None


def same(one: str, other: str) -> bool:
    """Whether two texts of a sheet mean one cycle: spelt alike, or the same quarter, half or year."""
    if fold(one).strip() == fold(other).strip():
        return True
    here, there = period(one), period(other)
    return (
        here is not None and there is not None and here[1:] == there[1:] and (here.year in (None, there.year) or not there.year)
    )


class Proposal(NamedTuple):
    """How an unknown cycle could be declared: the days of a calendar quarter where the text is one."""

    id: str
    starts: str
    ends: str

    @property
    def line(self) -> str:
        """As it stands under ``[cycle]``."""
        return f"{key(self.id)} = {{ starts = {self.starts}, ends = {self.ends} }}"

    @property
    def table(self) -> list[str]:
        """As a table of its own, which may stand anywhere in a file."""
        return [f"[cycle.{key(self.id)}]", f"starts = {self.starts}", f"ends = {self.ends}"]


def proposal(text: str) -> Proposal:
    """A declaration for an unknown cycle."""
    found = period(text)
    if found is not None and found.year is not None:
        starts, ends = found.days()
        return Proposal(found.id, str(starts), str(ends))
    id = re.sub(r"[^a-z0-9._-]+", "-", spelt(text)).strip("-._") or "my-cycle"
    return Proposal(id, "YYYY-MM-DD", "YYYY-MM-DD")
