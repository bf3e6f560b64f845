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
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

import tenacity

from connectors._shared import retry
from connectors._shared.guards import Guard
from connectors._shared.limits import Gate, Gates, account_key
from connectors._shared.status import instant
from connectors._shared.wire import Answer, Wire
from connectors.base import IoSettings, QuotaExhausted, RateLimited, SourceError, SourceSettings

T = TypeVar("T")
R = TypeVar("R")

log = logging.getLogger(__name__)

_GATES = Gates()
"""Shared by the sources of a process: a vendor counts an account's requests, not ours per source."""


class Cancelled(SourceError):
    """A call whose result nobody waits for any more, or one that came after ``close``."""


def _announce(state: tenacity.RetryCallState) -> None:
    """A pause is no silence: whoever watches the run reads ``waiting`` (seconds) off the record."""
    log.info("%s", _error(state), extra={"waiting": state.upcoming_sleep, "attempt": state.attempt_number})


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
    ) -> None:
        self._limits = limits
        self._monotonic, self._sleep, self._rand = monotonic, sleep, rand
        self._wire = _CountingWire(Guard(settings.url), limits, monotonic)
        self._account = account_key(self._wire.guard.origin, settings)
        self._gates = gates
        self._budget = retry.RetryBudget(limits.retry_floor)
        self._ends = monotonic() + limits.run_deadline
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None
        self._retries = 0
        self._waited = 0.0

    # ---- calls

    def call(self, fn: Callable[..., R], /, *args: Any, bucket: str = "default", **kwargs: Any) -> R:
        """Run ``fn`` as one retried request. Raises ``SourceError``; ``QuotaExhausted`` when the run's time is up."""
        return self._run(lambda: fn(*args, **kwargs), bucket, self._closing)

    def map(self, fn: Callable[[T], R], things: Iterable[T], /, *, bucket: str = "default") -> Iterator[R]:
        """``call(fn, thing)`` for each, in order, at most two per thread ahead. The first error cancels the rest."""
        stop = threading.Event()
        window: deque[Future[R]] = deque()
        pool = self._pool()

        def start(thing: T) -> None:
            window.append(pool.submit(self._run, lambda: fn(thing), bucket, stop))

        try:
            for thing in things:
                start(thing)
                if len(window) >= 2 * self._limits.parallel:
                    yield window.popleft().result()
            while window:
                yield window.popleft().result()
        finally:
            stop.set()
            for future in window:
                future.cancel()

    def _run(self, fn: Callable[[], R], bucket: str, stop: threading.Event) -> R:
        gate = self._gates.of(self._account, bucket)
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
        while (seconds := gate.wait(self._monotonic(), self._limits.rate)) > 0:
            if self._monotonic() + seconds > self._ends:
                raise _no_time(RateLimited("the vendor asks this account to wait beyond the end of the run"))
            self._rest(seconds, stop)
        now = self._monotonic()
        if now >= self._ends:
            raise _no_time(None)
        with self._wire.within(min(now + self._limits.call_deadline, self._ends)):
            return fn()

    def _pause(self, state: tenacity.RetryCallState) -> float:
        return retry.pause(_error(state), state.attempt_number, self._limits.backoff, self._limits.backoff_max, self._rand())

    def _give_up(self, state: tenacity.RetryCallState, gate: Gate) -> bool:
        error = _error(state)
        assert isinstance(error, SourceError)
        until = self._monotonic() + state.upcoming_sleep
        if isinstance(error, RateLimited) or retry.asked_wait(error) is not None:
            gate.close_until(until)  # all threads of this account wait, not only this one
        if state.attempt_number >= retry.tries(error, self._limits.attempts) or until > self._ends:
            return True
        if not self._budget.spend(error):
            return True
        with self._lock:
            self._retries += 1
        return False

    def _rest(self, seconds: float, stop: threading.Event) -> None:
        with self._lock:
            self._waited += seconds
        if self._sleep is not None:
            self._sleep(seconds)
        else:
            until = time.monotonic() + seconds
            while (left := until - time.monotonic()) > 0 and not self._closing.is_set() and not stop.wait(min(left, 1.0)):
                pass
        self._stopped(stop)

    def _stopped(self, stop: threading.Event) -> None:
        if stop.is_set() or self._closing.is_set():
            raise Cancelled("the run was stopped")

    def _pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self._limits.parallel, thread_name_prefix="io")
            return self._executor

    # ---- what connectors get

    def requests_adapter(self) -> Any:
        """A ``requests`` adapter on this run's guarded connections."""
        from connectors._shared.transports import GuardedAdapter

        return GuardedAdapter(self._wire)

    def httpx_transport(self) -> Any:
        """An ``httpx`` transport on this run's guarded connections."""
        from connectors._shared.transports import httpx_transport

        return httpx_transport(self._wire)

    def allow_post(self, *paths: str) -> None:
        """Declare reading POSTs, as paths below the source's base URL."""
        self._wire.guard.allow_post(*paths)

    def vendor_now(self) -> datetime | None:
        """The ``Date`` of the latest answer."""
        return self._wire.date

    def counters(self) -> Mapping[str, int]:
        """``requests``, ``retries``, ``bytes`` (decompressed) and ``waited`` (whole seconds) so far."""
        with self._lock:
            retries, waited = self._retries, int(self._waited)
        return {"requests": self._wire.requests, "retries": retries, "bytes": self._wire.received, "waited": waited}

    def close(self) -> None:
        """End waits, cancel what has not begun, give back threads and connections. May be called twice."""
        self._closing.set()
        with self._lock:
            pool, self._executor = self._executor, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)  # a hanging request must not hold up the end
        self._wire.close()


class _CountingWire(Wire):
    """Counts what passes and keeps the vendor's clock."""

    requests = 0
    received = 0
    date: datetime | None = None

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | str | None) -> Answer:
        self.guard.target(method, url)
        with self._lock:
            self.requests += 1
        answer = super().send(method, url, headers, body)
        with self._lock:
            self.received += len(answer.body)
            self.date = instant(answer.headers.get("Date")) or self.date
        return answer


def _error(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _no_time(cause: SourceError | None) -> QuotaExhausted:
    why = str(cause) if cause else "the run's time is up"
    return QuotaExhausted(why, hint="the next run continues from here")
