"""`anchorline doctor` as a command, against a real server on loopback."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub.cli.builders import run
from tests.hub.sandbox.process import TOKEN, USER, Sandbox, sandbox

CYCLE = "[cycle]\n2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }\n"


@pytest.fixture(scope="module")
def site() -> Iterator[Sandbox]:
    with sandbox(issues=40, today=None, ticking=True) as running:
        yield running


@pytest.fixture
def sb(site: Sandbox) -> Sandbox:
    site.reset()
    return site


class Home:
    """A folder with a configuration; ``doctor`` runs the command in it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        (folder / "mappings").mkdir()
        (folder / "mappings" / "all.toml").write_text(CYCLE)
        self.config(url)

    def config(self, url: str, more: str = "") -> None:
        source = f'[source.jira]\nkind = "jira"\nurl = "{url}"\nuser = "{USER}"\n'
        (self.folder / "config.toml").write_text(f'database = "sqlite:///data/a.db"\n{source}{more}')

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return run(*words, folder=self.folder, **({"ANCHORLINE_JIRA__TOKEN": TOKEN} | env))

    def doctor(self, *words: str, **env: str) -> tuple[int, dict[str, dict[str, Any]]]:
        done = self.run("doctor", "--json", *words, **env)
        found = json.loads(done.stdout)
        assert found["ok"] == (done.returncode == 0)
        return done.returncode, {check["name"]: check for check in found["checks"]}


@pytest.fixture
def home(tmp_path: Path, sb: Sandbox) -> Home:
    return Home(tmp_path, sb.url)


def test_all_is_well(home: Home) -> None:
    code, found = home.doctor()
    assert code == 0
    bad = {name: check for name, check in found.items() if check["result"] != "ok"}
    assert set(bad) <= {"ping"}, bad
    assert {"config", "modes", "secret", "schema", "schedule", "web", "dns", "tls", "account", "write", "timezone", "skew",
            "visible", "sample", "mapping"} <= set(found)  # fmt: skip
    assert "one page was read" in found["sample"]["text"]


def test_it_writes_nothing(home: Home) -> None:
    assert home.run("sync").returncode == 0

    def digests() -> dict[str, str]:
        files = [path for path in home.folder.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal"))]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before = digests()
    code, found = home.doctor()
    assert code == 0 and digests() == before
    assert found["integrity"]["result"] == found["owner"]["result"] == found["history"]["result"] == "ok"


def test_before_the_first_sync_it_makes_no_database(home: Home) -> None:
    home.doctor()
    assert not (home.folder / "data").exists()


def test_a_credential_that_can_write_is_a_warning(home: Home, sb: Sandbox) -> None:
    """S24: Jira tells which rights the account has; those that change something are named."""
    sb.switch(rights=["BROWSE_PROJECTS", "EDIT_ISSUES", "ADMINISTER"])
    code, found = home.doctor()
    assert code == 0
    assert found["write"]["result"] == "warning"
    assert "Edit Issues, Administer" in found["write"]["text"]


def test_rights_that_the_source_does_not_tell(home: Home, sb: Sandbox) -> None:
    """S24: a token whose scopes leave the question out is not taken for one that can only read."""
    sb.fault("status", status=403, path="/rest/api/3/mypermissions", times=0)
    code, found = home.doctor()
    assert code == 0 and "not known" in found["write"]["text"] and found["sample"]["result"] == "ok"


def test_only_what_reads_is_sent(home: Home, sb: Sandbox) -> None:
    """S24: the doctor's own requests, too."""
    home.doctor()
    posts = {entry["path"] for entry in sb.log() if entry["method"] != "GET"}
    assert posts <= {"/rest/api/3/issue/bulkfetch"}


def test_a_wrong_token(home: Home) -> None:
    code, found = home.doctor(ANCHORLINE_JIRA__TOKEN="not-the-token")
    assert code == 1
    assert found["account"]["result"] == "error" and "refuses the credential" in found["account"]["text"]
    assert "not-the-token" not in json.dumps(found)


def test_a_page_that_cannot_be_read(home: Home, sb: Sandbox) -> None:
    sb.fault("status", status=400, path="/rest/api/3/search/jql", times=0)
    code, found = home.doctor()
    assert code == 1 and found["sample"]["result"] == "error" and found["visible"]["result"] == "ok"


def test_a_clock_that_is_wrong(home: Home, sb: Sandbox) -> None:
    sb.switch(date_skew=-3600)
    assert home.doctor()[1]["skew"]["result"] == "error"


def test_a_project_out_of_sight(home: Home, sb: Sandbox) -> None:
    home.config(sb.url, 'projects = ["CORE", "GONE"]\n')
    code, found = home.doctor()
    assert code == 1 and "GONE" in found["visible"]["text"]


def test_a_canary_out_of_sight(home: Home, sb: Sandbox) -> None:
    home.config(sb.url, 'canary = "CORE-99999"\n')
    code, found = home.doctor()
    assert code == 1 and found["canary"]["result"] == "error"


def test_another_account_than_the_last_time(home: Home, sb: Sandbox) -> None:
    assert home.run("sync").returncode == 0
    sb.switch(account="5f0000000000000000000000")
    code, found = home.doctor()
    assert code == 1 and found["identity"]["result"] == "error"


def test_a_broken_configuration_is_the_only_line_that_matters(home: Home) -> None:
    (home.folder / "config.toml").write_text("nonsense = [\n")
    code, found = home.doctor()
    assert code == 1 and found["config"]["result"] == "error" and "account" not in found


def test_offline_asks_nobody(home: Home, sb: Sandbox) -> None:
    code, found = home.doctor("--offline")
    assert code == 0 and "account" not in found and sb.log() == []


def test_a_source_that_is_not_there(home: Home) -> None:
    done = home.run("doctor", "nowhere")
    assert done.returncode == 2 and "There is no source" in done.stderr


def test_people_read_what_to_do(home: Home, sb: Sandbox) -> None:
    sb.switch(rights=["EDIT_ISSUES"])
    done = home.run("doctor")
    said = " ".join(done.stdout.split())
    assert "Give the hub an account that can only read" in said
    assert "2 warnings in" in said
    assert max(map(len, done.stdout.splitlines())) <= 80
