"""A signal that arrives inside a write transaction waits for its end: what is being written is finished, not thrown away."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

_main = threading.main_thread()


class _Shield:
    depth = 0
    pending: BaseException | None = None


_shield = _Shield()


def later(error: BaseException) -> bool:
    """Asked by a signal handler (in the main thread): whether ``error`` will be raised at the end of the transaction under way;
    False when there is none, and the handler shall raise it itself. Of several the first is raised."""
    if not _shield.depth:
        return False
    _shield.pending = _shield.pending or error
    return True


@contextlib.contextmanager
def shielded() -> Iterator[None]:
    """Around a transaction. Only the main thread gets signals, so only there it does anything."""
    if threading.current_thread() is not _main:
        yield
        return
    _shield.depth += 1
    try:
        yield
    finally:
        _shield.depth -= 1
        if not _shield.depth and _shield.pending is not None:
            error, _shield.pending = _shield.pending, None
            raise error
