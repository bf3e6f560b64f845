"""Limits, retry, budget, deadline and the map of ``RunIo``, in virtual time."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors._shared.io import Cancelled, RunIo
from connectors._shared.limits import Gates
from connectors._shared.retry import retry_after
from connectors._shared.status import error_for
from connectors.base import (
    AccessLost,
    AuthError,
    BadData,
    EndpointGone,
    Io,
    IoSettings,
    Misconfigured,
    QuotaExhausted,
    RateLimited,
    SourceError,
    Unavailable,
)
from tests.connectors.runs import Clock, make_io, make_settings

URL = "http://127.0.0.1:9"


class Vendor:
    """Raises the given errors one after the other, then answers; counts how often it was asked."""

    def __init__(self, *errors: SourceError) -> None:
        self.errors = list(errors)
        self.asked = 0

    def __call__(self, *_: Any) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "ok"


def test_run_io_is_the_contracts_io() -> None:
    assert isinstance(make_io(URL), Io)


# ---- Retry-After

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0), ("1.5", 1.5), (" 120 ", 120.0), ("0", 1.0), ("-5", 1.0), ("0.2", 1.0),
        ("Sun, 22 Nov 2026 12:01:00 GMT", 60.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 1.0), ("Sun, 22 Nov 2026 12:01:00 -0000", 60.0),
        ("soon", None), ("", None), ("nan", None), ("inf", None), ("Sun, 99 Nov 2026", None), (None, None),
    ],
)  # fmt: skip
def test_retry_after_as_int_float_and_date_with_a_floor_of_one_second(header: str | None, seconds: float | None) -> None:
    """F01: 0 and what has passed count as a second; garbage is no wait at all (F02)."""
    assert retry_after(header, NOW) == seconds


def test_a_date_is_measured_by_the_vendors_clock_and_not_by_ours() -> None:
    """F01: a clock that is off by an hour would make the wait an hour shorter."""
    headers = {"Date": "Sun, 22 Nov 2026 12:00:00 GMT", "Retry-After": "Sun, 22 Nov 2026 12:00:30 GMT"}
    error = error_for(429, headers, vendor="X")
    assert isinstance(error, RateLimited) and error.retry_after == 30.0


@pytest.mark.parametrize("minimum", [7.0, 120.0, 3599.0])
def test_the_vendors_wait_is_a_minimum_and_no_ceiling_cuts_it(minimum: float) -> None:
    """F01: 7, 120 and 3599 seconds, with a ceiling of 60 for our own pauses."""
    clock = Clock()
    vendor = Vendor(RateLimited("slow down", retry_after=minimum))
    assert make_io(URL, clock, backoff_max=60.0).call(vendor) == "ok"
    assert sum(clock.slept) >= minimum


def test_a_wait_beyond_the_end_of_the_run_fails_at_once_without_another_request() -> None:
    """F01: 3600 seconds in a run that has 600."""
    clock = Clock()
    vendor = Vendor(RateLimited("slow down", retry_after=3600.0))
    with pytest.raises(RateLimited):
        make_io(URL, clock, run_deadline=600.0).call(vendor)
    assert (vendor.asked, clock.slept) == (1, [])


def test_all_that_use_the_account_wait_but_no_other_account_or_bucket() -> None:
    """F01: the wait belongs to the account and the endpoint group."""
    clock, gates = Clock(), Gates()
    first = make_io(URL, clock, gates=gates, run_deadline=10.0)
    with pytest.raises(RateLimited):
        first.call(Vendor(RateLimited("slow down", retry_after=30.0)), bucket="search")

    other = make_io(URL, clock, gates=gates, settings=make_settings(URL, user="other@example.com"))
    other.call(Vendor(), bucket="search")
    same = make_io(URL, clock, gates=gates, settings=make_settings(URL, name="second source"))
    same.call(Vendor(), bucket="issue")
    assert clock.slept == []
    same.call(Vendor(), bucket="search")
    assert sum(clock.slept) >= 30.0


def test_a_call_that_would_have_to_wait_beyond_the_run_is_not_begun() -> None:
    """F01: nor by another run on the same account."""
    clock, gates = Clock(), Gates()
    for _ in range(2):
        vendor = Vendor(RateLimited("slow down", retry_after=30.0))
        with pytest.raises((RateLimited, QuotaExhausted)):
            make_io(URL, clock, gates=gates, run_deadline=10.0).call(vendor)
    assert vendor.asked == 0


# ---- backoff, attempts, budget


def test_without_a_wait_from_the_vendor_the_pauses_double_up_to_the_ceiling() -> None:
    """F02: bare 429s, the jitter fixed at its end."""
    clock = Clock()
    make_io(URL, clock, attempts=9, backoff_max=60.0).call(Vendor(*[RateLimited("slow down")] * 8))
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_jitter_is_full() -> None:
    """F02: from nothing to the whole pause."""
    clock = Clock()
    make_io(URL, clock, jitter=0.25).call(Vendor(Unavailable("down"), Unavailable("down")))
    assert clock.slept == [0.25, 0.5]


@pytest.mark.parametrize("kind", [AuthError, AccessLost, EndpointGone, Misconfigured, QuotaExhausted])
def test_a_permanent_error_is_not_tried_again(kind: type[SourceError]) -> None:
    """F08, F09, F47, F48: asking again changes nothing."""
    vendor = Vendor(kind("no"))
    with pytest.raises(kind):
        make_io(URL).call(vendor)
    assert vendor.asked == 1


@pytest.mark.parametrize(("error", "asked"), [(Unavailable("down"), 8), (RateLimited("slow"), 8), (BadData("odd"), 3)])
def test_the_number_of_tries_is_bounded(error: SourceError, asked: int) -> None:
    """F02, F03, F07: a fault that stays ends the call."""
    vendor = Vendor(*[error] * 99)
    with pytest.raises(type(error)):
        make_io(URL).call(vendor)
    assert vendor.asked == asked


def test_a_fault_of_ours_is_never_retried() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make_io(URL).call(broken)


def test_a_dead_vendor_is_left_alone_when_the_budget_is_spent() -> None:
    """F03: every answer is a 503."""
    io, asked = make_io(URL, retry_floor=100), 0
    for _ in range(50):
        vendor = Vendor(*[Unavailable("down")] * 99)
        with pytest.raises(Unavailable):
            io.call(vendor)
        asked += vendor.asked
    assert asked == 50 + 100 // 5


def test_a_retry_after_a_timeout_costs_twice() -> None:
    """F04: for it held a connection and a minute as well."""
    io = make_io(URL, retry_floor=20, attempts=99)
    vendor = Vendor(*[Unavailable("slow", timed_out=True)] * 99)
    with pytest.raises(Unavailable):
        io.call(vendor)
    assert vendor.asked == 1 + 20 // 10


def test_a_run_of_400_pages_with_a_fault_in_every_fifth_request_completes() -> None:
    faults = random.Random(7)
    io = make_io(URL)

    def page(number: int) -> int:
        if faults.random() < 0.2:
            raise Unavailable("down")
        return number

    assert [io.call(page, number) for number in range(400)] == list(range(400))


def test_the_run_has_an_end() -> None:
    """F04: a deadline for the whole run."""
    clock = Clock()
    io = make_io(URL, clock, run_deadline=100.0)
    clock.now += 100.0
    vendor = Vendor()
    with pytest.raises(QuotaExhausted):
        io.call(vendor)
    assert vendor.asked == 0


def test_a_rate_spaces_requests_per_bucket() -> None:
    clock = Clock()
    io = make_io(URL, clock, rate=2.0)
    for _ in range(3):
        io.call(Vendor(), bucket="a")
    io.call(Vendor(), bucket="b")
    assert clock.slept == [0.5, 0.5]


def test_the_counters_tell_retries_and_waits() -> None:
    io = make_io(URL)
    io.call(Vendor(RateLimited("slow", retry_after=4.0)))
    io.call(Vendor(BadData("odd"), Unavailable("down"), Unavailable("slow", timed_out=True)))
    found = io.counters()
    assert {key: found[key] for key in ("requests", "retries", "bytes")} == {"requests": 0, "retries": 4, "bytes": 0}
    assert {key: value for key, value in found.items() if key.startswith("retry_") and key != "retry_budget"} == {
        "retry_rate_limited": 1, "retry_bad_data": 1, "retry_unavailable": 1, "retry_timeout": 1,
    }  # fmt: skip
    assert found["waited"] == 4 + 1 + 1 + 2 + 4, "the vendor's four seconds and its jitter, then the backoff of the second call"
    assert found["retry_budget"] == 100 - 5 - 5 - 5 - 10


# ---- map


def test_map_keeps_the_order_and_uses_threads_of_its_own() -> None:
    threads = set()

    def double(number: int) -> int:
        threads.add(threading.current_thread().name)
        return number * 2

    assert list(make_io(URL).map(double, range(50))) == [number * 2 for number in range(50)]
    assert all(name.startswith("io") for name in threads)


def test_map_runs_a_bounded_window_ahead() -> None:
    taken = []

    def things() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    mapped = make_io(URL, parallel=2).map(lambda number: number, things())
    assert [next(mapped) for _ in range(3)] == [0, 1, 2]
    assert len(taken) <= 3 + 2 * 2


def test_the_first_error_of_map_ends_it_and_what_follows_is_not_begun() -> None:
    asked = []

    def read(number: int) -> int:
        asked.append(number)
        if number == 3:
            raise AuthError("no")
        return number

    with pytest.raises(AuthError):
        list(make_io(URL, parallel=1).map(read, range(1000)))
    assert max(asked) < 3 + 3


def test_a_map_that_nobody_reads_on_begins_nothing_more() -> None:
    io = make_io(URL, parallel=1)
    begun, go = [], threading.Event()

    def read(number: int) -> int:
        begun.append(number)
        if number:
            go.wait(10)
        return number

    mapped = io.map(read, range(1000))
    assert next(mapped) == 0
    mapped.close()  # type: ignore[attr-defined]
    go.set()
    io.close()
    assert len(begun) <= 2


def test_close_ends_a_long_wait_and_refuses_what_comes_after() -> None:
    io = RunIo(make_settings(URL), IoSettings(), gates=Gates())
    asked, ended = threading.Event(), []

    def read() -> None:
        asked.set()
        raise RateLimited("slow", retry_after=3600.0)

    def run(call: Callable[[], object]) -> None:
        try:
            call()
        except Cancelled:
            ended.append(True)

    thread = threading.Thread(target=run, args=(lambda: io.call(read),))
    thread.start()
    asked.wait(10)
    io.close()
    thread.join(10)
    run(lambda: io.call(Vendor()))
    assert ended == [True, True]
