"""One child process per source: started, listened to, and ended together with this one."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson

from hub.cli.failures import Terminated
from hub.cli.outcome import Outcome, of_event
from hub.cli.watching import View

GRACE = 10.0
"""Seconds that a child has to end when asked to."""


def words(config: Path) -> list[str]:
    """How a command line of a child begins. ``-P``: a folder named ``hub`` where the user stands is not ours."""
    return [sys.executable, "-P", "-m", "hub.cli", "--config", str(config)]


def command(config: Path, source: str, extra: Sequence[str] = ()) -> list[str]:
    """The command line of a child that reads a source."""
    return [*words(config), "sync", source, "--events", *extra]


def run_all(commands: Mapping[str, Sequence[str]], view: View) -> list[Outcome]:
    """Run one process per source and show them together; their outcomes in the same order. Leaving early ends them all."""
    lines: queue.Queue[tuple[str, str, bytes | None]] = queue.Queue()
    outcomes: dict[str, Outcome] = {}
    with started(commands) as running:
        for source, child in running.items():
            for name, stream in (("out", child.stdout), ("err", child.stderr)):
                assert stream is not None
                threading.Thread(target=_pump, args=(source, name, stream, lines.put), daemon=True).start()
        open_streams = 2 * len(running)
        while open_streams:
            source, name, line = lines.get()
            if line is None:
                open_streams -= 1
            elif name == "err":
                view.note(source, line.decode("utf-8", "replace").rstrip())
            else:
                event = orjson.loads(line)
                view(event)
                outcomes[source] = of_event(event) or outcomes.get(source) or _unfinished(source, 1)
        codes = {source: child.wait() for source, child in running.items()}
    return [_final(source, outcomes.get(source), code) for source, code in codes.items()]


def _pump(source: str, name: str, stream: IO[bytes], put: Callable[[tuple[str, str, bytes | None]], None]) -> None:
    for line in stream:
        put((source, name, line))
    put((source, name, None))


def _final(source: str, outcome: Outcome | None, code: int) -> Outcome:
    """What the child said, if it came to say it and its exit code agrees; else that it broke off."""
    if outcome is not None and outcome.exit_code == code:
        return outcome
    return _unfinished(source, code)


def _unfinished(source: str, code: int) -> Outcome:
    how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
    hint = f"Run `anchorline sync {source}` to see more; it goes on where this one stopped."
    return Outcome(source, "failed", 1, error=f"Its process {how} before the run did.", hint=hint)


@contextmanager
def started(commands: Mapping[str, Sequence[str]]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The running children. Each has a process group of its own, so that only this process tells them to end, once;
    and each watches its standard input, so that it ends even if this process is killed."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for source, words in commands.items():
            running[source] = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0
            )  # fmt: skip
        yield running
    finally:
        _end(running.values())


def _end(children: Any) -> None:
    alive = [child for child in children if child.poll() is None]
    for child in alive:
        child.terminate()
    for child in alive:
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    for child in children:
        for stream in (child.stdin, child.stdout, child.stderr):
            with contextlib.suppress(OSError):
                stream.close()


# ---- in the child, and wherever a run goes on -----------------------------------------------------------------------------


def end_with_parent() -> None:
    """End this process when its standard input closes: the parent is gone."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def heed_signals() -> None:
    """SIGTERM and SIGHUP leave by an exception, so that whatever is open is closed and the run is recorded as ended."""

    def stop(number: int, _frame: object) -> None:
        for each in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)  # one is enough; a second must not cut the tidying short
        if (shield := sys.modules.get("hub.store.shield")) is None or not shield.later(Terminated(number)):
            raise Terminated(number)

    for each in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:  # under nohup it stays ignored
            signal.signal(each, stop)
