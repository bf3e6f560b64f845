"""What must be true in the end: of items by the stand-in's own truth, of numbers by a hub that read everything afresh."""

from __future__ import annotations

import json
from typing import Any

from hub.store import Store
from tests.hub.sandbox.process import Sandbox
from tests.hub.sync.worlds import rows

LEFT = {"deleted", "trashed", "out_of_scope"}

NUMBERS = {
    "links": "SELECT l.cycle, l.target_kind, l.target, i.id, l.part_num, l.part_den, l.rule, l.strength, l.counts, l.state,"
    " l.level, l.estimate FROM link l JOIN item i ON i.no = l.item_no",
    "progress": "SELECT cycle, kind, id, progress, done, total, key_results, measured FROM snapshot WHERE to_seq IS NULL",
    "attachments": "SELECT i.id, a.cycle, a.outcome, a.strength, a.distance, a.state, a.team FROM attachment a"
    " JOIN item i ON i.no = a.item_no WHERE i.presence = 'present'",
    "edges": "SELECT c.id, p.id, e.by FROM edge e JOIN item c ON c.no = e.child_no JOIN item p ON p.no = e.parent_no"
    " WHERE c.presence = 'present' AND p.presence = 'present'",
    "sprints and names": "SELECT kind, id, name, category FROM dimension WHERE to_seq IS NULL AND kind IN ('status', 'sprint')",
}


def numbers(store: Store) -> dict[str, list[str]]:
    """Links, progress and what they stand on, as comparable text."""
    return {name: sorted(json.dumps(row, default=str) for row in rows(store, query)) for name, query in NUMBERS.items()}


def wrong_items(sb: Sandbox, store: Store, projects: tuple[str, ...] | None) -> list[str]:
    """Where the hub's items differ from what is true: one line each, empty when they agree.

    ``projects`` are the ids that the config reads; None reads all.
    """
    truths = {i: row for i, row in sb.truths().items() if projects is None or row["project_id"] in projects}
    stored = {row[0]: row for row in rows(store, _ITEM)}
    found = []
    for ident, true in truths.items():
        row = stored.get(ident)
        if row is None:
            if true["seen"]:
                found.append(f"{true['key']} ({ident}) is missing")
        elif true["seen"]:
            found += _different(true, row)
    for ident, row in stored.items():
        if row[2] == "present" and not truths.get(ident, {"seen": False})["seen"]:
            found.append(f"{row[1]} ({ident}) is present and should not be")
        if ident not in truths and row[2] not in LEFT and not _hidden_home(sb, row):
            found.append(f"{row[1]} ({ident}) does not exist and is {row[2]}")
    return found


_ITEM = (
    "SELECT id, key, presence, title, status_id, labels, parent_ref, containers, estimate, updated_at, sprints, resolution"
    " FROM item"
)


def _hidden_home(sb: Sandbox, row: Any) -> bool:
    """Whether nothing can be known of the item, since its project is out of sight."""
    seen = {one["id"] for one in sb.get("/rest/api/3/project/search", maxResults=50)["values"]}
    return not set(json.loads(row[7] or "[]")) & seen


def _different(true: dict[str, Any], row: Any) -> list[str]:
    fields = true["fields"]
    points = [value for value in (fields.get("customfield_10026"), fields.get("customfield_10016")) if value is not None]
    expected = {
        "key": true["key"],
        "presence": "present",
        "title": fields["summary"],
        "status_id": fields["status"]["id"],
        "labels": sorted(fields["labels"]),
        "parent_ref": fields["parent"]["id"] if "parent" in fields else None,
        "containers": [true["project_id"]],
        "estimate": float(points[0]) if points else None,
        "updated_at": true["updated"],
        "sprints": sorted(str(each["id"]) for each in fields["customfield_10020"] or ()),
        "resolution": (fields["resolution"] or {}).get("name"),
    }
    stored = {
        "key": row[1],
        "presence": row[2],
        "title": row[3],
        "status_id": row[4],
        "labels": sorted(json.loads(row[5] or "[]")),
        "parent_ref": row[6],
        "containers": json.loads(row[7] or "[]"),
        "estimate": float(row[8]) if row[8] is not None else None,
        "updated_at": row[9],
        "sprints": sorted(json.loads(row[10] or "[]")),
        "resolution": row[11],
    }
    return [
        f"{true['key']} ({true['id']}) {name}: {stored[name]!r} instead of {value!r}"
        for name, value in expected.items()
        if stored[name] != value
    ]
