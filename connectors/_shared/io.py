"""``RunIo``: the code behind ``connectors.base.Io``. One per run; every request of the run is a try of one of its calls.

call -> gate (vendor account, bucket) -> attempt (deadline) -> retry (tenacity, budget) -> result or SourceError
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import tenacity

from connectors._shared import pool, retry
from connectors._shared.dial import Cancelled
from connectors._shared.guards import Guard, NoSite
from connectors._shared.limits import Gate, Gates, account_key
from connectors._shared.login import Expired
from connectors._shared.wire import Wire
from connectors.base import IoSettings, QuotaExhausted, RateLimited, SourceError, SourceSettings

__all__ = ["Cancelled", "RunIo"]

T = TypeVar("T")
R = TypeVar("R")

log = logging.getLogger(__name__)

RENEWALS = 2
"""How often one call may have its login renewed: the first time perhaps only by what another run left in the file."""
_GATES = Gates()
"""Shared by the sources of a process: a vendor counts an account's requests, not ours per source."""


def _announce(state: tenacity.RetryCallState) -> None:
    """A pause is no silence: whoever watches the run reads ``waiting`` (seconds) off the record."""
    log.info("%s", _error(state), extra={"waiting": state.upcoming_sleep, "attempt": state.attempt_number})


class _Here(threading.local):
    """What ends the call that runs in this thread: calls made inside of it end with it."""

    stop: threading.Event | None = None


class RunIo:
    """Clock, sleep and randomness are injectable, so that no test waits. ``sleep`` None means an interruptible one."""

    def __init__(
        self,
        settings: SourceSettings,
        limits: IoSettings,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        rand: Callable[[], float] = random.random,
        gates: Gates = _GATES,
        site: bool = True,
    ) -> None:
        """``site``: the source's url is one; else nothing leaves over HTTP, and the connector has a driver of its own."""
        self._limits = limits
        self._monotonic, self._sleep, self._rand = monotonic, sleep, rand
        guard = Guard(settings.url, private=limits.allow_private_networks) if site else NoSite(settings.url)
        self._wire = Wire(guard, limits, monotonic)
        self._tally = self._wire.tally
        self._account = account_key(self._wire.guard.origin, settings)
        self._gates = gates
        self._budget = retry.RetryBudget(limits.retry_floor)
        self._ends = monotonic() + limits.run_deadline
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._stops: set[threading.Event] = set()
        self._here = _Here()
        self._pool: pool.Pool | None = None
        self._settings, self._beside = settings, dict[str, RunIo]()

    # ---- calls

    def call(self, fn: Callable[..., R], /, *args: Any, bucket: str = "default", **kwargs: Any) -> R:
        """Run ``fn`` as one retried request. Raises ``SourceError``; ``QuotaExhausted`` when the run's time is up.

        ``fn`` runs again after retryable errors, and once more after a login that it found expired was renewed
        (``connectors/_shared/login.py``); so it must build its request anew each time.
        """
        return self._run(partial(fn, *args, **kwargs), bucket, self._here.stop or self._closing)

    def map(self, fn: Callable[[T], R], things: Iterable[T], /, *, bucket: str = "default") -> Iterator[R]:
        """``call(fn, thing)`` for each, in order, at most two per thread ahead. The first error cancels the rest.

        All maps of the run share its ``parallel`` threads, so any number of partitions may map at once. A map inside of a mapped
        function runs in the thread that it is in, one after the other: it never waits for a thread that waits for it.
        """
        if pool.inside():
            return (self.call(fn, thing, bucket=bucket) for thing in things)
        return self._mapped(fn, things, bucket)

    def _mapped(self, fn: Callable[[T], R], things: Iterable[T], bucket: str) -> Iterator[R]:
        stop = threading.Event()
        window: deque[Future[R]] = deque()
        threads = self._threads()
        with self._lock:
            self._stops.add(stop)
        try:
            for thing in things:
                window.append(threads.submit(partial(self._run, partial(fn, thing), bucket, stop)))
                if len(window) >= 2 * self._limits.parallel:
                    yield window.popleft().result()
            while window:
                yield window.popleft().result()
        except CancelledError:
            raise Cancelled("the run was stopped") from None
        finally:
            stop.set()
            with self._lock:
                self._stops.discard(stop)
            for future in window:
                future.cancel()

    def _run(self, fn: Callable[[], R], bucket: str, stop: threading.Event) -> R:
        for _ in range(RENEWALS):
            try:
                return self._tried(fn, bucket, stop)
            except Expired as expired:
                renew = expired.renew
            self._stopped(stop)
            renew()
        return self._tried(fn, bucket, stop)

    def _tried(self, fn: Callable[[], R], bucket: str, stop: threading.Event) -> R:
        gate = self._gates.of(self._account, bucket, self._limits.gates_folder)
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, SourceError) and error.retryable),
            wait=self._pause,
            stop=lambda state: self._give_up(state, gate),
            sleep=lambda seconds: self._rest(seconds, stop),
            before_sleep=_announce,
            reraise=True,
        )
        result: R = tries(self._attempt, fn, gate, stop)
        if tries.statistics["attempt_number"] == 1:
            self._budget.earn()
        return result

    def _attempt(self, fn: Callable[[], R], gate: Gate, stop: threading.Event) -> R:
        self._stopped(stop)
        while (wait := gate.wait(self._monotonic(), self._limits.rate))[0] > 0:
            seconds, asked = wait
            if self._monotonic() + seconds > self._ends:
                raise _no_time(RateLimited("the vendor asks this account to wait beyond the end of the run"))
            # All that wait for the vendor would ask again in the same moment.
            self._rest(seconds + (self._rand() * self._limits.backoff if asked else 0.0), stop)
        now = self._monotonic()
        if now >= self._ends:
            raise _no_time(None)
        before, self._here.stop = self._here.stop, stop
        try:
            with self._wire.within(min(now + self._limits.call_deadline, self._ends)):
                return fn()
        finally:
            self._here.stop = before

    def _pause(self, state: tenacity.RetryCallState) -> float:
        return retry.pause(_error(state), state.attempt_number, self._limits.backoff, self._limits.backoff_max, self._rand())

    def _give_up(self, state: tenacity.RetryCallState, gate: Gate) -> bool:
        error = _error(state)
        assert isinstance(error, SourceError)
        now = self._monotonic()
        until = now + state.upcoming_sleep
        if isinstance(error, RateLimited) or retry.asked_wait(error) is not None:
            gate.close_until(until, now)  # all threads and runs of this account wait, not only this one
        if state.attempt_number >= retry.tries(error, self._limits.attempts) or until > self._ends:
            return True
        if self._closing.is_set() or not self._budget.spend(error):
            return True
        self._tally.retried(error)
        return False

    def _rest(self, seconds: float, stop: threading.Event) -> None:
        self._tally.waited(seconds)
        if self._sleep is not None:
            self._sleep(seconds)
        else:
            stop.wait(seconds)
        self._stopped(stop)

    def _stopped(self, stop: threading.Event) -> None:
        if stop.is_set() or self._closing.is_set():
            raise Cancelled("the run was stopped")

    def _threads(self) -> pool.Pool:
        with self._lock:
            if self._pool is None:
                self._stopped(self._closing)
                self._pool = pool.Pool(self._limits.parallel)
            return self._pool

    # ---- what connectors get

    def requests_adapter(self) -> Any:
        """A ``requests`` adapter on this run's guarded connections."""
        from connectors._shared.transports import GuardedAdapter

        return GuardedAdapter(self._wire)

    def httpx_transport(self) -> Any:
        """An ``httpx`` transport on this run's guarded connections."""
        from connectors._shared.transports import httpx_transport

        return httpx_transport(self._wire)

    def beside(self, url: str) -> RunIo:
        """The same for another address that the vendor's protocol needs; it is closed and counted with this one."""
        with self._lock:
            self._stopped(self._closing)
            if url not in self._beside:
                self._beside[url] = RunIo(
                    replace(self._settings, url=url), self._limits, monotonic=self._monotonic, sleep=self._sleep, rand=self._rand,
                    gates=self._gates,
                )  # fmt: skip
            return self._beside[url]

    def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses of a host at which the source may live, for a driver that speaks no HTTP."""
        return self._wire.addresses(host, port)

    def took(self, size: int) -> None:
        """Count bytes that such a driver received."""
        self._wire.took(size)

    def allow_post(self, *paths: str) -> None:
        """Declare reading POSTs, as paths below the source's base URL."""
        self._wire.guard.allow_post(*paths)

    def vendor_now(self) -> datetime | None:
        """The ``Date`` of the latest answer."""
        return self._tally.date

    def counters(self) -> Mapping[str, int]:
        """What the run cost so far: ``Io.counters`` names the figures."""
        with self._lock:
            others = [other.counters() for other in self._beside.values()]
        found = {**self._tally.figures(), "retry_budget": self._budget.left}
        return {name: number + sum(other[name] for other in others) for name, number in found.items()}

    def close(self) -> None:
        """End waits and requests under way at once, cancel what has not begun, give back connections. May be called twice.

        No thread is waited for: each ends by itself, with ``Cancelled``, as soon as its socket is shut.
        """
        self._closing.set()
        with self._lock:
            threads, self._pool = self._pool, None
            for stop in self._stops:
                stop.set()
            others = list(self._beside.values())
        for other in others:
            other.close()
        if threads is not None:
            threads.close()
        self._wire.close()


def _error(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _no_time(cause: SourceError | None) -> QuotaExhausted:
    why = str(cause) if cause else "the run's time is up"
    return QuotaExhausted(why, hint="the next run continues from here")
