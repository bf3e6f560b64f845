"""``io.map``: in order, bounded, on threads of its own that all partitions share; and what a closed run leaves behind."""

from __future__ import annotations

import contextlib
import gc
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors._shared.io import Cancelled, RunIo
from connectors._shared.limits import Gates
from connectors._shared.pool import Pool
from connectors.base import AuthError, IoSettings, Unavailable
from tests.connectors.raw import drip, raw_server, reply, silence
from tests.connectors.runs import make_io, make_settings
from tests.connectors.test_wire import certificate

URL = "http://127.0.0.1:9"


def real_io(url: str, **limits: Any) -> RunIo:
    """In real time, for what must end at once."""
    return RunIo(make_settings(url), IoSettings(**limits), gates=Gates())


def in_threads(number: int, work: Callable[[int], Any]) -> list[Any]:
    """What ``work`` gives in each of ``number`` threads that run at the same moment; fails if one does not end."""
    found: list[Any] = [None] * number
    barrier = threading.Barrier(number)

    def run(mine: int) -> None:
        barrier.wait(10)
        try:
            found[mine] = work(mine)
        except Exception as error:
            found[mine] = error

    threads = [threading.Thread(target=run, args=(mine,), daemon=True) for mine in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "a thread waits for ever"
    return found


# ---- many at once


@pytest.mark.parametrize("parallel", [1, 2, 8])
def test_thirty_partitions_map_at_once_in_order_and_none_waits_for_ever(parallel: int) -> None:
    io = make_io(URL, parallel=parallel)
    found = in_threads(30, lambda mine: list(io.map(lambda number: (mine, number), range(100))))
    assert found == [[(mine, number) for number in range(100)] for mine in range(30)]


@pytest.mark.parametrize("parallel", [1, 2, 8])
def test_a_mapped_function_may_call_and_map_itself(parallel: int) -> None:
    """All threads of the pool are inside of an outer map; an inner one that waited for a thread would wait for ever."""
    io = make_io(URL, parallel=parallel)

    def outer(number: int) -> list[int]:
        return [io.call(lambda: number), *io.map(inner, range(3))]

    def inner(number: int) -> int:
        return sum(io.map(lambda deep: deep + number, range(2)))

    found = in_threads(10, lambda _: list(io.map(outer, range(20))))
    assert found == [[[number, 1, 3, 5] for number in range(20)]] * 10


def test_no_more_than_the_given_number_of_calls_run_at_once() -> None:
    io = make_io(URL, parallel=3)
    lock, running, most = threading.Lock(), 0, 0

    def work(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002)
        with lock:
            running -= 1

    in_threads(6, lambda _: list(io.map(work, range(10))))
    assert most == 3


def test_the_usual_number_is_eight() -> None:
    assert IoSettings().parallel == 8


def test_a_partition_that_nobody_reads_on_holds_no_thread() -> None:
    """Back pressure of one partition must not stop the others."""
    io = make_io(URL, parallel=2)
    idle = io.map(lambda number: number, range(1000))
    assert next(idle) == 0
    assert list(io.map(lambda number: number, range(100))) == list(range(100))
    assert next(idle) == 1


def test_an_error_cancels_its_own_map_only() -> None:
    io = make_io(URL, parallel=2)
    asked: list[int] = []

    def work(number: int) -> int:
        asked.append(number)
        if number == 3:
            raise AuthError("no")
        return number

    healthy = io.map(lambda number: number, range(50))
    assert next(healthy) == 0
    with pytest.raises(AuthError):
        list(io.map(work, range(1000)))
    assert max(asked) <= 3 + 2 * 2
    assert list(healthy) == list(range(1, 50))


def test_what_a_cancelled_map_waits_for_inside_of_its_calls_ends_with_it() -> None:
    """One thread, in a call inside of a mapped one, an hour from its next try; whoever maps next needs the thread."""
    io = real_io(URL, parallel=1, backoff=10_000.0, backoff_max=10_000.0, attempts=2)
    waiting = threading.Event()

    def down() -> None:
        waiting.set()
        raise Unavailable("down")

    def work(number: int) -> int:
        if number:
            io.call(down)
        return number

    mapped = io.map(work, range(3))
    assert next(mapped) == 0
    assert waiting.wait(10)
    time.sleep(0.02)  # it may still be on its way into the wait; either way it has to come out
    mapped.close()  # type: ignore[attr-defined]
    assert list(io.map(lambda number: number, range(3))) == [0, 1, 2]
    io.close()


def test_threads_end_with_their_pool() -> None:
    pool = Pool(4)
    threads = {pool.submit(threading.current_thread).result(10) for _ in range(20)}
    assert all(thread.daemon for thread in threads)
    gone = weakref.ref(pool)
    del pool
    gc.collect()
    assert gone() is None
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_an_idle_thread_keeps_no_result() -> None:
    """A page is large, and eight threads may be idle for hours."""

    class Large:
        pass

    pool = Pool(1)
    future = pool.submit(Large)
    kept = weakref.ref(future.result(10))
    del future
    pool.submit(lambda: None).result(10)
    gc.collect()
    assert kept() is None
    pool.close()


# ---- the end


def ask(io: RunIo, url: str) -> None:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, io.requests_adapter())
    io.call(session.get, url)


def closed_while(io: RunIo, work: Callable[[], object], ready: Callable[[], bool]) -> tuple[BaseException | None, float]:
    """Run ``work`` in a thread, close ``io`` once ``ready``: what it raised, and how long that took after the close."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until = time.monotonic() + 10
    while not ready() and time.monotonic() < until:
        time.sleep(0.005)
    begun = time.monotonic()
    io.close()
    thread.join(10)
    assert not thread.is_alive()
    return (raised[0] if raised else None), time.monotonic() - begun


HANGS = {
    "silent": silence,
    "drips headers": drip(b"HTTP/1.1 200 OK\r\nX-A: ", b"x", threading.Semaphore(3)),
    "stops in its body": drip(reply(b"", "200 OK", "Content-Length: 99", length=False), b"x", threading.Semaphore(3)),
    "stops, then would close": drip(reply(b"", "200 OK", "Content-Length: 99", "Connection: close", length=False), b"x",
                                    threading.Semaphore(3)),
}  # fmt: skip


@pytest.mark.parametrize("how", HANGS)
@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_closing_ends_a_request_that_hangs_at_once(how: str, encrypted: bool, tmp_path: Path) -> None:
    """F04: whatever it waits for, the reader is out in a moment, not after the read timeout; and it asks no second time."""
    context, pem = certificate(tmp_path, "127.0.0.1") if encrypted else (None, None)
    with raw_server(HANGS[how], context=context) as server:
        io = real_io(server.url, ca_file=pem)
        error, seconds = closed_while(io, lambda: ask(io, server.url), lambda: bool(server.requests))
        assert isinstance(error, Cancelled) and seconds < 1.0
        assert len(server.requests) == 1


@pytest.fixture
def mute() -> Iterator[str]:
    """Takes connections and never says a byte, not even a TLS greeting."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"


def test_closing_ends_a_tls_handshake(mute: str) -> None:
    io = real_io(mute)
    error, seconds = closed_while(io, lambda: ask(io, mute), lambda: bool(list(io._wire._dialler._live)))
    assert isinstance(error, Cancelled) and seconds < 1.0


def test_closing_ends_the_wait_for_a_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """F48: a resolver that is silent cannot be interrupted, only left."""
    asked, never = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> None:
        asked.set()
        never.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "late")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    io = real_io("https://vendor.example.com")
    error, seconds = closed_while(io, lambda: ask(io, "https://vendor.example.com"), asked.is_set)
    never.set()
    assert isinstance(error, Cancelled) and seconds < 1.0


def test_a_silent_name_server_is_left_at_the_attempts_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """F04, F48: a resolver has no timeout that one can set."""
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: never.wait(20))
    io = real_io("https://vendor.example.com", call_deadline=0.2, attempts=1)
    with pytest.raises(Unavailable) as caught:
        ask(io, "https://vendor.example.com")
    never.set()
    assert caught.value.timed_out


def test_closing_ends_a_map_with_requests_under_way_waiting_and_not_begun() -> None:
    with raw_server(silence) as server:
        io = real_io(server.url, parallel=2, backoff=10_000.0, backoff_max=10_000.0)

        def work(number: int) -> None:
            if number == 0:
                raise Unavailable("down")
            ask(io, server.url)

        error, seconds = closed_while(io, lambda: list(io.map(work, range(50))), lambda: bool(server.requests))
        assert isinstance(error, Cancelled) and seconds < 1.0
    names = [thread.name for thread in threading.enumerate() if thread.name.startswith("io_")]
    until = time.monotonic() + 5
    while names and time.monotonic() < until:
        time.sleep(0.01)
        names = [thread.name for thread in threading.enumerate() if thread.name.startswith("io_")]
    assert names == [], "a closed run has a reader left"


def test_after_the_close_nothing_is_sent() -> None:
    with raw_server() as server:
        io = real_io(server.url)
        ask(io, server.url)
        io.close()
        io.close()
        for late in (lambda: ask(io, server.url), lambda: list(io.map(lambda _: ask(io, server.url), range(3)))):
            with pytest.raises(Cancelled):
                late()
        assert len(server.requests) == 1


PROGRAM = """
import signal, sys, threading
import requests
from connectors._shared.io import RunIo
from connectors.base import IoSettings, SourceSettings

io = RunIo(SourceSettings("dev", "jira", sys.argv[1], user="robot"), IoSettings())

def ask(_):
    session = requests.Session()
    session.mount("http://", io.requests_adapter())
    session.get(sys.argv[1])

class Stop(Exception):
    pass

def stop(*_):
    raise Stop

signal.signal(signal.SIGTERM, stop)
reading = threading.Thread(target=lambda: list(io.map(ask, range(20))), daemon=True)
reading.start()
try:
    reading.join()
except Stop:
    if sys.argv[2] == "close":
        io.close()
    sys.exit(7)
"""


@pytest.mark.parametrize("how", ["close", "leave"])
def test_a_process_whose_requests_hang_ends_within_two_seconds_of_sigterm(how: str) -> None:
    """Whether it closes its run or just goes: threads of the pool hold up no end (F04)."""
    with raw_server(silence) as server:
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, server.url, how], stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + 30
        while len(server.requests) < 8 and time.monotonic() < until:
            time.sleep(0.01)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 7, errors
        assert time.monotonic() - begun < 2.0


def test_a_context_for_tls_is_still_strict_with_watched_sockets() -> None:
    """S03: the class that remembers sockets changes nothing of what is verified."""
    from connectors._shared.dial import Dialler
    from connectors._shared.wire import tls_context

    context = Dialler(private=False).context(tls_context(None))
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
