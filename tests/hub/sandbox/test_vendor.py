"""What a vendor does that makes items vanish, come back or change their names; each as the account sees it."""

from __future__ import annotations

import pytest

from tests.hub.sandbox.process import Sandbox

ROSTER, BULK, SEARCH = "/rest/api/3/project/search", "/rest/api/3/issue/bulkfetch", "/rest/api/3/search/jql"


def keys(sb: Sandbox, project: str) -> list[str]:
    return [row["key"] for row in sb.search(f"project = {project}", fields="key", maxResults=5000)]


def roster(sb: Sandbox, **params: str) -> list[str]:
    return [row["key"] for row in sb.get(ROSTER, **params)["values"]]


def test_issue_security_hides_one_issue_everywhere_and_looks_like_a_deletion(sb: Sandbox) -> None:
    ident = sb.mutate("secure", issue="CORE-3")["id"]
    assert "CORE-3" not in keys(sb, "CORE")
    assert sb.bulkfetch(ident) == {"issues": [], "issueErrors": []}
    assert sb.http.get(f"/rest/api/3/issue/{ident}").status_code == 404
    assert sb.search(f"id = {ident}") == []
    assert sb.truths()[ident]["seen"] is False
    sb.mutate("secure", issue=ident, hidden=False)
    assert "CORE-3" in keys(sb, "CORE") and sb.truths()[ident]["seen"] is True


def test_issue_security_is_at_once_also_where_the_index_lags(sb: Sandbox) -> None:
    sb.switch(index_lag=300)
    sb.mutate("update", issue="CORE-3", fields={"summary": "x"})
    sb.mutate("secure", issue="CORE-3")
    assert "CORE-3" not in keys(sb, "CORE")


def test_a_smaller_role_sees_fewer_projects_and_stays_the_same_account(sb: Sandbox) -> None:
    me, one = sb.get("/rest/api/3/myself"), sb.search("project = GROW")[0]["id"]
    sb.switch(role=["CORE", "10003"])
    assert roster(sb) == ["CORE", "IDN"] and roster(sb, status="archived") == [] and roster(sb, status="deleted") == []
    assert sb.bulkfetch(one)["issues"] == [] and sb.http.get(SEARCH, params={"jql": "project = GROW"}).status_code == 400
    assert sb.get("/rest/api/3/myself") == me
    sb.switch(role=[])
    assert sb.bulkfetch(one)["issues"]


def test_in_a_blackout_everything_is_silent_and_the_account_is_known(sb: Sandbox) -> None:
    whole, me = keys(sb, "CORE"), sb.get("/rest/api/3/myself")
    sb.switch(blackout=True)
    assert sb.get(SEARCH, jql="project = CORE") == {"issues": [], "isLast": True}
    assert sb.bulkfetch("CORE-1") == {"issues": [], "issueErrors": []}
    assert sb.http.get("/rest/api/3/issue/CORE-1").status_code == 404
    assert sb.post("/rest/api/3/search/approximate-count", {"jql": "project = CORE"}) == {"count": 0}
    assert "CORE" in roster(sb) and sb.get("/rest/api/3/myself") == me
    sb.switch(blackout=False)
    assert keys(sb, "CORE") == whole


def test_a_project_with_another_key_keeps_its_id_and_all_old_keys_answer(sb: Sandbox) -> None:
    moved = sb.mutate("move", issue="CORE-4", project="GROW")
    before, stamp = keys(sb, "CORE"), sb.truth("CORE-2")["updated"]
    sb.mutate("project", project="CORE", key="KERN")
    assert keys(sb, "KERN") == [key.replace("CORE-", "KERN-") for key in before]
    assert sb.get("/rest/api/3/issue/CORE-2")["key"] == "KERN-2" == sb.bulkfetch("core-2")["issues"][0]["key"]
    assert sb.truth("KERN-2")["updated"] == stamp, "the change of a project's key changes no issue"
    assert sb.get("/rest/api/3/issue/CORE-4")["key"] == moved["key"]
    assert sb.get("/rest/api/3/project/CORE")["key"] == "KERN" == sb.get("/rest/api/3/project/10001")["key"]
    assert "KERN" in roster(sb) and "CORE" not in roster(sb) and keys(sb, "CORE") == keys(sb, "KERN")
    assert sb.get("/rest/api/3/issue/KERN-2")["fields"]["project"]["key"] == "KERN"
    assert sb.mutate("create", project="KERN", summary="New")["key"] == "KERN-" + str(
        1 + max(int(key.rpartition("-")[2]) for key in [*before, "CORE-4"])
    )
    assert sb.get("/rest/agile/1.0/board")["values"][0]["location"]["projectKey"] == "KERN"
    assert sb.control_http.post("/mutate", json={"op": "project", "project": "GROW", "key": "CORE"}).status_code == 400


def test_a_bulk_edit_gives_many_issues_one_stamp(sb: Sandbox) -> None:
    done = sb.mutate("bulk", project="DATA", fields={"labels": ["sweep"]})["issues"]
    rows = sb.search("project = DATA", fields="updated,labels")
    assert len({row["fields"]["updated"] for row in rows}) == 1 and len(rows) == len(done) > 5
    assert {tuple(row["fields"]["labels"]) for row in rows} == {("sweep",)}
    assert len(sb.mutate("bulk", issues=["CORE-1", "CORE-2"], fields={"labels": []})["issues"]) == 2


def test_what_stood_below_a_deleted_issue_changes(sb: Sandbox) -> None:
    child = next(row for row in sb.search("project = CORE", fields="parent,updated") if "parent" in row["fields"])
    sb.mutate("delete", issue=child["fields"]["parent"]["id"])
    after = sb.bulkfetch(child["id"])["issues"][0]["fields"]
    assert "parent" not in after and after["updated"] > child["fields"]["updated"]


def test_a_deleted_issue_comes_back_as_the_same(sb: Sandbox) -> None:
    ident = sb.mutate("delete", issue="CORE-3")["id"]
    assert ident not in sb.truths()
    sb.mutate("restore", issue=ident)
    assert sb.truths()[ident]["key"] == "CORE-3" and sb.truths()[ident]["seen"]


def test_the_roster_says_how_many_issues_there_are_when_asked(sb: Sandbox) -> None:
    assert all("insight" not in row for row in sb.get(ROSTER)["values"])
    (core,) = sb.get(ROSTER, expand="insight", keys="CORE")["values"]
    assert core["insight"]["totalIssueCount"] == len(keys(sb, "CORE"))
    sb.mutate("create", project="CORE", summary="One more")
    (more,) = sb.get(ROSTER, expand="insight", keys="CORE")["values"]
    assert more["insight"]["totalIssueCount"] == core["insight"]["totalIssueCount"] + 1
    assert more["insight"]["lastIssueUpdateTime"] > core["insight"]["lastIssueUpdateTime"]


@pytest.mark.parametrize("skew", [1000, -1000])
def test_the_answers_clock_may_be_off_from_that_of_the_data(sb: Sandbox, skew: int) -> None:
    start = sb.clock()
    sb.switch(date_skew=skew)
    shown = sb.http.get("/rest/api/3/myself").headers["date"]
    assert shown == ("Sun, 22 Nov 2026 12:16:40 GMT" if skew > 0 else "Sun, 22 Nov 2026 11:43:20 GMT")
    assert sb.clock() == start and sb.truth(sb.mutate("update", issue="CORE-1")["id"])["updated"] < start + 2000


def test_the_truth_tells_what_may_be_found(sb: Sandbox) -> None:
    truths = sb.truths()
    assert {ident for ident, row in truths.items() if row["seen"]} == {
        row["id"] for row in sb.search("id > 1", fields="id", maxResults=5000)
    }
    sb.switch(blackout=True, index_lag=300)
    assert sb.truths() == truths, "whatever the API says"
    sb.mutate("project", project="DATA", state="archived")
    assert not any(row["seen"] for row in sb.truths().values() if row["project"] == "DATA")


def test_an_issue_moves_between_two_pages_of_a_census(sb: Sandbox) -> None:
    whole = [row["id"] for row in sb.search("project = CORE ORDER BY key", maxResults=10)]
    sb.fault("mutate", path=SEARCH, at=2, change=[{"op": "move", "issue": whole[15], "project": "GROW"}])
    assert [row["id"] for row in sb.search("project = CORE ORDER BY key", maxResults=10)] == whole[:15] + whole[16:]
    sb.fault("mutate", path=SEARCH, at=2, change=[{"op": "secure", "issue": whole[20]}, {"op": "delete", "issue": whole[2]}])
    assert [row["id"] for row in sb.search("project = CORE ORDER BY key", maxResults=10)] == [
        each for each in whole if each not in (whole[15], whole[20])
    ]
