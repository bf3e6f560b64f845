"""Data Center's traps beside paging: who answers, epics and parents, sprints, projects, limits, login pages, what is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

import connectors
from connectors.base import AuthError, BadData, Misconfigured, RateLimited, Secret, SourceSettings
from connectors.jira.client import refusal
from connectors.jira.products import DATA_CENTER
from tests.connectors.datacenter_site import (
    CONTEXT,
    EPIC_TYPE,
    OPTIONS,
    SEARCH,
    SUBTASK,
    data_center,
    dc_stub_settings,
    dc_stubbed,
    found,
    issue,
    queries,
    read,
    rows_of,
)
from tests.connectors.jira_site import jira
from tests.connectors.jira_stub import body, listed
from tests.connectors.raw import reply
from tests.connectors.runs import Clock
from tests.hub.sandbox.process import Sandbox

# ---- which product, and who


def test_the_kind_opens_the_reader_that_the_settings_name() -> None:
    for options, name in (({}, "JiraCloud"), ({"deployment": "cloud"}, "JiraCloud"), (OPTIONS, "JiraDataCenter")):
        settings = SourceSettings("x", "jira", "https://jira.example", "me", Secret("s" * 20), options=options)
        with connectors.open(settings) as connector:
            assert type(connector).__name__ == name
    with pytest.raises(Misconfigured, match="no deployment"):
        connectors.open(SourceSettings("x", "jira", "https://jira.example", "me", Secret("s" * 20), options={"deployment": "dc"}))


def test_a_cloud_site_is_told_apart_in_words() -> None:
    with (
        dc_stubbed(serverInfo=body({"deploymentType": "Cloud", "version": "1001"})) as (connector, _),
        pytest.raises(Misconfigured, match="this is Jira Cloud") as caught,
    ):
        connector.check()
    assert "deployment" in caught.value.hint and "user" in caught.value.hint


def test_the_cloud_reader_at_a_data_center_says_what_to_add(dc: Sandbox) -> None:
    with jira(dc) as connector, pytest.raises(Misconfigured, match="does not answer like a Jira Cloud site") as caught:
        connector.check()
    assert 'deployment = "datacenter"' in caught.value.hint


def test_the_data_center_reader_at_a_cloud_site_says_what_to_remove(sb: Sandbox) -> None:
    with data_center(sb) as connector, pytest.raises(Misconfigured, match="this is Jira Cloud"):
        connector.check()


@pytest.mark.parametrize(
    "info", [{"deploymentType": "Server", "version": "10.3.6"}, {"version": "7.13.0", "baseUrl": "https://x"}]
)
def test_server_and_older_ones_that_do_not_say_are_data_center(info: dict[str, Any]) -> None:
    with dc_stubbed(serverInfo=body(info)) as (connector, _):
        assert connector.check().id == "JIRAUSER1"


def test_another_program_at_the_address_is_misconfigured_and_the_context_path_is_thought_of(dc: Sandbox) -> None:
    with (
        dc_stubbed(serverInfo=body({"status": "UP"})) as (connector, _),
        pytest.raises(Misconfigured, match="does not answer like") as caught,
    ):
        connector.check()
    assert "context path" in caught.value.hint
    with dc_stubbed(serverInfo=reply(b"<html>", "404 Not Found")) as (connector, _), pytest.raises(Misconfigured) as caught:
        connector.check()
    assert "context path" in caught.value.hint


def test_the_account_is_the_key_that_stays_when_the_user_is_renamed(dc: Sandbox) -> None:
    with data_center(dc) as connector:
        assert connector.check().id == dc.get("/rest/api/2/myself")["key"] == "JIRAUSER10100"
    dc.switch(account="JIRAUSER77777")
    with data_center(dc) as connector:
        assert connector.check().id == "JIRAUSER77777"


@pytest.mark.parametrize("header", ["X-Seraph-LoginReason: AUTHENTICATED_FAILED", "X-AUSERNAME: anonymous"])
def test_a_search_that_answers_200_to_a_stranger_is_an_auth_error(header: str) -> None:
    with dc_stubbed(search=lambda jql: reply(rows_of([]).partition(b"\r\n\r\n")[2], "200 OK", header)) as (connector, _):
        connector.check()
        with pytest.raises(AuthError, match="somebody else"):
            list(connector.changes(connector.partitions()[0], None, None))


def test_a_dropped_credential_reads_nothing_less_than_an_error(dc: Sandbox) -> None:
    dc.switch(anonymous=True)
    with data_center(dc, token=Secret("expired-token")) as connector, pytest.raises(AuthError):
        read(connector)


def test_the_token_goes_as_bearer_with_every_request_below_the_context_path(dc: Sandbox) -> None:
    with data_center(dc) as connector:
        connector.check()
        read(connector)
    assert all(entry["authorization"] and entry["full_path"].startswith(f"{CONTEXT}/rest/") for entry in dc.log())
    assert {entry["method"] for entry in dc.log()} == {"GET"}
    with dc_stubbed() as (connector, server):
        connector.check()
    assert all(b"Bearer pat-0123456789\r\n" in request for request in server.requests)


def test_links_hold_the_context_path_or_the_configured_site(dc: Sandbox) -> None:
    with data_center(dc) as connector:
        (item,) = connector.get(["CORE-1"]).items
        assert item.url == f"{dc.url}{CONTEXT}/browse/CORE-1"
    with data_center(dc, options={**OPTIONS, "site": "https://work.example/jira/"}) as connector:
        assert connector.get(["CORE-1"]).items[0].url == "https://work.example/jira/browse/CORE-1"


# ---- epics and parents


def test_an_issue_hangs_below_the_epic_that_its_link_names_and_a_sub_task_below_its_parent(dc: Sandbox) -> None:
    with data_center(dc) as connector:
        items = read(connector)
    by_key = {item.key: item for item in items.values()}
    truth = {ident: row["fields"] for ident, row in dc.truths().items()}
    linked = [item for item in items.values() if item.level == 0 and truth[item.id]["customfield_10014"]]
    below = [item for item in items.values() if item.level == -1]
    assert linked and below
    for item in linked:
        assert item.parent_ref == truth[item.id]["customfield_10014"] and by_key[item.parent_ref].level == 1
    for item in below:
        assert item.parent_ref == truth[item.id]["parent"]["id"] and items[item.parent_ref].level == 0


def test_a_sub_task_that_carries_an_epic_link_too_stays_below_its_parent() -> None:
    row = issue("2", issuetype=SUBTASK, parent={"id": "1", "key": "EE-1"}, customfield_10006="EE-9")
    with dc_stubbed([json.dumps(row).encode()]) as (connector, _):
        (item,) = connector.changes(connector.partitions()[0], None, None).__next__().items
    assert (item.level, item.parent_ref) == (-1, "1")


def epics_are(*types: str, linked: tuple[str, ...] = ()) -> Any:
    """A search in which issues of these types have an Epic Name, and of some an Epic Link."""

    def answer(jql: str) -> bytes:
        if jql.startswith("issuetype = "):
            return found(issue()) if jql.split()[2] in linked else found()
        if "cf[10007]" in jql:
            left = [kind for kind in types if kind not in jql.partition("not in")[2]]
            return found(
                *(issue("5", issuetype={"id": kind, "name": "x", "subtask": False}) for kind in left[:1]), total=len(left)
            )
        return found(issue("1", issuetype=EPIC_TYPE), issue("2"), issue("3", customfield_10007="Named by mistake"))

    return answer


def levels(connector: Any) -> dict[str, int]:
    (page,) = connector.changes(connector.partitions()[0], None, None)
    return {item.id: item.level for item in page.items}


def test_an_epic_without_a_name_is_known_by_its_type() -> None:
    with dc_stubbed(search=epics_are("10000")) as (connector, _):
        assert levels(connector) == {"1": 1, "2": 0, "3": 1}
        types = {row.id: row.attributes["level"] for row in connector.dimensions() if row.kind == "type"}
    assert types == {"10000": 1, "10001": 0, "10003": -1}


def test_a_type_that_was_given_epic_names_by_mistake_is_no_epic_while_its_issues_belong_to_epics() -> None:
    with dc_stubbed(search=epics_are("10000", "10001", linked=("10001",))) as (connector, _):
        assert levels(connector)["2"] == 0


def test_a_site_that_refuses_the_question_judges_each_issue_by_itself() -> None:
    def answer(jql: str) -> bytes:
        if "cf[" in jql:
            return reply(b'{"errorMessages": ["Field does not exist"]}', "400 Bad Request")
        named = issue("1", issuetype=EPIC_TYPE, customfield_10007="Single sign-on")
        return found(named, issue("2", customfield_10007="odd", customfield_10006="EE-1"))

    with dc_stubbed(search=answer) as (connector, _):
        assert levels(connector) == {"1": 1, "2": 0}


def test_another_type_of_epics_is_another_fingerprint() -> None:
    prints: list[str] = []
    kinds: list[str] = []

    def answer(jql: str) -> bytes:
        page: bytes = epics_are(*kinds)(jql)
        return page

    with dc_stubbed(search=answer) as (_, server):
        for kinds[:] in (["10000"], ["10000", "10009"], ["10000"]):
            with connectors.open(dc_stub_settings(server.url)) as connector:
                prints.append(connector.partitions()[0].fingerprint)
    assert prints[0] == prints[2] != prints[1]


# ---- sprints


def test_sprints_of_issues_and_boards_have_the_same_ids(dc: Sandbox) -> None:
    with data_center(dc) as connector:
        known = {row.id for row in connector.dimensions() if row.kind == "sprint"}
        used = {sprint for item in read(connector).values() for sprint in item.sprints}
    assert used and used <= known


def test_without_boards_sprints_are_read_from_the_issues(dc: Sandbox) -> None:
    name = "Q4, [hardening] = x"
    dc.mutate("sprint", sprint=106, name=name, goal="a, state=CLOSED]\nb")
    with data_center(dc, partitions=("CORE",)) as connector:
        expected = {row.id: (row.name, row.category) for row in connector.dimensions() if row.kind == "sprint"}
        used = {sprint for item in read(connector).values() for sprint in item.sprints}
    dc.fault("status", status=403, path="/rest/agile/1.0/board", times=0)
    with data_center(dc, partitions=("CORE",)) as connector:
        (missing,) = connector.check().missing
        rows = {row.id: row for row in connector.dimensions() if row.kind == "sprint"}
    assert "sprints are read from issues" in missing
    assert "106" in used and set(rows) == used
    assert {ident: (row.name, row.category) for ident, row in rows.items()} == {ident: expected[ident] for ident in used}
    assert rows["106"].name == name and rows["106"].attributes["boardId"] == 1


# ---- projects and fields


def test_an_archived_project_is_listed_as_such_and_not_read(dc: Sandbox) -> None:
    dc.mutate("project", project="GROW", state="archived")
    with data_center(dc, partitions=("CORE", "GROW", "NOPE")) as connector:
        assert [(one.key, one.state) for one in connector.partitions()] == [
            ("CORE", "live"), ("GROW", "archived"), ("NOPE", "unseen"),
        ]  # fmt: skip
        rows = {row.attributes["key"]: row for row in connector.dimensions() if row.kind == "container"}
    assert (rows["GROW"].category, rows["GROW"].attributes["archived"]) == ("archived", True)


def test_where_archived_projects_may_not_be_listed_the_live_ones_are(dc: Sandbox) -> None:
    dc.fault("status", status=403, path="/rest/api/2/project", contains="includeArchived", times=0)
    with data_center(dc) as connector:
        assert {one.state for one in connector.partitions()} == {"live"}


def test_a_project_is_found_by_its_former_key(dc: Sandbox) -> None:
    dc.mutate("project", project="CORE", key="KERN")
    with data_center(dc, partitions=("CORE",)) as connector:
        (partition,) = connector.partitions()
    assert (partition.id, partition.key) == ("10001", "KERN")


def test_points_people_and_text_are_the_vendors_own(dc: Sandbox) -> None:
    dc.mutate("update", issue="CORE-2", fields={"points": -1})
    with data_center(dc, fields={"text": "description", "by": "reporter"}) as connector:
        (item,) = connector.get(["CORE-2"]).items
    truth = dc.truth("CORE-2")
    assert (item.estimate, item.estimate_unit) == ("-1", "points")
    assert item.fields["text"] == f"As agreed: {truth['summary']}."
    assert item.fields["by"] == f"JIRAUSER{10100 + truth['reporter']}"
    assert item.assignee is None or item.assignee.startswith("JIRAUSER")


def test_fields_are_named_and_those_of_cloud_are_not_asked_for(dc: Sandbox) -> None:
    with data_center(dc) as connector:
        read(connector)
    asked = [entry["query"] for entry in dc.log() if entry["path"] == SEARCH and "summary" in entry["query"]]
    assert asked and not any("statuscategorychangedate" in query or "*" in query for query in asked)
    assert all("customfield_10014" in query and "customfield_10011" in query for query in asked)


def test_points_in_another_language_are_found_by_the_board() -> None:
    german = {"id": "customfield_10024", "name": "Story-Punkte",
              "schema": {"type": "number", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:float"}}  # fmt: skip
    config = body({"estimation": {"type": "field", "field": {"fieldId": "customfield_10024"}}})
    row = json.dumps(issue(customfield_10024=3.0)).encode()
    answers = {"field": body([german]), "board": listed({"id": 7, "type": "scrum"}), "board__7__configuration": config}
    with dc_stubbed([row], **answers) as (connector, _):
        (page,) = connector.changes(connector.partitions()[0], None, None)
    assert page.items[0].estimate == "3.0"


def test_the_rights_to_change_things_are_named(dc: Sandbox) -> None:
    dc.switch(rights=["BROWSE_PROJECTS", "EDIT_ISSUES", "ADMINISTER"])
    with data_center(dc) as connector:
        assert connector.writes() == ("Edit Issues", "Administer")


# ---- limits and what stands in front


def test_a_429_with_retry_after_0_waits_for_the_buckets_next_token(dc: Sandbox) -> None:
    clock = Clock()
    with data_center(dc, clock, attempts=4) as connector:
        expected = read(connector)
        headers = {"Retry-After": "0", "X-RateLimit-Interval-Seconds": "7", "X-RateLimit-FillRate": "5"}
        dc.fault("status", status=429, path=SEARCH, headers=headers, at=2)
        assert read(connector) == expected
    assert [second for second in clock.slept if second >= 7], clock.slept


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "30", "X-RateLimit-Interval-Seconds": "7"}, 30.0),
        ({"X-RateLimit-Interval-Seconds": "7"}, 7.0),
        ({"Retry-After": "0", "X-RateLimit-Interval-Seconds": "86400"}, 60.0),
        ({"Retry-After": "0", "X-RateLimit-Interval-Seconds": "soon"}, 1.0),
        ({"Retry-After": "0", "X-RateLimit-Interval-Seconds": "nan"}, 1.0),
        ({}, None),
    ],
)
def test_how_long_a_429_waits(headers: dict[str, str], wait: float | None) -> None:
    error = refusal(429, headers, DATA_CENTER)
    assert isinstance(error, RateLimited) and error.retry_after == wait


def test_a_bucket_that_empties_in_mid_run_is_waited_for(dc: Sandbox) -> None:
    clock = Clock()
    with data_center(dc, clock, attempts=8) as connector:
        expected = read(connector)
        dc.switch(limit=1, limit_wait=2)
        sleep = clock.sleep

        def told(seconds: float) -> None:
            dc.waited(seconds)
            sleep(seconds)

        connector.io._sleep = told  # type: ignore[attr-defined]
        assert read(connector) == expected
    assert dc.violations()["waits"] and dc.violations()["violations"] == 0


def test_a_login_page_with_200_is_bad_data_and_a_sign_on_redirect_is_named(dc: Sandbox) -> None:
    with data_center(dc) as connector:
        connector.partitions()
        dc.fault("html", path=SEARCH, times=0)
        with pytest.raises(BadData, match="login page"):
            read(connector)
        dc.heal()
        dc.fault("redirect", location="https://sso.example/login?to=jira", path=SEARCH, times=0)
        with pytest.raises(Misconfigured, match="another origin") as caught:
            read(connector)
    assert "sign-on" in caught.value.hint


def test_a_captcha_is_named() -> None:
    denied = reply(b"<html>", "403 Forbidden", "X-Authentication-Denied-Reason: CAPTCHA_CHALLENGE; login-url=https://x")
    with dc_stubbed(myself=denied) as (connector, _), pytest.raises(AuthError, match="captcha"):
        connector.check()


def test_a_refused_token_says_how_to_make_another(dc: Sandbox) -> None:
    with data_center(dc, token=Secret("revoked-token")) as connector, pytest.raises(AuthError) as caught:
        connector.check()
    assert "personal access token" in caught.value.hint


def test_every_question_for_epics_is_small(dc: Sandbox) -> None:
    with data_center(dc) as connector:
        connector.partitions()
    asked = queries(dc)
    assert asked == [
        "cf[10011] is not EMPTY ORDER BY id ASC",
        "cf[10011] is not EMPTY AND issuetype not in (10000) ORDER BY id ASC",
        "issuetype = 10000 AND cf[10014] is not EMPTY ORDER BY id ASC",
    ]
