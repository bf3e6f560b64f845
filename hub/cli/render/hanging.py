"""Sentences for a terminal: broken between words at its width, and indented where they go on."""

from __future__ import annotations

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
        first, *_ = self.text.wrap(console, options.max_width, overflow="ignore", no_wrap=False)
        yield first
        rest = self.text[len(first) :]
        rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
        if rest.plain:
            for line in rest.wrap(console, options.max_width - self.indent, overflow="ignore", no_wrap=False):
                yield Text(" " * self.indent) + line
