"""Real items as the text of a test file, reduced to what rules read, with what they serve now as the expectation. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.model import Attachment, Dimensions, Item, fold
from hub.model import Mapping as Rules
from hub.ruletests.values import conditions, fields_read
from hub.status import BY_CATEGORY, closed_at
from hub.tomlfile.write import Value, key, quoted, value


@dataclass(frozen=True, slots=True)
class Frozen:
    """An item of a test file: its lines by key, in the order in which they are written."""

    name: str
    lines: Mapping[str, Value]
    expect: Value | None = None
    rule: str | None = None


def frozen(
    mapping: Rules, dimensions: Dimensions, items: Iterable[Item], attachments: Mapping[int, Attachment], wanted: Iterable[int]
) -> list[Frozen]:
    """Items with all that rules read of them, parents before children as they come; those ``wanted`` (by ``no``) with what they
    serve now."""
    chosen = list(items)
    keys = {i.no: i.key or i.id for i in chosen}
    writer = _Freezer(mapping, dimensions, keys)
    marked = set(wanted)
    found = []
    for item in chosen:
        expect, rule = (
            _expectation(mapping, attachments[item.no]) if item.no in marked and item.no in attachments else (None, None)
        )
        found.append(Frozen(keys[item.no], writer.lines(item), expect, rule))
    return found


def recorded(items: Sequence[Frozen], cycle: str, day: date, *, head: bool) -> str:
    """The text of a test file, or what is added to one that has a ``head`` already."""
    parts = [f"day = {day}\ncycle = {quoted(cycle)}\n"] if head else []
    for item in items:
        lines = ["[[item]]", *(f"{name} = {value(given)}" for name, given in item.lines.items())]
        if item.expect is not None:
            lines.append(f"expect = {value(item.expect)}")
        if item.rule is not None:
            lines.append(f"rule = {quoted(item.rule)}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _expectation(mapping: Rules, got: Attachment) -> tuple[Value, str | None]:
    if got.outcome not in ("linked", "allowance"):
        return got.outcome, None
    ids = {i: k.id for (_, i), k in mapping.key_results.items()} | {i: a.id for i, a in mapping.allowances.items()}
    rules = {mapping.rules[s.rule].name for s in got.shares}
    rule = rules.pop() if len(rules) == 1 else None
    named = rule if rule is not None and not any(rule == str(r.place) for r in mapping.rules) else None
    if len(got.shares) == 1 and got.shares[0].part == 1:
        return ids.get(got.shares[0].id, got.shares[0].id), named
    parts = {ids.get(s.id, s.id): s.part for s in got.shares}
    exact = all(1000 % part.denominator == 0 for part in parts.values())  # thirds have no decimal form
    return {i: Decimal(p.numerator) / p.denominator if exact else str(p) for i, p in parts.items()}, named


class _Freezer:
    def __init__(self, mapping: Rules, dimensions: Dimensions, keys: Mapping[int, str]) -> None:
        self.mapping, self.dimensions, self.keys = mapping, dimensions, keys
        self._read = fields_read(mapping)
        self._projects = {t.folded for c in conditions(mapping) if c.field == "project" for t in c.tests}
        self._projects |= {fold(p) for t in mapping.teams.values() for p in t.owns_project}

    def _reads(self, *fields: str) -> bool:
        return self._read is None or any(f in self._read for f in fields)

    def lines(self, item: Item) -> dict[str, Value]:
        """Its lines, without those that say nothing."""
        found: dict[str, Value | None] = {"key": self.keys[item.no], "source": item.source}
        found["type"] = item.type if self._reads("type") else None
        found["level"] = _LEVELS.get(item.level, item.level) if item.level else None
        found["project"] = self._project(item) if self._reads("project") else None
        found["title"] = item.title if self._reads("title") else None
        found["label"] = _few(item.labels) if self._reads("label") else None
        found["component"] = _few(item.components) if self._reads("component") else None
        found["sprint"] = _few(self._sprints(item)) if self._reads("sprint") else None
        found["assignee"] = item.assignee if self._reads("assignee") else None
        found["parent"] = self.keys.get(item.parent) if item.parent is not None else None
        found |= self._status(item)
        found |= self._days(item)
        found["estimate"] = _numeric(item.estimate) if self._reads("estimate") else None
        found["amount"] = _numeric(item.amount) if self._reads("amount") else None
        found["url"] = item.url if self.mapping.patterns else None
        found["links"] = _few(item.addresses) if self._reads("attachment") else None
        found["former_keys"] = _few(item.aliases) if self._reads("key") or self.mapping.patterns else None
        for name, literal in item.fields.items():
            if self._reads(f"field.{fold(name)}") and literal not in (None, "", [], ()):
                found[f"field.{key(name)}"] = _plain(literal)
        return {name: given for name, given in found.items() if given is not None and given != ""}

    def _project(self, item: Item) -> Value | None:
        """Its key, and of name and id what rules or teams call it by."""
        found: list[str] = []
        for id_ in item.containers:
            row = self.dimensions.containers.get((item.source, id_))
            texts = [t for t in (row.key, row.name) if t] if row else []
            texts.append(id_)
            found += [texts[0], *(t for t in texts[1:] if fold(t) in self._projects)]
        return _few(found)

    def _sprints(self, item: Item) -> list[str]:
        rows = [self.dimensions.sprints.get((item.source, s)) for s in item.sprints]
        return [row.name if row else id_ for row, id_ in zip(rows, item.sprints, strict=True)]

    def _status(self, item: Item) -> dict[str, Value | None]:
        row = self.dimensions.statuses.get((item.source, item.status_id)) if item.status_id else None
        category = (row.category if row else None) or item.category
        return {
            "status": (row.name if row else item.status) if self._reads("status") or self.mapping.statuses else None,
            "state": BY_CATEGORY.get(category or ""),
            "resolution": item.resolution,
        }

    def _days(self, item: Item) -> dict[str, Value | None]:
        lives = any(r.starts or r.ends for r in self.mapping.rules)
        return {
            "created": self._day(item.created_at) if self._reads("created") else None,
            "updated": self._day(item.updated_at) if self._reads("updated") else None,
            "closed": self._day(closed_at(item)) if lives or self._reads("done", "closed") else None,
            "due": date.fromisoformat(item.due) if item.due and self._reads("due") else None,
        }

    def _day(self, at: int | None) -> date | None:
        return None if at is None else datetime.fromtimestamp(at / 1000, self.mapping.zone).date()


_LEVELS: dict[int, Value] = {1: "epic", -1: "sub-task"}


def _few(texts: Iterable[str]) -> Value | None:
    found = list(dict.fromkeys(texts))
    return None if not found else found[0] if len(found) == 1 else found


def _numeric(literal: str | None) -> Value | None:
    try:
        return None if literal is None else Decimal(literal) if Decimal(literal).is_finite() else literal
    except InvalidOperation:
        return literal


def _plain(literal: Any) -> Value:
    if isinstance(literal, list | tuple):
        return [_plain(v) for v in literal if v is not None]
    return literal if isinstance(literal, bool) else str(literal)
