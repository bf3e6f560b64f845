"""A pooler in transaction mode, for tests: many clients share one connection to the server, each for a transaction at a time."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

ENCRYPTION = (80877103, 80877104)
"""Requests for TLS or GSSAPI, before anything else is said; the answer is no."""


class Pooler:
    """Listens on a loopback port for clients of a server's unix socket. A context manager."""

    def __init__(self, server: Path, user: str, database: str) -> None:
        self._server = socket.socket(socket.AF_UNIX)
        self._server.connect(str(server))
        words = b"".join(f"{word}\0".encode() for word in ("user", user, "database", database, ""))
        self._server.sendall(struct.pack("!ii", 8 + len(words), 196608) + words)
        self._greeting = b""
        while True:
            kind, message = _message(self._server)
            if kind == b"S":  # the server's settings, which each client is told
                self._greeting += message
            if kind == b"Z":
                break
        self._turn = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._clients: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Pooler:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listener, *self._clients, self._server):
            each.close()

    def _accept(self) -> None:
        try:
            while True:
                client, _ = self._listener.accept()
                self._clients.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()
        except OSError:  # closed
            return

    def _serve(self, client: socket.socket) -> None:
        try:
            while struct.unpack("!i", _start(client)[:4])[0] in ENCRYPTION:
                client.sendall(b"N")
            key = b"K" + struct.pack("!iii", 12, 1, 1)
            client.sendall(b"R" + struct.pack("!ii", 8, 0) + self._greeting + key + b"Z" + struct.pack("!i", 5) + b"I")
            while True:
                first = _message(client)
                if first[0] == b"X":
                    return
                with self._turn:
                    self._transaction(client, first)
        except OSError:
            return

    def _transaction(self, client: socket.socket, message: tuple[bytes, bytes]) -> None:
        """Until the server says that no transaction is open and nothing is left to be answered."""
        while True:
            self._server.sendall(message[1])
            while message[0] not in (b"Q", b"S"):
                message = _message(client)
                self._server.sendall(message[1])
            kind, answer = _message(self._server)
            while kind != b"Z":
                client.sendall(answer)
                kind, answer = _message(self._server)
            client.sendall(answer)
            if answer[-1:] == b"I":
                return
            message = _message(client)


def _exactly(from_: socket.socket, number: int) -> bytes:
    found = b""
    while len(found) < number:
        piece = from_.recv(number - len(found))
        if not piece:
            raise OSError("closed")
        found += piece
    return found


def _start(client: socket.socket) -> bytes:
    """The first thing that a client says, without its length."""
    return _exactly(client, struct.unpack("!i", _exactly(client, 4))[0] - 4)


def _message(from_: socket.socket) -> tuple[bytes, bytes]:
    """(kind, all of it)"""
    head = _exactly(from_, 5)
    return head[:1], head + _exactly(from_, struct.unpack("!i", head[1:])[0] - 4)
