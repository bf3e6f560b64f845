"""Sentences for a terminal: broken between words at its width, and indented where they go on."""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

_NARROWEST = 20
"""Cells that must be left for the words; with fewer the terminal wraps."""


class Hanging:
    """A line of text that goes on beneath ``indent`` cells. In a pipe or a file it stays one line, and no word is ever cut:
    paths and addresses can be copied."""

    def __init__(self, text: Text, indent: int = 0) -> None:
        self.text, self.indent = text, indent

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not console.is_terminal or self.text.cell_len <= options.max_width or options.max_width < self.indent + _NARROWEST:
            yield self.text
            return
        for first, last in _lines(self.text.plain, options.max_width, self.indent):
            yield (Text(" " * self.indent) if first else Text()) + self.text[first:last]


def _lines(text: str, width: int, indent: int) -> list[tuple[int, int]]:
    """Where each line begins and ends, in characters; one that is a single long word may be wider."""
    begin, end, found = 0, 0, []
    for word in re.finditer(r"\s*\S+", text):
        room = width - indent if begin else width
        if end > begin and cell_len(text[begin : word.end()]) > room:
            found.append((begin, end))
            begin = word.end() - len(word[0].lstrip())
        end = word.end()
    return [*found, (begin, end)]
