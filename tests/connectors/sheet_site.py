"""A web server with one file on it, behind a name and a password, that can be made to fail as servers do."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import Any

from connectors.base import Secret, SourceSettings
from tests.connectors.contract import StandIn
from tests.connectors.raw import Answer, RawServer, reply, then_close, then_reset
from tests.connectors.sheets import csv_text

USER, TOKEN = "reader", "t0ken-of-the/f1le=server"
OPTIONS = {"key": "Deal ID", "columns": {"title": "Deal", "status": "Stage", "amount": "Amount"}}
DEALS = 2_500
"""More than two pages."""


def deals(number: int) -> bytes:
    """A file of so many deals; every third has no region."""
    rows = [(f"D-{n}", f"Deal {n}", "Won" if n % 2 else "Lost", n * 10, "EMEA" if n % 3 else "", "high") for n in range(number)]
    return csv_text([("Deal ID", "Deal", "Stage", "Amount", "Region", "Priority"), *rows]).encode()


class FileSite(StandIn):
    """``content`` is what the file holds now. Every request is answered whole, unless a fault is in front of it."""

    def __init__(self, content: bytes | None = None, path: str = "/exports/deals.csv") -> None:
        self.content = deals(DEALS) if content is None else content
        self._path = path
        self.etags = False
        """Whether it gives the file an ETag, and answers 304 to who has it."""
        self._fault: dict[str, Any] | None = None
        self._since = 0
        self._log: list[dict[str, Any]] = []
        self._server = RawServer(route=self._answer)  # type: ignore[arg-type]
        self.url = self._server.url + path

    def close(self) -> None:
        self._server.close()

    def settings(self, **changes: Any) -> SourceSettings:
        values: dict[str, Any] = {
            "name": "deals", "kind": "spreadsheet", "url": self.url, "user": USER, "token": Secret(TOKEN), "options": OPTIONS,
        }  # fmt: skip
        return SourceSettings(**(values | changes))

    def truth(self) -> dict[str, set[str]]:
        return {"deals": {f"D-{n}" for n in range(DEALS)}}

    def fault(self, do: str, **options: Any) -> None:
        self._fault, self._since = {"do": do, **options}, len(self._log)

    def heal(self) -> None:
        self._fault = None

    def log(self) -> list[dict[str, Any]]:
        return self._log

    # ---- answers

    def _answer(self, request: bytes) -> Answer:
        head = request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = dict(line.split(": ", 1) for line in head[1:])
        self._log.append({"method": method, "path": path, "query": "", "headers": headers, "body": b""})
        fault = self._fault
        if fault is not None and ("at" not in fault or len(self._log) - self._since in fault["at"]):
            return self._failing(**fault)
        wanted = "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        if headers.get("Authorization", headers.get("authorization")) != wanted:
            return reply(b"<html>who are you</html>", "401 Unauthorized")
        if path != self._path:
            return reply(b"<html>nothing</html>", "404 Not Found")
        known = headers.get("If-None-Match", headers.get("if-none-match"))
        if known is not None and known == self.etag:
            return reply(b"", "304 Not Modified", f"ETag: {self.etag}")
        return self._whole()

    @property
    def etag(self) -> str | None:
        return f'"{hashlib.sha256(self.content).hexdigest()[:12]}"' if self.etags else None

    def _whole(self) -> bytes:
        more = [f"ETag: {self.etag}"] if self.etags else []
        return reply(self.content, "200 OK", *more).replace(b"application/json", b"text/csv", 1)

    def _failing(self, do: str, **options: Any) -> Answer:
        if do == "html":
            return reply(b"<html>log in</html>").replace(b"application/json", b"text/html", 1)
        if do == "json":
            return reply(json.dumps(options["body"]).encode())
        if do == "status":
            more = [f"{name}: {value}" for name, value in options.get("headers", {}).items()]
            return reply(b"<html>no</html>", f"{options['status']} No", *more)
        if do == "redirect":
            return reply(b"", "302 Found", f"Location: {options['location']}")
        if do == "gzip_bomb":
            return reply(gzip.compress(bytes(options["megabytes"] << 20), 9), "200 OK", "Content-Encoding: gzip")
        if do == "reset":
            return then_reset(self._whole()[: options["keep"] + 200])
        assert do == "truncate", do
        if options.get("chunked"):
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n"
            return then_close(head + b"%x\r\n%s\r\n" % (options["keep"], self.content[: options["keep"]]))
        return then_close(self._whole()[: options["keep"] + 200])
