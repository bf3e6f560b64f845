"""Limits are announced and enforced, and who asks too early is counted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from hub.sandbox.answers import Settings
from hub.sandbox.limits import Limiter, endpoint_of
from tests.hub.sandbox.process import Sandbox, sandbox

ME, SEARCH, BULK = "/rest/api/3/myself", "/rest/api/3/search/jql", "/rest/api/3/issue/bulkfetch"


class Time:
    now = 1000.0


def limiter(**settings: object) -> tuple[Limiter, Time]:
    time = Time()
    return Limiter(Settings(**settings), lambda: time.now), time  # type: ignore[arg-type]


def test_a_429_says_how_long_to_wait_and_why(sb: Sandbox) -> None:
    """F01: the sandbox announces a burst limit as Atlassian describes it."""
    sb.switch(limit=1, limit_wait=30)
    first = sb.http.get(ME)
    assert (first.status_code, first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == (200, "1", "0")
    refused = sb.http.get(ME)
    for _ in range(3):  # a second may just have ended
        refused = refused if refused.status_code == 429 else sb.http.get(ME)
    assert refused.status_code == 429
    assert (refused.headers["retry-after"], refused.headers["ratelimit-reason"]) == ("30", "jira-burst-based")
    assert (refused.headers["x-ratelimit-remaining"], refused.headers["x-ratelimit-reset"]) == ("0", "2026-11-22T12:01Z")
    assert sb.violations()["violations"] == 0 and sb.violations()["waits"] == 1


def test_another_endpoint_and_another_method_have_limits_of_their_own() -> None:
    limits, _ = limiter(limit=1)
    assert limits.admit("GET", SEARCH, "a") == 0 == limits.admit("GET", ME, "a") == limits.admit("POST", SEARCH, "a")
    assert limits.admit("GET", SEARCH, "b") == 1


def test_ids_and_keys_make_no_endpoint_of_their_own() -> None:
    assert endpoint_of("GET", "/rest/agile/1.0/board/12/sprint") == endpoint_of("GET", "/rest/agile/1.0/board/7/sprint")
    assert endpoint_of("GET", "/rest/api/3/issue/CORE-1") == endpoint_of("GET", "/rest/api/3/issue/100001")
    assert endpoint_of("GET", "/rest/api/3/project/CORE") != endpoint_of("GET", "/rest/api/3/project/search")
    assert endpoint_of("GET", "/rest/api/3/issue/bulkfetch") != endpoint_of("GET", "/rest/api/3/issue/CORE-1")


def test_whoever_asks_again_too_early_waits_the_whole_time_anew() -> None:
    limits, time = limiter(limit=1, limit_wait=10)
    limits.admit("GET", ME, "x")
    assert limits.admit("GET", ME, "y") == 10
    time.now += 9.5
    assert limits.admit("GET", ME, "y") == 10, "half a second too early"
    time.now += 9.5
    assert limits.admit("GET", ME, "z") == 10, "another request that ought to know"
    time.now += 10
    assert limits.admit("GET", ME, "y") == 0
    assert limits.shown()["violations"] == 2 and limits.shown()["list"][0]["early"] == 0.5


def test_a_request_that_was_under_way_is_refused_and_no_violation_but_a_repeated_one_is() -> None:
    limits, time = limiter(limit=1, limit_wait=10)
    limits.admit("GET", ME, "x")
    limits.admit("GET", ME, "y")
    time.now += 0.25
    assert limits.admit("GET", ME, "z") == 10 and limits.shown()["violations"] == 0 and limits.shown()["in_flight"] == 1
    assert limits.admit("GET", ME, "z") == 10 and limits.shown()["violations"] == 1, "its sender knows"


def test_a_wait_that_a_fault_announces_counts_and_is_enforced_where_asked(sb: Sandbox) -> None:
    for strict, status in ((False, 200), (True, 429)):
        sb.switch(strict=strict)
        sb.fault("status", path=SEARCH, status=503, headers={"Retry-After": "60"})
        jql = {"jql": "project = CORE"}
        assert sb.http.get(SEARCH, params=jql).status_code == 503
        assert sb.http.get(SEARCH, params=jql).status_code == status
        assert sb.violations()["violations"] == 1
        sb.waited(61)
        assert sb.http.get(SEARCH, params=jql).status_code == 200
        sb.control("DELETE", "violations")


def test_a_limit_from_the_command_line_holds_for_many_threads() -> None:
    with sandbox(issues=20, limit=5, limit_wait=2) as sb, ThreadPoolExecutor(8) as pool:

        def ask(_: int) -> int:
            return httpx.get(sb.url + ME, auth=sb.http.auth, trust_env=False).status_code

        seen = list(pool.map(ask, range(40)))
        assert {200, 429} == set(seen) and seen.count(200) <= 10, "at most two seconds' worth"
        assert sb.violations()["waits"] == 1
        sb.waited(3)
        assert ask(0) == 200
        assert sb.violations()["requests"] == 41


@pytest.mark.parametrize("wait", [None, "", "soon", "Sun, 22 Nov 2026 12:00:00 GMT"])
def test_a_wait_without_a_number_is_none(wait: str | None) -> None:
    limits, _ = limiter()
    limits.announced("GET", ME, "x", wait)
    assert limits.admit("GET", ME, "x") == 0 and limits.shown()["waits"] == 0
