"""The process around a stand-in: sockets, the log of requests, faults on the wire, and the control API.

Everything under `/_sandbox/` is control (no credential, loopback only): GET|DELETE log, POST reset, GET|POST|DELETE faults, POST
mutate, GET|POST clock, GET|POST switches, GET truth, GET truth/KEY, GET|DELETE violations, POST pass (seconds that a client's
virtual clock has waited). Every other path goes to the stand-in; what stands before
`/rest/` in a path is ignored, so one server can play several sites.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import os
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar
from typing import Protocol as Interface

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from hub.sandbox.answers import Settings
from hub.sandbox.datacenter import DataCenterApi
from hub.sandbox.datacenter_lists import DEPLOYMENT
from hub.sandbox.faults import MEANING, FaultError, Faults
from hub.sandbox.jira import JiraApi
from hub.sandbox.limits import Limiter
from hub.sandbox.mutate_lists import MutationError

Json = dict[str, Any]
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head><body><form action='/login'></form></body></html>"
LOG_LIMIT = 100_000
_TRANSPORTS: dict[tuple[str, int], asyncio.Transport] = {}  # by the client's address, for faults below HTTP


class Protocol(H11Protocol):
    """uvicorn's own, but its connections can be found and broken."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the connection."""
        super().connection_made(transport)
        self._peer = transport.get_extra_info("peername")[:2]
        _TRANSPORTS[self._peer] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        _TRANSPORTS.pop(self._peer, None)
        super().connection_lost(exc)


class _Answer:
    """An answer on its way: what the stand-in said, before the wire had its say."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 200, dict[bytes, bytes](), b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def fill(self, status: int, body: bytes, kind: str = "application/json;charset=UTF-8") -> None:
        self.status, self.body, self.headers[b"content-type"] = status, body, kind.encode()

    def json(self, body: Any, status: int = 200) -> None:
        self.fill(status, orjson.dumps(body))

    def too_many(self, headers: dict[str, str], body: Json) -> None:
        """A request beyond a limit, or during an announced wait."""
        self.json(body, 429)
        self.headers |= {name.encode(): value.encode() for name, value in headers.items()}


class StandIn(Interface):
    """One vendor's API over one site, as the process around it needs it."""

    TOO_MANY: ClassVar[Json]
    """The body of a 429."""

    def app(self) -> Starlette: ...

    def truth(self) -> Json: ...

    def fact(self, name: str) -> Json | None: ...

    def change(self, change: Json) -> Json: ...

    def switched(self) -> None: ...

    def slow_down(self, wait: int, limit: int, now: int) -> dict[str, str]: ...


def _jira(site: Any, settings: Any) -> StandIn:
    return (DataCenterApi if site.catalog.deployment == DEPLOYMENT else JiraApi)(site, settings)


@dataclass(frozen=True)
class Vendor:
    """How a stand-in is put together from its site and settings."""

    api: Callable[[Any, Any], StandIn] = _jira
    limiter: Callable[[Any], Limiter] = Limiter


JIRA = Vendor()


class Sandbox:
    """The ASGI application. `build` makes the site anew for a reset."""

    def __init__(self, build: Callable[[], Any], settings: Settings, ticking: bool = False, vendor: Vendor = JIRA) -> None:
        self.build, self.initial, self.ticking, self.vendor = build, settings, ticking, vendor
        self.reset()

    def reset(self) -> None:
        """As it was at the start."""
        self.site, self.settings = self.build(), replace(self.initial)
        self.api, self.faults = self.vendor.api(self.site, self.settings), Faults()
        self.limiter = self.vendor.limiter(self.settings)
        self.app = self.api.app()
        self.log: list[Json] = []
        self._ticked = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            raise RuntimeError("only HTTP is served")
        self._tick()
        body = await _read(receive)
        path, reply = str(scope["path"]), _Answer()
        if path.startswith("/_sandbox/"):
            self.control(scope, path.removeprefix("/_sandbox/"), body, reply)
            await self._send(scope, send, reply, {})
            return
        with self.limiter.under_way():
            await self._vendor(scope, send, reply, body)

    async def _vendor(self, scope: Scope, send: Send, reply: _Answer, body: bytes) -> None:
        """One request to the stand-in: limits, faults, the answer."""
        path = str(scope["path"])
        prefix, slash, rest = path.partition("/rest/")
        path = slash + rest if slash else path
        query = scope["query_string"].decode(errors="replace")
        self._note(scope, path, query, body)
        request = (str(scope["method"]), path, f"{query}\n{body.decode(errors='replace')}")
        if wait := self.limiter.admit(*request):
            reply.too_many(self.api.slow_down(wait, self.settings.limit, self.site.now), self.api.TOO_MANY)
            await self._send(scope, send, reply, {})
            return
        hits = self.faults.suffer(*request)
        wire = {kind: options for kind, options in hits if kind not in MEANING}
        meaning = {kind: options for kind, options in hits if kind in MEANING}
        pause = self.settings.latency + float(wire.get("delay", {}).get("seconds", 0))
        if pause:
            await asyncio.sleep(pause)
        if not _instead(wire, reply):
            inner = dict(scope) | {"path": path, "raw_path": path.encode(), "sandbox.meaning": meaning, "sandbox.prefix": prefix}
            try:
                self._mutate(meaning.get("mutate", {}).get("change", []))
                await self.app(inner, _replay(body), reply.send)
            except Exception as error:  # a fault of the sandbox itself: say so instead of hanging up
                traceback.print_exc()
                reply.json({"errorMessages": [f"sandbox: {type(error).__name__}: {error}"], "errors": {}}, 500)
            _distort(wire, reply)
        if reply.status in (429, 503):
            self.limiter.announced(*request, reply.headers.get(b"retry-after", b"").decode())
        reply.headers |= {name.encode(): value.encode() for name, value in self.limiter.headers(*request[:2]).items()}
        await self._send(scope, send, reply, wire)

    def _tick(self) -> None:
        if self.ticking:
            passed = int((time.monotonic() - self._ticked) * 1000)
            self.site.now += passed
            self._ticked += passed / 1000

    def _note(self, scope: Scope, path: str, query: str, body: bytes) -> None:
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        present = headers.pop("authorization", None)
        entry = {
            "method": scope["method"],
            "path": path,
            "full_path": scope["path"],
            "query": query,
            "body": body.decode(errors="replace"),
            "headers": headers,
            "authorization": present is not None,
        }
        if len(self.log) < LOG_LIMIT:
            self.log.append(entry)

    # --- control ---------------------------------------------------------------------------------------------------

    def control(self, scope: Scope, what: str, body: bytes, reply: _Answer) -> None:
        """One call of the control API."""
        try:
            data: Any = orjson.loads(body) if body else {}
            found = self._control(scope["method"], what, data)
            reply.json(found, 404 if found is None else 200)
        except (FaultError, MutationError, ValueError, TypeError, KeyError) as error:
            reply.json({"error": f"{type(error).__name__}: {error}"}, 400)

    def _control(self, method: str, what: str, data: Any) -> Any:
        if what == "log":
            if method == "DELETE":
                self.log.clear()
            return self.log
        if what == "reset":
            self.reset()
            return {"reset": True}
        if what == "faults":
            if method == "DELETE":
                self.faults = Faults()
            return self.faults.add(data) if method == "POST" else [rule.shown() for rule in self.faults.rules]
        if what == "mutate":
            return [self.api.change(each) for each in data] if isinstance(data, list) else self.api.change(data)
        if what == "clock":
            self.site.now += int(float(data.get("shift", 0)) * 1000)
            if "now" in data:
                self.site.now = int(datetime.fromisoformat(data["now"]).timestamp() * 1000)
            return {"now": self.site.now}
        if what == "switches":
            return self._switch(data)
        if what == "violations":
            shown = self.limiter.shown()
            if method == "DELETE":
                self.limiter.clear()
            return shown
        if what == "pass":
            self.limiter.advance(float(data["seconds"]))
            return self.limiter.shown()
        if what == "truth":
            return self.api.truth()
        if what.startswith("truth/"):
            return self.api.fact(what.removeprefix("truth/"))
        return None

    def _switch(self, data: Json) -> Json:
        known = {each.name for each in fields(self.settings)}
        for name, value in data.items():
            if name not in known:
                raise ValueError(f"there is no switch {name!r}; there are {', '.join(sorted(known))}")
            setattr(self.settings, name, tuple(value) if isinstance(value, list) else value)
        self.api.switched()
        return {name: value for name, value in asdict(self.settings).items() if name != "token"}

    def _mutate(self, change: Any) -> None:
        for each in change if isinstance(change, list) else [change]:
            self.api.change(each)

    # --- the wire --------------------------------------------------------------------------------------------------

    async def _send(self, scope: Scope, send: Send, reply: _Answer, wire: dict[str, Json]) -> None:
        """Send the answer, whole or broken."""
        stamp = format_datetime(datetime.fromtimestamp(self.site.now // 1000 + int(self.settings.date_skew), UTC), usegmt=True)
        headers = {**reply.headers, b"date": stamp.encode(), b"content-length": str(len(reply.body)).encode()}
        for name, value in wire.get("headers", {}).get("headers", {}).items():
            headers[name.lower().encode()] = str(value).encode()
        broken = next((kind for kind in ("truncate", "reset", "drip") if kind in wire), None)
        options = wire.get(broken, {}) if broken else {}
        if broken == "truncate" and options.get("chunked"):
            del headers[b"content-length"]
        await send({"type": "http.response.start", "status": reply.status, "headers": list(headers.items())})
        if broken is None:
            await send({"type": "http.response.body", "body": reply.body})
            return
        keep = int(options.get("keep", len(reply.body) // 2))
        if broken == "drip":
            await _drip(send, reply.body, options)
            return
        await send({"type": "http.response.body", "body": reply.body[:keep], "more_body": True})
        if broken == "reset":
            _reset(scope)
        # A truncated answer simply ends here: the server closes a connection whose answer was left unfinished.


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _instead(wire: dict[str, Json], reply: _Answer) -> bool:
    """Faults that answer in the stand-in's place."""
    if "status" in wire:
        options = wire["status"]
        body = options.get("body", {"errorMessages": [f"Injected {options.get('status', 503)}"], "errors": {}})
        text = body.encode() if isinstance(body, str) else orjson.dumps(body)
        reply.fill(int(options.get("status", 503)), text, "text/html" if isinstance(body, str) else "application/json")
        reply.headers |= {name.lower().encode(): str(value).encode() for name, value in options.get("headers", {}).items()}
    elif "redirect" in wire:
        reply.fill(int(wire["redirect"].get("status", 302)), b"", "text/plain")
        reply.headers[b"location"] = str(wire["redirect"]["location"]).encode()
    elif "html" in wire:
        reply.fill(200, LOGIN_PAGE, "text/html;charset=UTF-8")
    elif "json" in wire:
        body = wire["json"].get("body", {})  # a string is sent as it is: NaN, lone surrogates, nothing at all
        reply.fill(200, body.encode() if isinstance(body, str) else orjson.dumps(body))
    else:
        return False
    return True


def _distort(wire: dict[str, Json], reply: _Answer) -> None:
    """Faults that inflate a true answer."""
    if "huge" in wire:
        reply.body = reply.body[:-1] + b" " * int(float(wire["huge"].get("megabytes", 50)) * 1_000_000) + reply.body[-1:]
    if "gzip_bomb" in wire:
        padding = b" " * int(float(wire["gzip_bomb"].get("megabytes", 50)) * 1_000_000)
        reply.body = gzip.compress(reply.body[:-1] + padding + reply.body[-1:], 9, mtime=0)
        reply.headers[b"content-encoding"] = b"gzip"


async def _drip(send: Send, body: bytes, options: Json) -> None:
    step, pause = int(options.get("bytes", 1)), float(options.get("seconds", 0.01))
    dripping = min(len(body), int(options.get("keep", len(body))))  # the rest comes in one piece
    for at in range(0, dripping, step):
        await send({"type": "http.response.body", "body": body[at : min(at + step, dripping)], "more_body": True})
        await asyncio.sleep(pause)
    await send({"type": "http.response.body", "body": body[dripping:]})


def _reset(scope: Scope) -> None:
    """End the connection with RST instead of FIN."""
    transport = _TRANSPORTS.get(tuple(scope["client"]))
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


class _Server(uvicorn.Server):
    """Says on stdout when it is ready, in one line of JSON."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        sys.stdout.write(json.dumps({"ready": True, "url": f"http://127.0.0.1:{port}", "pid": os.getpid()}) + "\n")
        sys.stdout.flush()


def serve(
    build: Callable[[], Any], settings: Settings, port: int, ticking: bool, until_stdin_closes: bool, vendor: Vendor = JIRA
) -> None:
    """Serve on loopback until told to stop."""
    logging.disable(logging.CRITICAL)  # a broken answer is what was asked for, not an error to report

    async def run() -> None:
        config = uvicorn.Config(
            Sandbox(build, settings, ticking, vendor),
            host="127.0.0.1",
            port=port,
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            date_header=False,
            server_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
        server = _Server(config)
        if until_stdin_closes:
            threading.Thread(target=_watch_stdin, args=(server,), daemon=True).start()
        await server.serve()

    asyncio.run(run())


def _watch_stdin(server: uvicorn.Server) -> None:
    """A parent that dies closes our stdin: leave no orphan behind."""
    while sys.stdin.buffer.read(4096):
        pass
    server.should_exit = True
