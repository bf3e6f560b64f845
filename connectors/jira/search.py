"""The addresses at which Jira lists certain issues: its search page with a JQL query of their keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

LONGEST = 6_000
"""Characters of an address: servers and proxies refuse request lines beyond 8,000 bytes."""
_BROWSE = re.compile(r"(https?://[^\s?#]+?)/browse/[^/\s?#]+/?")
_KEY = re.compile(r"[A-Z][A-Z0-9_]*-[0-9]+", re.ASCII | re.IGNORECASE)


def search_urls(url: str, keys: Sequence[str]) -> tuple[str, ...]:
    """Addresses that together list the issues of these keys; several, where one would be too long. ``url`` is that of any issue,
    which says where the site is for people. Nothing where it is none, or a key is none."""
    site = _BROWSE.fullmatch(url)
    if site is None or not keys or not all(_KEY.fullmatch(key) for key in keys):
        return ()
    return tuple(f"{site[1]}/issues/?jql={quote(f'issuekey in ({batch})', safe=',()')}" for batch in _batches(keys))


def _batches(keys: Sequence[str]) -> Iterator[str]:
    batch: list[str] = []
    size = 0
    for key in keys:
        if batch and size + len(key) + 1 > LONGEST:
            yield ",".join(batch)
            batch, size = [], 0
        batch.append(key)
        size += len(key) + 1
    yield ",".join(batch)
