"""Recorded Jira answers (the raw tables of Apache DevLake's tests) in the sandbox's recording format."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

RECORDINGS = os.environ.get("ANCHORLINE_RECORDINGS")
needs_recordings = pytest.mark.skipif(not RECORDINGS, reason="ANCHORLINE_RECORDINGS is not set")

Json = dict[str, Any]
_TABLES = {"issues": "issues", "statuses": "status", "issuetypes": "issue_types", "projects": "projects"}
_GREENHOPPER = "com.pyxis.greenhopper.jira"

# The recordings have no answer of /field for this site: the two fields that matter, and some system ones.
FIELDS: tuple[Json, ...] = (
    *(
        {"id": name, "key": name, "name": title, "custom": False, "schema": {"type": kind, "system": name}}
        for name, title, kind in (("summary", "Summary", "string"), ("status", "Status", "status"), ("labels", "Labels", "array"))
    ),
    {
        "id": "customfield_10020",
        "key": "customfield_10020",
        "name": "Sprint",
        "custom": True,
        "schema": {"type": "array", "items": "json", "custom": f"{_GREENHOPPER}:gh-sprint", "customId": 10020},
    },
    {
        "id": "customfield_10024",
        "key": "customfield_10024",
        "name": "Story Points",
        "custom": True,
        "schema": {"type": "number", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:float", "customId": 10024},
    },
)


def raw_rows(path: Path) -> Iterator[tuple[Json, Json]]:
    """The recorded object and the parameters of every row of a raw table."""
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8", newline="") as handle:
        lines = (line for line in csv.reader(handle) if line)
        head = next(lines)
        for line in lines:
            row = dict(zip(head, line, strict=False))
            yield json.loads(row["data"]), json.loads(row["params"] or "{}") or {}


def from_devlake(folder: Path, out: Path) -> Path:
    """Write the recorded site of `folder` (devlake-jira) into `out`, ready for `--load`; returns `out`."""
    out.mkdir(parents=True, exist_ok=True)
    for name, table in _TABLES.items():
        rows = {str(data["id"]): data for data, _ in raw_rows(folder / f"_raw_jira_api_{table}.csv")}  # the last row wins
        (out / f"{name}.json").write_text(json.dumps(list(rows.values()), ensure_ascii=False), encoding="utf-8")
    sprints = {
        data["id"]: data | {"boardId": params.get("BoardId", data.get("originBoardId"))}
        for data, params in raw_rows(folder / "_raw_jira_api_sprints.csv")
    }
    (out / "sprints.json").write_text(json.dumps(list(sprints.values()), ensure_ascii=False), encoding="utf-8")
    (out / "fields.json").write_text(json.dumps(FIELDS), encoding="utf-8")
    return out
