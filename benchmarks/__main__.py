"""Whole runs of 100,000 issues against a bare fetch and decode of the same pages, and all other benchmarks after them.

Every variant is a fresh process; CPU seconds and peak memory come from the operating system (``wait4``), so the server's share
is not in them. Rounds are interleaved and the ratio is taken within each round. Counts are compared, so that no variant wins by
doing less. The runs are described in ``benchmarks.nights``; then follow partitions in parallel (``benchmarks.parallel``), rules
against items (``benchmarks.rules``), metrics (``benchmarks.measures``) and PostgreSQL as the store (``benchmarks.postgres``).

    python -m benchmarks [--issues 100000] [--rounds 3] [--json FILE] [--profile] [--stages] [--loading] [--million]
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

from benchmarks import nights
from benchmarks.stand import ROOT, TOKEN, Server, folder, measure


def profile(server: Server, scratch: pathlib.Path) -> None:
    """Where the CPU of a first sync goes: cumulative seconds of our own functions, by cProfile (which slows it all down)."""
    place = folder(server, scratch, "profile")
    out = scratch / "first.prof"
    measure([sys.executable, "-m", "cProfile", "-o", str(out), "-m", "hub.cli", "sync", "jira", "--json"], place,
            ANCHORLINE_JIRA__TOKEN=TOKEN)  # fmt: skip
    import pstats

    pstats.Stats(str(out)).sort_stats("tottime").print_stats(30)


def stages(server: Server, scratch: pathlib.Path, number: int) -> None:
    """CPU of each stage in microseconds per issue, the median of some fresh databases; see ``benchmarks.stages``."""
    found: dict[str, list[float]] = {}
    for n in range(number):
        place = folder(server, scratch, f"stages{n}")
        command = [sys.executable, "-m", "benchmarks.stages", str(place)]
        one = json.loads(measure(command, ROOT, ANCHORLINE_JIRA__TOKEN=TOKEN).output)
        for name, seconds in one["seconds"].items():
            found.setdefault(name, []).append(seconds / one["issues"] * 1e6)
    for name, each in found.items():
        low, high = min(each), max(each)
        print(f"{name:<40} {statistics.median(each):>6.1f} us an issue  {f'{low:.1f}-{high:.1f}':>13}")


def loading(number: int) -> None:
    """CPU of reading and checking mapping files; see ``benchmarks.loading``."""
    found = json.loads(measure([sys.executable, "-m", "benchmarks.loading", "--rounds", str(number)], ROOT).output)
    print(f"{found['cpu_s']:.2f} CPU s (goal {found['goal']:.1f}) for {found['lines']:,} lines, {found['teams']:,} teams, "
          f"{found['key_results']:,} key results")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--issues", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--stages", action="store_true")
    parser.add_argument("--loading", action="store_true", help="only how long a large bank's mapping files take to load")
    parser.add_argument("--million", action="store_true", help="only memory and CPU of whole runs of 1,000,000 issues")
    options = parser.parse_args()
    if options.loading:
        loading(options.rounds)
        return
    if options.million:
        subprocess.run([sys.executable, "-m", "benchmarks.nights", "--million"], check=True, cwd=ROOT)
        return
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="anchorline-bench-"))
    server = Server(options.issues)
    try:
        if options.profile:
            profile(server, scratch)
            return
        if options.stages:
            stages(server, scratch, options.rounds)
            return
        rows = nights.table(nights.rounds(server, scratch, options.issues, options.rounds))
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    nights.show(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    subprocess.run([sys.executable, "-m", "benchmarks.parallel", "--rounds", str(options.rounds)], check=True, cwd=ROOT)
    subprocess.run([sys.executable, "-m", "benchmarks.rules", "--rounds", str(options.rounds)], check=True, cwd=ROOT)
    subprocess.run([sys.executable, "-m", "benchmarks.measures", "--rounds", str(options.rounds)], check=True, cwd=ROOT)
    postgres = ["--rounds", str(options.rounds), "--items", str(options.issues)]
    subprocess.run([sys.executable, "-m", "benchmarks.postgres", *postgres], check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
