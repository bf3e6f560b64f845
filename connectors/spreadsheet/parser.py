"""The parser from outside: starts the process with limits, waits for it, and turns how it ended into an error."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import orjson

from connectors._shared.dial import Cancelled
from connectors.base import BadData, Misconfigured, SourceError, Unavailable
from connectors.spreadsheet.child import MEMORY, NO_ROOM, SECONDS, TOO_LONG

WALL = 180.0
"""Seconds that a process may take on a machine that is busy with other things."""
_ROOT = Path(__file__).resolve().parents[2]
_KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR", "LD_LIBRARY_PATH")
"""Variables that the process gets: none of them is a secret."""
_LARGE = "Split the table, or copy it into a workbook of its own."


class Answer:
    """What the process said: ``about`` its first line, ``pages`` the others, read from a file that has no name."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lock = threading.Lock()
        file.seek(0)
        self.about: dict[str, Any] = orjson.loads(file.readline())
        self._starts = [file.tell()]

    def pages(self, first: int = 0) -> Iterator[list[list[Any]]]:
        """The pages of records from the ``first`` on. Several may read at once."""
        for number in range(first, int(self.about.get("pages", 0))):
            yield orjson.loads(self._line(number))

    def _line(self, number: int) -> bytes:
        with self._lock:
            while len(self._starts) <= number + 1:
                self._file.seek(self._starts[-1])
                self._starts.append(self._starts[-1] + len(self._file.readline()))
            self._file.seek(self._starts[number])
            return self._file.readline()

    def close(self) -> None:
        self._file.close()


class Parser:
    """Runs jobs over one file, one at a time: several would need the memory of several."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: subprocess.Popen[bytes] | None = None
        self._closed = False

    def run(self, source: IO[bytes], file: str, job: Mapping[str, Any]) -> Answer:
        """The answer to a job about the file behind ``source``. Raises ``BadData``, ``Misconfigured``."""
        with self._lock:
            out = tempfile.TemporaryFile(prefix="anchorline-")  # noqa: SIM115 - the answer keeps it
            try:
                return self._answer(source, file, job, out)
            except BaseException:
                out.close()
                raise

    def _answer(self, source: IO[bytes], file: str, job: Mapping[str, Any], out: IO[bytes]) -> Answer:
        descriptor = source.fileno()
        order = orjson.dumps({**job, "file": file, "path": f"/dev/fd/{descriptor}"})
        process = subprocess.Popen(
            [sys.executable, "-m", "connectors.spreadsheet.child"],
            stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL, pass_fds=(descriptor,), cwd=_ROOT,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
        )  # fmt: skip
        self._now = process
        try:
            if self._closed:
                process.kill()
            process.communicate(order, timeout=WALL)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise _slow(file) from None
        finally:
            self._now = None
        if self._closed:
            raise Cancelled("the run was stopped")
        if process.returncode:
            raise _ended(file, process.returncode)
        answer = Answer(out)
        if "refused" in answer.about:
            raise _refused(answer.about)
        if "over" in answer.about:
            raise _large(file)
        if "failed" in answer.about:
            hint = "This is a fault of the connector: report it with the file's structure. Nothing is concluded from it."
            raise BadData(f"the connector could not handle {file} ({answer.about['failed']})", hint=hint)
        return answer

    def close(self) -> None:
        """End the process that runs, if one does."""
        self._closed = True
        process = self._now
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


def _refused(about: Mapping[str, Any]) -> SourceError:
    kind = Misconfigured if about["kind"] == "Misconfigured" else BadData
    return kind(about["refused"], hint=about["remedy"])


def _ended(file: str, code: int) -> SourceError:
    """How a process ended that gave no answer: by a limit, else by a fault of the library that reads workbooks."""
    if -code in (signal.SIGXCPU, signal.SIGALRM):
        return _slow(file)
    if code == NO_ROOM:
        return Unavailable("there is no room on the disk for temporary files", hint="Make room in the folder that TMPDIR names.")
    if code == TOO_LONG or -code in (signal.SIGABRT, signal.SIGKILL, signal.SIGXFSZ):  # Rust aborts where memory ends
        return _large(file)
    return BadData(f"{file} is damaged: it cannot be read", hint="Open it, save it again as .xlsx or as CSV UTF-8.")


def _large(file: str) -> SourceError:
    return BadData(f"{file} is refused: reading it takes more than {MEMORY >> 20} MB of memory", hint=_LARGE)


def _slow(file: str) -> SourceError:
    return BadData(f"{file} is refused: reading it takes more than {SECONDS} seconds", hint=_LARGE)
