"""Recorded answers of a real Cloud site (Apache DevLake's tests), read through the stand-in, against counts from the CSV."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import WorkItem, checked
from tests.connectors.jira_site import jira
from tests.hub.sandbox.devlake import RECORDINGS, from_devlake, needs_recordings
from tests.hub.sandbox.process import sandbox

pytestmark = needs_recordings


@pytest.fixture(scope="module")
def recorded() -> dict[str, dict[str, Any]]:
    """Issue id -> raw issue, by the plainest means."""
    csv.field_size_limit(2**31 - 1)
    with (Path(RECORDINGS or "") / "devlake-jira/_raw_jira_api_issues.csv").open(encoding="utf-8", newline="") as handle:
        return {raw["id"]: raw for raw in (json.loads(row["data"]) for row in csv.DictReader(handle))}


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, WorkItem]]:
    folder = from_devlake(Path(RECORDINGS or "") / "devlake-jira", tmp_path_factory.mktemp("site"))
    with sandbox(load=folder) as sb, jira(sb) as connector:
        found: dict[str, WorkItem] = {}
        for partition in connector.partitions():
            for page in checked(connector.changes(partition, None, None)):
                assert page.rejected == () and page.unaccounted == ()
                found |= {item.id: item for item in page.items}
        yield found


def test_every_recorded_issue_is_one_item(items: dict[str, WorkItem], recorded: dict[str, dict[str, Any]]) -> None:
    assert {ident: item.key for ident, item in items.items()} == {ident: raw["key"] for ident, raw in recorded.items()}
    assert Counter((item.key or "").split("-")[0] for item in items.values()) == {"EE": 30, "K5": 3}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("title", ["summary"]),
        ("status", ["status", "name"]),
        ("status_id", ["status", "id"]),
        ("category", ["status", "statusCategory", "key"]),
        ("resolution", ["resolution", "name"]),
        ("type", ["issuetype", "name"]),
        ("level", ["issuetype", "hierarchyLevel"]),
        ("parent_ref", ["parent", "id"]),
        ("assignee", ["assignee", "accountId"]),
    ],
)
def test_values_are_as_recorded(
    items: dict[str, WorkItem], recorded: dict[str, dict[str, Any]], ours: str, theirs: list[str]
) -> None:
    for ident, raw in recorded.items():
        value: Any = raw["fields"]
        for name in theirs:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str):
            value = value.replace("\0", "�")  # recorded: a title that ends with NUL
        assert getattr(items[ident], ours) == value


def test_labels_sprints_and_projects_are_as_recorded(items: dict[str, WorkItem], recorded: dict[str, dict[str, Any]]) -> None:
    for ident, raw in recorded.items():
        fields = raw["fields"]
        assert items[ident].labels == tuple(fields["labels"])
        assert items[ident].sprints == tuple(str(one["id"]) for one in fields.get("customfield_10020") or ())
        assert items[ident].containers == (fields["project"]["id"],)


def test_points_keep_the_recorded_literals(items: dict[str, WorkItem]) -> None:
    assert {item.key: item.estimate for item in items.values() if item.estimate is not None} == {"EE-1": "-1", "EE-2": "2.0"}


def test_the_well_known_counts(items: dict[str, WorkItem]) -> None:
    found = list(items.values())
    assert sum(item.parent_ref is not None for item in found) == 15
    assert Counter(item.category for item in found) == {"done": 25, "new": 8}
    assert sum(item.category == "new" and item.status == "已完成" for item in found) == 5, "named done, but of category new"
    assert sum(item.category == "done" and item.resolution == "Won't Do" for item in found) == 4
    assert sum(item.done_at is not None for item in found) == 30
    assert sum(bool(item.sprints) for item in found) == 30
    assert Counter(item.level for item in found) == {0: 20, -1: 12, 1: 1}


def test_stamps_are_the_recorded_instants(items: dict[str, WorkItem], recorded: dict[str, dict[str, Any]]) -> None:
    for ident, raw in recorded.items():
        stamp = items[ident].updated_at
        assert raw["fields"]["updated"].endswith("+0800")
        assert stamp is not None and stamp.utcoffset() is not None
        assert f"{stamp.timestamp() * 1000:.0f}"[-3:] == raw["fields"]["updated"][20:23], "milliseconds are kept"
