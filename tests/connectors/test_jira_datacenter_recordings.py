"""Recorded issues of a real Jira Server (Apache DevLake's tests), read through the stand-in, against counts from the CSV.

No recording in public has an Epic Link or a sprint in text form; the other Data Center tests build those by hand from the
vendor's documentation.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import WorkItem, checked
from tests.connectors.datacenter_site import data_center
from tests.hub.sandbox.devlake import RECORDINGS, needs_recordings, raw_rows
from tests.hub.sandbox.process import sandbox

pytestmark = needs_recordings

TABLE = "devlake-jira/_raw_jira_api_issue_relationships.csv"
FIELDS = "devlake-jira/_raw_jira_api_issue_fields.csv"


@pytest.fixture(scope="module")
def recorded() -> dict[str, dict[str, Any]]:
    """Issue id -> raw issue, by the plainest means."""
    csv.field_size_limit(2**31 - 1)
    with (Path(RECORDINGS or "") / TABLE).open(encoding="utf-8", newline="") as handle:
        return {raw["id"]: raw for raw in (json.loads(row["data"]) for row in csv.DictReader(handle))}


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, WorkItem]]:
    """Read with a configured field of each kind that the recording has."""
    folder = tmp_path_factory.mktemp("server")
    for name, table in (("issues", TABLE), ("fields", FIELDS)):
        rows = [row for row, _ in raw_rows(Path(RECORDINGS or "") / table)]
        (folder / f"{name}.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    extra = {"by": "reporter", "rank": "customfield_10005", "text": "description"}
    known = [{"id": ident, "name": ident, "schema": {"type": "any"}} for ident in extra.values()]
    rows = json.loads((folder / "fields.json").read_text(encoding="utf-8"))
    (folder / "fields.json").write_text(json.dumps([*rows, *known]), encoding="utf-8")
    with sandbox(load=folder, deployment="datacenter", page_limit=5) as sb, data_center(sb, fields=extra) as connector:
        found: dict[str, WorkItem] = {}
        for partition in connector.partitions():
            pages = list(checked(connector.changes(partition, None, None)))
            assert len(pages) == 5 and not any(page.rejected for page in pages)
            found |= {item.id: item for page in pages for item in page.items}
            assert {seen.id: seen.stamp for seen in connector.census(partition)} == {
                item.id: item.updated_at for item in found.values()
            }
        assert {item.id: item for item in connector.get(found).items} == found
        yield found


def test_every_recorded_issue_is_one_item(items: dict[str, WorkItem], recorded: dict[str, dict[str, Any]]) -> None:
    assert {ident: item.key for ident, item in items.items()} == {ident: raw["key"] for ident, raw in recorded.items()}
    assert len(items) == 22


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("title", ["summary"]),
        ("status", ["status", "name"]),
        ("status_id", ["status", "id"]),
        ("category", ["status", "statusCategory", "key"]),
        ("resolution", ["resolution", "name"]),
        ("type", ["issuetype", "name"]),
        ("type_id", ["issuetype", "id"]),
        ("assignee", ["assignee", "key"]),
    ],
)
def test_values_are_as_recorded(
    items: dict[str, WorkItem], recorded: dict[str, dict[str, Any]], ours: str, theirs: list[str]
) -> None:
    for ident, raw in recorded.items():
        value: Any = raw["fields"]
        for name in theirs:
            value = value.get(name) if isinstance(value, dict) else None
        assert getattr(items[ident], ours) == value


def test_links_have_their_direction(items: dict[str, WorkItem], recorded: dict[str, dict[str, Any]]) -> None:
    expected = {
        ident: Counter(
            (link["type"][phrase], link[end]["id"])
            for link in raw["fields"]["issuelinks"]
            for phrase, end in (("outward", "outwardIssue"), ("inward", "inwardIssue"))
            if end in link
        )
        for ident, raw in recorded.items()
    }
    assert {ident: Counter(item.links) for ident, item in items.items()} == expected
    assert sum(len(item.links) for item in items.values()) == 16
    assert sum(bool(item.links) for item in items.values()) == 12


def test_bugs_of_a_server_have_the_base_level_and_no_parent(items: dict[str, WorkItem]) -> None:
    assert {(item.type, item.level, item.parent_ref, item.sprints) for item in items.values()} == {("Bug", 0, None, ())}
    assert {item.containers for item in items.values()} == {("10009",)}


def test_stamps_people_and_text_are_as_recorded(items: dict[str, WorkItem], recorded: dict[str, dict[str, Any]]) -> None:
    for ident, raw in recorded.items():
        fields, item = raw["fields"], items[ident]
        assert fields["updated"].endswith("+0000") and item.updated_at is not None and item.created_at is not None
        assert f"{item.updated_at:%Y-%m-%dT%H:%M:%S}" == fields["updated"][:19]
        assert f"{item.created_at:%Y-%m-%dT%H:%M:%S}" == fields["created"][:19]
        assert item.fields == {
            "by": fields["reporter"]["key"],
            "rank": fields["customfield_10005"],
            "text": fields["description"],
        }
