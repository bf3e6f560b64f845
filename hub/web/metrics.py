"""Figures for Prometheus. Counters move with the daemon's events and begin at 0 with it; gauges are read from the database.

Labels are names from the configuration and the mapping files and words of ours; never titles, people or keys of items.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily

disable_created_metrics()  # type: ignore[no-untyped-call]  # when a counter began is the daemon's start, which is said once
PREFIX = "anchorline"
SECONDS = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800)
"""Buckets of a run's duration."""
CODES = ("2xx", "3xx", "4xx", "5xx")
REASONS = ("rate_limited", "timeout", "unavailable", "bad_data")
OPS = {"new": "created", "changed": "updated", "deleted": "deleted", "archived": "archived"}
"""Count of a run's summary -> ``op``"""


class Figures(Protocol):
    """What is read from the database: ``hub.report.health.Measured``."""

    @property
    def items(self) -> Mapping[str, Mapping[str, int]]: ...
    @property
    def success(self) -> Mapping[tuple[str, str], tuple[int, int]]: ...
    @property
    def running(self) -> tuple[str, ...]: ...
    @property
    def holds(self) -> Mapping[str, int]: ...
    @property
    def key_results(self) -> Mapping[tuple[str, str], tuple[float | None, bool]]: ...
    @property
    def dirty(self) -> int: ...
    @property
    def outbox(self) -> int: ...
    @property
    def database_bytes(self) -> int: ...
    @property
    def wal_bytes(self) -> int | None: ...


class Metrics:
    """Listens to the daemon and answers with the text that Prometheus reads. A listener is called by one thread; ``text`` by
    any. ``measured`` gives the figures of the database, or raises when it cannot be asked: the counters are told all the same."""

    def __init__(self, measured: Callable[[], Figures | None], age: Callable[[], float], version: str) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        made: dict[str, Any] = {"namespace": PREFIX, "registry": self._registry}
        self._runs = Counter("sync_runs", "Runs that ended", ["source", "mode", "result"], **made)
        self._seconds = Histogram("sync_duration_seconds", "How long runs took", ["source", "mode"], buckets=SECONDS, **made)
        self._changed = Counter("items_changed", "Items that runs created or changed", ["source", "op"], **made)
        self._requests = Counter("http_requests", "Answers of the source by class of status", ["source", "code_class"], **made)
        self._retries = Counter("http_retries", "Requests that were repeated", ["source", "reason"], **made)
        self._waited = Counter("rate_limit_wait_seconds", "Time that runs waited for the source", ["source"], **made)
        self._budget = Gauge("retry_budget_remaining", "Tokens that the latest run had left for retries", ["source"], **made)
        self._missed = Counter("schedule_missed", "Nightly runs that were not made", ["source"], **made)
        self._reloads = Counter("config_reload_failures", "Changed files that had mistakes", ["what"], **made)
        self._registry.register(_Gauges(measured, age, version))

    def __call__(self, event: Any) -> None:
        """Hear one event of the daemon."""
        name = type(event).__name__
        if name == "RunEnded" and event.source:
            self._ended(event)
        elif name == "Missed":
            self._missed.labels(event.source).inc(len(event.slots))
        elif name == "ReloadFailed":
            self._reloads.labels(event.what).inc()

    def _ended(self, event: Any) -> None:
        outcome = event.outcome
        self._runs.labels(event.source, event.mode, outcome.result).inc()
        self._seconds.labels(event.source, event.mode).observe(event.duration / 1000)
        counts: Mapping[str, int] = outcome.counts
        for count, op in OPS.items():
            self._changed.labels(event.source, op).inc(counts.get(count, 0))
        _shared(self._requests, event.source, {code: counts.get(f"http_{code}", 0) for code in CODES}, counts.get("requests", 0))
        _shared(self._retries, event.source, {why: counts.get(f"retry_{why}", 0) for why in REASONS}, counts.get("retries", 0))
        if "retry_budget" in counts:
            self._budget.labels(event.source).set(counts["retry_budget"])
        self._waited.labels(event.source).inc(counts.get("waited", 0))

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self._registry)


def _shared(counter: Counter, source: str, parts: Mapping[str, int], total: int) -> None:
    """Count parts of a total; what is in none of them, such as a request without an answer, is ``other``."""
    for label, number in (*parts.items(), ("other", max(total - sum(parts.values()), 0))):
        counter.labels(source, label).inc(number)


class _Gauges:
    """Read when they are asked for. A database that cannot be asked leaves its gauges out, so that an alarm on absence rings."""

    def __init__(self, measured: Callable[[], Figures | None], age: Callable[[], float], version: str) -> None:
        self._measured, self._age, self._version = measured, age, version

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _gauge("build_info", "Always 1", ["version", "python"], [((self._version, platform.python_version()), 1)])
        yield _gauge("daemon_loop_age_seconds", "Since the daemon's loop last turned", [], [((), self._age())])
        found = self._measured()
        if found is None:
            return
        success = [(key, at / 1000) for key, (at, _) in found.success.items()]
        yield _gauge("sync_last_success_timestamp_seconds", "End of the last complete run", ["source", "mode"], success)
        running = [((name,), int(name in found.running)) for name in sorted({*found.items, *found.running})]
        yield _gauge("sync_in_progress", "1 while the source is being read", ["source"], running)
        items = [((source, state), number) for source, states in found.items.items() for state, number in states.items()]
        yield _gauge("items", "Items by state", ["source", "state"], items)
        held = [((source,), found.holds.get(source, 0)) for source in sorted({*found.items, *found.holds})]
        yield _gauge("deletions_held", "Items whose absence waits for approval", ["source"], held)
        progress = [(key, value) for key, (value, _) in found.key_results.items() if value is not None]
        yield _gauge("kr_progress_ratio", "Progress of a key result; absent while unmeasured", ["cycle", "kr"], progress)
        stale = [(key, int(frozen)) for key, (_, frozen) in found.key_results.items()]
        yield _gauge("kr_stale", "1 while a key result is frozen at its last figure", ["cycle", "kr"], stale)
        yield _gauge("items_unevaluated", "Items that changed since the figures were calculated", [], [((), found.dirty)])
        yield _gauge("outbox_pending", "Messages that were not sent yet", [], [((), found.outbox)])
        yield _gauge("db_size_bytes", "Size of the database", [], [((), found.database_bytes)])
        if found.wal_bytes is not None:
            yield _gauge("wal_size_bytes", "Size of SQLite's write-ahead log", [], [((), found.wal_bytes)])


def _gauge(name: str, what: str, labels: list[str], rows: list[Any]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", what, labels=labels)
    for key, value in rows:
        family.add_metric(list(key), float(value))
    return family
