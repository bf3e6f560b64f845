"""What stored items and values measure, now. What the calculation itself is, ``hub.measure`` says."""

from __future__ import annotations

from hub.assess import Known, Valued
from hub.measure import Joined, Readings, readings
from hub.model import Dimensions, Mapping, Value
from hub.store.ledger import StoredLedger
from hub.store.read import Reader

NOTHING = Readings({}, {})


def measure(reader: Reader, mapping: Mapping, dimensions: Dimensions, as_of: int, *, alone: bool = False) -> Readings:
    """The readings of all key results; with ``alone`` also of metrics by themselves, in the cycle in force."""
    if not (mapping.metrics or any(key_result.steps for key_result in mapping.key_results.values())):
        return NOTHING
    values = measured_values(reader, mapping)
    world = Valued(mapping, dimensions, as_of, valued(reader, mapping), known(reader, values))
    ledger = Joined(StoredLedger(reader), world.ledger(values))
    return readings(world.measures, world.given(), ledger, mapping.cycle_at(as_of) if alone else None)


def measured_values(reader: Reader, mapping: Mapping, as_of: int | None = None) -> list[Value]:
    """The values of the sources that metrics read, in the store's order; ``as_of`` is a seq."""
    sources = {metric.source for metric in mapping.metrics.values()}
    return list(reader.values(sources, as_of=as_of)) if sources else []


def known(reader: Reader, values: list[Value]) -> Known:
    """What an assessment knows beside items."""
    whole = {source.name for source in reader.sources() if source.complete_at is not None}
    return Known(values, whole, {(b.cycle, b.key_result): b for b in reader.baselines()})


def valued(reader: Reader, mapping: Mapping) -> frozenset[str]:
    """Sources of metrics that have values and no items."""
    sources = {metric.source for metric in mapping.metrics.values()}
    return frozenset(source for source in reader.sources_with_values() if source in sources) if sources else frozenset()
