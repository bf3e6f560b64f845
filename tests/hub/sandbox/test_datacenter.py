"""The stand-in as a Jira Data Center: what tells it from Cloud's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.hub.sandbox.process import TOKEN, USER, Sandbox, sandbox

SEARCH = "/rest/api/2/search"


@pytest.fixture(scope="module")
def started() -> Iterator[Sandbox]:
    with sandbox(issues=150, seed=7, deployment="datacenter") as found:
        yield found


@pytest.fixture
def dc(started: Sandbox) -> Sandbox:
    started.reset()
    return started


def search(dc: Sandbox, jql: str, **params: Any) -> Any:
    return dc.get(SEARCH, jql=jql, **params)


def test_it_says_what_it_is_and_has_none_of_clouds_endpoints(dc: Sandbox) -> None:
    assert dc.get("/rest/api/2/serverInfo")["deploymentType"] == "Server"
    assert dc.get("/jira/rest/api/2/serverInfo")["baseUrl"].endswith("/jira")
    for path in ("/rest/api/3/serverInfo", "/rest/api/2/search/jql", "/rest/api/2/project/search", "/rest/api/2/field/search"):
        assert dc.http.get(path).status_code == 404


def test_a_token_is_a_bearer_and_no_password(dc: Sandbox) -> None:
    with httpx.Client(base_url=dc.url, trust_env=False) as client:
        assert (
            client.get("/rest/api/2/myself", headers={"authorization": f"Bearer {TOKEN}"}).headers["x-ausername"] == "ada.okafor"
        )
        refused = client.get("/rest/api/2/myself", auth=(USER, TOKEN))
        assert (refused.status_code, refused.headers["x-seraph-loginreason"]) == (401, "AUTHENTICATED_FAILED")
        assert client.get("/rest/api/2/serverInfo").status_code == 200
        dc.switch(anonymous=True)
        stranger = client.get(SEARCH, params={"jql": "project = ITSD"})
        assert (stranger.status_code, stranger.headers["x-ausername"]) == (200, "anonymous")


def test_it_is_the_same_company(dc: Sandbox) -> None:
    with sandbox(issues=150, seed=7) as cloud:
        there = {ident: (row["key"], row["fields"]["summary"], row["updated"]) for ident, row in cloud.truths().items()}
    assert {ident: (row["key"], row["fields"]["summary"], row["updated"]) for ident, row in dc.truths().items()} == there


def test_issues_have_data_centers_shape(dc: Sandbox) -> None:
    issues = search(dc, "project = CORE ORDER BY id", maxResults=1000)["issues"]
    kinds = {row["fields"]["issuetype"]["name"]: row["fields"] for row in issues}
    assert not any("hierarchyLevel" in fields["issuetype"] or "statuscategorychangedate" in fields for fields in kinds.values())
    assert kinds["Epic"]["customfield_10011"] == kinds["Epic"]["summary"]
    assert all("parent" not in row["fields"] for row in issues if row["fields"]["issuetype"]["name"] != "Sub-task")
    assert any(str(row["fields"]["customfield_10014"]).startswith("CORE-") for row in issues)
    assert kinds["Sub-task"]["parent"]["key"].startswith("CORE-")
    people = [row["fields"]["assignee"] for row in issues if row["fields"]["assignee"]]
    assert all(who["key"].startswith("JIRAUSER") and "." in who["name"] and "accountId" not in who for who in people)
    sprints = [text for row in issues for text in row["fields"]["customfield_10020"] or ()]
    assert all(text.startswith("com.atlassian.greenhopper.service.sprint.Sprint@") for text in sprints) and sprints
    assert all("/rest/api/2/" in row["self"] for row in issues)
    assert isinstance(kinds["Story"]["description"], str)


def test_pages_have_an_offset_a_total_and_a_window(dc: Sandbox) -> None:
    first = search(dc, "project = CORE ORDER BY id", maxResults=4)
    second = search(dc, "project = CORE ORDER BY id", maxResults=4, startAt=4)
    assert (first["startAt"], first["maxResults"], second["startAt"]) == (0, 4, 4) and first["total"] == second["total"] > 8
    assert not {row["id"] for row in first["issues"]} & {row["id"] for row in second["issues"]}
    assert search(dc, "project = CORE", maxResults=5000)["maxResults"] == 1000
    assert dc.http.get(SEARCH, params={"jql": "project = CORE", "startAt": 9_990}).status_code == 500


def test_id_means_key_and_has_to_exist(dc: Sandbox) -> None:
    moved = dc.mutate("move", issue="GROW-1", project="CORE")
    ordered = [row["key"] for row in search(dc, "project = CORE ORDER BY id", maxResults=1000)["issues"]]
    assert ordered == sorted(ordered, key=lambda key: int(key.partition("-")[2])) and ordered[-1] == moved["key"]
    behind = search(dc, f"project = CORE AND id > {dc.truth(ordered[2])['number']} ORDER BY id", maxResults=1000)["issues"]
    assert [row["key"] for row in behind] == ordered[3:]
    assert search(dc, f"project = GROW AND id > {moved['id']} ORDER BY id")["total"] == 0
    for jql in ("project = CORE AND id > 99999999", "id in (100001, 99999999)"):
        refused = dc.http.get(SEARCH, params={"jql": jql})
        assert refused.status_code == 400 and "does not exist or you do not have permission" in refused.text


def test_fields_that_are_filled_and_types_can_be_asked_for(dc: Sandbox) -> None:
    epics = search(dc, "cf[10011] is not EMPTY ORDER BY id", maxResults=1000)
    assert {row["fields"]["issuetype"]["name"] for row in epics["issues"]} == {"Epic"}
    assert search(dc, "cf[10011] is not EMPTY AND issuetype not in (10000)")["total"] == 0
    assert search(dc, "issuetype = 10000")["total"] == epics["total"]
    with sandbox(issues=20) as cloud:
        answer = cloud.http.get("/rest/api/3/search/jql", params={"jql": "project = CORE AND cf[10011] is not EMPTY"})
        assert answer.status_code == 400  # the Cloud reader never asks that


def test_lists_are_whole_and_archived_projects_come_on_request(dc: Sandbox) -> None:
    dc.mutate("project", project="GROW", state="archived")
    plain = {row["key"]: row["archived"] for row in dc.get("/rest/api/2/project")}
    every = {row["key"]: row["archived"] for row in dc.get("/rest/api/2/project", includeArchived="true")}
    assert "GROW" not in plain and every["GROW"] is True and every["CORE"] is False
    fields = dc.get("/rest/api/2/field")
    customs = {row["id"]: row["schema"]["custom"] for row in fields if row["custom"]}
    assert customs["customfield_10014"].endswith(":gh-epic-link") and customs["customfield_10011"].endswith(":gh-epic-label")
    assert not any("key" in row or row["id"] == "parent" for row in fields)
    assert not any("hierarchyLevel" in row or "scope" in row for row in dc.get("/rest/api/2/issuetype"))


def test_boards_do_not_say_whose_they_are(dc: Sandbox) -> None:
    boards = dc.get("/rest/agile/1.0/board")
    assert boards["isLast"] and not any("location" in row for row in boards["values"])
    assert dc.get("/rest/agile/1.0/board/1/configuration")["estimation"]["field"]["fieldId"] == "customfield_10026"


def test_the_rate_limit_is_a_token_bucket_that_says_zero_seconds(dc: Sandbox) -> None:
    dc.switch(limit=1, limit_wait=5)
    answers = [dc.http.get("/rest/api/2/myself") for _ in range(4)]
    limited = next(answer for answer in answers if answer.status_code == 429)
    assert limited.headers["retry-after"] == "0" and limited.headers["x-ratelimit-interval-seconds"] == "5"
    assert {"x-ratelimit-fillrate", "x-ratelimit-limit", "x-ratelimit-remaining"} <= set(limited.headers)


def test_an_issue_alone_is_read_from_the_database(dc: Sandbox) -> None:
    dc.switch(index_lag=3600)
    made = dc.mutate("create", project="CORE", kind="Task", summary="new")
    assert dc.get(f"/rest/api/2/issue/{made['id']}", fields="summary")["fields"] == {"summary": "new"}
    assert dc.http.get("/rest/api/2/issue/99999999").status_code == 404
    assert made["id"] not in {row["id"] for row in search(dc, "project = CORE", maxResults=1000)["issues"]}
