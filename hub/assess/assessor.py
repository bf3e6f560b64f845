"""Trees of items to attachments, units and findings, under one mapping at one instant. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import takewhile
from typing import NamedTuple

from hub.assess.sections import Sections
from hub.assess.teams import TORN, Teams
from hub.assess.valued import Known, Valued
from hub.credit import Credit, Tree, Units, trees
from hub.measure import Joined, Kept, Measures, Rows, readings
from hub.model import (
    LEFT,
    Assessment,
    Attachment,
    Contribution,
    Dimensions,
    Finding,
    Item,
    Mapping,
    Rule,
    State,
    Unit,
)
from hub.progress import day_of, nodes, tally
from hub.rules import Claim, Context, Matcher
from hub.status import Activity, Reading, States, estimate_of

ENGINE = "4"
"""Version of the calculation: another one means that all links are calculated again."""

_new = tuple.__new__
"""Makes a named tuple without looking its fields up by name first: half the cost, for what is made once per item."""


class Part(NamedTuple):
    """What a set of whole trees contributes."""

    attachments: list[Attachment]
    units: list[Unit]
    findings: list[Finding]
    contributions: list[Contribution]


def clockwork(mapping: Mapping, as_of: int) -> tuple[int, ...]:
    """All that the links know of the instant ``as_of`` (milliseconds): for each rule with a life whether that day is before
    (-1), within (0) or after (1) it. While this stays equal, time alone changes no link."""
    day = day_of(mapping, as_of)
    return tuple(_phase(rule, day) for rule in mapping.rules if rule.starts or rule.ends)


def _phase(rule: Rule, day: date) -> int:
    if rule.starts is not None and day < rule.starts:
        return -1
    return int(rule.ends is not None and day > rule.ends)


class Assessor:
    """A mapping and the vendors' lists at an instant (milliseconds), compiled once, then applied to any number of trees."""

    def __init__(self, mapping: Mapping, dimensions: Dimensions, as_of: int) -> None:
        self.mapping = mapping
        self.matcher = Matcher(mapping, dimensions, as_of)
        self.states = States(mapping, dimensions)
        self._sections = Sections(mapping, dimensions)
        self._teams = Teams(mapping, self.matcher.fields)
        self._credit = Credit(mapping)
        self._units = Units(mapping)
        self._no_work = frozenset(name for name, facts in dimensions.sources.items() if not facts.work)
        measures = Measures(mapping)
        self._rows = Rows(measures, dimensions, as_of) if measures.all else None

    def part(self, items: Iterable[Item]) -> Part:
        """Attachments, units and findings of the items, which must be whole trees. Items that have left are as if not read."""
        found = Part([], [], [], [])
        items = map(self.settled, items) if self._sections else items
        forest, cut = trees(item for item in items if item.presence not in LEFT)
        for item in cut:
            text = f"{item.key or item.id} is its own ancestor; its parent is set aside"
            found.findings.append(Finding("cycle", item.no, text))
        for tree in forest:
            self._tree(tree, found)
        return found

    def settled(self, item: Item) -> Item:
        """The item with the status that counts, where it is in sections of several projects."""
        return self._sections.settled(item)

    def context(self, item: Item, above: Iterable[Item]) -> Context:
        """What the rules know of an item besides itself; ``above`` are its ancestors, the nearest first."""
        chain = (item, *takewhile(lambda each: each.presence not in LEFT and each.duplicate_of is None, above))
        team = next((t for each in chain if (t := self._teams.of(each)) is not None), None)
        return Context(self.states.of(item), team or None)

    def _tree(self, tree: Tree, found: Part) -> None:
        readings = [self.states.read(item) for item in tree.items]
        states = _down(tree, readings)
        teams, torn = self._teams_of(tree)
        claims = self._claims(tree, readings, teams)
        attachments = self._credit.attach(tree, claims, states, teams)
        found.attachments.extend(attachments)
        found.units.extend(self._units.of(tree, attachments, states))
        if self._rows is not None:
            for item, reading, team, state in zip(tree.items, readings, teams, states, strict=True):
                found.contributions.extend(self._rows.of(item, _new(Context, (reading.state, team)), state))
        for item, reading, up in zip(tree.items, readings, tree.up, strict=True):
            self._find(item, reading, up < 0, found.findings)
        found.findings.extend(Finding("team", no, "two teams own it at the same step, so none does") for no in torn)
        if self._credit.accepting:
            for item, own, team in zip(tree.items, claims, teams, strict=True):
                found.findings.extend(Finding("accepts", item.no, text) for text in self._credit.refused(own, team))

    def _teams_of(self, tree: Tree) -> tuple[list[str | None], list[int]]:
        """Each item's team, its parent's where it has none of its own; and the numbers of items that two teams own. A duplicate
        owns nothing beneath it."""
        teams: list[str | None] = []
        torn: list[int] = []
        for item, up in zip(tree.items, tree.up, strict=True):
            team = self._teams.of(item)
            if team is None and up >= 0:
                team = teams[up] if tree.items[up].duplicate_of is None else None
            elif team == TORN:
                torn.append(item.no)
                team = None
            teams.append(team)
        return teams, torn

    def _claims(self, tree: Tree, readings: list[Reading], teams: list[str | None]) -> list[tuple[Claim, ...]]:
        """The claims of each item itself; a duplicate makes none."""
        ask = self.matcher.claims
        return [
            ask(item, _new(Context, (reading.state, team))) if item.duplicate_of is None else ()
            for item, reading, team in zip(tree.items, readings, teams, strict=True)
        ]

    def _find(self, item: Item, odd: Reading, top: bool, findings: list[Finding]) -> None:
        if odd.kind:
            findings.append(Finding(odd.kind, item.no, odd.text))
        if item.estimate is not None and estimate_of(item.estimate) is None:
            text = f"the estimate {item.estimate[:40]!r} is not valid and counts as missing"
            findings.append(Finding("estimate", item.no, text))
        if top and item.parent is None and item.parent_ref is not None:
            text = f"its parent {item.parent_ref} was not read: nothing is inherited from it"
            findings.append(Finding("parent", item.no, text))
        if item.parent_by == "kept":
            text = f"its parent {item.parent_ref} is not read yet; the link of before stands until {item.source} has been read"
            findings.append(Finding("parent", item.no, text))
        if item.ambiguous:
            findings.append(Finding("ambiguous", item.no, _ambiguous(item.ambiguous)))

    def rule_findings(self) -> list[Finding]:
        """Rules that could not be evaluated for a source, once per rule, source and field, over all parts so far. Sources whose
        items are no work are not meant."""
        rules = self.mapping.rules
        lacks = "rule {!r} ({}) reads {!r}, which source {!r} does not have"
        fails = "the {2} of rule {0!r} ({1}) cannot be evaluated for items of source {3!r}"
        return [
            Finding("unevaluable", None, text.format(rules[n].name, rules[n].place, field, source))
            for n, source, field in sorted(self.matcher.unevaluable)
            if source not in self._no_work
            for text in (fails if field == "expr" else lacks,)
        ]


def _down(tree: Tree, readings: list[Reading]) -> list[State]:
    """States with dropped ancestors taken into account: open work under dropped work is dropped. A duplicate, and what stands
    above one, drops nothing beneath it."""
    states: list[State] = []
    under: list[bool] = []  # whether any item above is dropped, even across one that is done
    for reading, up in zip(readings, tree.up, strict=True):
        state = reading.state
        beneath = up >= 0 and tree.items[up].duplicate_of is None and (under[up] or states[up] == "dropped")
        under.append(beneath)
        states.append("dropped" if beneath and state != "done" else state)
    return states


def _ambiguous(texts: tuple[str, ...]) -> str:
    if len(texts) == 1:
        return f"names {texts[0]}, which several items bear: several parents are none"
    count = "two" if len(texts) == 2 else str(len(texts))
    return f"names {', '.join(texts[:-1])} and {texts[-1]}: {count} parents are none"


_NOTHING = Known()


def assess(mapping: Mapping, items: Iterable[Item], dimensions: Dimensions, as_of: int, known: Known = _NOTHING) -> Assessment:
    """Everything that follows from items and values under the mapping, at the instant ``as_of`` (milliseconds).

    Attachments are ordered by cycle and item, nodes as in the mapping; the order of ``items`` does not matter.
    """
    everything = sorted(items, key=lambda i: (i.source, i.id))
    assessor = Assessor(mapping, dimensions, as_of)
    part = assessor.part(everything)
    activity = Activity(mapping, dimensions, as_of)
    by_no = {i.no: i for i in everything}
    valued = frozenset(v.source for v in known.values) - {i.source for i in everything if i.presence not in LEFT}
    world = Valued(mapping, dimensions, as_of, valued, known)
    ledger = Joined(Kept(part.contributions), world.ledger(known.values))
    measured = readings(world.measures, world.given(), ledger, activity.cycle)
    return Assessment(
        tuple(sorted(part.attachments, key=lambda a: (a.cycle, a.no))),
        tuple(sorted(part.units, key=lambda u: (u.cycle, u.key_result, u.no))),
        nodes(mapping, tally(part.units), as_of, measured=measured.key_results),
        (*sorted(part.findings, key=lambda f: (f.no or 0, f.kind)), *assessor.rule_findings()),
        frozenset(
            a.no
            for a in part.attachments
            if activity.cycle and a.cycle == activity.cycle.id and a.outcome != "ignored" and activity(by_no[a.no], a.state)
        ),
        measured.metrics,
    )
