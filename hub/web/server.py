"""The HTTP server: a thread of the daemon's process that begins before ``start`` returns and ends within a second."""

from __future__ import annotations

import errno
import socket
import threading
from typing import Self

import uvicorn

from hub.errors import AnchorlineError, UsageError
from hub.web.guard import App, is_loopback

BEGIN = 10.0
"""Seconds for the server to accept connections."""
END = 0.5
"""Seconds that answers under way have, when asked to end."""
CONNECTIONS = 64
"""At a time; more are answered 503."""


class Server:
    """A context manager: ``with Server(app, "127.0.0.1", 8080) as server: server.port``. Port 0 takes a free one."""

    def __init__(self, app: App, host: str, port: int, *, public: bool = False) -> None:
        if not public and not is_loopback(host):
            raise UsageError(
                f"The dashboard would listen on {host}, where others can reach it, and it asks nobody who they are.",
                hint="Listen on 127.0.0.1 behind a proxy that asks, or set insecure_allow_public = true under [web].",
            )
        self._socket = _bound(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                app, log_config=None, access_log=False, lifespan="off", loop="asyncio", http="h11", ws="none", interface="asgi3",
                server_header=False, proxy_headers=False, timeout_keep_alive=5, timeout_graceful_shutdown=1,
                limit_concurrency=CONNECTIONS, backlog=CONNECTIONS, h11_max_incomplete_event_size=16_384,
            )
        )  # fmt: skip
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="web", daemon=True)

    def start(self) -> None:
        """Accept connections from now on. Raises ``AnchorlineError`` when it does not come up."""
        self._thread.start()
        waited = threading.Event()
        for _ in range(int(BEGIN / 0.01)):
            if self._server.started or not self._thread.is_alive():
                break
            waited.wait(0.01)
        if not self._server.started:
            self.stop()
            raise AnchorlineError("The web server did not start.", hint="`anchorline serve --no-web` runs without it.")

    def stop(self) -> None:
        """End, with what is being answered if it takes longer than a moment. May be called twice."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(END)
            self._server.force_exit = True
            self._thread.join(END)
        self._socket.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _bound(host: str, port: int) -> socket.socket:
    """A listening socket, made here so that a port in use is a message and not a thread that dies."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        made = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        raise AnchorlineError(f"{host} is no address of this machine.", hint="Correct `listen` under [web].") from None
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            hint = "Another process listens there: change `listen` under [web], or use `anchorline serve --no-web`."
            raise AnchorlineError(f"Port {port} on {host} is in use.", hint=hint) from None
        hint = "Correct `listen` under [web]; ports below 1024 need a right of their own."
        raise AnchorlineError(f"{host}:{port} cannot be listened on: {error.strerror}.", hint=hint) from None
    return made
