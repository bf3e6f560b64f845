"""The process in which files are parsed: little memory, little time, no secrets, nothing to write but its answer.

    job (JSON, stdin) --> this process --> answer (stdout): a line of JSON that says what follows, lines of up to PAGE records

Nothing is said before everything was read, so an answer is whole or none. Run as ``python -m connectors.spreadsheet.child``.
"""

from __future__ import annotations

import errno
import gc
import os
import resource
import sys
import traceback
from pathlib import Path
from typing import Any

import orjson

from connectors.spreadsheet.grid import Refused

MEMORY = 280 * 2**20
"""Bytes of address space, the interpreter's own included."""
SECONDS = 30
"""Of processor time."""
ANSWER = 200 * 2**20
"""Bytes of an answer."""
PAGE = 1_000
TOO_LONG, NO_ROOM = 3, 4
"""How the process ends where its answer cannot be written."""


def limit() -> None:
    """Give up what parsing does not need, for good."""
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, ANSWER), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))  # at the second of the two the reason is lost


def answer(job: dict[str, Any]) -> list[bytes]:
    """The lines to answer. Raises ``Refused``."""
    if job["do"] == "list":
        from connectors.spreadsheet.workbook import Workbook

        return [orjson.dumps({"sheets": Workbook(job["path"], job["file"]).sheets()})]
    return _records(job)


def _records(job: dict[str, Any]) -> list[bytes]:
    from connectors.spreadsheet import delimited
    from connectors.spreadsheet.plan import Plan
    from connectors.spreadsheet.table import Table

    path, file, sheet, plan = job["path"], job["file"], job["sheet"], Plan.from_json(job["plan"])
    if sheet is None:
        grid = delimited.grid(path, file, plan)
    else:
        from connectors.spreadsheet.workbook import Workbook

        grid = Workbook(path, file).grid(sheet)
    table = Table(grid, plan, file, sheet)
    lines, page, count = [b""], [], 0
    for record in table.records():
        page.append(record)
        if len(page) == PAGE:
            lines.append(orjson.dumps(page))
            count, page = count + PAGE, []
    table.finish()
    if page:
        lines.append(orjson.dumps(page))
    about = {"records": count + len(page), "pages": len(lines) - 1, "column": None if sheet is None else table.column}
    lines[0] = orjson.dumps(about)
    return lines


def main() -> int:
    """Answer the job on stdin."""
    limit()
    gc.disable()  # a sheet is a million small lists and no cycle
    job = orjson.loads(sys.stdin.buffer.read())
    try:
        lines = answer(job)
    except Refused as refused:
        lines = [orjson.dumps({"refused": refused.text, "remedy": refused.remedy, "kind": refused.kind})]
    except MemoryError:
        lines = [b'{"over":"memory"}']
    except Exception as error:
        at = traceback.extract_tb(error.__traceback__)[-1]  # where, for who mends it; never the values
        lines = [orjson.dumps({"failed": f"{type(error).__name__} at {Path(at.filename).name}:{at.lineno}"})]
    out = sys.stdout.buffer
    try:
        out.writelines(line + b"\n" for line in lines)
        out.flush()
    except OSError as error:
        os._exit(TOO_LONG if error.errno == errno.EFBIG else NO_ROOM)  # at once: what is buffered would be tried again
    return 0


if __name__ == "__main__":
    sys.exit(main())
