"""What a source reads from: a file (local or by https), or a Google Sheet. Both give sheets, and records of a sheet."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, NamedTuple, Protocol

import orjson

from connectors.base import BadData, Misconfigured, SourceError
from connectors.spreadsheet.files import Copy
from connectors.spreadsheet.grid import Refused
from connectors.spreadsheet.parser import Answer, Parser
from connectors.spreadsheet.plan import Plan
from connectors.spreadsheet.table import Record


class Sheet(NamedTuple):
    """One sheet. ``id`` is its partition's; a CSV file is one sheet with the name of the file."""

    id: str
    name: str
    visible: bool = True
    empty: bool = False


class Version(NamedTuple):
    """One content of a document, read by one plan. ``mark`` stands for the plan; ``sheets`` are all that it has."""

    mark: str
    digest: str
    etag: str | None
    sheets: tuple[Sheet, ...]

    def write(self) -> str:
        """As the text that the hub keeps with each sheet."""
        return orjson.dumps([self.mark, self.digest, self.etag, [list(sheet) for sheet in self.sheets]]).decode()


class Records(Protocol):
    """All records of a sheet, which is whole. ``column`` is the letter of its values' column, None in a CSV file."""

    column: str | None

    def pages(self, first: int = 0) -> Iterator[list[Record]]: ...

    @property
    def count(self) -> int:
        """How many pages there are."""
        ...


class Book(Protocol):
    """One reading of the whole document: everything of one run comes from the same."""

    name: str

    @property
    def digest(self) -> str:
        """Tells one content from another."""
        ...

    def version(self, mark: str) -> Version | None:
        """Of this content, read by the plan of ``mark``; None where the next reading cannot be compared with it."""
        ...

    def sheets(self) -> list[Sheet]: ...

    def records(self, sheet: Sheet) -> Records:
        """Raises ``BadData`` or ``Misconfigured`` for a sheet with any fault, with all of its faults."""
        ...

    def close(self) -> None: ...


def error_for(refused: Refused) -> SourceError:
    """A refusal as an error of the contract."""
    kind = Misconfigured if refused.kind == "Misconfigured" else BadData
    return kind(refused.text, hint=refused.remedy)


class FileBook:
    """A copy of a file, parsed in a process of its own. Each sheet is parsed once in a run."""

    def __init__(self, copy: Copy, plan: Plan) -> None:
        self._copy = copy
        self.digest, self.name = copy.digest, copy.name
        self._plan, self._parser = plan, Parser()
        self._lock = threading.Lock()
        self._listed: list[Sheet] | None = None
        self._workbook = True
        self._read: dict[str, FileRecords | SourceError] = {}

    def version(self, mark: str) -> Version:
        return Version(mark, self.digest, self._copy.etag, tuple(self.sheets()))

    def sheets(self) -> list[Sheet]:
        with self._lock:
            if self._listed is None:
                self._listed = self._list()
            return self._listed

    def _list(self) -> list[Sheet]:
        try:
            self._workbook = self._copy.is_workbook
        except Refused as refused:
            raise error_for(refused) from None
        if not self._workbook:
            stem = PurePosixPath(self.name).stem or self.name
            return [Sheet(stem, stem)]
        with contextlib.closing(self._run({"do": "list"})) as answer:
            return [Sheet(name, name, visible, empty) for name, visible, empty in answer.about["sheets"]]

    def records(self, sheet: Sheet) -> FileRecords:
        with self._lock:
            if sheet.id not in self._read:
                try:
                    job = {"do": "read", "sheet": sheet.name if self._workbook else None, "plan": self._plan.as_json()}
                    self._read[sheet.id] = FileRecords(self._run(job))
                except SourceError as error:
                    self._read[sheet.id] = error
            found = self._read[sheet.id]
        if isinstance(found, SourceError):
            raise type(found)(str(found), hint=found.hint)
        return found

    def _run(self, job: dict[str, Any]) -> Answer:
        return self._parser.run(self._copy.stream, self.name, job)

    def close(self) -> None:
        self._parser.close()
        for found in self._read.values():
            if isinstance(found, FileRecords):
                found.close()
        self._copy.stream.close()


class FileRecords:
    """The records of a sheet of a file."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.column: str | None = answer.about["column"]
        self.count: int = answer.about["pages"]

    def pages(self, first: int = 0) -> Iterator[list[Record]]:
        return self._answer.pages(first)

    def close(self) -> None:
        self._answer.close()
