"""A query's text: one reading statement, what it asks for by name, and the form that SQLAlchemy's ``text`` takes. Pure.

The session is what keeps a query from writing; this reading of the text only says so earlier and in better words.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from connectors.base import Misconfigured

PARAMETERS = ("cycle_start", "cycle_end")
"""What a query may ask for: the first and the last day of the cycle in force."""
READING = ("SELECT", "WITH", "VALUES")
"""Words that a statement may begin with."""
WRITING = ("INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE")
FOLDER = "queries"

_PIECE = re.compile(
    r"(?P<comment>--[^\n]*)|(?P<block>/\*)"
    r"|(?P<quoted>(?<![\w$])[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`)"
    r"|(?P<dollar>(?<![\w$])\$(?:[^\W\d]\w*)?\$)|(?P<open>['\"`])|(?P<end>;)"
    r"|(?P<asks>(?<![:\w\])$]):[^\W\d]\w*)|(?P<word>[^\W\d][\w$]*)|(?P<space>\s+)|(?P<other>.)",
    re.DOTALL,
)
_BLOCK = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Query:
    """One query. ``text`` is as ``sqlalchemy.text`` takes it, ``asks`` are the parameters that it names."""

    name: str
    text: str
    asks: tuple[str, ...]

    @property
    def file(self) -> str:
        """How messages call it."""
        return file_of(self.name)

    def without_rows(self) -> Query:
        """The same columns and no row; on the first line nothing moves to another line, so that messages stay right."""
        return replace(self, text="".join(("SELECT * FROM (", self.text, "\n) AS wanted LIMIT 0")))


def file_of(name: str) -> str:
    """The file of a query, as messages call it."""
    return f"{FOLDER}/{name}.sql"


def understood(name: str, text: str, given: Collection[str]) -> Query:
    """The query in a text. ``given`` are the parameters that there are values for. Raises ``Misconfigured``."""
    out: list[str] = []
    asks: dict[str, None] = {}
    first = ended = None
    depth, last, main = 0, "", False
    for kind, piece, at in _pieces(name, text):
        counts = kind not in ("space", "comment", "end")
        if kind == "word" and first == "WITH" and depth == 0 and last == ")" and not main:
            if piece.upper() in WRITING:
                raise _wrong(name, text, at, f"the query writes: {piece}", "It must read: WITH ... SELECT.")
            main = piece.upper() in READING
        depth += {"(": 1, ")": -1}.get(piece, 0)
        last = piece if counts else last
        if counts and ended is not None:
            raise _wrong(name, text, at, "a second statement begins here", "Keep one statement in a file.")
        if first is None and counts and piece != "(":
            first = piece.upper()
            if first not in READING:
                raise _wrong(name, text, at, f"the query begins with {piece[:30]}", "It must read: SELECT, WITH or VALUES.")
        if kind == "end":
            ended = at
        elif kind == "asks":
            _known(name, text, at, piece[1:], given)
            asks[piece[1:]] = None
            out.append(f"{piece} ")  # a cast may follow at once: :cycle_start::date
        else:
            out.append(piece.replace(":", "\\:"))  # SQLAlchemy looks for parameters in quotes and comments, too
    if first is None:
        raise Misconfigured(f"{file_of(name)} holds no statement", hint="Write a SELECT into it.")
    return Query(name, "".join(out), tuple(asks))


def _pieces(name: str, text: str) -> Iterator[tuple[str, str, int]]:
    """(kind, piece, where it begins), all of the text in order."""
    at = 0
    while at < len(text):
        found = _PIECE.match(text, at)
        assert found is not None and found.lastgroup is not None
        kind, end = found.lastgroup, found.end()
        if kind == "block":
            kind, end = "comment", _block_end(text, at)
        elif kind == "dollar":
            kind, end = "quoted", text.find(found[0], end) + len(found[0]) if found[0] in text[end:] else -1
        elif kind == "open":
            end = -1
        if end < 0:
            raise _wrong(name, text, at, f"what begins here with {found[0]} has no end", "Close it.")
        yield kind, text[at:end], at
        at = end


def _block_end(text: str, at: int) -> int:
    """Where a comment ends that may hold others; -1 where it does not."""
    depth = 0
    for mark in _BLOCK.finditer(text, at):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    return -1


def _known(name: str, text: str, at: int, asked: str, given: Collection[str]) -> None:
    if asked in given:
        return
    if asked in PARAMETERS:
        hint = "Add the cycle to [cycle] in a mapping file, or leave the parameter out."
        raise _wrong(name, text, at, f"it asks for :{asked}, and no cycle is in force", hint)
    near = difflib.get_close_matches(asked, PARAMETERS, n=1)
    every = " and ".join(f":{each}" for each in PARAMETERS)
    hint = f"Did you mean :{near[0]}?" if near else f"There are {every}."
    raise _wrong(name, text, at, f"it asks for :{asked}, which nobody gives", hint)


def _wrong(name: str, text: str, at: int, what: str, hint: str) -> Misconfigured:
    line = text.count("\n", 0, at) + 1
    return Misconfigured(f"{file_of(name)}, line {line}: {what}", hint=hint)
