"""Recorded payloads, served verbatim."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.sandbox.recordings import RecordingError, load
from tests.hub.sandbox.devlake import RECORDINGS, from_devlake, needs_recordings
from tests.hub.sandbox.process import Sandbox, sandbox

STATUS = {"id": "7", "name": "Erledigt", "statusCategory": {"id": 3, "key": "done", "name": "Fertig"}}
SMALL = {
    "id": "10",
    "key": "AB-1",
    "self": "https://old.example/rest/api/2/issue/10",
    "fields": {
        "summary": "Aufräumen",
        "project": {"id": "5", "key": "AB", "name": "Alt"},
        "status": STATUS,
        "issuetype": {"id": "3", "name": "Aufgabe", "subtask": False, "hierarchyLevel": 0},
        "labels": ["x"],
        "created": "2026-01-05T10:00:00.000+0800",
        "updated": "2026-02-05T10:00:00.000+0800",
        "customfield_777": {"odd": [1, "-1"]},
    },
}


def write(folder: Path, **files: Any) -> Path:
    for name, rows in files.items():
        (folder / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder


def test_what_is_missing_is_taken_from_the_issues(tmp_path: Path) -> None:
    twice = {**SMALL, "key": "AB-0"}
    sprints = [{"id": 4, "name": "Woche 4", "state": "active", "originBoardId": 9}]
    with sandbox(load=write(tmp_path, issues=[twice, SMALL], sprints=sprints)) as sb:
        assert sb.search("project = AB", fields="*all") == [SMALL]
        assert sb.get("/rest/api/3/status") == [STATUS]
        assert [row["key"] for row in sb.get("/rest/api/3/project/search")["values"]] == ["AB"]
        assert sb.get("/rest/agile/1.0/board/9/sprint")["values"] == sprints
        assert sb.get("/rest/api/3/issue/AB-1", fields="customfield_777")["fields"] == {"customfield_777": {"odd": [1, "-1"]}}
        assert sb.search("project = AB AND updated >= 1770256800000") and not sb.search(
            "project = AB AND updated > 1770256800000"
        )


def test_recorded_issues_can_be_changed(tmp_path: Path) -> None:
    with sandbox(load=write(tmp_path, issues=[SMALL])) as sb:
        start = sb.clock()
        sb.mutate("update", issue="AB-1", fields={"customfield_777": None})
        fields = sb.search(f"project = AB AND updated >= {start}", fields="updated,customfield_777")[0]["fields"]
        assert fields == {"updated": "2026-11-22T12:00:01.000+0000", "customfield_777": None}
        sb.mutate("delete", issue="10")
        assert sb.search("project = AB") == []
        sb.reset()
        assert sb.search("project = AB", fields="*all") == [SMALL]


def test_a_folder_that_cannot_be_served_says_why(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"issues\.json is missing"):
        load(tmp_path, 0)
    with pytest.raises(RecordingError, match="not a list of objects"):
        load(write(tmp_path, issues={"issues": []}), 0)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    out = from_devlake(Path(RECORDINGS or "") / "devlake-jira", tmp_path_factory.mktemp("devlake"))
    with sandbox(load=out) as running:
        yield running


@needs_recordings
def test_the_recorded_site(recorded: Sandbox) -> None:
    issues = recorded.search("project in (EE, K5) ORDER BY key", fields="*all", maxResults=10)
    assert len(issues) == 33
    assert {row["fields"]["project"]["key"] for row in issues} == {"EE", "K5"}
    assert len(recorded.get("/rest/api/3/status")) == 53
    assert len(recorded.get("/rest/api/3/issuetype")) == 6
    assert len(recorded.get("/rest/agile/1.0/board/8/sprint", maxResults=50)["values"]) == 30
    copied = {row["fields"]["status"]["statusCategory"]["key"] for row in issues if row["fields"]["status"]["id"] == "10068"}
    listed = [row for row in recorded.get("/rest/api/3/status") if row["id"] == "10068"]
    assert "new" in copied and [row["statusCategory"]["key"] for row in listed] == ["done"]


@needs_recordings
def test_recorded_issues_are_verbatim(recorded: Sandbox) -> None:
    out = {row["id"]: row for row in json.loads((Path(_folder(recorded)) / "issues.json").read_text(encoding="utf-8"))}
    for row in recorded.search("id > 1", fields="*all"):
        assert row["fields"] == out[row["id"]]["fields"]
        assert row["key"] == out[row["id"]]["key"]
    points = recorded.search("key in (EE-1, EE-2) ORDER BY key", fields="customfield_10024")
    assert [row["fields"]["customfield_10024"] for row in points] == ["-1", 2.0]


def _folder(recorded: Sandbox) -> str:
    command = recorded.process.args
    assert isinstance(command, list)
    return str(command[command.index("--load") + 1])
