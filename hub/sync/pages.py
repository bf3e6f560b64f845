"""The pages of a pass on their way to the writer. No store, no network of its own."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from connectors.base import BadData, Connector, Page, Partition, Seen, SourceError
from hub.errors import AnchorlineError

log = logging.getLogger(__name__)

BATCH = 1_000
"""Records per transaction while reading."""
CENSUS_BATCH = 5_000
"""Ids of a listing at a time."""


@contextmanager
def edge(what: str) -> Iterator[None]:
    """What a connector raises beside ``SourceError`` is its own fault over some answer: it fails what is read, not the hub."""
    try:
        yield
    except (SourceError, AnchorlineError, MemoryError):
        raise
    except Exception as fault:
        log.exception("the connector failed while reading %s", what)
        at = traceback.extract_tb(fault.__traceback__)[-1]  # where, for who mends it; never the values
        hint = "This is a fault of the connector: report it with the vendor's answer. Nothing is concluded from it."
        raise BadData(
            f"the connector could not handle {what} ({type(fault).__name__} at {Path(at.filename).name}:{at.lineno})", hint=hint
        ) from fault


def read(pages: Iterable[Page]) -> Iterator[Page]:
    """The pages, with faults of the connector itself translated."""
    iterator = iter(pages)
    while True:
        with edge("an answer"):
            page = next(iterator, None)
        if page is None:
            return
        yield page


def read_census(connector: Connector, partition: Partition) -> Iterator[tuple[Seen, ...]]:
    """A census in batches, with faults of the connector itself translated."""
    with edge("a listing"):
        rows = iter(connector.census(partition))
    while True:
        with edge("a listing"):
            batch = tuple(islice(rows, CENSUS_BATCH))
        if not batch:
            return
        yield batch


def merged(pages: Iterable[Page], records: int = BATCH) -> Iterator[Page]:
    """Pages joined until they hold ``records`` records, so that a transaction is worth its cost; the end mark closes the last.

    A joined page resumes after the last of its parts. What was read before a fault of the source is handed on before the fault
    is; a crash loses at most what was not yet handed on, and the next run reads it again.
    """
    held: list[Page] = []
    try:
        for page in pages:
            held.append(page)
            if page.end is not None or sum(_size(p) for p in held) >= records:
                yield _joined(held)
                held = []
    except SourceError:
        if held:
            yield _joined(held)
        raise


def _size(page: Page) -> int:
    return len(page.items) + len(page.values) + len(page.gone) + len(page.rejected) + len(page.unaccounted)


def _joined(pages: list[Page]) -> Page:
    if len(pages) == 1:
        return pages[0]
    return Page(
        items=tuple(i for p in pages for i in p.items),
        values=tuple(v for p in pages for v in p.values),
        gone=tuple(g for p in pages for g in p.gone),
        rejected=tuple(r for p in pages for r in p.rejected),
        unaccounted=tuple(u for p in pages for u in p.unaccounted),
        resume=pages[-1].resume,
        end=pages[-1].end,
        version=pages[-1].version,
    )
