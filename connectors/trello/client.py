"""Requests to Trello: the credential in a header, our limits and retry, its refusals as our errors.

Key and token also work in the address, where every log of addresses would have them; so they are never put there. The header
is Trello's other form: ``Authorization: OAuth oauth_consumer_key="...", oauth_token="..."``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from connectors._shared import decode
from connectors._shared.status import error_for
from connectors.base import (
    AccessLost,
    AuthError,
    BadData,
    Io,
    Misconfigured,
    RateLimited,
    SourceError,
    SourceSettings,
    Unavailable,
)

T = TypeVar("T")
R = TypeVar("R")

BUCKET = "api"
"""One for all paths: Trello counts an account's requests, not those of an endpoint."""
WINDOW = 10.0
"""Seconds that are counted together, by key and by token (Trello: Rate limits). No ``Retry-After`` is documented."""
LONGEST_WINDOW = 900.0
"""The longest window that an answer may name: ``/members`` has one of 15 minutes."""
_SENDABLE = re.compile(r"[A-Za-z0-9._~+/=-]+")
_ID = re.compile(r"[0-9a-fA-F]{24}").fullmatch
_LIMITS = {
    b"API_KEY_LIMIT_EXCEEDED": "of the API key",
    b"API_TOKEN_LIMIT_EXCEEDED": "of the token",
    b"API_TOKEN_DB_LIMIT_EXCEEDED": "of the token on its database",
}
_TOO_LARGE = (b"API_TOO_MANY_CARDS_REQUESTED", b"Too many checklists", b"Too many cards")
"""Texts of a 403 that means the size of the answer (airbytehq/airbyte#22037)."""
NEW_TOKEN = (
    "Check that `user` in config.toml is the API key that the token was made for; else make a new token: without "
    "expiration=never they end after 30 days."
)
NO_ACCESS = "Add the account of the token to the board again, or take the board out of `boards` in config.toml."


class TooLarge(SourceError):
    """The answer would be too large: the same request is refused again, a smaller one is not."""


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> SourceError:
    """The error for an answer of 400 and above. Of its body only known words are looked for; none of it is repeated."""
    if status == 401:
        if b"permission" in body:  # "unauthorized permission requested": the token is good, what it asks for is not for it
            return AccessLost("Trello does not show this to the account (401)", hint=NO_ACCESS, status=status)
        return AuthError("Trello refuses the API key or the token (401)", hint=NEW_TOKEN, status=status)
    if status in (404, 410):
        return AccessLost(f"Trello finds no such thing for this account ({status})", hint=NO_ACCESS, status=status)
    if status in (413, 449) or (status == 403 and any(word in body for word in _TOO_LARGE)):
        return TooLarge(f"Trello refuses so large an answer ({status})", hint="Less is asked for by itself.", status=status)
    error = error_for(status, headers, vendor="Trello")
    if isinstance(error, RateLimited):
        return _slow_down(error, headers, body)
    return error


def _slow_down(error: RateLimited, headers: Mapping[str, str], body: bytes) -> RateLimited:
    """A whole window is waited out: whoever sends more than 200 refused requests in one is refused for the rest of it."""
    whose = next((text for code, text in _LIMITS.items() if code in body), "")
    told = f"Trello's limit {whose} is reached (429)" if whose else str(error)
    wait = max(error.retry_after or 0.0, WINDOW, *_windows(headers))
    return RateLimited(told, retry_after=wait, hint="It is tried again after the window of the limit.")


def _windows(headers: Mapping[str, str]) -> Iterator[float]:
    """Lengths of the windows that are used up, by ``x-rate-limit-api-{key,token}-*``."""
    for what in ("key", "token"):
        interval, left = (headers.get(f"x-rate-limit-api-{what}-{part}", "") for part in ("interval-ms", "remaining"))
        if left.strip() == "0" and interval.strip().isdecimal():
            yield min(int(interval) / 1000, LONGEST_WINDOW)


def api_url(url: str) -> str:
    """The address that paths are put behind; one without a path gets the version's."""
    return url.rstrip("/") if urlsplit(url).path.strip("/") else f"{url.rstrip('/')}/1"


class Site:
    """Trello as one account sees it. ``rows`` and ``row`` are one retried request each; ``*_once`` are for ``each``."""

    def __init__(self, settings: SourceSettings, io: Io) -> None:
        if settings.token is None or not settings.user:
            raise Misconfigured(
                f"source {settings.name} has no API key or no token", hint="`user` is the API key, the secret is the token"
            )
        for text, what in ((settings.user, "API key in `user`"), (settings.token.reveal(), "token")):
            if not _SENDABLE.fullmatch(text):
                raise Misconfigured(f"the {what} holds characters that none of Trello's has", hint="Copy it again.")
        self._io = io
        self._url = api_url(settings.url)
        self._client = make_client(settings, io)

    def rows(self, path: str, params: Mapping[str, Any] | None = None) -> list[Any]:
        """A JSON array."""
        return self._io.call(self.rows_once, path, params, bucket=BUCKET)

    def sized(self, path: str, params: Mapping[str, Any]) -> list[Any]:
        """The same of a list that can be asked for in smaller parts: a gateway that gave up (504) found it too large."""
        return self._io.call(self._sized_once, path, params, bucket=BUCKET)

    def row(self, path: str, params: Mapping[str, Any] | None = None, *keys: str) -> dict[str, Any]:
        """A JSON object with ``keys``."""
        return self._io.call(self.row_once, path, params, *keys, bucket=BUCKET)

    def each(self, fn: Callable[[T], R], things: Iterable[T]) -> Iterator[R]:
        """``fn`` of each, in parallel and in order; ``fn`` sends one request by ``*_once``."""
        return self._io.map(fn, things, bucket=BUCKET)

    def rows_once(self, path: str, params: Mapping[str, Any] | None = None) -> list[Any]:
        return self._send(path, params, decode.array)

    def _sized_once(self, path: str, params: Mapping[str, Any]) -> list[Any]:
        try:
            return self.rows_once(path, params)
        except Unavailable as error:
            if error.status != 504:
                raise
        raise TooLarge("Trello's gateway gave up on so large an answer (504)", hint="Less is asked for by itself.", status=504)

    def row_once(self, path: str, params: Mapping[str, Any] | None = None, *keys: str) -> dict[str, Any]:
        return self._send(path, params, lambda body, kind: decode.obj(body, kind, *keys))

    def _send(self, path: str, params: Mapping[str, Any] | None, read: Callable[[bytes, str | None], T]) -> T:
        response = self._client.get(f"{self._url}/{path}", params=params)
        if response.status_code >= 400:
            raise refusal(response.status_code, response.headers, response.content)
        return read(response.content, response.headers.get("Content-Type"))

    def close(self) -> None:
        self._client.close()


def make_client(settings: SourceSettings, io: Io) -> Any:
    """An ``httpx.Client`` on the run's guarded transport. It retries nothing and follows no redirect by itself."""
    import httpx

    assert settings.token
    login = f'OAuth oauth_consumer_key="{settings.user}", oauth_token="{settings.token.reveal()}"'
    return httpx.Client(
        transport=io.httpx_transport(),
        headers={"Authorization": login, "Accept": "application/json"},
        timeout=60.0,  # the guarded transport has its own, shorter ones
        trust_env=False,  # no .netrc; the wire reads the proxy variables
    )


# ---- lists that are paged by id -----------------------------------------------------------------------------------------

SIZES = (1000, 500, 250, 100, 50)
"""Rows asked for at a time, the largest that Trello allows first; a smaller one where an answer would be too large."""
MOST_PAGES = 2000


def is_id(value: Any) -> bool:
    """24 hex digits (``TrelloID`` of the official description); others come in hand-made exports."""
    return type(value) is str and _ID(value) is not None


def pages(
    site: Site, path: str, params: Mapping[str, Any], before: str | None = None
) -> Iterator[tuple[list[dict[str, Any]], list[Any], str]]:
    """(rows that no earlier page had, rows without a readable id, the position behind them) of each page.

    Pages go down by id, and within a page rows come in the board's order, so the next ``before`` is the smallest id of the page
    and not that of its last row. A short page says nothing; the end is an empty page, or one that brings only the row that was
    asked from. Raises ``BadData`` for a page that was there already, ``TooLarge`` where even the smallest size is.
    """
    size = 0
    for _ in range(MOST_PAGES):
        asked = {**params, "limit": SIZES[size], **({} if before is None else {"before": before})}
        try:
            found = site.sized(path, asked)
        except TooLarge:
            size += 1
            if size < len(SIZES):
                continue
            hint = "Try it at another hour; history = false in config.toml leaves out the moves of cards."
            raise TooLarge(f"Trello refuses even {SIZES[-1]} rows at a time", hint=hint) from None
        if not found:
            return
        rows, bad = _new(found, before)
        if rows:
            before = min(map(str.lower, rows))
            yield list(rows.values()), bad, before
        elif bad:
            raise BadData("a page of Trello has no row with an id", hint="Nothing is concluded from it.")
        else:
            if any(row["id"].lower() > (before or "") for row in found):
                raise BadData("Trello repeats a page that it gave already", hint="Nothing is concluded from it; run it again.")
            return
    raise BadData(f"a list of Trello has more than {MOST_PAGES} pages", hint="Nothing is concluded from it.")


def _new(found: list[Any], before: str | None) -> tuple[dict[str, dict[str, Any]], list[Any]]:
    rows: dict[str, dict[str, Any]] = {}
    bad = []
    for row in found:
        if not (isinstance(row, dict) and is_id(row.get("id"))):
            bad.append(row)
        elif before is None or row["id"].lower() < before:
            rows.setdefault(row["id"], row)
    return rows, bad
