"""Where each key of a TOML text stands. The values come from the parser; the syntax tree only locates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import tomli
import tree_sitter_toml
from tree_sitter import Language, Node, Parser

Path = tuple[str | int, ...]
"""Keys, and indices in arrays, from the top of a file: ``("rule", 3, "when", "label")``."""


@cache
def _language() -> Language:
    return Language(tree_sitter_toml.language())


def locate(text: str) -> tuple[dict[Path, int], int | None]:
    """The line of every path, from 1, and the line of the first part that is not TOML 1.0 by this grammar (or None).

    A path's first appearance wins: for a table its header, for a key its own line, for an element of an array its value.
    """
    root = Parser(_language()).parse(text.encode("utf-8", "replace")).root_node
    walk = _Walk()
    walk.document(root)
    return walk.lines, _first_error(root) if root.has_error else None


def _first_error(node: Node) -> int:
    while True:
        inner = next((c for c in node.children if c.has_error and not c.is_error and not c.is_missing), None)
        broken = next((c for c in node.children if c.is_error or c.is_missing), None)
        if broken is not None or inner is None:
            return (broken or node).start_point[0] + 1
        node = inner


class _Walk:
    """One pass over the syntax tree."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
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
        header = inner[0]
        parts, line = _key(header), header.start_point[0] + 1
        path: Path = ()
        for at, part in enumerate(parts):
            path = (*path, part)
            self.lines.setdefault(path, line)
            if at == len(parts) - 1 and node.type == "table_array_element":
                self.newest[path] = self.newest.get(path, -1) + 1
            if path in self.newest:
                path = (*path, self.newest[path])  # a later header belongs to the newest element
                self.lines.setdefault(path, line)
        for child in inner[1:]:
            if child.type == "pair":
                self.pair(child, path)

    def pair(self, node: Node, base: Path) -> None:
        inner = _content(node)
        if len(inner) < 2 or inner[0].type not in _KEYS:
            return
        for part in _key(inner[0]):
            base = (*base, part)
            self.lines.setdefault(base, inner[0].start_point[0] + 1)
        self.value(inner[1], base)

    def value(self, node: Node, path: Path) -> None:
        if node.type == "inline_table":
            for child in _content(node):
                if child.type == "pair":
                    self.pair(child, path)
        elif node.type == "array":
            for index, child in enumerate(_content(node)):
                self.lines.setdefault((*path, index), child.start_point[0] + 1)
                self.value(child, (*path, index))


_KEYS = frozenset({"bare_key", "quoted_key", "dotted_key"})


def _content(node: Node) -> list[Node]:
    """Named children without comments: a trailing comment is a child too and would be counted as an element."""
    return [c for c in node.named_children if c.type != "comment" and not c.is_error]


def _key(node: Node) -> list[str]:
    return list(_parts(node))


def _parts(node: Node) -> Iterator[str]:
    if node.type == "dotted_key":
        for child in _content(node):
            yield from _parts(child)
        return
    text = (node.text or b"").decode("utf-8", "replace")
    if node.type == "quoted_key":
        try:
            yield str(tomli.loads(f"k = {text}")["k"])  # double quotes have escapes, single ones have none
            return
        except ValueError:
            pass
    yield text
