"""What an item says in the field of a condition: texts, and what they read as."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from collections.abc import Mapping as MappingABC
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hub.model import DATES, Dimensions, Item, Mapping, State, fold
from hub.rules.days import day_of, instant_of
from hub.status import closed_at, estimate_of

LEVEL_WORDS = {-1: "sub-task", 0: "story", 1: "epic"}
ALWAYS = frozenset({"state", "team"})
"""What the hub itself knows of every item, whatever its source."""

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?", re.ASCII)

folded = lru_cache(maxsize=65_536)(fold)
"""For texts that come again and again; titles and keys do not."""


class Context(NamedTuple):
    """What is known of an item beside itself: its own state, and the folded id of its team (None or "": nobody's)."""

    state: State = "todo"
    team: str | None = None


Folding = Callable[[Item, Context], frozenset[str]]


class Value(NamedTuple):
    """One value of a field, with the number or the instant that it is, if it is one; a day is its midnight."""

    text: str
    number: Decimal | None = None
    at: int | None = None


@lru_cache(maxsize=65_536)
def number_of(text: str) -> Decimal | None:
    """The plain decimal number that a text reads as."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


class Fields:
    """Reads fields of items. Without a mapping there are no people, no teams above a team, and days are those of UTC."""

    def __init__(self, dimensions: Dimensions, mapping: Mapping | None = None) -> None:
        self.zone = mapping.zone if mapping else ZoneInfo("UTC")
        self._d = dimensions
        self._mails = _mails(mapping) if mapping else {}
        self._teams = mapping.teams if mapping else {}
        self.folding: dict[str, Folding] = {}
        self._readers: dict[str, Callable[[Item], tuple[str, ...]]] = {
            "source": lambda i: (i.source,),
            "project": self._project,
            "key": lambda i: (i.key, *i.aliases) if i.key else i.aliases,
            "type": self._type,
            "level": lambda i: (str(i.level), LEVEL_WORDS[i.level]) if i.level in LEVEL_WORDS else (str(i.level),),
            "status": self._status,
            "resolution": lambda i: tuple(t for t in (i.resolution, i.resolution_id) if t),
            "label": lambda i: i.labels,
            "component": lambda i: i.components,
            "sprint": lambda i: tuple(t for id_ in i.sprints for t in self.sprint_texts(i.source, id_)),
            "assignee": lambda i: self.assignee_texts(i.source, i.assignee) if i.assignee else (),
            "title": lambda i: (i.title,) if i.title else (),
            "estimate": lambda i: (i.estimate,) if i.estimate and estimate_of(i.estimate) is not None else (),
            "amount": lambda i: (i.amount,) if i.amount and number_of(i.amount) is not None else (),
        }

    def answers(self, source: str, field: str) -> bool:
        """Whether the source's items have such a field; of a source that is not known any field is read."""
        facts = self._d.sources.get(source)
        return facts is None or field in ALWAYS or (folded(field) if field.startswith("field.") else field) in facts.item_fields

    def read(self, field: str, item: Item, context: Context | None = None) -> tuple[str, ...] | None:
        """The texts of a field, as written; None when the item's source has no such field. ``state``, ``done`` and ``closed``
        go by the state, and ``team`` by the team, that the context says."""
        return self.texts(field, item, context) if self.answers(item.source, field) else None

    def texts(self, field: str, item: Item, context: Context | None = None) -> tuple[str, ...]:
        """The same where it is known that the source has the field."""
        if field.startswith("field."):
            return named_texts(item, field[6:])
        if field == "state":
            return (context.state,) if context else ()
        if field == "team":
            return self.team_texts(context.team) if context and context.team else ()
        if field in DATES:
            at = self.instant(field, item, context)
            day = day_of(at, self.zone) if at is not None else None
            return (day.isoformat(),) if day else ()
        return self._readers[field](item)

    def folding_of(self, field: str) -> Folding:
        """How to read the folded texts of a field, where it is known that the source has it; kept in ``folding``."""
        found: Folding = lambda item, context: frozenset(map(folded, self.texts(field, item, context)))  # noqa: E731
        if field == "title":  # no two are alike
            found = lambda item, context: frozenset((fold(item.title),)) if item.title else frozenset()  # noqa: E731
        elif field in ("label", "component"):
            words: Callable[[Item], tuple[str, ...]] = attrgetter(f"{field}s")
            found = lambda item, context: frozenset(map(folded, words(item)))  # noqa: E731
        elif field.startswith("field."):
            name = field[6:]
            found = lambda item, context: frozenset(map(folded, named_texts(item, name)))  # noqa: E731
        self.folding[field] = found
        return found

    def values(self, field: str, item: Item, context: Context | None = None) -> tuple[Value, ...] | None:
        """The same with the numbers and instants that they are."""
        texts = self.read(field, item, context)
        if not texts:
            return () if texts is not None else None
        if field in DATES:
            return (Value(texts[0], None, self.instant(field, item, context)),)
        if field == "level":
            return tuple(Value(t, Decimal(item.level)) for t in texts)
        if field in ("estimate", "amount"):
            return (Value(texts[0], self.number(field, item)),)
        if field.startswith("field."):
            return tuple(Value(t, number_of(t), instant_of(t, self.zone)) for t in texts)
        return tuple(map(Value, texts))

    def instant(self, field: str, item: Item, context: Context | None) -> int | None:
        """The instant of one of ``DATES``; of a day its midnight in the strategy's zone."""
        if field == "created":
            return item.created_at
        if field == "updated":
            return item.updated_at
        if field == "due":
            return instant_of(item.due, self.zone) if item.due else None
        over = context is not None and (context.state == "done" or (field == "closed" and context.state == "dropped"))
        return closed_at(item) if over else None

    @staticmethod
    def number(field: str, item: Item) -> Decimal | None:
        """The item's ``estimate`` or ``amount``, where it is a valid one."""
        if field == "estimate":
            return estimate_of(item.estimate)
        return number_of(item.amount) if item.amount else None

    def sprint_texts(self, source: str, id: str) -> tuple[str, ...]:
        row = self._d.sprints.get((source, id))
        return (id, row.name) if row else (id,)

    def assignee_texts(self, source: str, id: str) -> tuple[str, ...]:
        """The account id, and the mails of the people who have it in this kind of source."""
        facts = self._d.sources.get(source)
        return (id, *self._mails.get((facts.kind, folded(id)), ())) if facts and self._mails else (id,)

    def team_texts(self, id: str) -> tuple[str, ...]:
        """A team's folded id and those of all teams above it."""
        found = [id]
        while (team := self._teams.get(found[-1])) and team.parent and fold(team.parent) not in found:
            found.append(fold(team.parent))
        return tuple(found)

    def _project(self, item: Item) -> tuple[str, ...]:
        texts: list[str] = []
        for id_ in item.containers:
            row = self._d.containers.get((item.source, id_))
            if row is not None and row.within is not None:
                continue  # a section is a status, and no project
            texts.append(id_)
            if row is not None:
                texts += [t for t in (row.key, row.name) if t]
        return (*texts, *(f"{item.source}:{t}" for t in texts))

    def _type(self, item: Item) -> tuple[str, ...]:
        listed = self._d.types.get((item.source, item.type_id)) if item.type_id else None
        return tuple(dict.fromkeys(t for t in (item.type, listed, item.type_id) if t))

    def _status(self, item: Item) -> tuple[str, ...]:
        row = self._d.statuses.get((item.source, item.status_id)) if item.status_id else None
        return tuple(dict.fromkeys(t for t in (item.status, row.name if row else None, item.status_id) if t))


def _mails(mapping: Mapping) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for person in mapping.people:
        for kind, id_ in person.ids:
            found[kind, fold(id_)].append(person.mail)
    return dict(found)


def named_texts(item: Item, name: str) -> tuple[str, ...]:
    """The texts of a field that the source's settings name."""
    value = item.fields.get(name)
    if type(value) is str and value:  # what it nearly always is
        return (value,)
    return _texts(_by_name(item.fields, name))


def _by_name(fields: MappingABC[str, Any], name: str) -> Any:
    if name in fields:
        return fields[name]
    wanted = folded(name)
    return next((v for k, v in fields.items() if folded(k) == wanted), None)


def _texts(value: Any) -> tuple[str, ...]:
    """A vendor's literal as the texts that conditions compare; an empty one gives none."""
    if value is None or value == "":
        return ()
    if isinstance(value, (list, tuple)):
        return tuple(t for v in value for t in _texts(v))
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return (str(value),)


class Reading(dict[str, frozenset[str]]):
    """One item while rules look at it: ``reading[field]`` are the folded texts of a field, read once."""

    __slots__ = ("_values", "context", "data", "fields", "item")

    def __init__(self, fields: Fields, item: Item, context: Context) -> None:
        self.fields = fields
        self.item = item
        self.context = context
        self.data: dict[str, Any] | None = None
        """Variables of expressions, kept by ``hub.rules.expr``."""
        self._values: dict[str, tuple[Value, ...] | None] | None = None

    def __missing__(self, field: str) -> frozenset[str]:
        found = self[field] = (self.fields.folding.get(field) or self.fields.folding_of(field))(self.item, self.context)
        return found

    def valued(self, field: str) -> tuple[Value, ...] | None:
        """As ``Fields.values``, read once."""
        if self._values is None:
            self._values = {}
        if field not in self._values:
            self._values[field] = self.fields.values(field, self.item, self.context)
        return self._values[field]
