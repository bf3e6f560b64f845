"""The two faces of ``Wire``: an adapter for SDKs on ``requests``, a transport for ``httpx``. Neither adds a way out."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from connectors._shared.wire import Wire
from connectors.base import Misconfigured


class GuardedAdapter(BaseAdapter):
    """Mount on both ``http://`` and ``https://``. Timeouts, proxies and TLS are the wire's, whatever the SDK passes."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def send(
        self, request: Any, stream: bool = False, timeout: Any = None, verify: Any = True, cert: Any = None, proxies: Any = None
    ) -> requests.Response:
        if verify is False:
            raise Misconfigured("an SDK tried to turn TLS verification off")
        answer = self._wire.send(request.method or "GET", request.url or "", request.headers, request.body)
        response = requests.Response()
        response.status_code = answer.status
        response.reason = answer.reason
        response.url = request.url or ""
        response.headers = CaseInsensitiveDict(answer.headers)
        response.encoding = "utf-8"
        response.request = request
        response._content = answer.body
        response._content_consumed = True  # type: ignore[attr-defined]
        return response

    def close(self) -> None:
        """Connections belong to the run, not to one client's session."""


def httpx_transport(wire: Wire) -> Any:
    """An ``httpx.BaseTransport``; httpx is imported only by connectors that use it."""
    import httpx

    class GuardedTransport(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = wire.send(request.method, str(request.url), request.headers, request.read() or None)
            return httpx.Response(answer.status, headers=list(answer.headers.items()), content=answer.body, request=request)

    return GuardedTransport()
