"""What is read from a sheet, and what becomes of it. All frozen, nothing here reads or writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

from hub.errors import Problem


def letters(column: int) -> str:
    """The name of a column, counted from 0: A, Z, AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def index_of(name: str) -> int | None:
    """The other way round; None for what is no column's name."""
    if not re.fullmatch(r"[A-Za-z]{1,3}", name):
        return None
    number = 0
    for letter in name.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a file, as people see it: ``rows`` begin at the first row and column, texts are cleaned of line breaks
    and invisible characters. Cells that a vertical merge covers hold the merged text."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    faults: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """(row, column) from 0 -> what is wrong with a cell whose text cannot be used, such as ``#DIV/0!``."""
    remarks: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """What was changed while reading, such as a control character that was left out."""
    notes: tuple[str, ...] = ()
    """What must be known about the whole."""

    def at(self, row: int, column: int) -> str:
        """A cell's text, "" beyond the edges."""
        cells = self.rows[row] if row < len(self.rows) else ()
        return cells[column] if column < len(cells) else ""

    def ref(self, row: int, column: int | None = None) -> str:
        """How people call a cell: ``OKRs!B7``, with quotes around a name that has more than letters and digits."""
        name = self.name if re.fullmatch(r"\w+", self.name) else "'" + self.name.replace("'", "''") + "'"
        return f"{name}!{letters(column)}{row + 1}" if column is not None else f"{name}!{row + 1}"

    def problem(self, row: int, column: int | None, text: str, remedy: str = "", *, warning: bool = False) -> Problem:
        """A mistake in a cell."""
        return Problem(self.ref(row, column), 0, text, remedy, warning)


@dataclass(frozen=True, slots=True)
class KeyResultRow:
    """One key result of the sheet. ``team`` and ``owner`` are as written; numbers stay texts: they are kept, not used."""

    row: int
    name: str
    id: str | None = None
    owner: str = ""
    team: str = ""
    weight: Decimal | None = None
    ambition: Literal["committed", "aspirational"] | None = None
    start: str = ""
    target: str = ""
    current: str = ""
    metric: str = ""
    label: str = ""
    link: str = ""

    @property
    def measured(self) -> bool:
        """Whether the sheet has numbers for it, so that a metric is what it should be measured by."""
        return bool(self.start or self.target or self.current or self.metric)


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    """One objective of the sheet with its key results; ``cycle``, ``team`` and ``pillar`` are as written, "" where not."""

    row: int
    name: str
    id: str | None = None
    cycle: str = ""
    team: str = ""
    pillar: str = ""
    owner: str = ""
    weight: Decimal | None = None
    key_results: tuple[KeyResultRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that a sheet says."""

    objectives: tuple[ObjectiveRow, ...]
    problems: tuple[Problem, ...] = ()
    strays: tuple[tuple[int, str], ...] = ()
    """(row, cycle) of rows that are left out because they name another cycle than their objective."""


Sign = Literal["+", "~", "-", "="]


class Change(NamedTuple):
    """What becomes of one block: new (+), changed (~), no longer in the sheet (-) or as it was (=)."""

    sign: Sign
    kind: Literal["objective", "key_result"]
    id: str
    name: str
    lines: tuple[tuple[str, str, str], ...] = ()
    """(key, what the file says, what the sheet says), both as TOML; "" for nothing."""


@dataclass(frozen=True, slots=True)
class FilePlan:
    """One file: its text as it is (None: there is none yet) and as it would be. ``name`` is relative to the folder."""

    name: str
    before: str | None
    after: str
    changes: tuple[Change, ...]

    @property
    def changed(self) -> bool:
        return self.before != self.after


class Missing(NamedTuple):
    """What the sheet names and no mapping file declares: what is written in the sheet, an id for it, how many objectives or
    key results name it, and the nearest that is declared ("" if none)."""

    written: str
    id: str
    times: int
    near: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it. ``problems`` with an error among them: nothing should be written."""

    files: tuple[FilePlan, ...] = ()
    problems: tuple[Problem, ...] = ()
    cycles: Mapping[str, int] = field(default_factory=dict)
    """Id -> objectives."""
    others: int = 0
    """Objectives of cycles that were not asked for."""
    missing: Mapping[str, tuple[Missing, ...]] = field(default_factory=dict)
    """cycle, pillar, team -> those."""
    unmeasured: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Owner ("" for nobody) -> (id, name) of key results with numbers in the sheet and no measure in the files."""
    named: int = 0
    """Key results for which the sheet has a label or a link to work."""
