"""Whose item is it? Pure; docs/how-numbers-are-calculated.md, section 6."""

from __future__ import annotations

from collections import defaultdict

from hub.model import Item, Mapping, fold
from hub.rules import Fields, named_texts
from hub.status import wildcards

TORN = ""
"""In place of a team's id: two teams claim the item at the same step."""


class Teams:
    """The teams by what they own: a field, then the project, then the person; the parent is the caller's."""

    def __init__(self, mapping: Mapping, fields: Fields) -> None:
        self._fields = fields
        self._by_field: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._by_project: dict[str, set[str]] = defaultdict(set)
        self._project_globs: list[tuple[str, str]] = []
        self._by_person: dict[str, set[str]] = defaultdict(set)
        for id_, team in mapping.teams.items():
            for name, values in team.owns_field.items():
                for value in values:
                    self._by_field[name][fold(value)].add(id_)
            for text in map(fold, team.owns_project):
                if "*" in text or "?" in text:
                    self._project_globs.append((text, id_))
                self._by_project[text].add(id_)
            for text in team.owns_person:
                self._by_person[fold(text)].add(id_)
        for person in mapping.people:
            if person.team is not None:
                self._by_person[fold(person.mail)].add(fold(person.team))
        self._names = tuple(self._by_field)
        self._known: dict[tuple[object, ...], str | None] = {}

    def of(self, item: Item) -> str | None:
        """Folded id of the team that owns the item itself, ``TORN`` when two do at the same step, None when nobody does."""
        named = tuple([named_texts(item, n) for n in self._names])
        signature = (item.source, item.containers, named, item.assignee if self._by_person else None)
        try:
            return self._known[signature]
        except KeyError:
            team = self._known[signature] = self._judge(item)
            return team

    def _judge(self, item: Item) -> str | None:
        for owners in (self._field_owners, self._project_owners, self._person_owners):
            found = owners(item)
            if found:
                return next(iter(found)) if len(found) == 1 else TORN
        return None

    def _field_owners(self, item: Item) -> set[str]:
        found: set[str] = set()
        for name, table in self._by_field.items():
            for text in self._fields.read(f"field.{name}", item) or ():
                found |= table.get(fold(text), set())
        return found

    def _project_owners(self, item: Item) -> set[str]:
        found: set[str] = set()
        for text in map(fold, self._fields.read("project", item) or ()):
            found |= self._by_project.get(text, set())
            found |= {team for glob, team in self._project_globs if wildcards(glob).fullmatch(text)}
        return found

    def _person_owners(self, item: Item) -> set[str]:
        """Owners of the assignee, who goes by account id and by the mail that ``people.csv`` gives it."""
        if not item.assignee or not self._by_person:
            return set()
        texts = self._fields.assignee_texts(item.source, item.assignee)
        return set().union(*(self._by_person.get(fold(text), ()) for text in texts))
