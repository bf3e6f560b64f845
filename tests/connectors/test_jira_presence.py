"""What tells deleted, hidden, moved, archived and renamed apart, as far as the connector can know it."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import AccessLost, Partition, WorkItem, checked
from connectors.jira.connector import JiraCloud
from tests.connectors.jira_site import BULK, CORE, jira, read_ids
from tests.hub.sandbox.process import Sandbox

GROW = Partition("10002", "Growth", "GROW")


def items_of(connector: JiraCloud, partition: Partition = CORE) -> dict[str, WorkItem]:
    return {item.id: item for page in checked(connector.changes(partition, None, None)) for item in page.items}


def ident(sb: Sandbox, key: str) -> str:
    return str(sb.truth(key)["number"])


def test_a_project_out_of_sight_is_unseen_and_its_issues_are_denied_never_gone(sb: Sandbox) -> None:
    """F09: hidden, then back; a smaller role looks the same."""
    one = ident(sb, "CORE-1")
    losses: tuple[tuple[str, Any], ...] = (
        ("mutate", {"op": "project", "project": "CORE", "hidden": True}),
        ("switches", {"role": ["GROW"]}),
    )
    returns: tuple[tuple[str, Any], ...] = (
        ("mutate", {"op": "project", "project": "CORE", "hidden": False}),
        ("switches", {"role": []}),
    )
    for lose, regain in zip(losses, returns, strict=True):
        sb.control("POST", *lose)
        with jira(sb, partitions=("CORE", "GROW")) as connector:
            assert {part.key: part.state for part in connector.partitions()} == {"CORE": "unseen", "GROW": "live"}
            assert connector.get([one]).denied == (one,) and connector.get([one]).gone == ()
            with pytest.raises(AccessLost):
                read_ids(connector)
        sb.control("POST", *regain)
        with jira(sb, partitions=("CORE", "GROW")) as connector:
            assert {part.key: part.state for part in connector.partitions()} == {"CORE": "live", "GROW": "live"}
            assert [item.id for item in connector.get([one]).items] == [one]


def test_in_a_blackout_listings_are_empty_and_complete_and_the_account_is_the_same(sb: Sandbox) -> None:
    """F32: the connector cannot see it; the core must hold what follows from it."""
    with jira(sb) as connector:
        known, whole = connector.check().id, read_ids(connector)
        sb.switch(blackout=True)
        assert connector.check().id == known
        assert read_ids(connector) == set() and list(connector.census(CORE)) == []
        assert connector.get(sorted(whole)[:3]).denied == tuple(sorted(whole)[:3])


def test_an_issue_behind_a_security_level_looks_like_a_deleted_one(sb: Sandbox) -> None:
    """F09: neither a listing nor a lookup tells them apart; both come back under their id."""
    hidden, deleted = ident(sb, "CORE-3"), ident(sb, "CORE-6")
    sb.mutate("secure", issue=hidden)
    sb.mutate("delete", issue=deleted)
    with jira(sb) as connector:
        assert not {hidden, deleted} & read_ids(connector)
        assert connector.get([hidden, deleted]).denied == (hidden, deleted)
        sb.mutate("secure", issue=hidden, hidden=False)
        sb.mutate("restore", issue=deleted)
        assert {hidden, deleted} <= read_ids(connector)


def test_a_moved_issue_is_in_one_project_only_and_answers_to_every_key_it_had(sb: Sandbox) -> None:
    """F19: the id stays; a lookup by id says where it is now, so that it is neither deleted nor denied."""
    one = ident(sb, "CORE-2")
    keys = ["CORE-2", sb.mutate("move", issue=one, project="GROW")["key"], sb.mutate("move", issue=one, project="IDN")["key"]]
    with jira(sb) as connector:
        fetched = connector.get([one, *keys])
        assert {item.id for item in fetched.items} == {one} and fetched.denied == ()
        assert fetched.items[0].key == keys[-1] and fetched.items[0].containers == ("10003",)
        assert one not in items_of(connector) and one not in items_of(connector, GROW)
        assert one in items_of(connector, Partition("10003", "Identity", "IDN"))


def test_a_project_whose_key_was_changed_is_found_by_its_old_key_and_read_whole_once(sb: Sandbox) -> None:
    """F19: its issues carry new keys and old stamps, which no delta sees; so the fingerprint changes with the key."""
    with jira(sb, partitions=("CORE", "GROW")) as connector:
        before = {part.id: part for part in connector.partitions()}
        old = items_of(connector)
    sb.mutate("project", project="CORE", key="KERN")
    with jira(sb, partitions=("CORE", "GROW")) as connector:
        after = {part.id: part for part in connector.partitions()}
        new = items_of(connector)
        assert [item.key for item in connector.get(["CORE-2"]).items] == ["KERN-2"]
    assert after.keys() == before.keys() and after["10001"].key == "KERN" and after["10001"].state == "live"
    assert after["10001"].fingerprint != before["10001"].fingerprint
    assert after["10002"].fingerprint == before["10002"].fingerprint
    assert old.keys() == new.keys()
    assert {item.key for item in new.values()} == {(item.key or "").replace("CORE-", "KERN-") for item in old.values()}
    assert {item.updated_at for item in new.values()} == {item.updated_at for item in old.values()}


def test_a_key_that_no_project_ever_had_stays_unseen(sb: Sandbox) -> None:
    """F09: neither an error of the run nor another project."""
    with jira(sb, partitions=("GHOST", "99999", "CORE")) as connector:
        states = {part.key: part.state for part in connector.partitions()}
    assert states == {"GHOST": "unseen", "99999": "unseen", "CORE": "live"}


def test_archived_and_trashed_projects_are_told_apart_and_come_back(sb: Sandbox) -> None:
    """F18: the roster by status says which; a restored project is live with the same id."""
    for state, told in (("archived", "archived"), ("deleted", "trashed"), ("live", "live")):
        sb.mutate("project", project="DATA", state=state)
        with jira(sb, partitions=("DATA",)) as connector:
            assert [(part.id, part.state) for part in connector.partitions()] == [("10007", told)]


def test_renamed_lists_change_names_and_no_ids(sb: Sandbox) -> None:
    """F20: status, field, type of board, sprint and project: the same ids, states, estimates and the same fingerprint."""
    with jira(sb, partitions=("CORE",), fields={"team": "customfield_10040"}) as connector:
        (part,), lists, old = connector.partitions(), list(connector.dimensions()), items_of(connector)
    sb.mutate("status", status="3", name="Underway")
    for name in ("customfield_10026", "customfield_10040", "customfield_10020"):  # story points, the team, sprints
        sb.mutate("field", field=name, name=f"Renamed {name}")
    sb.mutate("sprint", sprint=106, name="Autumn push")
    sb.mutate("board", board=1, name="Core delivery")
    sb.mutate("project", project="CORE", name="The core")
    with jira(sb, partitions=("CORE",), fields={"team": "customfield_10040"}) as connector:
        (renamed,), new_lists, new = connector.partitions(), list(connector.dimensions()), items_of(connector)
    assert renamed.fingerprint == part.fingerprint and renamed.id == part.id and renamed.title == "The core"
    assert {(row.kind, row.id, row.category) for row in lists} == {(row.kind, row.id, row.category) for row in new_lists}
    names = {(row.kind, row.id): row.name for row in new_lists}
    assert names["status", "3"] == "Underway" and names["sprint", "106"] == "Autumn push"

    def kept(item: WorkItem) -> tuple[object, ...]:
        return (item.id, item.status_id, item.category, item.estimate, item.sprints, item.containers, item.fields["team"])

    assert {kept(item) for item in old.values()} == {kept(item) for item in new.values()}
    assert any(item.estimate for item in new.values()) and any(item.sprints for item in new.values())


def test_parents_in_a_circle_and_parents_out_of_sight_are_read_as_they_are(sb: Sandbox) -> None:
    """F37: the connector follows no parent: a circle, an issue that is its own, a hidden one, a deep chain."""
    keys = [row["key"] for row in sb.search("project = CORE ORDER BY key", fields="key")]
    ids, last = [ident(sb, key) for key in keys], len(keys) - 1
    for child, parent in ((0, 1), (1, 0), (2, 2), (3, 4), *((at, at + 1) for at in range(5, last))):
        sb.mutate("update", issue=ids[child], fields={"parent": ids[parent]})
    sb.mutate("secure", issue=ids[4])
    with jira(sb) as connector:
        items = items_of(connector)
    assert (items[ids[0]].parent_ref, items[ids[1]].parent_ref) == (ids[1], ids[0])
    assert items[ids[2]].parent_ref == ids[2]
    assert items[ids[3]].parent_ref == ids[4] and ids[4] not in items
    assert [items[ids[at]].parent_ref for at in range(5, last)] == ids[6 : last + 1]


def test_the_size_of_a_project_is_what_jira_says_and_nothing_without_it(sb: Sandbox) -> None:
    with jira(sb, partitions=("CORE", "CLSC")) as connector:
        sizes = {part.key: part.size for part in connector.partitions()}
        assert sizes["CORE"] == len(items_of(connector)) and sizes["CLSC"] is not None
    row = sb.get("/rest/api/3/project/CORE")
    for insight in ({}, {"insight": None}, {"insight": {"totalIssueCount": "7"}}, {"insight": {"totalIssueCount": -1}}):
        sb.heal()
        page = {"values": [row | insight], "isLast": True, "startAt": 0, "maxResults": 50, "total": 1}
        sb.fault("json", path="/rest/api/3/project/search", body=page, times=0)
        with jira(sb, partitions=("CORE",)) as connector:
            assert [part.size for part in connector.partitions()] == [None]


def test_many_suspects_are_asked_a_hundred_at_a_time_and_side_by_side(sb: Sandbox) -> None:
    """F18: ten thousand ids, most of them silent, which proves nothing yet; those that are there come back."""
    there = [row["id"] for row in sb.search("project = CORE ORDER BY key", fields="id")]
    asked = [str(number) for number in range(900_000, 910_000 - len(there))] + there
    with jira(sb) as connector:
        connector.get(["1"])
        sb.control("DELETE", "log")
        sb.control("DELETE", "violations")
        sb.switch(latency=0.01)
        fetched = connector.get(iter(asked))
    calls = [entry for entry in sb.log() if entry["path"] == BULK]
    assert len(calls) == 100 and 2 <= sb.violations()["peak"] <= 8
    assert {item.id for item in fetched.items} == set(there)
    assert len(fetched.denied) == len(asked) - len(there)
