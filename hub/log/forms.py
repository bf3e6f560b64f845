"""The forms in which one secret travels: plain, quoted for an address, escaped in JSON or a ``repr``, in base64."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 4
"""Characters; hiding shorter texts would blank out ordinary words, and protect nothing."""
_TELLING = 8
"""Characters of base64 from the middle of a longer text, as of ``user:secret``, that are worth hiding."""


def forms(secret: str) -> Iterator[str]:
    """All forms of one secret, itself included; repeated ones are possible."""
    raw = secret.encode("utf-8", "surrogateescape" if _escaped(secret) else "surrogatepass")
    yield from (secret, repr(secret)[1:-1])
    for ascii_only in (True, False):
        yield json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
    for quoted in (quote(raw, safe=""), quote(raw, safe="/"), quote(raw, safe="/:@!$&'()*+,;=~"), quote_plus(raw)):
        yield from (quoted, re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quoted), quote(quoted, safe=""))
    yield raw.hex()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(raw).decode()
        yield from (whole, whole.rstrip("="), quote(whole, safe=""))
        for before in range(3):  # where it stands within what was encoded, in bytes modulo 3
            text = encode(b"\0" * before + raw).decode().rstrip("=")
            inner = text[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
            if len(inner) >= _TELLING:
                yield inner


def _escaped(text: str) -> bool:
    """Bytes of the environment that are no UTF-8 come as lone surrogates of one range."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True
