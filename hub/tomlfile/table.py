"""A cursor over one table: reads typed values, and turns each mistake into a problem with its place and a remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from hub.errors import Problem
from hub.model import Place, fold
from hub.tomlfile.cell import Cell, day_of, flag_of, number_of
from hub.tomlfile.dates import REMEDY, is_day
from hub.tomlfile.document import Document
from hub.tomlfile.locate import Path, Span
from hub.tomlfile.words import did_you_mean, instead, key_of, nearest

W = TypeVar("W", bound=str)
Keys = str | int | tuple[str | int, ...]
_REPEATED = 60
"""Characters of a row's value that a message repeats."""


def named(value: object) -> str:
    """What a value is, in words; what a template's row says is repeated."""
    match value:
        case Cell():
            return f'"{value}"' if len(value) <= _REPEATED else f'"{value[:_REPEATED]}..."'
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
    """One table of a file. ``label`` is how messages call it: ``[[rule]]``, ``[source.jira]``.

    A table that a template gave has its ``values`` filled in and ``row`` is what they came from; ``kept`` are the indices, in
    the file, of what is left of each list that lost an element to an empty cell; ``template`` are its values in the file.
    """

    def __init__(
        self,
        doc: Document,
        path: Path,
        values: dict[str, Any],
        label: str,
        problems: list[Problem],
        *,
        inner: bool = False,
        row: str = "",
        kept: Mapping[Path, tuple[int, ...]] | None = None,
        template: Mapping[str, Any] | None = None,
    ) -> None:
        self.doc, self.path, self.values, self.label, self.problems = doc, path, values, label, problems
        self.row, self.kept, self.template = row, kept or {}, template or {}
        self.prefix = f"{label}." if inner else ""
        """What messages put before a key: ``owns.`` in a table that is written with dots."""
        self.suggested: set[str] = set()
        """Known keys that an unknown one most likely stands for: they are not missing."""

    def __contains__(self, key: str) -> bool:
        return key in self.values

    @property
    def place(self) -> Place:
        """The table's header, or its key."""
        return self.doc.place(self.path, self.row)

    def at(self, *keys: str | int) -> Place:
        """The place of a key inside this table."""
        return self.doc.place(self._path(keys), self.row)

    def value_at(self, *keys: str | int) -> Place:
        """The place of the value of a key inside this table."""
        span = self.doc.value(self._path(keys))
        return Place(self.doc.name, span.line, span.column, self.row)

    def _path(self, keys: tuple[str | int, ...]) -> Path:
        path = (*self.path, *keys)
        if not self.kept:
            return path
        for at, part in enumerate(path):
            kept = self.kept.get(path[:at])
            if kept is not None and isinstance(part, int) and part < len(kept):
                path = (*path[:at], kept[part], *path[at + 1 :])
        return path

    def problem(
        self,
        keys: Keys,
        text: str,
        remedy: str = "",
        *,
        warning: bool = False,
        at_key: bool = False,
        part: str | tuple[int, int] = "",
    ) -> None:
        """Note a mistake at the value of a key of this table; ``()`` is the table itself.

        It is shown at the value; with ``at_key`` at the key, which is wrong itself. ``part`` is what is wrong of a text value:
        a piece of it, or (first, width) in its characters.
        """
        keys = keys if isinstance(keys, tuple) else (keys,)
        path = self._path(keys)
        if not keys:
            span = self.doc.head(path)
        else:
            span = self.doc.key(path) if at_key else self._part(path, part) or self.doc.value(path)
        line, column, width = span
        self.problems.append(Problem(self.doc.name, line, text, remedy, warning, column=column, row=self.row, width=width))

    def _part(self, path: Path, part: str | tuple[int, int]) -> Span | None:
        if isinstance(part, str):
            raw = self.doc.spots.raw(path) if part else None
            first, width = (raw.find(part), len(part)) if raw is not None else (-1, 0)
        else:
            first, width = part
        return self.doc.part(path, first, max(width, 1)) if first >= 0 else None

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
                self.problem(key, f"{shown} is not supported by this version.", refused[key], at_key=True)
                continue
            right = others.get(fold(key).replace("-", "_"), "")
            self.suggested.add(key_of(right) if right else nearest(key, known) or "")
            remedy = instead(right) or did_you_mean(key, known) or "Correct its name, or remove it."
            self.problem(key, f'The key "{self.prefix}{key}" is unknown{within}.', remedy, at_key=True)

    def missing(self, key: str, remedy: str) -> None:
        if key in self.template:
            self.problem(key, f"{self.label} has no `{key}`: the cell is empty.", "Fill it in, or remove the row.")
        elif key not in self.suggested:
            self.problem((), f"{self.label} has no `{key}`.", remedy)

    def expected(self, keys: Keys, wanted: str, value: object, remedy: str = "") -> None:
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
        return str(value)

    def choice(self, key: str, choices: tuple[W, ...], refused: Mapping[str, str] | None = None) -> W | None:
        """One of a few words; an integer stands for its digits."""
        value = self.values.get(key)
        if value is None:
            return None
        word = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(word, str):
            self.expected(key, f"one of {', '.join(choices)}", value, f'Write {key} = "{choices[0]}".')
            return None
        for one in choices:
            if fold(one) == fold(word):
                return one
        if refused and fold(word) in refused:
            self.problem(key, f'`{key} = "{word}"` is not supported by this version.', refused[fold(word)])
        else:
            self.problem(key, f'"{word}" is no value of `{key}`.', did_you_mean(word, choices))
        return None

    def number(self, key: str) -> Decimal | None:
        """A number of any sign."""
        return self._number(key, "a number", "1.5")

    def positive(self, key: str) -> Decimal | None:
        """A number above 0."""
        number = self._number(key, "a number above 0", "1.5")
        if number is None or number > 0:
            return number
        remedy = "Leave it out for the usual weight of 1." if key == "weight" else "Write a number such as 1.5."
        self.problem(key, f"`{self.prefix}{key}` must be a number above 0.", remedy)
        return None

    def whole(self, key: str, least: int, most: int) -> int | None:
        """A whole number from ``least`` to ``most``."""
        wanted = f"a whole number from {least} to {most}"
        number = self._number(key, wanted, str(least))
        if number is None:
            return None
        if number != number.to_integral_value() or isinstance(self.values[key], Decimal):
            self.problem(key, f"`{self.prefix}{key}` must be {wanted}.", "Write it without a point.")
        elif not least <= number <= most:
            self.problem(
                key, f"`{self.prefix}{key}` must be {wanted}.", f"Write {least if number < least else most}, for example."
            )
        else:
            return int(number)
        return None

    def _number(self, key: str, wanted: str, example: str) -> Decimal | None:
        value = self.values.get(key)
        if value is None:
            return None
        number = number_of(value)
        if number is None:
            where = "in that row" if isinstance(value, Cell) else "without quotes"
            self.expected(key, wanted, value, f"Write a number such as {example} {where}.")
        elif not number.is_finite():
            self.problem(key, f"`{self.prefix}{key}` must be {wanted}.", f"Write a number such as {example}.")
        else:
            return number
        return None

    def day(self, key: str) -> date | None:
        value = self.values.get(key)
        return None if value is None else self._day(key, value)

    def days(self, key: str) -> tuple[date, ...]:
        """A day or a list of days, in the order of the file."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            found = self._day(key, value, "a list of dates")
            return () if found is None else (found,)
        if not value:
            self.problem(key, f"`{self.prefix}{key}` is an empty list.", "Name at least one day, or leave the line out.")
        days = [self._day((key, index), one) for index, one in enumerate(value)]
        return tuple(day for day in days if day is not None)

    def _day(self, keys: Keys, value: object, wanted: str = "a date") -> date | None:
        found = day_of(value)
        if found is not None:
            return found
        if isinstance(value, Cell):
            remedy = "Write YEAR-MONTH-DAY in that row, such as 2026-10-01."
        elif isinstance(value, datetime):
            remedy = f"Write the day without a time: {value.date()}."
        else:
            remedy = f"Write it without quotes: {value}." if isinstance(value, str) and is_day(value) else REMEDY
        key = keys[0] if isinstance(keys, tuple) else keys
        self.problem(keys, f"`{self.prefix}{key}` must be {wanted}, not {named(value)}.", remedy)
        return None

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        found = flag_of(value)
        if found is not None:
            return found
        if isinstance(value, Cell):
            remedy = "Write true or false in that row."
        else:
            remedy = f"Write {key} = true, without quotes." if isinstance(value, str) else f"Write {key} = true or leave it out."
        self.expected(key, "true or false", value, remedy)
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
            self.expected(key, "a text or a list of texts", value, f'Write {key} = "..." or {key} = ["...", "..."].')
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
        return tuple(str(one) for one in value if isinstance(one, str) and one.strip())

    def table(self, key: str, label: str, remedy: str = "") -> Table | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.expected(key, "a table", value, remedy)
            return None
        return self._inner((key,), value, label, inner=not label.startswith("["))

    def tables(self, key: str, label: str, remedy: str) -> Iterator[Table]:
        """The elements of an array of tables."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            self.expected(key, "an array of tables", value, remedy)
            return
        for index, one in enumerate(value):
            yield self._inner((key, index), one, label, inner=False)

    def _inner(self, keys: Path, values: dict[str, Any], label: str, *, inner: bool) -> Table:
        template: Any = self.template
        for part in self._path(keys)[len(self.path) :]:
            template = (
                template.get(part) if isinstance(template, dict) else template[int(part)] if isinstance(template, list) else None
            )
        return Table(
            self.doc, (*self.path, *keys), values, label, self.problems,
            inner=inner, row=self.row, kept=self.kept, template=template if isinstance(template, dict) else None,
        )  # fmt: skip

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
