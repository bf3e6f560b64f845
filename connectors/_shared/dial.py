"""Connections of one run: resolved once and judged, connected to that very address, bounded by the attempt, cut at the end."""

from __future__ import annotations

import contextlib
import http.client
import io
import ipaddress
import socket
import ssl
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from connectors._shared.addresses import judge, literal
from connectors.base import Misconfigured, SourceError, Unavailable

CHUNK = 64 * 1024
LOOK = 0.05
"""Seconds between two looks at whether a name that is being resolved is still wanted."""

Found = tuple[Any, ...]
"""One answer of ``getaddrinfo``."""


class Cancelled(SourceError):
    """A call whose result nobody waits for any more, or one that came after ``close``."""


class Attempt(threading.local):
    """What bounds the attempt that runs in this thread: its deadline in seconds of ``monotonic``, None outside of ``Io.call``."""

    deadline: float | None = None
    read_timeout: float = 60.0
    monotonic: Callable[[], float] | None = None
    dialler: Dialler | None = None

    def remaining(self) -> float:
        if self.deadline is None or self.monotonic is None:
            raise Misconfigured("a request was made outside of Io.call", hint="this is a fault of the connector")
        left = self.deadline - self.monotonic()
        if left <= 0:
            raise TimeoutError("the attempt's time is up")
        return left


attempt = Attempt()


class Dialler:
    """Opens the sockets of a run and remembers them, so that closing the run ends what is under way."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._lock = threading.Lock()
        self._live: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self.closed = False

    def watch(self, sock: socket.socket) -> None:
        """Remember ``sock``. Raises ``Cancelled``, with the socket closed, once the run is."""
        with self._lock:
            if not self.closed:
                self._live.add(sock)
                return
        sock.close()
        raise Cancelled("the run was stopped")

    def cut(self) -> None:
        """Shut every socket down: whoever waits for one wakes up at once. No new one is opened."""
        with self._lock:
            self.closed = True
            live = list(self._live)
        for sock in live:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # ssl's own would forget the session under its reader

    def context(self, made: ssl.SSLContext) -> ssl.SSLContext:
        """``made``, whose sockets are remembered too: wrapping takes the descriptor away from the plain socket."""
        watch = self.watch

        class Watched(ssl.SSLSocket):
            def do_handshake(self, block: bool = False) -> None:
                watch(self)
                super().do_handshake(block)

        made.sslsocket_class = Watched
        return made

    def connect(self, conn: HTTPConnection) -> socket.socket:
        """A socket to the host of ``conn`` or its proxy. Raises urllib3's errors, ``Misconfigured`` for a forbidden address.

        Behind a proxy it is the proxy that resolves the vendor's name, and the proxy's own address is the operator's choice.
        """
        try:
            found = self._resolved(conn._dns_host, conn.port)
        except socket.gaierror as error:
            raise NameResolutionError(conn.host, conn, error) from error
        except UnicodeError:
            raise NameResolutionError(conn.host, conn, socket.gaierror(socket.EAI_NONAME, "not a name")) from None
        if conn.proxy is None:
            found = self._allowed(found, conn.host)
        failure: OSError = OSError("the name has no address")
        for family, kind, protocol, _, where in found:
            sock = socket.socket(family, kind, protocol)
            try:
                self.watch(sock)
                for option in conn.socket_options or ():
                    sock.setsockopt(*option)
                sock.settimeout(min(conn.timeout or attempt.remaining(), attempt.remaining()))
                sock.connect(where)
            except OSError as error:
                sock.close()
                failure = error
            else:
                sys.audit("http.client.connect", conn, conn.host, conn.port)
                return sock
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(conn, "the connection timed out") from failure
        raise NewConnectionError(conn, "no connection") from failure

    def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses of a host that may be connected to. Raises ``Misconfigured``, ``Unavailable``, ``Cancelled``."""
        try:
            found = self._allowed(self._resolved(host, port), host)
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise Unavailable("the name server does not answer", hint="check the network of this machine") from None
            raise Misconfigured(f"the host {host} does not exist", hint="Check `url` in config.toml.") from None
        except UnicodeError:
            raise Misconfigured(f"the host {host} does not exist", hint="Check `url` in config.toml.") from None
        except TimeoutError:
            raise Unavailable("the name server did not answer in time", hint="it is tried again", timed_out=True) from None
        return tuple(dict.fromkeys(str(one[4][0]) for one in found))

    def _allowed(self, found: Sequence[Found], host: str) -> Sequence[Found]:
        """The answers that may be connected to; if none may, the reason why the first may not."""
        refused: Misconfigured | None = None
        allowed = []
        for one in found:
            try:
                judge(ipaddress.ip_address(str(one[4][0]).partition("%")[0]), host.strip("[]"), private=self._private)
            except Misconfigured as error:
                refused = refused or error
            else:
                allowed.append(one)
        if refused is not None and not allowed:
            raise refused
        return allowed

    def _resolved(self, host: str, port: int | None) -> Sequence[Found]:
        """The addresses of a name, by a thread of its own: a name server that is silent obeys no deadline and no ``cut``."""
        host = host.strip("[]")
        if literal(host) is not None:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        done = threading.Event()
        answer: list[Sequence[Found] | Exception] = []

        def ask() -> None:
            try:
                answer.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except Exception as error:
                answer.append(error)
            done.set()

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        while not done.wait(LOOK):
            if self.closed:
                raise Cancelled("the run was stopped")
            attempt.remaining()
        if isinstance(answer[0], Exception):
            raise answer[0]
        return answer[0]


class _TimedRaw(io.RawIOBase):
    """A socket's file whose every read waits at most until the attempt's deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(min(attempt.read_timeout, attempt.remaining()))
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


class _Dialled:
    """``urllib3`` asks its connections for a socket here."""

    def _new_conn(self) -> socket.socket:
        assert attempt.dialler is not None
        return attempt.dialler.connect(self)  # type: ignore[arg-type]


class _HTTP(_Dialled, HTTPConnection):
    response_class = _TimedResponse


class _HTTPS(_Dialled, HTTPSConnection):
    response_class = _TimedResponse


class HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTP


class HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPS
