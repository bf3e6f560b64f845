"""What reads an item: the metrics and the steps of milestones to which it adds, and in which key results that counts. Pure."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from hub.assess import Assessor
from hub.measure import Measures
from hub.model import LEFT, Contribution, Item, KeyResult, Metric, fold
from hub.report.evidence import ReadBy
from hub.report.explain import Evaluated
from hub.report.figures import day, figure
from hub.report.frame import Frame, within

_ADDS = {
    "average": "is one of the rows whose average it is",
    "latest": "is one of its values",
    "ratio": "is one of the rows of the ratio",
    "nps": "is one of the scores",
    "days_between": "is one of the rows",
}


def read_by(evaluated: Evaluated, item: Item, tree: list[Item]) -> tuple[ReadBy, ...]:
    """The metrics and steps that read an item; ``tree`` is its whole tree, itself included."""
    mapping = evaluated.mapping
    if item.presence in LEFT or item.duplicate_of is not None or not mapping.measures:
        return ()
    assessor, measures = Assessor(mapping, evaluated.dimensions, evaluated.as_of), Measures(mapping)
    mine: dict[int, list[Contribution]] = {}
    for each in assessor.part(tree).contributions:
        if each.no == item.no:
            mine.setdefault(each.measure, []).append(each)
    return (*_metrics(evaluated, measures, mine), *_steps(evaluated, measures, mine))


def _metrics(evaluated: Evaluated, measures: Measures, mine: dict[int, list[Contribution]]) -> list[ReadBy]:
    found = []
    for id_, metric in evaluated.mapping.metrics.items():
        users = [kr for kr in evaluated.mapping.key_results.values() if kr.metric == id_]
        used = [(kr, adds) for kr in users if (m := measures.of(kr)) is not None and (adds := mine.get(m.index))]
        alone = [] if metric.inline else _alone(evaluated, measures, id_, mine)
        adds = used[0][1] if used else alone
        if adds:
            name = users[0].id if metric.inline and users else metric.id
            found.append(_metric(evaluated, name, metric, adds, [kr for kr, _ in used]))
    return found


def _alone(evaluated: Evaluated, measures: Measures, id_: str, mine: dict[int, list[Contribution]]) -> list[Contribution]:
    for cycle in evaluated.mapping.cycles.values():
        measure = measures.of_metric(id_, cycle.id)
        if measure is not None and measure.index in mine:
            return mine[measure.index]
    return []


def _metric(evaluated: Evaluated, name: str, metric: Metric, adds: list[Contribution], users: list[KeyResult]) -> ReadBy:
    first = adds[0]
    inside = [key_result for key_result in users if _counts(evaluated, metric, key_result, first.on)]
    outside = [key_result.id for key_result in users if key_result not in inside]
    x, unit = (Fraction(first.x), first.currency or metric.unit) if metric.aggregate in ("sum", "count") else (None, None)
    if metric.aggregate == "sum" and first.w:
        said = f"{name} adds {figure(x, unit)}"
    elif metric.aggregate == "count" and first.w:
        said = f"{name} counts it{'' if first.x == 1 else f', as {figure(x)}'}"
    elif metric.aggregate == "distinct":
        said = f"{name} tells {', '.join(each.text or '' for each in adds)} apart"
    elif metric.aggregate in ("sum", "count"):
        said, x = f"{name} reads it, and finds no number in it", None
    else:
        said = f"{name} reads it: it {_ADDS[metric.aggregate]}"
    on = "" if first.on is None else date.fromordinal(first.on)
    why = f"its day, {day(on or None)}, lies outside of the window of {', '.join(outside)}" if outside else ""
    return ReadBy(name, None, x, unit, said, tuple(key_result.id for key_result in inside), why)


def _counts(evaluated: Evaluated, metric: Metric, key_result: KeyResult, on: int | None) -> bool:
    cycle = evaluated.mapping.cycles[fold(key_result.cycle)]
    span = Frame.of(evaluated.mapping, evaluated.as_of, metric, cycle, over_values=False).span
    return span is not None and within(on, span)


def _steps(evaluated: Evaluated, measures: Measures, mine: dict[int, list[Contribution]]) -> list[ReadBy]:
    found = []
    for (cycle, id_), key_result in evaluated.mapping.key_results.items():
        for n, step in enumerate(key_result.steps):
            adds = mine.get(measures.of_step(cycle, id_, n).index)
            if adds:
                state = "it is done" if adds[0].x == 1 else "it is not done yet"
                said = f'{key_result.id} reads it for the step "{step.name}": {state}'
                found.append(ReadBy(key_result.id, step.name, None, None, said, (key_result.id,)))
    return found
