"""One family of errors for all that goes wrong outside."""

from __future__ import annotations


class SourceError(Exception):
    """A fault of the outside, translated at the edge: what happened and, in ``hint``, what to do next.

    The text never holds a credential, a header or a body; at most a path without its query.
    """

    retryable = False

    def __init__(self, message: str, *, hint: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.status = status


class AuthError(SourceError):
    """The credential is wrong, expired or belongs to somebody else than last time."""


class AccessLost(SourceError):
    """The account is known but no longer sees what it should see."""


class RateLimited(SourceError):
    """The vendor asks to wait. ``retry_after`` is a minimum in seconds, None when the vendor gives none."""

    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str = "", status: int | None = 429) -> None:
        super().__init__(message, hint=hint, status=status)
        self.retry_after = retry_after


class Unavailable(SourceError):
    """No answer, a broken answer or a server error. ``retry_after`` as in ``RateLimited``."""

    retryable = True

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        hint: str = "",
        status: int | None = None,
        timed_out: bool = False,
    ) -> None:
        super().__init__(message, hint=hint, status=status)
        self.retry_after = retry_after
        self.timed_out = timed_out


class QuotaExhausted(SourceError):
    """The day's or the run's budget is spent; asking again before it renews makes it worse."""


class CursorExpired(SourceError):
    """A page token or resume position is no longer valid: the pass starts again from its beginning."""


class EndpointGone(SourceError):
    """The vendor retired an endpoint (404 or 410 on a listing): never an empty result."""


class Misconfigured(SourceError):
    """An address, certificate, host name or setting that cannot work, or a guard that refused to send."""


class BadData(SourceError):
    """An answer that is well-formed HTTP but not what the API describes. One retry may help; then the pass fails."""

    retryable = True
