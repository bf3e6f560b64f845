"""Metrics, their lines and their windows in words. Pure."""

from __future__ import annotations

from datetime import date

from hub.model import Condition, Filter, Metric
from hub.report import figures

_AGGREGATES = {
    "sum": "the sum of {field}",
    "average": "the average of {field}",
    "latest": "the latest {field}",
    "distinct": "how many different {field} there are",
    "nps": "the net promoter score of {field}",
}
_DATES = {
    "created": "the day they were created",
    "started": "the day work on them began",
    "done": "the day they were done",
    "closed": "the day they were closed",
    "due": "the day they are due",
}


def aggregate(metric: Metric, over_values: bool) -> str:
    """What is calculated, over what: ``the sum of field.arr over the items of crm``."""
    rows = f"the {'values' if over_values else 'items'} of {metric.source}"
    if metric.series is not None:
        rows = f'the values "{metric.series}" of {metric.source}'
    times = f", each times its {metric.times}" if metric.times else ""
    if metric.aggregate == "count":
        return f"how many of {rows} there are{times}"
    if metric.aggregate == "ratio":
        of, to = (" and ".join(line(c) for c in half.when) for half in (metric.of, metric.to))
        return f"of {rows}, how many fit {of} for each that fits {to}"
    if metric.aggregate == "days_between":
        first, last = metric.between or ("", "")
        return f"the mean of the days from {first} to {last}, over {rows}"
    said = _AGGREGATES[metric.aggregate].format(field=metric.field or "value")
    return f"{said} over {rows}{times}"


def line(condition: Condition, negated: bool = False) -> str:
    """A line as it is written: ``when.state = done``."""
    word = "unless" if negated else "when"
    return f"{word}.{condition.field} = {', '.join(dict.fromkeys(t.written for t in condition.tests))}"


def lines(*filters: Filter) -> tuple[tuple[str, str], ...]:
    """(line, ``file:line``) of all lines of some filters."""
    found = []
    for each in filters:
        found += [(line(c), str(c.place)) for c in each.when] + [(line(c, True), str(c.place)) for c in each.unless]
    return tuple(found)


def dated(metric: Metric, over_values: bool) -> str:
    """Which date of a row counts."""
    if over_values:
        return "their own day"
    if metric.dated is None:
        return "no date: they count as they are now"
    if metric.dated.startswith("stage:"):
        return f"the day they entered {metric.dated[6:]}"
    return _DATES.get(metric.dated, f"the day in {metric.dated}")


def window(metric: Metric, first: date | None, last: date | None) -> str:
    """``cycle: 1 Jan to 31 Mar 2027``."""
    return f"{metric.window}: {figures.days(first, last)}"
