"""Metrics, and what else reads rows, against the sources that are configured: sources and fields that there are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import connectors
from hub.config.values import Config, Source
from hub.errors import Problem
from hub.model import Condition, Filter, Mapping, Metric, Place, fold
from hub.tomlfile import did_you_mean, nearest

OF_VALUES = frozenset({"amount", "created", "done"})
"""What lines can read of a value, whatever the source's items have."""


def check_metrics(mapping: Mapping, config: Config) -> Iterator[Problem]:
    """A warning for each metric whose source is not configured, and for each line or field that its source does not have."""
    sources = {fold(name): source for name, source in config.sources.items()}
    narrowed: dict[str, list[Filter]] = {}
    for result in mapping.key_results.values():
        if result.metric is not None:
            narrowed.setdefault(result.metric, []).append(result.rows)
    for id, metric in mapping.metrics.items():
        source = sources.get(fold(metric.source))
        if source is None:
            text = f'There is no source "{metric.source}" in the configuration, so the metric "{metric.name}" stays unmeasured.'
            yield Problem.at(metric.at("source"), text, did_you_mean(metric.source, config.sources), warning=True)
        elif not connectors.load(source.kind).queries:  # the columns of a query are those that it selects
            yield from _fields(metric, source)
            for rows in (metric.rows, metric.of, metric.to, *narrowed.get(id, ())):
                yield from _lines(rows, source)


def step_lines(mapping: Mapping) -> Iterator[tuple[str, Condition]]:
    """The lines of the steps of milestones, which read the items of all sources as rules do."""
    for result in mapping.key_results.values():
        for step in result.steps:
            yield from _worded(step.rows)


def _worded(rows: Filter) -> Iterator[tuple[str, Condition]]:
    yield from (("when", line) for line in rows.when)
    yield from (("unless", line) for line in rows.unless)


def _fields(metric: Metric, source: Source) -> Iterator[Problem]:
    read: dict[str, str] = {}
    named = ((metric.aggregate, metric.field), ("times", metric.times), ("dated", metric.dated))
    for key, field in (*named, *(("days_between", each) for each in metric.between or ())):
        if field is not None:
            read.setdefault(field, key)
    for field, key in read.items():
        if field.startswith("field."):
            yield from _lacking(metric.at(key), field, field, source)
        elif field == "probability":
            yield from _lacking(metric.at(key), field, "field.probability", source)


def _lines(rows: Filter, source: Source) -> Iterator[Problem]:
    for word, line in _worded(rows):
        for field in (line.field, *other_fields(line)):
            if field not in OF_VALUES:
                yield from _lacking(line.place, f"{word}.{field}", field, source)


def other_fields(condition: Condition) -> list[str]:
    """Fields of the item that stand on the right side of a comparison."""
    rights = [c.right for test in condition.tests for c in test.comparisons if c.op in ("gt", "gte", "lt", "lte")]
    return [right for right in rights if isinstance(right, str) and not right.startswith("cycle.")]


def _lacking(place: Place, shown: str, field: str, source: Source) -> Iterable[Problem]:
    """A warning when a source does not have a field."""
    answers = source.facts.item_fields
    if field in answers:
        return
    if not field.startswith("field."):
        text = f'`{shown}` reads what the source "{source.name}" does not have, so nothing is measured.'
        yield Problem.at(place, text, "Use another field.", warning=True)
        return
    near = nearest(field[6:], [a[6:] for a in answers if a.startswith("field.")])
    example = f'Name it in [source.{source.name}] of config.toml: fields = {{ {field[6:]} = "THE SOURCE\'S FIELD" }}.'
    text = f'`{shown}` reads a field that the source "{source.name}" does not name, so nothing is measured.'
    yield Problem.at(place, text, f'Did you mean "{near}"?' if near else example, warning=True)
