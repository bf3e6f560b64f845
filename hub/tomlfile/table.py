"""A cursor over one table: reads typed values, and turns each mistake into a problem with its place and a remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from hub.errors import Problem
from hub.model import Place, fold
from hub.tomlfile.dates import REMEDY, is_day
from hub.tomlfile.document import Document
from hub.tomlfile.locate import Path

W = TypeVar("W", bound=str)


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word that was most likely meant."""
    by_fold = {fold(k): k for k in known}
    found = difflib.get_close_matches(fold(word), by_fold, n=1, cutoff=likeness)
    return by_fold[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "", likeness: float = 0.6) -> str:
    """The remedy for an unknown word: the nearest known one, else all of them when they are few."""
    choices = sorted(set(known))
    near = nearest(word, choices, likeness)
    if near is not None:
        return f'Did you mean "{near}"?'
    if otherwise:
        return otherwise
    return f"Known here: {', '.join(choices)}." if 0 < len(choices) <= 20 else ""


def instead(right: str) -> str:
    """The remedy for a word that stands for another one, ``right``; a whole sentence is the remedy itself."""
    return (
        right if not right or right.endswith(".") else f"Did you mean {right}?" if right[0] == "[" else f'Did you mean "{right}"?'
    )


def key_of(right: str) -> str:
    """The key that such a word gives: ``when`` of ``when.label``, ``rule`` of ``[[rule]]``; none of a sentence."""
    return "" if right.endswith(".") else right.strip("[]").partition(".")[0]


def named(value: object) -> str:
    """What a value is, in words."""
    match value:
        case bool():
            return "true or false"
        case str():
            return "a text"
        case int() | Decimal() | float():
            return "a number"
        case datetime():
            return "a date with a time"
        case date():
            return "a date"
        case list():
            return "a list"
        case dict():
            return "a table"
    return "a time"


class Table:
    """One table of a file. ``label`` is how messages call it: ``[[rule]]``, ``[source.jira]``."""

    def __init__(
        self, doc: Document, path: Path, values: dict[str, Any], label: str, problems: list[Problem], *, inner: bool = False
    ) -> None:
        self.doc, self.path, self.values, self.label, self.problems = doc, path, values, label, problems
        self.prefix = f"{label}." if inner else ""
        """What messages put before a key: ``owns.`` in a table that is written with dots."""
        self.suggested: set[str] = set()
        """Known keys that an unknown one most likely stands for: they are not missing."""

    def __contains__(self, key: str) -> bool:
        return key in self.values

    @property
    def place(self) -> Place:
        return self.doc.place(self.path)

    def at(self, *keys: str | int) -> Place:
        """The place of something inside this table."""
        return self.doc.place((*self.path, *keys))

    def problem(self, keys: str | int | tuple[str | int, ...], text: str, remedy: str = "", *, warning: bool = False) -> None:
        """Note a mistake at a key of this table; ``()`` is the table itself."""
        place = self.at(*(keys if isinstance(keys, tuple) else (keys,)))
        self.problems.append(Problem(place.file, place.line, text, remedy, warning))

    def only(
        self, known: Iterable[str], refused: Mapping[str, str] | None = None, others: Mapping[str, str] | None = None
    ) -> None:
        """Report each key that is not ``known``; ``refused`` are words of the grammar with what to do instead.

        ``others`` are words that are often written in place of a known one, with that one or with a whole remedy.
        """
        known, refused, others = set(known), refused or {}, others or {}
        within = "" if self.prefix else f" in {self.label}"
        for key in self.values:
            if key in known:
                continue
            if key in refused:
                shown = _header(key, self.values[key]) if not self.path else f"`{self.prefix}{key}`{within}"
                self.problem(key, f"{shown} is not supported by this version.", refused[key])
                continue
            right = others.get(fold(key).replace("-", "_"), "")
            self.suggested.add(key_of(right) if right else nearest(key, known) or "")
            self.problem(key, f'The key "{self.prefix}{key}" is unknown{within}.', instead(right) or did_you_mean(key, known))

    def missing(self, key: str, remedy: str) -> None:
        if key not in self.suggested:
            self.problem((), f"{self.label} has no `{key}`.", remedy)

    def expected(self, keys: str | int | tuple[str | int, ...], wanted: str, value: object, remedy: str = "") -> None:
        """Note a value of the wrong type."""
        name = keys if isinstance(keys, str | int) else ".".join(str(k) for k in keys)
        self.problem(keys, f"`{self.prefix}{name}` must be {wanted}, not {named(value)}.", remedy)

    # ---- typed values; None when absent or wrong (then a problem was noted) -----------------------------------------------

    def text(self, key: str, remedy: str = "") -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.expected(key, "a text", value, remedy or _as_text(key, value))
            return None
        if not value.strip():
            self.problem(key, f"`{self.prefix}{key}` is empty.", remedy or "Write a value, or leave the line out.")
            return None
        return value

    def choice(self, key: str, choices: tuple[W, ...], refused: Mapping[str, str] | None = None) -> W | None:
        """One of a few words; an integer stands for its digits."""
        value = self.values.get(key)
        if value is None:
            return None
        word = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(word, str):
            self.expected(key, f"one of {', '.join(choices)}", value)
            return None
        for one in choices:
            if fold(one) == fold(word):
                return one
        if refused and fold(word) in refused:
            self.problem(key, f'`{key} = "{word}"` is not supported by this version.', refused[fold(word)])
        else:
            self.problem(key, f'"{word}" is no value of `{key}`.', did_you_mean(word, choices))
        return None

    def positive(self, key: str) -> Decimal | None:
        """A number above 0."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
            self.expected(key, "a number above 0", value, "Write a number such as 1.5, without quotes.")
            return None
        number = Decimal(value)
        if not number.is_finite() or number <= 0:
            self.problem(key, f"`{self.prefix}{key}` must be a number above 0.", "Leave the line out for the usual weight of 1.")
            return None
        return number

    def day(self, key: str) -> date | None:
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, datetime):
            remedy = f"Write the day without a time: {value.date()}."
        else:
            remedy = f"Write it without quotes: {value}." if isinstance(value, str) and is_day(value) else REMEDY
        self.expected(key, "a date", value, remedy)
        return None

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        if isinstance(value, bool):
            return value
        self.expected(key, "true or false", value, f"Write {key} = true, without quotes." if isinstance(value, str) else "")
        return False

    def texts(self, key: str) -> tuple[str, ...]:
        """A text or a list of texts."""
        value = self.values.get(key)
        if value is None:
            return ()
        if isinstance(value, str):
            found = self.text(key)
            return () if found is None else (found,)
        if not isinstance(value, list):
            self.expected(key, "a text or a list of texts", value)
            return ()
        if not value:
            self.problem(key, f"`{self.prefix}{key}` is an empty list.", "Name at least one, or leave the line out.")
        for index, one in enumerate(value):
            if not isinstance(one, str) or not one.strip():
                self.problem(
                    (key, index),
                    f"`{self.prefix}{key}` must hold texts only.",
                    "Put each value in quotes, and leave empty ones out.",
                )
        return tuple(one for one in value if isinstance(one, str) and one.strip())

    def table(self, key: str, label: str, remedy: str = "") -> Table | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.expected(key, "a table", value, remedy)
            return None
        return Table(self.doc, (*self.path, key), value, label, self.problems, inner=not label.startswith("["))

    def tables(self, key: str, label: str, remedy: str) -> Iterator[Table]:
        """The elements of an array of tables."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            self.expected(key, "an array of tables", value, remedy)
            return
        for index, one in enumerate(value):
            yield Table(self.doc, (*self.path, key, index), one, label, self.problems)

    def entries(self, key: str, label: str, remedy: str) -> Iterator[tuple[str, Table]]:
        """The tables of a keyed table: ``[pillar]`` with a line per pillar. ``label`` may hold ``{}`` for the key."""
        keyed = self.table(key, label.format(key), remedy)
        for name in keyed.values if keyed else ():
            assert keyed is not None
            entry = keyed.table(name, label.format(name), remedy)
            if entry is not None:
                yield name, entry


def _header(key: str, value: object) -> str:
    """A section as it is written at the top of a file."""
    return f"[[{key}]]" if isinstance(value, list) else f"[{key}]" if isinstance(value, dict) else f"`{key}`"


def _as_text(key: str, value: object) -> str:
    if isinstance(value, int | Decimal | date) and not isinstance(value, bool):
        return f'Put it in quotes: {key} = "{value}".'
    return "Write one text, not several." if isinstance(value, list) else f'Write a text in quotes: {key} = "...".'
