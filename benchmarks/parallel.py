"""50 projects of a vendor that takes 150 ms to answer: eight at a time, against one after the other (``threads = 1``).

First sync and a night in which every hundredth issue changed, in wall seconds; a server of its own for each, so that both read
the same. *reading* is from the first project's begin to the last one's end, *whole run* all of it: start, lists, judgement,
evaluation. Then the same beside a limit that the vendor announces and enforces: it must count no request that came too early.

    python -m benchmarks.parallel [--projects 50] [--rounds 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from benchmarks import stand
from benchmarks.stand import TOKEN, Server
from hub.sandbox import catalog, company
from hub.sandbox.draw import BLOCK
from hub.sandbox.history import History
from hub.sandbox.render import Render
from hub.sandbox.site import Site

ONE, MANY = "one after the other", "eight at a time"
THREADS = {ONE: 1, MANY: 8}
LATENCY = 150
"""Milliseconds that every answer takes."""
GOAL = 5.0
BLOCKS = 4
"""Epics, with all below them, in a project."""
LIMIT = 20
"""Requests a second to an endpoint in the part with a limit; eight threads at this latency would send 53."""
FIRST, NIGHT = "first sync", "nightly, 1 % changed"


class Spent(NamedTuple):
    """Seconds of a run, seconds of its reading, and what it counted."""

    whole: float
    reading: float
    counts: dict[str, int]


def write(folder: pathlib.Path, projects: int) -> list[int]:
    """The company of the sandbox, divided into so many projects, as recorded payloads; the ids of its issues."""
    folder.mkdir()
    today = datetime.now(UTC).date()
    history = History(7, projects * BLOCKS * BLOCK, today)
    site = Site(catalog.generated(today), history, now=company.epoch_ms(today))
    render = Render(site)
    plan = render.plan(["*all"])
    rows = []
    for at, issue in enumerate(history.issues()):
        home = at // BLOCK % projects
        row = orjson.loads(orjson.dumps(render.issue(issue, plan)))
        row["key"] = f"P{home}-{at + 1}"
        row["fields"]["project"] = {"id": str(20_000 + home), "key": f"P{home}", "name": f"Project {home}"}
        rows.append(row)
    sprints = [
        {"id": 900 + at, "name": f"Sprint {at}", "state": "active", "boardId": at, "originBoardId": at}
        for at in range(1, projects + 1)
    ]  # fmt: skip
    (folder / "issues.json").write_bytes(orjson.dumps(rows))
    (folder / "sprints.json").write_bytes(orjson.dumps(sprints))
    return [int(row["id"]) for row in rows]


@contextmanager
def serving(folder: pathlib.Path, *more: str) -> Iterator[Server]:
    server = Server(0, "--load", str(folder), "--latency", str(LATENCY), *more)
    try:
        yield server
    finally:
        server.stop()


def run(place: pathlib.Path) -> Spent:
    """A night, or the first one, as the daemon starts it; timed by what it tells."""
    command = [sys.executable, "-m", "hub.cli", "sync", "jira", "--events", "--mode", "nightly"]
    began = time.monotonic()
    with (place / "errors.txt").open("w") as errors:
        child = subprocess.Popen(command, cwd=place, env=stand.settled(ANCHORLINE_JIRA__TOKEN=TOKEN), stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=errors)  # fmt: skip
        assert child.stdout is not None
        starts, ends, counted = [], [], {}
        for line in child.stdout:
            event = orjson.loads(line)
            if event["event"] == "PartitionStarted":
                starts.append(time.monotonic())
            elif event["event"] == "PartitionEnded":
                ends.append(time.monotonic())
            elif event["event"] == "Ended":
                counted = event["summary"]["counts"]
    if child.wait() != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{(place / 'errors.txt').read_text()}")
    return Spent(time.monotonic() - began, max(ends) - min(starts), counted)


def both(recordings: pathlib.Path, scratch: pathlib.Path, ids: list[int], threads: int, *more: str) -> dict[str, Spent]:
    """The first sync and the night after it, with so many threads."""
    with serving(recordings, *more) as server:
        place = stand.folder(server, scratch, f"{threads}-{len(list(scratch.iterdir()))}", more=f"threads = {threads}\n")
        found = {FIRST: run(place)}
        server.change(ids[::100], "changed")
        found[NIGHT] = run(place)
        kept = server.control("GET", "violations")
    read, changed = found[FIRST].counts.get("new"), found[NIGHT].counts.get("changed")
    assert read == found[NIGHT].counts.get("listed") == len(ids), f"not all was read: {found}"
    assert changed == len(ids[::100]), f"{changed} changed instead of {len(ids[::100])}"
    assert not kept["violations"], f"the limit was not kept: {kept}"
    assert bool(kept["waits"]) == bool(more), f"the limit was not met: {kept}"
    return found


def compare(rounds: int, projects: int, scratch: pathlib.Path) -> list[dict[str, Any]]:
    recordings = scratch / "recordings"
    ids = write(recordings, projects)
    found: dict[str, list[dict[str, Spent]]] = {ONE: [], MANY: []}
    for n in range(rounds):
        for name, threads in THREADS.items():
            found[name].append(both(recordings, scratch, ids, threads))
        print(f"round {n + 1}: {len(ids):,} issues in {projects} projects", file=sys.stderr)
    rows = []
    for kind in (FIRST, NIGHT):
        for part in ("reading", "whole"):
            slow, fast = ([getattr(each[kind], part) for each in found[name]] for name in (ONE, MANY))
            rows.append({
                "run": kind,
                "part": part,
                "faster": round(statistics.median(one / many for one, many in zip(slow, fast, strict=True)), 1),
                "goal": GOAL if part == "reading" else None,
                "one_s": round(statistics.median(slow), 1),
                "many_s": round(statistics.median(fast), 1),
            })  # fmt: skip
    limited = both(recordings, scratch, ids, THREADS[MANY], "--limit", str(LIMIT))
    for kind, spent in limited.items():
        rows.append({
            "run": f"{kind}, at most {LIMIT} a second", "part": "reading", "faster": None, "goal": None, "one_s": None,
            "many_s": round(spent.reading, 1),
        })  # fmt: skip
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    print(f"{'run':<42} {'part':<8} {'faster':>7} {'goal':>5} {'one by one s':>13} {'8 at a time s':>14}")
    for row in rows:
        texts = [str(row[name] or "-") for name in ("faster", "goal", "one_s", "many_s")]
        print(f"{row['run']:<42} {row['part']:<8} {texts[0]:>7} {texts[1]:>5} {texts[2]:>13} {texts[3]:>14}")
    print("(no request came before an announced wait was over)")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parallel", description=__doc__)
    parser.add_argument("--projects", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="anchorline-bench-"))
    try:
        rows = compare(options.rounds, options.projects, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    show(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
