"""Which rows are measured: metrics, each as its key results narrow it, and the steps of milestones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from hub.model import ALL, Condition, Filter, KeyResult, Mapping, Metric, Place, Rule, Step, Test, fold
from hub.rules.compare import cyclic

_NOWHERE = Place("", 0)


@dataclass(frozen=True, slots=True)
class Measure:
    """One set of rows and what each of them adds. ``index`` is its position among all measures of the mapping.

    ``cycle`` is set where its lines name the cycle, so that it is another set in each. ``metric`` is None for a milestone's
    ``step``.
    """

    index: int
    rows: Filter
    metric: Metric | None = None
    step: Step | None = None
    cycle: str | None = None

    @property
    def source(self) -> str | None:
        return self.metric.source if self.metric else None


class _Rules(NamedTuple):
    """The index of a measure's rule, and of those of a ratio's two halves."""

    rows: int
    of: int | None = None
    to: int | None = None


class Measures:
    """All measures of a mapping, in an order that depends on the mapping alone."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.all: list[Measure] = []
        self.rules: list[Rule] = []
        """One rule for each set of rows: what matches it is a row."""
        self._by_rule: dict[int, list[Measure]] = {}
        self._halves: dict[int, _Rules] = {}
        self._known: dict[tuple[str, Filter, str | None], Measure] = {}
        self._rule_of: dict[tuple[str | None, Filter], int] = {}
        self._steps: dict[tuple[str, str, int], Measure] = {}
        for id_, metric in mapping.metrics.items():
            if not metric.inline:
                for cycle in self._cycles(metric, ALL):
                    self._add(id_, metric, ALL, cycle)
        for (cycle, id_), key_result in mapping.key_results.items():
            if key_result.metric is not None:
                metric = mapping.metrics[key_result.metric]
                within = cycle if _is_cyclic(metric, key_result.rows) else None
                self._add(key_result.metric, metric, key_result.rows, within)
            for n, step in enumerate(key_result.steps):
                self._steps[cycle, id_, n] = self._step(step, cycle)

    def of_metric(self, metric: str, cycle: str) -> Measure | None:
        """The measure of a metric (by its folded id) as it stands alone, in a cycle."""
        return self._known.get((metric, ALL, None)) or self._known.get((metric, ALL, cycle))

    def of(self, key_result: KeyResult) -> Measure | None:
        """The measure of a key result's metric as it narrows it; None where it has none."""
        if key_result.metric is None:
            return None
        key = (key_result.metric, key_result.rows)
        return self._known.get((*key, None)) or self._known.get((*key, key_result.cycle))

    def of_step(self, cycle: str, key_result: str, step: int) -> Measure:
        """The measure of a milestone's step, by the key result's folded id and the position of the step."""
        return self._steps[cycle, key_result, step]

    def matched(self, rule: int, cycles: frozenset[str] | None) -> Iterator[Measure]:
        """The measures of which a rule's match is a row; ``cycles`` are those in which it matches, None: all."""
        for measure in self._by_rule.get(rule, ()):
            if measure.cycle is None or cycles is None or measure.cycle in cycles:
                yield measure

    def halves(self, measure: Measure) -> _Rules:
        """The rules of a measure: of its rows, and of a ratio's two halves."""
        return self._halves[measure.index]

    # ---- building ----

    def _add(self, id_: str, metric: Metric, narrowed: Filter, cycle: str | None) -> None:
        key = (id_, narrowed, cycle)
        if key in self._known:
            return
        rows = Filter((*metric.rows.when, *narrowed.when), (*metric.rows.unless, *narrowed.unless))
        measure = Measure(len(self.all), rows, metric, None, cycle)
        self._known[key] = measure
        self._place(measure, metric.source)
        if metric.aggregate == "ratio":
            of, to = (self._rule(metric.source, half) for half in (metric.of, metric.to))
            self._halves[measure.index] = self._halves[measure.index]._replace(of=of, to=to)

    def _step(self, step: Step, cycle: str) -> Measure:
        within = cycle if any(map(cyclic, (*step.rows.when, *step.rows.unless))) else None
        measure = Measure(len(self.all), step.rows, None, step, within)
        self._place(measure, None)
        return measure

    def _place(self, measure: Measure, source: str | None) -> None:
        rule = self._rule(source, measure.rows)
        self.all.append(measure)
        self._by_rule.setdefault(rule, []).append(measure)
        self._halves[measure.index] = _Rules(rule)

    def _rule(self, source: str | None, rows: Filter) -> int:
        """The rule of a set of rows; equal sets share one."""
        found = self._rule_of.get((source, rows))
        if found is None:
            found = self._rule_of[source, rows] = len(self.rules)
            only = () if source is None else (Condition("source", (Test("equal", fold(source), source),), _NOWHERE),)
            self.rules.append(Rule(found, f"measure {found}", (*only, *rows.when), "ignore", "", 0, _NOWHERE, unless=rows.unless))
        return found

    def _cycles(self, metric: Metric, narrowed: Filter) -> list[str | None]:
        return [c.id for c in self.mapping.cycles.values()] if _is_cyclic(metric, narrowed) else [None]

    def as_rules(self) -> Mapping:
        """The mapping with its sets of rows for rules."""
        return replace(self.mapping, rules=tuple(self.rules))


def _is_cyclic(metric: Metric, narrowed: Filter) -> bool:
    filters = (metric.rows, narrowed, metric.of, metric.to)
    return any(cyclic(line) for f in filters for line in (*f.when, *f.unless))
