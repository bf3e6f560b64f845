"""Room on the disk: enough for a run, and a copy before the file is changed for good."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from hub.errors import StoreUnavailable

LEAST = 64 * 2**20
"""Bytes that must be free before a run begins: its log of writes, and the next evaluation."""
KEPT = 7
"""Copies from before upgrades that stay."""


def require(path: Path | None, least: int = LEAST) -> None:
    """Raise ``StoreUnavailable`` when the disk of an SQLite file is nearly full; a server sees to its own (None)."""
    if path is None:
        return
    free = shutil.disk_usage(path.parent).free
    if free < least:
        raise StoreUnavailable(
            f"Only {free // 2**20} MB are free on the disk of {path}; a run needs {least // 2**20} MB.",
            hint="Make room first; nothing was read and nothing changed.",
        )


def copy_before_upgrade(path: Path, revision: str) -> Path:
    """A whole copy of the database beside it, readable by its owner alone; older copies beyond ``KEPT`` go.

    Raises ``StoreUnavailable`` when there is no room for it: then nothing is upgraded.
    """
    size = path.stat().st_size + (wal.stat().st_size if (wal := path.with_name(path.name + "-wal")).exists() else 0)
    require(path, LEAST + size)
    target = path.with_name(f"{path.name}.before-{revision}-{time.time_ns() // 1_000_000}")
    part = target.with_name(target.name + ".part")
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, whoever looks into it
            (sound,) = copy.execute("PRAGMA quick_check").fetchone()
        if sound != "ok":
            raise StoreUnavailable("The copy before the upgrade is damaged.", hint="Check the disk; nothing was upgraded.")
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    for former in sorted(path.parent.glob(f"{path.name}.before-*"), key=_age)[:-KEPT]:
        former.unlink(missing_ok=True)
    return target


def _age(path: Path) -> int:
    return int(path.name.rpartition("-")[2]) if path.name.rpartition("-")[2].isdigit() else 0
