"""``serve``: the daemon in this process, and what listens to it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hub.cli import access, children, failures
from hub.cli.failures import INTERRUPTED, TERMINATED
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.daemon.daemon import Daemon
    from hub.daemon.files import ConfigFile
    from hub.daemon.jobs import Job


def serve(path: Path, *, web: bool, once: bool) -> None:
    """Run the daemon until it is asked to end, or once through everything that is due; leaves with its exit code."""
    from hub.daemon.children import Child
    from hub.daemon.clock import WallClock
    from hub.daemon.daemon import Daemon
    from hub.daemon.notify import Notify
    from hub.daemon.state import Board
    from hub.scheduler import Timers

    files = _files(path)
    config = files.config
    failures.crash_folder.append(config.data)
    clock = WallClock()
    board = Board(clock.now(), os.getpid())

    def launch(job: Job) -> Child:
        return Child(words(files, job), clock.wake)

    with ExitStack() as stack:
        store = stack.enter_context(access.store(config))
        from hub.cli.companions import companions

        heard = stack.enter_context(companions(files, store, board, web=web and not once, once=once))
        timers = None if once else stack.enter_context(Timers(clock.wake))
        daemon = Daemon(store, files, launch, clock, board, listeners=heard, timers=timers, notify=Notify(os.environ))
        with _signals(daemon) as received:
            code = daemon.once() if once else daemon.serve()
    raise typer.Exit(_code(code, received, once))


def _files(path: Path) -> ConfigFile:
    from hub.daemon.files import ConfigFile

    try:
        return ConfigFile(path)
    except ConfigError:
        access.require(path)
        raise


def words(files: ConfigFile, job: Job) -> list[str]:
    """The command line of the child that does a job."""
    good = [] if files.copy is None else ["--last-good", str(files.copy)]
    if not job.reads:
        return [*children.words(files.path), "evaluate", "--events", *good]
    extra = ["--log", "--mode", job.mode, "--reason", job.reason, *good, *(["--new-account"] if job.new_account else [])]
    return children.command(files.path, job.source, extra)


@contextmanager
def _signals(daemon: Daemon) -> Iterator[list[int]]:
    """SIGTERM, SIGINT and SIGHUP ask the daemon to end; those that came."""
    received: list[int] = []

    def heed(number: int, _frame: Any) -> None:
        received.append(number)
        daemon.stop(signal.Signals(number).name)

    chosen = [each for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP) if signal.getsignal(each) is not signal.SIG_IGN]
    former = {each: signal.signal(each, heed) for each in chosen}
    try:
        yield received
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)


def _code(code: int, received: list[int], once: bool) -> int:
    """Being asked to end is what a daemon waits for; what was to be done once was not."""
    if code or not received:
        return code
    if received[0] == signal.SIGINT:
        return INTERRUPTED
    return TERMINATED if once else 0
