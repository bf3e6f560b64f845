"""What the health pages and the metrics ask of the database; every call looks anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.errors import AnchorlineError
from hub.report.status import by_state
from hub.store import Store, read_status
from hub.store.read import Reader
from hub.store.read_status import Completed


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures behind the metrics. Keys are names of sources, modes, results and states; never content."""

    items: Mapping[str, Mapping[str, int]]
    runs: Mapping[tuple[str, str, str], int]
    success: Mapping[tuple[str, str], tuple[int, int]]
    """(source, mode) -> end and duration (ms) of the latest complete run"""
    running: tuple[str, ...]
    holds: Mapping[str, int]
    key_results: Mapping[tuple[str, str], tuple[float | None, bool]]
    """(cycle, id) -> progress, and whether it is frozen at its last figure"""
    dirty: int
    outbox: int
    """Messages that were not sent yet"""
    database_bytes: int
    wal_bytes: int | None


class Health:
    """What health pages and metrics ask of the database. Every call looks anew."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def ready(self) -> str | None:
        """Why the data cannot be used, as a word for a log; None when it can: a question is answered, the schema is ours."""
        try:
            found = read_status.schema(self._store)
        except AnchorlineError:
            return "database"
        return None if found == read_status.newest() else "schema"

    def completed(self) -> dict[str, Completed]:
        """When every source that ever ran was last read completely."""
        return read_status.completed(self._store)

    def measured(self) -> Measured:
        """All figures, as of now."""
        reader, store = Reader(self._store), self._store
        holds: dict[str, int] = {}
        for hold in reader.holds():
            holds[hold.source] = holds.get(hold.source, 0) + len(hold.ids)
        size = read_status.size(store)
        return Measured(
            items={source: by_state(found) for source, found in read_status.counts(store).items()},
            runs=dict(read_status.run_counts(store)),
            success={key: (row[0], row[1]) for key, row in read_status.latest_success(store).items()},
            running=tuple(
                row.name.removeprefix("source:")
                for row in read_status.owners(store)
                if row.alive and row.name.startswith("source:")
            ),
            holds=holds,
            key_results={
                (node.cycle, node.id): (None if node.progress is None else float(node.progress), "frozen" in node.details)
                for node in (row.node for row in reader.latest_snapshots())
                if node.kind == "key_result"
            },
            outbox=read_status.outbox(store),
            dirty=reader.dirty_count(),
            database_bytes=size.database,
            wal_bytes=size.wal,
        )
