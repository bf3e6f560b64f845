"""The one function from items and mapping to links, credit, key results and roll-up. Pure: no clock, no I/O.

    items (whole trees) --Assessor.part--> attachments, units, findings --tally--> nodes

``sync`` persists what ``Assessor.part`` says chunk by chunk and rolls up the stored units with ``nodes``; ``assess`` does both
over items in memory. They are the same code, so what is stored and what is explained cannot differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from hub.credit import Credit, Tree, Units, trees
from hub.model import LEFT, Assessment, Attachment, Dimensions, Finding, Item, Mapping, State, Test, Unit, fold
from hub.progress import nodes, tally, tally_counted
from hub.rules import Fields, Matcher, holds, named_texts
from hub.status import Activity, Reading, States, closed_at, estimate_of

__all__ = ["ENGINE", "Activity", "Assessor", "Part", "assess", "closed_at", "estimate_of", "nodes", "tally", "tally_counted"]

ENGINE = "1"
"""Version of the calculation: another one means that all links are calculated again."""


class Part(NamedTuple):
    """What a set of whole trees contributes."""

    attachments: list[Attachment]
    units: list[Unit]
    findings: list[Finding]


class Assessor:
    """A mapping and the vendors' lists, compiled once, then applied to any number of trees."""

    def __init__(self, mapping: Mapping, dimensions: Dimensions) -> None:
        self.mapping = mapping
        self.matcher = Matcher(mapping, dimensions)
        self.states = States(mapping, dimensions)
        self._teams = _Teams(mapping, self.matcher.fields)
        self._credit = Credit(mapping)
        self._units = Units(mapping)

    def part(self, items: Iterable[Item]) -> Part:
        """Attachments, units and findings of the items, which must be whole trees. Items that have left are as if not read."""
        found = Part([], [], [])
        forest, cut = trees(item for item in items if item.presence not in LEFT)
        for item in cut:
            text = f"{item.key or item.id} is its own ancestor; its parent is set aside"
            found.findings.append(Finding("cycle", item.no, text))
        for tree in forest:
            self._tree(tree, found)
        return found

    def _tree(self, tree: Tree, found: Part) -> None:
        readings = [self.states.read(item) for item in tree.items]
        states = _down(tree, readings)
        teams = [self._teams.of(item) for item in tree.items]
        for k, up in enumerate(tree.up):
            if teams[k] is None and up >= 0:
                teams[k] = teams[up]
        claims = [self.matcher.claims(item) for item in tree.items]
        attachments = self._credit.attach(tree, claims, states, [t or None for t in teams])
        found.attachments.extend(attachments)
        found.units.extend(self._units.of(tree, attachments, states))
        for k, item in enumerate(tree.items):
            self._find(item, readings[k], tree.up[k] < 0, teams[k] == "", found.findings)

    def _find(self, item: Item, odd: Reading, top: bool, torn: bool, findings: list[Finding]) -> None:
        if odd.kind:
            findings.append(Finding(odd.kind, item.no, odd.text))
        if item.estimate is not None and estimate_of(item.estimate) is None:
            text = f"the estimate {item.estimate[:40]!r} is not valid and counts as missing"
            findings.append(Finding("estimate", item.no, text))
        if top and item.parent is None and item.parent_ref is not None:
            text = f"its parent {item.parent_ref} was not read: nothing is inherited from it"
            findings.append(Finding("parent", item.no, text))
        if torn:
            findings.append(Finding("team", item.no, "two teams own it at the same step, so none does"))

    def rule_findings(self) -> list[Finding]:
        """Rules that could not be evaluated for a source, once per rule, source and field, over all parts so far."""
        rules = self.mapping.rules
        text = "rule {!r} ({}) reads {!r}, which source {!r} does not have"
        return [
            Finding("unevaluable", None, text.format(rules[n].name, rules[n].place, field, source))
            for n, source, field in sorted(self.matcher.unevaluable)
        ]


def _down(tree: Tree, readings: list[Reading]) -> list[State]:
    """States with dropped ancestors taken into account: open work under dropped work is dropped."""
    states: list[State] = []
    under: list[bool] = []  # whether any item above is dropped, even across one that is done
    for reading, up in zip(readings, tree.up, strict=True):
        state = reading.state
        beneath = up >= 0 and (under[up] or states[up] == "dropped")
        under.append(beneath)
        states.append("dropped" if beneath and state != "done" else state)
    return states


class _Teams:
    """Whose item is it? A field, then the project, then the person; the parent is the caller's. Section 6 of the page."""

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
            for text in team.owns_project:
                if "*" in text or "?" in text:
                    self._project_globs.append((fold(text), id_))
                self._by_project[fold(text)].add(id_)
            for person in team.owns_person:
                self._by_person[fold(person)].add(id_)
        self._names = tuple(self._by_field)
        self._known: dict[tuple[object, ...], str | None] = {}

    def of(self, item: Item) -> str | None:
        """Folded id of the team, "" when two claim it at the same step, None when nobody does."""
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
                return next(iter(found)) if len(found) == 1 else ""
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
            found |= {team for glob, team in self._project_globs if holds(Test("glob", glob, glob), text)}
        return found

    def _person_owners(self, item: Item) -> set[str]:
        return self._by_person.get(fold(item.assignee), set()) if item.assignee and self._by_person else set()


def assess(mapping: Mapping, items: Iterable[Item], dimensions: Dimensions, as_of: int) -> Assessment:
    """Everything that follows from the items under the mapping, at the instant ``as_of`` (milliseconds).

    Attachments are ordered by cycle and item, nodes as in the mapping; the order of ``items`` does not matter.
    """
    everything = sorted(items, key=lambda i: (i.source, i.id))
    assessor = Assessor(mapping, dimensions)
    part = assessor.part(everything)
    activity = Activity(mapping, dimensions, as_of)
    by_no = {i.no: i for i in everything}
    return Assessment(
        tuple(sorted(part.attachments, key=lambda a: (a.cycle, a.no))),
        tuple(sorted(part.units, key=lambda u: (u.cycle, u.key_result, u.no))),
        nodes(mapping, tally(part.units)),
        (*sorted(part.findings, key=lambda f: (f.no or 0, f.kind)), *assessor.rule_findings()),
        frozenset(
            a.no
            for a in part.attachments
            if activity.cycle and a.cycle == activity.cycle.id and a.outcome != "ignored" and activity(by_no[a.no], a.state)
        ),
    )
