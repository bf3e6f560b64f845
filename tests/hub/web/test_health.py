"""Health and metrics over real HTTP: what is told, to whom, and what does not exist."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any

import pytest

from hub.daemon.events import Missed, ReloadFailed, RunEnded, RunOutcome
from hub.errors import AnchorlineError, UsageError
from hub.report.health import Measured
from hub.web.app import Kept, Probes, application
from hub.web.guard import HEADERS, Policy
from hub.web.metrics import Metrics
from hub.web.server import Server

NOW = 1_795_176_000_000
FIGURES = Measured(
    items={"jira": {"live": 1200, "deleted": 3, "quarantined": 2}},
    runs={},
    success={("jira", "nightly"): (NOW, 90_000)},
    running=("jira",),
    holds={"jira": 41},
    key_results={("2026-q4", "sso"): (0.55, True), ("2026-q4", "soc2"): (None, False)},
    dirty=5,
    outbox=0,
    database_bytes=84_000_000,
    wal_bytes=4_096,
)


@dataclass
class World:
    """What the routes ask, changed by a test at will."""

    age: float = 0.0
    why: str | None = None
    fresh: dict[str, bool] = field(default_factory=lambda: {"jira": True})
    figures: Measured | None = FIGURES
    asked: int = 0
    wait: threading.Event | None = None

    def probes(self) -> Probes:
        metrics = self.metrics = Metrics(lambda: self.figures, lambda: self.age, "1.2.3")
        return Probes(lambda: self.age, self._ready, lambda: self.fresh, metrics.text)

    def _ready(self) -> str | None:
        self.asked += 1
        if self.wait is not None:
            self.wait.wait(30)
        return self.why


class Site:
    """A running server, and a client that sends what it is told."""

    def __init__(self, world: World, policy: Policy = Policy()) -> None:  # noqa: B008 - frozen
        self.world = world
        self.server = Server(application(world.probes(), policy), "127.0.0.1", 0)

    def ask(self, path: str, method: str = "GET", host: str | None = None, **headers: str) -> tuple[int, str, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=host is not None, skip_accept_encoding=True)
            if host:
                connection.putheader("Host", host)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            response = connection.getresponse()
            return response.status, response.read().decode(), {k.lower(): v for k, v in response.getheaders()}
        finally:
            connection.close()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    site = Site(world)
    with site.server:
        yield site


# ---- what is told -------------------------------------------------------------------------------------------------------------


def test_all_is_well(site: Site) -> None:
    assert [site.ask(path)[0] for path in ("/livez", "/readyz", "/healthz/sync", "/metrics")] == [200] * 4


def test_the_first_page_says_what_there_is(site: Site) -> None:
    status, text, _ = site.ask("/")
    assert status == 200 and text == "Anchorline listens. It answers at /livez, /readyz, /healthz/sync, /metrics.\n"


def test_a_loop_that_stands_still_is_not_alive(site: Site, world: World) -> None:
    world.age = 59.0
    assert site.ask("/livez")[0] == 200
    world.age = 61.0
    assert site.ask("/livez")[:2] == (503, "stuck\n")


@pytest.mark.parametrize("why", ["database", "schema", "standby"])
def test_it_is_ready_only_with_its_data(site: Site, world: World, why: str) -> None:
    world.why = why
    assert site.ask("/readyz")[:2] == (503, f"not ready: {why}\n")
    assert site.ask("/livez")[0] == 200


def test_one_stale_source_is_enough(site: Site, world: World) -> None:
    world.fresh = {"jira": True, "crm-secret-project": False}
    status, text, _ = site.ask("/healthz/sync")
    assert status == 503
    assert text == '{"status":"stale","sources":2,"stale":1}'


def test_alive_does_not_wait_for_the_database(site: Site, world: World) -> None:
    world.wait = threading.Event()
    waiting = [threading.Thread(target=site.ask, args=("/readyz",)) for _ in range(8)]
    for each in waiting:
        each.start()
    began = time.monotonic()
    assert site.ask("/livez")[0] == 200
    assert time.monotonic() - began < 5
    world.wait.set()
    for each in waiting:
        each.join()
    assert world.asked == 1  # all the others took the answer of the first


def test_an_answer_is_kept_for_a_while() -> None:
    now, asked = [0.0], [0]

    def ask() -> int:
        asked[0] += 1
        return asked[0]

    kept = Kept(ask, 2.0, lambda: now[0])
    assert (kept(), kept()) == (1, 1)
    now[0] = 2.0
    assert kept() == 2


# ---- who may ask, and how -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "[x]"])
@pytest.mark.parametrize("path", ["/livez", "/metrics", "/nothing"])
def test_a_page_that_was_bound_to_this_address_reads_nothing(site: Site, host: str, path: str) -> None:
    """S15: a Host header that is not ours is refused (DNS rebinding)."""
    assert site.ask(path, host=host)[0] == 403


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8080", "127.0.0.1:9", "[::1]:8080", "192.0.2.7", "okr.example", "okr.example:443"]
)
def test_our_own_names_are_heard(host: str) -> None:
    """S15: names from the configuration, plain addresses and localhost."""
    site = Site(World(), Policy(frozenset({"okr.example"})))
    with site.server:
        assert site.ask("/livez", host=host)[0] == 200


def test_two_hosts_are_none(site: Site) -> None:
    """S15: which of two Host headers counts is a matter of taste; neither does."""
    with socket.create_connection(("127.0.0.1", site.server.port)) as raw:
        raw.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        assert raw.recv(4096).split()[1] in (b"403", b"400")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "FOO"])
@pytest.mark.parametrize("path", ["/livez", "/metrics", "/nothing"])
def test_there_is_nothing_but_reading(site: Site, method: str, path: str) -> None:
    status, _, headers = site.ask(path, method)
    assert status == 405
    assert headers["allow"] == "GET, HEAD, OPTIONS"


def test_head_and_options(site: Site) -> None:
    assert site.ask("/livez", "HEAD")[:2] == (200, "")
    assert site.ask("/livez", "OPTIONS")[0] == 204


def test_every_answer_has_the_headers_of_safety(site: Site, world: World) -> None:
    """S15: also refusals, 404 and 500."""
    world.fresh = None  # type: ignore[assignment]
    answers = [site.ask("/livez"), site.ask("/nothing"), site.ask("/livez", "POST"), site.ask("/livez", host="evil.example"),
               site.ask("/healthz/sync")]  # fmt: skip
    assert [status for status, _, _ in answers] == [200, 404, 405, 403, 500]
    for _, text, headers in answers:
        for name, value in HEADERS:
            assert headers[name.decode()] == value.decode()
        assert "server" not in headers
        assert "Traceback" not in text and "NoneType" not in text
    assert "log knows it by" in answers[-1][1]


def test_metrics_are_for_this_machine_and_allowed_networks() -> None:
    near = Policy().near
    scope: dict[str, Any] = {"headers": [], "client": ("203.0.113.9", 5)}
    assert not near(scope)
    assert Policy(networks=(ip_network("203.0.113.0/24"),)).near(scope)
    assert near(scope | {"client": ("::ffff:127.0.0.1", 5)}) and near(scope | {"client": ("::1", 5)})
    assert not near(scope | {"client": None})


def test_metrics_are_not_given_to_a_proxy_on_this_machine(site: Site) -> None:
    assert site.ask("/metrics", X_Forwarded_For="203.0.113.9")[0] == 403
    assert site.ask("/livez", X_Forwarded_For="203.0.113.9")[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "okr.example"])
def test_it_does_not_listen_where_others_can_reach_it(host: str, world: World) -> None:
    """S15: without `insecure_allow_public` it refuses to start, with exit code 2."""
    with pytest.raises(UsageError) as refused:
        Server(application(world.probes(), Policy()), host, 0)
    assert refused.value.code == 2
    assert "insecure_allow_public" in refused.value.hint


def test_public_is_possible_when_said(world: World) -> None:
    """S15: the option whose name says what it is."""
    with Server(application(world.probes(), Policy()), "0.0.0.0", 0, public=True) as server:
        assert server.port


# ---- the server ---------------------------------------------------------------------------------------------------------------


def test_a_port_in_use_is_a_message(site: Site, world: World) -> None:
    with pytest.raises(AnchorlineError) as refused:
        Server(application(world.probes(), Policy()), "127.0.0.1", site.server.port)
    assert "in use" in str(refused.value) and "--no-web" in refused.value.hint


@pytest.mark.parametrize("busy", ["idle", "keep-alive", "half a request", "waiting for the database"])
def test_it_ends_within_a_second_whatever_is_open(busy: str, world: World) -> None:
    site = Site(world)
    world.wait = threading.Event() if busy == "waiting for the database" else None
    site.server.start()
    raw = socket.create_connection(("127.0.0.1", site.server.port))
    whole = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    if busy != "idle":
        raw.sendall(whole[:20] if busy == "half a request" else whole)
        if busy == "keep-alive":
            raw.recv(4096)
        elif world.wait is not None:
            deadline = time.monotonic() + 10
            while not world.asked and time.monotonic() < deadline:
                time.sleep(0.01)
    began = time.monotonic()
    site.server.stop()
    assert time.monotonic() - began < 1.2
    raw.close()
    if world.wait is not None:
        world.wait.set()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", site.server.port), 1).close()


# ---- metrics ------------------------------------------------------------------------------------------------------------------


def samples(text: str) -> dict[str, float]:
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in text.splitlines() if line[:1] != "#")}


def ended(result: str = "complete", **counts: int) -> RunEnded:
    return RunEnded(NOW, "jira", "nightly", "schedule", RunOutcome(result, 0, counts=counts), 92_000)


def test_counters_move_with_the_daemon(site: Site, world: World) -> None:
    world.metrics(ended(new=3, changed=5, http_2xx=40, http_5xx=2, retry_unavailable=2, waited=7, retry_budget=90))
    world.metrics(ended("failed"))
    world.metrics(Missed(NOW, "jira", (1, 2)))
    world.metrics(ReloadFailed(NOW, "mapping", ("x",)))
    found = samples(site.ask("/metrics")[1])
    assert found['anchorline_sync_runs_total{mode="nightly",result="complete",source="jira"}'] == 1
    assert found['anchorline_sync_runs_total{mode="nightly",result="failed",source="jira"}'] == 1
    assert found['anchorline_sync_duration_seconds_bucket{le="300.0",mode="nightly",source="jira"}'] == 2
    assert found['anchorline_items_changed_total{op="created",source="jira"}'] == 3
    assert found['anchorline_http_requests_total{code_class="5xx",source="jira"}'] == 2
    assert found['anchorline_http_retries_total{reason="unavailable",source="jira"}'] == 2
    assert found['anchorline_rate_limit_wait_seconds_total{source="jira"}'] == 7
    assert found['anchorline_retry_budget_remaining{source="jira"}'] == 90
    assert found['anchorline_schedule_missed_total{source="jira"}'] == 2
    assert found['anchorline_config_reload_failures_total{what="mapping"}'] == 1


def test_gauges_come_from_the_database(site: Site) -> None:
    found = samples(site.ask("/metrics")[1])
    assert found['anchorline_sync_last_success_timestamp_seconds{mode="nightly",source="jira"}'] == NOW / 1000
    assert found['anchorline_items{source="jira",state="live"}'] == 1200
    assert found['anchorline_sync_in_progress{source="jira"}'] == 1
    assert found['anchorline_deletions_held{source="jira"}'] == 41
    assert found['anchorline_kr_progress_ratio{cycle="2026-q4",kr="sso"}'] == 0.55
    assert 'anchorline_kr_progress_ratio{cycle="2026-q4",kr="soc2"}' not in found
    assert found['anchorline_kr_stale{cycle="2026-q4",kr="sso"}'] == 1
    assert found["anchorline_db_size_bytes"] == 84_000_000
    assert found["anchorline_wal_size_bytes"] == 4096
    assert any(name.startswith("anchorline_build_info{") for name in found)


def test_without_a_database_the_counters_are_still_told(world: World) -> None:
    world.figures = None
    site = Site(world)
    with site.server:
        world.metrics(ended())
        status, text, _ = site.ask("/metrics")
    assert status == 200
    assert "anchorline_sync_runs_total{" in text and "anchorline_items{" not in text


def test_postgresql_has_no_wal_of_ours(world: World) -> None:
    world.figures = replace(FIGURES, wal_bytes=None)
    metrics: Callable[[], bytes] = world.probes().metrics
    assert b"anchorline_wal_size_bytes" not in metrics()
