"""What Jira may answer between two pages, as canned answers: end marks, loops, doubles, odd lists."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.base import AuthError, BadData, Misconfigured, Page, Partition, checked
from connectors.jira.connector import JiraCloud
from tests.connectors.jira_stub import (
    FIELDS,
    POINTS,
    TEAM_POINTS,
    as_asked,
    asked_ids,
    body,
    ids,
    issue,
    listed,
    stubbed,
)
from tests.connectors.raw import reply

EE = Partition("10000", "Eng", "EE")


def read(connector: JiraCloud, resume: str | None = None) -> list[Page]:
    return list(checked(connector.changes(EE, None, resume)))


def item_ids(pages: list[Page]) -> list[str]:
    return [item.id for page in pages for item in page.items]


def encoded(*issues: dict[str, Any]) -> list[bytes]:
    return [json.dumps(one).encode() for one in issues]


# ---- the end of a listing


def test_a_short_page_is_no_end() -> None:
    """The first page for all is bug number one of readers (open-webui/oikb#69)."""
    pages = [ids(1, token="a"), ids(2, 3, token="b"), ids(4)]
    with stubbed(search__jql=pages, issue__bulkfetch=as_asked) as (connector, _):
        assert item_ids(read(connector)) == ["1", "2", "3", "4"]


@pytest.mark.parametrize("last", [{"isLast": True}, {"nextPageToken": None}, {}, {"isLast": True, "nextPageToken": "x"}])
def test_each_form_of_the_end_mark_ends_the_pass(last: dict[str, Any]) -> None:
    answers = [body({"issues": [{"id": "1"}]} | last), body({"errors": ["asked beyond the end"]})]
    with stubbed(search__jql=answers, issue__bulkfetch=as_asked) as (connector, _):
        assert item_ids(read(connector)) == ["1"]


@pytest.mark.parametrize("token", [None, ""])
def test_more_pages_without_a_token_are_an_error_and_no_end(token: str | None) -> None:
    with (
        stubbed(search__jql=body({"issues": [{"id": "1"}], "isLast": False, "nextPageToken": token})) as (connector, _),
        pytest.raises(BadData, match="more pages"),
    ):
        read(connector)


def test_a_loop_over_three_tokens_is_an_error() -> None:
    """F11: the planted fault ``no_loop_guard`` survives every simulation; this catches it."""
    pages = [ids(1, token="a"), ids(2, token="b"), ids(3, token="c"), ids(4, token="a")]
    with (
        stubbed(search__jql=[*pages, ids(5, token="b")], issue__bulkfetch=as_asked) as (connector, _),
        pytest.raises(BadData, match="repeats"),
    ):
        read(connector)


def test_pages_with_new_tokens_and_old_rows_do_not_go_on_for_ever() -> None:
    """F11: the token is ever new, the rows are not."""
    pages = [ids(1, 2, token=f"t{number}") for number in range(99)]
    with (
        stubbed(search__jql=pages, issue__bulkfetch=as_asked) as (connector, server),
        pytest.raises(BadData, match="no new issue"),
    ):
        read(connector)
    assert len(server.requests) < 20


@pytest.mark.parametrize("token", [5, ["a"], {"a": 1}, True])
def test_a_token_that_is_no_text_is_an_error(token: Any) -> None:
    with (
        stubbed(search__jql=body({"issues": [], "isLast": False, "nextPageToken": token})) as (connector, _),
        pytest.raises(BadData),
    ):
        read(connector)


@pytest.mark.parametrize("page", [{"issues": {}}, {"issues": None}, {"total": 5}, {"issues": "x"}])
def test_a_page_without_a_list_of_issues_is_no_empty_page(page: dict[str, Any]) -> None:
    with stubbed(search__jql=body(page)) as (connector, _), pytest.raises(BadData):
        read(connector)


def test_a_token_with_odd_characters_comes_back_as_it_was() -> None:
    with stubbed(search__jql=[ids(1, token="tok==/+ 2&x"), ids(2)], issue__bulkfetch=as_asked) as (connector, server):
        read(connector)
    assert any(b"nextPageToken=tok%3D%3D%2F%2B+2%26x" in request for request in server.requests)


def test_an_unreadable_row_in_the_listing_is_rejected_and_the_rest_is_read() -> None:
    page = body({"issues": [{"id": 5}, {"id": "2"}, None], "isLast": True})
    with stubbed(search__jql=page, issue__bulkfetch=as_asked) as (connector, _):
        pages = read(connector)
    assert item_ids(pages) == ["2"]
    assert len(pages[0].rejected) == 2


# ---- details


def test_details_are_asked_a_hundred_at_a_time_and_committed_one_by_one() -> None:
    with stubbed(search__jql=ids(*range(1, 251)), issue__bulkfetch=as_asked) as (connector, _):
        pages = read(connector)
        assert [len(page.items) for page in pages] == [100, 100, 50]
        for cut in (1, 2):
            done = item_ids(pages[:cut])
            assert done + item_ids(read(connector, pages[cut - 1].resume)) == [str(number) for number in range(1, 251)]


def test_an_id_on_two_pages_is_fetched_once() -> None:
    with stubbed(search__jql=[ids(1, 2, token="a"), ids(2, 3)], issue__bulkfetch=as_asked) as (connector, _):
        assert item_ids(read(connector)) == ["1", "2", "3"]
    with stubbed(search__jql=[ids(1, 2, token="a"), ids(2, 3)]) as (connector, _):
        assert [seen.id for seen in connector.census(EE)] == ["1", "2", "3"]


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_rows_of_one_issue_the_newer_stays(order: int) -> None:
    rows = encoded(
        issue("1", summary="old", updated="2026-11-20T08:00:00.000+0800"),
        issue("1", summary="new", updated="2026-11-20T02:00:00.000+0000"),
    )
    with stubbed(rows[::order], search__jql=ids(1)) as (connector, _):
        assert [item.title for page in read(connector) for item in page.items] == ["new"]


def test_two_different_rows_with_one_stamp_are_asked_again() -> None:
    twice = body({"issues": [issue("1", summary="a"), issue("1", summary="b")]})
    with stubbed(search__jql=ids(1), issue__bulkfetch=[twice, body({"issues": [issue("1", summary="b")]})]) as (connector, _):
        assert [item.title for page in read(connector) for item in page.items] == ["b"]


def test_ids_that_jira_owes_are_asked_in_smaller_and_smaller_calls() -> None:
    """``issueErrors`` names retriable errors and payload limits: a smaller answer fits where a large one did not."""
    sizes = []

    def only_single(request: bytes) -> bytes:
        asked = asked_ids(request)
        sizes.append(len(asked))
        if len(asked) > 1:
            return body({"issues": [], "issueErrors": [{"id": ident, "errorMessage": "too large"} for ident in asked]})
        return as_asked(request)

    with stubbed(search__jql=ids(*range(1, 31)), issue__bulkfetch=only_single) as (connector, _):
        assert sorted(item_ids(read(connector)), key=int) == [str(number) for number in range(1, 31)]
    assert sizes == [30, 25, 5] + [1] * 30


# ---- who answers


@pytest.mark.parametrize("kind", ["Server", "DataCenter", None])
def test_data_center_is_told_apart_in_words(kind: str | None) -> None:
    with (
        stubbed(serverInfo=body({"deploymentType": kind})) as (connector, _),
        pytest.raises(Misconfigured, match="Data Center") as caught,
    ):
        connector.check()
    assert 'deployment = "datacenter"' in caught.value.hint


def test_a_server_without_the_cloud_api_is_misconfigured() -> None:
    with (
        stubbed(serverInfo=reply(b"<html>", "404 Not Found")) as (connector, _),
        pytest.raises(Misconfigured, match="Jira Cloud"),
    ):
        connector.check()


@pytest.mark.parametrize(
    ("header", "says"), [("X-Authentication-Denied-Reason: CAPTCHA_CHALLENGE; login-url=https://x", "captcha"),
        ("X-Seraph-LoginReason: AUTHENTICATED_FAILED", "credential")]
)  # fmt: skip
def test_a_403_that_is_a_failed_login_is_an_auth_error(header: str, says: str) -> None:
    with stubbed(myself=reply(b"{}", "403 Forbidden", header)) as (connector, _), pytest.raises(AuthError, match=says):
        connector.check()


@pytest.mark.parametrize("reason", ["AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED", "OK, AUTHENTICATED_FAILED"])
def test_a_failed_login_with_status_200_is_an_auth_error(reason: str) -> None:
    with (
        stubbed(search__jql=reply(b'{"issues": [], "isLast": true}', "200 OK", f"X-Seraph-LoginReason: {reason}")) as (
            connector,
            _,
        ),
        pytest.raises(AuthError),
    ):
        read(connector)


def test_a_login_that_worked_is_no_error() -> None:
    with stubbed(search__jql=reply(b'{"issues": [], "isLast": true}', "200 OK", "X-Seraph-LoginReason: OK")) as (connector, _):
        assert read(connector)[-1].end == "complete"


@pytest.mark.parametrize("me", [{"accountId": ""}, {"accountId": None}, {"accountId": 5}])
def test_an_account_without_an_id_is_nobody(me: dict[str, Any]) -> None:
    with stubbed(myself=body(me)) as (connector, _), pytest.raises(AuthError):
        connector.check()


# ---- lists


def test_lists_are_followed_by_what_came_back_and_to_is_last() -> None:
    """The SDK stops at a page shorter than stated, and lost four of five boards so."""
    rows = [{"id": str(number), "key": f"P{number}", "name": f"P{number}"} for number in range(5)]
    pages = [
        listed(*rows[:2], isLast=False), listed(isLast=False), listed(rows[2], isLast=False), listed(*rows[3:]),
        listed(), listed(),
    ]  # fmt: skip
    with stubbed(project__search=pages) as (connector, server):
        assert [partition.id for partition in connector.partitions()] == ["0", "1", "2", "3", "4"]
    starts = [request.split(b"startAt=")[1].split(b"&")[0] for request in server.requests if b"project/search" in request]
    assert starts[:4] == [b"0", b"2", b"52", b"53"]


def test_a_list_that_never_ends_is_an_error() -> None:
    """F11: an ignored ``startAt``."""
    with stubbed(project__search=listed(isLast=False)) as (connector, _), pytest.raises(BadData, match="end"):
        connector.partitions()


def test_a_list_without_any_end_mark_is_an_error() -> None:
    with stubbed(project__search=body({"values": []})) as (connector, _), pytest.raises(BadData, match="end mark"):
        connector.partitions()


def test_a_user_who_may_not_list_archived_projects_still_reads_the_live_ones() -> None:
    project = listed({"id": "10000", "key": "EE", "name": "Eng"})
    with stubbed(project__search=[project, reply(b"{}", "400 Bad Request")]) as (connector, _):
        assert [(partition.key, partition.state) for partition in connector.partitions()] == [("EE", "live")]


def test_both_lists_of_fields_are_read_since_they_differ() -> None:
    extra = {"id": "customfield_10077", "name": "Only in search", "schema": {"type": "string"}}
    chosen = {"fields": {"extra": "Only in search", "team": "Team"}}
    with stubbed(settings=chosen, field=body(FIELDS), field__search=listed(extra)) as (connector, _):
        assert connector.check().unresolved == ()


def test_a_field_name_that_two_fields_share_is_reported_and_not_guessed() -> None:
    twins = [{"id": f"customfield_{number}", "name": "Team", "schema": {"type": "string"}} for number in (1, 2)]
    with stubbed(settings={"fields": {"team": "Team"}}, field=body(twins), field__search=listed()) as (connector, _):
        (missing,) = connector.check().unresolved
    assert "customfield_1, customfield_2" in missing


def test_points_in_another_language_are_found_by_what_boards_estimate_with() -> None:
    localised = POINTS | {"name": "故事点"}
    answers: dict[str, Any] = {
        "field": body([localised, TEAM_POINTS]),
        "field__search": listed(),
        "board": listed({"id": 8, "name": "b", "type": "scrum"}),
    }
    answers["board__8__configuration"] = body({"estimation": {"type": "field", "field": {"fieldId": "customfield_10024"}}})
    with stubbed(encoded(issue("1", customfield_10024=3.0)), **answers) as (connector, _):
        assert [item.estimate for page in read(connector) for item in page.items] == ["3.0"]


def test_a_board_without_sprints_is_left_out_with_the_rest_read() -> None:
    boards = listed(*({"id": number, "name": "b", "type": "kanban"} for number in (1, 2, 3)))
    sprint = {"id": 7, "name": "S7", "state": "active", "originBoardId": 13}
    answers: dict[str, Any] = {
        "board": boards,
        "board__1__sprint": reply(b"{}", "400 Bad Request"),
        "board__3__sprint": listed(sprint),
        "status": body([]),
        "issuetype": body([]),
    }
    answers["board__2__sprint"] = listed(sprint)
    with stubbed(**answers) as (connector, _):
        (found,) = [row for row in connector.dimensions() if row.kind == "sprint"]
    assert found.attributes == {"boardId": 2, "boards": [2, 3], "originBoardId": 13}
