"""A last step of asking a source: one page is read, the two clocks are compared, and the rights beyond reading are asked for."""

from __future__ import annotations

import time

from connectors.base import Connector
from hub.cli.asking import Seen, _step


class Sample:
    """A step for ``asking.ask``. What it learnt stays in its attributes; None is what is not known."""

    def __init__(self, canary: str | None) -> None:
        self._canary = canary
        self.asked = False
        """Whether it was looked into what can be read: not where a sync would refuse to begin"""
        self.items: int | None = None
        """Records on the page"""
        self.skew: float | None = None
        """Seconds by which our clock is ahead of the source's"""
        self.writes: tuple[str, ...] | None = None
        self.canary: tuple[str, bool] | None = None
        """(key, in sight) of the item that every run must see"""

    def __call__(self, connector: Connector, seen: Seen) -> Seen:
        self._clocks(connector)
        if seen.error is not None and seen.result == "failed":
            self.asked = seen.faulty
            return seen
        self.asked = True
        with _step(seen, "what the credential may do"):
            self.writes = connector.writes()
        with _step(seen, "a page"):
            live = next((p for p in connector.partitions() if p.state == "live" and p.yields == "items"), None)
            if live is not None:
                pages = iter(connector.changes(live, None, None))
                page = next(pages)
                self.items = len(page.items) + len(page.rejected)
        if self._canary is not None:
            with _step(seen, "the canary"):
                found = connector.get((self._canary,))
            self.canary = self._canary, bool(found.items or found.rejected)
        return seen

    def _clocks(self, connector: Connector) -> None:
        """By the ``Date`` of an answer that came just now; it has whole seconds."""
        vendor = connector.io.vendor_now()
        if vendor is not None:
            self.skew = time.time() - vendor.timestamp() - 0.5
