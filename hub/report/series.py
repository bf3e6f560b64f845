"""Metrics that name a series of which nothing was ever read: a slip of the pen that no file shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hub.errors import Problem
from hub.model import Mapping, fold
from hub.tomlfile import did_you_mean

_OTHERWISE = "Correct the name; it is what the series column says, else the sheet's name."


def unread_series(mapping: Mapping, stored: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    """A warning for each metric whose series is none of those that its source has. ``stored`` are (source, series) of the values
    that were read; of a source without any nothing is said."""
    known: dict[str, dict[str, str]] = {}
    for source, series in stored:
        known.setdefault(fold(source), {})[fold(series)] = series
    for metric in mapping.metrics.values():
        there = known.get(fold(metric.source))
        if metric.series is None or "series" not in metric.places or not there or fold(metric.series) in there:
            continue
        text = f'{metric.source} has no series "{metric.series}", so the metric "{metric.name}" stays unmeasured.'
        remedy = did_you_mean(metric.series, there.values()) or _OTHERWISE
        yield Problem.at(metric.at("series"), text, remedy, warning=True)
