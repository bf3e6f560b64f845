"""The items of one source as they were read, and what everything else here asks of them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hub.looking.fields import texts
from hub.model import LEFT, Dimensions, Item


@dataclass
class Stock:
    """``items`` of the source ``name`` that are there. ``titles`` are the source's names of our fields, where they are known."""

    name: str
    items: list[Item]
    dimensions: Dimensions
    titles: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.items = [item for item in self.items if item.source == self.name and item.presence not in LEFT]
        self.by_no = {item.no: item for item in self.items}
        self.children: dict[int, list[int]] = defaultdict(list)
        for item in self.items:
            if item.parent is not None:
                self.children[item.parent].append(item.no)

    @property
    def newest(self) -> int | None:
        """The newest change, in milliseconds."""
        stamps = (item.updated_at or item.created_at for item in self.items)
        return max((at for at in stamps if at is not None), default=None)

    @property
    def fields(self) -> list[str]:
        """Our names of the fields that items were read with."""
        return sorted({name for item in self.items for name in item.fields})

    def title(self, name: str) -> str:
        """The source's name of one of our fields."""
        return self.titles.get(name, name)

    def project(self, item: Item) -> str:
        """The key of the first project that holds it, "" without one."""
        return next((self.key(id) for id in item.containers), "")

    def key(self, container: str) -> str:
        """The key of a project by id."""
        row = self.dimensions.containers.get((self.name, container))
        return (row.key or row.name) if row else container

    def values(self, item: Item, name: str) -> list[str]:
        """What a field of ours holds, as texts."""
        return texts(item.fields.get(name))

    def reach(self, carriers: Iterable[int]) -> set[int]:
        """Items that carry something and all beneath them, without sub-tasks: their parents stand for them."""
        return {no for no in self.beneath(carriers) if self.by_no[no].level >= 0}

    def beneath(self, carriers: Iterable[int]) -> set[int]:
        """Items and all beneath them."""
        found: set[int] = set()
        waiting = [no for no in carriers if no in self.by_no]
        while waiting:
            no = waiting.pop()
            if no not in found:
                found.add(no)
                waiting += self.children.get(no, ())
        return found

    def with_ancestors(self, nos: Iterable[int]) -> list[Item]:
        """Items and all above them: what decides where these items belong."""
        found: dict[int, Item] = {}
        for no in nos:
            at: int | None = no
            while at is not None and at not in found and at in self.by_no:
                found[at] = self.by_no[at]
                at = self.by_no[at].parent
        return list(found.values())

    def containers(self) -> list[str]:
        """Ids of the projects that hold items, those with most first."""
        counts: dict[str, int] = defaultdict(int)
        for item in self.items:
            for id in item.containers[:1]:
                counts[id] += 1
        return sorted(counts, key=lambda id: (-counts[id], self.key(id)))
