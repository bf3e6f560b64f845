"""Mapping rules against items: which rules match, and why or why not. Pure.

    Item --(fields, folded)--> candidates by index --> conditions --> Claim per match

Conditions follow Kleene's logic: a field that the source does not have is *not evaluable*, an empty field fails every
comparison, and only *true* makes a claim. Rules that read nothing but a few repeating fields (labels, project, type, ...)
are evaluated once per combination of those fields and remembered.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from hub.model import NAMED, Condition, Dimensions, Item, Mapping, Rule, TargetKind, Test, fold

LEVEL_WORDS = {-1: "sub-task", 0: "story", 1: "epic"}
_UNIQUE = frozenset({"key", "title"})
"""Fields that differ from item to item: rules that read them are not worth remembering by combination."""

folded = lru_cache(maxsize=65_536)(fold)


REMEMBERED = 200_000
"""Combinations of repeating fields that are kept; beyond that a company's labels are as good as unique."""

Read = Callable[[str], frozenset[str] | None]
"""From a field to the item's folded values of it; None where the source has no such field."""


class Claim(NamedTuple):
    """One match. ``id`` is folded; ``kind`` is None when the item itself named the id (an ignore's id is its reason)."""

    strength: int
    kind: TargetKind | None
    id: str
    rule: int
    named: str | None = None


@dataclass(frozen=True, slots=True)
class ConditionVerdict:
    """How one condition came out for one item: True, False, or None for *not evaluable*; ``values`` are what it saw."""

    condition: Condition
    holds: bool | None
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """How one rule came out for one item, condition by condition."""

    rule: Rule
    holds: bool | None
    conditions: tuple[ConditionVerdict, ...]


class Fields:
    """Reads the value of a condition's field from an item, as texts; None when the item's source has no such field."""

    def __init__(self, dimensions: Dimensions) -> None:
        self._d = dimensions
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
            "sprint": self._sprint,
            "assignee": lambda i: (i.assignee,) if i.assignee else (),
            "title": lambda i: (i.title,) if i.title else (),
        }

    def read(self, field: str, item: Item) -> tuple[str, ...] | None:
        facts = self._d.sources.get(item.source)
        if field.startswith("field."):
            name = field[6:]
            if facts is not None and folded(field) not in facts.item_fields:
                return None
            return named_texts(item, name)
        if facts is not None and field not in facts.item_fields:
            return None
        return self._readers[field](item)

    def _project(self, item: Item) -> tuple[str, ...]:
        texts: list[str] = []
        for id_ in item.containers:
            texts.append(id_)
            row = self._d.containers.get((item.source, id_))
            if row is not None:
                texts += [t for t in (row.key, row.name) if t]
        return (*texts, *(f"{item.source}:{t}" for t in texts))

    def _type(self, item: Item) -> tuple[str, ...]:
        listed = self._d.types.get((item.source, item.type_id)) if item.type_id else None
        return tuple(dict.fromkeys(t for t in (item.type, listed, item.type_id) if t))

    def _status(self, item: Item) -> tuple[str, ...]:
        row = self._d.statuses.get((item.source, item.status_id)) if item.status_id else None
        return tuple(dict.fromkeys(t for t in (item.status, row.name if row else None, item.status_id) if t))

    def _sprint(self, item: Item) -> tuple[str, ...]:
        texts: list[str] = []
        for id_ in item.sprints:
            row = self._d.sprints.get((item.source, id_))
            texts += [id_, row.name] if row else [id_]
        return tuple(texts)


def named_texts(item: Item, name: str) -> tuple[str, ...]:
    """The texts of a field that the source's settings name."""
    value = item.fields.get(name)
    if type(value) is str and value:  # what it nearly always is
        return (value,)
    return _texts(_by_name(item.fields, name))


def _by_name(fields: Any, name: str) -> Any:
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


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    # The first place where a piece between two stars fits is as good as any other, so each is an atomic group: no title can make
    # this backtrack from one star into the one before.
    pieces = ["".join("." if c == "?" else re.escape(c) for c in piece) for piece in re.split(r"\*+", pattern)]
    if len(pieces) == 1:
        return re.compile(pieces[0], re.DOTALL)
    middle = "".join(f"(?>.*?{piece})" for piece in pieces[1:-1])
    return re.compile(f"{pieces[0]}{middle}.*{pieces[-1]}", re.DOTALL)


def holds(test: Test, value: str) -> bool:
    """Whether one alternative holds for one folded value."""
    if test.how == "equal":
        return value == test.folded
    if test.how == "glob":
        return _glob(test.folded).fullmatch(value) is not None
    return captured(test, value) is not None


def captured(test: Test, value: str) -> str | None:
    """What ``{key_result}`` stands for in a folded value; None when the text around it does not fit or nothing is between."""
    prefix, _, suffix = test.folded.partition("\0")
    if len(value) > len(prefix) + len(suffix) and value.startswith(prefix) and value.endswith(suffix):
        return value[len(prefix) : len(value) - len(suffix)]
    return None


def _captures(condition: Condition) -> bool:
    return any(t.how == "capture" for t in condition.tests)


class _Outlook(NamedTuple):
    """What is known of all items with one combination of repeating fields."""

    claims: tuple[Claim, ...]
    """of the rules that read nothing else"""
    open: tuple[Rule, ...]
    """rules that match such items if their title does too"""
    keyed: frozenset[int]
    """indexes of rules that match such items if their key does too"""


class Matcher:
    """All rules, compiled once for a mapping and a set of dimensions."""

    def __init__(self, mapping: Mapping, dimensions: Dimensions) -> None:
        self.mapping = mapping
        self.fields = Fields(dimensions)
        self.unevaluable: dict[tuple[int, str, str], int] = {}
        """(rule index, source, field) -> ``no`` of the first item for which it could not be evaluated."""
        self._index = _Index(mapping.rules)
        self._by_key = _by_key(mapping.rules)
        self._signature = _signature({c.field for r in mapping.rules for c in r.when} - _UNIQUE)
        self._known: dict[Any, _Outlook] = {}

    def claims(self, item: Item) -> tuple[Claim, ...]:
        """The claims of the item's own matches, in the order of the rules."""
        signature = self._signature(item)
        outlook = self._known.get(signature)
        if outlook is None:
            if len(self._known) > REMEMBERED:
                self._known.clear()
            outlook = self._known[signature] = self._outlook(item)
        if not outlook.open and not outlook.keyed:
            return outlook.claims
        rules = list(outlook.open)
        if outlook.keyed:
            keys = (item.key, *item.aliases) if item.key else item.aliases
            rules += [r for key in keys for r in self._by_key.get(folded(key), ()) if r.index in outlook.keyed]
        found = [c for rule in dict.fromkeys(rules) for c in self._claim(rule, item, self._reader(item))]
        if not found:
            return outlook.claims
        return tuple(sorted((*outlook.claims, *found), key=lambda c: c.rule))

    def _outlook(self, item: Item) -> _Outlook:
        claims: list[Claim] = []
        maybe: list[Rule] = []
        keyed: list[int] = []
        read = self._reader(item)
        for rule in self._index.candidates(read):
            unique = {c.field for c in rule.when} & _UNIQUE
            if not unique:
                claims += self._claim(rule, item, read)
            elif all(self._true(c, read) is not False for c in rule.when if c.field not in _UNIQUE):
                if rule in self._by_key.get(_exact_key(rule) or "", ()):
                    keyed.append(rule.index)
                else:
                    maybe.append(rule)
        return _Outlook(tuple(claims), tuple(maybe), frozenset(keyed))

    def _reader(self, item: Item) -> Read:
        values: dict[str, frozenset[str] | None] = {}

        def read(field: str) -> frozenset[str] | None:
            if field not in values:
                texts = self.fields.read(field, item)
                values[field] = None if texts is None else frozenset(map(folded, texts))
            return values[field]

        return read

    @staticmethod
    def _true(condition: Condition, read: Read) -> bool | None:
        texts = read(condition.field)
        return None if texts is None else any(holds(test, t) for test in condition.tests for t in texts)

    def _claim(self, rule: Rule, item: Item, read: Read) -> Iterable[Claim]:
        names: dict[str, str] = {}
        unknown: str | None = None
        for condition in rule.when:
            texts = read(condition.field)
            if texts is None:
                unknown = condition.field
            elif _captures(condition):
                names = {n: t for t in sorted(texts) for test in condition.tests if (n := captured(test, t)) is not None}
                if not names:
                    return ()
            elif not any(holds(test, t) for test in condition.tests for t in texts):
                return ()
        if unknown is not None:  # nothing was false, so this field alone kept the rule from matching
            self.unevaluable.setdefault((rule.index, item.source, unknown), item.no)
            return ()
        if rule.target is None:
            return [Claim(NAMED, None, name, rule.index, text) for name, text in names.items()]
        target = rule.target if rule.target_kind == "ignore" else fold(rule.target)
        return (Claim(rule.strength, rule.target_kind, target, rule.index),)

    def explain(self, item: Item) -> list[RuleVerdict]:
        """Every rule with each of its conditions and the values that decided, for one item."""
        return [self._verdict(rule, item) for rule in self.mapping.rules]

    def _verdict(self, rule: Rule, item: Item) -> RuleVerdict:
        conditions: list[ConditionVerdict] = []
        for condition in rule.when:
            texts = self.fields.read(condition.field, item)
            if texts is None:
                conditions.append(ConditionVerdict(condition, None, ()))
                continue
            true = any(holds(test, folded(t)) for test in condition.tests for t in texts)
            conditions.append(ConditionVerdict(condition, true, texts))
        outcomes = {c.holds for c in conditions}
        verdict = False if False in outcomes else None if None in outcomes else True
        return RuleVerdict(rule, verdict, tuple(conditions))


def _exact_key(rule: Rule) -> str | None:
    """The first folded key of a rule that names keys exactly."""
    for condition in rule.when:
        if condition.field == "key" and all(t.how == "equal" for t in condition.tests):
            return condition.tests[0].folded
    return None


def _by_key(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    """Rules that name keys exactly, under each of their keys."""
    found: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        if _exact_key(rule) is None:
            continue
        condition = next(c for c in rule.when if c.field == "key" and all(t.how == "equal" for t in c.tests))
        for test in dict.fromkeys(condition.tests):
            found[test.folded].append(rule)
    return found


class _Index:
    """Rules by one equality each, so that an item meets only those that can match; the rest are always candidates."""

    _BEST = ("label", "component", "sprint", "assignee", "project", "type", "status", "resolution", "level", "source")

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._always: list[Rule] = []
        self._by: dict[str, dict[str, list[Rule]]] = defaultdict(lambda: defaultdict(list))
        for rule in rules:
            condition = self._most_selective(rule)
            if condition is None:
                self._always.append(rule)
                continue
            for test in dict.fromkeys(condition.tests):
                self._by[condition.field][test.folded].append(rule)

    def _most_selective(self, rule: Rule) -> Condition | None:
        exact = [c for c in rule.when if c.field not in _UNIQUE and all(t.how == "equal" for t in c.tests)]
        order = {f: n for n, f in enumerate(self._BEST)}
        return min(exact, key=lambda c: order.get(c.field, 4), default=None)

    def candidates(self, read: Read) -> list[Rule]:
        found: dict[int, Rule] = {r.index: r for r in self._always}
        for field, table in self._by.items():
            texts = read(field)
            if texts is None:  # let the rules see it themselves: they report that they cannot be evaluated
                found.update((r.index, r) for rules in table.values() for r in rules)
                continue
            for text in texts:
                for rule in table.get(text, ()):
                    found[rule.index] = rule
        return [found[n] for n in sorted(found)]


_ATTRIBUTES = {
    "project": ("containers",),
    "type": ("type_id", "type"),
    "level": ("level",),
    "status": ("status_id", "status"),
    "resolution": ("resolution_id", "resolution"),
    "label": ("labels",),
    "component": ("components",),
    "sprint": ("sprints",),
    "assignee": ("assignee",),
}


def _signature(fields: set[str]) -> Callable[[Item], Any]:
    """A function from an item to a hashable value that is equal for items of one source in which all these fields are equal."""
    attributes = sorted({a for f in fields for a in _ATTRIBUTES.get(f, ())})
    plain = itemgetter(Item._fields.index("source"), *(Item._fields.index(a) for a in attributes))
    named = sorted(f[6:] for f in fields if f.startswith("field."))
    if not named:
        return plain
    return lambda item: (plain(item), *(named_texts(item, n) for n in named))
