"""What listens to the daemon in its process: the log, the metrics, the dead-man's switch, and the pages that show all of it."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from hub.errors import AnchorlineError
from hub.log.lines import bound, configure, get, relay
from hub.log.runs import RunLines

if TYPE_CHECKING:
    from hub.config import WebSettings
    from hub.daemon.events import Event, Listener
    from hub.daemon.files import ConfigFile
    from hub.daemon.state import Board
    from hub.report.health import Health, Measured
    from hub.store import Store
    from hub.web.app import Probes
    from hub.web.guard import Policy
    from hub.web.server import Server

_LINES: Mapping[str, tuple[str, str]] = {
    "TookOver": ("took_over", "info"),
    "Standby": ("standby", "warning"),
    "LostOwnership": ("lost_ownership", "error"),
    "RunStarted": ("child_started", "info"),
    "RunLine": ("child_said", "warning"),
    "RunEnded": ("child_ended", "info"),
    "Missed": ("runs_missed", "warning"),
    "Skipped": ("run_skipped", "info"),
    "Reloaded": ("reloaded", "info"),
    "ReloadFailed": ("reload_failed", "error"),
    "ClockJumped": ("clock_jumped", "warning"),
    "Troubled": ("troubled", "error"),
    "Stopping": ("stopping", "info"),
}
"""Event of the daemon -> (event of the line, level)"""
_OF_OUTCOME = ("result", "code", "signal", "run_id", "error")


class Lines:
    """Writes what the daemon does: a line for each of its events. Children write their own, which are passed on; what an
    evaluation alone tells is written here."""

    def __init__(self) -> None:
        self._evaluation = RunLines()

    def __call__(self, event: Event) -> None:
        from hub.daemon.events import EVALUATION, RunEvent, RunLine, as_dict

        if isinstance(event, RunEvent):
            if event.source == EVALUATION:
                with bound(source=event.source):
                    self._evaluation(event.event)
            return
        if isinstance(event, RunLine) and relay(event.line):
            return
        fields = as_dict(event)
        line, level = _LINES[fields.pop("event")]
        told = {key: value for key, value in fields.items() if key not in ("at", "outcome") and value not in (None, "")}
        told |= {key: _instants(told[key]) for key in ("due_at", "slots") if key in told}
        outcome = fields.get("outcome") or {}
        told |= {key: outcome[key] for key in _OF_OUTCOME if outcome.get(key) is not None}
        if "duration" in told:
            told["duration_ms"] = told.pop("duration")
        getattr(get("hub.daemon"), level)(line, **told)


def _instants(at: int | Sequence[int]) -> Any:
    """Milliseconds as ISO 8601, one or several."""
    from hub.report.values import iso

    return iso(at) if isinstance(at, int) else [iso(each) for each in at]


def level(configured: str, *, once: bool, watched: bool) -> str:
    """From which level on lines are written. What cron begins, and nobody watches, is to be silent when all is well: cron sends
    every line as a mail."""
    return "warning" if once and not watched and configured == "info" else configured


@contextmanager
def companions(files: ConfigFile, store: Store, board: Board, *, web: bool, once: bool = False) -> Iterator[list[Listener]]:
    """The listeners of a daemon, and what they need, until it ends. Raises ``AnchorlineError`` where the pages cannot listen."""
    config = files.config
    configure(level(config.log.level, once=once, watched=sys.stderr.isatty()), _format(config.log.format))
    heard: list[Listener] = [Lines()]
    with ExitStack() as stack:
        if config.ping is not None:
            from hub.notify.pings import Pings

            pings = Pings(config.ping, lambda: nightly(files))
            stack.callback(pings.close)
            heard.append(pings)
        if web:
            metrics, asked = _probes(files, store, board)
            pages = Pages(config.web, asked)
            stack.callback(pages.stop)
            pages.start(store)
            heard += [metrics, pages]
        yield heard


class Pages:
    """The web server. While another daemon of this database has the port, it waits until this one takes over."""

    def __init__(self, settings: WebSettings, asked: Probes) -> None:
        self._settings = settings
        self._asked = asked
        self._server: Server | None = None

    def start(self, store: Store) -> None:
        """Listen, unless the daemon beside which this one stands by does. Raises ``AnchorlineError`` where it cannot."""
        from hub.daemon.daemon import NAME
        from hub.store.locks import holder

        try:
            self._listen()
        except AnchorlineError:
            if holder(store, NAME) is None:
                raise
            text = "Another daemon of this database has the address: the pages begin here when this one takes over."
            get("hub.web").info("pages_wait", message=text, host=self._settings.host, port=self._settings.port)

    def __call__(self, event: Event) -> None:
        """Hear one event of the daemon."""
        from hub.daemon.events import TookOver

        if isinstance(event, TookOver) and self._server is None:
            try:
                self._listen()
            except AnchorlineError as error:  # runs matter more than pages
                get("hub.web").error("not_listening", error=str(error))

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()

    def _listen(self) -> None:
        from hub.web.app import application
        from hub.web.server import Server

        given = self._settings
        server = Server(application(self._asked, policy(given)), given.host, given.port, public=given.public)
        server.start()
        self._server = server
        get("hub.web").info("listening", host=given.host, port=server.port)


def _format(word: str) -> Any:
    return word if word in ("json", "console") else "auto"


def nightly(files: ConfigFile) -> list[str]:
    """The sources that have a nightly run, by the configuration in force."""
    return [name for name, source in files.config.sources.items() if source.schedule.nightly is not None]


def policy(settings: WebSettings) -> Policy:
    """Who may ask, by the configuration."""
    from hub.web.guard import Policy

    networks = tuple(ipaddress.ip_network(each) for each in settings.metrics_networks)
    return Policy(frozenset({*settings.hosts, settings.host.lower()}), networks)


def _probes(files: ConfigFile, store: Store, board: Board) -> tuple[Listener, Probes]:
    """What the pages ask, and the metrics as a listener."""
    from importlib.metadata import version

    from hub.report.health import Health
    from hub.web.app import Probes
    from hub.web.metrics import Metrics

    health = Health(store)

    def ready() -> str | None:
        role = board.state.role
        return health.ready() if role == "owner" else role

    def measured() -> Measured | None:
        try:
            return health.measured()
        except AnchorlineError:
            return None

    def age() -> float:
        return board.state.age()  # of the state of that moment: each turn puts another in place

    metrics = Metrics(measured, age, version("anchorline"))
    return metrics, Probes(age, ready, lambda: fresh(files, health), metrics.text)


def fresh(files: ConfigFile, health: Health) -> dict[str, bool]:
    """Source -> whether its last complete runs are as young as its schedule promises. Without a database none is."""
    from hub.cli.access import now
    from hub.report.status import promised

    try:
        completed = health.completed()
    except AnchorlineError:
        completed = {}
    promises = {name: promised(source.schedule) for name, source in files.config.sources.items()}
    found = {name: (completed.get(name), promise) for name, promise in promises.items() if promise.made}
    return {
        name: done is not None and done.read is not None and not promise.broken(done, now())
        for name, (done, promise) in found.items()
    }
