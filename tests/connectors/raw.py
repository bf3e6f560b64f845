"""A server made of plain sockets: it says exactly the bytes that a test gives it, and counts what it hears."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator

Answer = bytes | Callable[[socket.socket], None]
Route = Callable[[bytes], bytes]


def reply(body: bytes = b"{}", status: str = "200 OK", *headers: str, length: bool = True) -> bytes:
    """An HTTP answer as bytes; ``length`` False leaves Content-Length out."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class RawServer:
    """Answers the n-th request with the n-th answer, the last one for ever, or as ``route`` says. Requests are kept as bytes."""

    def __init__(self, *answers: Answer, context: ssl.SSLContext | None = None, route: Route | None = None) -> None:
        self._answers = answers
        self._route = route
        self._context = context
        self._lock = threading.Lock()
        self.requests: list[bytes] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(sock.close)
            if self._context:
                sock = stack.enter_context(self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False))
                sock.do_handshake()
            while request := self._heard(sock):
                with self._lock:
                    self.requests.append(request)
                    at = min(len(self.requests), len(self._answers)) - 1
                    answer = self._route(request) if self._route else self._answers[at]
                if callable(answer):
                    answer(sock)
                    return
                sock.sendall(answer)

    @staticmethod
    def _heard(sock: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            part = sock.recv(65536)
            if not part:
                return b""
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                wanted = int(line.split(b":")[1])
                while len(body) < wanted:
                    body += sock.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


@contextlib.contextmanager
def raw_server(*answers: Answer, context: ssl.SSLContext | None = None, route: Route | None = None) -> Iterator[RawServer]:
    server = RawServer(*(answers or (reply(),)), context=context, route=route)
    try:
        yield server
    finally:
        server.close()


def then_close(data: bytes) -> Answer:
    """Say ``data``, then end the connection in order."""

    def answer(sock: socket.socket) -> None:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)

    return answer


def then_reset(data: bytes) -> Answer:
    """Say ``data``, then tear the connection (RST)."""

    def answer(sock: socket.socket) -> None:
        sock.sendall(data)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()

    return answer


def drip(head: bytes, piece: bytes, pace: threading.Semaphore | None = None) -> Answer:
    """Say ``head``, then ``piece`` again and again (each time ``pace`` is released) until the other side goes away."""

    def answer(sock: socket.socket) -> None:
        sock.sendall(head)
        while pace is None or pace.acquire(timeout=10):
            sock.sendall(piece)

    return answer


def silence(sock: socket.socket) -> None:
    """Hear the request and never answer."""
    sock.recv(1)
