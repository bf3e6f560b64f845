"""What Data Center does to whoever pages through it: the window, smaller pages, issues that leave in mid-pass, positions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from connectors.base import AccessLost, BadData, CursorExpired, Misconfigured, Page, checked
from connectors.jira.datacenter import JiraDataCenter
from connectors.jira.datacenter_reading import Query
from tests.connectors.datacenter_site import CORE, SEARCH, data_center, dc_stubbed, found, issue, queries, read
from tests.connectors.raw import reply
from tests.hub.sandbox.process import Sandbox


def core_ids(dc: Sandbox) -> set[str]:
    return {ident for ident, issue in dc.truths().items() if issue["project"] == "CORE" and issue["seen"]}


def in_pages(connector: JiraDataCenter, resume: str | None = None, since: datetime | None = None) -> list[Page]:
    return list(checked(connector.changes(CORE, since, resume)))


# ---- the window and the size of pages


def test_a_project_larger_than_the_window_is_read_whole(dc: Sandbox) -> None:
    expected = core_ids(dc)
    dc.switch(window=10)  # of which a page of nine is the most that can be asked for
    assert len(expected) > 10
    with data_center(dc) as connector:
        assert set(read(connector)) == expected == {seen.id for seen in connector.census(CORE)}


def test_no_request_ever_asks_with_an_offset(dc: Sandbox) -> None:
    with data_center(dc) as connector:
        read(connector)
        list(connector.census(CORE))
        connector.get(["100001"])
    asked = [parse_qs(entry["query"]) for entry in dc.log() if entry["path"] == SEARCH]
    assert len(asked) > 4 and not any("startAt" in query for query in asked)
    assert all("ORDER BY id ASC" in query["jql"][0] or query["jql"][0].startswith("id in") for query in asked)


def test_the_stand_in_answers_500_beyond_the_window_as_the_vendor_does(dc: Sandbox) -> None:
    dc.switch(window=20)
    answer = dc.http.get(SEARCH, params={"jql": "project = CORE", "startAt": 15, "maxResults": 9})
    assert answer.status_code == 500 and "Search limit exceeded" in answer.text


def test_a_server_that_lowers_the_page_size_in_mid_pass_loses_nothing(dc: Sandbox) -> None:
    expected = core_ids(dc)
    with data_center(dc) as connector:
        pages = connector.changes(CORE, None, None)
        ids = {item.id for item in next(pages).items}
        dc.switch(page_limit=4)
        ids |= {item.id for page in pages for item in page.items}
    assert ids == expected


def test_an_empty_page_that_counts_issues_is_tried_again_and_then_an_error(dc: Sandbox) -> None:
    expected = core_ids(dc)
    with data_center(dc, attempts=3) as connector:
        connector.partitions()
        dc.fault("empty_page", path=SEARCH, at=2)
        assert set(read(connector)) == expected
        dc.fault("empty_page", path=SEARCH, times=0)
        with pytest.raises(BadData, match="lists none"):
            read(connector)


@pytest.mark.parametrize("total", [None, "3", True, 1.5])
def test_a_page_without_a_total_is_no_end(total: Any) -> None:
    page = json.dumps({"issues": [issue()], "total": total}).encode()
    with dc_stubbed(search=lambda jql: found() if "cf[" in jql else reply(page)) as (connector, _), pytest.raises(BadData):
        list(connector.changes(connector.partitions()[0], None, None))


# ---- what moves while it is read


def test_an_issue_moved_into_the_project_has_a_low_id_and_is_still_read(dc: Sandbox) -> None:
    """Jira sorts by id as by key, so the last page may well hold the smallest id."""
    moved = str(dc.mutate("move", issue="GROW-1", project="CORE")["id"])
    late = dc.mutate("create", project="IDN", kind="Task", summary="late")["key"]
    last = str(dc.mutate("move", issue=late, project="CORE")["id"])
    expected = core_ids(dc)
    assert {moved, last} <= expected
    with data_center(dc) as connector:
        assert set(read(connector)) == expected == {seen.id for seen in connector.census(CORE)}


def test_a_page_whose_last_issue_is_deleted_goes_on_behind_the_one_before(dc: Sandbox) -> None:
    expected = core_ids(dc)
    with data_center(dc) as connector:
        pages = checked(connector.changes(CORE, None, None))
        first = next(pages)
        dc.mutate("delete", issue=first.items[-1].key)
        rest = {item.id for page in pages for item in page.items}
    assert {item.id for item in first.items} | rest == expected
    assert not rest & {item.id for item in first.items}


def test_a_page_whose_last_issue_moved_away_does_not_end_the_pass(dc: Sandbox) -> None:
    """`id > N` then means "in the project of N": Jira answers 200 with nothing, as at the end."""
    expected = core_ids(dc)
    with data_center(dc) as connector:
        pages = checked(connector.changes(CORE, None, None))
        first = next(pages)
        dc.mutate("move", issue=first.items[-1].key, project="GROW")
        rest = {item.id for page in pages for item in page.items}
    assert {item.id for item in first.items} | rest == expected


def test_where_all_that_was_left_is_deleted_the_pass_ends(dc: Sandbox) -> None:
    dc.switch(page_limit=100)
    with data_center(dc) as connector:
        count = len(read(connector))
        dc.switch(page_limit=count - 1)
        pages = checked(connector.changes(CORE, None, None))
        first = next(pages)
        (last,) = core_ids(dc) - {item.id for item in first.items}
        dc.mutate("delete", issue=last)
        rest = list(pages)
    assert [(page.items, page.end) for page in rest] == [((), "complete")]


def test_a_pass_whose_place_is_gone_altogether_starts_again(dc: Sandbox) -> None:
    with data_center(dc) as connector:
        pages = checked(connector.changes(CORE, None, None))
        for item in next(pages).items:
            dc.mutate("delete", issue=item.id)
        with pytest.raises(CursorExpired):
            next(pages)


def test_a_project_out_of_sight_is_access_lost_and_not_empty(dc: Sandbox) -> None:
    with data_center(dc) as connector:
        connector.partitions()
        dc.mutate("project", project="CORE", hidden=True)
        with pytest.raises(AccessLost):
            read(connector)


# ---- positions and deltas


@pytest.mark.parametrize("position", ["", "garbage", "{}", "[]", '{"q": "0000", "a": ["1"], "n": 1}'])
def test_a_position_that_is_not_ours_is_expired(dc: Sandbox, position: str) -> None:
    with data_center(dc) as connector, pytest.raises(CursorExpired):
        in_pages(connector, position)


def test_a_position_of_a_full_pass_does_not_continue_a_delta(dc: Sandbox) -> None:
    with data_center(dc) as connector:
        resume = in_pages(connector)[0].resume
        with pytest.raises(CursorExpired):
            in_pages(connector, resume, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_position_holds_no_jql_of_anybody_else() -> None:
    query = Query.of("10000")
    from connectors.jira.datacenter_reading import Place

    bad = json.loads(Place(("5",), 3).write(query)) | {"a": ["5 OR project is not EMPTY"]}
    with pytest.raises(CursorExpired):
        Place.read(json.dumps(bad), query)
    for hostile in ('A" OR 1=1', "CORE", "", "١"):
        with pytest.raises(Misconfigured):
            Query.of(hostile)


def test_a_delta_has_a_lower_bound_in_epoch_milliseconds_and_stays_in_order_of_id(dc: Sandbox) -> None:
    since = datetime(2026, 11, 20, 8, 15, 42, 123456, tzinfo=UTC)
    with data_center(dc) as connector:
        pages = in_pages(connector, since=since)
        asked = [jql for jql in queries(dc) if "updated" in jql]
    bound = int(datetime(2026, 11, 20, 8, 14, tzinfo=UTC).timestamp() * 1000)
    assert asked[0] == f"project = 10001 AND updated >= {bound} ORDER BY id ASC"
    behind = [f"project = 10001 AND updated >= {bound} AND id > {page.items[-1].id} ORDER BY id ASC" for page in pages[:-1]]
    assert asked[1:] == behind


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Asia/Kolkata", "Pacific/Kiritimati"])
def test_the_zone_of_the_user_moves_no_bound(dc: Sandbox, zone: str) -> None:
    changed = {str(dc.mutate("update", issue=key, summary="new")["id"]) for key in ("CORE-1", "CORE-2")}
    since = datetime.fromtimestamp(dc.clock() / 1000, UTC) - timedelta(minutes=1)
    dc.switch(zone=zone)
    with data_center(dc) as connector:
        assert set(read(connector, since=since)) == changed


def test_a_project_without_changes_is_one_empty_page_with_an_end(dc: Sandbox) -> None:
    with data_center(dc) as connector:
        pages = in_pages(connector, since=datetime(2030, 1, 1, tzinfo=UTC))
    assert [(page.items, page.end) for page in pages] == [((), "complete")]


# ---- lookups


def test_an_id_that_is_gone_does_not_cost_the_others_of_its_lookup(dc: Sandbox) -> None:
    ids = sorted(core_ids(dc))
    for gone in (ids[3], ids[-1]):
        dc.mutate("delete", issue=gone)
    with data_center(dc) as connector:
        fetched = connector.get(ids)
    assert {item.id for item in fetched.items} == set(ids) - {ids[3], ids[-1]}
    assert (fetched.gone, set(fetched.denied)) == ((), {ids[3], ids[-1]})


def test_a_lookup_asks_for_many_at_once_and_few_alone(dc: Sandbox) -> None:
    dc.switch(page_limit=1000)
    with data_center(dc) as connector:
        ids = sorted(read(connector))
        dc.mutate("delete", issue=ids[0])
        dc.control("DELETE", "log")
        connector.get(ids)
    paths = [entry["path"] for entry in dc.log()]
    assert paths.count(SEARCH) <= -(-len(ids) // 100) + 10 and len([path for path in paths if "/issue/" in path]) <= 10


def test_an_issue_that_the_index_does_not_know_yet_is_read_all_the_same(dc: Sandbox) -> None:
    dc.switch(index_lag=3600)
    ident = str(dc.mutate("create", project="CORE", kind="Task", summary="brand new")["id"])
    with data_center(dc) as connector:
        assert ident not in read(connector)
        assert [item.title for item in connector.get([ident]).items] == ["brand new"]


def test_a_secret_issue_is_denied_and_a_key_that_is_not_found_concludes_nothing(dc: Sandbox) -> None:
    ident = str(dc.mutate("secure", issue="CORE-2")["id"])
    with data_center(dc) as connector:
        fetched = connector.get([ident, "CORE-99999", 'X" OR key = "CORE-1', "CORE-1", "../../myself"])
    assert [item.key for item in fetched.items] == ["CORE-1"]
    assert fetched.denied == (ident,)


def test_a_moved_issue_keeps_its_identity_and_its_old_key_finds_it(dc: Sandbox) -> None:
    moved = dc.mutate("move", issue="CORE-1", project="GROW")
    with data_center(dc) as connector:
        (item,) = connector.get(["CORE-1"]).items
    assert (item.id, item.key, item.containers) == (str(moved["id"]), moved["key"], ("10002",))


def test_an_archived_issue_is_gone_as_archived() -> None:
    on = {"id": "archiveddate", "name": "Archived", "schema": {"type": "datetime", "system": "archiveddate"}}
    alone = json.dumps(issue("1", archiveddate="2026-03-01T10:00:00.000+0200")).encode()
    from tests.connectors.datacenter_site import FIELDS, body

    with dc_stubbed(field=body([*FIELDS, on]), search=lambda jql: found(), issue__1=reply(alone)) as (connector, server):
        (gone,) = connector.get(["1", "2"]).gone
        assert connector.get(["2"]).denied == ("2",)
    assert (gone.id, gone.how, gone.at) == ("1", "archived", datetime(2026, 3, 1, 8, tzinfo=UTC))
    assert any(b"/issue/1?" in request and b"archiveddate" in request for request in server.requests)
