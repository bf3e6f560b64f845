"""Where output goes: data to standard output, everything else to standard error; neither ever gets what it cannot show."""

from __future__ import annotations

import codecs
import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from hub.cli.failures import ReaderGone
from hub.errors import AnchorlineError

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

    class Ours(Console):
        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704  # the one that is being handled; Rich would exit with 1, and silence the other stream

    stream = sys.stderr if stderr else sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="anchorline")
    width = None if stream.isatty() or os.environ.get("COLUMNS", "").isdigit() else PIPED_WIDTH
    return Ours(stderr=stderr, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


@cache
def out() -> Console:
    """The console of the data."""
    return _console(stderr=False)


@cache
def err() -> Console:
    """The console of everything else."""
    return _console(stderr=True)


@contextlib.contextmanager
def _data() -> Iterator[None]:
    """Standard output may be gone or full, which is no fault of ours."""
    try:
        yield
    except BrokenPipeError:
        _drop(sys.stdout)
        raise ReaderGone from None
    except OSError as error:
        _drop(sys.stdout)
        raise AnchorlineError(f"The output cannot be written: {error.strerror}.") from None


@contextlib.contextmanager
def _words() -> Iterator[None]:
    """Where standard error is gone or full there is nobody to tell."""
    try:
        yield
    except OSError:
        _drop(sys.stderr)


def _drop(stream: TextIO) -> None:
    """Send what is still buffered, and all that follows, nowhere: the flush at exit would fail again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def show(*parts: RenderableType) -> None:
    """Data for people."""
    for part in parts:
        with _data():
            _print(out(), part)


def tell(*parts: RenderableType, whole: bool = False) -> None:
    """The same for standard error; ``whole`` leaves long lines to the terminal to wrap."""
    for part in parts:
        with _words():
            if whole:
                err().print(part, soft_wrap=True)
            else:
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

    with _data():
        out().print(Text(text), soft_wrap=True)


def data(value: Any) -> None:
    """Data for programs."""
    import orjson

    from hub.report.values import as_json

    with _data():
        sys.stdout.buffer.write(orjson.dumps(as_json(value), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()


def event(value: Mapping[str, Any]) -> None:
    """One line for the process that watches this one."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def say(text: str, style: str = "") -> None:
    """A line to the person at the terminal, on standard error; a longer one goes on beneath where it began."""
    from rich.text import Text

    from hub.cli.render.hanging import Hanging

    tell(Hanging(Text(text, style), len(text) - len(text.lstrip())), whole=True)


def next_steps(*steps: tuple[str, str]) -> None:
    """What to try next: (command, what it does), on standard error."""
    from hub.cli.render.text import words

    width = max((len(command) for command, _ in steps if len(command) <= STEP_WIDTH), default=0)
    say("")
    for at, (command, what) in enumerate(steps):
        tell(
            words(("Next: " if at == 0 else "      "), (command.ljust(width), "bold cyan"), f"  {what}" if what else ""),
            whole=True,
        )


def missing_from_path() -> Path | None:
    """The folder of this command when a shell would not find it by its name, as after `make demo`; else None."""
    script = Path(sys.argv[0])
    if script.name != "anchorline" or shutil.which("anchorline") is not None:
        return None
    return script.absolute().parent
