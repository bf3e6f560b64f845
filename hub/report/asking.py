"""What is asked of metrics: why a key result or a metric has its value, and the list of all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cached_property

from hub.assess import Valued, assess
from hub.measure import Joined, Readings, readings
from hub.model import Baseline, Cycle, Measured, Metric, NodeResult, fold
from hub.progress import day_of, parts_of
from hub.report import judging, kind_words, measured
from hub.report.beside import Former, former_targets
from hub.report.evidence import Evidence, MetricExplanation, MetricRow, Metrics, PartRow
from hub.report.explain import Evaluated
from hub.report.figures import day, figure
from hub.report.links import Listed, searches
from hub.report.measuring import Measuring
from hub.report.tree import unit_of
from hub.report.values import SourceAge
from hub.report.words import plural
from hub.scale import Late, Verdict
from hub.scale.rollup import NodeAt
from hub.store.ledger import StoredLedger
from hub.store.read import EvaluationRow, Reader

Nodes = Mapping[NodeAt, NodeResult]
Verdicts = Mapping[NodeAt, Verdict]


class Asking:
    """Answers about one evaluation."""

    def __init__(self, reader: Reader, evaluated: Evaluated, row: EvaluationRow) -> None:
        self._reader, self._evaluated, self._row = reader, evaluated, row
        self.measuring = Measuring(reader, evaluated, row.freshness)

    @cached_property
    def late(self) -> Late:
        return judging.lateness(self._reader, self._evaluated, self._row.freshness)

    @cached_property
    def _retargeted(self) -> Mapping[tuple[str, str], list[Former]]:
        return self._reader.retargeted(self._evaluated.seq)

    # ---- why a key result has its value ----

    def evidence(self, node: NodeResult, verdicts: Verdicts) -> Evidence | None:
        """What the number of a key result is made of; None of one of kind completion."""
        mapping = self._evaluated.mapping
        key_result = mapping.key_results[node.cycle, node.id]
        if key_result.kind == "completion":
            return None
        parts = self._parts(node, verdicts)
        if key_result.kind == "milestone":
            steps = measured.step_rows(mapping, key_result, node, self.measuring.steps(key_result, node))
            return Evidence(steps=steps, parts=parts, work=node.details.get("work", {}))
        unit = unit_of(mapping.metrics, key_result, node)
        was = former_targets(mapping, key_result, unit, self._retargeted.get((node.cycle, node.id), ()))
        ends = kind_words.Ends(
            unit,
            kind_words.start_words(key_result, node, unit, *self._baseline(node)),
            kind_words.target_words(key_result, node, unit) + (f" ({was})" if was else ""),
        )
        subject = self.measuring.of_key_result(key_result)
        if subject is None:
            return Evidence(
                value=_fraction(node, "current"), why=str(node.details.get("why", "")), unit=unit,
                start=_fraction(node, "start"), start_words=ends.start, target=measured.targets(node.details.get("target")),
                target_words=ends.target, parts=parts, work=node.details.get("work", {}),
            )  # fmt: skip
        late = judging.late(self._evaluated, subject.metric, subject.cycle, node.details.get("newest"), self.late)
        sifted = self.measuring.sift(subject)
        found = measured.of_key_result(mapping.files, subject, sifted, node, late, ends)
        return replace(self._with_runs(found, sifted.numbers), parts=parts)

    def _parts(self, node: NodeResult, verdicts: Verdicts) -> tuple[PartRow, ...]:
        mapping = self._evaluated.mapping
        pairs, told = [], {}
        for cycle, id_ in parts_of(mapping).get((node.cycle, node.id), ()):
            row = self._reader.snapshot(cycle, "key_result", id_, as_of=self._evaluated.seq)
            if row is not None:
                key_result = mapping.key_results[cycle, id_]
                pairs.append((key_result, row.node))
                told[key_result.id] = verdicts.get((cycle, "key_result", id_))
        units = {key_result.id: unit_of(mapping.metrics, key_result, each) for key_result, each in pairs}
        return measured.part_rows(pairs, units, told)

    def _baseline(self, node: NodeResult) -> tuple[Baseline | None, str]:
        found = self.measuring.baselines.get((node.cycle, node.id))
        row = self._reader.evaluation(found.seq) if found is not None and found.seq is not None else None
        if found is None or row is None:
            return None, ""
        return found, day_of(self._evaluated.mapping, row.as_of).isoformat()

    def _with_runs(self, evidence: Evidence, numbers: Mapping[tuple[str, str], int]) -> Evidence:
        """The same with the run that last wrote each item."""
        nos = {(row.source, row.id): numbers[row.source, row.id] for row in evidence.rows if (row.source, row.id) in numbers}
        origin = self._reader.provenance(list(nos.values())) if nos else {}
        return measured.with_runs(evidence, {at: str(origin[no].run_id) for at, no in nos.items() if no in origin})

    # ---- metrics by themselves ----

    def metric(self, id_: str, cycle: Cycle, sources: tuple[SourceAge, ...]) -> MetricExplanation:
        """A metric, by its folded id, as it stands alone in a cycle."""
        evaluated, subject = self._evaluated, self.measuring.of_metric(id_, cycle.id)
        sifted = self.measuring.sift(subject)
        current = sifted.reading.current or Measured(None, "it was not measured")
        late = judging.late(evaluated, subject.metric, cycle, _iso(current.newest), self.late)
        evidence = self._with_runs(measured.of_metric(evaluated.mapping.files, subject, sifted, late), sifted.numbers)
        metric = subject.metric
        return MetricExplanation(
            metric.id, metric.name, str(metric.place), cycle.id, evaluated.seq, evaluated.as_of, evaluated.mapping.hash,
            _metric_sentence(metric, current), evidence, self._used_by(id_),
            links=searches(kinds(evaluated), (Listed(row.source, row.name, row.url) for row in evidence.rows)),
            sources=sources,
        )  # fmt: skip

    def _used_by(self, id_: str) -> tuple[dict[str, object], ...]:
        found = []
        for (cycle, at), key_result in self._evaluated.mapping.key_results.items():
            row = self._reader.snapshot(cycle, "key_result", at, as_of=self._evaluated.seq) if key_result.metric == id_ else None
            if row is not None:
                current = row.node.details.get("current")
                found.append({"id": key_result.id, "name": key_result.name, "cycle": cycle, "current": current,
                              "narrowed": bool(key_result.rows.when or key_result.rows.unless)})  # fmt: skip
        return tuple(found)

    def metrics(self, cycle: Cycle, nodes: Nodes, sources: tuple[SourceAge, ...]) -> Metrics:
        """All metrics with their values in the cycle in force."""
        evaluated, mapping = self._evaluated, self._evaluated.mapping
        values, late, typed = self._alone(cycle, nodes), self.late, self._reader.typed_series()
        rows = []
        for id_, metric in mapping.metrics.items():
            if metric.inline:
                continue
            value = values.get((cycle.id, id_), Measured(None, "it was not measured"))
            users = dict.fromkeys(kr.id for kr in mapping.key_results.values() if kr.metric == id_)
            rows.append(
                MetricRow(
                    metric.id, metric.name, str(metric.place), metric.source, value.value, value.why, value.unit or metric.unit,
                    value.rows, None if value.newest is None else date.fromordinal(value.newest), metric.every,
                    judging.late(evaluated, metric, cycle, _iso(value.newest), late),
                    is_typed(metric, typed, self.measuring.valued), tuple(users),
                )
            )  # fmt: skip
        inline = sum(metric.inline for metric in mapping.metrics.values())
        return Metrics(cycle.id, evaluated.seq, evaluated.as_of, tuple(rows), inline, sources)

    def _alone(self, cycle: Cycle, nodes: Nodes) -> Mapping[tuple[str, str], Measured]:
        """The values of metrics by themselves. What items add is kept for the present only: where that no longer gives the
        snapshots' numbers, everything is assessed again over the items as of the seq."""
        evaluated, known = self._evaluated, self.measuring.known
        world = Valued(evaluated.mapping, evaluated.dimensions, evaluated.as_of, self.measuring.valued, known)
        ledger = Joined(StoredLedger(self._reader), world.ledger(known.values))
        found = readings(world.measures, world.given(), ledger, cycle)
        if self._gives(found, nodes):
            return found.metrics
        items = self._reader.items(as_of=evaluated.seq)
        return assess(evaluated.mapping, items, evaluated.dimensions, evaluated.as_of, known).metrics

    def _gives(self, found: Readings, nodes: Nodes) -> bool:
        """Whether what was measured is what the snapshots say."""
        key_results = self._evaluated.mapping.key_results
        for (cycle, id_), reading in found.key_results.items():
            node = nodes.get((cycle, "key_result", id_))
            if node is None or "frozen" in node.details or key_results[cycle, id_].kind == "milestone":
                continue
            if not measured.adds_up(key_results[cycle, id_], reading, node):
                return False
        return True


def kinds(evaluated: Evaluated) -> dict[str, str]:
    """The kinds of the sources, by name."""
    return {name: facts.kind for name, facts in evaluated.dimensions.sources.items()}


def is_typed(metric: Metric, typed: list[tuple[str, str]], valued: Collection[str]) -> bool:
    """Whether a person typed values that it reads; ``typed`` are (source, series), ``valued`` are sources without items."""
    if metric.series is None and metric.source not in valued:
        return False
    return any(metric.source == source and fold(metric.series or series) == fold(series) for source, series in typed)


def _iso(newest: int | None) -> str | None:
    return None if newest is None else date.fromordinal(newest).isoformat()


def _fraction(node: NodeResult, name: str) -> Fraction | None:
    text = node.details.get(name)
    return Fraction(text) if isinstance(text, str) else None


def _metric_sentence(metric: Metric, current: Measured) -> str:
    if current.value is None:
        return f"{metric.name} cannot be calculated: {current.why}."
    unit = current.unit or metric.unit
    made = plural(current.rows, "row")
    newest = f", the newest of {day(date.fromordinal(current.newest))}" if current.newest is not None else ""
    lacking = f"; {plural(current.missing, 'row')} more without a number" if current.missing else ""
    return f"{metric.name} is {figure(current.value, unit)}, from {made}{newest}{lacking}."
