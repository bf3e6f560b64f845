"""What the five trial-size companies are made of: mapping files as texts, and work drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

from hub.mappings import parse
from hub.model import Container, Dimensions, Item, Mapping, SourceFacts, Sprint, Status
from tests.reference.builders import FIELDS, Company, at

TODAY = "2027-02-15"
QUARTER = "2027-q1"
DAY = 86_400_000
FIRST, LAST = at("2026-06-01"), at(TODAY)

STATUSES: tuple[tuple[str, str, str | None, str | None], ...] = (
    ("1", "Open", "new", None),
    ("2", "In Progress", "indeterminate", None),
    ("3", "Parked", "indeterminate", None),
    ("4", "Done", "done", "Done"),
    ("5", "Done", "done", "Won't Do"),
    ("6", "Rejected", "done", None),
)
"""(id, name, category, resolution); the last but one is dropped, the last one where a status map says so."""
WEIGHTS = (34, 20, 4, 36, 4, 2)


class Trial(NamedTuple):
    """A company as files and work. ``unknown`` are the ids that labels name and nobody has, with the items that carry them;
    ``conflicts`` whether two of its rules really want the same work."""

    name: str
    files: dict[str, str]
    timezone: str
    items: tuple[Item, ...]
    dimensions: Dimensions
    unknown: dict[int, str]
    conflicts: bool = False

    def mapping(self) -> Mapping:
        found, problems = parse(self.files, self.timezone)
        assert found is not None, "\n".join(map(str, problems[:20]))
        return found

    def company(self) -> Company:
        return Company(self.mapping(), self.items, self.dimensions, at(TODAY))


def stamp(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1000


def csv_text(header: str, rows: Iterable[Iterable[object]]) -> str:
    return "\n".join([header, *(",".join("" if cell is None else str(cell) for cell in row) for row in rows)]) + "\n"


class Work:
    """Draws items; numbers, ids and keys count up."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.items: list[Item] = []
        self._made_up: set[str] = set()
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, source: str, project: str, *, level: int = 0, parent: Item | None = None, **more: Any) -> Item:
        """An item with a state and dates; ``project`` is the id of its container, whose key begins its own."""
        no = len(self.items) + 1
        number = self._counts[source, project] = self._counts.get((source, project), 0) + 1
        status, name, category, resolution = self.rng.choices(STATUSES, WEIGHTS)[0]
        created = self.rng.randrange(FIRST, LAST)
        closed = self.rng.randrange(created, LAST + DAY) if category == "done" else None
        dated = closed is not None and self.rng.random() < 0.96
        item = Item(
            no,
            source,
            f"{project}:{number}",
            f"{project}-{number}",
            level=level,
            type=more.pop("type", "Epic" if level > 0 else "Story" if level == 0 else "Sub-task"),
            status_id=status,
            status=name,
            category=category,
            resolution=resolution,
            parent_ref=parent.id if parent is not None else None,
            parent=parent.no if parent is not None else None,
            containers=(project,),
            created_at=created,
            updated_at=closed or created,
            done_at=closed if dated else None,
            status_seen_at=closed if not dated and self.rng.random() < 0.5 else None,
            **more,
        )
        self.items.append(item)
        return item

    def label(self, ids: list[str], unknown: float = 0.0) -> str:
        """``kr:ID``, sometimes with an id that nobody has."""
        id = self.rng.choice(ids)
        if self.rng.random() < unknown:
            id += "x"
            self._made_up.add(id)
        return self.rng.choice(("kr:", "kr:", "KR:")) + id

    @property
    def unknown(self) -> dict[int, str]:
        """The ids that nobody has, by the items that name them."""
        return {i.no: label[3:] for i in self.items for label in i.labels if label[3:] in self._made_up}

    def chance(self, of: float) -> bool:
        return self.rng.random() < of

    def points(self) -> str | None:
        return self.rng.choice((None, "1", "2", "3", "5", "8", "0.5"))

    def beneath(self, epic: Item, stories: int, own: dict[str, Any] | None = None) -> list[Item]:
        """Stories with points, a third of them with sub-tasks without; ``own`` is what all of them say."""
        found = []
        for _ in range(stories):
            story = self.add(epic.source, epic.containers[0], parent=epic, estimate=self.points(), **(own or {}))
            found.append(story)
            if self.chance(0.34):
                for _ in range(self.rng.randint(1, 3)):
                    self.add(epic.source, epic.containers[0], level=-1, parent=story)
        return found


def lists(projects: dict[str, Iterable[str]], facts: Iterable[SourceFacts]) -> Dimensions:
    """Each source's lists; a container's id is its key, and its name the key in words."""
    sources = {f.name: f for f in facts}
    return Dimensions(
        statuses={(s, id): Status(name, category) for s in sources for id, name, category, _ in STATUSES},
        containers={(s, p): Container(p, f"Project {p}") for s, own in projects.items() for p in own},
        sprints={(s, "1"): Sprint("Sprint 1", "active", "board") for s in sources},
        types={},
        sources=sources,
    )


def facts(name: str, kind: str | None = None, *, named: Iterable[str] = (), lacks: Iterable[str] = ()) -> SourceFacts:
    return SourceFacts(name, kind or name, (FIELDS | {f"field.{n}" for n in named}) - set(lacks))
