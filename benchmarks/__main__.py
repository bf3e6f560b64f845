"""First sync and unchanged re-sync of 100,000 issues against a bare fetch and decode of the same pages.

Every variant is a fresh process; CPU seconds and peak memory come from the operating system (``wait4``), so the server's share
is not in them. Rounds are interleaved and the ratio is taken within each round. Counts are compared, so that no variant wins by
doing less. Then rules against items, see ``benchmarks.rules``, and PostgreSQL as the store, see
``benchmarks.postgres``.

    python -m benchmarks [--issues 100000] [--rounds 3] [--json FILE] [--profile] [--stages] [--loading]
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from typing import Any, NamedTuple

ROOT = pathlib.Path(__file__).parent.parent
USER, TOKEN = "bench@anchorline.example", "bench-token"
GOALS = {"first sync": 3.0, "unchanged": 2.0}
MEMORY_GOAL = 250
CONFIG = """[source.jira]
kind = "jira"
url = "{url}"
user = "{user}"
fields = {{ team = "{team}" }}
"""


class Measured(NamedTuple):
    cpu: float
    memory: float
    wall: float
    output: str


def measure(command: list[str], cwd: pathlib.Path, **env: str) -> Measured:
    """Run to the end; CPU seconds (user and system) and peak resident MB of that process and its children."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(command, cwd=cwd, env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert child.stdout is not None
        out = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            errors.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{out}\n{errors.read()}")
    return Measured(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.monotonic() - began, out)


class Server:
    """The sandbox, as a process of its own."""

    def __init__(self, issues: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub.sandbox", "jira", "--port", "0", "--seed", "7", "--issues", str(issues),
             "--today", "2026-11-22", "--user", USER, "--token", TOKEN, "--until-stdin-closes"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url: str = json.loads(self.process.stdout.readline())["url"]

    def log(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/_sandbox/log") as answer:
            found = json.load(answer)
        return list(found["requests"] if isinstance(found, dict) else found)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def folder(server: Server, scratch: pathlib.Path, name: str) -> pathlib.Path:
    """An empty Anchorline of its own, with the shipped mapping files."""
    place = scratch / name
    place.mkdir()
    shutil.copytree(ROOT / "mappings", place / "mappings")
    team = team_field(server)
    (place / "config.toml").write_text(CONFIG.format(url=server.url, user=USER, team=team))
    return place


def team_field(server: Server) -> str:
    import base64

    request = urllib.request.Request(f"{server.url}/rest/api/3/field")
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode())
    with urllib.request.urlopen(request) as answer:
        return str(next(f["id"] for f in json.load(answer) if f["name"] == "Team"))


def sync(place: pathlib.Path) -> Measured:
    return measure([sys.executable, "-m", "hub.cli", "sync", "jira", "--json"], place, ANCHORLINE_JIRA__TOKEN=TOKEN)


def recorded(server: Server, scratch: pathlib.Path) -> pathlib.Path:
    """The requests that read issues in the latest sync, as a file to repeat them from."""
    requests = []
    for one in server.log():
        if "/search/jql" in one["path"] or "bulkfetch" in one["path"]:
            query = one.get("query") or {}
            text = query if isinstance(query, str) else urllib.parse.urlencode(query, doseq=True)
            body = one.get("body")
            requests.append({
                "method": one["method"],
                "target": one["path"] + (f"?{text}" if text else ""),
                "body": json.loads(body) if isinstance(body, str) and body else body,
            })  # fmt: skip
    path = scratch / "requests.json"
    path.write_text(json.dumps(requests))
    return path


def counts(out: str) -> dict[str, int]:
    found = json.loads(out)
    summary = found[0] if isinstance(found, list) else found
    return dict(summary["counts"])


def rounds(server: Server, scratch: pathlib.Path, issues: int, number: int) -> dict[str, list[Measured]]:
    warm = folder(server, scratch, "warm")
    sync(warm)
    requests = recorded(server, scratch)
    bare = [sys.executable, "-m", "benchmarks.bare", server.url, str(requests)]
    found: dict[str, list[Measured]] = {"bare": [], "first sync": [], "unchanged": []}
    for n in range(number):
        one = measure(bare, ROOT, BENCH_USER=USER, BENCH_TOKEN=TOKEN)
        read = json.loads(one.output)["issues"]
        place = folder(server, scratch, f"round{n}")
        first, again = sync(place), sync(place)
        new, same = counts(first.output).get("new", 0), counts(again.output).get("unchanged", 0)
        assert read == new == same, f"the variants do not agree: bare {read}, first {new} new, again {same} unchanged"
        for name, measured in (("bare", one), ("first sync", first), ("unchanged", again)):
            found[name].append(measured)
        print(f"round {n + 1}: {read:,} issues each of about {issues:,}", file=sys.stderr)
    return found


def table(found: dict[str, list[Measured]]) -> list[dict[str, Any]]:
    rows = []
    for name, measured in found.items():
        ratios = [m.cpu / b.cpu for m, b in zip(measured, found["bare"], strict=True)]
        rows.append({
            "variant": name,
            "ratio": round(statistics.median(ratios), 2),
            "goal": GOALS.get(name),
            "cpu_s": round(statistics.median(m.cpu for m in measured), 2),
            "cpu_s_range": [round(min(m.cpu for m in measured), 2), round(max(m.cpu for m in measured), 2)],
            "wall_s": round(statistics.median(m.wall for m in measured), 2),
            "memory_mb": round(max(m.memory for m in measured)),
        })  # fmt: skip
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    print(f"{'variant':<12} {'ratio':>6} {'goal':>6} {'CPU s':>8} {'range':>15} {'wall s':>8} {'MB':>6}")
    for row in rows:
        goal = f"{row['goal']:.1f}" if row["goal"] else "-"
        low, high = row["cpu_s_range"]
        print(
            f"{row['variant']:<12} {row['ratio']:>6.2f} {goal:>6} {row['cpu_s']:>8.2f} {f'{low}-{high}':>15} "
            f"{row['wall_s']:>8.2f} {row['memory_mb']:>6}"
        )
    print(f"(memory goal: below {MEMORY_GOAL} MB)")


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
    options = parser.parse_args()
    if options.loading:
        loading(options.rounds)
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
        rows = table(rounds(server, scratch, options.issues, options.rounds))
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    show(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    subprocess.run([sys.executable, "-m", "benchmarks.rules", "--rounds", str(options.rounds)], check=True, cwd=ROOT)
    postgres = ["--rounds", str(options.rounds), "--items", str(options.issues)]
    subprocess.run([sys.executable, "-m", "benchmarks.postgres", *postgres], check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
