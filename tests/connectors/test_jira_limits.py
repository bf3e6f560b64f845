"""A site that limits bursts: the connector waits as it is told, whatever its threads do, and never asks too early."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.base import Partition, RateLimited, checked
from connectors.jira.connector import JiraCloud
from tests.connectors.jira_site import SEARCH, jira, sandbox_settings
from tests.connectors.runs import Clock, make_io
from tests.hub.sandbox.process import Sandbox

THREADS = 4


class TellingClock(Clock):
    """Real time plus what was slept; the sandbox is told of every sleep, so that its waits end when ours do."""

    def __init__(self, sb: Sandbox) -> None:
        super().__init__()
        self._sb, self._passed = sb, 0.0

    def monotonic(self) -> float:
        with self._lock:
            return time.monotonic() + self._passed

    def sleep(self, seconds: float) -> None:
        self._sb.waited(seconds)  # first: ours must never be ahead of the sandbox's
        with self._lock:
            self._passed += seconds
            self.slept.append(seconds)


def whole_run(connector: JiraCloud, threads: int = THREADS) -> dict[str, set[str]]:
    """Everything that a nightly run asks for, partitions side by side: ids by partition, by full pass and census."""

    def read(partition: Partition) -> tuple[str, set[str]]:
        found = {item.id for page in checked(connector.changes(partition, None, None)) for item in page.items}
        assert {seen.id for seen in connector.census(partition)} == found
        return partition.id, found

    connector.check()
    list(connector.dimensions())
    live = [partition for partition in connector.partitions() if partition.state == "live"]
    with ThreadPoolExecutor(threads) as pool:
        return dict(pool.map(read, live))


@pytest.fixture
def truth(sb: Sandbox) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for ident, row in sb.truths().items():
        if row["seen"]:
            found.setdefault(row["project_id"], set()).add(ident)
    return found


@pytest.fixture(params=[3, 8])
def limited(request: pytest.FixtureRequest, sb: Sandbox) -> Iterator[Sandbox]:
    sb.switch(limit=request.param, limit_wait=2)
    yield sb
    sb.switch(limit=0)


def test_a_run_against_a_limiting_site_completes_without_one_violation(limited: Sandbox, truth: dict[str, set[str]]) -> None:
    """F01: partitions in several threads, each with details in more threads, one account: all wait when one is told to."""
    clock = TellingClock(limited)
    with jira(limited, clock, attempts=12) as connector:
        assert whole_run(connector) == truth
    told = limited.violations()
    assert told["waits"] >= 3 and told["violations"] == 0, told
    assert sum(clock.slept) >= 2 * told["waits"] / THREADS


def test_the_sandbox_would_notice_a_client_that_does_not_wait(sb: Sandbox) -> None:
    """F01: the measure of the test above: waits that are cut short are violations, and prolong the wait."""

    class Hasty(TellingClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds / 2)
            with self._lock:
                self._passed += seconds / 2  # and believes that it waited

    sb.switch(limit=3, limit_wait=2)
    with contextlib.suppress(RateLimited), jira(sb, Hasty(sb), attempts=6) as connector:
        connector.check()
        list(connector.dimensions())
    assert sb.violations()["violations"] > 0


def test_in_real_time_a_run_keeps_the_limits_too(sb: Sandbox, truth: dict[str, set[str]]) -> None:
    """F01: no virtual clock anywhere, one second per wait."""
    sb.switch(limit=25)
    settings = sandbox_settings(sb)
    with JiraCloud(settings, make_io(sb.url, RealClock(), settings=settings, attempts=12, backoff=0.2)) as connector:
        assert whole_run(connector) == truth
    assert sb.violations()["violations"] == 0


class RealClock(Clock):
    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@pytest.mark.parametrize("seed", range(5))
def test_with_one_request_in_ten_failing_at_random_the_same_is_read(sb: Sandbox, truth: dict[str, set[str]], seed: int) -> None:
    """F02, F03, F05, F06, F07: 503, 429, resets, cut bodies, login pages and delays; no wait is cut short, nothing is missing."""
    sb.switch(strict=True, page_limit=4)
    sb.fault("random", path="/rest/", probability=0.1, seed=seed)
    with jira(sb, TellingClock(sb), attempts=6) as connector:
        assert whole_run(connector) == truth
    (rule,) = sb.faults()
    assert rule["fired"] >= 3 and sb.violations()["violations"] == 0


def test_a_wait_of_one_endpoint_holds_up_no_other(sb: Sandbox) -> None:
    """F01: a burst limit is of one endpoint and method; lists go on while the search waits."""
    sb.fault("status", status=429, headers={"Retry-After": "600"}, path=SEARCH, times=0)
    clock = TellingClock(sb)
    with jira(sb, clock, attempts=1) as connector:
        (core,) = [partition for partition in connector.partitions() if partition.key == "CORE"]
        with pytest.raises(Exception, match="slow down"):
            list(connector.census(core))
        slept = len(clock.slept)
        assert list(connector.dimensions()) and len(clock.slept) == slept
