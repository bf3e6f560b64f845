"""What Jira does to everybody who reads it: pages, moves, deletions, lost access, slow and broken answers, odd boards."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest

import connectors
from connectors.base import (
    AccessLost,
    BadData,
    CursorExpired,
    EndpointGone,
    RateLimited,
    checked,
)
from connectors.jira.connector import JiraCloud
from tests.connectors.jira_site import BULK, CORE, SEARCH, jira, queries, read_ids
from tests.connectors.runs import Clock
from tests.hub.sandbox.process import Sandbox

# ---- pages and positions


def test_an_empty_page_with_a_token_is_followed_a_bounded_number_of_times(sb: Sandbox) -> None:
    """F11: Jira may filter a page empty, but not for ever."""
    with jira(sb) as connector:
        sb.fault("empty_page", path=SEARCH, times=0)
        with pytest.raises(BadData):
            read_ids(connector)
    assert len(queries(sb)) <= 12


def test_a_token_that_expires_in_mid_pass_starts_the_pass_again(sb: Sandbox) -> None:
    with jira(sb) as connector:
        sb.fault("expire_token", path=SEARCH, at=2)
        with pytest.raises(CursorExpired):
            read_ids(connector)


def test_a_position_that_is_older_than_seven_days_is_expired(sb: Sandbox) -> None:
    with jira(sb) as connector:
        pages = list(connector.changes(CORE, None, None))
        sb.clock(shift=connector.resume_ttl + 60)
        with pytest.raises(CursorExpired):
            list(connector.changes(CORE, None, pages[1].resume))


@pytest.mark.parametrize("position", ["", "garbage", "{}", "[]", '{"q": "0000", "t": null, "a": null}'])
def test_a_position_that_is_not_ours_is_expired(sb: Sandbox, position: str) -> None:
    with jira(sb) as connector, pytest.raises(CursorExpired):
        list(connector.changes(CORE, None, position))


def test_a_position_of_a_full_pass_does_not_continue_a_delta(sb: Sandbox) -> None:
    with jira(sb) as connector:
        resume = next(iter(connector.changes(CORE, None, None))).resume
        with pytest.raises(CursorExpired):
            list(connector.changes(CORE, datetime(2026, 1, 1, tzinfo=UTC), resume))


def test_a_position_whose_last_id_was_deleted_reads_its_page_again(sb: Sandbox) -> None:
    with jira(sb) as connector:
        pages = list(connector.changes(CORE, None, None))
        everything = {item.id for page in pages for item in page.items}
        after = json.loads(pages[0].resume or "")
        position = json.dumps(after | {"t": None, "a": pages[0].items[-1].id})
        sb.mutate("delete", issue=pages[0].items[-1].key)
        rest = {item.id for page in checked(connector.changes(CORE, None, position)) for item in page.items}
        assert rest == everything - {pages[0].items[-1].id}


def test_a_project_without_changes_is_one_empty_page_with_an_end(sb: Sandbox) -> None:
    with jira(sb) as connector:
        pages = list(checked(connector.changes(CORE, datetime(2030, 1, 1, tzinfo=UTC), None)))
    assert [(page.items, page.end) for page in pages] == [((), "complete")]


# ---- moved, deleted, out of sight


def test_a_moved_issue_keeps_its_identity_and_carries_its_new_key(sb: Sandbox) -> None:
    before = sb.bulkfetch("CORE-1", fields=["id"])["issues"][0]["id"]
    sb.mutate("move", issue="CORE-1", project="GROW")
    with jira(sb) as connector:
        (item,) = connector.get([before]).items
    assert item.id == before
    assert item.key is not None and item.key.startswith("GROW-")
    assert item.containers == ("10002",)


def test_a_deleted_issue_is_denied_for_jira_does_not_say_more_and_one_that_it_owes_us_is_neither(sb: Sandbox) -> None:
    gone, owed, there = (row["id"] for row in sb.bulkfetch("CORE-1", "CORE-2", "CORE-3", fields=["id"])["issues"])
    sb.mutate("delete", issue="CORE-1")
    sb.fault("issue_error", ids=[owed], path=BULK, times=0)
    with jira(sb) as connector:
        fetched = connector.get([gone, owed, there])
    assert [one.id for one in fetched.items] == [there]
    assert (fetched.gone, fetched.denied) == ((), (gone,))


def test_a_lost_id_is_denied_while_a_configured_project_is_out_of_sight(sb: Sandbox) -> None:
    (row,) = sb.bulkfetch("CORE-1", fields=["id"])["issues"]
    sb.mutate("project", project="CORE", hidden=True)
    with jira(sb, partitions=("CORE", "GROW")) as connector:
        fetched = connector.get([row["id"]])
    assert (fetched.gone, fetched.denied) == ((), (row["id"],))


def test_a_key_that_is_not_found_concludes_nothing(sb: Sandbox) -> None:
    with jira(sb) as connector:
        assert connector.get(["CORE-99999"]) == type(connector.get([]))()


def test_an_id_that_jira_listed_and_did_not_return_is_noted_only(sb: Sandbox) -> None:
    (row,) = sb.bulkfetch("CORE-1", fields=["id"])["issues"]
    sb.fault("missing", ids=[row["id"]], path=BULK, times=0)
    with jira(sb) as connector:
        pages = list(checked(connector.changes(CORE, None, None)))
    assert [ident for page in pages for ident in page.unaccounted] == [row["id"]]
    assert [page.gone for page in pages if page.gone] == []
    assert pages[-1].end == "complete"


def test_an_issue_in_issue_errors_is_asked_again(sb: Sandbox) -> None:
    (row,) = sb.bulkfetch("CORE-1", fields=["id"])["issues"]
    sb.fault("issue_error", ids=[row["id"]], path=BULK, times=1)
    with jira(sb) as connector:
        assert row["id"] in read_ids(connector)


def test_an_issue_that_stays_in_issue_errors_is_rejected_and_the_rest_is_read(sb: Sandbox) -> None:
    (row,) = sb.bulkfetch("CORE-1", fields=["id"])["issues"]
    sb.fault("issue_error", ids=[row["id"]], path=BULK, times=0)
    with jira(sb) as connector:
        pages = list(checked(connector.changes(CORE, None, None)))
    assert [one.id for page in pages for one in page.rejected] == [row["id"]]
    assert pages[-1].end == "complete"


def test_a_project_that_cannot_be_searched_any_more_is_lost_access_and_not_empty(sb: Sandbox) -> None:
    sb.mutate("project", project="CORE", hidden=True)
    with jira(sb) as connector, pytest.raises(AccessLost):
        read_ids(connector)


def test_the_roster_tells_live_archived_and_unseen_apart(sb: Sandbox) -> None:
    sb.mutate("project", project="MOB", hidden=True)
    with jira(sb, partitions=("core", "10002", "CLSC", "MOB")) as connector:
        found = {partition.key: (partition.id, partition.state) for partition in connector.partitions()}
    assert found["CORE"] == ("10001", "live")
    assert found["GROW"] == ("10002", "live")
    assert found["CLSC"] == ("10009", "archived")
    assert found["MOB"] == ("MOB", "unseen")


# ---- retired, slow, broken


@pytest.mark.parametrize("status", [404, 410])
def test_a_retired_search_is_endpoint_gone_and_never_zero_issues(sb: Sandbox, status: int) -> None:
    with jira(sb) as connector:
        sb.fault("status", status=status, body={"errorMessages": ["removed"]}, path=SEARCH, times=0)
        with pytest.raises(EndpointGone) as caught:
            read_ids(connector)
    assert caught.value.hint


def test_a_429_whose_body_is_html_waits_as_asked(sb: Sandbox) -> None:
    clock = Clock()
    sb.fault("status", status=429, headers={"Retry-After": "7"}, body="<html>", path=SEARCH)
    with jira(sb, clock) as connector:
        assert read_ids(connector)
    assert [seconds for seconds in clock.slept if seconds >= 7.0]


def test_a_429_that_stays_is_rate_limited_and_bounded(sb: Sandbox) -> None:
    sb.fault("status", status=429, path=SEARCH, times=0)
    with jira(sb, attempts=3) as connector, pytest.raises(RateLimited):
        read_ids(connector)
    assert len(queries(sb)) == 3


# ---- lists


def test_one_board_that_fails_costs_its_sprints_only(sb: Sandbox) -> None:
    for number, status in ((1, 403), (2, 404), (3, 422)):
        sb.fault("status", status=status, path=f"/rest/agile/1.0/board/{number}/sprint", times=0)
    with jira(sb) as connector:
        found = list(connector.dimensions())
    shown = {board for row in found if row.kind == "sprint" for board in row.attributes["boards"]}
    assert shown and not shown & {1, 2, 3}


def test_boards_of_every_type_are_read_to_their_end(sb: Sandbox) -> None:
    with jira(sb) as connector:
        sprints = [row for row in connector.dimensions() if row.kind == "sprint"]
    boards = sb.get("/rest/agile/1.0/board")["values"]
    rows = []
    for board in boards:
        path = f"/rest/agile/1.0/board/{board['id']}/sprint"
        if any(entry["path"] == path for entry in sb.log()):
            with contextlib.suppress(Exception):
                rows += [row for start in range(0, 99, 9) for row in sb.get(path, startAt=start)["values"]]
    assert {row["type"] for row in boards} >= {"simple", "kanban"}
    assert {row.id for row in sprints} == {str(row["id"]) for row in rows}
    assert {row.category for row in sprints} == {"closed", "active", "future"}
    assert len({row.id for row in sprints}) == len(sprints), "a sprint on two boards is one"


def test_lists_carry_what_items_only_name_by_id(sb: Sandbox) -> None:
    with jira(sb) as connector:
        found = list(connector.dimensions())
        items = [item for page in connector.changes(CORE, None, None) for item in page.items]
    known = {(row.kind, row.id) for row in found}
    assert {("status", item.status_id) for item in items} <= known
    assert {("type", item.type_id) for item in items} <= known
    assert {("sprint", sprint) for item in items for sprint in item.sprints} <= known
    assert {("container", one) for item in items for one in item.containers} <= known
    assert {row.category for row in found if row.kind == "status"} == {"new", "indeterminate", "done"}
    assert {row.attributes["level"] for row in found if row.kind == "type"} >= {-1, 0, 1}


def test_the_kind_says_what_the_admin_must_know() -> None:
    kind = connectors.load("jira")
    assert kind.needs_user and kind.needs_token and "Browse Projects" in kind.rights
    assert {"sprint", "component", "label"} <= kind.item_fields
    assert (JiraCloud.lag, JiraCloud.overlap, JiraCloud.resume_ttl) == (86400.0, 86400.0, 604800.0)
