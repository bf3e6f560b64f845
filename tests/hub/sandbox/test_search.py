"""Search, bulkfetch and the lists over real HTTP."""

from __future__ import annotations

import base64

import pytest

from tests.hub.sandbox.process import Sandbox, sandbox

SEARCH = "/rest/api/3/search/jql"


def ids(rows: list[dict[str, object]]) -> list[int]:
    return [int(str(row["id"])) for row in rows]


def test_a_search_gives_ids_only_unless_asked(sb: Sandbox) -> None:
    page = sb.get(SEARCH, jql="project = CORE", maxResults=2)
    assert [set(issue) for issue in page["issues"]] == [{"id"}, {"id"}]
    assert page["isLast"] is False and "total" not in page
    page = sb.get(SEARCH, jql="project = CORE", maxResults=1, fields="summary,status")
    assert set(page["issues"][0]["fields"]) == {"summary", "status"}


def test_every_page_until_the_token_ends(sb: Sandbox) -> None:
    once = sb.search("project = CORE ORDER BY key", maxResults=5000)
    paged = sb.search("project = CORE ORDER BY key", maxResults=7)
    assert ids(paged) == ids(once) and len(set(ids(paged))) == len(paged) > 40
    by_post: list[dict[str, object]] = []
    body = {"jql": "project = CORE ORDER BY key", "maxResults": 20, "fields": ["key"], "nextPageToken": None}
    while True:
        page = sb.post(SEARCH, body)
        by_post += page["issues"]
        if "nextPageToken" not in page:
            break
        body["nextPageToken"] = page["nextPageToken"]
    assert page["isLast"] is True
    assert ids(by_post) == ids(once)


def test_page_sizes_are_the_servers_choice(sb: Sandbox) -> None:
    all_projects = "project in (CORE, GROW, IDN, PLAT, BILL, MOB, DATA, ITSD)"
    assert len(sb.get(SEARCH, jql=all_projects, maxResults=5000)["issues"]) == 300
    assert len(sb.get(SEARCH, jql=all_projects, maxResults=5000, fields="summary")["issues"]) == 100
    sb.switch(page_limit=3)
    assert len(sb.get(SEARCH, jql=all_projects, maxResults=5000)["issues"]) == 3
    assert len(sb.get("/rest/api/3/project/search")["values"]) == 3


@pytest.mark.parametrize("order", ["key", "id DESC", "updated ASC, key ASC", "created DESC, id"])
def test_orders_page_without_a_gap(sb: Sandbox, order: str) -> None:
    jql = f"project in (CORE, IDN) ORDER BY {order}"
    whole = sb.search(jql, maxResults=5000)
    assert ids(sb.search(jql, maxResults=9)) == ids(whole)
    rows = sb.search(jql, maxResults=100, fields="updated,created")
    if order.startswith("updated"):
        assert [row["fields"]["updated"] for row in rows] == sorted(row["fields"]["updated"] for row in rows)
    if order.startswith("created"):
        assert [row["fields"]["created"] for row in rows] == sorted((row["fields"]["created"] for row in rows), reverse=True)


def test_updated_since_is_the_same_as_reading_all_and_looking(sb: Sandbox) -> None:
    rows = sb.search("project = IDN", fields="updated")
    bound = sorted(row["fields"]["updated"] for row in rows)[-10]
    day = bound[:10]
    expected = {row["id"] for row in rows if row["fields"]["updated"][:10] >= day}
    sb.switch(zone="UTC")
    assert {row["id"] for row in sb.search(f'project = IDN AND updated >= "{day} 00:00"')} == expected
    # The same text means another instant for an account elsewhere.
    sb.switch(zone="Pacific/Honolulu")
    later = {row["id"] for row in sb.search(f'project = IDN AND updated >= "{day} 00:00"')}
    assert later <= expected


def test_projects_by_key_id_and_name_and_issues_by_id_and_key(sb: Sandbox) -> None:
    by_key = ids(sb.search("project = IDN ORDER BY id"))
    assert ids(sb.search("project = 10003 ORDER BY id")) == by_key
    assert ids(sb.search('project = "Identity & Access" ORDER BY id')) == by_key
    assert ids(sb.search(f"project = IDN AND id > {by_key[4]} ORDER BY id")) == by_key[5:]
    assert ids(sb.search("key in (IDN-1, IDN-3) ORDER BY id")) == [by_key[0], by_key[2]]
    assert ids(sb.search("issuekey = idn-2")) == [by_key[1]]
    assert len(sb.search("project = IDN AND key <= IDN-4")) == 4


@pytest.mark.parametrize(
    "jql", ["order by key", "", "project = NOPE", "text ~ x", "key = CORE-99999", "project = CORE OR project = IDN"]
)
def test_bad_jql_is_a_400_that_says_why(sb: Sandbox, jql: str) -> None:
    answer = sb.http.get(SEARCH, params={"jql": jql})
    assert answer.status_code == 400
    assert answer.json()["errorMessages"]


def test_tokens_are_refused_when_foreign_of_another_query_or_old(sb: Sandbox) -> None:
    jql = "project = CORE ORDER BY key"
    token = sb.get(SEARCH, jql=jql, maxResults=2)["nextPageToken"]
    forged = [base64.b64encode(text).decode() for text in (b"[1,2,3]", b"5", b"{", b"[1]")]
    for query, given in ((jql, "nonsense"), *((jql, each) for each in forged), ("project = IDN ORDER BY key", token)):
        assert sb.http.get(SEARCH, params={"jql": query, "nextPageToken": given}).status_code == 400
    assert sb.get(SEARCH, jql=jql, nextPageToken=token)["issues"]
    sb.clock(shift=8 * 86_400)
    assert sb.http.get(SEARCH, params={"jql": jql, "nextPageToken": token}).status_code == 400


@pytest.mark.parametrize("params", [{"maxResults": "abc"}, {"maxResults": -1}])
def test_bad_numbers_are_refused(sb: Sandbox, params: dict[str, str | int]) -> None:
    assert sb.http.get(SEARCH, params={"jql": "project = CORE", **params}).status_code == 400


def test_the_old_search_is_gone(sb: Sandbox) -> None:
    assert sb.http.get("/rest/api/3/search", params={"jql": "project = CORE"}).status_code == 410
    assert sb.http.get("/rest/api/3/nothing").status_code == 404


def test_bulkfetch_is_ascending_and_silent_about_what_is_not_there(sb: Sandbox) -> None:
    first = ids(sb.search("project = CORE ORDER BY id"))[:3]
    page = sb.bulkfetch(str(first[2]), "CORE-1", str(first[2]), "999999999", "NOPE-1", fields=["summary"])
    assert ids(page["issues"]) == [first[0], first[2]]
    assert page["issueErrors"] == []
    assert set(page["issues"][0]["fields"]) == {"summary"}
    everything = page = sb.bulkfetch("CORE-1")["issues"][0]["fields"]
    assert {"status", "issuetype", "project", "labels", "customfield_10020", "description"} <= set(everything)
    assert "description" not in sb.bulkfetch("CORE-1", fields=["*all", "-description"])["issues"][0]["fields"]
    wrong: list[dict[str, list[str]]] = [{"issueIdsOrKeys": [str(n) for n in range(101)]}, {"issueIdsOrKeys": []}, {}]
    for body in wrong:
        assert sb.http.post("/rest/api/3/issue/bulkfetch", json=body).status_code == 400
    assert sb.http.post("/rest/api/3/issue/bulkfetch", content=b"{").status_code == 400


def test_parents_are_two_hops_to_the_epic_and_absent_without_one(sb: Sandbox) -> None:
    rows = {row["id"]: row["fields"] for row in sb.search("project = IDN", fields="parent,issuetype")}
    sub = next(fields for fields in rows.values() if fields["issuetype"]["hierarchyLevel"] == -1)
    story = rows[sub["parent"]["id"]]
    assert story["issuetype"]["hierarchyLevel"] == 0
    epics = [fields for fields in rows.values() if fields["issuetype"]["hierarchyLevel"] == 1]
    assert epics and all("parent" not in fields for fields in epics)


def test_points_stand_in_the_field_of_the_projects_style(sb: Sandbox) -> None:
    schemas = {row["id"]: row.get("schema", {}).get("custom", "") for row in sb.get("/rest/api/3/field")}
    assert schemas["customfield_10026"].endswith(":float") and schemas["customfield_10016"].endswith(":jsw-story-points")
    assert schemas["customfield_10020"].endswith(":gh-sprint")
    fields = "customfield_10016,customfield_10026,project"
    for project, simplified in (("CORE", False), ("GROW", True)):
        rows = [row["fields"] for row in sb.search(f"project = {project}", fields=fields)]
        assert all(row["project"]["simplified"] is simplified for row in rows)
        assert any(row["customfield_10016"] is not None for row in rows) is simplified
        assert any(row["customfield_10026"] is not None for row in rows) is not simplified


def test_field_and_field_search_differ_a_little(sb: Sandbox) -> None:
    listed = {row["id"] for row in sb.get("/rest/api/3/field")}
    found = {row["id"] for row in sb.get("/rest/api/3/field/search", maxResults=100)["values"]}
    assert listed - found and found - listed
    custom = sb.get("/rest/api/3/field/search", type="custom")["values"]
    assert all(row["id"].startswith("customfield_") for row in custom)


def test_lists_page_by_start_at(sb: Sandbox) -> None:
    whole = [row["key"] for row in sb.get("/rest/api/3/project/search")["values"]]
    found: list[str] = []
    while True:
        page = sb.get("/ex/jira/some-cloud/rest/api/3/project/search", startAt=len(found), maxResults=3)
        found += [row["key"] for row in page["values"]]
        if page["isLast"]:
            break
        assert page["nextPage"].startswith(f"{sb.url}/ex/jira/some-cloud/rest/")
    assert found == whole == sorted(whole)
    assert [row["key"] for row in sb.get("/rest/api/3/project/search", status="archived")["values"]] == ["CLSC"]
    assert [row["key"] for row in sb.get("/rest/api/3/project/search", keys="IDN")["values"]] == ["IDN"]


def test_boards_and_sprints(sb: Sandbox) -> None:
    boards = sb.get("/rest/agile/1.0/board")["values"]
    assert {row["type"] for row in boards} == {"scrum", "simple", "kanban"}
    for row in boards:
        answer = sb.http.get(f"/rest/agile/1.0/board/{row['id']}/sprint")
        assert answer.status_code == (400 if row["type"] == "kanban" else 200)
        if answer.status_code == 200:
            states = [sprint["state"] for sprint in answer.json()["values"]]
            assert "active" in states and "future" in states and states.count("closed") >= 6
    overview = sb.get("/rest/agile/1.0/board/9/sprint")["values"]
    assert {row["originBoardId"] for row in overview} == {1, 5}
    page = sb.get("/rest/agile/1.0/board/1/sprint", maxResults=3, startAt=6)
    assert len(page["values"]) == 2 and page["isLast"] is True
    assert [row["state"] for row in sb.get("/rest/agile/1.0/board/1/sprint", state="active")["values"]] == ["active"]
    points = {at: sb.get(f"/rest/agile/1.0/board/{at}/configuration")["estimation"]["field"]["fieldId"] for at in (1, 2)}
    assert points == {1: "customfield_10026", 2: "customfield_10016"}
    assert sb.http.get("/rest/agile/1.0/board/77/sprint").status_code == 404


def test_the_approximate_count_and_one_issue(sb: Sandbox) -> None:
    count = sb.post("/rest/api/3/search/approximate-count", {"jql": "project = CORE"})["count"]
    assert count == len(sb.search("project = CORE"))
    issue = sb.get("/rest/api/3/issue/CORE-2", fields="summary")
    assert sb.get(f"/rest/api/3/issue/{issue['id']}", fields="summary") == issue
    assert sb.http.get("/rest/api/3/issue/CORE-99999").status_code == 404


def test_version_2_answers_too(sb: Sandbox) -> None:
    assert sb.get("/rest/api/2/serverInfo")["deploymentType"] == "Cloud"


def test_a_page_limit_from_the_command_line() -> None:
    with sandbox(issues=60, page_limit=4) as small:
        assert len(small.get(SEARCH, jql="project = CORE")["issues"]) == 4


def test_names_come_in_the_accounts_language_unless_forced(sb: Sandbox) -> None:
    english = {row["id"]: row["name"] for row in sb.get("/rest/api/3/status")}
    sb.switch(german=True)
    german = {row["id"]: row for row in sb.get("/rest/api/3/status")}
    assert english["3"] == "In Progress" and german["3"]["name"] == "In Arbeit"
    assert german["3"]["statusCategory"]["key"] == "indeterminate"
    assert "Story-Punkte" in {row["name"] for row in sb.get("/rest/api/3/field")}
    assert "Unteraufgabe" in {row["fields"]["issuetype"]["name"] for row in sb.search("project = CORE", fields="issuetype")}
    forced = sb.http.get("/rest/api/3/status", headers={"Accept-Language": "en", "X-Force-Accept-Language": "true"})
    assert {row["id"]: row["name"] for row in forced.json()} == english
