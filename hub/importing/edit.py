"""Changes to one mapping file that leave everything else as somebody wrote it: comments, order, blocks of their own.

A key's line is replaced, a key's line or a block is put in, and the result is parsed again: it must say exactly what was meant.
What cannot be changed line by line (a value over several lines, an inline table) is left alone and told.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import tomli

from hub.errors import AnchorlineError
from hub.importing.text import comment
from hub.tomlfile import Document
from hub.tomlfile.write import Value, value

Keys = tuple[str, ...]
At = tuple[str, int]
"""A block: its kind and its index among those of its kind in the file."""
_LINE = re.compile(r"(\s*[^\s=#][^=#]*?\s*=\s*)(.*)", re.DOTALL)


def block(kind: str, values: Mapping[Keys, Value], notes: Sequence[str]) -> str:
    """The text of a new block; ``notes`` are comments at its end."""
    lines = [f"[[{kind}]]", *(assignment(keys, each) for keys, each in values.items()), *map(comment, notes)]
    return "\n".join(lines) + "\n"


def assignment(keys: Keys, given: Value) -> str:
    """``anchor.pillar = "growth"``"""
    return f"{'.'.join(keys)} = {value(given)}"


class Edits:
    """What is to be changed in one file."""

    def __init__(self, document: Document, text: str) -> None:
        self._document = document
        self._ends = "\r\n" if "\r\n" in text else "\n"
        self._lines = text.replace("\r\n", "\n").split("\n")
        self._headers = sorted(self._find_headers((), document.values))
        self._replaced: dict[int, str | None] = {}
        self._inserted: dict[int, list[str]] = {}
        """Index of a line -> what comes before it."""
        self._expected: dict[str, Any] = copy.deepcopy(document.values)

    # ---- where things stand

    def _find_headers(self, path: tuple[str | int, ...], values: Any) -> list[tuple[int, tuple[str | int, ...]]]:
        """(line from 0, path) of each [table] and [[block]]."""
        found = []
        inner = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
        for key, each in inner:
            below = (*path, key)
            line = self._document.place(below).line - 1
            if isinstance(each, dict) and line < len(self._lines) and self._lines[line].lstrip().startswith("["):
                found.append((line, below))
            found += self._find_headers(below, each)
        return found

    def _region(self, at: At) -> tuple[int, int]:
        """Lines of a block, from its header to the next one that is not its own."""
        start = self._document.place(at).line - 1
        after = [line for line, path in self._headers if line > start and path[:2] != at]
        return start, min(after, default=len(self._lines))

    def _end(self, at: At) -> int:
        """Behind the last line of a block that is its own: comments before the next header are the next one's."""
        start, stop = self._region(at)
        end = stop
        while end > start + 1 and (not self._lines[end - 1].strip() or self._lines[end - 1].lstrip().startswith("#")):
            end -= 1
        own = end
        while own < stop and self._lines[own].lstrip().startswith("#"):
            own += 1
        return end if own == stop < len(self._lines) else own

    # ---- changes

    def set(self, at: At, keys: Keys, given: Value, after: Sequence[Keys]) -> bool:
        """Give a key another value, or add it behind the last of the keys ``after`` that the block has. False: not possible."""
        target = self._expected[at[0]][at[1]]
        present: Any = target
        for key in keys:
            present = present.get(key) if isinstance(present, dict) else None
        new = assignment(keys, given)
        if present is None:
            line = self._behind(at, after)
            self._inserted.setdefault(line, []).append(new)
        else:
            line = self._document.place((*at, *keys)).line - 1
            replaced = _exchanged(self._lines[line], keys, given)
            if replaced is None:
                return False
            self._replaced[line] = replaced
        for key in keys[:-1]:
            target = target.setdefault(key, {})
        target[keys[-1]] = given
        return True

    def _behind(self, at: At, after: Sequence[Keys]) -> int:
        for keys in reversed(after):
            line = self._document.place((*at, *keys)).line - 1
            start, stop = self._region(at)
            if start < line < stop and _says(self._lines[line], keys):
                return line + 1
        return self._document.place(at).line

    def note(self, at: At, prefix: str, text: str | None) -> bool:
        """Make ``text`` the block's comment that begins with ``prefix``, or remove it. Whether that changes anything."""
        start, stop = self._region(at)
        found = [n for n in range(start + 1, stop) if self._lines[n].strip().startswith(prefix)]
        wanted = comment(text) if text else None
        if [self._lines[n].strip() for n in found] == ([wanted] if wanted else []):
            return False
        for number in found:
            self._replaced[number] = None
        if wanted:
            where = found[0] if found else self._end(at)
            self._inserted.setdefault(where, []).append(wanted)
        return True

    def noted(self, at: At, prefix: str) -> bool:
        """Whether the block has such a comment."""
        start, stop = self._region(at)
        return any(self._lines[n].strip().startswith(prefix) for n in range(start + 1, stop))

    def add(self, kind: str, text: str, behind: At | None) -> None:
        """Put in a new block behind another one, or at the end."""
        lines = text.rstrip("\n").split("\n")
        if behind is None:
            end = len(self._lines)
            while end and not self._lines[end - 1].strip():
                end -= 1
            self._inserted.setdefault(end, []).extend(["", *lines])
        else:
            self._inserted.setdefault(self._end(behind), []).extend(["", *lines])
        self._expected.setdefault(kind, []).append(tomli.loads(text, parse_float=Decimal)[kind][0])

    def head(self, prefix: str, whole: str) -> None:
        """Replace the comment at the file's head that begins with ``prefix``, if there is one."""
        for number, line in enumerate(self._lines):
            if line.strip() and not line.startswith("#"):
                return
            if line.startswith(prefix):
                if line.rstrip() != whole:
                    self._replaced[number] = whole
                return

    # ---- the result

    @property
    def touched(self) -> bool:
        return bool(self._replaced or self._inserted)

    def result(self) -> str:
        """The new text. Raises ``AnchorlineError`` if it would not say what was meant."""
        lines: list[str] = []
        for number, line in enumerate(self._lines):
            lines += self._inserted.get(number, [])
            kept = self._replaced.get(number, line)
            if kept is not None:
                lines.append(kept)
        lines += self._inserted.get(len(self._lines), [])
        text = "\n".join(lines).rstrip("\n") + "\n"
        if canonical(tomli.loads(text, parse_float=Decimal)) != canonical(self._expected):
            raise AnchorlineError(
                f"{self._document.name} cannot be changed without changing what else it says.",
                hint="Give its objectives and key results blocks of their own, with one key a line, and import again.",
            )
        return text.replace("\n", self._ends)


def canonical(values: Any) -> Any:
    """What a file says, whatever the order of its keys and blocks."""
    if isinstance(values, dict):
        return tuple(sorted((key, canonical(each)) for key, each in values.items()))
    if isinstance(values, list):
        inner = [canonical(each) for each in values]
        return ("list", *(sorted(inner, key=repr) if any(isinstance(each, dict) for each in values) else inner))
    return (
        f"{type(values).__name__[:3]}:{values}" if not isinstance(values, Decimal | int) else f"num:{Decimal(values).normalize()}"
    )


def _exchanged(line: str, keys: Keys, given: Value) -> str | None:
    """A line ``key = value  # comment`` with another value; None for a line that is not of this form."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    rest = found[2]
    hashes = [n for n, char in enumerate(rest) if char == "#"]
    for cut in (*hashes, len(rest)):
        if _parses(f"x = {rest[:cut]}"):
            bare = rest[:cut].rstrip()
            tail = rest[len(bare) :]
            new = f"{found[1]}{value(given)}{tail}"
            return new if _says(new, keys) else None
    return None


def _parses(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _says(line: str, keys: Keys) -> bool:
    """Whether a line alone gives a value to exactly this key."""
    try:
        found: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    for key in keys:
        if not isinstance(found, dict) or list(found) != [key]:
            return False
        found = found[key]
    return not isinstance(found, dict)
