"""Where output goes: data to standard output, everything else to standard error; neither ever gets what it cannot show."""

from __future__ import annotations

import codecs
import os
import shutil
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

STEP_WIDTH = 40
"""A longer command does not push all the others' explanations to the right."""
PIPED_WIDTH = 140
"""Where nobody says how wide a line may be: in a pipe or a file."""
_PLAIN = str.maketrans("█░│├└─━╸╺…·–×→←“”’•", '#.||`----~--x><""\'*')


def _replace(error: UnicodeError) -> tuple[str, int]:
    """A character that the terminal's encoding lacks becomes one of ASCII, of the same width."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_PLAIN)
    return "".join(c if c.isascii() else "?" for c in text), error.end


codecs.register_error("anchorline", _replace)


def _console(stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="anchorline")
    width = None if stream.isatty() or os.environ.get("COLUMNS", "").isdigit() else PIPED_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


@cache
def out() -> Console:
    """The console of the data."""
    return _console(stderr=False)


@cache
def err() -> Console:
    """The console of everything else."""
    return _console(stderr=True)


def show(*parts: RenderableType) -> None:
    """Data for people."""
    for part in parts:
        _print(out(), part)


def tell(*parts: RenderableType) -> None:
    """The same for standard error."""
    for part in parts:
        _print(err(), part)


def _print(console: Console, part: RenderableType) -> None:
    if console.is_terminal:
        console.print(part)
        return
    with console.capture() as captured:
        console.print(part)
    for row in captured.get().splitlines():  # tables fill their last column with blanks, which nobody wants in a file
        console.file.write(f"{row.rstrip()}\n")
    console.file.flush()


def line(text: str) -> None:
    """A line of data for people, never wrapped by us."""
    from rich.text import Text

    out().print(Text(text), soft_wrap=True)


def data(value: Any) -> None:
    """Data for programs."""
    import orjson

    from hub.report.values import as_json

    sys.stdout.buffer.write(orjson.dumps(as_json(value), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def event(value: Mapping[str, Any]) -> None:
    """One line for the process that watches this one."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def say(text: str, style: str = "") -> None:
    """A line to the person at the terminal, on standard error."""
    from rich.text import Text

    err().print(Text(text, style), soft_wrap=True)


def next_steps(*steps: tuple[str, str]) -> None:
    """What to try next: (command, what it does), on standard error."""
    from hub.cli.render.text import words

    width = max((len(command) for command, _ in steps if len(command) <= STEP_WIDTH), default=0)
    say("")
    for at, (command, what) in enumerate(steps):
        err().print(words(("Next: " if at == 0 else "      "), (command.ljust(width), "bold cyan"), f"  {what}"), soft_wrap=True)


def missing_from_path() -> Path | None:
    """The folder of this command when a shell would not find it by its name, as after `make demo`; else None."""
    script = Path(sys.argv[0])
    if script.name != "anchorline" or shutil.which("anchorline") is not None:
        return None
    return script.absolute().parent
