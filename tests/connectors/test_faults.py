"""What vendors do to everybody, over real HTTP: each fault with what a run makes of it. Time is virtual."""

from __future__ import annotations

import gzip
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests

from connectors._shared import decode
from connectors._shared.io import RunIo
from connectors._shared.limits import Gates
from connectors._shared.retry import FIRST_TRY_PAYS, RETRY_COST
from connectors._shared.status import error_for
from connectors.base import BadData, EndpointGone, Misconfigured, QuotaExhausted, RateLimited, SourceError, Unavailable
from tests.connectors.raw import raw_server, reply, silence, then_close, then_reset
from tests.connectors.runs import Clock, make_io, make_settings

PAGE = reply(b'{"items": [1, 2]}')
DOWN = reply(b"<html>down", "503 Service Unavailable")


def slow_down(*headers: str) -> bytes:
    return reply(b"<html><h1>Too many", "429 Too Many Requests", "Date: Sun, 22 Nov 2026 12:00:00 GMT", *headers)


def reader(io: RunIo, url: str, bucket: str = "default") -> Callable[[str], list[Any]]:
    """Reads pages as a connector does: a session of its own per thread, status and shape checked."""
    local = threading.local()

    def once(path: str) -> list[Any]:
        if not hasattr(local, "session"):
            local.session = requests.Session()
            local.session.mount("http://", io.requests_adapter())
        response = local.session.get(url + path)
        if response.status_code >= 400:
            raise error_for(response.status_code, response.headers, vendor="The vendor")
        found: list[Any] = decode.obj(response.content, response.headers.get("Content-Type"), "items")["items"]
        return found

    return lambda path: io.call(once, path, bucket=bucket)


# ---- asked to wait


@pytest.mark.parametrize(
    ("header", "least"),
    [
        ("Retry-After: 7", 7.0), ("Retry-After: 0", 1.0), ("Retry-After: 2.5", 2.5), ("Retry-After: 3599", 3599.0),
        ("Retry-After: Sun, 22 Nov 2026 12:01:30 GMT", 90.0), ("Retry-After: Sun, 22 Nov 2026 11:00:00 GMT", 1.0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_the_wait_is_at_least_what_the_vendor_says(header: str, least: float, jitter: float) -> None:
    """F01: seconds as integer or float, a date, nothing, the past; with and without jitter on top."""
    clock = Clock()
    with raw_server(slow_down(header), PAGE) as server:
        assert reader(make_io(server.url, clock, jitter=jitter), server.url)("/x") == [1, 2]
    assert least <= sum(clock.slept) <= least + 1.0


def test_a_wait_that_is_garbage_is_a_429_without_one() -> None:
    """F01, F02: then our own pauses apply."""
    clock = Clock()
    with raw_server(slow_down("Retry-After: soon"), PAGE) as server:
        reader(make_io(server.url, clock, jitter=0.5), server.url)("/x")
    assert clock.slept == [0.5]


def test_an_hour_in_a_run_of_ten_minutes_ends_it_without_another_request() -> None:
    """F01: the wait is neither cut short nor begun, for this call and for every other on the account."""
    clock = Clock()
    with raw_server(slow_down("Retry-After: 3600")) as server:
        read = reader(make_io(server.url, clock, run_deadline=600.0), server.url)
        with pytest.raises(RateLimited):
            read("/x")
        with pytest.raises(QuotaExhausted):
            read("/y")
        assert (len(server.requests), clock.slept) == (1, [])


def test_whoever_asks_as_that_account_waits_too() -> None:
    """F01: concurrent threads of two sources; none asks before the minute is over."""
    clock, gates, told = Clock(), Gates(), threading.Event()
    asked_at: list[float] = []
    lock = threading.Lock()

    def route(_: bytes) -> bytes:
        with lock:
            asked_at.append(clock.now)
            first = len(asked_at) == 1
        return slow_down("Retry-After: 60") if first else PAGE

    with raw_server(route=route) as server:
        one = make_io(server.url, clock, gates=gates)
        other = make_io(server.url, clock, gates=gates, settings=make_settings(server.url, name="second"))

        def begin() -> None:
            with pytest.raises(RateLimited):
                reader(make_io(server.url, clock, gates=gates, attempts=1), server.url)("/first")
            told.set()

        def follow(read: Callable[[str], list[Any]]) -> None:
            told.wait(10)
            read("/x")

        threads = [threading.Thread(target=begin)]
        threads += [threading.Thread(target=follow, args=(reader(io, server.url),)) for io in (one, other, one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert len(asked_at) == 5
    assert min(asked_at[1:]) >= asked_at[0] + 60.0


def test_those_who_waited_do_not_all_ask_again_in_the_same_moment() -> None:
    """F01: jitter on top, for each of them."""
    clock, gates = Clock(), Gates()
    with pytest.raises(RateLimited):
        make_io("http://127.0.0.1:9", clock, gates=gates, attempts=1, jitter=0.0).call(_slowed_down)
    ends = []
    for jitter in (0.1, 0.9):
        mine = Clock()
        make_io("http://127.0.0.1:9", mine, gates=gates, jitter=jitter, backoff=2.0).call(int)
        ends.append(mine.now)
    assert ends == [pytest.approx(1060.2), pytest.approx(1061.8)]


def _slowed_down() -> None:
    raise RateLimited("slow down", retry_after=60.0)


def test_five_bare_429s_are_survived_and_their_html_is_never_read() -> None:
    """F02: the pauses grow, the attempts stay within the budget."""
    clock = Clock()
    with raw_server(*[slow_down()] * 5, PAGE) as server:
        io = make_io(server.url, clock)
        assert reader(io, server.url)("/x") == [1, 2]
        assert len(server.requests) == 6
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 16.0]
    found = io.counters()
    assert (found["http_4xx"], found["http_2xx"], found["retry_rate_limited"]) == (5, 1, 5)
    assert found["retry_budget"] == 100 - 5 * RETRY_COST


# ---- out of order


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_a_burst_of_503_costs_a_bounded_number_of_requests_and_no_other_source(share: float) -> None:
    """F03: 30 % and all of the answers; another source on the same account completes."""
    faults = random.Random(3)
    with raw_server(route=lambda _: DOWN if faults.random() < share else PAGE) as server, raw_server(PAGE) as fine:
        io, calls, completed = make_io(server.url), 300, 0
        read = reader(io, server.url)
        for number in range(calls):
            try:
                read(f"/{number}")
                completed += 1
            except Unavailable:
                pass
        earned = FIRST_TRY_PAYS * io.counters()["http_2xx"]
        assert len(server.requests) <= calls + (100 + earned) // RETRY_COST
        assert (completed == calls) if share < 1 else (completed == 0 and len(server.requests) == calls + 20)
        other = reader(make_io(fine.url), fine.url)
        assert [other(f"/{number}") for number in range(20)] == [[1, 2]] * 20


def test_a_call_that_times_out_is_asked_again() -> None:
    """F04: the read timeout of an attempt; the next one is on a new connection."""
    with raw_server(silence, PAGE) as server:
        io = make_io(server.url, read_timeout=0.05)
        assert reader(io, server.url)("/x") == [1, 2]
    assert io.counters()["retry_timeout"] == 1


def test_a_torn_body_is_read_again_from_its_beginning() -> None:
    """F05: RST after the first bytes."""
    with raw_server(then_reset(PAGE[:-6]), PAGE) as server:
        assert reader(make_io(server.url), server.url)("/x") == [1, 2]
        assert len(server.requests) == 2


NO_LENGTH = reply(b'{"items": [2,2', length=False)


def test_a_body_that_ends_with_the_connection_is_refused() -> None:
    """F06: a cut one looks whole, so that "2,2" of "2,20" would be taken for data."""
    with raw_server(then_close(NO_LENGTH)) as server:
        with pytest.raises(Unavailable, match="length"):
            reader(make_io(server.url, attempts=2), server.url)("/x")
        assert len(server.requests) == 2


LIES = {
    "login page": reply(b"<html>Log in</html>").replace(b"application/json", b"text/html"),
    "html that calls itself JSON": reply(b"<html>Log in</html>"),
    "GraphQL errors": reply(b'{"errors": [{"message": "no"}], "items": []}'),
    "another object": reply(b'{"message": "ok"}'),
    "a list": reply(b"[]"),
    "nothing": reply(b""),
    "blanks": reply(b"  \r\n"),
    "null": reply(b"null"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_200_that_is_no_page_is_asked_again_and_never_zero_items(lie: str) -> None:
    """F07: survived if it passes, an error if it stays."""
    with raw_server(LIES[lie], PAGE) as server:
        assert reader(make_io(server.url), server.url)("/x") == [1, 2]
    with raw_server(LIES[lie]) as server:
        with pytest.raises(BadData):
            reader(make_io(server.url), server.url)("/x")
        assert len(server.requests) == 3


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
def test_a_retired_endpoint_is_an_error_at_once_and_never_empty(status: str) -> None:
    """F47: with what to do next."""
    clock = Clock()
    with raw_server(reply(b'{"items": []}', status)) as server:
        with pytest.raises(EndpointGone) as caught:
            reader(make_io(server.url, clock), server.url)("/x")
        assert (len(server.requests), clock.slept) == (1, [])
    assert caught.value.hint


# ---- too much


def test_fifty_megabytes_of_gzip_are_stopped_before_they_are_in_memory() -> None:
    """F22: 48 kilobytes that another client turns into 50 megabytes without a word."""
    bomb = gzip.compress(b'{"items": ["' + b"0" * 50_000_000 + b'"]}')
    with raw_server(reply(bomb, "200 OK", "Content-Encoding: gzip")) as server:
        io = make_io(server.url, max_body=2**20)
        with pytest.raises(Misconfigured, match="larger than 1048576"):
            reader(io, server.url)("/x")
    assert io.counters()["bytes"] <= 2**20 + 2**16


def test_a_run_has_an_end_in_bytes_too() -> None:
    """F22: a vendor that answers for ever; what was read until then stays read, and nothing is tried again."""
    with raw_server(reply(b'{"items": ["' + b"0" * 985 + b'"]}')) as server:
        io = make_io(server.url, max_run_bytes=10_000)
        read = reader(io, server.url)
        for number in range(10):
            assert read(f"/{number}")
        with pytest.raises(QuotaExhausted):
            read("/more")
        assert len(server.requests) == 10
    assert io.counters()["bytes"] == 10_000


def test_an_answer_that_would_go_beyond_the_run_is_left_in_its_middle() -> None:
    """F22: one large answer cannot pass the limit either."""
    with raw_server(reply(b'{"items": ["' + b"0" * 1_000_000 + b'"]}')) as server:
        io = make_io(server.url, max_run_bytes=200_000)
        with pytest.raises(QuotaExhausted, match="200000 bytes"):
            reader(io, server.url)("/x")
        assert io.counters()["bytes"] <= 200_000 + 2**16


def test_answers_are_counted_by_class() -> None:
    """For metrics: every answer is in one class, whatever became of it."""
    answers = (PAGE, DOWN, reply(b"{}", "404 Not Found"), reply(b"", "302 Found", "Location: /y"), PAGE)
    with raw_server(*answers) as server:
        io = make_io(server.url)
        read = reader(io, server.url)
        for path in ("/a", "/b", "/c", "/d"):
            try:
                read(path)
            except SourceError:
                continue
        found = io.counters()
    assert {key: found[key] for key in ("http_2xx", "http_3xx", "http_4xx", "http_5xx", "requests", "retries")} == {
        "http_2xx": 2, "http_3xx": 1, "http_4xx": 1, "http_5xx": 1, "requests": 5, "retries": 1,
    }  # fmt: skip
