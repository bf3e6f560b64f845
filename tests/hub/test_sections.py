"""Register row 49: of which section the status of an item is that lies in several projects."""

from __future__ import annotations

from typing import Any

import pytest

from hub.assess import assess
from hub.mappings import parse
from hub.model import Container, Dimensions, Item, SourceFacts
from tests.reference.builders import at, item

STRATEGY = """
[cycle]
2027-q1 = { starts = 2027-01-01, ends = 2027-03-31 }

[[objective]]
id = "launch"
cycle = "2027-q1"
anchor.opportunity = "The fair in March"

[[key_result]]
id = "campaign"
objective = "launch"
kind = "completion"

[status.asana]
"Live" = "done"
"Draft" = "doing"
"""
BY_PROJECT = """
[[rule]]
when.project = "{project}"
to = "campaign"
"""
BY_LABEL = """
[[rule]]
when.label = "campaign"
to = "campaign"
"""
PLACES = Dimensions(
    containers={
        ("asana", "MKT"): Container(None, "Marketing"),
        ("asana", "WEB"): Container(None, "Website"),
        ("asana", "m1"): Container(None, "Draft", "MKT"),
        ("asana", "w1"): Container(None, "Live", "WEB"),
    },
    sources={"asana": SourceFacts("asana", "asana", frozenset({"label", "project", "status"}))},
)


def task(**more: Any) -> Item:
    given = {
        "source": "asana",
        "containers": ("MKT", "m1", "WEB", "w1"),
        "labels": ("campaign",),
        "category": None,
        "status": None,
    }
    return item(1, **{**given, **more})


def state(task: Item, *texts: str) -> str:
    """What becomes of it under these rules."""
    files = {f"mappings/{n}.toml": text for n, text in enumerate((STRATEGY, *texts))}
    mapping, problems = parse(files, "UTC")
    assert mapping is not None, problems
    (found,) = assess(mapping, [task], PLACES, at("2027-02-15")).attachments
    assert found.outcome == "linked"
    return found.state


@pytest.mark.parametrize(
    ("project", "expected"), [("Marketing", "doing"), ("WEB", "done"), ("asana:Website", "done"), ("Mark*", "doing")]
)
def test_the_section_of_the_project_that_a_rule_names(project: str, expected: str) -> None:
    assert state(task(), BY_PROJECT.format(project=project)) == expected


def test_the_stronger_rule_says_which() -> None:
    weak = BY_PROJECT.format(project="Marketing") + "priority = 40\n"
    assert state(task(), weak, BY_PROJECT.format(project="Website")) == "done"
    assert state(task(), weak.replace("40", "90"), BY_PROJECT.format(project="Website")) == "doing"


def test_else_the_project_that_a_team_owns() -> None:
    team = '[[team]]\nid = "web"\nname = "Web"\nowns.project = "Web*"\n'
    assert state(task(), BY_LABEL, team) == "done"


def test_else_what_the_vendor_says_of_the_item() -> None:
    assert state(task(), BY_LABEL) == "todo"
    assert state(task(category="done", status="Completed", closed="2027-02-01"), BY_LABEL) == "done"


def test_what_is_completed_stays_so_wherever_it_lies() -> None:
    done = task(category="done", status="Completed")
    assert state(done, BY_PROJECT.format(project="Marketing")) == "done"


def test_a_section_is_no_project() -> None:
    files = {"mappings/0.toml": STRATEGY, "mappings/1.toml": BY_PROJECT.format(project="Draft")}
    mapping, _ = parse(files, "UTC")
    assert mapping is not None
    assert assess(mapping, [task()], PLACES, at("2027-02-15")).attachments[0].outcome == "unanchored"
