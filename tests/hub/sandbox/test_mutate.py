"""Changes to the site: what each does to answers, keys and `updated`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub.sandbox.process import Sandbox


def fields(sb: Sandbox, name: str) -> dict[str, Any]:
    found: dict[str, Any] = sb.get(f"/rest/api/3/issue/{name}")["fields"]
    return found


def keys(sb: Sandbox, project: str) -> list[str]:
    return [row["key"] for row in sb.search(f"project = {project} ORDER BY key", fields="key", maxResults=5000)]


def test_create_with_a_parent_labels_and_points(sb: Sandbox) -> None:
    before = keys(sb, "CORE")
    made = sb.mutate(
        "create", project="CORE", kind="Story", summary="Quarterly recap", parent="CORE-1", labels=["kr:templates"], points=3
    )
    assert made["key"] == f"CORE-{len(before) + 1}" or made["key"] not in before
    row = fields(sb, made["key"])
    assert row["summary"] == "Quarterly recap" and row["parent"]["key"] == "CORE-1"
    assert row["labels"] == ["kr:templates"] and row["customfield_10026"] == 3
    assert row["status"]["statusCategory"]["key"] == "new"
    assert keys(sb, "CORE") == [*before, made["key"]]
    assert sb.bulkfetch(made["id"])["issues"][0]["key"] == made["key"]


def test_update_bumps_updated_and_only_then_search_finds_it(sb: Sandbox) -> None:
    start = sb.clock()
    assert sb.search(f"project = IDN AND updated >= {start}") == []
    done = sb.mutate("update", issue="IDN-2", fields={"summary": "New words", "labels": ["a", "b"], "customfield_10026": "-1"})
    assert [row["id"] for row in sb.search(f"project = IDN AND updated >= {start}")] == [done["id"]]
    row = fields(sb, "IDN-2")
    assert (row["summary"], row["labels"], row["customfield_10026"]) == ("New words", ["a", "b"], "-1")


def test_a_silent_update_and_a_removed_field(sb: Sandbox) -> None:
    before = fields(sb, "IDN-3")["updated"]
    sb.mutate("update", issue="IDN-3", fields={"summary": "Quiet"}, silent=True)
    assert fields(sb, "IDN-3")["updated"] == before
    sb.mutate("update", issue="IDN-3", remove=["updated", "labels"])
    assert not {"updated", "labels"} & set(fields(sb, "IDN-3"))


def test_transitions_set_resolution_and_dates(sb: Sandbox) -> None:
    made = sb.mutate("create", project="CORE", summary="To be done")["key"]
    sb.clock(shift=3600)
    assert sb.mutate("transition", issue=made, status="In Review")["state"] == "doing"
    assert sb.mutate("transition", issue=made, status="Done")["state"] == "done"
    row = fields(sb, made)
    assert row["resolution"]["name"] == "Done" and row["resolutiondate"] == row["statuscategorychangedate"] == row["updated"]
    assert sb.mutate("transition", issue=made, status="Done - won't do", resolution="Won't Do")["state"] == "dropped"
    assert sb.mutate("transition", issue=made, status="3")["state"] == "doing"
    row = fields(sb, made)
    assert row["resolution"] is None and row["resolutiondate"] is None
    sb.mutate("resolution", issue=made, resolution="Duplicate")
    assert fields(sb, made)["resolution"]["name"] == "Duplicate"


def test_team_managed_projects_have_their_own_statuses_and_no_resolution(sb: Sandbox) -> None:
    made = sb.mutate("create", project="GROW", summary="Team-managed")["key"]
    sb.mutate("transition", issue=made, status="Done")
    row = fields(sb, made)
    assert row["status"]["scope"]["project"]["id"] == row["project"]["id"]
    assert row["resolution"] is None


def test_a_move_keeps_the_id_and_the_old_key_answers(sb: Sandbox) -> None:
    ident = sb.get("/rest/api/3/issue/CORE-4")["id"]
    moved = sb.mutate("move", issue="CORE-4", project="GROW")
    assert moved["id"] == ident and moved["was"] == "CORE-4" and moved["key"].startswith("GROW-")
    assert sb.get("/rest/api/3/issue/CORE-4")["key"] == moved["key"]
    assert sb.bulkfetch("CORE-4")["issues"][0]["id"] == ident
    assert "CORE-4" not in keys(sb, "CORE") and moved["key"] in keys(sb, "GROW")
    row = fields(sb, ident)
    assert row["project"]["key"] == "GROW" and row["status"]["scope"] and "parent" not in row
    again = sb.mutate("move", issue=ident, project="CORE")
    assert again["key"] in keys(sb, "CORE") and sb.get(f"/rest/api/3/issue/{moved['key']}")["key"] == again["key"]


def test_issues_moved_before_the_first_look(sb: Sandbox) -> None:
    all_keys = {row["id"]: row["key"] for row in sb.search("id > 1", fields="key", maxResults=5000)}
    first = min(int(ident) for ident in all_keys)
    strangers = [(ident, key) for ident, key in all_keys.items() if int(ident) < first + 51 and not key.startswith("CORE-")]
    for ident, key in strangers:
        old = f"CORE-{int(ident) - first + 1}"
        assert sb.get(f"/rest/api/3/issue/{old}")["key"] == key
    assert len(all_keys) == 300


def test_delete_and_restore(sb: Sandbox) -> None:
    ident = sb.mutate("delete", issue="CORE-2")["id"]
    assert sb.http.get("/rest/api/3/issue/CORE-2").status_code == 404
    assert sb.bulkfetch(ident) == {"issues": [], "issueErrors": []}
    assert "CORE-2" not in keys(sb, "CORE")
    assert sb.http.get("/rest/api/3/search/jql", params={"jql": "key = CORE-2"}).status_code == 400
    sb.mutate("restore", issue=ident)
    assert sb.get("/rest/api/3/issue/CORE-2")["id"] == ident and "CORE-2" in keys(sb, "CORE")
    sb.mutate("delete", issue=ident)
    assert sb.http.get(f"/rest/api/3/issue/{ident}").status_code == 404


def test_children_of_a_deleted_epic_have_no_parent(sb: Sandbox) -> None:
    child = next(row for row in sb.search("project = CORE", fields="parent") if "parent" in row["fields"])
    sb.mutate("delete", issue=child["fields"]["parent"]["id"])
    assert "parent" not in fields(sb, child["id"])


def test_archived_hidden_and_deleted_projects(sb: Sandbox) -> None:
    roster = "/rest/api/3/project/search"
    some = sb.search("project = DATA")[0]["id"]
    sb.mutate("project", project="DATA", state="archived")
    assert sb.search("project = DATA") == []
    assert {row["key"] for row in sb.get(roster, status="archived")["values"]} == {"CLSC", "DATA"}
    sb.mutate("project", project="DATA", state="deleted")
    assert sb.http.get(f"/rest/api/3/issue/{some}").status_code == 404
    assert [row["key"] for row in sb.get(roster, status="deleted")["values"]] == ["DATA"]
    sb.mutate("project", project="DATA", state="live", hidden=True)
    assert "DATA" not in [row["key"] for row in sb.get(roster)["values"]]
    assert sb.http.get("/rest/api/3/search/jql", params={"jql": "project = DATA"}).status_code == 400
    assert sb.http.get(f"/rest/api/3/issue/{some}").status_code == 404
    assert sb.http.get("/rest/agile/1.0/board/7/sprint").status_code == 404
    sb.mutate("project", project="DATA", hidden=False)
    assert sb.search("project = DATA")


def test_lists_change_without_touching_updated(sb: Sandbox) -> None:
    start = sb.clock()
    sb.mutate("status", status="3", name="Underway")
    sb.mutate("sprint", sprint=106, name="Autumn push", state="closed", completeDate="2026-11-22T12:00:00.000Z")
    sb.mutate("field", field="customfield_10026", name="Effort")
    sb.mutate("board", board=1, name="Core delivery")
    assert "Underway" in {row["name"] for row in sb.get("/rest/api/3/status")}
    assert "Autumn push" in {row["name"] for row in sb.get("/rest/agile/1.0/board/1/sprint")["values"]}
    assert "Effort" in {row["name"] for row in sb.get("/rest/api/3/field")}
    assert sb.get("/rest/agile/1.0/board")["values"][0]["name"] == "Core delivery"
    rows = sb.search("project = CORE", fields="status,customfield_10020")
    assert "Underway" in {row["fields"]["status"]["name"] for row in rows}
    assert "Autumn push" in {sprint["name"] for row in rows for sprint in row["fields"]["customfield_10020"] or ()}
    assert sb.search(f"id > 1 AND updated >= {start}") == []
    sb.reset()
    assert "Underway" not in {row["name"] for row in sb.get("/rest/api/3/status")}


def test_an_index_that_lags(sb: Sandbox) -> None:
    sb.switch(index_lag=300)
    start = sb.clock()
    made = sb.mutate("create", project="CORE", summary="Fresh")
    changed = sb.mutate("update", issue="CORE-3", fields={"summary": "Changed"})
    deleted = sb.mutate("delete", issue="CORE-6")
    assert sb.search(f"project = CORE AND updated >= {start}") == []
    now = keys(sb, "CORE")
    assert "CORE-6" in now and made["key"] not in now
    assert sb.get(f"/rest/api/3/issue/{made['id']}")["key"] == made["key"]
    old = {row["id"]: row["fields"]["summary"] for row in sb.search("project = CORE", fields="summary")}
    assert old[changed["id"]] != "Changed"
    reconciled = sb.post(
        "/rest/api/3/search/jql", {"jql": f"project = CORE AND updated >= {start}", "reconcileIssues": [int(made["id"])]}
    )
    assert [row["id"] for row in reconciled["issues"]] == [made["id"]]
    sb.clock(shift=301)
    assert {row["id"] for row in sb.search(f"project = CORE AND updated >= {start}")} == {made["id"], changed["id"]}
    assert deleted["key"] not in keys(sb, "CORE")


def test_changes_between_pages_keep_the_place(sb: Sandbox) -> None:
    jql = {"jql": "project = IDN ORDER BY updated", "maxResults": "10", "fields": "updated"}
    first = sb.get("/rest/api/3/search/jql", **jql)
    sb.mutate("update", issue=first["issues"][-1]["id"], fields={"summary": "Went to the end"})
    sb.mutate("delete", issue=first["issues"][0]["id"])
    second = sb.get("/rest/api/3/search/jql", **jql, nextPageToken=first["nextPageToken"])
    seen = {row["id"] for row in first["issues"]}
    assert not seen & {row["id"] for row in second["issues"]}
    assert second["issues"][0]["fields"]["updated"] >= first["issues"][-1]["fields"]["updated"]


@pytest.mark.parametrize(
    "change",
    [
        {"op": "explode"},
        {"op": "update", "issue": "NOPE-1"},
        {"op": "create", "project": "NOPE"},
        {"op": "create", "project": "CORE", "kind": "Poem"},
        {"op": "transition", "issue": "CORE-1", "status": "Nowhere"},
        {"op": "move", "issue": "CORE-1", "project": "CORE"},
        {"op": "restore", "issue": "CORE-1"},
        {"op": "sprint", "sprint": 1},
        {"op": "status", "status": "1"},
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(sb: Sandbox, change: dict[str, Any]) -> None:
    answer = sb.control_http.post("/mutate", json=change)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_clock_is_seen_by_clients(sb: Sandbox) -> None:
    assert sb.http.get("/rest/api/3/myself").headers["date"] == "Sun, 22 Nov 2026 12:00:00 GMT"
    sb.clock(shift=-1000)
    assert sb.http.get("/rest/api/3/myself").headers["date"] == "Sun, 22 Nov 2026 11:43:20 GMT"
    assert sb.get("/rest/api/3/serverInfo")["serverTime"] == "2026-11-22T11:43:20.000+0000"
