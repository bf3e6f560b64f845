"""`check --online` against a real server on loopback: what it tells, what it refuses, and that it writes nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.cli.ambiguity import ambiguous
from hub.mappings import parse
from tests.hub.cli.builders import run
from tests.hub.sandbox.process import TOKEN, USER, Sandbox, sandbox

MAPPING = """
[cycle]
2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Sandbox]:
    with sandbox(issues=60) as running:
        yield running


@pytest.fixture
def sb(site: Sandbox) -> Sandbox:
    site.reset()
    return site


class Home:
    """A folder with a configuration; ``check`` runs the command in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "mappings").mkdir()
        (folder / "mappings" / "all.toml").write_text(MAPPING)

    def config(self, url: str, more: str = "", name: str = "jira", **others: str) -> None:
        tables = {name: url, **others}
        texts = [f'[source.{each}]\nkind = "jira"\nurl = "{at}"\nuser = "{USER}"\n' for each, at in tables.items()]
        (self.folder / "config.toml").write_text('database = "sqlite:///data/a.db"\n' + texts[0] + more + "".join(texts[1:]))

    def check(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        tokens = {"ANCHORLINE_JIRA__TOKEN": TOKEN, "ANCHORLINE_TWO__TOKEN": TOKEN}
        return run("check", "--online", *words, folder=self.folder, **(tokens | env))

    def json(self, *words: str, **env: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.check("--json", *words, **env).stdout)
        return found


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


# ---- when all is well ---------------------------------------------------------------------------------------------------


def test_it_says_who_we_are_and_what_we_see(home: Home, sb: Sandbox) -> None:
    home.config(sb.url, 'fields = { team = "Team" }\n')
    done = home.check()
    assert done.returncode == 0, done.stderr
    said = flat(done.stdout)
    assert "jira Jira Cloud at http://127.0.0.1:" in said
    assert "ready to be read" in said
    assert "I am Ada Okafor (5f000000610000000000000b), time zone Europe/Lisbon" in said
    assert "I see 9 projects (8 live, 1 archived), to read: CORE, GROW, IDN, PLAT, BILL, MOB, DATA and ITSD" in said
    assert "fields team = Team (customfield_10040)" in said
    assert re.search(r"lists 18 statuses, \d+ types, \d+ fields, \d+ sprints", said)
    assert "Jira Cloud does not say when an API token ends" in said
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert not (home.folder / "data").exists()


def test_only_what_reads_is_sent(home: Home, sb: Sandbox) -> None:
    home.config(sb.url)
    assert home.check().returncode == 0
    assert {entry["method"] for entry in sb.log()} == {"GET"}
    assert not [entry for entry in sb.log() if "/search/jql" in entry["path"]]


def test_seen_projects_that_the_configuration_leaves_out(home: Home, sb: Sandbox) -> None:
    home.config(sb.url, 'projects = ["CORE", "IDN"]\n')
    told = home.json()["sources"][0]
    assert [key for _, key, _ in told["partitions"]] == ["CORE", "IDN"]
    assert told["left_out"] == ["GROW", "PLAT", "BILL", "MOB", "DATA", "ITSD"]
    assert "also 6 projects that the configuration does not read: GROW" in flat(home.check().stdout)


# ---- against what the last run saw --------------------------------------------------------------------------------------


def synced(home: Home) -> None:
    assert run("sync", folder=home.folder, ANCHORLINE_JIRA__TOKEN=TOKEN).returncode == 0


def contents(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def test_the_roster_is_compared_with_the_last_run(home: Home, sb: Sandbox) -> None:
    home.config(sb.url)
    synced(home)
    before = contents(home.folder)
    assert "last seen the same 8 on " in flat(home.check().stdout)
    sb.mutate("project", project="MOB", hidden=True)
    done = home.check()
    assert re.search(r"last seen 8 on .* \(just now\), now 7; out of sight: MOB", flat(done.stdout))
    assert home.json()["sources"][0]["last"]["gone"] == ["MOB"]
    assert contents(home.folder) == before  # looking writes nothing


def test_what_the_configuration_no_longer_names_is_not_out_of_sight(home: Home, sb: Sandbox) -> None:
    home.config(sb.url)
    synced(home)
    home.config(sb.url, 'projects = ["CORE"]\n')
    last = home.json()["sources"][0]["last"]
    assert (last["gone"], len(last["unnamed"])) == ([], 7)


def test_another_address_than_last_time_is_what_a_sync_refuses(home: Home, sb: Sandbox) -> None:
    home.config(sb.url)
    synced(home)
    home.config(sb.url + "/other")
    done = home.check()
    assert done.returncode == 1
    assert "so a sync refuses it" in flat(done.stdout)
    assert "anchorline sync jira --new-account" in flat(done.stdout)


# ---- when something is wrong --------------------------------------------------------------------------------------------


def test_a_wrong_token(home: Home, sb: Sandbox) -> None:
    home.config(sb.url)
    done = home.check(ANCHORLINE_JIRA__TOKEN="wrong-4711")
    assert done.returncode == 1
    assert "cannot be read" in done.stdout
    assert "Jira refuses the credential (401). Check that `user` in config.toml" in flat(done.stdout)
    assert "wrong-4711" not in done.stdout + done.stderr


def test_no_token(home: Home, sb: Sandbox) -> None:
    home.config(sb.url)
    done = home.check(ANCHORLINE_JIRA__TOKEN="")
    assert done.returncode == 2  # the environment is wrong: the file check says so
    done = run("check", "--online", folder=home.folder)
    assert done.returncode == 2
    assert "was not asked" in done.stdout
    assert "Set ANCHORLINE_JIRA__TOKEN" in flat(done.stdout)
    assert sb.log() == []


def test_a_missing_right_is_no_failure(home: Home, sb: Sandbox) -> None:
    home.config(sb.url)
    sb.fault("status", path="/rest/agile/1.0/board", status=403, times=0)
    done = home.check()
    assert done.returncode == 0
    assert "! This user may not list boards, so sprints have no names" in flat(done.stdout)


def test_a_project_that_is_not_seen(home: Home, sb: Sandbox) -> None:
    home.config(sb.url, 'projects = ["CORE", "NIX"]\n')
    done = home.check()
    assert done.returncode == 5
    assert "I see 1 project of the 2 configured, to read: CORE" in flat(done.stdout)
    assert "NIX is configured, but the account does not see it. Check the key" in flat(done.stdout)
    home.config(sb.url, 'projects = ["NIX", "NOX"]\n')
    done = home.check()
    assert done.returncode == 1
    assert "The account sees none of the projects to read." in flat(done.stdout)


def test_a_field_that_the_site_does_not_have(home: Home, sb: Sandbox) -> None:
    home.config(sb.url, 'fields = { team = "Team", tier = "Tiier" }\n')
    done = home.check()
    assert done.returncode == 1
    assert "team = Team (customfield_10040), tier = not found" in flat(done.stdout)
    assert "Jira has no field 'Tiier'" in flat(done.stdout)
    assert "Mend `fields` under [source.jira] in config.toml; a sync reads nothing before." in flat(done.stdout)


def test_what_was_learnt_before_a_fault_is_told(home: Home, sb: Sandbox) -> None:
    home.config(sb.url)
    sb.fault("status", path="/rest/api/3/status", status=500, times=0)
    done = home.check()
    assert done.returncode == 1
    assert "I am Ada Okafor" in flat(done.stdout)
    assert "Jira cannot answer now (500)" in flat(done.stdout)


def test_a_server_that_is_down_does_not_keep_the_others(home: Home, sb: Sandbox) -> None:
    home.config("http://127.0.0.1:9", name="two", jira=sb.url)
    done = home.check()
    assert done.returncode == 5
    assert "127.0.0.1:9 cannot be reached. Check `url` in config.toml" in flat(done.stdout)
    assert "I am Ada Okafor" in flat(done.stdout)
    only = home.check("two")
    assert (only.returncode, "Ada Okafor" in only.stdout) == (1, False)


def test_mistakes_in_the_files_keep_no_source_from_being_asked(home: Home, sb: Sandbox) -> None:
    home.config(sb.url)
    (home.folder / "mappings" / "all.toml").write_text("[cycle\n")
    done = home.check()
    assert done.returncode == 2
    assert "mappings/all.toml:1" in done.stderr
    assert "I am Ada Okafor" in flat(done.stdout)
    (home.folder / "config.toml").write_text("[source\n")
    broken = home.check()
    assert (broken.returncode, broken.stdout) == (2, "")


def test_an_unknown_source_names_the_nearest(home: Home, sb: Sandbox) -> None:
    home.config(sb.url)
    done = home.check("jura")
    assert (done.returncode, done.stdout) == (2, "")
    assert 'Did you mean "jira"?' in done.stderr


def test_a_source_without_online_is_refused(home: Home, sb: Sandbox) -> None:
    home.config(sb.url)
    done = run("check", "jira", folder=home.folder)
    assert done.returncode == 2
    assert "anchorline check --online jira" in done.stderr


# ---- a connector of somebody else's: when the credential ends -------------------------------------------------------------

ACME = """
from datetime import UTC, datetime, timedelta
from connectors.base import Account, Connector, Kind, Partition

class Acme(Connector):
    def check(self):
        days = float(self.settings.options["days"])
        return Account("u1", "Robot", expires_at=datetime.now(UTC) + timedelta(days=days, minutes=5))
    def partitions(self):
        return [Partition("b1", "Board one")]
    def dimensions(self):
        yield from ()
    def changes(self, partition, since, resume):
        yield from ()
    def census(self, partition):
        yield from ()
    def get(self, ids):
        raise NotImplementedError

from connectors.base import Option
KIND = Kind("acme", "Acme Tracker", Acme, needs_token=False, partition_word="boards", options=(Option("days", str),))
"""


@pytest.mark.parametrize(
    ("days", "said", "warned"),
    [
        ("340", "in 340 days", ""),
        ("12", "in 12 days", "! The credential ends in 12 days: make a new one before a sync needs it."),
        ("0", ", today", "! The credential ends today: make a new one"),
        ("-3", "ended ", "! The credential has ended: make a new one"),
    ],
)
def test_the_end_of_a_credential(home: Home, tmp_path_factory: pytest.TempPathFactory, days: str, said: str, warned: str) -> None:
    package = tmp_path_factory.mktemp("package")
    (package / "acme_tracker.py").write_text(ACME)
    info = package / "acme_tracker-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-tracker\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[anchorline.connectors]\nacme = acme_tracker:KIND\n")
    (home.folder / "config.toml").write_text(f'[source.acme]\nkind = "acme"\nurl = "https://acme.invalid"\ndays = "{days}"\n')
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH", ""), str(package))))
    done = run("check", "--online", folder=home.folder, PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert said in flat(done.stdout)
    assert warned in flat(done.stdout)
    assert ("The credential" in done.stdout) == bool(warned)
    assert "I see 1 board, to read: Board one" in flat(done.stdout)


# ---- one name in two sources ----------------------------------------------------------------------------------------------

RULES = """
[[rule]]
name = "ops"
when.project = "OPS"
ignore = "requests"
[[rule]]
name = "all-ops"
when.project = "OP*"
ignore = "requests"
[[rule]]
name = "one"
when.source = "two"
when.project = ["OPS", "O*"]
ignore = "requests"
[[rule]]
name = "every"
when.project = "*"
ignore = "requests"
"""


def test_a_project_in_two_sources_is_warned(home: Home, sb: Sandbox) -> None:
    home.config(sb.url, 'projects = ["CORE"]\n', two=sb.url + "/second")
    warnings = home.json()["warnings"]
    assert len(warnings) == 1
    assert 'The project "CORE" is read from jira and two' in warnings[0]
    assert 'Write "jira:CORE" to mean one.' in warnings[0]
    assert 'Write "jira:CORE" to mean one.' in flat(home.check().stdout)


def test_lines_that_mean_projects_of_two_sources() -> None:
    mapping, problems = parse({"mappings/all.toml": MAPPING + RULES}, "UTC")
    assert mapping is not None, problems
    rosters = {"jira": (("1", "OPS", "Operations"), ("2", "OPX", "Ex")), "two": (("7", "ops", "Ops"),)}
    key, pattern = ambiguous(mapping, rosters)
    assert key.startswith('The project "OPS" is read from jira and two, and mappings/all.toml:7 would take work of all of them.')
    assert pattern.startswith('"OP*" in mappings/all.toml:11 fits projects of jira (OPS, OPX) and two (ops).')
    assert ambiguous(mapping, {"jira": rosters["jira"], "two": (("7", "HR", "People"),)}) == []
    assert ambiguous(None, {"jira": rosters["jira"]}) == []
