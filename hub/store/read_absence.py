"""What a judgement about absence asks the store."""

from __future__ import annotations

from collections.abc import Collection

from hub.absence import Suspect, Word
from hub.store import write_absence
from hub.store.engine import Store
from hub.store.write_passes import Place


class Absences:
    """Reads for ``hub.sync.judge``; each call takes a look of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def suspects(self, at: Place, partitions: Collection[str] | None = None) -> list[Suspect]:
        """Items that no listing of this run holds; of these partitions, or of all."""
        with self._store.read() as sql:
            return write_absence.suspects(sql, at.source, at, partitions)

    def named(self, source: str) -> tuple[list[Suspect], dict[str, Word]]:
        """Items of which the vendor said in a page that they are gone, and what it said."""
        with self._store.read() as sql:
            found, words = write_absence.named(sql, source)
        return found, {id_: Word(how, into) for id_, (how, into) in words.items()}

    def to_retry(self, source: str, before: int) -> list[str]:
        """Ids in quarantine that this run, which began at the seq ``before``, has not read and shall try again."""
        with self._store.read() as sql:
            return write_absence.to_retry(sql, source, before)

    def live_of(self, source: str, partitions: Collection[str]) -> dict[str, int]:
        """How many items that have not left each of these partitions has."""
        with self._store.read() as sql:
            return write_absence.live_of(sql, source, partitions)

    def listed_of(self, source: str, partitions: Collection[str]) -> dict[str, int]:
        """How many ids the last listing of each of these partitions holds."""
        with self._store.read() as sql:
            return write_absence.listed_of(sql, source, partitions)

    def approved(self, source: str) -> frozenset[str]:
        """Ids whose absence a person has accepted and no run has applied yet."""
        with self._store.read() as sql:
            return write_absence.approved(sql, source)
