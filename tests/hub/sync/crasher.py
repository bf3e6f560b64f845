"""Runs over a ``Tracker`` in forked children that are killed before their k-th write.

    python -m tests.hub.sync.crasher FOLDER

Orders are lines on stdin: {"scenario": NAME, "database": URL, "stage": "prepare" | "act" | "settle", "at": K or null,
"out": PATH or null}; each is answered with the child's exit code.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hub.store import Store, faults, open_store
from hub.sync import Mode
from tests.hub.sync.forked import obey
from tests.hub.sync.tracker import Hub, Tracker
from tests.hub.sync.worlds import rows, state

HELD = "SELECT source, partition_id, kind, ids, coalesce(decision, '') FROM hold ORDER BY id"


class Scenario(NamedTuple):
    """``before`` what there is after the first run, if there is one; ``then`` what happens until the run that is killed."""

    mode: Mode
    then: Callable[[Tracker], None] | None
    approves: bool = False


def company() -> Tracker:
    tracker = Tracker(pages=2)
    tracker.put("CORE", *(f"{n}" for n in range(100, 116)))
    tracker.put("GROW", *(f"{n}" for n in range(200, 206)), labels=("beta",))
    tracker.put("CORE", "150", labels=(), level=1)
    tracker.put("GROW", "151", "152", labels=(), parent_ref="150")
    tracker.tell("KPIS", {day: day % 7 for day in range(30)})
    return tracker


def everyday(tracker: Tracker) -> None:
    """New, changed, moved, re-parented and renamed."""
    tracker.put("GROW", "299")
    tracker.finish("100", "101", "200")
    tracker.move("102", "GROW")
    tracker.change("150", labels=("beta",))
    tracker.change("152", parent_ref=None)
    tracker.states["NONE"] = "live"


def deletions(tracker: Tracker) -> None:
    """A few gone, one that no delta tells of, a project archived later."""
    everyday(tracker)
    tracker.delete("110", "111")
    tracker.unlisted.add("112")


def mass(tracker: Tracker) -> None:
    """Too much at once."""
    tracker.delete(*(f"{n}" for n in range(103, 116)))


def flip(tracker: Tracker) -> None:
    """All of a project changes at once."""
    tracker.finish(*(f"{n}" for n in range(100, 116)), "150")


def sheet(tracker: Tracker) -> None:
    """New, restated, moved and withdrawn values, more than one transaction of them."""
    tracker.tell("KPIS", dict.fromkeys(range(12, 1400), 9))
    tracker.tell("KPIS", {3: 3}, at="row 77")
    tracker.withdraw("KPIS", *range(5))


def pruned(tracker: Tracker) -> None:
    """Too many values gone at once, and a new one."""
    tracker.withdraw("KPIS", *range(20))
    tracker.tell("KPIS", {31: 1})


def rescaled(tracker: Tracker) -> None:
    """All values restated at once."""
    tracker.tell("KPIS", dict.fromkeys(range(31), 1000))


SCENARIOS = {
    "first": Scenario("nightly", None),
    "delta": Scenario("delta", everyday),
    "census": Scenario("nightly", deletions),
    "full": Scenario("full", deletions),
    "held": Scenario("nightly", mass),
    "approved": Scenario("nightly", mass, approves=True),
    "changed": Scenario("nightly", flip),
    "values": Scenario("nightly", sheet),
    "values held": Scenario("nightly", pruned),
    "values approved": Scenario("nightly", pruned, approves=True),
    "restated": Scenario("nightly", rescaled),
    "restated, approved": Scenario("nightly", rescaled, approves=True),
}


def act(folder: Path, order: dict[str, str]) -> None:
    scenario = SCENARIOS[order["scenario"]]
    tracker = company()
    with open_store(order["database"]) as store:
        hub = Hub(folder, store, tracker)
        stages = [hub.sync] if scenario.then else []
        if order["stage"] == "prepare":
            for run in stages:
                assert run().result == "complete"
            return
        tracker.pass_time(hours=24 * len(stages))
        if scenario.then:
            scenario.then(tracker)
        if scenario.approves:
            if order["stage"] == "act" and not rows(store, HELD):
                raise AssertionError("prepared without its hold")
            tracker.pass_time(hours=48)
        _run(hub, store, scenario, order)


def _run(hub: Hub, store: Store, scenario: Scenario, order: dict[str, str]) -> None:
    if order["stage"] == "hold":
        assert hub.sync().result == "held"
        hub.approve(hub.holds()[0][0])
        return
    hub.sync(scenario.mode)
    if order["stage"] == "settle":
        hub.sync()
    Path(order["out"]).write_text(json.dumps({"state": state(store), "held": rows(store, HELD), "points": faults._count}))


if __name__ == "__main__":
    obey(lambda order: act(Path(sys.argv[1]), order))
