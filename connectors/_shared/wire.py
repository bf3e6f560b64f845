"""One HTTP attempt: guarded, bounded in time and size, whole or an error. Under every transport that ``Io`` hands out.

It stands on urllib3, which ``requests`` brings, with three additions: every read of the socket, headers included, is
bounded by the attempt's deadline (a timeout per read never ends a server that drips); decompression is done here, with
a cap and an end check; a body must have a length.
"""

from __future__ import annotations

import http.client
import io
import logging
import os
import socket
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
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse
from urllib3.util.url import parse_url

from connectors._shared.guards import Guard, Origin, is_loopback
from connectors.base import IoSettings, Misconfigured, SourceError, Unavailable

CHUNK = 64 * 1024

# Their INFO and DEBUG lines hold whole URLs, and jira's hold headers.
for _name in ("urllib3", "requests", "httpx", "httpcore", "jira"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; ``body`` is decompressed and ``headers`` no longer speak of its encoding."""

    status: int
    reason: str
    headers: HTTPHeaderDict
    body: bytes


class Attempt(threading.local):
    """The deadline of the attempt that runs in this thread, in seconds of ``monotonic``; None outside of ``Io.call``."""

    deadline: float | None = None
    read_timeout: float = 60.0
    monotonic: Callable[[], float] | None = None

    def remaining(self) -> float:
        if self.deadline is None or self.monotonic is None:
            raise Misconfigured("a request was made outside of Io.call", hint="this is a fault of the connector")
        left = self.deadline - self.monotonic()
        if left <= 0:
            raise TimeoutError("the attempt's time is up")
        return left


_attempt = Attempt()


class _TimedRaw(io.RawIOBase):
    """A socket's file whose every read waits at most until the attempt's deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(min(_attempt.read_timeout, _attempt.remaining()))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    fp: io.BufferedReader

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedRaw(self.fp.detach(), sock), CHUNK)


class _TimedHTTP(HTTPConnection):
    response_class = _TimedResponse


class _TimedHTTPS(HTTPSConnection):
    response_class = _TimedResponse


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _TimedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TimedHTTPS


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
        self._limits = limits
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._made: HTTPConnectionPool | None = None
        self._manager: urllib3.PoolManager | None = None

    def within(self, deadline: float) -> _Within:
        """Bound the requests of this thread: ``with wire.within(deadline): ...``"""
        return _Within(deadline, self._limits.read_timeout, self._monotonic)

    def close(self) -> None:
        with self._lock:
            if self._manager is not None:
                self._manager.clear()
            self._made = self._manager = None

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | str | None) -> Answer:
        """One request to its last byte. Raises ``Misconfigured`` before sending, or for TLS and DNS; else ``Unavailable``."""
        target = self.guard.target(method, url)
        try:
            left = _attempt.remaining()
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
        except SourceError:
            raise
        except zlib.error:
            raise Unavailable("a compressed answer is broken") from None
        except (u3.HTTPError, OSError, ValueError) as error:
            raise _translated(error, self.guard.origin) from None

    def _pool(self) -> HTTPConnectionPool:
        with self._lock:
            if self._made is None:
                origin = self.guard.origin
                options: dict[str, Any] = {"maxsize": self._limits.parallel + 8, "block": False}
                if origin.scheme == "https":
                    options["ssl_context"] = tls_context(self._limits.ca_file)
                proxy = None if is_loopback(origin.host) else _proxy(origin.scheme, origin.host)
                self._manager = _proxied(proxy, options) if proxy else urllib3.PoolManager(**options)
                self._manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
                self._made = self._manager.connection_from_host(origin.host, origin.port, origin.scheme)
            return self._made

    def _read(self, method: str, response: BaseHTTPResponse) -> Answer:
        status, headers = response.status, response.headers.copy()
        if 300 <= status < 400 and status != 304:
            raise self.guard.redirect(status, headers.get("Location"))
        empty = method.upper() == "HEAD" or status in (204, 304)
        chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
        if not (empty or chunked or "Content-Length" in headers):
            # Its end is the end of the connection, so a cut body looks whole.
            raise Unavailable("an answer has neither a length nor an end mark", hint="a proxy in front may cut answers")
        coding = headers.pop("Content-Encoding", "identity").strip().lower()
        headers.discard("Content-Length")
        body = b"" if empty else _body(response, coding, self._limits.max_body)
        response.release_conn()
        return Answer(status, response.reason or "", headers, body)


def _body(response: BaseHTTPResponse, coding: str, cap: int) -> bytes:
    """The whole body, decompressed, at most ``cap`` bytes. Raises ``Unavailable`` for a cut one, ``Misconfigured`` if too big."""
    if coding not in ("identity", "", "gzip", "x-gzip"):
        raise Unavailable("an answer has an encoding that was not offered")
    unzip = zlib.decompressobj(31) if "gzip" in coding else None
    parts: list[bytes] = []
    size = 0
    while chunk := response.read(CHUNK):
        for part in (chunk,) if unzip is None else _unzipped(unzip, chunk):
            size += len(part)
            if size > cap:
                raise Misconfigured(
                    f"an answer is larger than {cap} bytes after decompression",
                    hint="no page of this vendor is; see what answers at this url",
                )
            parts.append(part)
    if unzip is not None and size and not unzip.eof:
        raise Unavailable("a compressed answer is cut off")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _unzipped(unzip: Any, chunk: bytes) -> Any:
    """Decompressed parts of at most ``CHUNK`` bytes, so that a bomb is noticed before it is in memory."""
    while chunk:
        part = unzip.decompress(chunk, CHUNK)
        if part:
            yield part
        chunk = unzip.unconsumed_tail
        if not part and not chunk:
            return


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


def _translated(error: Exception, origin: Origin) -> SourceError:
    """The outside's fault without its text: urllib3's messages hold hosts, paths and queries."""
    if isinstance(error, u3.ProxyError):
        return Unavailable("the proxy cannot be reached", hint="check HTTPS_PROXY and NO_PROXY")
    if isinstance(error, u3.NameResolutionError):
        cause = error.__cause__ or error.__context__
        if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_AGAIN:
            return Unavailable("the name server does not answer", hint="check the network of this machine")
        return Misconfigured(f"the host {origin.host} does not exist", hint="Check `url` in config.toml.")
    if isinstance(error, (u3.SSLError, ssl.SSLError)):
        cause = error.args[0] if error.args else None
        if isinstance(cause, ssl.SSLEOFError) or isinstance(error, ssl.SSLEOFError):
            return Unavailable("the connection was closed while TLS was set up", hint="it is tried again")
        if "WRONG_VERSION_NUMBER" in str(error) or "record layer" in str(error).lower():
            hint = "Check the scheme and port of `url` in config.toml."
            return Misconfigured(f"{origin.host}:{origin.port} does not speak TLS", hint=hint)
        hint = "Set SSL_CERT_FILE to a PEM file with your own authority, if it is yours; verification cannot be turned off."
        return Misconfigured(f"the certificate of {origin.host} is not trusted", hint=hint)
    if isinstance(error, (u3.TimeoutError, TimeoutError)) and not isinstance(error, u3.NewConnectionError):
        return Unavailable("the server did not answer in time", hint="it is tried again", timed_out=True)
    if isinstance(error, u3.NewConnectionError):
        return Unavailable(
            f"{origin.host}:{origin.port} cannot be reached", hint="Check `url` in config.toml, the network and the firewall."
        )
    if isinstance(error, (u3.ProtocolError, OSError)):
        if isinstance(error, u3.ProtocolError) and any(isinstance(part, TimeoutError) for part in error.args):
            return Unavailable("the server did not answer in time", hint="it is tried again", timed_out=True)
        return Unavailable("the connection broke before the answer was complete", hint="it is tried again")
    return Unavailable("an answer cannot be read as HTTP", hint="it is tried again")


class _Within:
    def __init__(self, deadline: float, read_timeout: float, monotonic: Callable[[], float]) -> None:
        self._mine = (deadline, read_timeout, monotonic)

    def __enter__(self) -> None:
        self._before = (_attempt.deadline, _attempt.read_timeout, _attempt.monotonic)
        _attempt.deadline, _attempt.read_timeout, _attempt.monotonic = self._mine

    def __exit__(self, *_: object) -> None:
        _attempt.deadline, _attempt.read_timeout, _attempt.monotonic = self._before
