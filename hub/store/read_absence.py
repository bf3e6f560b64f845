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

    def suspects(self, at: Place, partitions: Collection[str] | None = None, *, unless: str | None = None) -> list[Suspect]:
        """Items that no listing of this run holds; of these partitions, or of all; without those of the presence ``unless``."""
        with self._store.read() as sql:
            return write_absence.suspects(sql, at.source, at, partitions, unless=unless)

    def left_with_project(self, at: Place, partitions: Collection[str]) -> list[Suspect]:
        """Items of these partitions that a person let go because the whole partition was out of sight."""
        if not partitions:
            return []
        with self._store.read() as sql:
            return write_absence.left_with_project(sql, at.source, partitions)

    def unlisted_quarantine(self, at: Place) -> list[str]:
        """Ids in quarantine that no listing of this run holds."""
        with self._store.read() as sql:
            return write_absence.unlisted_quarantine(sql, at.source, at)

    def named(self, source: str) -> tuple[list[Suspect], dict[str, Word]]:
        """Items of which the vendor said in a page that they are gone, and what it said."""
        with self._store.read() as sql:
            found, words = write_absence.named(sql, source)
        return found, {id_: Word(how, into) for id_, (how, into) in words.items()}

    def to_retry(self, source: str, before: int, *, patient: bool) -> list[str]:
        """Ids in quarantine that this run, which began at the seq ``before``, has not read and shall try again; ``patient``:
        however often they were tried."""
        with self._store.read() as sql:
            return write_absence.to_retry(sql, source, before, patient=patient)

    def live_of(self, at: Place, partitions: Collection[str]) -> dict[str, int]:
        """How many items that have not left each of these partitions had before the run."""
        with self._store.read() as sql:
            return write_absence.live_of(sql, at.source, partitions, at)

    def listed_of(self, at: Place, partitions: Collection[str]) -> dict[str, int]:
        """How many ids the listing of each of these partitions by this run holds."""
        with self._store.read() as sql:
            return write_absence.listed_of(sql, at.source, partitions, at)

    def approved(self, source: str) -> frozenset[str]:
        """Ids whose absence a person has accepted, which no run has applied yet and which were not seen again."""
        return self.asked(source)[0]

    def asked(self, source: str) -> tuple[frozenset[str], frozenset[str], frozenset[int]]:
        """The same ids; ids that a person was asked about and has not answered; and the numbers of the accepted holds."""
        with self._store.read() as sql:
            return write_absence.asked(sql, source)
