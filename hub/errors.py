"""What the hub tells its users when something cannot go on: one sentence each, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_DIGITS = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: where it stands, what is wrong, what to do. ``line`` and ``column`` count from 1, in characters;
    line 0 means the whole file, column 0 the whole line. ``row`` is the row that a template was filled from.

    ``excerpt`` is the line as it stands in the file, of which ``width`` characters from ``column`` on are at fault.
    """

    file: str
    line: int
    column: int = field(default=0, kw_only=True)
    text: str
    remedy: str = ""
    warning: bool = False
    row: str = field(default="", kw_only=True)
    width: int = field(default=1, kw_only=True, compare=False)
    excerpt: str = field(default="", kw_only=True, compare=False)

    @classmethod
    def at(cls, place: tuple[str, int, int, str], text: str, remedy: str = "", *, warning: bool = False) -> Problem:
        """A mistake at a place of ``hub.model``."""
        file, line, column, row = place
        return cls(file, line, text, remedy, warning, column=column, row=row)

    def __lt__(self, other: Problem) -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[str, int, int, list[str | int], str, str, bool]:
        """By place, of one place by row; numbers in a row as people count them."""
        row = [int(part) if part.isdecimal() else part for part in _DIGITS.split(self.row)]
        return self.file, self.line, self.column, row, self.text, self.remedy, self.warning

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        kind = "warning: " if self.warning else ""
        row = f", {self.row}" if self.row else ""
        line = f"{place}{row}: {kind}{self.text}" + (f" {self.remedy}" if self.remedy else "")
        return " ".join(line.splitlines())  # a value that the text repeats may have several


class AnchorlineError(Exception):
    """Base of everything that ends a command with a message instead of a traceback. ``code`` is the exit code."""

    code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(AnchorlineError):
    """The command's words or the environment are off: nothing was tried."""

    code = 2


class ConfigError(AnchorlineError):
    """The files have mistakes; ``problems`` holds all of them."""

    code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        count = sum(not p.warning for p in self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the configuration")


class Locked(AnchorlineError):
    """Another process owns what this one needs."""

    code = 3


class LostOwnership(AnchorlineError):
    """This process's epoch is no longer the current one: somebody took over, so it must not write any more."""

    code = 3


class SchemaMismatch(AnchorlineError):
    """The database was made by a newer Anchorline, or is not one of Anchorline's."""

    code = 1


class StoreUnavailable(AnchorlineError):
    """The database cannot be opened or written: disk full, server down, wrong permissions."""

    code = 1
