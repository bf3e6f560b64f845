"""What the benchmarks of whole runs stand on: the sandbox as a process, folders to run in, and processes that are measured."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

ROOT = pathlib.Path(__file__).parent.parent
USER, TOKEN = "bench@anchorline.example", "bench-token"
CONFIG = """[source.jira]
kind = "jira"
url = "{url}"
user = "{user}"
fields = {{ team = "{team}" }}
"""
QUARTER = 52
"""Days since the present cycle began, if not said: of the sandbox's issues, six in ten were changed since."""


class Measured(NamedTuple):
    cpu: float
    memory: float
    wall: float
    output: str


def measure(command: list[str], cwd: pathlib.Path, **env: str) -> Measured:
    """Run to the end; CPU seconds (user and system) and peak resident MB of that process and its children."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(command, cwd=cwd, env=settled(**env), stdout=subprocess.PIPE, stderr=errors, text=True)
        assert child.stdout is not None
        out = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            errors.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{out}\n{errors.read()}")
    return Measured(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.monotonic() - began, out)


def settled(**env: str) -> dict[str, str]:
    """The environment of a run: it may keep its bytecode, as an installed program does."""
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}, **env}


class Server:
    """The sandbox, as a process of its own."""

    def __init__(self, issues: int, *more: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub.sandbox", "jira", "--port", "0", "--seed", "7", "--issues", str(issues),
             "--today", f"{datetime.now(UTC):%Y-%m-%d}", "--user", USER, "--token", TOKEN, "--until-stdin-closes", *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url: str = json.loads(self.process.stdout.readline())["url"]

    def control(self, method: str, what: str, body: Any = None) -> Any:
        """One call under ``/_sandbox/``."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{what}", data, method=method)
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.load(answer)

    def log(self) -> list[dict[str, Any]]:
        found = self.control("GET", "log")
        return list(found["requests"] if isinstance(found, dict) else found)

    def change(self, numbers: Sequence[int], word: str) -> None:
        """Give these issues another title."""
        for at in range(0, len(numbers), 1_000):
            some = numbers[at : at + 1_000]
            self.control(
                "POST", "mutate", [{"op": "update", "issue": str(n), "fields": {"summary": f"{word} {n}"}} for n in some]
            )

    def hide(self, numbers: Sequence[int]) -> None:
        """Let these issues vanish from listings and answers, as issue security does."""
        for at in range(0, len(numbers), 1_000):
            self.control("POST", "mutate", [{"op": "secure", "issue": str(n)} for n in numbers[at : at + 1_000]])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def folder(server: Server, scratch: pathlib.Path, name: str, *, cycle: int = QUARTER, more: str = "") -> pathlib.Path:
    """An empty Anchorline of its own, with the shipped mapping files, whose cycle began so many days ago; ``more`` for its
    configuration of the source."""
    place = scratch / name
    place.mkdir()
    shutil.copytree(ROOT / "mappings", place / "mappings")
    strategy = place / "mappings" / "strategy.toml"
    today = datetime.now(UTC).date()
    bounds = f"starts = {today - timedelta(days=cycle)}, ends = {today + timedelta(days=39)}"
    strategy.write_text(re.sub(r"starts = [\d-]+, ends = [\d-]+", bounds, strategy.read_text("utf-8"), count=1), "utf-8")
    (place / "config.toml").write_text(CONFIG.format(url=server.url, user=USER, team=team_field(server)) + more)
    return place


def copy(place: pathlib.Path, name: str) -> pathlib.Path:
    """The same Anchorline once more, with all that it has read."""
    return pathlib.Path(shutil.copytree(place, place.parent / name))


def team_field(server: Server) -> str:
    request = urllib.request.Request(f"{server.url}/rest/api/3/field")
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode())
    with urllib.request.urlopen(request) as answer:
        return str(next(f["id"] for f in json.load(answer) if f["name"] == "Team"))


def sync(place: pathlib.Path, *options: str) -> Measured:
    """One run as a person starts it."""
    return measure([sys.executable, "-m", "hub.cli", "sync", "jira", "--json", *options], place, ANCHORLINE_JIRA__TOKEN=TOKEN)


def recorded(server: Server, scratch: pathlib.Path) -> pathlib.Path:
    """The requests that read issues since the log was cleared, as a file to repeat them from."""
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
