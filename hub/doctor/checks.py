"""One line of the doctor's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Result = Literal["ok", "unknown", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Check:
    """``name`` is stable, for programs; ``source`` is None for what concerns all. ``text`` says how it is and ``do`` what to do,
    in a sentence each; neither ever holds a secret."""

    name: str
    result: Result
    text: str
    do: str = ""
    source: str | None = None


def ok(name: str, text: str, source: str | None = None) -> Check:
    return Check(name, "ok", text, "", source)


def unknown(name: str, text: str, source: str | None = None) -> Check:
    """What cannot be found out, and is no fault."""
    return Check(name, "unknown", text, "", source)


def warning(name: str, text: str, do: str, source: str | None = None) -> Check:
    return Check(name, "warning", text, do, source)


def error(name: str, text: str, do: str, source: str | None = None) -> Check:
    return Check(name, "error", text, do, source)


def well(checks: Iterable[Check]) -> bool:
    """Whether no check ended in an error."""
    return all(check.result != "error" for check in checks)
