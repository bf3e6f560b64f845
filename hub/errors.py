"""What the hub tells its users when something cannot go on: one sentence each, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file: where it stands, what is wrong, what to do. ``line`` counts from 1, 0 means the whole file."""

    file: str
    line: int
    text: str
    remedy: str = ""
    warning: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        kind = "warning: " if self.warning else ""
        return f"{place}: {kind}{self.text}" + (f" {self.remedy}" if self.remedy else "")


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
