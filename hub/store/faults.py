"""A test aid: die before the k-th write.

With ``ANCHORLINE_TEST_CRASH_AT=k`` in the environment the process ends with exit code 137, as after ``kill -9``, right before
the k-th statement that writes, or commit of a transaction, counted from 1 over the life of the process. Without the variable
nothing is installed and nothing is counted. ``ANCHORLINE_TEST_CRASH_AT=0`` only counts; the total is written at exit to the
file that ``ANCHORLINE_TEST_CRASH_COUNT`` names.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

VARIABLE = "ANCHORLINE_TEST_CRASH_AT"
COUNT_FILE = "ANCHORLINE_TEST_CRASH_COUNT"
READS = ("SELECT", "PRAGMA", "BEGIN", "SHOW", "SET")

_count = 0
_step: Callable[[], None] | None = None


def before_write() -> None:
    """Said before what writes without being a statement of SQLAlchemy's: a COPY."""
    if _step is not None:
        _step()


def install(engine: Engine) -> None:
    """Watch the engine's statements and commits if the environment asks for it."""
    global _step  # noqa: PLW0603 - see _count
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return
    at = int(wanted)

    def step() -> None:
        global _count  # noqa: PLW0603 - one counter for the process, whatever engines it opens
        _count += 1
        if _count == at:
            os._exit(137)

    _step = step

    def before_statement(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        words = statement.split(None, 1)
        if words and words[0].upper() not in READS:
            step()

    event.listen(engine, "before_cursor_execute", before_statement)
    event.listen(engine, "commit", lambda _connection: step())
    if COUNT_FILE in os.environ:
        atexit.register(lambda: Path(os.environ[COUNT_FILE]).write_text(str(_count)))
