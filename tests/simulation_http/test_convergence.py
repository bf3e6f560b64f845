"""Whatever happens between a hub and a Jira site: when it stops, one complete nightly run makes the hub say what is true.

A seed that fails is printed with its steps; `pytest tests/simulation_http -k "seed7-"` replays it. More seeds:
`ANCHORLINE_HTTP_SEEDS=100:160`.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.errors import Locked
from hub.store import Store, open_store
from hub.sync import Event, PartitionEnded, PartitionStarted, Progressed, sync_source
from tests.hub.sandbox.process import Sandbox
from tests.simulation_http.site import READ, Site, make_site
from tests.simulation_http.steps import Step, attempt, calm, draw, people, vendor, work
from tests.simulation_http.truth import numbers, wrong_items

FIRST, LAST = (int(text) for text in os.environ.get("ANCHORLINE_HTTP_SEEDS", "0:20").split(":"))


class Crash(BaseException):
    """The process ends here."""


def at_event(number: int, act: Callable[[], None]) -> Callable[[Event], None]:
    """A listener that acts at the n-th event of reading."""
    seen = [0]

    def listen(event: Event) -> None:
        if isinstance(event, (PartitionStarted, Progressed, PartitionEnded)):
            seen[0] += 1
            if seen[0] == number:
                act()

    return listen


def run(site: Site, step: Step) -> None:
    """A run with its faults, changes between its requests, and perhaps an end in the middle, or a rival."""
    sb, options = site.sb, step.options
    for fault in options.get("faults", ()):
        sb.control("POST", "faults", fault | {"seed": step.seed})
    rng = random.Random(step.seed)
    for at in options.get("drift", ()):
        sb.control("POST", "faults", {"do": "mutate", "at": at, "path": "/rest/", "change": work(sb, rng)})
    before = site.presence()
    try:
        if "crash" in options:
            site.sync(options["mode"], at_event(options["crash"], crash))
        elif "rival" in options:
            site.sync(options["mode"], at_event(options["rival"], lambda: refused(site)))
        else:
            summary = site.sync(options["mode"])
            assert summary.result != "failed" or newly_gone(before, site.presence()) == []
    except Crash:
        assert newly_gone(before, site.presence()) == [], "an unfinished run concludes no absence"
    finally:
        sb.heal()


def crash() -> None:
    raise Crash


def refused(site: Site) -> None:
    """Another run over the same source and database meanwhile is told that it cannot."""
    answers: list[str] = []

    def rival() -> None:
        with open_store(site.database) as store:
            try:
                sync_source(site.world.config(), site.world.mapping(), store, "jira", opener=site.opener)
                answers.append("it ran")
            except Locked:
                answers.append("refused")

    thread = threading.Thread(target=rival)
    thread.start()
    thread.join()
    assert answers == ["refused"]


def newly_gone(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [ident for ident, presence in after.items() if presence == "deleted" and before.get(ident) not in (None, "deleted")]


def play(site: Site, steps: list[Step]) -> None:
    for step in steps:
        if step.kind == "work":
            people(site.sb, step)
        elif step.kind == "run":
            run(site, step)
        elif step.kind == "approve":
            site.approve()
        else:
            vendor(site.sb, step)


def told(steps: list[Step]) -> str:
    return "\n".join(f"  {step}" for step in steps)


@pytest.mark.parametrize("seed", range(FIRST, LAST), ids=lambda seed: f"seed{seed}-")
def test_when_the_faults_stop_one_complete_run_tells_the_truth(
    sb: Sandbox, sqlite_store: Store, sqlite_url: str, tmp_path: Path, seed: int
) -> None:
    """F01 to F20 together: items equal the site's own truth, numbers equal those of a hub that read everything afresh."""
    steps = draw(seed)
    named, threads = seed % 3 != 0, 1 if seed % 4 else 3
    site = make_site(sb, tmp_path / "world", sqlite_store, named=named, threads=threads, database=sqlite_url)
    try:
        play(site, steps)
        calm(sb)
        runs = site.settle()
        assert runs[-1].result == "complete", runs
        wrong = wrong_items(sb, sqlite_store, READ if named else None)
        assert wrong == [], "\n".join(wrong)
        with open_store(f"sqlite:///{tmp_path}/fresh.db") as fresh:
            assert site.new_hub(fresh).sync("full").result == "complete"
            mine, theirs = numbers(sqlite_store), numbers(fresh)
        for name, rows in theirs.items():
            assert mine[name] == rows, f"{name}: {sorted(set(mine[name]) ^ set(rows))[:6]}"
        assert site.holds() == []
    except BaseException:
        print(f"seed {seed} ({'named' if named else 'all'} projects, {threads} threads) failed after\n{told(steps)}")
        raise


def test_the_comparison_can_fail(sb: Sandbox, sqlite_store: Store, tmp_path: Path) -> None:
    """A change that no run has read is told, in items and in numbers."""
    site = make_site(sb, tmp_path / "world", sqlite_store)
    assert site.sync().result == "complete" and wrong_items(sb, sqlite_store, READ) == []
    before = numbers(sqlite_store)
    assert attempt(sb, {"op": "transition", "issue": "CORE-1", "status": "Done"})
    sb.mutate("delete", issue="CORE-3")
    assert {line.split(" ")[0] for line in wrong_items(sb, sqlite_store, READ)} >= {"CORE-1", "CORE-3"}
    assert site.sync().result == "complete" and wrong_items(sb, sqlite_store, READ) == []
    assert numbers(sqlite_store) != before


def test_a_seed_is_the_same_every_time() -> None:
    assert all(draw(seed) == draw(seed) for seed in range(20))
    kinds = {step.kind for seed in range(20) for step in draw(seed)}
    assert {"hide", "trash", "blackout", "lag", "rekey", "sweep", "run", "work"} <= kinds
    runs = [step.options for seed in range(20) for step in draw(seed) if step.kind == "run"]
    assert all(any(name in options for options in runs) for name in ("faults", "drift", "crash", "rival"))
