"""The metrics of one evaluation, measured again over items and values as of its seq."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import closing
from functools import cached_property

from hub.assess import Assessor, Known
from hub.measure import Measures
from hub.model import LEFT, Baseline, Contribution, Item, KeyResult, Metric, NodeResult, Value, Window, fold
from hub.report.explain import Evaluated
from hub.report.sift import Sieve, Sifted, Subject
from hub.store.measured import baselines, measured_values
from hub.store.read import Reader


class Measuring:
    """Answers from what was stored when the evaluation was made. ``freshness`` are the sources that were read whole by then."""

    def __init__(self, reader: Reader, evaluated: Evaluated, freshness: Mapping[str, int]) -> None:
        self._reader, self.evaluated, self._freshness = reader, evaluated, freshness

    @cached_property
    def values(self) -> list[Value]:
        """The values of all sources that metrics read, as of the evaluation."""
        return measured_values(self._reader, self.evaluated.mapping, self.evaluated.seq)

    @cached_property
    def baselines(self) -> dict[tuple[str, str], Baseline]:
        """The frozen starts that the evaluation went by, or made."""
        return baselines(self._reader, self.evaluated.mapping, self.evaluated.seq)

    @cached_property
    def known(self) -> Known:
        return Known(self.values, frozenset(self._freshness), self.baselines, self._freshness)

    @cached_property
    def valued(self) -> frozenset[str]:
        """Sources of metrics that have values and no items."""
        return frozenset(source for source in {v.source for v in self.values} if not self._has_items(source))

    def _has_items(self, source: str) -> bool:
        with closing(self._items(source)) as items:
            return any(item.presence not in LEFT for item in items)

    def _items(self, source: str) -> Generator[Item, None, None]:
        yield from self._reader.items(source=source, as_of=self.evaluated.seq)

    # ---- subjects ----

    def of_key_result(self, key_result: KeyResult) -> Subject | None:
        """The metric of a key result; None where it has none."""
        mapping = self.evaluated.mapping
        if key_result.metric is None:
            return None
        cycle = mapping.cycles[fold(key_result.cycle)]
        return Subject(key_result.metric, mapping.metrics[key_result.metric], cycle, key_result)

    def of_metric(self, id_: str, cycle: str) -> Subject:
        """A metric by its folded id, as it stands alone in a cycle."""
        mapping = self.evaluated.mapping
        return Subject(id_, mapping.metrics[id_], mapping.cycles[fold(cycle)])

    def sift(self, subject: Subject, wanted: Collection[str] = ()) -> Sifted:
        """All rows of a metric's source; see ``Sieve.sift``."""
        sieve = Sieve(self.evaluated, self.known, self.valued, subject)
        teams = self._teams(subject.metric) if subject.asks_for_teams and not sieve.frame.over_values else {}
        with closing(self._items(subject.metric.source)) as items:
            return sieve.sift(items, self.values, teams, wanted)

    def _teams(self, metric: Metric) -> dict[int, str | None]:
        """The teams of a source's items, which may be those of items above them."""
        assessor = Assessor(self.evaluated.mapping, self.evaluated.dimensions, self.evaluated.as_of)
        known = {item.no: item for item in self._items(metric.source)}
        own = list(known.values())
        missing = {i.parent for i in own if i.parent is not None} - known.keys()
        while missing:
            above = list(self._reader.items(nos=missing, as_of=self.evaluated.seq))
            known |= {item.no: item for item in above}
            missing = {i.parent for i in above if i.parent is not None} - known.keys()
        return {item.no: assessor.context(item, _above(item, known)).team for item in own}

    # ---- steps ----

    def steps(self, key_result: KeyResult, node: NodeResult) -> list[list[tuple[Item, bool]]]:
        """For each step of a milestone the items that fit it, and whether each is done.

        Contributions are kept for the present only. When they no longer give the snapshot's counts, all items as of the seq are
        assessed again.
        """
        measures = Measures(self.evaluated.mapping)
        at = (key_result.cycle, fold(key_result.id))
        indices = [measures.of_step(*at, n).index for n in range(len(key_result.steps))]
        found = [list(self._reader.contributions(Window(index))) for index in indices]
        told = [(step["items"], step["done"]) for step in node.details["steps"]]
        if [(len(rows), sum(row.x == 1 for row in rows)) for rows in found] != told:
            found = self._assessed(indices)
        items = {i.no: i for i in self._reader.items(nos={r.no for rows in found for r in rows}, as_of=self.evaluated.seq)}
        return [[(items[row.no], row.x == 1) for row in rows if row.no in items] for rows in found]

    def _assessed(self, indices: list[int]) -> list[list[Contribution]]:
        evaluated = self.evaluated
        part = Assessor(evaluated.mapping, evaluated.dimensions, evaluated.as_of).part(self._reader.items(as_of=evaluated.seq))
        found: dict[int, list[Contribution]] = {index: [] for index in indices}
        for each in part.contributions:
            if each.measure in found:
                found[each.measure].append(each)
        return [found[index] for index in indices]


def _above(item: Item, known: Mapping[int, Item]) -> Iterator[Item]:
    """The ancestors of an item, the nearest first."""
    seen = {item.no}
    while item.parent is not None and item.parent in known and item.parent not in seen:
        item = known[item.parent]
        seen.add(item.no)
        yield item
