"""The body of an answer: whole, decompressed, and never larger than it may be."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

from urllib3.response import BaseHTTPResponse

from connectors._shared.dial import CHUNK
from connectors.base import Misconfigured, Unavailable


def read_body(response: BaseHTTPResponse, coding: str, cap: int, took: Callable[[int], None]) -> bytes:
    """At most ``cap`` bytes after decompression; ``took`` is told of every piece and may stop the reading.

    Raises ``Unavailable`` for a cut or broken body, ``Misconfigured`` for one that is too large.
    """
    if coding not in ("identity", "", "gzip", "x-gzip"):
        raise Unavailable("an answer has an encoding that was not offered")
    unzip = zlib.decompressobj(31) if "gzip" in coding else None
    parts: list[bytes] = []
    size = 0
    while chunk := response.read(CHUNK):
        for part in (chunk,) if unzip is None else _unzipped(unzip, chunk):
            size += len(part)
            took(len(part))
            if size > cap:
                raise Misconfigured(
                    f"an answer is larger than {cap} bytes after decompression",
                    hint="no page of this vendor is; see what answers at this url",
                )
            parts.append(part)
    if unzip is not None and size and not unzip.eof:
        raise Unavailable("a compressed answer is cut off")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _unzipped(unzip: Any, chunk: bytes) -> Iterator[bytes]:
    """Decompressed parts of at most ``CHUNK`` bytes, so that a bomb is noticed before it is in memory."""
    while chunk:
        part = unzip.decompress(chunk, CHUNK)
        if part:
            yield part
        chunk = unzip.unconsumed_tail
        if not part and not chunk:
            return
