"""Values beside items: what an assessment knows of them, and what they add to measures. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field

from hub.measure import Given, Kept, Measures, Rows, value_items
from hub.model import Baseline, Dimensions, Mapping, Value
from hub.progress import day_of


@dataclass(frozen=True, slots=True)
class Known:
    """What an assessment knows beside items: values with their sources, sources that were read to their end, frozen starts."""

    values: Sequence[Value] = ()
    whole: Collection[str] = frozenset()
    baselines: MappingABC[tuple[str, str], Baseline] = field(default_factory=dict)
    complete: MappingABC[str, int] | None = None
    """When each source was last read to its end (ms), where that is known"""


class Valued:
    """The values of a mapping's metrics at an instant. ``valued`` are the sources that have values and no items."""

    def __init__(self, mapping: Mapping, dimensions: Dimensions, as_of: int, valued: frozenset[str], known: Known) -> None:
        self.measures = Measures(mapping)
        self.valued = valued
        self._today = day_of(mapping, as_of)
        self._known = known
        lists = value_items(dimensions, known.values)
        self.rows = Rows(self.measures, lists, as_of, valued, values=True)
        """Of values: a line on a column that no value of its source has cannot be evaluated."""
        self._items = Rows(self.measures, dimensions, as_of)

    def ledger(self, values: Iterable[Value]) -> Kept:
        """What the values add up to; a value's number is minus its position, from 1 on."""
        numbered = ((-n, value) for n, value in enumerate(values, 1))
        return Kept(each for _, found in self.rows.of_values(numbered) for each in found)

    def given(self) -> Given:
        """What is known besides sums."""
        over_values = {
            m.index for m in self.measures.all if m.metric and (m.metric.series is not None or m.metric.source in self.valued)
        }
        unevaluable = {n: field for n, field in self._items.unevaluable.items() if n not in over_values}
        with_values = {value.source for value in self._known.values}
        for n, name in self.rows.unevaluable.items():
            metric = self.measures.all[n].metric
            if n in over_values and metric is not None and metric.source in with_values:
                unevaluable[n] = name
        known = self._known
        return Given(self._today, self.valued, known.whole, known.complete, known.baselines, unevaluable)
