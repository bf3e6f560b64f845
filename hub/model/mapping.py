"""All mapping files, understood."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from hub.model.metrics import Curve, Metric, Rates, Scale
from hub.model.rules import DROPPED_RESOLUTIONS, Pattern, Rule, StatusWord
from hub.model.strategy import Allowance, Cycle, KeyResult, Objective, Person, Pillar, Team
from hub.model.words import fold


@dataclass(frozen=True, slots=True)
class Mapping:
    """All mapping files, understood. ``files`` are their texts by relative name: what ``hash`` stands for, with ``timezone``.

    Lookups by id go through the folded id: ``key_results`` is keyed by (cycle id, folded id), the others by folded id.
    """

    hash: str
    files: MappingABC[str, str]
    timezone: str
    cycles: MappingABC[str, Cycle]
    pillars: MappingABC[str, Pillar]
    teams: MappingABC[str, Team]
    allowances: MappingABC[str, Allowance]
    objectives: MappingABC[str, Objective]
    key_results: MappingABC[tuple[str, str], KeyResult]
    rules: tuple[Rule, ...]
    dropped_resolutions: frozenset[str] = DROPPED_RESOLUTIONS
    statuses: MappingABC[str, tuple[StatusWord, ...]] = field(default_factory=dict)
    """Status maps by the folded name of a source, or of a kind for all of its sources."""
    patterns: tuple[Pattern, ...] = ()
    people: tuple[Person, ...] = ()
    former: MappingABC[tuple[str, str], str] = field(default_factory=dict)
    """(cycle id, folded former id of a key result) -> its folded id."""
    metrics: MappingABC[str, Metric] = field(default_factory=dict)
    """By folded id; one that stands in a key result has no id that could be written."""
    scale: Scale = field(default_factory=Scale)
    curves: MappingABC[str, Curve] = field(default_factory=dict)
    rates: MappingABC[str, tuple[Rates, ...]] = field(default_factory=dict)
    """By folded name, ascending by ``since``."""

    @property
    def measures(self) -> bool:
        """Whether anything is measured beside the work that is done: a metric, or the steps of a milestone."""
        return bool(self.metrics) or any(key_result.steps for key_result in self.key_results.values())

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def key_result_id(self, cycle: str, id: str) -> str | None:
        """The folded id of the key result that a folded id, present or former, names in a cycle."""
        if (cycle, id) in self.key_results:
            return id
        return self.former.get((cycle, id))

    def teams_within(self, id: str) -> frozenset[str]:
        """Folded ids of a team and of all teams beneath it; the id is folded or as written."""
        found = {fold(id)}
        while more := {k for k, t in self.teams.items() if t.parent and fold(t.parent) in found} - found:
            found |= more
        return frozenset(found)

    def cycle_at(self, at: int) -> Cycle | None:
        """The cycle in force at an instant: the one that contains it (the shortest of several), else the latest that has
        begun, else the first to come; None when there is no cycle at all."""
        spans = [(c, *c.bounds(self.zone)) for c in self.cycles.values()]
        inside = [s for s in spans if s[1] <= at < s[2]]
        if inside:
            return min(inside, key=lambda s: (s[2] - s[1], s[0].id))[0]
        begun = [s for s in spans if s[1] <= at]
        if begun:
            return max(begun, key=lambda s: (s[2], s[0].id))[0]
        return min(spans, key=lambda s: (s[1], s[0].id))[0] if spans else None
