"""Real input: recorded Jira Cloud answers, served by the sandbox, synced, and held against a count made from the file alone."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from hub.report import Report
from hub.store import Store
from hub.sync import sync_source
from tests.hub.sandbox.devlake import from_devlake
from tests.hub.sandbox.process import Sandbox, sandbox
from tests.hub.sync.worlds import NOW, World, rows

RECORDINGS = os.environ.get("ANCHORLINE_RECORDINGS")
pytestmark = pytest.mark.skipif(not RECORDINGS, reason="ANCHORLINE_RECORDINGS is not set")

MAPPING = """
[cycle]
2020-q2 = { starts = 2020-04-01, ends = 2020-09-30 }
[pillar]
product = { name = "Product" }
[[objective]]
id = "ship"
cycle = "2020-q2"
anchor.pillar = "product"
[[key_result]]
id = "count"
objective = "ship"
kind = "completion"
[[key_result]]
id = "points"
objective = "ship"
kind = "completion"
by = "estimate"
missing = "0"
[[rule]]
name = "enterprise edition"
when.project = "EE"
to = "count"
"""


def recorded_issues() -> list[dict[str, Any]]:
    """The issues of the file, read here without any of the hub's code; of a repeated id the last one."""
    csv.field_size_limit(2**31 - 1)
    path = Path(str(RECORDINGS)) / "devlake-jira" / "_raw_jira_api_issues.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        lines = (line for line in csv.reader(handle) if line)
        head = next(lines)
        issues = [json.loads(dict(zip(head, line, strict=True))["data"]) for line in lines]
    return list({issue["id"]: issue for issue in issues}.values())


def status_list() -> dict[str, str]:
    csv.field_size_limit(2**31 - 1)
    path = Path(str(RECORDINGS)) / "devlake-jira" / "_raw_jira_api_status.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        lines = (line for line in csv.reader(handle) if line)
        head = next(lines)
        found = [json.loads(dict(zip(head, line, strict=True))["data"]) for line in lines]
    return {row["id"]: row["statusCategory"]["key"] for row in found}


def counted(project: str) -> dict[str, Any]:
    """Items, epics, done, dropped, points and disagreements of a project, by the words of the documentation."""
    listed = status_list()
    of = [i["fields"] for i in recorded_issues() if i["fields"]["project"]["key"] == project]
    closed = [f for f in of if listed.get(f["status"]["id"], f["status"]["statusCategory"]["key"]) == "done"]
    dropped = [f for f in closed if (f["resolution"] or {}).get("name") in ("Won't Do", "Duplicate", "Won't Fix")]
    points = [f.get("customfield_10024") for f in of]
    valid = [Fraction(str(p)) for p in points if p is not None and Fraction(str(p)) >= 0]
    return {
        "items": len(of),
        "epics": sum(f["issuetype"].get("hierarchyLevel") == 1 for f in of),
        "done": len(closed) - len(dropped),
        "dropped": len(dropped),
        "points": sum(valid, Fraction(0)),
        "invalid": [p for p in points if p is not None and Fraction(str(p)) < 0],
        "disagree": sum(
            f["status"]["id"] in listed and listed[f["status"]["id"]] != f["status"]["statusCategory"]["key"] for f in of
        ),
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("recorded")
    from_devlake(Path(str(RECORDINGS)) / "devlake-jira", folder)
    with sandbox(load=folder, today="2022-07-20") as running:
        yield running


@pytest.fixture
def synced(tmp_path: Path, site: Sandbox, store: Store) -> Store:
    world = World(
        tmp_path / "world", site.url, "sqlite:///unused.db", mapping=MAPPING, more='projects = ["EE", "K5"]\nfields = {}'
    )
    summary = sync_source(world.config(), world.mapping(), store, "jira", as_of=NOW)
    assert summary.result == "complete", summary.error
    return store


def stored(store: Store, project: str) -> dict[str, Any]:
    """The same figures from the store."""
    (container,) = [
        r[0]
        for r in rows(store, "SELECT id, attributes FROM dimension WHERE kind = 'container'")
        if json.loads(r[1])["key"] == project
    ]
    of = [r for r in rows(store, "SELECT no, level, estimate, containers FROM item") if json.loads(r[3]) == [container]]
    states = dict(rows(store, "SELECT item_no, state FROM attachment"))
    tally = Counter(states[r[0]] for r in of)
    valid = [Fraction(r[2]) for r in of if r[2] is not None and Fraction(r[2]) >= 0]
    numbers = {r[0] for r in of}
    findings = [(kind, text) for no, kind, text in rows(store, "SELECT item_no, kind, text FROM finding") if no in numbers]
    return {
        "items": len(of),
        "epics": sum(r[1] == 1 for r in of),
        "done": tally["done"],
        "dropped": tally["dropped"],
        "points": sum(valid, Fraction(0)),
        "invalid": [r[2] for r in of if r[2] is not None and Fraction(r[2]) < 0],
        "disagree": sum(kind == "category" for kind, _ in findings),
        "reported": sorted(text for kind, text in findings if kind == "estimate"),
    }


@pytest.mark.parametrize("project", ["EE", "K5"])
def test_each_figure_equals_the_independent_count(synced: Store, project: str) -> None:
    found = stored(synced, project)
    reported = found.pop("reported")
    assert found == counted(project)
    assert len(reported) == len(found["invalid"])


def test_the_enterprise_edition_has_the_known_figures(synced: Store) -> None:
    """30 items, 25 done, 5 dropped as Won't Do, 2.0 points; five copied categories disagree; "-1" is reported."""
    found = stored(synced, "EE")
    assert (found["items"], found["done"], found["dropped"], found["points"]) == (30, 25, 5, Fraction(2))
    assert found["disagree"] == 5
    assert found["reported"] == ["the estimate '-1' is not valid and counts as missing"]


def test_the_status_list_wins_and_says_so(synced: Store) -> None:
    (explained,) = Report(synced).explain_item("EE-1")
    assert explained.state == "done"
    assert explained.facts["status_category"] == "new" and explained.facts["status_list_category"] == "done"
    assert any("the list wins" in text for text in explained.findings)


def test_a_parent_that_was_not_read_is_reported_and_gives_nothing(synced: Store) -> None:
    (explained,) = Report(synced).explain_item("K5-2")
    assert explained.chain == ("K5-2",)
    assert any("was not read" in text for text in explained.findings)


def test_sub_tasks_and_stories_are_counted_once(synced: Store) -> None:
    """By count the units are the items above sub-task level: 17 closed ones without the dropped, none of them a sub-task."""
    (node,) = Report(synced).explain_node("count")
    wanted = [
        i for i in recorded_issues()
        if i["fields"]["project"]["key"] == "EE" and i["fields"]["issuetype"].get("hierarchyLevel", 0) >= 0
        and (i["fields"]["resolution"] or {}).get("name") != "Won't Do"
    ]  # fmt: skip
    parents = {i["fields"]["parent"]["id"] for i in wanted if i["fields"].get("parent")}
    leaves = [i for i in wanted if i["id"] not in parents]
    assert sorted(u.key or "" for u in node.units if u.counts) == sorted(i["key"] for i in leaves)
    assert node.progress == 1
