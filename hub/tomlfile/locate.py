"""Where each key and value of a TOML text stands. The values come from the parser; the syntax tree only locates."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import NamedTuple

import tomli
import tree_sitter_toml
from tree_sitter import Language, Node, Parser

Path = tuple[str | int, ...]
"""Keys, and indices in arrays, from the top of a file: ``("rule", 3, "when", "label")``."""


class Span(NamedTuple):
    """A part of one line; ``line`` and ``column`` count from 1, in characters. What goes on ends with its first line."""

    line: int
    column: int
    width: int


class Spot(NamedTuple):
    """Bytes [first, past) of a path: of its key, of its value if it has one of its own, of the header that opens its table."""

    key: tuple[int, int] | None = None
    value: tuple[int, int] | None = None
    header: tuple[int, int] | None = None


class Spots:
    """The places of one text by path; a path's first appearance wins."""

    def __init__(self, text: str) -> None:
        self._plain = text.isascii()
        self._bytes = text.encode("utf-8", "replace")
        self._starts = list(accumulate((len(line) + 1 for line in self._bytes.split(b"\n")), initial=0))[:-1]
        root = Parser(_language()).parse(self._bytes).root_node
        walk = _Walk()
        walk.document(root)
        self.by_path = walk.spots
        self.odd = self._line(_first_error(root)) + 1 if root.has_error else None
        """The line of the first part that is not TOML 1.0 by this grammar."""

    def head(self, path: Path) -> Span | None:
        """The header of a table that has one, else the key."""
        spot = self.by_path.get(path)
        return None if spot is None else self._span(spot.header or spot.key or spot.value)

    def key(self, path: Path) -> Span | None:
        """The key itself; an element of an array has none."""
        spot = self.by_path.get(path)
        return None if spot is None else self._span(spot.key or spot.header or spot.value)

    def value(self, path: Path) -> Span | None:
        """The value; of a table under a header the header, of one that is written with dots only the key."""
        spot = self.by_path.get(path)
        return None if spot is None else self._span(spot.value or spot.header or spot.key)

    def part(self, path: Path, first: int, width: int) -> Span | None:
        """Some characters of a text value. None where the text stands otherwise in the file: it has escapes."""
        found = self._inner(path)
        if found is None:
            return None
        start, raw = found
        at = start + len(raw[:first].encode("utf-8", "replace"))
        return self._span((at, at + len(raw[first : first + width].encode("utf-8", "replace"))))

    def raw(self, path: Path) -> str | None:
        """A text value as it is written, without its quotes."""
        found = self._inner(path)
        return None if found is None else found[1]

    def _inner(self, path: Path) -> tuple[int, str] | None:
        spot = self.by_path.get(path)
        if spot is None or spot.value is None:
            return None
        first, past = spot.value
        raw = self._bytes[first:past]
        quotes = next((q for q in (b'"""', b"'''", b'"', b"'") if raw.startswith(q) and raw.endswith(q)), b"")
        if not quotes or len(raw) < 2 * len(quotes):
            return None
        first, raw = first + len(quotes), raw[len(quotes) : -len(quotes)]
        for end in (b"\r\n", b"\n"):
            if len(quotes) == 3 and raw.startswith(end):  # it is no part of the text
                first, raw = first + len(end), raw[len(end) :]
                break
        return first, raw.decode("utf-8", "replace")

    def _line(self, at: int) -> int:
        return bisect_right(self._starts, at) - 1

    def _span(self, found: tuple[int, int] | None) -> Span | None:
        if found is None:
            return None
        first, past = found
        line = self._line(first)
        start = self._starts[line]
        end = self._bytes.find(b"\n", first, past)
        raw = self._bytes[first : past if end < 0 else end].rstrip(b"\r")
        if self._plain:
            return Span(line + 1, first - start + 1, max(len(raw), 1))
        before = self._bytes[start:first].decode("utf-8", "replace")
        return Span(line + 1, len(before) + 1, max(len(raw.decode("utf-8", "replace")), 1))


@cache
def _language() -> Language:
    return Language(tree_sitter_toml.language())


def _first_error(node: Node) -> int:
    while True:
        inner = next((c for c in node.children if c.has_error and not c.is_error and not c.is_missing), None)
        broken = next((c for c in node.children if c.is_error or c.is_missing), None)
        if broken is not None or inner is None:
            return (broken or node).start_byte
        node = inner


class _Walk:
    """One pass over the syntax tree."""

    def __init__(self) -> None:
        self.spots: dict[Path, Spot] = {}
        self.newest: dict[Path, int] = {}
        """Index of the newest element of each array of tables."""

    def document(self, root: Node) -> None:
        for node in root.named_children:
            if node.type == "pair":
                self.pair(node, ())
            elif node.type in ("table", "table_array_element"):
                self.table(node)

    def table(self, node: Node) -> None:
        inner = _content(node)
        if not inner or inner[0].type not in _KEYS:
            return
        parts = _key(inner[0])
        bracket = next((c for c in node.children if c.type in ("]", "]]")), inner[0])
        whole = (node.start_byte, bracket.end_byte)
        path: Path = ()
        for at, (part, where) in enumerate(parts):
            path = (*path, part)
            last = at == len(parts) - 1
            self.spots.setdefault(path, Spot(where, None, whole if last else None))
            if last and node.type == "table_array_element":
                self.newest[path] = self.newest.get(path, -1) + 1
            if path in self.newest:
                path = (*path, self.newest[path])  # a later header belongs to the newest element
                self.spots.setdefault(path, Spot(where, None, whole))
        for child in inner[1:]:
            if child.type == "pair":
                self.pair(child, path)

    def pair(self, node: Node, base: Path) -> None:
        inner = _content(node)
        if len(inner) < 2 or inner[0].type not in _KEYS:
            return
        parts = _key(inner[0])
        for part, where in parts[:-1]:
            base = (*base, part)
            self.spots.setdefault(base, Spot(where))
        base = (*base, parts[-1][0])
        self.spots.setdefault(base, Spot(parts[-1][1], (inner[1].start_byte, inner[1].end_byte)))
        self.value(inner[1], base)

    def value(self, node: Node, path: Path) -> None:
        if node.type == "inline_table":
            for child in _content(node):
                if child.type == "pair":
                    self.pair(child, path)
        elif node.type == "array":
            for index, child in enumerate(_content(node)):
                self.spots.setdefault((*path, index), Spot(None, (child.start_byte, child.end_byte)))
                self.value(child, (*path, index))


_KEYS = frozenset({"bare_key", "quoted_key", "dotted_key"})


def _content(node: Node) -> list[Node]:
    """Named children without comments: a trailing comment is a child too and would be counted as an element."""
    return [c for c in node.named_children if c.type != "comment" and not c.is_error]


def _key(node: Node) -> list[tuple[str, tuple[int, int]]]:
    return list(_parts(node))


def _parts(node: Node) -> Iterator[tuple[str, tuple[int, int]]]:
    if node.type == "dotted_key":
        for child in _content(node):
            yield from _parts(child)
        return
    where = (node.start_byte, node.end_byte)
    text = (node.text or b"").decode("utf-8", "replace")
    if node.type == "quoted_key":
        try:
            yield str(tomli.loads(f"k = {text}")["k"]), where  # double quotes have escapes, single ones have none
            return
        except ValueError:
            pass
    yield text, where
