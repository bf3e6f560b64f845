"""What tells that a document is the one that the hub holds: the ETag of its server without fetching it, else its hash."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

import orjson

from connectors.spreadsheet.book import Book, FileBook, Records, Sheet, Version


def held(versions: Mapping[str, str], mark: str, chosen: Callable[[Iterable[Sheet]], Iterable[str]]) -> Version | None:
    """The one version of all sheets that are to be read, by the plan of ``mark``; None if they are of several, or one of none.
    ``chosen`` gives the ids of the sheets to read, of those that a document has."""
    for text in sorted(set(versions.values())):
        said, digest, etag, sheets = orjson.loads(text)
        version = Version(said, digest, etag, tuple(Sheet(*sheet) for sheet in sheets))
        if version.mark == mark and all(versions.get(ident) == text for ident in chosen(version.sheets)):
            return version
    return None


class KeptBook(Book):
    """A document that is still of a known version by its server's word; fetched only where its records are asked for."""

    def __init__(self, version: Version, name: str, fetched: Callable[[], FileBook]) -> None:
        self.name = name
        self._version, self._fetched = version, fetched
        self._lock = threading.Lock()
        self._book: FileBook | None = None

    @property
    def digest(self) -> str:
        return self._version.digest if self._book is None else self._book.digest

    def version(self, mark: str) -> Version:
        return self._version if self._book is None else self._book.version(mark)

    def sheets(self) -> list[Sheet]:
        return list(self._version.sheets) if self._book is None else self._book.sheets()

    def records(self, sheet: Sheet) -> Records:
        with self._lock:
            if self._book is None:
                self._book = self._fetched()
        return self._book.records(sheet)

    def close(self) -> None:
        if self._book is not None:
            self._book.close()
