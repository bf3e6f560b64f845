"""What is valid in metrics, and in the key results and steps that read rows, and will still surprise somebody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hub.mappings import grammar_rules as g
from hub.mappings.draft import Draft
from hub.mappings.metrics import of_items
from hub.model import STAYS, Condition, Filter, KeyResult, Metric, Step

_MOVES = g.MOVING - {"resolution"}
"""Fields by which rows are lost that were counted; a resolution stays with what is closed."""
_OPEN, _CLOSED = frozenset(g.STATES["open"]), frozenset(g.STATES["closed"])


def warn_of_metrics(draft: Draft) -> None:
    """Warn of metrics that count more, or less for long, than their words say; and of steps that lose their work."""
    for metric in draft.metrics.values():
        _timeless(draft, metric)
        _ageless(draft, metric)
        if metric.dated is not None:
            _moving(draft, (metric.rows, metric.of, metric.to))
    for result in draft.key_results.values():
        metric_of = draft.metrics.get(result.metric or "")
        if metric_of is not None and metric_of.dated is not None:
            _moving(draft, (result.rows,))
        _one_period(draft, result, metric_of)
        for step in result.steps:
            _losing(draft, step)


def _timeless(draft: Draft, metric: Metric) -> None:
    """A metric over items that says no date counts all there ever were, which is meant of open ones only."""
    filters = (metric.rows, metric.of, metric.to)
    if metric.series is not None or metric.dated is not None or metric.window == "all":
        return
    if not of_items(metric.field, metric.times, list(filters), None, metric.between):
        return
    if any(_open_only(f) for f in (metric.rows, metric.to)):
        return
    text = f'Nothing says by which date the metric "{metric.name}" takes items, so all there ever were are in it.'
    draft.warn(metric.place, text, 'Add `dated`, such as dated = "closed", or write window = "all" if that is meant.')


def _open_only(rows: Filter) -> bool:
    states = {test.folded for line in rows.unless if line.field == "state" for test in line.tests}
    return states >= _CLOSED or any(line.field == "state" and {test.folded for test in line.tests} <= _OPEN for line in rows.when)


def _ageless(draft: Draft, metric: Metric) -> None:
    """Values that are never late: a number of last spring would pass for today's."""
    if metric.series is not None and metric.every is None:
        text = f'Values of the metric "{metric.name}" never grow old, since nothing says how often they come.'
        draft.warn(metric.place, text, 'Add their rhythm, such as every = "week".')


def _one_period(draft: Draft, result: KeyResult, metric: Metric | None) -> None:
    """What is judged by periods, of a metric that has none."""
    if result.kind in STAYS and result.judge != "worst" and metric is not None and metric.every is None:
        text = f'The key result "{result.id}" is judged by its periods, and its metric has no rhythm: all of its window is one.'
        draft.warn(result.place, text, 'Add one to the metric, such as every = "week", or remove `judge`.')


def _moving(draft: Draft, filters: Iterable[Filter]) -> None:
    for word, line in _lines(filters):
        if line.field in _MOVES:
            text = f"`{word}.{line.field}` changes as work moves, so the metric may lose what it has counted."
            draft.warn(line.place, text, "Use what stays, such as a label, a component or a field of your own.")


def _losing(draft: Draft, step: Step) -> None:
    for word, line in _lines((step.rows,)):
        if line.field in g.MOVING | g.FINISHING:
            text = (
                f'`{word}.{line.field}` changes as work moves, so the step "{step.name}" may lose its work when it is finished.'
            )
            draft.warn(line.place, text, "Use what stays, such as a label, a component or the key of the epic.")


def _lines(filters: Iterable[Filter]) -> Iterator[tuple[str, Condition]]:
    for rows in filters:
        yield from (("when", line) for line in rows.when)
        yield from (("unless", line) for line in rows.unless)
