"""Who owns what: rows for ``teams.csv`` from the team field and the projects. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from hub.looking.families import FEW
from hub.looking.stock import Stock
from hub.looking.words import slug, team_like
from hub.model import fold

MOST = 200
"""Values of a field beyond which it does not name teams."""
OWNED = 0.6
"""So much of a project's work that names a team must name the same one, for the project to be its own."""


@dataclass(frozen=True, slots=True)
class TeamRow:
    """One row. ``field`` is the value of the team field, ``projects`` keys of the projects; ``items`` how many are theirs."""

    id: str
    name: str
    field: str = ""
    projects: tuple[str, ...] = ()
    items: int = 0


@dataclass(frozen=True, slots=True)
class Teams:
    """All rows. ``by`` is our name of the field, "" where there is none; ``filled`` of ``of`` items have it."""

    rows: tuple[TeamRow, ...]
    by: str = ""
    filled: int = 0
    of: int = 0
    shared: tuple[str, ...] = ()
    """Keys of projects with work of several teams, which are nobody's as a whole"""
    few: tuple[tuple[str, int], ...] = ()
    """Values under which there is too little for a team, with their items"""


def team_field(stock: Stock) -> str:
    """Our name of the field that says whose an item is, by name and by how many items have it; "" for none."""
    filled = {name: sum(bool(stock.values(item, name)) for item in stock.items) for name in stock.fields}
    fitting = [n for n in filled if filled[n] and (team_like(n) or team_like(stock.title(n)))]
    return max(fitting, key=lambda n: (n == "team", filled[n], n), default="")


def teams(stock: Stock) -> Teams:
    """A row for each value of the team field, and for each project that these values leave without an owner."""
    by = team_field(stock)
    values: Counter[str] = Counter()
    spelt: dict[str, str] = {}
    inside: dict[str, Counter[str]] = defaultdict(Counter)
    filled = 0
    for item in stock.items:
        found = stock.values(item, by) if by else []
        filled += bool(found)
        for text in found[:1]:
            spelt.setdefault(fold(text), text)
            values[fold(text)] += 1
            inside[stock.project(item)][fold(text)] += 1
    sizes = Counter(stock.project(item) for item in stock.items)
    owner, shared = _owners(sizes, inside)
    named = [v for v, number in values.most_common(MOST) if number >= FEW or v in owner.values()]
    few = tuple((spelt[v], number) for v, number in values.most_common() if v not in named)
    taken: set[str] = set()
    rows = []
    for value in named:
        projects = tuple(key for key, of in owner.items() if of == value)
        rows.append(TeamRow(_id(spelt[value], taken), spelt[value], spelt[value], projects, values[value]))
    for id in stock.containers():
        key = stock.key(id)
        if key not in owner and key not in shared:
            row = stock.dimensions.containers.get((stock.name, id))
            rows.append(TeamRow(_id(row.name if row else key, taken, key), row.name if row else key, "", (key,), sizes[key]))
    return Teams(tuple(rows), by, filled, len(stock.items), tuple(shared), few)


def _owners(sizes: Counter[str], inside: dict[str, Counter[str]]) -> tuple[dict[str, str], list[str]]:
    """Project -> the value that most of its work names; and the projects where no value is that frequent."""
    owner: dict[str, str] = {}
    shared = []
    for key, counts in sorted(inside.items()):
        value, most = counts.most_common(1)[0]
        if sum(counts.values()) * 4 < sizes[key]:
            continue  # a few strays in a project that does not use the field
        if most >= OWNED * sum(counts.values()):
            owner[key] = value
        else:
            shared.append(key)
    return owner, shared


def _id(name: str, taken: set[str], key: str = "") -> str:
    made = slug(name, taken) or slug(key, taken) or slug("team", taken)
    taken.add(made)
    return made
