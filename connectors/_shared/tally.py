"""What a run cost: requests, answers, bytes, retries, waits. And the end of a run that costs too much."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime

from connectors.base import BadData, QuotaExhausted, RateLimited, SourceError, Unavailable

CLASSES = ("http_2xx", "http_3xx", "http_4xx", "http_5xx")
REASONS = ("retry_rate_limited", "retry_timeout", "retry_unavailable", "retry_bad_data")


def reason(error: SourceError) -> str:
    """The counter under which a retry after ``error`` is kept."""
    if isinstance(error, RateLimited):
        return "retry_rate_limited"
    if isinstance(error, BadData):
        return "retry_bad_data"
    return "retry_timeout" if isinstance(error, Unavailable) and error.timed_out else "retry_unavailable"


class Tally:
    """Counters of one run, changed by all its threads."""

    def __init__(self, most_bytes: int) -> None:
        self._lock = threading.Lock()
        self._most = most_bytes
        self._counts = Counter[str](dict.fromkeys(("requests", "retries", "bytes", *CLASSES, *REASONS), 0))
        self._waited = 0.0
        self.date: datetime | None = None
        """The ``Date`` of the latest answer."""

    def sent(self) -> None:
        """A request leaves. Raises ``QuotaExhausted`` if the run has read all that it may."""
        with self._lock:
            self._enough(0)
            self._counts["requests"] += 1

    def answered(self, status: int) -> None:
        with self._lock:
            self._counts[f"http_{status // 100}xx"] += 1

    def complete(self, date: datetime | None) -> None:
        with self._lock:
            self.date = date or self.date

    def took(self, size: int) -> None:
        """Bytes of a body. Raises ``QuotaExhausted`` beyond the run's limit."""
        with self._lock:
            self._counts["bytes"] += size
            self._enough(1)

    def _enough(self, over: int) -> None:
        if self._counts["bytes"] >= self._most + over:
            raise QuotaExhausted(
                f"this run has read {self._most} bytes, which is all that one run may",
                hint="the next run continues from here; see what this source holds so much of",
            )

    def retried(self, error: SourceError) -> None:
        with self._lock:
            self._counts["retries"] += 1
            self._counts[reason(error)] += 1

    def waited(self, seconds: float) -> None:
        with self._lock:
            self._waited += seconds

    def figures(self) -> dict[str, int]:
        with self._lock:
            return {**self._counts, "waited": int(self._waited)}
