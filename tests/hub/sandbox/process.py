"""The sandbox as a process: `with sandbox(issues=300, seed=7) as sb: sb.get("/rest/api/3/myself")`."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

USER, TOKEN = "demo@anchorline.example", "demo-token"
TRELLO_KEY = "0123456789abcdef0123456789abcdef"
TODAY = "2026-11-22"
ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 60


class Sandbox:
    """A running sandbox, its API (with the valid credential) and its control API."""

    def __init__(self, url: str, process: subprocess.Popen[str], deployment: str = "cloud", vendor: str = "jira") -> None:
        self.url, self.process = url, process
        self.http = httpx.Client(base_url=url, timeout=30, trust_env=False)
        if vendor == "trello":
            self.http.headers["authorization"] = f'OAuth oauth_consumer_key="{TRELLO_KEY}", oauth_token="{TOKEN}"'
        elif deployment == "cloud":
            self.http.auth = httpx.BasicAuth(USER, TOKEN)
        else:
            self.http.headers["authorization"] = f"Bearer {TOKEN}"
        self.control_http = httpx.Client(base_url=f"{url}/_sandbox", timeout=30, trust_env=False)

    # --- the vendor's side

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET that must succeed."""
        return self.http.get(path, params=params).raise_for_status().json()

    def post(self, path: str, body: Any) -> Any:
        """The JSON of a POST that must succeed."""
        return self.http.post(path, json=body).raise_for_status().json()

    def search(self, jql: str, **params: Any) -> list[dict[str, Any]]:
        """All issues of a search, read page by page to the end."""
        found: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            page = self.get("/rest/api/3/search/jql", jql=jql, **params, **token)
            found += page["issues"]
            if "nextPageToken" not in page:
                return found
            token = {"nextPageToken": page["nextPageToken"]}

    def bulkfetch(self, *names: str, fields: list[str] | None = None) -> Any:
        """bulkfetch of these ids or keys."""
        return self.post("/rest/api/3/issue/bulkfetch", {"issueIdsOrKeys": list(names), "fields": fields or ["*all"]})

    # --- control

    def control(self, method: str, what: str, body: Any = None) -> Any:
        """One call under /_sandbox/."""
        return self.control_http.request(method, f"/{what}", json=body).raise_for_status().json()

    def log(self) -> list[dict[str, Any]]:
        """The requests so far."""
        found: list[dict[str, Any]] = self.control("GET", "log")
        return found

    def fault(self, do: str, **options: Any) -> None:
        """Add a fault; see hub.sandbox.faults."""
        self.control("POST", "faults", {"do": do, **options})

    def faults(self) -> list[dict[str, Any]]:
        """The rules and how often each matched and fired."""
        found: list[dict[str, Any]] = self.control("GET", "faults")
        return found

    def heal(self) -> None:
        """Drop all faults."""
        self.control("DELETE", "faults")

    def mutate(self, op: str, **change: Any) -> dict[str, Any]:
        """Change something; see hub.sandbox.mutate."""
        found: dict[str, Any] = self.control("POST", "mutate", {"op": op, **change})
        return found

    def clock(self, shift: float = 0) -> int:
        """Shift the sandbox's clock by seconds; its epoch milliseconds."""
        return int(self.control("POST", "clock", {"shift": shift})["now"])

    def switch(self, **switches: Any) -> dict[str, Any]:
        """Set switches; see hub.sandbox.answers.Settings."""
        found: dict[str, Any] = self.control("POST", "switches", switches)
        return found

    def truth(self, name: str) -> dict[str, Any]:
        """What is true of one issue, whatever the API says."""
        found: dict[str, Any] = self.control("GET", f"truth/{name}")
        return found

    def truths(self) -> dict[str, dict[str, Any]]:
        """What is true of every issue that exists, by id; `seen`: whether the account may find it."""
        found: dict[str, dict[str, Any]] = self.control("GET", "truth")
        return found

    def violations(self) -> dict[str, Any]:
        """Requests during announced waits, and how many waits were announced; see hub.sandbox.limits."""
        found: dict[str, Any] = self.control("GET", "violations")
        return found

    def waited(self, seconds: float) -> None:
        """A virtual clock of ours has waited."""
        self.control("POST", "pass", {"seconds": seconds})

    def reset(self) -> None:
        """As it was at the start: issues, faults, switches, clock and log."""
        self.control("POST", "reset")


def _ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(START_SECONDS):
            raise TimeoutError("the sandbox did not say that it is ready")
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the sandbox ended with {process.wait()}: {process.stderr.read() if process.stderr else ''}")
    found: dict[str, Any] = json.loads(line)
    return found


@contextmanager
def sandbox(
    issues: int = 300, seed: int = 7, today: str | None = TODAY, vendor: str = "jira", **options: Any
) -> Iterator[Sandbox]:
    """A sandbox process; further options are the command line's (page_limit=3, load=folder, ticking=True)."""
    command = [sys.executable, "-m", "hub.sandbox", vendor, "--port", "0", "--until-stdin-closes"]
    command += ["--issues", str(issues), "--seed", str(seed)] + (["--today", today] if today else [])
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}"] + ([] if value is True else [str(value)])
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    )
    try:
        running = Sandbox(str(_ready(process)["url"]), process, str(options.get("deployment", "cloud")), vendor)
        with running.http, running.control_http:
            yield running
    finally:
        process.terminate()  # also closes on its own with our end of stdin
        process.communicate(timeout=10)
