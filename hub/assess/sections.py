"""Of which section an item's status is that lies in several. Pure; docs/how-numbers-are-calculated.md, section 1."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from hub.model import Container, Dimensions, Item, Mapping, fold
from hub.rules import holds
from hub.status import wildcards

Names = Callable[[str], bool]
"""Whether a text is a project that somebody named."""


class Sections:
    """An item that is in two projects has a section in each of them. Its status is the section in the project that a rule names,
    the strongest first, else that which a team owns; where nothing names one of them, what the vendor says of the item itself."""

    def __init__(self, mapping: Mapping, dimensions: Dimensions) -> None:
        self._known = {at: row for at, row in dimensions.containers.items() if row.within is not None}
        self._containers = dimensions.containers
        self._named = tuple(_named(mapping)) if self._known else ()

    def __bool__(self) -> bool:
        """Whether there is any section at all."""
        return bool(self._known)

    def settled(self, item: Item) -> Item:
        """The item with the status that counts. One that the vendor calls done keeps its own."""
        if item.category == "done" or len(item.containers) < 3:
            return item
        found = [(id_, row) for id_ in item.containers if (row := self._known.get((item.source, id_))) is not None]
        if len(found) < 2:
            return item
        for names in self._named:
            for id_, row in found:
                if any(map(names, self._texts(item.source, row))):
                    return item._replace(status=row.name, status_id=id_)
        return item

    def _texts(self, source: str, section: Container) -> Iterator[str]:
        """What the project of a section may be called."""
        project = self._containers.get((source, section.within or ""))
        for text in filter(None, (section.within, project.key if project else None, project.name if project else None)):
            yield fold(text)
            yield fold(f"{source}:{text}")


def _named(mapping: Mapping) -> Iterator[Names]:
    """Who names projects, in the order in which they are asked."""
    for rule in sorted(mapping.rules, key=lambda rule: -rule.strength):
        for line in rule.when:
            if line.field == "project":
                yield from (partial(holds, test) for test in line.tests)
    for team in mapping.teams.values():
        yield from (partial(_fits, wildcards(written)) for written in map(fold, team.owns_project))


def _fits(pattern: re.Pattern[str], text: str) -> bool:
    return pattern.fullmatch(text) is not None
