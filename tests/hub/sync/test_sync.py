"""Whole runs over real HTTP and real databases: what a run keeps, concludes and says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.base import Page, SourceError, Unavailable, WorkItem
from hub.errors import Locked, UsageError
from hub.report import Report
from hub.store import Store, open_store
from hub.sync import PartitionStarted, sync_source
from hub.sync.pages import merged, read
from tests.hub.sandbox.process import Sandbox
from tests.hub.sync.worlds import NOW, Hub, World, difference, rows

PROJECTS = 'projects = ["IDN", "BILL"]'


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANCHORLINE_JIRA__TOKEN", "demo-token")


@pytest.fixture
def hub(tmp_path: Path, sb: Sandbox, store: Store) -> Hub:
    return Hub(World(tmp_path / "world", sb.url, "sqlite:///unused.db", more=PROJECTS), store)


@pytest.fixture
def light(tmp_path: Path, sb: Sandbox, sqlite_store: Store) -> Hub:
    """On SQLite only, where the database makes no difference."""
    return Hub(World(tmp_path / "world", sb.url, "sqlite:///unused.db", more=PROJECTS), sqlite_store)


def test_a_first_sync_reads_everything_and_leaves_no_mark(hub: Hub, sb: Sandbox) -> None:
    summary = hub.sync()
    expected = {i["id"] for key in ("IDN", "BILL") for i in sb.search(f"project = {key} ORDER BY key", fields="id")}
    assert summary.result == "complete" and summary.exit_code == 0
    assert summary.counts["new"] == summary.counts["read"] == len(expected)
    assert {row[0] for row in rows(hub.store, "SELECT id FROM item")} == expected
    assert rows(hub.store, "SELECT item_no FROM dirty") == [] and rows(hub.store, "SELECT no FROM item_version") == []


def test_a_second_sync_changes_nothing_but_its_own_record(hub: Hub) -> None:
    first = hub.sync()
    before, snapshots = hub.states(), rows(hub.store, "SELECT seq FROM snapshot ORDER BY seq")
    again = hub.sync(mode="full")
    assert again.counts["unchanged"] == first.counts["new"] and again.counts["changed"] == 0
    assert not difference(before, hub.states())
    assert rows(hub.store, "SELECT seq FROM snapshot ORDER BY seq") == snapshots, "a snapshot is written only when it changed"


def test_what_changed_is_read_its_old_row_kept_and_the_state_is_that_of_a_fresh_hub(
    hub: Hub, sb: Sandbox, tmp_path: Path
) -> None:
    hub.sync()
    (epic, *_) = sb.search("project = IDN ORDER BY key", fields="labels,issuetype")
    sb.mutate("update", issue=epic["id"], fields={"labels": ["kr:audit-log"], "summary": "Audit trail for sign-ins"})
    summary = hub.sync()
    assert summary.counts["changed"] == 1
    assert len(rows(hub.store, f"SELECT no FROM item_version WHERE id = '{epic['id']}'")) == 1
    (told,) = Report(hub.store).explain_item(epic["key"])
    assert told.title == "Audit trail for sign-ins" and [s.id for s in told.shares] == ["audit-log"]

    with open_store(f"sqlite:///{tmp_path}/fresh.db") as fresh:
        other = Hub(hub.world, fresh)
        other.sync()
        mine, theirs = hub.states(), other.states()
    for only_here in ("versions",):
        mine.pop(only_here)
        theirs.pop(only_here)
    assert not difference(theirs, mine), "incremental and full evaluation differ"


def test_a_moved_issue_stays_the_same_item_and_answers_to_its_old_key(light: Hub, sb: Sandbox) -> None:
    light.sync()
    (issue, *_) = sb.search("project = IDN ORDER BY key", fields="labels")
    sb.mutate("move", issue=issue["id"], project="BILL")
    light.sync()
    assert len(rows(light.store, f"SELECT no FROM item WHERE id = '{issue['id']}'")) == 1
    (told,) = Report(light.store).explain_item(issue["key"])
    assert told.id == issue["id"] and told.key is not None and told.key.startswith("BILL-")
    assert told.facts["former_keys"] == [issue["key"].lower()]


def test_one_broken_project_spoils_no_other_and_moves_no_cursor(light: Hub, sb: Sandbox) -> None:
    sb.fault("status", path="/rest/api/3/search/jql", contains="10005", status=403, times=0)
    summary = light.sync()
    assert summary.result == "partial" and summary.exit_code == 5
    assert summary.error is not None and summary.error.startswith("BILL")
    read = [row[0] for row in rows(light.store, "SELECT key FROM partition WHERE listed = 1 AND cursor IS NOT NULL")]
    assert read == ["IDN"]
    assert summary.seq is not None, "what was read is calculated"
    (run,) = Report(light.store).runs()
    assert run.result == "partial" and run.hint


def test_a_project_that_nobody_sees_is_named(light: Hub, sb: Sandbox, tmp_path: Path) -> None:
    hub = Hub(World(tmp_path / "other", sb.url, "sqlite:///x.db", more='projects = ["IDN", "GHOST"]'), light.store)
    summary = hub.sync()
    assert summary.result == "partial" and summary.error is not None and "GHOST" in summary.error


def test_an_interrupted_pass_goes_on_where_it_stopped(light: Hub, sb: Sandbox) -> None:
    """The details of the second half fail for good; the next run asks only for what is missing."""
    sb.switch(page_limit=5)
    sb.fault("status", path="/rest/api/3/search/jql", at=[4], status=403)
    stopped = light.sync(threads=1)  # the fourth search is then one of a project of which something was read
    assert stopped.result in ("partial", "failed") and stopped.counts["read"] > 0
    resumed: list[bool] = []
    sb.control("DELETE", "log")
    finished = light.sync(listener=lambda e: resumed.append(e.resumed) if isinstance(e, PartitionStarted) else None)
    assert finished.result == "complete" and True in resumed
    asked = sum(len(json.loads(r["body"])["issueIdsOrKeys"]) for r in sb.log() if "bulkfetch" in r["path"])
    stored = len(rows(light.store, "SELECT no FROM item"))
    assert asked < stored and finished.counts["new"] + stopped.counts["new"] == stored


def test_a_wrong_token_is_an_error_and_not_an_empty_source(light: Hub, sb: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    light.sync()
    before = light.states()
    monkeypatch.setenv("ANCHORLINE_JIRA__TOKEN", "another-token")
    monkeypatch.setattr(World, "environment", property(lambda _: dict(os.environ)))
    summary = light.sync()
    assert summary.result == "failed" and summary.exit_code == 1 and summary.hint
    assert "another-token" not in f"{summary}"
    assert not difference(before, light.states())


def test_a_missing_secret_is_refused_before_anything_is_sent(light: Hub, sb: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(World, "environment", property(lambda _: {}))
    sb.control("DELETE", "log")
    with pytest.raises(UsageError, match="jira"):
        light.sync()
    assert sb.log() == []


def test_another_account_must_be_accepted(light: Hub, sb: Sandbox) -> None:
    light.sync()
    before = light.states()
    sb.switch(account="5b10ac8d82e05b22cc7d4ef5")
    refused = light.sync()
    assert refused.result == "failed" and "belongs to account" in (refused.error or "")
    assert not difference(before, light.states())
    assert light.sync(new_account=True).result == "complete"
    assert light.sync().result == "complete", "the accepted account is the known one from now on"


def test_an_id_in_neither_list_is_noted_and_nothing_concluded(light: Hub, sb: Sandbox) -> None:
    light.sync()
    (issue, *_) = sb.search("project = IDN ORDER BY key", fields="id")
    sb.fault("missing", path="/rest/api/3/issue/bulkfetch", ids=[issue["id"]], times=0)
    summary = light.sync(mode="full")
    assert summary.result == "complete" and summary.counts["unaccounted"] == 1
    assert rows(light.store, f"SELECT presence FROM item WHERE id = '{issue['id']}'") == [("present",)]
    assert rows(light.store, "SELECT ref, times FROM notice WHERE kind = 'unaccounted'") == [(issue["id"], 1)]


def test_a_poison_record_spoils_the_run_in_which_it_is_new_and_no_later_one(light: Hub, sb: Sandbox) -> None:
    (issue, *_) = sb.search("project = IDN ORDER BY key", fields="id")
    sb.mutate("update", issue=issue["id"], fields={"status": {"id": 7}})
    first, second = light.sync(), light.sync()
    assert first.result == "partial" and first.exit_code == 5 and first.counts["rejected"] == 1
    assert first.error is not None and "quarantine" in first.error
    assert second.result == "complete" and second.counts["rejected"] == 1
    assert rows(light.store, "SELECT id, tries FROM quarantine") == [(issue["id"], 2)]


def test_an_item_whose_newest_record_is_poison_says_that_it_shows_the_last_good_one(light: Hub, sb: Sandbox) -> None:
    light.sync()
    (issue, *_) = sb.search("project = IDN ORDER BY key", fields="labels")
    sb.mutate("update", issue=issue["id"], fields={"status": {"id": 7}})
    light.sync()
    (told,) = Report(light.store).explain_item(issue["key"])
    assert "could not be understood" in told.findings[0] and "last good one" in told.findings[0]
    tree = Report(light.store).tree()
    assert tree is not None and any("1 record in quarantine" in note for note in tree.notes)


def test_a_changed_mapping_moves_numbers_without_a_changed_item(light: Hub) -> None:
    light.sync()
    rules = light.world.folder / "mappings" / "rules.toml"
    rules.write_text(re.sub(r'"kr:\{key_result\}"', '"no-such:{key_result}"', rules.read_text()))
    before = rows(light.store, "SELECT outcome, count(*) FROM attachment GROUP BY outcome ORDER BY outcome")
    summary = light.sync()
    after = rows(light.store, "SELECT outcome, count(*) FROM attachment GROUP BY outcome ORDER BY outcome")
    assert summary.counts["unchanged"] == summary.counts["read"]
    assert before != after and rows(light.store, "SELECT item_no FROM dirty") == []


def test_a_rule_that_cannot_be_evaluated_is_reported_until_the_mapping_changes(light: Hub) -> None:
    """Once per rule and source, also after a night in which nothing changed and no item met the rule again."""
    rules = light.world.folder / "mappings" / "rules.toml"
    shipped = rules.read_text()
    rules.write_text(shipped + '\n[[rule]]\nname = "squad"\nwhen.field.squad = "x"\nto = "sso"\n')

    def reported() -> list[str]:
        return [text for (text,) in rows(light.store, "SELECT text FROM finding WHERE item_no IS NULL")]

    light.sync()
    (told,) = reported()
    assert "'squad'" in told and "field.squad" in told and "'jira'" in told
    light.sync()
    assert reported() == [told]
    rules.write_text(shipped)
    light.sync()
    assert reported() == []


def test_a_status_that_means_something_else_moves_numbers_though_no_issue_changed(light: Hub, sb: Sandbox) -> None:
    """The list of statuses decides: its items are calculated again although the vendor did not touch them."""
    light.sync()
    before = dict(rows(light.store, "SELECT state, count(*) FROM attachment GROUP BY state"))
    sb.mutate("status", status="10001", name="Almost done", category="indeterminate")
    summary = light.sync()
    after = dict(rows(light.store, "SELECT state, count(*) FROM attachment GROUP BY state"))
    assert summary.counts["new"] == 0
    assert before["done"] > after.get("done", 0) and after["doing"] > before["doing"]


def test_a_project_that_is_hidden_keeps_its_numbers_and_is_named(tmp_path: Path, sb: Sandbox, sqlite_store: Store) -> None:
    """Nobody named the projects, so one that vanishes is access lost: its items, names and links stand as last seen."""
    hub = Hub(World(tmp_path / "all", sb.url, "sqlite:///x.db"), sqlite_store)
    assert hub.sync().result == "complete"
    numbers = "SELECT cycle, kind, id, progress, done, total FROM snapshot WHERE to_seq IS NULL ORDER BY 1, 2, 3"
    before, fresh = rows(hub.store, numbers), [s.complete_at for s in Report(hub.store).sources()]
    sb.mutate("project", project="IDN", hidden=True)
    summary = hub.sync()
    assert summary.result == "partial" and summary.error is not None and summary.error.startswith("IDN is no longer listed")
    assert rows(hub.store, numbers) == before
    assert [s.complete_at for s in Report(hub.store).sources()] == fresh, "a partial run renews no freshness"
    (told,) = Report(hub.store).explain("audit-log")
    assert "stands still" in told.sentence and "no longer sees" in told.sentence
    tree = Report(hub.store).tree()
    assert tree is not None and any("IDN" in note and "still count as last seen" in note for note in tree.notes)
    assert hub.sync().result == "partial", "it stays partial until it is seen again or taken out of sight on purpose"


def test_an_account_that_sees_nothing_is_no_empty_company(tmp_path: Path, sb: Sandbox, sqlite_store: Store) -> None:
    hub = Hub(World(tmp_path / "all", sb.url, "sqlite:///x.db"), sqlite_store)
    for project in sb.get("/rest/api/3/project/search")["values"]:
        sb.mutate("project", project=project["key"], hidden=True)
    summary = hub.sync()
    assert summary.result == "failed" and summary.exit_code == 1 and summary.hint
    tree = Report(hub.store).tree()
    assert tree is not None and tree.notes[0].startswith("Nothing has been read from jira yet")


def test_a_field_that_the_site_does_not_have_stops_the_run_and_names_it(tmp_path: Path, sb: Sandbox, sqlite_store: Store) -> None:
    hub = Hub(World(tmp_path / "typo", sb.url, "sqlite:///x.db", more='fields = { team = "Teeam" }'), sqlite_store)
    sb.control("DELETE", "log")
    summary = hub.sync()
    assert summary.result == "failed" and "Teeam" in (summary.error or "") and "Team" in (summary.error or "")
    assert "fields" in (summary.hint or "")
    assert not any("bulkfetch" in r["path"] for r in sb.log()), "nothing is read before it is mended"


def test_another_site_under_the_same_name_is_refused(light: Hub, sb: Sandbox, tmp_path: Path) -> None:
    """Ids of another site mean other items; the same account may work on both."""
    light.sync()
    before = light.states()
    elsewhere = World(tmp_path / "moved", f"{sb.url}/ex/jira/other", "sqlite:///x.db", more=PROJECTS)
    refused = Hub(elsewhere, light.store).sync()
    assert refused.result == "failed" and "its url is now" in (refused.error or "")
    assert not difference(before, light.states())
    assert Hub(elsewhere, light.store).sync(new_account=True).result == "complete"


def test_a_position_that_expired_begins_its_pass_again(light: Hub, sb: Sandbox) -> None:
    sb.switch(page_limit=5)
    sb.fault("status", path="/rest/api/3/search/jql", at=[4], status=403)
    assert light.sync().result in ("partial", "failed")
    sb.fault("expire_token", path="/rest/api/3/search/jql")
    summary = light.sync()
    assert summary.result == "complete", summary.error
    everything = {i["id"] for key in ("IDN", "BILL") for i in sb.search(f"project = {key} ORDER BY key", fields="id")}
    assert {row[0] for row in rows(light.store, "SELECT id FROM item")} == everything


def test_a_list_with_a_nameless_row_fails_the_run_and_not_the_hub(light: Hub, sb: Sandbox) -> None:
    sb.fault("json", path="/rest/api/3/project/search", body={"values": [{"key": "X"}], "isLast": True}, times=0)
    summary = light.sync()
    assert summary.result == "failed" and "no id" in (summary.error or "") and summary.hint


def test_the_files_of_the_moment_count_not_those_of_the_start(light: Hub, sb: Sandbox) -> None:
    """A long run that began before an edit does not take the edit back when it ends."""
    config, former = light.world.config(), light.world.mapping()
    light.sync()
    rules = light.world.folder / "mappings" / "rules.toml"
    rules.write_text(rules.read_text() + '\n[[rule]]\nname = "late"\nwhen.key = "IDN-1"\nto = "sso"\n')
    sync_source(config, former, light.store, "jira", as_of=NOW)
    assert Report(light.store).mapping_hash() == light.world.mapping().hash != former.hash


def test_a_board_that_cannot_be_read_takes_no_sprint_away(light: Hub, sb: Sandbox) -> None:
    """Absence from a list that may be short is no evidence (airbytehq/airbyte#8963 lost everything to one board's 403)."""
    light.sync()
    known = rows(light.store, "SELECT id, name, category FROM dimension WHERE kind = 'sprint' AND to_seq IS NULL ORDER BY id")
    sb.fault("status", path="/rest/agile/1.0/board", contains="", status=403, times=0)
    assert light.sync().result == "complete"
    assert known
    assert (
        rows(light.store, "SELECT id, name, category FROM dimension WHERE kind = 'sprint' AND to_seq IS NULL ORDER BY id")
        == known
    )


def test_a_second_process_on_the_source_is_refused_and_told_who(light: Hub) -> None:
    with light.store.own("source:jira"), pytest.raises(Locked, match="jira") as refused:
        light.sync()
    assert refused.value.code == 3


def test_what_a_run_noticed_is_said_after_it_and_above_the_tree(tmp_path: Path, sb: Sandbox) -> None:
    """Boards are closed to this account: sprints have no names, which no number shows by itself."""
    world = World(tmp_path / "world", sb.url, "sqlite:///hub.db", more=PROJECTS)
    sb.fault("status", path="/rest/agile/1.0/board", status=403, times=0)

    def told(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "hub.cli", *words]
        return subprocess.run(command, cwd=world.folder, env=world.environment, capture_output=True, text=True, check=False)

    synced = told("sync")
    assert synced.returncode == 0 and "may not list boards" in synced.stderr
    (outcome,) = json.loads(told("sync", "--json").stdout)
    assert any("may not list boards" in note for note in outcome["notes"])
    assert "may not list boards" in " ".join(told("progress").stdout.split())


@pytest.mark.parametrize("words", [("sync", "jira"), ("sync",)])
def test_two_commands_at_once_one_source(tmp_path: Path, sb: Sandbox, words: tuple[str, ...]) -> None:
    """The second leaves with 3 while the first, a process of its own, still holds the lock; killed, it holds nothing."""
    world = World(tmp_path / "world", sb.url, "sqlite:///hub.db", more=PROJECTS)
    sb.fault("delay", path="/rest/api/3/myself", seconds=20)
    command = [sys.executable, "-P", "-m", "hub.cli", *words]
    first = subprocess.Popen(
        command, cwd=world.folder, env=world.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not any("myself" in r["path"] for r in sb.log()):
            assert first.poll() is None
        second = subprocess.run(command, cwd=world.folder, env=world.environment, capture_output=True, text=True, check=False)
        assert second.returncode == 3, second.stderr
        assert str(first.pid) in second.stderr
    finally:
        first.kill()
        first.wait()
    sb.heal()
    third = subprocess.run(command, cwd=world.folder, env=world.environment, capture_output=True, text=True, check=False)
    assert third.returncode == 0, third.stderr


# ---- joining pages ------------------------------------------------------------------------------------------------------


def page(first: int, last: int, resume: str | None = None, end: str | None = None) -> Page:
    items = tuple(WorkItem(id=str(n), title=f"item {n}") for n in range(first, last + 1))
    return Page(items=items, resume=resume, end=end)  # type: ignore[arg-type]


def test_small_pages_are_joined_and_resume_after_the_last() -> None:
    joined = list(merged([page(1, 2, "a"), page(3, 4, "b"), page(5, 5, "c"), page(6, 6, None, "complete")], records=4))
    assert [[i.id for i in p.items] for p in joined] == [["1", "2", "3", "4"], ["5", "6"]]
    assert [(p.resume, p.end) for p in joined] == [("b", None), (None, "complete")]


def test_a_fault_of_the_connector_itself_fails_what_is_read_and_says_where() -> None:
    def faulty() -> object:
        yield page(1, 2, "a")
        raise KeyError("secret value")

    with pytest.raises(SourceError, match=r"KeyError at test_sync\.py:\d+") as caught:
        list(read(faulty()))  # type: ignore[arg-type]
    assert "secret value" not in f"{caught.value}{caught.value.hint}"


def test_what_was_read_before_a_fault_is_handed_on_before_the_fault() -> None:
    def broken() -> object:
        yield page(1, 2, "a")
        raise Unavailable("the server went away")

    seen: list[Page] = []
    with pytest.raises(SourceError):
        for each in merged(broken()):  # type: ignore[arg-type]
            seen.append(each)
    assert [p.resume for p in seen] == ["a"]
