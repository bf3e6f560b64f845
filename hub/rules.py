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
from typing import Any, NamedTuple

from hub.model import NAMED, Condition, Dimensions, Item, Mapping, Rule, TargetKind, Test, fold

LEVEL_WORDS = {-1: "sub-task", 0: "story", 1: "epic"}
_UNIQUE = frozenset({"key", "title"})
"""Fields that differ from item to item: rules that read them are not worth remembering by combination."""

folded = lru_cache(maxsize=65_536)(fold)


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
            return _texts(_by_name(item.fields, name))
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
    # `*` and `?` only, anchored at both ends: each star is a lazy ".*?", so this cannot be made to backtrack without bound
    # beyond the number of stars, which the mapping files cap.
    parts = [".*?" if c == "*" else "." if c == "?" else re.escape(c) for c in re.sub(r"\*+", "*", pattern)]
    return re.compile("".join(parts), re.DOTALL)


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


class Matcher:
    """All rules, compiled once for a mapping and a set of dimensions."""

    def __init__(self, mapping: Mapping, dimensions: Dimensions) -> None:
        self.mapping = mapping
        self.fields = Fields(dimensions)
        self.unevaluable: dict[tuple[int, str, str], int] = {}
        """(rule index, source, field) -> ``no`` of the first item for which it could not be evaluated."""
        common = [r for r in mapping.rules if not {c.field for c in r.when} & _UNIQUE]
        unique = [r for r in mapping.rules if {c.field for c in r.when} & _UNIQUE]
        self._common, self._unique = _Index(common), _Index(unique)
        self._signature = _signature({c.field for r in common for c in r.when})
        self._known: dict[Any, tuple[Claim, ...]] = {}

    def claims(self, item: Item) -> tuple[Claim, ...]:
        """The claims of the item's own matches, in the order of the rules."""
        signature = self._signature(item)
        found = self._known.get(signature)
        if found is None:
            if len(self._known) > 200_000:
                self._known.clear()
            found = self._known[signature] = self._match(self._common, item)
        if self._unique.rules:
            found = found + self._match(self._unique, item)
        return found

    def _match(self, index: _Index, item: Item) -> tuple[Claim, ...]:
        if not index.rules:
            return ()
        values: dict[str, frozenset[str] | None] = {}

        def read(field: str) -> frozenset[str] | None:
            if field not in values:
                texts = self.fields.read(field, item)
                values[field] = None if texts is None else frozenset(map(folded, texts))
            return values[field]

        claims: list[Claim] = []
        for rule in index.candidates(read):
            claims += self._claim(rule, item, read)
        return tuple(claims)

    def _claim(self, rule: Rule, item: Item, read: Callable[[str], frozenset[str] | None]) -> Iterable[Claim]:
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


class _Index:
    """Rules by one equality each, so that an item meets only those that can match; the rest are always candidates."""

    _BEST = ("key", "label", "component", "sprint", "assignee", "project", "type", "status", "resolution", "level", "source")

    def __init__(self, rules: list[Rule]) -> None:
        self.rules = rules
        self._always: list[Rule] = []
        self._by: dict[str, dict[str, list[Rule]]] = defaultdict(lambda: defaultdict(list))
        for rule in rules:
            condition = self._most_selective(rule)
            if condition is None:
                self._always.append(rule)
                continue
            for test in dict.fromkeys(condition.tests):
                self._by[condition.field][test.folded].append(rule)
        self._fields = tuple(self._by)

    def _most_selective(self, rule: Rule) -> Condition | None:
        exact = [c for c in rule.when if all(t.how == "equal" for t in c.tests)]
        order = {f: n for n, f in enumerate(self._BEST)}
        return min(exact, key=lambda c: order.get(c.field, 5), default=None)

    def candidates(self, read: Callable[[str], frozenset[str] | None]) -> list[Rule]:
        found: dict[int, Rule] = {r.index: r for r in self._always}
        for field in self._fields:
            texts = read(field)
            if texts is None:  # let the rules see it themselves: they report that they cannot be evaluated
                found.update((r.index, r) for rules in self._by[field].values() for r in rules)
                continue
            table = self._by[field]
            for text in texts:
                for rule in table.get(text, ()):
                    found[rule.index] = rule
        return [found[n] for n in sorted(found)] if len(found) > 1 else list(found.values())


_ATTRIBUTES = {
    "source": (),
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
    """A function from an item to a hashable value that is equal for items in which all these fields are equal."""
    positions = sorted({Item._fields.index(a) for f in fields if f in _ATTRIBUTES for a in (*_ATTRIBUTES[f], "source")})
    named = sorted(f[6:] for f in fields if f.startswith("field."))
    source = Item._fields.index("source")
    if not named:
        return lambda item: (item[source], *(item[p] for p in positions))
    return lambda item: (item[source], *(item[p] for p in positions), *(_texts(_by_name(item.fields, n)) for n in named))
