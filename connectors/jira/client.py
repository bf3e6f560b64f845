"""Requests to one site through the ``jira`` package: its login, session and paths; our limits, retry and decoding.

How the client is built, and why each option is set, follows what was tried with jira 3.10.5: its own retries misread
``Retry-After`` (pycontribs/jira#1805), its timeout is for ever (pycontribs/jira#1499), its constructor asks
``serverInfo`` and its search asks ``/field``, it is not made for several threads, and the text of a ``JIRAError`` holds
headers and body. So: one client per thread, one attempt, and no ``JIRAError`` is ever made, because the adapter raises
before the package sees a refusal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import orjson

from connectors._shared import decode
from connectors._shared.status import error_for
from connectors.base import AuthError, EndpointGone, Io, Misconfigured, RateLimited, SourceError, SourceSettings
from connectors.jira.products import CLOUD, Product

T = TypeVar("T")
R = TypeVar("R")

API = "JIRA_BASE_URL"
AGILE = "AGILE_BASE_URL"
"""The package's names of its two path templates."""
SEARCH = CLOUD.search
BULK = "issue/bulkfetch"
LONGEST_INTERVAL = 60.0
"""Seconds that a token bucket of Data Center is believed to take for its next token."""
_FAILED_LOGIN = ("AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED")


def refusal(status: int, headers: Mapping[str, str], product: Product = CLOUD) -> SourceError:
    """The error for an answer of 400 and above, by its status and Jira's own headers, never by its body (it may be HTML)."""
    if status == 403 and "CAPTCHA" in headers.get("X-Authentication-Denied-Reason", "").upper():
        return AuthError("Jira wants a captcha from this user", hint="log in once in a browser, then check the token", status=403)
    if status == 401 or (status == 403 and login_failed(headers)):
        return AuthError(f"Jira refuses the credential ({status})", hint=product.new_token, status=status)
    if status in (404, 410):
        return EndpointGone(f"Jira answers {status} for an endpoint that {product.name} has", hint=product.lost, status=status)
    error = error_for(status, headers, vendor="Jira")
    if isinstance(error, RateLimited):
        error.retry_after = _wait(error.retry_after, headers)
    return error


def _wait(asked: float | None, headers: Mapping[str, str]) -> float | None:
    """Seconds to wait after a 429, at least as long as Data Center's bucket takes for its next token.

    Data Center is reported to say ``Retry-After: 0`` on a 429 (pycontribs/jira#1805); its bucket gets
    ``X-RateLimit-FillRate`` tokens every ``X-RateLimit-Interval-Seconds``.
    """
    try:
        interval = float(headers.get("X-RateLimit-Interval-Seconds", ""))
    except ValueError:
        return asked
    return max(asked or 1.0, min(interval, LONGEST_INTERVAL)) if interval > 0 else asked


def login_failed(headers: Mapping[str, str]) -> bool:
    """Whether Jira dropped the credential and answered as for a stranger; it does so with status 200 too."""
    return any(reason.strip() in _FAILED_LOGIN for reason in headers.get("X-Seraph-LoginReason", "").upper().split(","))


class Site:
    """One Jira site. ``get``, ``rows`` and ``post`` are one retried request each; ``*_once`` are for ``io.map``."""

    def __init__(self, settings: SourceSettings, io: Io, product: Product = CLOUD) -> None:
        if settings.token is None or (product.needs_user and not settings.user):
            lacking = "no user or no token" if product.needs_user else "no token"
            raise Misconfigured(f"source {settings.name} has {lacking}", hint=product.credential)
        self._settings, self._io, self.product = settings, io, product
        self._local = threading.local()
        self._lock = threading.Lock()
        self._clients: list[Any] = []
        self.account: str | None = None
        """The account that ``check`` found, where the answers' header names it; an answer to anybody else is an error."""
        io.allow_post(*(f"rest/api/{product.version}/{path}" for path in product.posts))

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, base: str = API, keys: tuple[str, ...] = ()) -> Any:
        """A JSON object with ``keys``."""
        return self._io.call(self.get_once, path, params, base=base, keys=keys, bucket=_bucket(path))

    def rows(self, path: str, params: Mapping[str, Any] | None = None) -> list[Any]:
        """A JSON array: the endpoints that are not paged."""
        return self._io.call(self._send, "GET", path, params, None, API, decode.array, bucket=_bucket(path))

    def get_once(
        self, path: str, params: Mapping[str, Any] | None = None, *, base: str = API, keys: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        return self._send("GET", path, params, None, base, lambda body, kind: decode.obj(body, kind, *keys))

    def post_once(self, path: str, json: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
        return self._send("POST", path, None, json, API, lambda body, kind: decode.obj(body, kind, *keys))

    def call(self, fn: Callable[..., R], *args: Any, bucket: str) -> R:
        """``fn``, which sends by ``*_once``, as one retried request: what it finds wrong with an answer is tried again too."""
        return self._io.call(fn, *args, bucket=bucket)

    def each(self, fn: Callable[[T], R], things: Iterable[T], *, bucket: str) -> Iterator[R]:
        """``fn`` of each, in parallel and in order; ``fn`` sends by ``*_once``."""
        return self._io.map(fn, things, bucket=bucket)

    def _send(
        self, method: str, path: str, params: Any, json: Any, base: str, read: Callable[[bytes, str | None], T]
    ) -> T:  # fmt: skip
        client = self._client()
        url = client._get_url(path, getattr(client, base))
        data = None if json is None else orjson.dumps(json)
        response = client._session.request(method, url, params=params, data=data)  # the package's headers say that it is JSON
        who = response.headers.get(self.product.caller)
        if login_failed(response.headers) or (who and (who == self.product.nobody or (self.account and who != self.account))):
            raise AuthError("Jira answered as for somebody else", hint=self.product.new_token, status=response.status_code)
        return read(response.content, response.headers.get("Content-Type"))

    def _client(self) -> Any:
        client = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = make_client(self._settings, self._io, self.product)
            with self._lock:
                self._clients.append(client)
        return client

    def close(self) -> None:
        """Close all threads' sessions."""
        with self._lock:
            clients, self._clients = self._clients, []
        for client in clients:
            client.close()


def make_client(settings: SourceSettings, io: Io, product: Product = CLOUD) -> Any:
    """A ``jira.JIRA`` that sends nothing by itself, retries nothing, and can only reach the source's origin."""
    from jira import JIRA

    assert settings.token
    secret = settings.token.reveal()
    login: dict[str, Any] = {"basic_auth": (settings.user, secret)} if product.needs_user else {"token_auth": secret}
    client = JIRA(
        server=settings.url.rstrip("/"),
        # Built anew each time: the package changes the dict that it is given.
        options={"rest_api_version": product.version, "headers": {"Accept-Language": "en", "X-Force-Accept-Language": "true"}},
        **login,
        get_server_info=False,
        max_retries=0,
        timeout=(5, 60),  # the guarded adapter has its own, shorter ones; this is for a client without it
    )
    client._session.trust_env = False  # no .netrc; the wire reads the proxy variables
    client._session.adapters.clear()
    adapter = _refusing(io.requests_adapter(), product)
    client._session.mount("https://", adapter)
    client._session.mount("http://", adapter)
    return client


def _refusing(inner: Any, product: Product) -> Any:
    """``inner``, raising our errors for refusals so that the package never builds its own."""
    from requests.adapters import BaseAdapter

    class Refusing(BaseAdapter):
        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            response = inner.send(request, *args, **kwargs)
            if response.status_code >= 400:
                raise refusal(response.status_code, response.headers, product)
            return response

        def close(self) -> None:
            inner.close()

    return Refusing()


def _bucket(path: str) -> str:
    """Jira limits bursts per endpoint; the first word is enough to keep a slow list from holding up the search."""
    return path.split("/", maxsplit=1)[0]
