"""Whole runs over 100,000 issues, against a bare fetch and decode of the same pages, and against the first sync.

- *first sync*: into an empty database, with rules, links and evaluation. The cycle's active issues are read before all others,
  so what changed since the cycle began is read twice; *in one reading* is the same where nothing changed since.
- *full, unchanged*: everything again (the weekly run). *nightly, unchanged*: what changed (nothing but the overlap of a day),
  and a census.
- *delta* and *nightly* with *1 % changed*: every hundredth issue has another title. Their difference is the census.

Every variant of a round starts from the same database. Counts are compared, so that no variant wins by doing less.

    python -m benchmarks.nights [--issues 100000] [--rounds 3] [--json FILE]
    python -m benchmarks.nights --million      memory and CPU at 1,000,000 issues, one round, and a night with 5 % missing
"""

from __future__ import annotations

import argparse
import json
import pathlib
import shutil
import statistics
import sys
import tempfile
from typing import Any

from benchmarks import stand
from benchmarks.stand import ROOT, TOKEN, USER, Measured, Server

BARE, FIRST, ONCE = "bare", "first sync", "first sync, in one reading"
FULL, NIGHT = "full, unchanged", "nightly, unchanged"
DELTA, CHANGED = "delta, 1 % changed", "nightly, 1 % changed"
CENSUS = "the census alone (nightly less delta)"
MISSING = "nightly, 5 % missing"
TO_BARE = {ONCE: 3.0, FULL: 2.0, NIGHT: None}
TO_FIRST = {DELTA: 0.1, CENSUS: 0.15, NIGHT: None}
MEMORY_GOAL, MILLION_GOAL = 250, 300
STEP = 100
"""Every so many issues one is changed."""
FIRST_ID = 100_001
"""The sandbox's lowest issue id."""


def rounds(server: Server, scratch: pathlib.Path, issues: int, number: int) -> dict[str, list[Measured]]:
    warm = stand.folder(server, scratch, "warm")
    stand.sync(warm)
    server.control("DELETE", "log")
    stand.sync(warm, "--full")
    bare = [sys.executable, "-m", "benchmarks.bare", server.url, str(stand.recorded(server, scratch))]
    found: dict[str, list[Measured]] = {}
    for n in range(number):
        server.control("POST", "reset")
        one = {BARE: stand.measure(bare, ROOT, BENCH_USER=USER, BENCH_TOKEN=TOKEN)}
        one |= runs(server, scratch / str(n), issues)
        read = json.loads(one[BARE].output)["issues"]
        assert read == issues, f"the bare variant read {read} issues of {issues}"
        for name, measured in one.items():
            found.setdefault(name, []).append(measured)
        shutil.rmtree(scratch / str(n))
        print(f"round {n + 1}: {issues:,} issues", file=sys.stderr)
    return found


def runs(server: Server, scratch: pathlib.Path, issues: int) -> dict[str, Measured]:
    """One round: every run from a copy of the first one's database."""
    scratch.mkdir()
    place = stand.folder(server, scratch, "first")
    found = {ONCE: stand.sync(stand.folder(server, scratch, "once", cycle=0)), FIRST: stand.sync(place)}
    found[FULL] = stand.sync(stand.copy(place, "full"), "--full")
    found[NIGHT] = stand.sync(stand.copy(place, "night"))
    server.change(range(FIRST_ID, FIRST_ID + issues, STEP), "changed")
    found[DELTA] = stand.sync(stand.copy(place, "delta"), "--delta")
    found[CHANGED] = stand.sync(stand.copy(place, "changed"))
    agree(found, issues)
    return found


def agree(found: dict[str, Measured], issues: int) -> None:
    """Raises ``AssertionError`` where a variant did less than it should."""
    counted = {name: stand.counts(one.output) for name, one in found.items()}
    changed = len(range(0, issues, STEP))
    for name, counter, wanted in (
        (ONCE, "new", issues), (FIRST, "new", issues), (FULL, "unchanged", issues), (NIGHT, "listed", issues),
        (DELTA, "changed", changed), (CHANGED, "changed", changed), (CHANGED, "listed", issues),
    ):  # fmt: skip
        if name in counted:
            got = counted[name].get(counter, 0)
            assert got == wanted, f"{name}: {got} {counter} instead of {wanted}: {counted[name]}"


def table(found: dict[str, list[Measured]]) -> list[dict[str, Any]]:
    """Rows of figures: medians over rounds, ratios taken within each."""
    bare, first = [[m.cpu for m in found[name]] for name in (BARE, FIRST)]
    cpu = {name: [m.cpu for m in each] for name, each in found.items()}
    cpu[CENSUS] = [whole - part for whole, part in zip(cpu[CHANGED], cpu[DELTA], strict=True)]
    rows = []
    for name, spent in cpu.items():
        measured = found.get(name, [])
        rows.append({
            "variant": name,
            "to_bare": _ratio(spent, bare),
            "goal_to_bare": TO_BARE.get(name),
            "to_first": _ratio(spent, first),
            "goal_to_first": TO_FIRST.get(name),
            "cpu_s": round(statistics.median(spent), 2),
            "cpu_s_range": [round(min(spent), 2), round(max(spent), 2)],
            "wall_s": round(statistics.median(m.wall for m in measured), 1) if measured else None,
            "memory_mb": round(max(m.memory for m in measured)) if measured else None,
            "read": stand.counts(measured[0].output).get("read") if measured and name != BARE else None,
        })  # fmt: skip
    return rows


def _ratio(spent: list[float], base: list[float]) -> float:
    return round(statistics.median(one / other for one, other in zip(spent, base, strict=True)), 3)


def show(rows: list[dict[str, Any]], memory: int = MEMORY_GOAL) -> None:
    print(
        f"{'variant':<38} {'/ bare':>7} {'goal':>5} {'/ first':>8} {'goal':>5} {'CPU s':>7} {'range':>15} {'wall s':>7} {'MB':>5}"
    )
    for row in rows:
        low, high = row["cpu_s_range"]
        texts = [str(row[name] or "-") for name in ("goal_to_bare", "goal_to_first", "wall_s", "memory_mb")]
        print(
            f"{row['variant']:<38} {row['to_bare']:>7.2f} {texts[0]:>5} {row['to_first']:>8.3f} {texts[1]:>5}"
            f" {row['cpu_s']:>7.2f} {f'{low}-{high}':>15} {texts[2]:>7} {texts[3]:>5}"
        )
    print(f"(memory goal: below {memory} MB)")


def million(server: Server, scratch: pathlib.Path, issues: int) -> list[dict[str, Any]]:
    """One run of each kind, one after the other over the same database; what each took."""
    place = stand.folder(server, scratch, "million", cycle=QUARTER_OF_MANY)
    found = {}

    def run(name: str, *options: str) -> None:
        found[name] = stand.sync(place, *options)
        print(f"{name}: {found[name].memory:.0f} MB, {found[name].cpu:.0f} CPU s, {found[name].wall:.0f} s", file=sys.stderr)

    run(FIRST)
    server.change(range(FIRST_ID, FIRST_ID + issues, STEP), "changed")
    run(DELTA, "--delta")
    server.change(range(FIRST_ID, FIRST_ID + issues, STEP), "changed again")
    run(CHANGED)
    agree(found, issues)
    server.hide(range(FIRST_ID, FIRST_ID + issues, 20))
    run(MISSING)
    missing = stand.counts(found[MISSING].output)
    assert missing["listed"] == issues - len(range(0, issues, 20)), missing
    first = found[FIRST]
    return [
        {
            "variant": name, "to_first": round(one.cpu / first.cpu, 3), "cpu_s": round(one.cpu, 1), "wall_s": round(one.wall),
            "memory_mb": round(one.memory), "counts": stand.counts(one.output),
        }
        for name, one in found.items()
    ]  # fmt: skip


QUARTER_OF_MANY = 20
"""Days since the cycle began, at a million issues: fewer of them are read twice."""


def show_million(rows: list[dict[str, Any]]) -> None:
    print(f"{'variant':<28} {'MB':>5} {'/ first':>8} {'CPU s':>8} {'wall s':>8}")
    for row in rows:
        print(f"{row['variant']:<28} {row['memory_mb']:>5} {row['to_first']:>8.3f} {row['cpu_s']:>8.1f} {row['wall_s']:>8}")
    print(f"(memory goal: below {MILLION_GOAL} MB)")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nights", description=__doc__)
    parser.add_argument("--issues", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--million", action="store_true")
    options = parser.parse_args()
    issues = options.issues or (1_000_000 if options.million else 100_000)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="anchorline-bench-"))
    server = Server(issues)
    try:
        rows = million(server, scratch, issues) if options.million else table(rounds(server, scratch, issues, options.rounds))
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    (show_million if options.million else show)(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
