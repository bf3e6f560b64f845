"""When to ask again: Retry-After as a minimum, full jitter otherwise, and one token bucket per run that bounds the whole."""

from __future__ import annotations

import math
import threading
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connectors.base import BadData, RateLimited, SourceError, Unavailable

RETRY_COST = 5
TIMEOUT_COST = 10
"""The prices of the AWS SDKs' retry quota."""
FIRST_TRY_PAYS = 4
"""AWS pays 1, which ends every run of 400 pages with 20 % random faults. 4 carries 23 % of faults for ever when all of them
are timeouts, and 34 % when none is; a vendor that is down earns nothing and is left alone after ``floor / 5`` retries."""
BAD_DATA_TRIES = 3
FLOOR = 1.0
"""Seconds. Vendors send ``Retry-After: 0`` on a 429 (pycontribs/jira#1805)."""


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait at least, by a ``Retry-After`` header: int, float or HTTP date; None without one or for garbage."""
    if value is None:
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            when = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError):
            return None
        seconds = ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds()
    return max(FLOOR, seconds) if math.isfinite(seconds) else None


class RetryBudget:
    """Tokens of one run. It starts at ``floor`` and grows with what works, so a long run may retry more than a short one."""

    def __init__(self, floor: int) -> None:
        self._lock = threading.Lock()
        self._tokens = floor
        self._cap = 10 * floor

    @property
    def left(self) -> int:
        """Tokens in the bucket."""
        with self._lock:
            return self._tokens

    def earn(self) -> None:
        with self._lock:
            self._tokens = min(self._cap, self._tokens + FIRST_TRY_PAYS)

    def spend(self, error: SourceError) -> bool:
        """Pay for one more try; False when the bucket does not hold enough."""
        cost = TIMEOUT_COST if isinstance(error, Unavailable) and error.timed_out else RETRY_COST
        with self._lock:
            if self._tokens < cost:
                return False
            self._tokens -= cost
            return True


def tries(error: SourceError, attempts: int) -> int:
    """How often a call that ends in ``error`` may be tried in all."""
    if not error.retryable:
        return 1
    return min(attempts, BAD_DATA_TRIES) if isinstance(error, BadData) else attempts


def asked_wait(error: BaseException | None) -> float | None:
    """The vendor's own minimum, where the error carries one."""
    return error.retry_after if isinstance(error, (RateLimited, Unavailable)) else None


def pause(error: BaseException | None, attempt: int, base: float, ceiling: float, jitter: float) -> float:
    """Seconds before the try after ``attempt`` (1 is the first); ``jitter`` in 0..1 is drawn by the caller."""
    backoff = jitter * min(ceiling, base * 2.0 ** min(attempt - 1, 30))
    minimum = asked_wait(error)
    return backoff if minimum is None else max(FLOOR, minimum) + jitter * base
