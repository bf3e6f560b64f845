"""Our number beside somebody else's: what is on one side only, and which rows explain the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from hub.model import fold
from hub.report.evidence import Group, Row


@dataclass(frozen=True, slots=True)
class Theirs:
    """What somebody else counts: a number, the keys or ids behind it, or both."""

    expected: Fraction | None = None
    ids: tuple[str, ...] | None = None
    places: int = 0
    """With how many decimals the number is said"""

    def is_same(self, ours: Fraction | None) -> bool:
        """Whether a number of ours is theirs, or would be if it were said with as many decimals."""
        if self.expected is None or ours is None:
            return self.expected is None
        scale = 10**self.places
        return ours == self.expected or abs(self.expected - ours) * scale * 2 < 1


@dataclass(frozen=True, slots=True)
class OneSided:
    """A row that only they count, and why we do not."""

    name: str
    """As they write it"""
    why: str
    place: str | None = None
    """``file:line`` of the line that leaves it out"""
    row: Row | None = None
    """What is known of it; None where it was never read"""


@dataclass(frozen=True, slots=True)
class Suspect:
    """Rows that are left out for one reason; ``exactly``: with them our number would be theirs."""

    group: Group
    exactly: bool


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Our number and theirs. ``difference`` is theirs less ours; None where either is not known."""

    id: str
    name: str
    cycle: str
    seq: int
    as_of: int
    what: str
    """Which number of the key result is compared, in words"""
    unit: str | None
    ours: Fraction | None
    why: str
    """Why there is no number of ours"""
    theirs: Fraction | None
    difference: Fraction | None
    equal: bool
    """Also where theirs is ours, rounded to the decimals that theirs has"""
    rows: int
    """How many rows are behind our number"""
    suspects: tuple[Suspect, ...]
    ids: int | None = None
    """How many different keys or ids they gave; None: none were given"""
    both: int = 0
    """Rows on both sides"""
    only_theirs: tuple[OneSided, ...] = ()
    only_ours: tuple[Row, ...] = ()
    twice: tuple[str, ...] = ()
    """What they name more than once"""


@dataclass(frozen=True, slots=True)
class Ours:
    """What is behind a number of ours: the rows that count, and the others by reason."""

    what: str
    number: Fraction | None
    unit: str | None
    why: str
    rows: tuple[Row, ...]
    groups: tuple[Group, ...]


def suspects(ours: Ours, difference: Fraction | None) -> tuple[Suspect, ...]:
    """The groups that would change the number, those that explain the difference first; without a difference none."""
    if difference is None or difference == 0:
        return ()
    found = [Suspect(group, group.adds == difference) for group in ours.groups]
    return tuple(sorted(found, key=lambda s: (not s.exactly, not s.group.adds, -s.group.count)))


class Sides:
    """Their names beside our rows. ``renamed`` are the names under which we know what they call otherwise, such as by a former
    key: folded name -> (source, id)."""

    def __init__(self, ours: Ours, names: Sequence[str], renamed: Mapping[str, tuple[str, str]]) -> None:
        self._names: dict[str, str] = {}
        twice: dict[str, str] = {}
        for name in names:
            if fold(name) in self._names:
                twice.setdefault(fold(name), name)
            self._names.setdefault(fold(name), name)
        self.twice = tuple(twice.values())
        self._counted = _by_name(ours.rows)
        self._left = {name: (row, group) for group in ours.groups for name, row in _by_name(group.rows).items()}
        self._renamed = renamed
        self._met = {row: name for name in self._names if (row := self._find(name, self._counted)) is not None}
        self.only_ours = tuple(row for row in ours.rows if row not in self._met)

    @property
    def ids(self) -> int:
        return len(self._names)

    @property
    def both(self) -> int:
        return len(self._met)

    def missing(self) -> list[tuple[str, Row | None, Group | None]]:
        """(their name, our row, why it is left out) of what only they have."""
        met = set(self._met.values())
        found: list[tuple[str, Row | None, Group | None]] = []
        for name, written in self._names.items():
            if name in met or self._find(name, self._counted) is not None:
                continue
            row, group = self._left.get(name) or self._left.get(self._alias(name)) or (None, None)
            found.append((written, row, group))
        return found

    def _find(self, name: str, rows: Mapping[str, Row]) -> Row | None:
        return rows.get(name) or rows.get(self._alias(name))

    def _alias(self, name: str) -> str:
        source, id_ = self._renamed.get(name, ("", ""))
        return f"{source}\n{id_}"


def _by_name(rows: Sequence[Row]) -> dict[str, Row]:
    """Rows by their folded names and ids, and by source and id."""
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(fold(row.name), row)
        if row.id:
            found.setdefault(fold(row.id), row)
        found[f"{row.source}\n{row.id}"] = row
    return found
