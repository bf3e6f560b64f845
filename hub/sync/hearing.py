"""What a connector logs while it reads: warnings become notes of the run, pauses events."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hub.sync.events import Listener, Waiting

HEARD = 20
"""Warnings of a connector that a run keeps."""


@contextmanager
def heard(source: str, notes: list[str], listener: Listener) -> Iterator[None]:
    """Warnings logged meanwhile are added to ``notes``, pauses told to the listener."""
    ear = _Ear(notes, lambda why, seconds: listener(Waiting(source, why, seconds)))
    logger = logging.getLogger("connectors")
    level = logger.level
    logger.addHandler(ear)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(ear)


class _Ear(logging.Handler):
    """Collects warnings of all the read's threads, once each, and passes pauses on."""

    def __init__(self, notes: list[str], waiting: Callable[[str, float], None]) -> None:
        super().__init__(logging.INFO)
        self._notes = notes
        self._waiting = waiting

    def emit(self, record: logging.LogRecord) -> None:  # one at a time: the handler's own lock is held
        text = record.getMessage()
        seconds = getattr(record, "waiting", None)
        if seconds is not None:
            self._waiting(text, seconds)
        elif record.levelno >= logging.WARNING and text not in self._notes and len(self._notes) < HEARD:
            self._notes.append(text)
