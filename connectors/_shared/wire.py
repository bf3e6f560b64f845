"""One HTTP attempt: guarded, bounded in time and size, whole or an error. Under every transport that ``Io`` hands out.

It stands on urllib3, which ``requests`` brings, with four additions: an address is judged before it is connected to;
every read of the socket, headers included, is bounded by the attempt's deadline (a timeout per read never ends a server
that drips) and by the end of the run; decompression is done here, with a cap and an end check; a body must have a length.
"""

from __future__ import annotations

import logging
import os
import ssl
import threading
import urllib.request
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import certifi
import urllib3
from urllib3 import exceptions as u3
from urllib3._collections import HTTPHeaderDict
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.response import BaseHTTPResponse
from urllib3.util.url import parse_url

from connectors._shared.addresses import is_loopback
from connectors._shared.body import read_body
from connectors._shared.dial import Cancelled, Dialler, HTTPPool, HTTPSPool, attempt
from connectors._shared.faults import translated
from connectors._shared.guards import Guard
from connectors._shared.status import instant
from connectors._shared.tally import Tally
from connectors.base import IoSettings, Misconfigured, SourceError, Unavailable

IDLE = 64
"""Connections kept for the next request: more than any run has threads."""

# Their lines hold whole URLs (urllib3's warning about an odd header too), and jira's hold headers.
_LOUD = ("urllib3", "requests", "httpx", "httpcore", "jira")
_LOUD_BELOW = ("connection", "connectionpool", "poolmanager", "response", "util.retry", "util.connection")
for _name in (*_LOUD, *(f"urllib3.{_part}" for _part in _LOUD_BELOW)):
    logging.getLogger(_name).setLevel(logging.CRITICAL)
    logging.getLogger(_name).addFilter(lambda record: record.levelno >= logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; ``body`` is decompressed and ``headers`` no longer speak of its encoding."""

    status: int
    reason: str
    headers: HTTPHeaderDict
    body: bytes


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Verifying, TLS 1.2 at least; ``ca_file`` adds an own authority. There is no way to switch verification off."""
    context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError):
            raise Misconfigured(
                "the file with own certificate authorities cannot be read", hint="It must be a PEM file."
            ) from None
    return context


class Wire:
    """Connections to one origin, shared by all threads of a run."""

    def __init__(self, guard: Guard, limits: IoSettings, monotonic: Callable[[], float]) -> None:
        self.guard = guard
        self.tally = Tally(limits.max_run_bytes)
        self._limits = limits
        self._monotonic = monotonic
        self._dialler = Dialler(private=limits.allow_private_networks)
        self._lock = threading.Lock()
        self._made: HTTPConnectionPool | None = None
        self._manager: urllib3.PoolManager | None = None

    def within(self, deadline: float) -> _Within:
        """Bound the requests of this thread: ``with wire.within(deadline): ...``"""
        return _Within(deadline, self._limits.read_timeout, self._monotonic, self._dialler)

    def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """What ``Io.addresses`` gives."""
        return self._dialler.addresses(host, port)

    def took(self, size: int) -> None:
        """What ``Io.took`` counts."""
        if self._dialler.closed:
            raise Cancelled("the run was stopped")
        self.tally.took(size)

    def close(self) -> None:
        """End what is under way, in whatever thread, and send nothing any more."""
        self._dialler.cut()
        with self._lock:
            if self._manager is not None:
                self._manager.clear()
            self._made = self._manager = None

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | str | None) -> Answer:
        """One request to its last byte.

        Raises ``Misconfigured`` before sending, or for TLS and DNS; ``QuotaExhausted`` beyond the bytes of the run;
        ``Cancelled`` when the run was closed; else ``Unavailable``.
        """
        target = self.guard.target(method, url)
        failure: SourceError
        try:
            return self._sent(method, target, headers, body)
        except SourceError as error:
            failure = error
        except zlib.error:
            failure = Unavailable("a compressed answer is broken")
        except (u3.HTTPError, OSError, ValueError) as error:
            failure = translated(error, self.guard.origin)
        # Raised out here, so that no chain of exceptions keeps urllib3's, whose texts hold addresses with their queries.
        raise Cancelled("the run was stopped") if self._dialler.closed else failure

    def _sent(self, method: str, target: str, headers: Mapping[str, str], body: bytes | str | None) -> Answer:
        left = attempt.remaining()
        if self._dialler.closed:
            raise Cancelled("the run was stopped")
        self.tally.sent()
        timeout = urllib3.Timeout(connect=min(self._limits.connect_timeout, left), read=min(self._limits.read_timeout, left))
        response = self._pool().urlopen(
            method.upper(), target, body=body, headers=_sendable(headers), redirect=False, retries=False,
            timeout=timeout, preload_content=False, decode_content=False, assert_same_host=False,
        )  # fmt: skip
        try:
            return self._read(method, response)
        except BaseException:
            response.close()  # a connection with unread bytes must not serve another request
            raise

    def _pool(self) -> HTTPConnectionPool:
        with self._lock:
            if self._made is None:
                origin = self.guard.origin
                options: dict[str, Any] = {"maxsize": self._limits.parallel + IDLE, "block": False}
                if origin.scheme == "https":
                    options["ssl_context"] = self._dialler.context(tls_context(self._limits.ca_file))
                proxy = None if is_loopback(origin.host) else _proxy(origin.scheme, origin.host)
                self._manager = _proxied(proxy, options) if proxy else urllib3.PoolManager(**options)
                self._manager.pool_classes_by_scheme = {"http": HTTPPool, "https": HTTPSPool}
                self._made = self._manager.connection_from_host(origin.host, origin.port, origin.scheme)
            return self._made

    def _read(self, method: str, response: BaseHTTPResponse) -> Answer:
        status, headers = response.status, response.headers.copy()
        self.tally.answered(status)
        if 300 <= status < 400 and status != 304:
            raise self.guard.redirect(status, headers.get("Location"))
        empty = method.upper() == "HEAD" or status in (204, 304)
        chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
        if not (empty or chunked or "Content-Length" in headers):
            # Its end is the end of the connection, so a cut body looks whole.
            raise Unavailable("an answer has neither a length nor an end mark", hint="a proxy in front may cut answers")
        coding = headers.pop("Content-Encoding", "identity").strip().lower()
        headers.discard("Content-Length")
        body = b"" if empty else read_body(response, coding, self._limits.max_body, self.tally.took)
        response.release_conn()
        self.tally.complete(instant(headers.get("Date")))
        return Answer(status, response.reason or "", headers, body)


def _sendable(headers: Mapping[str, str]) -> dict[str, str]:
    ours = {"accept-encoding", "host", "content-length", "transfer-encoding", "connection"}
    return {name: _text(value) for name, value in headers.items() if _text(name).lower() not in ours} | {
        "Accept-Encoding": "gzip"
    }


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _proxy(scheme: str, host: str) -> str | None:
    """The proxy that the environment names for this host, if any."""
    if urllib.request.proxy_bypass(host):
        return None
    named = urllib.request.getproxies()
    return named.get(scheme) or named.get("all")


def _proxied(proxy: str, options: dict[str, Any]) -> urllib3.PoolManager:
    """Connections through a proxy; its credential goes to the proxy only. Raises ``Misconfigured`` for other kinds than http."""
    parsed = parse_url(proxy if "//" in proxy else f"http://{proxy}")
    headers = urllib3.make_headers(proxy_basic_auth=unquote(parsed.auth)) if parsed.auth else None
    try:
        return urllib3.ProxyManager(parsed._replace(auth=None).url, proxy_headers=headers, **options)
    except u3.ProxySchemeUnknown:
        raise Misconfigured("the proxy is of a kind that is not supported", hint="HTTPS_PROXY: an http:// address") from None


class _Within:
    """Sets the bounds of this thread's requests, and afterwards those that were in force before."""

    def __init__(self, deadline: float, read_timeout: float, monotonic: Callable[[], float], dialler: Dialler) -> None:
        self._mine = (deadline, read_timeout, monotonic, dialler)

    def __enter__(self) -> None:
        self._before = (attempt.deadline, attempt.read_timeout, attempt.monotonic, attempt.dialler)
        attempt.deadline, attempt.read_timeout, attempt.monotonic, attempt.dialler = self._mine

    def __exit__(self, *_: object) -> None:
        attempt.deadline, attempt.read_timeout, attempt.monotonic, attempt.dialler = self._before
