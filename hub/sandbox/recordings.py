"""Recorded payloads, served instead of the generated company.

A folder of JSON files, each a list of the vendor's own objects:

    issues.json      raw issues with id, key and fields                          (needed)
    projects.json    projects; missing ones are taken from the issues
    statuses.json    statuses; missing ones are taken from the issues
    issuetypes.json  issue types; missing ones are taken from the issues
    sprints.json     sprints, each with boardId or originBoardId: boards are derived from them
    fields.json      the answer of /field; without it the generated one is used

An id that comes twice counts once, the last row wins. Issues are served verbatim, but for fields that were not asked for.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from hub.sandbox.catalog import Catalog, ProjectRow, board, generated_fields
from hub.sandbox.draw import Issue
from hub.sandbox.site import Site

Json = dict[str, Any]


class RecordingError(ValueError):
    """The folder cannot be served; the text says which file is wrong."""


def load(folder: Path, now: int) -> Site:
    """A site made of the recorded payloads in a folder."""
    issues = {str(row["id"]): row for row in _rows(folder, "issues.json", needed=True)}
    projects = {str(row["id"]): row for row in _rows(folder, "projects.json")}
    statuses = {str(row["id"]): row for row in _rows(folder, "statuses.json")}
    types = {str(row["id"]): row for row in _rows(folder, "issuetypes.json")}
    for row in issues.values():
        for known, name in ((projects, "project"), (statuses, "status"), (types, "issuetype")):
            found = row["fields"].get(name)
            if found:
                known.setdefault(str(found["id"]), found)
    rows = [
        ProjectRow(ident, str(row["key"]), str(row.get("name", row["key"])), bool(row.get("simplified")), raw=row)
        for ident, row in projects.items()
    ]
    catalog = Catalog(rows, statuses, types, fields=_rows(folder, "fields.json") or generated_fields())
    catalog.type_of = {(at, row["name"]): ident for at in range(len(rows)) for ident, row in types.items()}
    _boards(catalog, _rows(folder, "sprints.json"))
    place = {row.id: at for at, row in enumerate(rows)}
    return Site(catalog, None, (_issue(row, place) for row in issues.values()), now)


def _rows(folder: Path, name: str, needed: bool = False) -> list[Json]:
    path = folder / name
    if not path.exists():
        if needed:
            raise RecordingError(f"{path} is missing")
        return []
    rows = orjson.loads(path.read_bytes())
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RecordingError(f"{path} is not a list of objects")
    return rows


def _boards(catalog: Catalog, sprints: list[Json]) -> None:
    home = catalog.projects[0]
    for row in sprints:
        at = int(row.get("boardId") or row.get("originBoardId") or 0)
        if at not in catalog.sprints:
            catalog.boards.append(board(at, f"Board {at}", "scrum", home))
            catalog.sprints[at] = []
        if all(other["id"] != row["id"] for other in catalog.sprints[at]):
            shown = {name: value for name, value in row.items() if name != "boardId"}
            catalog.sprints[at].append(shown)
            catalog.sprint[int(row["id"])] = shown


def _issue(row: Json, place: dict[str, int]) -> Issue:
    """Enough of a recorded issue to search by; the rest stays as it came."""
    fields = row["fields"]
    status, resolution = fields.get("status") or {}, fields.get("resolution") or {}
    created, updated = _ms(fields.get("created")), _ms(fields.get("updated") or fields.get("created"))
    category = status.get("statusCategory", {}).get("key", "new")
    state = {"done": "done", "indeterminate": "doing"}.get(category, "todo")
    return Issue(
        int(row["id"]),
        place[str(fields["project"]["id"])],
        row["key"],
        fields["issuetype"]["name"],
        0,
        fields.get("summary") or "",
        state,
        str(status.get("id", "")),
        resolution.get("name", ""),
        created,
        updated,
        created,
        _ms(fields.get("resolutiondate")),
        -1,
        -1,
        tuple(fields.get("labels") or ()),
        "",
        3,
        None,
        (),
        "",
        raw=row,
    )


def _ms(text: str | None) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000) if text else 0
