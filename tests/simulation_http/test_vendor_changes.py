"""Single doings of a vendor, from the stand-in to the numbers: what each may move, and what it must not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.store import Store, open_store
from tests.hub.sandbox.process import Sandbox
from tests.hub.sync.worlds import rows
from tests.simulation_http.site import READ, Site, make_site
from tests.simulation_http.truth import numbers, wrong_items

COUNTED = ("links", "progress", "attachments", "edges")


@pytest.fixture
def site(sb: Sandbox, sqlite_store: Store, tmp_path: Path) -> Site:
    made = make_site(sb, tmp_path / "world", sqlite_store)
    assert made.sync().result == "complete"
    return made


def counted(store: Store) -> dict[str, list[str]]:
    found = numbers(store)
    return {name: found[name] for name in COUNTED}


def afresh(site: Site, folder: Path) -> dict[str, list[str]]:
    with open_store(f"sqlite:///{folder}/fresh.db") as fresh:
        assert site.new_hub(fresh).sync("full").result == "complete"
        return numbers(fresh)


@pytest.mark.parametrize("mode", ["nightly", "full"])
def test_renames_move_no_number(site: Site, sb: Sandbox, mode: str) -> None:
    """F20: a status, the field of the story points, a sprint, a board and a project get other names."""
    before = counted(site.store)
    sb.mutate("status", status="3", name="Underway")
    sb.mutate("field", field="customfield_10026", name="Effort")
    sb.mutate("sprint", sprint=106, name="Autumn push")
    sb.mutate("board", board=1, name="Core delivery")
    sb.mutate("project", project="CORE", name="The core")
    assert site.sync(mode).result == "complete"
    assert counted(site.store) == before
    names = {row[0] for row in rows(site.store, "SELECT name FROM dimension WHERE to_seq IS NULL")}
    assert {"Underway", "Effort", "Autumn push", "The core"} <= names


def test_a_project_with_a_new_key_keeps_items_links_and_progress(site: Site, sb: Sandbox) -> None:
    """F19: the config still names the old key; all items have new keys after one nightly run, and answer to the old ones."""
    before = site.presence(), numbers(site.store)["progress"]
    sb.mutate("project", project="CORE", key="KERN")
    assert site.sync().result == "complete" and site.holds() == []
    assert wrong_items(sb, site.store, READ) == []
    assert (site.presence(), numbers(site.store)["progress"]) == before
    old = rows(
        site.store, "SELECT i.key FROM alias a JOIN item i ON i.no = a.item_no WHERE a.kind = 'key' AND a.value = 'core-1'"
    )
    assert old == [("KERN-1",)]


def test_a_moved_issue_is_one_item_under_its_new_key(site: Site, sb: Sandbox) -> None:
    """F19: neither deleted nor new, and the old key leads to it."""
    ident = sb.mutate("move", issue="CORE-2", project="GROW")["id"]
    count = len(site.presence())
    assert site.sync().result == "complete"
    assert site.presence()[ident] == "present" and len(site.presence()) == count
    assert wrong_items(sb, site.store, READ) == []


def test_parents_in_circles_and_deep_chains_end_and_are_counted_once(site: Site, sb: Sandbox, tmp_path: Path) -> None:
    """F37: two issues that contain each other, one that contains itself, a chain through a whole project."""
    ids = [row["id"] for row in sb.search("project = CORE ORDER BY key", fields="id")]
    pairs = [(0, 1), (1, 0), (2, 2), *((at, at + 1) for at in range(3, len(ids) - 1))]
    for child, parent in pairs:
        sb.mutate("update", issue=ids[child], fields={"parent": ids[parent]})
    assert site.sync().result == "complete"
    assert wrong_items(sb, site.store, READ) == []
    mine, theirs = numbers(site.store), afresh(site, tmp_path)
    assert mine == theirs
    links = [json.loads(row) for row in mine["links"]]
    assert len(links) == len({tuple(map(str, link[:4])) for link in links}), "an item is linked to a target once"


def test_a_blackout_deletes_nothing_for_good(site: Site, sb: Sandbox) -> None:
    """F32: listings are empty and lookups silent, for one night; nothing that was held needs a person once it is over."""
    before = counted(site.store)
    sb.switch(blackout=True)
    night = site.sync()
    assert night.result == "held" and site.holds()
    large = [row[0] for row in rows(site.store, "SELECT id FROM item WHERE presence = 'deleted'")]
    assert len(large) < len(site.presence()) / 4, "small projects only"
    sb.switch(blackout=False)
    assert site.sync().result == "complete"
    assert site.holds() == [] and set(site.presence().values()) == {"present"} and counted(site.store) == before


@pytest.mark.parametrize("key", ["CORE", "KERN"])
def test_lost_and_regained_sight_of_a_project_leaves_everything_as_it_was(site: Site, sb: Sandbox, key: str) -> None:
    """F09: out of sight nothing is deleted; back in sight it is as it was. Also where the config names a former key."""
    if key != "CORE":
        sb.mutate("project", project="CORE", key=key)
        assert site.sync().result == "complete"
    before = counted(site.store)
    sb.mutate("project", project="CORE", hidden=True)
    assert site.sync().result == "partial"
    assert set(site.presence().values()) == {"present", "access_lost"}
    assert site.holds() == [], "nobody took it out of the config"
    sb.mutate("project", project="CORE", hidden=False)
    assert site.sync().result == "complete"
    assert set(site.presence().values()) == {"present"} and counted(site.store) == before


def test_delete_restore_delete_is_one_item(site: Site, sb: Sandbox, tmp_path: Path) -> None:
    """F18: under the same id; its numbers go and come with it."""
    for deleted in (True, False, True, False, True):
        ident = sb.mutate("delete" if deleted else "restore", issue="DATA-1")["id"]
        assert site.sync().result == "complete"
        assert site.presence()[ident] == ("deleted" if deleted else "present")
        assert wrong_items(sb, site.store, READ) == []
    assert rows(site.store, f"SELECT count(*) FROM item WHERE id = '{ident}'") == [(1,)]
    assert numbers(site.store) == afresh(site, tmp_path)


@pytest.mark.parametrize("skew", [1000, -1000])
def test_a_vendor_whose_clock_is_off_loses_no_change(site: Site, sb: Sandbox, skew: int) -> None:
    """F15: its Date header is a quarter of an hour ahead or behind the clock of its data."""
    sb.switch(date_skew=skew)
    for summary in ("One", "Two", "Three"):
        sb.clock(shift=3600)
        sb.mutate("update", issue="CORE-2", fields={"summary": summary})
        assert site.sync("delta").result == "complete"
        assert wrong_items(sb, site.store, READ) == []


def test_rows_that_come_twice_are_counted_once(site: Site, sb: Sandbox) -> None:
    """F23: in every page of every listing and every answer."""
    before = counted(site.store)
    for path in ("/rest/api/3/search/jql", "/rest/api/3/issue/bulkfetch"):
        sb.fault("duplicate", path=path, by=3, times=0)
    for mode in ("full", "nightly"):
        assert site.sync(mode).result == "complete"
    assert counted(site.store) == before and wrong_items(sb, site.store, READ) == []
