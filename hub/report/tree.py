"""The nodes of one cycle as a tree, with the names that people gave them, their statuses, and parts under their wholes. Pure."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from collections.abc import Sequence
from dataclasses import replace

from hub.model import KeyResult, Metric, NodeKind, NodeResult, Objective, fold
from hub.progress import cycles_around, day_of, is_taken, parts_of, whole_of
from hub.report import kind_words, words
from hub.report.beside import Former, former_targets, needs, waiting
from hub.report.explain import Evaluated
from hub.report.values import Node
from hub.scale import Verdict
from hub.scale.rollup import NodeAt
from hub.scale.verdict import unclamped

At = tuple[str, str]
"""(cycle id, folded id) of a key result."""


class TreeOf:
    """``nodes`` and ``verdicts`` go by (cycle, kind, folded id); ``former`` are the targets that key results had."""

    def __init__(
        self,
        evaluated: Evaluated,
        cycle: str,
        nodes: MappingABC[NodeAt, NodeResult],
        verdicts: MappingABC[NodeAt, Verdict],
        former: MappingABC[At, Sequence[Former]],
    ) -> None:
        self._mapping = evaluated.mapping
        self._today = day_of(evaluated.mapping, evaluated.as_of)
        self._cycle = cycle
        self._nodes, self._verdicts, self._former = nodes, verdicts, former
        self._around = {c.id: set(cycles_around(self._mapping, c)) for c in self._mapping.cycles.values()}
        self._parts = parts_of(self._mapping)

    def company(self) -> Node:
        pillars = tuple(self._pillar(id_) for id_ in self._mapping.pillars)
        loose = tuple(self._objective(id_) for id_, o in self._objectives() if o.pillar is None)
        if loose:
            measured = sum(n.measured for n in loose)
            pillars += (Node("pillar", "", "No pillar", None, sum(n.key_results for n in loose), measured, children=loose),)
        return replace(self._rolled("company", "company", "Company"), children=pillars)

    def _rolled(self, kind: NodeKind, id_: str, name: str) -> Node:
        """A node above key results."""
        at: NodeAt = (self._cycle, kind, fold(id_))
        figures, verdict = self._nodes[at], self._verdicts[at]
        return Node(
            kind, id_, name, figures.progress, figures.key_results, figures.measured,
            status=verdict.status, why=verdict.why, unclamped=figures.progress,
        )  # fmt: skip

    def _team(self, id_: str | None) -> str | None:
        return self._mapping.teams[fold(id_)].name if id_ is not None else None

    def _objectives(self) -> list[tuple[str, Objective]]:
        """Those that have a figure in the cycle."""
        return [(id_, o) for id_, o in self._mapping.objectives.items() if (self._cycle, "objective", id_) in self._nodes]

    def _pillar(self, id_: str) -> Node:
        pillar = self._mapping.pillars[id_]
        under = tuple(self._objective(o) for o, each in self._objectives() if each.pillar and fold(each.pillar) == id_)
        node = self._rolled("pillar", pillar.id, pillar.name)
        return replace(node, owner=pillar.owner, place=str(pillar.place), children=under)

    def _objective(self, id_: str) -> Node:
        objective = self._mapping.objectives[id_]
        own = [
            at
            for at, each in self._mapping.key_results.items()
            if id_ in map(fold, each.objectives) and (self._cycle == objective.cycle or self._cycle in self._around[at[0]])
        ]
        shown = tuple(self._key_result(at) for at in own if whole_of(self._mapping, self._mapping.key_results[at]) not in own)
        node = self._rolled("objective", objective.id, objective.name)
        return replace(
            node, owner=objective.owner, team=self._team(objective.team), place=str(objective.place),
            note=words.objective_note(objective), children=shown,
        )  # fmt: skip

    def _key_result(self, at: At) -> Node:
        """A key result with its parts beneath it. The mapping files allow no circle."""
        key_result = self._mapping.key_results[at]
        figures, verdict = self._nodes[at[0], "key_result", at[1]], self._verdicts[at[0], "key_result", at[1]]
        return Node(
            "key_result", key_result.id, key_result.name, figures.progress, 1, figures.measured,
            owner=key_result.owner, team=self._team(key_result.team), place=str(key_result.place),
            note=self._note(key_result, figures),
            children=tuple(self._key_result(part) for part in self._parts.get(at, ())),
            status=verdict.status, why=verdict.why, expected=verdict.expected, unclamped=unclamped(figures),
            measured_by=key_result.kind, figures={**figures.details, **self._written(key_result, figures)},
        )  # fmt: skip

    def _written(self, key_result: KeyResult, figures: NodeResult) -> dict[str, str]:
        """The unit as the metric is written with it, where no row brought one."""
        unit = unit_of(self._mapping.metrics, key_result, figures)
        return {"unit": unit} if unit else {}

    def _note(self, key_result: KeyResult, figures: NodeResult) -> str:
        unit = unit_of(self._mapping.metrics, key_result, figures)
        note = kind_words.note(key_result, figures, unit)
        if key_result.cycle != self._cycle:
            note = f"{key_result.cycle}: {note}"
        if "frozen" in figures.details:
            note = f"stands still; {note}"
        was = former_targets(self._mapping, key_result, unit, self._former.get((key_result.cycle, fold(key_result.id)), ()))
        note += f"; target {was}" if was else ""
        waits = waiting(needs(self._mapping, key_result, self._verdicts, self._today))
        note += f"; {waits}" if waits else ""
        if key_result.dropped is not None and not is_taken(key_result, self._today):
            note += f"; dropped on {key_result.dropped.on}, not rolled up: {key_result.dropped.why}"
        return note


def unit_of(metrics: MappingABC[str, Metric], key_result: KeyResult, figures: NodeResult) -> str | None:
    """The unit of a key result's number."""
    metric = metrics.get(key_result.metric or "")
    return kind_words.unit_of(figures, metric.unit if metric else None)
