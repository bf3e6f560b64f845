"""The statuses of one evaluation: verdicts of the scale over its figures, as of its instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.measure import Measures
from hub.model import Cycle, Metric, NodeResult, fold
from hub.progress import day_of
from hub.report.explain import Evaluated
from hub.scale import Late, Verdict, late_metric, late_work, verdicts
from hub.scale.late import ended_at
from hub.scale.rollup import NodeAt
from hub.store.measured import valued
from hub.store.read import Reader


def judged(
    reader: Reader, evaluated: Evaluated, nodes: Iterable[NodeResult], freshness: Mapping[str, int]
) -> dict[NodeAt, Verdict]:
    """The status of every node. ``freshness`` is the end of each source's last complete run as the evaluation knew it."""
    return verdicts(evaluated.mapping, nodes, lateness(reader, evaluated, freshness))


def lateness(reader: Reader, evaluated: Evaluated, freshness: Mapping[str, int]) -> Late:
    """What the scale must know of age. Which key results a source feeds is asked only of sources that are late at all."""
    late = Late(evaluated.as_of, freshness, valued(reader, evaluated.mapping))
    known = {*freshness, *(source.name for source in reader.sources())}
    old = {name for name in known if late_work(evaluated.mapping, frozenset({name}), late) is not None}
    return late._replace(fed=_fed(reader, evaluated, old)) if old else late


def _fed(reader: Reader, evaluated: Evaluated, sources: set[str]) -> dict[tuple[str, str], frozenset[str]]:
    """The key results that items of some sources feed: by their work, or by the steps of a milestone."""
    mapping = evaluated.mapping
    milestones = {at: kr for at, kr in mapping.key_results.items() if kr.steps}
    measures = Measures(mapping) if milestones else None
    steps = {
        measures.of_step(*at, n).index: at for at, kr in milestones.items() for n in range(len(kr.steps)) if measures is not None
    }
    attached, measured = reader.fed(sources, steps)
    found: dict[tuple[str, str], set[str]] = {}
    for cycle, id_, source in attached:
        key_result = mapping.key_results.get((cycle, fold(id_)))
        if key_result is not None and key_result.kind == "completion":
            found.setdefault((cycle, fold(id_)), set()).add(source)
    for measure, source in measured:
        found.setdefault(steps[measure], set()).add(source)
    return {at: frozenset(names) for at, names in found.items()}


def late(evaluated: Evaluated, metric: Metric, cycle: Cycle, newest: str | None, known: Late) -> str | None:
    """Why a metric's number is late in a cycle; ``newest`` is the day of its newest row."""
    mapping, today = evaluated.mapping, day_of(evaluated.mapping, evaluated.as_of)
    ended = ended_at(mapping, cycle) if today > cycle.ends else None
    return late_metric(mapping, metric, newest, today, cycle.ends, known, ended)
