"""What stands before every route: who may ask, by which name and method, and the headers of every answer."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from hub.log.lines import get

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

METHODS = ("GET", "HEAD", "OPTIONS")
"""There is no other: nothing here changes anything."""
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy",
     b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'none';"
     b" base-uri 'none'; form-action 'self'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)  # fmt: skip
"""On every answer, also on refusals and errors."""
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip")


@dataclass(frozen=True, slots=True)
class Policy:
    """``hosts``: names by which this server may be called, beside ``localhost`` and plain addresses. ``networks``: who may read
    the metrics, beside this machine."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = field(default=())

    def calls(self, host: str) -> bool:
        """Whether a ``Host`` header is one of ours. A page elsewhere whose name was bound to this address (rebinding) calls us
        by its own name; nobody is called by a plain address that is not meant."""
        name = host.strip().lower()
        if name.startswith("["):
            name = name[1:].partition("]")[0]
        elif name.count(":") <= 1:
            name = name.partition(":")[0]
        name = name.rstrip(".")
        return name == "localhost" or name in self.hosts or _address(name) is not None

    def near(self, scope: Scope) -> bool:
        """Whether the one who asks is on this machine or in an allowed network. Behind a proxy everybody seems to be here, so an
        answer that a proxy asks for on behalf of somebody is refused."""
        if any(name in _FORWARDED for name, _ in scope["headers"]):
            return False
        found = _address((scope.get("client") or ("",))[0])
        return found is not None and (found.is_loopback or any(found in network for network in self.networks))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Guard:
    """An ASGI application around another one."""

    def __init__(self, inner: App, policy: Policy) -> None:
        self._inner = inner
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        begun = False

        async def safely(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                ours = {name for name, _ in HEADERS}
                kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in ours]
                message = {**message, "headers": [*kept, *HEADERS]}
            await send(message)

        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not self._policy.calls(hosts[0]):
            await refuse(safely, 403, "This server is not called by that name.")
        elif scope["method"] not in METHODS:
            await refuse(safely, 405, "Only reading is possible here.", allow=METHODS)
        elif scope["method"] == "OPTIONS":
            await refuse(safely, 204, "", allow=METHODS)
        else:
            try:
                await self._inner(scope, receive, safely)
            except Exception:
                mark = secrets.token_hex(4)
                get("hub.web").error("page_failed", mark=mark, path=scope["path"], exc_info=True)
                if not begun:
                    await refuse(safely, 500, f"Something went wrong; the log knows it by {mark}.")


async def refuse(send: Send, status: int, text: str, allow: Iterable[str] = ()) -> None:
    """A short answer in plain text."""
    body = f"{text}\n".encode() if text else b""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if allow:
        headers.append((b"allow", ", ".join(allow).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
