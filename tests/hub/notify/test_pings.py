"""The dead-man's switch: what it is told, when it is not, and that nothing waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connectors.base import Secret
from hub.daemon.events import Event, RunEnded, RunOutcome, RunStarted, Stopping
from hub.log.redactor import redact
from hub.notify.nights import Nights, Ping
from hub.notify.pings import LIMITS, Pings, address

KEY = "6f9a4c51-77aa-4b1e"
SOON = replace(LIMITS, connect_timeout=0.3, read_timeout=0.3, call_deadline=0.3, attempts=2, backoff=0.01)


def started(source: str, mode: str = "nightly", reason: str = "schedule") -> RunStarted:
    return RunStarted(0, source, mode, reason, 17, 0)


def ended(source: str, result: str = "complete", code: int = 0, mode: str = "nightly", signal: int | None = None) -> RunEnded:
    return RunEnded(0, source, mode, "schedule", RunOutcome(result, code, signal), 1000)


def told(*events: Event, enabled: tuple[str, ...] = ("a", "b")) -> list[Ping]:
    nights = Nights(lambda: enabled)
    return [ping for event in events if (ping := nights.hear(event)) is not None]


START, SUCCESS = Ping("start"), Ping("success")


# ---- when ---------------------------------------------------------------------------------------------------------------------


def test_a_good_night() -> None:
    assert told(started("a"), started("b"), ended("a"), ended("b")) == [START, SUCCESS]


def test_success_only_when_every_source_completed() -> None:
    assert told(started("a"), ended("a")) == [START]
    assert told(started("a"), started("b"), ended("a"), ended("b", "failed", 1)) == [START, Ping("fail", 1)]


@pytest.mark.parametrize(("result", "code"), [("partial", 5), ("held", 4), ("locked", 3), ("refused", 2)])
def test_what_is_not_complete_is_a_failure(result: str, code: int) -> None:
    assert told(started("a"), ended("a", result, code)) == [START, Ping("fail", code)]


def test_a_killed_run_has_no_exit_code() -> None:
    assert told(started("a"), ended("a", "failed", 1, signal=9)) == [START, Ping("fail")]


def test_a_failure_is_told_once_a_night() -> None:
    assert told(started("a"), ended("a", "failed", 1), started("b"), ended("b", "failed", 1)) == [START, Ping("fail", 1)]


def test_a_retry_makes_it_good() -> None:
    night = (started("a"), ended("a"), started("b"), ended("b", "failed", 1), started("b", reason="retry"), ended("b"))
    assert told(*night) == [START, Ping("fail", 1), SUCCESS]


def test_runs_of_two_nights_do_not_make_one() -> None:
    first = (started("a"), ended("a"), started("b"), ended("b", "failed", 1))
    assert told(*first, started("b"), ended("b")) == [START, Ping("fail", 1), START]
    assert told(*first, started("b"), ended("b"), started("a"), ended("a"))[-1] == SUCCESS


def test_every_night_is_told() -> None:
    night = (started("a"), ended("a"), started("b"), ended("b"))
    assert told(*night, *night) == [START, SUCCESS, START, SUCCESS]


def test_deltas_and_evaluations_say_nothing() -> None:
    assert told(started("a", "delta"), ended("a", mode="delta"), started("", "evaluate"), ended("", mode="evaluate")) == []


def test_the_weekly_full_pass_is_the_nights_run() -> None:
    assert told(started("a", "full"), ended("a", mode="full"), enabled=("a",)) == [START, SUCCESS]


def test_without_a_nightly_source_nothing_ever_succeeds() -> None:
    assert SUCCESS not in told(started("a"), ended("a"), enabled=())


def test_a_source_that_is_not_enabled_any_more_is_not_waited_for() -> None:
    assert told(started("a"), ended("a"), enabled=("a",)) == [START, SUCCESS]


# ---- where --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ping", "path"),
    [(START, "/p/k/start"), (SUCCESS, "/p/k"), (Ping("fail"), "/p/k/fail"), (Ping("fail", 5), "/p/k/5")],
)
def test_the_suffix_belongs_to_the_path(ping: Ping, path: str) -> None:
    assert address("https://hc.example/p/k/?rid=1", ping) == f"https://hc.example{path}?rid=1"


class Service:
    """A ping service on loopback: what was asked, and an answer that may fail or never come."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.statuses: list[int] = []
        self.hang = threading.Event()
        self.hang.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.paths.append(self.path)
                outer.hang.wait(30)
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.send_header("Content-Length", "2")
                self.end_headers()
                try:
                    self.wfile.write(b"OK")
                except OSError:
                    return

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/ping/{KEY}"


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.hang.set()
    service.server.shutdown()
    service.server.server_close()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_night_arrives(service: Service) -> None:
    pings = Pings(Secret(service.url), lambda: ("a",))
    pings(started("a"))
    pings(ended("a"))
    pings.close(20)
    assert service.paths == [f"/ping/{KEY}/start", f"/ping/{KEY}"]


def test_a_server_that_hangs_delays_nothing(service: Service) -> None:
    service.hang.clear()
    pings = Pings(Secret(service.url), lambda: ("a",), SOON)
    began = time.monotonic()
    for _ in range(100):
        pings(started("a"))
        pings(ended("a"))
    assert time.monotonic() - began < 1.0
    pings.close(0.2)
    assert time.monotonic() - began < 2.0


def test_a_failed_ping_is_tried_again_and_then_given_up(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    service.statuses = [500, 429, 200, 404]
    pings = Pings(Secret(service.url), lambda: ("a",), replace(SOON, attempts=4))
    pings(started("a"))
    pings(ended("a", "failed", 1))
    pings.close(20)
    assert service.paths == [f"/ping/{KEY}/start"] * 3 + [f"/ping/{KEY}/1"]


def test_nothing_follows_a_redirect(service: Service) -> None:
    service.statuses = [302]
    pings = Pings(Secret(service.url), lambda: ("a",), SOON)
    pings(started("a"))
    pings.close(20)
    assert service.paths == [f"/ping/{KEY}/start"]


@pytest.mark.parametrize(
    "url", ["http://hc.example/ping/6f9a4c51", "ftp://hc.example/x", "nonsense", "http://169.254.169.254/x/y"]
)
def test_an_address_that_may_not_be_asked_fails_quietly(url: str) -> None:
    pings = Pings(Secret(url), lambda: ("a",), SOON)
    pings(started("a"))
    pings.close(10)


def test_the_address_is_a_secret(service: Service, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """S02: the address of a ping service is its credential."""
    service.statuses = [404]
    with caplog.at_level("DEBUG"):
        pings = Pings(Secret(service.url), lambda: ("a",), SOON)
        pings(started("a"))
        pings.close(20)
    assert service.paths
    assert KEY not in caplog.text + "".join(capfd.readouterr()) + repr(vars(pings))
    assert KEY not in redact(f"GET {service.url}/start")


def test_a_daemon_that_was_killed_sends_no_ping(service: Service) -> None:
    """The switch rings because nothing comes."""
    code = (
        "import sys, time\nfrom connectors.base import Secret\nfrom hub.notify.pings import Pings\n"
        "from tests.hub.notify.test_pings import started, ended\n"
        "pings = Pings(Secret(sys.argv[1]), lambda: ('a',))\npings(started('a'))\ntime.sleep(60)\npings(ended('a'))\n"
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("ANCHORLINE_")}
    with subprocess.Popen([sys.executable, "-c", code, service.url], env=env) as process:
        until(lambda: len(service.paths) == 1)
        process.send_signal(signal.SIGKILL)
    assert service.paths == [f"/ping/{KEY}/start"]


def test_leaving_is_no_failure(service: Service) -> None:
    pings = Pings(Secret(service.url), lambda: ("a",))
    pings(Stopping(0, "SIGTERM"))
    pings.close(5)
    assert service.paths == []
