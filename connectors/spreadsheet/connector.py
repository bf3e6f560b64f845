"""``Spreadsheet``: what the contract asks, put together from books and records."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson

from connectors.base import (
    Account,
    BadData,
    Connector,
    CursorExpired,
    Dimension,
    Fetched,
    Gone,
    Io,
    Misconfigured,
    Page,
    Partition,
    Seen,
    SourceError,
    SourceSettings,
    WorkItem,
)
from connectors.spreadsheet.book import Book, FileBook, Records, Sheet, Version
from connectors.spreadsheet.files import fetch, name_of, path_of
from connectors.spreadsheet.numbers import shown
from connectors.spreadsheet.plan import KEY, faults, folded, google_id, make_plan
from connectors.spreadsheet.records import item_builder, value_builder
from connectors.spreadsheet.versions import KeptBook, held

SHAPE = 1
"""Raise it when the same row would become another item or value."""


class Spreadsheet(Connector):
    """One workbook, CSV file or Google Sheet. It is read once per run, so that all of its sheets are of one moment."""

    resume_ttl = 24 * 3600.0
    """A position names the content that it belongs to, and is good as long as that is the same."""

    def __init__(self, settings: SourceSettings, io: Io) -> None:
        super().__init__(settings, io)
        for fault in faults(settings):
            raise Misconfigured(fault.text.rstrip("."), hint=fault.remedy)
        self._plan = make_plan(settings)
        self._lock = threading.RLock()
        self._opened: Book | None = None
        self._keys: dict[str, dict[str, int]] = {}

    def check(self) -> Account:
        """That the document is there, is what it says it is, and has sheets. The account is the document itself."""
        book = self._book()
        book.sheets()
        name = getattr(book, "account", None)
        return Account(id=self._ident(), name=name, timezone=self.settings.timezone)

    def writes(self) -> tuple[str, ...]:
        """Nothing: a file is opened for reading, and a Google login has no other scope."""
        return ()

    def _ident(self) -> str:
        """A path, or origin and path; of a Google Sheet its id."""
        path, parts = path_of(self.settings.url), urlsplit(self.settings.url)
        return google_id(self.settings.url) or (str(path) if path is not None else f"{parts.scheme}://{parts.netloc}{parts.path}")

    def partitions(self) -> list[Partition]:
        """The named sheets, hidden ones too; else every visible one that holds something."""
        return self._chosen(self._book().sheets())

    def _chosen(self, sheets: Iterable[Sheet]) -> list[Partition]:
        if not self.settings.partitions:
            visible = [sheet for sheet in sheets if sheet.visible]
            return [self._partition(sheet) for sheet in ([sheet for sheet in visible if not sheet.empty] or visible)]
        by_name = {folded(name): sheet for sheet in sheets for name in (sheet.id, sheet.name)}
        found = {}
        for wanted in self.settings.partitions:
            sheet = by_name.get(folded(wanted))
            state = Partition(wanted, wanted, wanted, "unseen") if sheet is None else self._partition(sheet)
            found[state.id] = state
        return list(found.values())

    def _live(self, sheets: Iterable[Sheet]) -> list[str]:
        """The ids of those to read."""
        return [part.id for part in self._chosen(sheets) if part.state == "live"]

    def _partition(self, sheet: Sheet) -> Partition:
        name, mark = sheet.name, self._fingerprint()
        return Partition(sheet.id, name, name, yields=self._plan.yields, reads="whole", fingerprint=mark)

    def _fingerprint(self) -> str:
        return hashlib.blake2b(orjson.dumps([SHAPE, self.settings.url, self._plan.as_json()]), digest_size=16).hexdigest()

    def dimensions(self) -> Iterator[Dimension]:
        """The sheets, as containers."""
        for sheet in self._book().sheets():
            yield Dimension("container", sheet.id, sheet.name, attributes={"key": sheet.name})

    def changes(self, partition: Partition, since: datetime | None, resume: str | None) -> Iterator[Page]:
        """Everything, a page of rows at a time; nothing of a sheet in which any cell that is read has a fault, and of none if the
        hub holds all sheets of this document as they are."""
        if partition.version and self._held is not None and self._held == self._version():
            yield Page(end="unchanged")
            return
        sheet, records = self._records(partition.id)
        self._apart(sheet)
        first = self._position(partition.id, resume)
        build = self._builder(sheet, records)
        if first >= records.count:
            yield Page(resume=resume, end="complete", version=self._said())
        for number, page in enumerate(records.pages(first), first + 1):
            built = tuple(map(build, page))
            found = Page(values=built) if self._plan.yields == "values" else Page(items=built)
            last = number == records.count
            end: Literal["complete"] | None = "complete" if last else None
            yield replace(found, resume=self._write(partition.id, number), end=end, version=self._said() if last else None)

    def examine(self, partition: Partition) -> None:
        """That the columns to read are there, and that no cell of them has a fault."""
        sheet, _ = self._records(partition.id)
        self._apart(sheet)

    def census(self, partition: Partition) -> Iterator[Seen]:
        """The ids of a sheet of items; a complete pass lists the same."""
        if self._plan.yields == "items":
            sheet, records = self._records(partition.id)
            build = item_builder(self._plan, sheet.id)
            for page in records.pages():
                for item in map(build, page):
                    yield Seen(item.id, None, item.containers)

    def get(self, ids: Iterable[str]) -> Fetched:
        """Rows by key. A row that is in none of the sheets is deleted, if all could be read; else nothing is known of it."""
        if self._plan.yields == "values":
            return Fetched()
        asked = dict.fromkeys(ids)
        items: dict[str, WorkItem] = {}
        whole = True
        for partition in self.partitions():
            try:
                sheet, records = self._records(partition.id)
            except SourceError:
                whole = False
                continue
            build, at = item_builder(self._plan, sheet.id), self._key_at()
            for page in records.pages():
                wanted = (record for record in page if record[at] in asked)
                items.update((record[at], build(record)) for record in wanted if record[at] not in items)
        gone = tuple(Gone(ident, "deleted") for ident in asked if ident not in items) if whole else ()
        return Fetched(tuple(items.values()), gone)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
        self.io.close()

    # ---- the document

    def _book(self) -> Book:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> Book:
        if google_id(self.settings.url) is not None:
            from connectors.spreadsheet.google import book_for

            return book_for(self.settings, self.io, self._plan)
        copy = fetch(self.settings, self.io, None if self._held is None else self._held.etag)
        if copy is not None:
            return FileBook(copy, self._plan)
        assert self._held is not None
        return KeptBook(self._held, name_of(self.settings.url), self._fetched)

    def _fetched(self) -> FileBook:
        copy = fetch(self.settings, self.io)
        assert copy is not None
        return FileBook(copy, self._plan)

    @cached_property
    def _held(self) -> Version | None:
        """What the hub holds of all sheets to read."""
        return held(self.settings.versions, self._fingerprint(), self._live)

    def _version(self) -> Version | None:
        return self._book().version(self._fingerprint())

    def _said(self) -> str | None:
        version = self._version()
        return None if version is None else version.write()

    def _records(self, ident: str) -> tuple[Sheet, Records]:
        book = self._book()
        sheet = next((sheet for sheet in book.sheets() if sheet.id == ident), None)
        if sheet is None:
            raise Misconfigured(f"{book.name} has no sheet {ident}", hint="Correct `sheets` in config.toml.")
        return sheet, book.records(sheet)

    def _builder(self, sheet: Sheet, records: Records) -> Callable[[Any], Any]:
        if self._plan.yields == "values":
            return value_builder(self._plan, sheet.name, records.column)
        return item_builder(self._plan, sheet.id)

    def _key_at(self) -> int:
        return next(number for number, slot in enumerate(self._plan.slots, 1) if slot.role == KEY)

    def _apart(self, sheet: Sheet) -> None:
        """Raises ``BadData`` where a key of this sheet is also in one before it: they would be one item, now this, now that."""
        read = self._live(self._book().sheets())
        if self._plan.yields == "values" or len(read) < 2:
            return
        mine = self._keys_of(sheet.id)
        for other in read[: read.index(sheet.id)] if sheet.id in read else ():
            try:
                both = mine.keys() & self._keys_of(other).keys()
            except SourceError:
                continue
            if both:
                key = min(both, key=mine.__getitem__)
                where, there = self._book().name, f"{self._named(other)}, row {self._keys_of(other)[key] + 1}"
                text = f"{where}, {sheet.name}, row {mine[key] + 1}: the key {shown(key)} is also in the sheet {there}"
                more = f"; and {len(both) - 1:,} more" if len(both) > 1 else ""
                raise BadData(text + more, hint="Keys must differ in the whole document; or make each sheet a source of its own.")

    def _named(self, ident: str) -> str:
        return next((sheet.name for sheet in self._book().sheets() if sheet.id == ident), ident)

    def _keys_of(self, ident: str) -> dict[str, int]:
        """Key -> row of a sheet."""
        with self._lock:
            if ident not in self._keys:
                at, (_, records) = self._key_at(), self._records(ident)
                self._keys[ident] = {record[at]: record[0] for page in records.pages() for record in page}
            return self._keys[ident]

    # ---- positions

    def _mark(self, ident: str) -> str:
        return hashlib.blake2b(f"{self._book().digest} {self._fingerprint()} {ident}".encode(), digest_size=8).hexdigest()

    def _write(self, ident: str, pages: int) -> str:
        return f"{self._mark(ident)}:{pages}"

    def _position(self, ident: str, resume: str | None) -> int:
        """How many pages a position has behind it. Raises ``CursorExpired`` where the document is no longer the same."""
        if resume is None:
            return 0
        mark, _, pages = resume.partition(":")
        if mark != self._mark(ident) or not pages.isdecimal():
            raise CursorExpired("the document has changed meanwhile", hint="The sheet is read again from its beginning.")
        return int(pages)
