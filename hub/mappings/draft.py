"""What has been understood of the mapping files so far, while they are read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.errors import Problem
from hub.mappings.csvfile import CsvFile, read_csv
from hub.model import (
    Allowance,
    Curve,
    Cycle,
    KeyResult,
    Metric,
    Objective,
    Pattern,
    Person,
    Pillar,
    Place,
    Rates,
    Rule,
    Scale,
    StatusWord,
    Team,
    fold,
)
from hub.tomlfile import Document, Table, did_you_mean
from hub.tomlfile.ids import ID, id_remedy
from hub.tomlfile.locate import Path

_SPELLED = 4
"""Wrong ids at one place for which the nearest known one is looked up: more come from the rows of a template, and are told
together."""


class Known(NamedTuple):
    """An id as declared, and where."""

    id: str
    place: Place


@dataclass(slots=True)
class Draft:
    """Values by folded id, problems as they are found, and the ids that later lines may name.

    ``known`` holds ids of blocks that have mistakes too, so that one mistake is not reported again at every mention.
    ``hidden`` are kinds of which some id could not be read: a mention of an unknown one may then be right.
    """

    docs: list[Document]
    problems: list[Problem] = field(default_factory=list)
    known: dict[str, dict[str, Known]] = field(default_factory=dict)
    formerly: dict[str, dict[str, Known]] = field(default_factory=dict)
    """Kind -> folded former id -> what it is now."""
    taken: dict[tuple[str, str, str], Known] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    cycles: dict[str, Cycle] = field(default_factory=dict)
    pillars: dict[str, Pillar] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    allowances: dict[str, Allowance] = field(default_factory=dict)
    scale: Scale = field(default_factory=Scale)
    curves: dict[str, Curve] = field(default_factory=dict)
    rates: dict[str, tuple[Rates, ...]] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    objectives: dict[str, Objective] = field(default_factory=dict)
    key_results: dict[tuple[str, str], KeyResult] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    fences: dict[str, str] = field(default_factory=dict)
    """File -> id of the team that it belongs to (``[file] team``)."""
    fenced: dict[str, tuple[Table, str]] = field(default_factory=dict)
    """The same as written."""
    former: dict[tuple[str, str], str] = field(default_factory=dict)
    """(cycle id, folded former id of a key result) -> its folded id."""
    statuses: dict[str, tuple[StatusWord, ...]] = field(default_factory=dict)
    dropped_resolutions: set[str] = field(default_factory=set)
    """Folded, those of ``[resolution]`` only."""
    patterns: list[Pattern] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)
    """Texts of the CSV files by name."""
    queries: frozenset[str] = frozenset()
    """Names of the SQL queries that have a file."""
    unreadable: dict[str, Problem] = field(default_factory=dict)
    """CSV files that cannot be read: no matter as long as nothing names them."""
    used: dict[str, CsvFile | None] = field(default_factory=dict)
    """CSV files that something names; None for one with mistakes."""
    read: dict[str, set[str]] = field(default_factory=dict)
    """CSV file -> folded columns that anything is read from."""
    columns: dict[tuple[str, Path], frozenset[str]] = field(default_factory=dict)
    """(file, path) of a block with ``for_each`` -> folded columns of its rows."""
    spelled: Counter[tuple[str, str, Path]] = field(default_factory=Counter)

    def tops(self) -> Iterable[Table]:
        """The top of each file."""
        for doc in self.docs:
            yield Table(doc, (), doc.values, doc.name, self.problems)

    def declare(self, kind: str, id: str, place: Place, *, within: str = "") -> bool:
        """Register an id of a kind; False when it is badly formed or taken. ``within`` is the cycle of a key result."""
        first = self.taken.get((kind, within, fold(id)))
        if first is not None:
            where = f' in cycle "{within}"' if within else ""
            words = f'The {_words(kind)} "{id}" exists already{where}, at {first.place}.'
            self.error(place, words, "Give one of the two another id.")
            return False
        self.taken[kind, within, fold(id)] = Known(id, place)
        self.known.setdefault(kind, {}).setdefault(fold(id), Known(id, place))
        if not ID.fullmatch(id):
            if "{" in id:
                self.hidden.add(kind)  # it would have been another one
            self.error(place, f'"{id}" cannot be an id.', id_remedy(id))
            return False
        return True

    def resolve(self, kind: str, table: Table, key: str | tuple[str | int, ...], id: str, elsewhere: str = "") -> str | None:
        """The id as declared that a line names; None, with a problem, when there is none. ``elsewhere`` is a better remedy."""
        found = self.find(kind, id)
        if found is not None:
            return found
        if kind not in self.hidden:
            remedy = elsewhere or self._nearest(kind, table, key, id) or f"Add it to {_SECTIONS[kind]}, or correct the id."
            table.problem(key, f'There is no {_words(kind)} "{id}".', remedy)
        return None

    def find(self, kind: str, id: str) -> str | None:
        """The id as declared of what has, or had, an id; None when there is none."""
        found = self.known.get(kind, {}).get(fold(id)) or self.formerly.get(kind, {}).get(fold(id))
        return None if found is None else found.id

    def _nearest(self, kind: str, table: Table, key: str | tuple[str | int, ...], id: str) -> str:
        choices = [k.id for k in self.known.get(kind, {}).values()]
        if kind == "cycle" and _is_another_cycle(id, choices):
            return f"Add it to [cycle]: {id} = {{ starts = ..., ends = ... }}."
        at = (kind, table.doc.name, (*table.path, *(key if isinstance(key, tuple) else (key,))))
        self.spelled[at] += 1
        if self.spelled[at] > _SPELLED:
            return ""
        return did_you_mean(id, choices, otherwise=f"Known: {', '.join(sorted(choices))}." if 0 < len(choices) <= 8 else "")

    def fence(self, table: Table) -> str | None:
        """The id of the team that the file of a table belongs to."""
        return self.fences.get(table.doc.name)

    def csv(self, name: str) -> CsvFile | None:
        """A CSV file, which then belongs to the mapping; None when it has mistakes, which are noted once."""
        if name not in self.used:
            found = read_csv(name, self.tables[name])
            if not isinstance(found, CsvFile):
                self.problems += found
            self.used[name] = found if isinstance(found, CsvFile) else None
        return self.used[name]

    def teams_within(self, id: str) -> frozenset[str]:
        """Folded ids of a team and of all teams beneath it."""
        found = {fold(id)}
        while more := {k for k, t in self.teams.items() if t.parent and fold(t.parent) in found} - found:
            found |= more
        return frozenset(found)

    def error(self, place: Place, text: str, remedy: str) -> None:
        self.problems.append(Problem.at(place, text, remedy))

    def warn(self, place: Place, text: str, remedy: str = "") -> None:
        self.problems.append(Problem.at(place, text, remedy, warning=True))


_SECTIONS = {
    "cycle": "[cycle]", "pillar": "[pillar]", "allowance": "[allowance]", "team": "a [[team]]", "objective": "an [[objective]]",
    "key_result": "a [[key_result]]", "metric": "a [[metric]]", "rates": "[rates]",
}  # fmt: skip


_CYCLE_ID = re.compile(r"\d{4}|\d{4}[-_.]?(?:[qt][1-4]|h[12]|0[1-9]|1[0-2])|(?:[qt][1-4]|h[12])[-_.]?\d{4}")


_YEAR = re.compile(r"\d{4}")
_YEARS = 2
"""A year further from all that are declared is a slip: 2207 for 2027."""


def _is_another_cycle(id: str, known: Iterable[str]) -> bool:
    """Whether an id is well formed for a quarter, a half or a year that is not declared, and no misspelling of one that is."""
    if _CYCLE_ID.fullmatch(fold(id)) is None:
        return False
    others = [_spell(one) for one in known]
    years = [int(part) for other in others for part in other if _YEAR.fullmatch(part)]
    own = next(int(part) for part in _spell(id) if _YEAR.fullmatch(part))
    return _spell(id) not in others and any(abs(own - year) <= _YEARS for year in years)


def _spell(id: str) -> frozenset[str]:
    """What is left of a cycle's id without order and signs."""
    return frozenset(re.findall(r"[a-z]\d|\d{4}|\d+", fold(id)))


def _words(kind: str) -> str:
    return {"rates": "table of rates", "pace": "curve"}.get(kind, kind.replace("_", " "))
