"""Secrets planted in every slot, and everything that the hub writes or says searched for them: S01, S02."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub.cli.builders import environment, run
from tests.hub.notify.test_pings import Service, until
from tests.hub.sandbox.process import USER, Sandbox, sandbox
from tests.hub.test_log import forms_of

pytestmark = pytest.mark.timeout(300)  # a machine with others at work

TOKEN = "ATATT3x/pl4nted+token=Q7&z"
OTHER = "ATATT3x/pl4nted"
"""Begins as the first one does; in a file."""
PING = "pl4nted-ping-0b7e44"
SECRETS = (TOKEN, OTHER, PING)
CALLS = tuple(f"/rest/api/3/{each}" for each in ("serverInfo", "myself", "project", "status", "search", "issue/bulkfetch"))
CONFIG = """
[daemon]
jitter = "0s"
[web]
listen = "127.0.0.1:0"
[log]
level = "debug"
format = "json"
[source.jira]
kind = "jira"
url = "{url}"
user = "{user}"
[source.other]
kind = "jira"
url = "{url}/other"
user = "{user}"
nightly = false
"""


class Home:
    """A folder with a configuration, and everything that was ever said in it."""

    def __init__(self, folder: Path, sb: Sandbox, service: Service) -> None:
        self.folder, self.sb = folder, sb
        self.said: dict[str, str] = {}
        (folder / "mappings").mkdir()
        (folder / "mappings" / "all.toml").write_text("[cycle]\n2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }\n")
        (folder / "config.toml").write_text(CONFIG.format(url=sb.url, user=USER))
        (folder / "other-token").write_text(f"{OTHER}\n")
        (folder / "other-token").chmod(0o600)
        self.env = {
            "ANCHORLINE_JIRA__TOKEN": TOKEN,
            "ANCHORLINE_OTHER__TOKEN_FILE": str(folder / "other-token"),
            "ANCHORLINE_PING_URL": service.url.rpartition("/")[0] + f"/{PING}",
        }

    def run(self, *words: str) -> int:
        done = run(*words, folder=self.folder, **self.env)
        self.said[" ".join(words) + f" #{len(self.said)}"] = done.stdout + done.stderr
        return done.returncode

    def child(self, name: str) -> int:
        """A run as the daemon starts it: its parent's end of standard input stays open, its lines are of level debug."""
        words = [sys.executable, "-P", "-m", "hub.cli", "sync", "jira", "--events", "--log"]
        with subprocess.Popen(
            words,
            cwd=self.folder,
            env=environment(**self.env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            self.said[name] = (process.stdout.read() + process.stderr.read()).decode()
            return process.wait(60)

    def keep(self, name: str) -> None:
        """Everything on disk at this moment but the secrets' own file."""
        for path in self.folder.rglob("*"):
            if path.is_file() and path.name != "other-token":
                self.said[f"{name}: {path.relative_to(self.folder)}"] = path.read_bytes().decode("latin-1")


def asked(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
    response = connection.getresponse()
    text = f"{response.status} {response.getheaders()} {response.read().decode()}"
    connection.close()
    return text


def served(home: Home, service: Service) -> None:
    """A daemon that reads the source, is asked everything, and is ended."""
    words = [sys.executable, "-P", "-m", "hub.cli", "serve"]
    log = home.folder / "serve.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            words, cwd=home.folder, env=environment(**home.env), stdin=subprocess.DEVNULL, stdout=out, stderr=out
        ) as process,
    ):
        try:
            until(lambda: '"event":"listening"' in log.read_text())
            port = int(re.findall(r'"event":"listening".*?"port":(\d+)', log.read_text())[0])
            until(lambda: '"event":"child_ended"' in log.read_text())
            for path in ("/livez", "/readyz", "/healthz/sync", "/metrics", f"/{TOKEN}"):
                home.said[f"GET {path[:9]}"] = asked(port, path)
            until(lambda: f"/ping/{PING}" in service.paths)
            home.keep("while the daemon runs")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Everything happens once; the tests look at what came of it."""
    service = Service()
    with sandbox(issues=40, token=TOKEN) as sb:
        home = Home(tmp_path_factory.mktemp("planted"), sb, service)
        served(home, service)
        for words in (
            ["sync", "jira"], ["status"], ["doctor", "--json"], ["check", "--online", "--json"], ["runs", "--json"],
            ["sync", "other"], ["explain", TOKEN],
        ):  # fmt: skip
            home.run(*words)
        faults: tuple[tuple[str, dict[str, Any]], ...] = (
            ("refused", {"do": "status", "status": 401, "body": TOKEN, "times": 0}),
            ("not what it should be", {"do": "json", "body": {"error": TOKEN}, "times": 0}),
        )
        for path in CALLS:
            for name, fault in faults:
                sb.heal()
                sb.fault(**fault, path=path)
                assert home.child(f"{path} {name}") != 99
        home.keep("at the end")
        yield home
    service.server.shutdown()
    service.server.server_close()


def leaks(said: dict[str, str]) -> list[str]:
    return [
        f"{where}: {form}"
        for where, text in said.items()
        for secret in SECRETS
        for form, written in forms_of(secret).items()
        if written in text or (form == "basic" and written.partition("Basic ")[2][8:-4] in text)
    ]


def test_no_planted_secret_is_anywhere(home: Home) -> None:
    """S01: the database and its WAL, logs of the daemon and its children, every output, pages, metrics and crash reports,
    in every form that a secret travels in."""
    assert leaks(home.said) == []


def test_there_was_something_to_search(home: Home) -> None:
    """S01: the search would find one, and looked at what it should."""
    assert leaks({"x": f"a {TOKEN}"}) and leaks({"x": PING})
    names = " ".join(home.said)
    for part in ("anchorline.db", "-wal", "serve.log", "GET /metrics", "doctor --json", "bulkfetch refused"):
        assert part in names, part
    log = next(text for name, text in home.said.items() if name.endswith("serve.log"))
    events = {json.loads(line)["event"] for line in log.splitlines()}
    assert {"took_over", "child_started", "run_started", "page_stored", "run_ended", "child_ended", "ping_sent"} <= events
    assert "anchorline_sync_runs_total" in home.said["GET /metrics"]


def test_failures_at_every_call_were_forced(home: Home) -> None:
    """S02: with the log at debug, each of the connector's calls failed in several ways."""
    failed = [name for name, text in home.said.items() if name.startswith("/rest") and '"event":"run_ended"' in text]
    assert len(failed) >= 2 * len(CALLS)
    told: Callable[[str], bool] = lambda name: '"result":"complete"' not in home.said[name].splitlines()[-1]  # noqa: E731
    assert all(told(name) for name in failed), [name for name in failed if not told(name)]


def test_lines_of_children_carry_source_and_run(home: Home) -> None:
    log = next(text for name, text in home.said.items() if name.endswith("serve.log"))
    lines = [json.loads(line) for line in log.splitlines()]
    ended = [line for line in lines if line["event"] == "run_ended"]
    assert len({line["run_id"] for line in ended}) == len(ended) >= 1
    assert all(line["source"] in ("jira", "other") and line["timestamp"].endswith("Z") for line in ended)


def test_the_database_is_for_this_user_alone(home: Home) -> None:
    """S01: modes of what the hub makes."""
    for path in (home.folder / "data").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
