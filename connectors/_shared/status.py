"""HTTP status to error, the same for all vendors. Texts hold the status and the vendor's name, nothing from the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connectors._shared.retry import retry_after
from connectors.base import AccessLost, AuthError, EndpointGone, Misconfigured, RateLimited, SourceError, Unavailable


def instant(value: str | None) -> datetime | None:
    """A ``Date`` header as an aware datetime, None for garbage."""
    if not value:
        return None
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def error_for(status: int, headers: Mapping[str, str], *, vendor: str) -> SourceError:
    """The error for an answer that is not a success; vendors refine it where their sheet says more."""
    if status == 401:
        return AuthError(f"{vendor} refuses the credential (401)", hint="check user and token; tokens expire", status=status)
    if status == 403:
        return AccessLost(f"{vendor} denies access (403)", hint="ask an admin of the site for the right to read", status=status)
    if status in (404, 410):
        return EndpointGone(
            f"{vendor} has no such endpoint ({status})", hint="check url; the vendor may have retired this part", status=status
        )
    # The date of the same answer, so that a skewed local clock cannot shorten the wait.
    wait = retry_after(headers.get("Retry-After"), instant(headers.get("Date")) or datetime.now(UTC))
    if status == 429:
        return RateLimited(f"{vendor} asks to slow down (429)", retry_after=wait, hint="it is tried again by itself")
    if status in (408, 425) or status >= 500:
        return Unavailable(f"{vendor} cannot answer now ({status})", retry_after=wait, hint="it is tried again", status=status)
    return Misconfigured(f"{vendor} refuses the request ({status})", hint="check the source's settings", status=status)
