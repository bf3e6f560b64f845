"""What the mapping files declare already: cycles, pillars, teams, and the objectives and key results with their ids.

The files may have mistakes, which is no reason not to import: a rule that names a key result of the sheet is wrong until the
sheet was imported. So every file that is TOML is looked into, and what a valid mapping knows beyond that (teams from a table)
is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

from hub.errors import Problem
from hub.mappings.files import collect
from hub.model import Mapping as Strategy
from hub.model import fold
from hub.tomlfile import Document, read


class Block(NamedTuple):
    """An objective or key result as a file has it: where, and its keys."""

    file: str
    kind: Literal["objective", "key_result"]
    number: int
    """Its index among those of its kind in the file."""
    line: int
    values: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.values.get("id", ""))

    @property
    def name(self) -> str:
        return str(self.values.get("name", self.id))

    @property
    def cycle(self) -> str:
        """Of an objective, folded."""
        return fold(str(self.values.get("cycle", "")))

    @property
    def objective(self) -> str:
        """Of a key result: the folded id of the (first) objective that it belongs to."""
        written = self.values.get("objective", "")
        return fold(str(written[0] if isinstance(written, list) and written else written))


@dataclass(slots=True)
class Known:
    """Everything by folded id. ``files`` are the texts of the import's own folder, by name relative to it."""

    cycles: dict[str, tuple[str, date, date]] = field(default_factory=dict)
    pillars: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Folded id -> (id, name)."""
    teams: dict[str, tuple[str, str]] = field(default_factory=dict)
    allowances: set[str] = field(default_factory=set)
    blocks: list[Block] = field(default_factory=list)
    """Objectives and key results, those of the import's own folder under names relative to it."""
    files: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    """The same, understood."""
    elsewhere: set[str] = field(default_factory=set)
    """Names of files with blocks that the import must not touch."""
    problems: list[Problem] = field(default_factory=list)
    """Files of the own folder that are no TOML."""

    def objectives(self) -> list[Block]:
        return [b for b in self.blocks if b.kind == "objective"]

    def key_results(self) -> list[Block]:
        return [b for b in self.blocks if b.kind == "key_result"]


def look(folder: Path, into: Path, strategy: Strategy | None) -> Known:
    """What ``folder``, the one of all mapping files, knows; ``into`` is the one to write to, usually inside it."""
    known = Known()
    texts = collect(folder)[0] if folder.is_dir() else {}
    inside = _relative(folder, into)
    for name, text in texts.items():
        if not name.endswith(".toml"):
            continue
        path = name.removeprefix(f"{folder.name}/")
        own = path.removeprefix(inside) if inside is not None and path.startswith(inside) else None
        _file(known, own if own is not None else name, text, own is not None)
    if inside is None and into.is_dir():
        for name, text in collect(into)[0].items():
            if name.endswith(".toml"):
                _file(known, name.removeprefix(f"{into.name}/"), text, True)
    if strategy is not None:
        _add(known, strategy)
    return known


def _relative(folder: Path, into: Path) -> str | None:
    """Where ``into`` is inside ``folder``, with a slash at its end; "" for the folder itself, None for outside."""
    try:
        inside = into.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return None
    return "" if inside == "." else f"{inside}/"


def _file(known: Known, name: str, text: str, own: bool) -> None:
    found = read(name, text)
    if own:
        known.files[name] = text
    if isinstance(found, Problem):
        if own:
            known.problems.append(found)
        return
    if own:
        known.documents[name] = found
    else:
        known.elsewhere.add(name)
    values = found.values
    for id, line in _table(values.get("cycle")).items():
        starts, ends = (line.get(key) if isinstance(line, dict) else None for key in ("starts", "ends"))
        if isinstance(starts, date) and isinstance(ends, date):
            known.cycles[fold(id)] = (id, starts, ends)
    for id, line in _table(values.get("pillar")).items():
        known.pillars[fold(id)] = (id, str(line.get("name", id)) if isinstance(line, dict) else id)
    known.allowances |= {fold(id) for id in _table(values.get("allowance"))}
    for team in _list(values.get("team")):
        team_id = team.get("id")
        if isinstance(team_id, str) and "{" not in team_id:
            known.teams[fold(team_id)] = (team_id, str(team.get("name", team_id)))
    kinds: tuple[Literal["objective", "key_result"], ...] = ("objective", "key_result")
    for kind in kinds:
        for index, block in enumerate(_list(values.get(kind))):
            if "for_each" not in block:
                known.blocks.append(Block(name, kind, index, found.place((kind, index)).line, block))


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    return value if isinstance(value, list) and all(isinstance(v, dict) for v in value) else []


def _add(known: Known, strategy: Strategy) -> None:
    for folded, cycle in strategy.cycles.items():
        known.cycles.setdefault(folded, (cycle.id, cycle.starts, cycle.ends))
    for folded, pillar in strategy.pillars.items():
        known.pillars.setdefault(folded, (pillar.id, pillar.name))
    for folded, team in strategy.teams.items():
        known.teams.setdefault(folded, (team.id, team.name))
    known.allowances |= set(strategy.allowances)
