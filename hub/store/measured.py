"""What stored items and values measure, now. What the calculation itself is, ``hub.measure`` says."""

from __future__ import annotations

from hub.assess import Known, Valued
from hub.measure import Joined, Readings, definition, readings
from hub.model import Baseline, Dimensions, Mapping, Value
from hub.store.ledger import StoredLedger
from hub.store.read import Reader

NOTHING = Readings({}, {})


def measure(reader: Reader, mapping: Mapping, dimensions: Dimensions, as_of: int) -> Readings:
    """The readings of all key results."""
    if not mapping.measures:
        return NOTHING
    values = measured_values(reader, mapping)
    world = Valued(mapping, dimensions, as_of, valued(reader, mapping), known(reader, mapping, values))
    ledger = Joined(StoredLedger(reader), world.ledger(values))
    return readings(world.measures, world.given(), ledger)


def measured_values(reader: Reader, mapping: Mapping, as_of: int | None = None) -> list[Value]:
    """The values of the sources that metrics read, in the store's order; ``as_of`` is a seq."""
    sources = {metric.source for metric in mapping.metrics.values()}
    return list(reader.values(sources, as_of=as_of)) if sources else []


def known(reader: Reader, mapping: Mapping, values: list[Value]) -> Known:
    """What an assessment knows beside items."""
    complete = {source.name: source.complete_at for source in reader.sources() if source.complete_at is not None}
    return Known(values, set(complete), baselines(reader, mapping), complete)


def baselines(reader: Reader, mapping: Mapping, as_of: int | None = None) -> dict[tuple[str, str], Baseline]:
    """The frozen starts, those made by the seq ``as_of``. Of several of a key result the one by which the mapping measures it: an
    edit that is taken back finds its former start again."""
    found = {}
    for each in reader.baselines():
        key_result = mapping.key_results.get((each.cycle, each.key_result))
        if key_result is None or key_result.metric is None or (as_of is not None and (each.seq or 0) > as_of):
            continue
        if each.of == definition(mapping, key_result):
            found[each.cycle, each.key_result] = each
    return found


def valued(reader: Reader, mapping: Mapping) -> frozenset[str]:
    """Sources of metrics that have values and no items."""
    sources = {metric.source for metric in mapping.metrics.values()}
    return frozenset(source for source in reader.sources_with_values() if source in sources) if sources else frozenset()
