"""What changes at the vendor while it is read, or between two reads: pages that drift, an index that lags, clocks and zones."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import CursorExpired, checked
from connectors.jira.connector import JiraCloud
from tests.connectors.jira_site import BULK, CORE, SEARCH, jira, queries, read_ids
from tests.hub.sandbox.process import Sandbox

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
READS: dict[str, Any] = {
    "full": lambda connector: _read(connector, None),
    "delta": lambda connector: _read(connector, LONG_AGO),
    "census": lambda connector: [seen.id for seen in connector.census(CORE)],
}
CHANGES: dict[str, Any] = {
    "mutate": lambda ident: {"op": "update", "issue": ident, "fields": {"summary": "Changed meanwhile"}},
    "delete": lambda ident: {"op": "delete", "issue": ident},
    "move": lambda ident: {"op": "move", "issue": ident, "project": "GROW"},
    "hide": lambda ident: {"op": "secure", "issue": ident},
}


def _read(connector: JiraCloud, since: datetime | None) -> list[str]:
    return [item.id for page in checked(connector.changes(CORE, since, None)) for item in page.items]


def listed(sb: Sandbox) -> list[str]:
    return [row["id"] for row in sb.search("project = CORE ORDER BY key", fields="id")]


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("how", READS)
def test_changes_between_any_two_pages_lose_and_double_nothing(sb: Sandbox, how: str, what: str) -> None:
    """F10: before each request of a pass, one row already read and one still to come are changed, deleted, moved, hidden.

    All that was there before and after is read, once; nothing else than what was there before or after is.
    """
    with jira(sb) as connector:
        sb.switch(page_limit=5)
        READS[how](connector)  # the lists are read once per connector
        requests = Counter(entry["path"] for entry in sb.log() if entry["path"] in (SEARCH, BULK))
        assert requests[SEARCH] >= 5
        for path, at in [(path, at) for path, count in requests.items() for at in range(1, count + 1)]:
            sb.reset()
            before = listed(sb)
            sb.switch(page_limit=5)
            edge = min(5 * max(1, at - 1), len(before) - 2)
            change = [CHANGES[what](before[edge - 1]), CHANGES[what](before[edge])]
            sb.fault("mutate", path=path, at=at, change=change)
            found = READS[how](connector)
            after = listed(sb)
            assert set(before) & set(after) <= set(found) <= set(before) | set(after), (path, at)
            assert len(found) == len(set(found)), (path, at)
            assert sb.faults()[0]["fired"] == 1


@pytest.mark.parametrize("how", READS)
def test_an_issue_that_comes_in_between_two_pages_costs_no_other(sb: Sandbox, how: str) -> None:
    """F10: what is created or restored meanwhile may be read or not, and shifts no page."""
    with jira(sb) as connector:
        for at in (1, 2, 3, 4):
            sb.reset()
            before = listed(sb)
            sb.mutate("delete", issue=before[3])
            change = [{"op": "restore", "issue": before[3]}, {"op": "create", "project": "CORE", "summary": "New"}]
            sb.fault("mutate", path=SEARCH, at=at, change=change)
            found = READS[how](connector)
            assert set(before) - {before[3]} <= set(found) and len(found) == len(set(found))


@pytest.mark.parametrize("rows", [8, 9, 10, 18])
def test_a_list_that_is_exactly_a_cap_long_is_neither_cut_nor_called_complete_too_early(sb: Sandbox, rows: int) -> None:
    """F12: the sandbox gives nine rows a page; the end is its own mark, and never a page that happens to be full or short."""
    ids = listed(sb)
    for ident in ids[rows:]:
        sb.mutate("delete", issue=ident)
    with jira(sb) as connector:
        assert read_ids(connector) == set(ids[:rows])
        assert {seen.id for seen in connector.census(CORE)} == set(ids[:rows])


def test_more_rows_than_one_page_holds_are_read_of_every_list(sb: Sandbox) -> None:
    """F12: projects, fields, boards and sprints, at a cap of three rows each."""
    boards = {row["id"] for row in sb.get("/rest/agile/1.0/board", maxResults=50)["values"]}
    with jira(sb) as connector:
        projects, rows = {one.id for one in connector.partitions()}, {(row.kind, row.id) for row in connector.dimensions()}
    sb.switch(page_limit=3)
    with jira(sb) as connector:
        assert {one.id for one in connector.partitions()} == projects and len(projects) > 3
        capped = {(row.kind, row.id) for row in connector.dimensions()}
        asked = {entry["path"] for entry in sb.log()}
    assert capped == rows
    assert {f"/rest/agile/1.0/board/{board}/sprint" for board in boards} <= asked and len(boards) > 3


def test_an_expired_token_at_any_page_starts_the_pass_again(sb: Sandbox) -> None:
    """F13: at every page but the first, which needs none; the second time the pass ends with everything."""
    with jira(sb) as connector:
        whole = read_ids(connector)
        for at in range(2, len(queries(sb)) + 1):
            sb.heal()
            sb.fault("expire_token", path=SEARCH, at=at)
            with pytest.raises(CursorExpired):
                read_ids(connector)
            assert read_ids(connector) == whole


def test_a_change_that_the_index_does_not_know_yet_is_in_the_next_delta_by_the_overlap(sb: Sandbox) -> None:
    """F14: an index two hours behind; without the overlap the change would be lost for ever."""
    sb.switch(index_lag=7200)
    cursor = datetime.fromtimestamp(sb.clock() / 1000, UTC)
    changed = sb.mutate("update", issue="CORE-1", fields={"summary": "Changed"})["id"]
    with jira(sb) as connector:
        assert connector.overlap >= connector.lag >= 7200
        assert changed not in read_ids(connector, since=cursor), "not in the index"
        next_cursor = datetime.fromtimestamp(sb.clock(shift=3600) / 1000, UTC)
        assert changed not in read_ids(connector, since=cursor)
        sb.clock(shift=7200)
        assert changed not in read_ids(connector, since=next_cursor), "a delta without overlap loses it"
        assert changed in read_ids(connector, since=next_cursor - timedelta(seconds=connector.overlap))


def test_details_are_the_truth_where_the_listing_is_behind(sb: Sandbox) -> None:
    """F14: ids come from the index, what they carry does not; and a lookup by id beats a search."""
    sb.switch(index_lag=7200)
    changed = sb.mutate("update", issue="CORE-1", fields={"summary": "Changed"})["id"]
    deleted = sb.mutate("delete", issue="CORE-6")["id"]
    with jira(sb) as connector:
        items = {item.id: item for page in checked(connector.changes(CORE, None, None)) for item in page.items}
        stamps = {seen.id: seen.stamp for seen in connector.census(CORE)}
        fetched = connector.get([changed, deleted])
    assert items[changed].title == "Changed" and deleted not in items
    assert deleted in stamps, "the census still lists it"
    indexed, read = stamps[changed], items[changed].updated_at
    assert indexed is not None and read is not None
    assert indexed < read, "and carries the older stamp, which must not count as a change"
    assert ([one.title for one in fetched.items], fetched.denied) == (["Changed"], (deleted,))


ZONES = [f"Etc/GMT{hours:+d}" for hours in range(-14, 13)]


def test_no_account_zone_moves_the_bound_of_a_delta(sb: Sandbox) -> None:
    """F16: zones from -12 to +14, an item updated in each minute of an hour; from any second of it nothing is missing."""
    ids = listed(sb)[:12]
    stamps: dict[str, int] = {}
    for minute in range(60):
        sb.clock(shift=59)  # the change itself takes the sixtieth second
        stamps[sb.mutate("update", issue=ids[minute % 12])["id"]] = sb.clock()
    last = datetime.fromtimestamp(sb.clock() / 1000, UTC)
    with jira(sb) as connector:
        for number, zone in enumerate(ZONES):
            sb.switch(zone=zone)
            for back in (
                timedelta(seconds=1 + number),
                timedelta(minutes=5, seconds=30),
                timedelta(minutes=10, seconds=2 * number),
            ):
                since = last - back
                must = {ident for ident, at in stamps.items() if at >= since.timestamp() * 1000}
                may = {ident for ident, at in stamps.items() if at >= (since.timestamp() - 120) * 1000}
                assert must <= read_ids(connector, since=since) <= may, (zone, back)


def test_rows_that_come_twice_in_a_page_are_one_item(sb: Sandbox) -> None:
    """F23: in a listing, in the census and in an answer with details."""
    with jira(sb) as connector:
        whole = sorted(listed(sb))
        for path in (SEARCH, BULK):
            sb.fault("duplicate", path=path, by=4, times=0)
        assert sorted(_read(connector, None)) == whole
        assert sorted(seen.id for seen in connector.census(CORE)) == whole
        assert sorted(item.id for item in connector.get(whole[:20]).items) == whole[:20]


def test_many_issues_with_one_stamp_neither_loop_nor_get_lost(sb: Sandbox) -> None:
    """F10: a bulk edit of a whole project, read by a delta from that very stamp on and in pages of nine."""
    done = sb.mutate("bulk", project="CORE", fields={"labels": ["sweep"]})["issues"]
    since = datetime.fromtimestamp(sb.clock() / 1000, UTC)
    with jira(sb) as connector:
        assert sorted(_read(connector, since)) == sorted(done)
        assert len({seen.stamp for seen in connector.census(CORE)}) == 1


def test_a_delta_goes_on_behind_a_page_only_for_the_same_bound(sb: Sandbox) -> None:
    """F10: the position knows its query; for another ``since`` the pass begins again, and nothing of it is skipped."""
    with jira(sb) as connector:
        pages = list(checked(connector.changes(CORE, LONG_AGO, None)))
        rest = [item.id for page in checked(connector.changes(CORE, LONG_AGO, pages[1].resume)) for item in page.items]
        assert rest == [item.id for page in pages[2:] for item in page.items]
        with pytest.raises(CursorExpired):
            list(connector.changes(CORE, LONG_AGO + timedelta(minutes=1), pages[1].resume))
