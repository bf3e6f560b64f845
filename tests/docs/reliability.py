"""The table of docs/reliability.md: for each fault what the hub does, and the tests that fail without it.

    python -m tests.docs.reliability            # rewrites the last column

The words are written in the page. A test belongs to a row when its docstring begins with the row's id: ``F08: ...`` or
``F08, S01: ...``.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
SHOWN = 4
"""Tests that a row names; there may be others."""
NOT_YET = "Not in this version"
_ROW = re.compile(r"\| ([FS]\d\d) \| (.+?) \| (.+?) \|.*")
_IDS = re.compile(r"((?:[FS]\d\d(?:, | and |: |\.|$))+)")


def rows() -> dict[str, tuple[str, str]]:
    """Row -> (what goes wrong, what happens then), as the page says it."""
    found = (_ROW.fullmatch(line) for line in PAGE.read_text("utf-8").splitlines())
    return {row[1]: (row[2], row[3]) for row in found if row}


def known() -> dict[str, list[str]]:
    """Row -> tests as ``path::name``, those of connectors and hub before simulations."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and (node.name.startswith("test_") or "directed" in where):
                said = _IDS.match(ast.get_docstring(node) or "")
                for row in re.findall(r"[FS]\d\d", said.group(1)) if said else ():
                    found[row].append(f"{where.removeprefix('tests/')}::{node.name}")
    return {row: sorted(those, key=lambda each: ("simulation" in each, each)) for row, those in found.items()}


def page() -> str:
    """The page as it should be."""
    tests = known()

    def line(text: str) -> str:
        row = _ROW.fullmatch(text)
        if row is None:
            return text
        those = tests.get(row[1], [])
        named = "<br>".join(f"`{each}`" for each in those[:SHOWN])
        more = "<br>and others" if len(those) > SHOWN else ""
        return f"| {row[1]} | {row[2]} | {row[3]} | {named or '-'}{more} |"

    return "".join(line(text) + "\n" for text in PAGE.read_text("utf-8").splitlines())


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
