"""Everything that ends a command early becomes a message on standard error and an exit code, here and nowhere else."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from hub.errors import AnchorlineError, ConfigError

FAILED, USAGE, INTERRUPTED, TERMINATED = 1, 2, 130, 143

crash_folder: list[Path] = []
"""Where a traceback goes, once the configuration is known; the current folder before."""


class Terminated(BaseException):
    """Somebody asked this process to end (SIGTERM, SIGHUP)."""


class ReaderGone(Exception):
    """Whoever read our output, as ``head`` does, has had enough: all is well."""


@contextmanager
def guarded() -> Iterator[None]:
    """Runs a command; leaves by ``SystemExit`` only."""
    _hook()
    try:
        yield
    except AnchorlineError as error:
        report(error)
        sys.exit(error.code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Terminated:
        sys.exit(TERMINATED)
    except ReaderGone:
        sys.exit(0)
    except BrokenPipeError:
        _drop_output()
        sys.exit(FAILED)
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:  # as of help texts
            _drop_output()
            report(AnchorlineError(f"The output cannot be written: {error.strerror}."))
        else:
            _crash(error)
        sys.exit(FAILED)


def _hook() -> None:
    """What nobody catches, in this thread, another one or a destructor, is told like any other fault: without secrets."""

    def in_thread(given: threading.ExceptHookArgs) -> None:
        if isinstance(given.exc_value, Exception):
            _crash(given.exc_value)

    def unraisable(given: sys.UnraisableHookArgs) -> None:
        if isinstance(given.exc_value, Exception):
            _crash(given.exc_value)

    def anywhere(_kind: type[BaseException], error: BaseException, _where: TracebackType | None) -> None:
        if isinstance(error, Exception):
            _crash(error)

    threading.excepthook, sys.unraisablehook, sys.excepthook = in_thread, unraisable, anywhere


def _drop_output() -> None:
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit is quiet too


def report(error: AnchorlineError) -> None:
    """The message of an expected error, and what to do."""
    from hub.cli.output import err, say, tell
    from hub.cli.render.problems import problem_lines

    if isinstance(error, ConfigError):
        tell(problem_lines(error.problems, err().width), whole=True)
        say(f"{error}.", "bold")
        return
    message, hint = in_words(error)
    say(message, "bold red")
    if hint:
        say(hint)


def in_words(error: AnchorlineError) -> tuple[str, str]:
    """Message and hint as they may be shown: cleaned and without secrets."""
    from hub.cli.render.text import clean

    return _sentence(clean(redact(str(error)))), _sentence(clean(redact(error.hint)))


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".!?:" else f"{text}."


def _crash(error: Exception) -> None:
    from hub.cli.output import say
    from hub.cli.render.text import clean

    what = clean(redact(f"{type(error).__name__}: {error}".rstrip(": ")))
    written = _write(redact("".join(traceback.format_exception(error))))
    if (lines := sys.modules.get("hub.log.lines")) is not None and lines.configured():
        lines.get("hub.cli").critical("crash", exc_info=error, file=str(written) if written else None)
        return
    say(f"Sorry, Anchorline ran into a fault of its own ({what[:200]}).", "bold red")
    where = f"The details are in {written}; please send that file with a bug report."
    say(where if written else "The details could not be written anywhere.")


def _write(text: str) -> Path | None:
    name = f"anchorline-crash-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.log"
    for folder in (*crash_folder[-1:], Path.cwd()):
        try:
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"anchorline {' '.join(sys.argv[1:2])}, Python {sys.version.split()[0]}, {sys.platform}\n\n{text}")
        return folder / name
    return None


def redact(text: str) -> str:
    """See ``hub.log.redact``, which costs time to import and is needed for words of others only."""
    from hub.log.redactor import redact as without

    return without(text)
