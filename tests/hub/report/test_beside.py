"""What stands beside a number: the target that was, and the key results that one waits for."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from hub.cli.render.node import node
from hub.report import Report
from hub.report.values import Node, NodeExplanation
from hub.store import Store
from tests.hub.sync.tracker import START, STRATEGY, Hub, Tracker

NPS = """
[[metric]]
id = "nps"
name = "Net promoter score"
source = "jira"
latest = "value"
series = "nps"

[[key_result]]
id = "loved"
objective = "sell"
name = "Customers love it"
kind = "increase"
metric = "nps"
start = 10
target = {target}
"""


@pytest.fixture
def hub(tmp_path: Path, store: Store) -> Hub:
    tracker = Tracker()
    tracker.put("CORE", "100", "101", labels=("alpha",))
    tracker.tell("KPIS", {0: 40})
    return Hub(tmp_path / "hub", store, tracker)


def told(hub: Hub, rules: str) -> tuple[Node, NodeExplanation]:
    """The key result ``loved`` in the tree and by itself, after a night by these files."""
    hub.rules(rules)
    assert hub.sync().result == "complete"
    report = Report(hub.store)
    tree = report.tree()
    (found,) = report.explain_node("loved")
    assert tree is not None
    (objective,) = tree.company.children[0].children
    return next(child for child in objective.children if child.id == "loved"), found


def shown(value: NodeExplanation) -> str:
    console = Console(width=100, record=True, no_color=True, file=Path("/dev/null").open("w"))  # noqa: SIM115
    with console.file:
        console.print(node(value, value.as_of, 100, 5))
    return console.export_text()


def test_register_36_a_target_that_was_changed_says_what_it_was_and_until_when(hub: Hub) -> None:
    first, _ = told(hub, STRATEGY + NPS.format(target=80))
    assert first.note == "40 of 80, from 10"
    told(hub, STRATEGY + NPS.format(target=80) + "\n# a remark\n")
    again, _ = told(hub, STRATEGY + NPS.format(target=80))
    assert "until" not in again.note, "other files, the same target"
    hub.tracker.tell("KPIS", {1: 45})
    second, found = told(hub, STRATEGY + NPS.format(target=60))
    day = hub.tracker.now.date()
    assert second.note == f"45 of 60, from 10; target 80 until {day.day} {day:%b} {day.year}"
    assert found.evidence is not None
    assert found.evidence.target_words == f"60, as written (80 until {day.day} {day:%b} {day.year})"
    third, _ = told(hub, STRATEGY + NPS.format(target=50))
    later = hub.tracker.now.date()
    assert third.note.endswith(f"target 60 until {later.day} {later:%b} {later.year}, 80 until {day.day} {day:%b} {day.year}")


def test_a_target_within_bounds_and_one_that_moves_with_its_start(hub: Hub) -> None:
    stays = NPS.replace('"increase"', '"stay_within"').replace("start = 10\n", "")
    told(hub, STRATEGY + stays.format(target="[10, 20]"))
    second, found = told(hub, STRATEGY + stays.format(target="[10, 30]"))
    assert "; target 10 to 20 until " in second.note and "(10 to 20 until " in shown(found)
    moving = NPS.replace("start = 10", "start = 20")
    told(hub, STRATEGY + moving.format(target='"+30%"'))
    assert "until" not in told(hub, STRATEGY + NPS.format(target='"+30%"'))[0].note


def test_register_38_what_a_key_result_waits_for(hub: Hub) -> None:
    by = START.date().replace(day=START.day + 5)
    needs = f'needs = ["beta", {{ key_result = "alpha", by = {by} }}]\n'
    rules = STRATEGY + NPS.format(target=80) + needs
    first, found = told(hub, rules)
    day = f"{by.day} {by:%b} {by.year}"
    assert f"; waits for beta (unknown); waits for alpha, needed by {day} (" in first.note
    assert [(n.id, n.is_done, n.is_late) for n in found.needs] == [("beta", False, False), ("alpha", False, False)]
    assert "Waits for" in shown(found) and f"needed by {day}" in shown(found)
    hub.tracker.pass_time(hours=24 * 5)
    late, found = told(hub, rules)
    assert f"waits for alpha, needed since {day} (" in late.note
    assert [n.is_late for n in found.needs] == [False, True]
    hub.tracker.put("CORE", "100", "101", labels=("alpha",), status="Done", category="done", done_at=hub.tracker.now)
    there, found = told(hub, rules)
    assert "alpha" not in there.note and [n.is_done for n in found.needs] == [False, True]
