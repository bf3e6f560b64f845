"""What has been understood of the mapping files so far, while they are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.errors import Problem
from hub.model import Allowance, Cycle, KeyResult, Objective, Pillar, Place, Rule, Team, fold
from hub.tomlfile import Document, Table, did_you_mean
from hub.tomlfile.ids import ID, id_remedy


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
    taken: dict[tuple[str, str, str], Known] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    cycles: dict[str, Cycle] = field(default_factory=dict)
    pillars: dict[str, Pillar] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    allowances: dict[str, Allowance] = field(default_factory=dict)
    objectives: dict[str, Objective] = field(default_factory=dict)
    key_results: dict[tuple[str, str], KeyResult] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)

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
            self.error(place, f'"{id}" cannot be an id.', id_remedy(id))
            return False
        return True

    def resolve(self, kind: str, table: Table, key: str | tuple[str | int, ...], id: str, elsewhere: str = "") -> str | None:
        """The id as declared that a line names; None, with a problem, when there is none. ``elsewhere`` is a better remedy."""
        known = self.known.get(kind, {})
        found = known.get(fold(id))
        if found is not None:
            return found.id
        if kind not in self.hidden:
            choices = [k.id for k in known.values()]
            remedy = elsewhere or did_you_mean(
                id, choices, otherwise=f"Known: {', '.join(sorted(choices))}." if 0 < len(choices) <= 8 else ""
            )
            table.problem(
                key, f'There is no {_words(kind)} "{id}".', remedy or f"Add it to {_SECTIONS[kind]}, or correct the id."
            )
        return None

    def error(self, place: Place, text: str, remedy: str) -> None:
        self.problems.append(Problem(place.file, place.line, text, remedy))

    def warn(self, place: Place, text: str, remedy: str = "") -> None:
        self.problems.append(Problem(place.file, place.line, text, remedy, warning=True))


_SECTIONS = {
    "cycle": "[cycle]", "pillar": "[pillar]", "allowance": "[allowance]", "team": "a [[team]]", "objective": "an [[objective]]",
    "key_result": "a [[key_result]]",
}  # fmt: skip


def _words(kind: str) -> str:
    return kind.replace("_", " ")
