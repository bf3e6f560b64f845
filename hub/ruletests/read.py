"""Test files, read with every problem at its place."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from hub.errors import Problem
from hub.model import Container, Dimensions, Item, Mapping, Outcome, SourceFacts, fold
from hub.ruletests.values import OUTCOMES, Expectation, World
from hub.tomlfile import Document, Table, did_you_mean, read
from hub.tomlfile.quote import quoted

TOP = ("day", "cycle", "item")
ITEM = (
    "key", "source", "type", "level", "project", "title", "label", "component", "sprint", "assignee", "parent", "status", "state",
    "resolution", "created", "updated", "closed", "due", "estimate", "amount", "links", "url", "former_keys", "field",
)  # fmt: skip
EXPECTED = ("expect", "rule", "team")
_OTHERS = {
    "labels": "label", "tags": "label", "components": "component", "summary": "title", "name": "title", "id": "key",
    "epic": "parent",
    "done": "closed", "points": "estimate", "fields": "field", "expected": "expect", "expects": "expect", "to": "expect",
}  # fmt: skip
STATES = ("todo", "doing", "done", "dropped")
_CATEGORY = {"todo": "new", "doing": "indeterminate", "done": "done", "dropped": "done"}
LEVELS = {"epic": 1, "story": 0, "sub-task": -1, "subtask": -1}


def collect_tests(folder: Path) -> tuple[dict[str, str], list[Problem]]:
    """The texts of all test files under ``tests/`` of the mapping folder, by name with the folder's own in front."""
    from hub.mappings.files import text_of

    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted((folder / "tests").rglob("*.toml")):
        name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        found = text_of(path, name)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            texts[name] = found
    return texts, problems


def read_tests(
    texts: MappingABC[str, str], mapping: Mapping, facts: MappingABC[str, SourceFacts]
) -> tuple[list[World], list[Problem]]:
    """Every test file as a world of its own. ``facts`` are the configured sources': a test's item of one of them has only the
    fields that the source has; one of another source can have any. Problems come with line, column and the line itself."""
    worlds: list[World] = []
    problems: list[Problem] = []
    for name, text in texts.items():
        doc = read(name, text)
        if not isinstance(doc, Document):
            problems.append(doc)
            continue
        worlds.append(_World(doc, mapping, facts, problems).read())
    return worlds, quoted(sorted(dict.fromkeys(problems)), texts)


@dataclass(slots=True)
class _World:
    doc: Document
    mapping: Mapping
    facts: MappingABC[str, SourceFacts]
    problems: list[Problem]
    items: list[Item] = field(default_factory=list)
    expected: list[Expectation] = field(default_factory=list)
    by_key: dict[str, tuple[Table, Item]] = field(default_factory=dict)

    def read(self) -> World:
        top = Table(self.doc, (), self.doc.values, self.doc.name, self.problems)
        top.only(
            TOP,
            {},
            {"items": "[[item]]", "as_of": "day", "test": "[[item]]", "rule": "Rules stand in the mapping folder itself."},
        )
        cycle = top.text("cycle")
        if cycle is not None and fold(cycle) not in self.mapping.cycles:
            known = [c.id for c in self.mapping.cycles.values()]
            top.problem("cycle", f'There is no cycle "{cycle}".', did_you_mean(cycle, known))
        for table in top.tables("item", "[[item]]", "Write [[item]] with double brackets above each item."):
            self._item(table)
        for table, item in self.by_key.values():
            self._parent(table, item)
        if "item" in top and not any("expect" in table for table, _ in self.by_key.values()):
            top.problem(
                "item", "No item of this file says what is expected.", 'Add a line such as expect = "sso" to one.', at_key=True
            )
        elif "item" not in top:
            top.problem((), "The file has no [[item]].", "Add one, with a line that says what is expected of it.")
        where = {(i.source, p): Container(p, p) for i in self.items for p in i.containers}
        dimensions = Dimensions(containers=where, sources=dict(self.facts))
        day = top.day("day")
        return World(self.doc.name, tuple(self.items), dimensions, tuple(self.expected), day, fold(cycle) if cycle else None)

    def _item(self, table: Table) -> None:
        table.only((*ITEM, *EXPECTED), {}, _OTHERS)
        key = table.text("key")
        if "key" not in table:
            table.missing("key", 'Add one, such as key = "CORE-1"; it names the item in `parent` and in messages.')
        if key is None:
            return
        former = self.by_key.get(fold(key))
        if former is not None:
            table.problem("key", f'"{key}" is the key of another item, at {former[0].place}.', "Give one of the two another key.")
            return
        item = self._built(table, key)
        self.by_key[fold(key)] = (table, item)
        self.items.append(item)
        self._expectation(table, item)

    def _built(self, table: Table, key: str) -> Item:
        source = table.text("source") or self._source(table)
        state = table.choice("state", STATES)
        resolution = table.text("resolution") or ("Won't Do" if state == "dropped" else None)
        fields = table.table("field", "field", 'Write the value of a named field: field.team = "Core".')
        status = table.text("status")
        closed, parent = table.day("closed"), table.text("parent")
        return Item(
            no=len(self.items) + 1, source=source, id=key, key=key,
            title=table.text("title") or "", type=table.text("type"), type_id=table.text("type"), level=_level(table),
            status=status, status_id=status, category=_CATEGORY[state] if state else None if status else "new",
            resolution=resolution, parent_ref=parent,
            containers=table.texts("project"), labels=table.texts("label"), components=table.texts("component"),
            sprints=table.texts("sprint"), assignee=table.text("assignee"), estimate=_number(table, "estimate"),
            amount=_number(table, "amount"), created_at=_noon(table.day("created")), updated_at=_noon(table.day("updated")),
            done_at=_noon(closed), due=_iso(table.day("due")), aliases=table.texts("former_keys"),
            addresses=table.texts("links"), url=table.text("url"),
            fields={fold(n): _literal(v) for n, v in fields.values.items()} if fields else {},
        )  # fmt: skip

    def _source(self, table: Table) -> str:
        if len(self.facts) > 1:
            names = ", ".join(sorted(self.facts))
            table.missing("source", f"Say of which source it is: {names}.")
        return next(iter(self.facts), "jira")

    def _parent(self, table: Table, item: Item) -> None:
        if item.parent_ref is not None and fold(item.parent_ref) not in self.by_key:
            keys = [i.key or i.id for _, i in self.by_key.values()]
            remedy = did_you_mean(item.parent_ref, keys, otherwise="Add an [[item]] for it, without `expect`.")
            table.problem("parent", f'No item of this file has the key "{item.parent_ref}".', remedy)

    # ---- what is expected ----

    def _expectation(self, table: Table, item: Item) -> None:
        rule, team, value = table.text("rule"), table.text("team"), table.values.get("expect")
        if value is None:
            for key in ("rule", "team"):
                if key in table:
                    table.problem(
                        key, f"`{key}` says what is expected, but there is no `expect`.", "Add `expect`, or remove the line."
                    )
            return
        if rule is not None and not any(fold(r.name) == fold(rule) for r in self.mapping.rules):
            table.problem("rule", f'There is no rule "{rule}".', did_you_mean(rule, [r.name for r in self.mapping.rules]))
        if team is not None and fold(team) not in self.mapping.teams:
            table.problem("team", f'There is no team "{team}".', did_you_mean(team, [t.id for t in self.mapping.teams.values()]))
        outcome: Outcome | None = None
        shares: tuple[tuple[str, Fraction], ...] = ()
        if isinstance(value, dict):
            shares = self._shares(table, value)
        else:
            word = table.text("expect", 'Write the id of a key result: expect = "sso".')
            outcome = next((o for o in OUTCOMES if word is not None and fold(word) == o), None)
            if outcome is None and word is not None and self._known(table, ("expect",), word):
                shares = ((fold(word), Fraction(1)),)
        if outcome is not None or shares:
            self.expected.append(
                Expectation(
                    item.no, item.key or item.id, table.at("expect"), outcome, shares,
                    fold(rule) if rule else None, fold(team) if team else None,
                )
            )  # fmt: skip

    def _shares(self, table: Table, value: dict[str, Any]) -> tuple[tuple[str, Fraction], ...]:
        inner = table.table("expect", "expect")
        assert inner is not None
        found: list[tuple[str, Fraction]] = []
        for id_, written in value.items():
            thirds = isinstance(written, str) and re.fullmatch(r"[1-9]\d{0,5}/[1-9]\d{0,5}", written)
            part = written if thirds else inner.positive(id_)
            if part is not None and self._known(table, ("expect", id_), id_):
                found.append((fold(id_), Fraction(part)))
        return tuple(sorted(found))

    def _known(self, table: Table, keys: tuple[str, ...], id_: str) -> bool:
        ids = {i for _, i in self.mapping.key_results} | set(self.mapping.allowances)
        if fold(id_) in ids:
            return True
        known = [*(k.id for k in self.mapping.key_results.values()), *(a.id for a in self.mapping.allowances.values()), *OUTCOMES]
        table.problem(keys, f'There is no key result, allowance or outcome "{id_}".', did_you_mean(id_, known))
        return False


def _level(table: Table) -> int:
    value = table.values.get("level", 0)
    if isinstance(value, int) and not isinstance(value, bool) and -9 <= value <= 9:
        return value
    word = table.text("level", "Write epic, story, sub-task or a number such as 2.")
    if word is not None and fold(word) not in LEVELS:
        table.problem(
            "level", f'"{word}" is no level.', did_you_mean(word, list(LEVELS), otherwise="Use epic, story or sub-task.")
        )
    return LEVELS.get(fold(word or ""), 0)


def _number(table: Table, key: str) -> str | None:
    value = table.values.get(key)
    if isinstance(value, str):
        return table.text(key)
    number = table.number(key)
    return None if number is None else str(number)


def _noon(day: date | None) -> int | None:
    """Noon in UTC: the same day in nearly every time zone."""
    return None if day is None else int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _literal(value: Any) -> Any:
    if isinstance(value, list):
        return [_literal(v) for v in value]
    return value if isinstance(value, bool | str) else str(value)
