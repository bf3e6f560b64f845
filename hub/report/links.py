"""From a number back to the vendor: addresses that list the items behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import connectors
from hub.report.evidence import Link


class Listed(NamedTuple):
    """An item behind a number."""

    source: str
    key: str | None
    url: str | None


def searches(kinds: Mapping[str, str], items: Iterable[Listed]) -> tuple[Link, ...]:
    """Where each vendor lists these items, if its connector can tell; ``kinds`` are those of the sources."""
    by_source: dict[str, list[Listed]] = {}
    for item in items:
        by_source.setdefault(item.source, []).append(item)
    found: list[Link] = []
    for source, those in by_source.items():
        found += _of_source(source, kinds.get(source), [item for item in those if item.key])
    return tuple(found)


def _of_source(source: str, kind: str | None, items: list[Listed]) -> list[Link]:
    address = next((item.url for item in items if item.url), None)
    try:
        search = connectors.load(kind).search_urls if kind is not None else None
    except (connectors.UnknownKind, ImportError, AttributeError, TypeError):  # a connector that is no longer installed
        return []
    if search is None or address is None:
        return []
    keys = list(dict.fromkeys(item.key for item in items if item.key))
    urls = search(address, keys)
    what = "this item" if len(keys) == 1 else f"these {len(keys):,} items"
    if len(urls) == 1:
        return [Link(f"open {what} in {source}", urls[0])]
    return [Link(f"open {what} in {source}, list {n} of {len(urls)}", url) for n, url in enumerate(urls, 1)]
