"""Recorded Trello answers (the raw tables of Apache DevLake's tests) in the sandbox's recording format."""

from __future__ import annotations

import json
from pathlib import Path

from tests.hub.sandbox.devlake import raw_rows

_TABLES = {"cards": "cards", "lists": "lists", "labels": "labels", "checklists": "check_items"}


def from_devlake(folder: Path, out: Path) -> Path:
    """Write the recorded boards of `folder` (devlake-trello) into `out`, ready for `--load`; returns `out`."""
    out.mkdir(parents=True, exist_ok=True)
    for name, table in _TABLES.items():
        rows = {data["id"]: data for data, _ in raw_rows(folder / f"_raw_trello_{table}.csv")}
        (out / f"{name}.json").write_text(json.dumps(list(rows.values()), ensure_ascii=False), encoding="utf-8")
    return out
