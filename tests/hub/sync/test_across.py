"""Whole runs with patterns, parents that are not read yet, private rules and rules that live for a time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from hub.report import Report
from hub.store import Store, open_store
from hub.sync import Evaluating, Event
from tests.hub.sandbox.process import Sandbox
from tests.hub.sync.worlds import NOW, Hub, World, difference, rows

PROJECTS = 'projects = ["IDN", "BILL"]'
DAY = 86_400_000

CHILDREN = """
[[pattern]]
in = "title"
finds = "jira key"
as = "child"
"""
PRIVATE = """
[[rule]]
name = "talks"
when.project = "Identity*"
when.type = "Story"
private = true
fallback = true
allowance = "ktlo"
"""
FOR_A_TIME = """
[[rule]]
name = "in-december"
when.project = "BILL"
starts = 2026-12-01
ends = 2026-12-10
priority = 200
ignore = "frozen"
"""


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANCHORLINE_JIRA__TOKEN", "demo-token")


@pytest.fixture
def hub(tmp_path: Path, sb: Sandbox, store: Store) -> Hub:
    return Hub(World(tmp_path / "world", sb.url, "sqlite:///unused.db", more=PROJECTS), store)


@pytest.fixture
def light(tmp_path: Path, sb: Sandbox, sqlite_store: Store) -> Hub:
    return Hub(World(tmp_path / "world", sb.url, "sqlite:///unused.db", more=PROJECTS), sqlite_store)


def epics(sb: Sandbox, project: str) -> list[dict[str, str]]:
    found = sb.search(f"project = {project} ORDER BY key", fields="issuetype")
    return [i for i in found if i["fields"]["issuetype"]["hierarchyLevel"] == 1]


def stories(sb: Sandbox, project: str) -> list[dict[str, str]]:
    found = sb.search(f"project = {project} ORDER BY key", fields="issuetype,parent,summary")
    return [i for i in found if i["fields"]["issuetype"]["name"] == "Story"]


def parent_of(hub: Hub, id_: str) -> tuple[str | None, str]:
    """(id of the parent, by what)"""
    found = {i.id: i for i in hub.reader.items()}
    by_no = {i.no: i.id for i in found.values()}
    item = found[id_]
    return (None if item.parent is None else by_no[item.parent]), item.parent_by


# ---- patterns -----------------------------------------------------------------------------------------------------------


def test_a_title_ties_work_together_and_inherits(hub: Hub, sb: Sandbox) -> None:
    (epic, *_), billing = epics(sb, "IDN"), epics(sb, "BILL")
    sb.mutate("update", issue=epic["id"], fields={"labels": ["kr:soc2"]})
    sb.mutate("update", issue=billing[0]["id"], fields={"summary": f"Invoices for {epic['key']}", "labels": []})
    hub.sync()
    assert parent_of(hub, billing[0]["id"]) == (None, "")
    hub.world.add("across.toml", CHILDREN)
    summary = hub.sync()
    assert summary.counts["unchanged"] == summary.counts["read"], "only the mapping changed"
    assert parent_of(hub, billing[0]["id"]) == (epic["id"], "pattern")
    (told,) = Report(hub.store).explain_item(billing[0]["key"])
    assert [share.id for share in told.shares] == ["soc2"] and told.via == epic["key"]
    (hub.world.folder / "mappings" / "across.toml").unlink()
    hub.evaluate()
    assert parent_of(hub, billing[0]["id"]) == (None, "")


def test_incremental_is_full_with_patterns(light: Hub, sb: Sandbox, tmp_path: Path) -> None:
    light.world.add("across.toml", CHILDREN)
    light.sync()
    (first, *_), (second, *_), billing = epics(sb, "IDN"), stories(sb, "IDN"), epics(sb, "BILL")
    sb.mutate("update", issue=billing[0]["id"], fields={"summary": f"After {first['key']}"})
    sb.mutate("update", issue=billing[1]["id"], fields={"summary": f"{first['key']} or {second['key']}"})
    light.sync()
    sb.mutate("move", issue=first["id"], project="BILL")
    light.sync()
    with open_store(f"sqlite:///{tmp_path}/fresh.db") as fresh:
        other = Hub(light.world, fresh)
        other.sync()
        assert parent_of(light, billing[0]["id"]) == (first["id"], "pattern"), "by its former key"
        assert parent_of(other, billing[0]["id"]) == (None, ""), "the newcomer never heard of that key"
        sb.mutate("update", issue=billing[0]["id"], fields={"summary": "After nothing"})
        sb.mutate("update", issue=billing[1]["id"], fields={"summary": f"Like {second['key']}"})
        light.sync()
        other.sync()
        mine, theirs = light.states(), other.states()
    for history in ("versions", "aliases", "bearers"):  # what the newcomer cannot know
        mine.pop(history)
        theirs.pop(history)
    assert not difference(theirs, mine)


# ---- a parent that is not read yet --------------------------------------------------------------------------------------


def test_a_link_stands_until_the_run_that_could_read_the_new_parent(hub: Hub, sb: Sandbox) -> None:
    """The story moves under a new epic of a project that cannot be read that night."""
    (old, *_), (story, *_) = epics(sb, "IDN"), stories(sb, "IDN")
    sb.mutate("update", issue=old["id"], fields={"labels": ["kr:soc2"]})
    sb.mutate("update", issue=story["id"], fields={"parent": {"key": old["key"]}, "labels": []})
    hub.sync()
    assert parent_of(hub, story["id"]) == (old["id"], "")
    new = sb.mutate("create", project="BILL", kind="Epic", summary="New epic", labels=["kr:sso"])
    sb.mutate("update", issue=story["id"], fields={"parent": {"key": new["key"]}})
    sb.fault("status", path="/rest/api/3/search/jql", contains="10005", status=403, times=0)
    assert hub.sync().result == "partial"
    assert parent_of(hub, story["id"]) == (old["id"], "kept")
    hub.evaluate()
    assert parent_of(hub, story["id"]) == (old["id"], "kept"), "calculating again concludes nothing either"
    (told,) = Report(hub.store).explain_item(story["key"])
    assert [share.id for share in told.shares] == ["soc2"]
    sb.heal()
    summary = hub.sync()
    assert summary.result == "complete", summary.error
    assert parent_of(hub, story["id"]) == (new["id"], "")
    (told,) = Report(hub.store).explain_item(story["key"])
    assert [share.id for share in told.shares] == ["sso"]


# ---- private rules ------------------------------------------------------------------------------------------------------


def traces(hub: Hub, words: Iterable[str]) -> list[str]:
    """Which of the words stand in any of the database's files."""
    path = hub.store.path
    assert path is not None
    data = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    return [word for word in words if word.encode() in data]


def titles(sb: Sandbox) -> list[str]:
    return [s["fields"]["summary"] for s in stories(sb, "IDN")]


def marked(sb: Sandbox) -> None:
    """Give the stories titles that stand nowhere else."""
    for n, story in enumerate(stories(sb, "IDN")):
        sb.mutate("update", issue=story["id"], fields={"summary": f"Severance of person {n:03} in Ulm"})


def test_private_titles_are_never_stored_and_still_count(light: Hub, sb: Sandbox, tmp_path: Path) -> None:
    marked(sb)
    light.world.add("talks.toml", PRIVATE)
    first = light.sync()
    assert first.result == "complete"
    assert traces(light, titles(sb)) == []
    hidden = rows(light.store, "SELECT key FROM item WHERE title = '' AND url IS NULL")
    assert {key for (key,) in hidden} == {s["key"] for s in stories(sb, "IDN")}
    counted = rows(light.store, "SELECT outcome, count(*) FROM attachment GROUP BY outcome ORDER BY outcome")
    again = light.sync(mode="full")
    assert again.counts["unchanged"] == again.counts["read"] == first.counts["new"]
    light.world.add("talks.toml", PRIVATE.replace("private = true", ""))
    light.sync()
    assert len(traces(light, titles(sb))) == len(titles(sb)), "they come back with the next reading"
    assert rows(light.store, "SELECT outcome, count(*) FROM attachment GROUP BY outcome ORDER BY outcome") == counted


def test_a_new_private_rule_makes_an_evaluation_forget_titles(light: Hub, sb: Sandbox) -> None:
    marked(sb)
    light.sync()
    for n, story in enumerate(stories(sb, "IDN")[:5]):
        sb.mutate("update", issue=story["id"], fields={"summary": f"Severance of person {n:03} in Neu-Ulm"})
    light.sync()
    assert traces(light, titles(sb)) != []
    light.world.add("talks.toml", PRIVATE)
    light.evaluate()
    assert traces(light, ["Severance", *titles(sb)]) == []
    summary = light.sync()
    assert summary.counts["unchanged"] == summary.counts["read"], "what was hidden is what is read"


def test_another_private_rule_reads_an_unfinished_pass_from_its_beginning(light: Hub, sb: Sandbox) -> None:
    marked(sb)
    sb.switch(page_limit=5)
    sb.fault("status", path="/rest/api/3/search/jql", at=[4], status=403)
    stopped = light.sync()
    assert stopped.result in ("partial", "failed") and stopped.counts["read"] > 0
    light.world.add("talks.toml", PRIVATE)
    finished = light.sync()
    assert finished.result == "complete" and finished.counts["unchanged"] > 0, "read again"
    assert traces(light, ["Severance"]) == []


# ---- rules that live for a time -----------------------------------------------------------------------------------------


def test_the_day_on_which_a_rule_begins_or_ends_calculates_everything_and_no_other_day_does(light: Hub) -> None:
    light.world.add("time.toml", FOR_A_TIME)
    light.sync()

    def calculated(day: int) -> int:
        seen: list[Event] = []
        light.evaluate(as_of=NOW + day * DAY, listener=seen.append)
        return max((event.items for event in seen if isinstance(event, Evaluating)), default=0)

    def frozen() -> int:
        return int(rows(light.store, "SELECT count(*) FROM attachment WHERE outcome = 'ignored'")[0][0])

    everything = int(rows(light.store, "SELECT count(*) FROM item")[0][0])
    before = frozen()
    assert [calculated(day) for day in (1, 8)] == [0, 0]
    assert calculated(9) == everything  # 1 December
    assert frozen() > before
    assert [calculated(day) for day in (10, 18)] == [0, 0]
    assert calculated(19) == everything
    assert frozen() == before
