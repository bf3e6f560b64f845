"""The demo and everything that follows it: real processes, the real connector, a stand-in on loopback."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from hub import demo
from hub.errors import Locked, UsageError
from tests.hub.cli.builders import environment, run

TODAY = "2027-05-20"


# ---- the files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "cycle", "starts", "ends"),
    [
        (date(2026, 11, 20), "2026-q4", date(2026, 10, 1), date(2026, 12, 31)),
        (date(2027, 1, 1), "2027-q1", date(2027, 1, 1), date(2027, 3, 31)),
        (date(2028, 6, 30), "2028-q2", date(2028, 4, 1), date(2028, 6, 30)),
    ],
)
def test_the_cycle_moves_to_the_quarter_around_today(today: date, cycle: str, starts: date, ends: date) -> None:
    moved = demo.moved(demo.shipped(), today)
    assert tomllib.loads(moved["mappings/strategy.toml"])["cycle"] == {cycle: {"starts": starts, "ends": ends}}
    objectives = tomllib.loads(moved["mappings/objectives.toml"])["objective"]
    assert {objective["cycle"] for objective in objectives} == {cycle}
    assert moved["config.toml"] == demo.shipped()["config.toml"]


def test_only_its_own_folder_is_written_anew(tmp_path: Path) -> None:
    plan = demo.Plan(tmp_path / "x", date(2026, 11, 20))
    demo.write(plan)
    (plan.folder / "data").mkdir()
    (plan.folder / "data" / "old").touch()
    (plan.folder / "mappings" / "extra.toml").touch()
    demo.write(plan)
    assert not (plan.folder / "data").exists()
    assert not (plan.folder / "mappings" / "extra.toml").exists()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "config.toml").write_text("# mine\n")
    with pytest.raises(UsageError, match="was not made by"):
        demo.write(demo.Plan(mine))
    assert (mine / "config.toml").read_text() == "# mine\n"
    assert [path.name for path in mine.iterdir()] == ["config.toml"]


def test_a_second_demo_keeps_what_was_changed_in_the_first(tmp_path: Path) -> None:
    plan = demo.Plan(tmp_path / "d")
    assert demo.write(plan) == []
    demo.settle(plan, "http://127.0.0.1:1")
    assert demo.write(plan) == [], "nothing was changed"
    (plan.folder / "mappings" / "mine.toml").write_text("# mine\n")
    assert demo.write(plan) == [plan.folder / "mappings.kept-1"]
    assert (plan.folder / "mappings.kept-1" / "mine.toml").read_text() == "# mine\n"
    assert not (plan.folder / "mappings" / "mine.toml").exists()
    with (plan.folder / "mappings" / "rules.toml").open("a") as file:
        file.write("# changed\n")
    for name in ("config.toml", "deals.csv"):
        with (plan.folder / name).open("a") as file:
            file.write("# mine\n")
    kept = ["config.toml.kept-1", "deals.csv.kept-1", "mappings.kept-2"]
    assert demo.write(plan) == [plan.folder / name for name in kept]
    assert all((plan.folder / name).read_text().endswith("# mine\n") for name in kept[:2])
    assert demo.write(plan) == []


def test_the_users_own_settings_stay_out_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANCHORLINE_DATABASE", "postgresql://real/one")
    monkeypatch.setenv("ANCHORLINE_JIRA__TOKEN_FILE", "/etc/token")
    plan = demo.Plan(tmp_path)
    own = {name: value for name, value in demo.environment(plan).items() if name.startswith("ANCHORLINE_")}
    assert own == {"ANCHORLINE_JIRA__TOKEN": plan.token}
    assert plan.token not in repr(plan)


def test_the_stand_in_ends_with_the_block(tmp_path: Path) -> None:
    plan = demo.Plan(tmp_path, date(2026, 11, 20), issues=50)
    with pytest.raises(KeyboardInterrupt), demo.sandbox(plan) as url:
        raise KeyboardInterrupt
    import socket

    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", int(url.rsplit(":", 1)[1])))


# ---- the whole demo, once, and what can be done in its folder afterwards ------------------------------------------------


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, run("demo", "--today", TODAY, "--issues", "300", folder=folder)


@pytest.fixture(scope="module")
def home(shown: tuple[Path, subprocess.CompletedProcess[str]]) -> Path:
    folder, done = shown
    assert done.returncode == 0, done.stderr
    return folder / "anchorline-demo"


def test_the_demo_shows_tree_list_and_explanation(shown: tuple[Path, subprocess.CompletedProcess[str]], home: Path) -> None:
    _, done = shown
    assert "2027-q2  1 Apr 2027 to 30 Jun 2027" in done.stdout
    assert re.search(r"from \d+ of 22", done.stdout)  # the two regions are parts of a whole
    assert "active items serve no key result" in done.stdout
    assert done.stderr.count("Links to issues lead to the stand-in, which has ended") == 1
    assert "`anchorline init jira my-hub` in another folder" in done.stderr
    said = " ".join(done.stdout.split())
    assert "Percentages: completion, the share of attached work that is done (output, not outcome); milestone," in said
    assert "How it is calculated" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "Traceback" not in done.stderr
    assert list(home.glob("**/*crash*")) == []


def test_no_token_is_left_behind(home: Path) -> None:
    for path in home.rglob("*"):
        if path.is_file():
            assert not re.search(rb"\b[0-9a-f]{32}\b", path.read_bytes()) or path.suffix.startswith(".db"), path


@pytest.fixture
def copy(home: Path, tmp_path: Path) -> Path:
    """The demo's folder, to change."""
    return Path(shutil.copytree(home, tmp_path / "copy"))


def test_what_it_says_to_try_next_works(shown: tuple[Path, subprocess.CompletedProcess[str]], copy: Path) -> None:
    _, done = shown
    tail = done.stderr[done.stderr.index("Next: cd anchorline-demo") :]
    commands = re.findall(r"anchorline ((?:progress|explain|unanchored|evaluate)[\w '-]*?)(?:  |\n)", tail)
    assert [command.split()[0] for command in commands] == ["progress", "explain", "explain", "unanchored", "evaluate"]
    for command in commands:
        tried = run(*shlex.split(command), folder=copy)
        assert tried.returncode == 0, (command, tried.stderr)
        assert tried.stdout
        if "--team" in command:
            assert "serve no key result" in tried.stdout  # a team that has something to sort out


def test_numbers_of_other_files_are_named_until_they_are_calculated(copy: Path) -> None:
    changed, mistaken = "The mapping files changed since these numbers", "The mapping files have mistakes now"
    pages = (["progress"], ["unanchored"], ["explain", "sso"], ["progress", "--json"])
    for words in pages:
        assert changed not in run(*words, folder=copy).stderr
    rules = copy / "mappings" / "rules.toml"
    good = rules.read_text()
    rules.write_text(f"{good}\n[x\n")
    for words in pages:
        done = run(*words, folder=copy)
        assert (done.returncode, done.stderr.count(mistaken)) == (0, 1)
    rules.write_text(f'{good}\n[[rule]]\nname = "one-more"\nwhen.key = "CORE-1"\nto = "sso"\n')
    for words in pages:
        done = run(*words, folder=copy)
        assert (done.returncode, done.stderr.count(changed)) == (0, 1)
        assert mistaken not in done.stderr
    told = json.loads(run("evaluate", "--json", folder=copy).stdout)
    assert (told["key_results"], told["items"]) == (24, 480)
    assert json.loads(run("progress", "--json", folder=copy).stdout)["seq"] == told["seq"]
    assert changed not in run("progress", folder=copy).stderr
    assert re.fullmatch(r"calculated: 24 key results from 480 items\n", run("evaluate", folder=copy).stdout)
    shutil.rmtree(copy / "mappings")
    gone = run("progress", folder=copy)
    assert (gone.returncode, gone.stderr) == (0, "")


def test_another_evaluation_is_waited_for_and_named(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hub.cli import children, evaluating
    from hub.store import open_store

    monkeypatch.setattr(importlib.import_module("hub.sync.evaluate"), "WAIT", 0.1)
    monkeypatch.setattr(children, "heed_signals", lambda: None)
    with open_store(f"sqlite:///{copy}/data/anchorline.db") as store, store.own("evaluation"), pytest.raises(Locked):
        evaluating.evaluate(copy / "config.toml", json=False)


def test_progress_as_data(home: Path) -> None:
    told = json.loads(run("progress", "--json", folder=home).stdout)
    assert (told["cycle"], told["company"]["key_results"]) == ("2027-q2", 22)
    assert {each["source"]: each["items"] for each in told["sources"]} == {"deals": 180, "jira": 300, "kpis": 0, "warehouse": 0}
    one = json.loads(run("progress", "--json", "--pillar", "Win the enterprise", folder=home).stdout)
    assert one["company"]["id"] == "enterprise"


def test_wrong_words_name_what_there_is(home: Path) -> None:
    for words, wanted in (
        (["progress", "--pillar", "scael"], "scale"),
        (["progress", "--cycle", "2020-q1"], "2027-q2"),
        (["explain", "actvation"], "activation"),
        (["unanchored", "--team", "nobody"], "platform"),
        (["runs", "jura"], "jira"),
        (["explain", "ktlo"], "ktlo is an allowance"),
    ):
        done = run(*words, folder=home)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert wanted in done.stderr


def test_both_ways_of_an_explanation_agree(home: Path) -> None:
    (result,) = json.loads(run("explain", "sso", "--json", folder=home).stdout)
    unit = next(unit for unit in result["units"] if unit["counts"])
    (item,) = json.loads(run("explain", unit["key"], "--json", folder=home).stdout)
    assert "sso" in {share["id"] for share in item["shares"]}
    assert unit["place"] in {share["place"] for share in item["shares"]}


def test_runs_and_version(home: Path) -> None:
    rows = json.loads(run("runs", "--json", folder=home).stdout)
    assert [(row["source"], row["result"]) for row in rows] == [
        (name, "complete") for name in ("warehouse", "kpis", "deals", "jira")
    ]
    assert rows[-1]["counts"]["read"] == 300
    assert json.loads(run("version", "--json", folder=home).stdout)["schema"]


def test_ascii_where_the_terminal_has_nothing_else(home: Path) -> None:
    done = run("progress", folder=home, PYTHONIOENCODING="ascii", COLUMNS="120")
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert "#" in done.stdout


def test_a_reader_that_stops_reading_is_no_fault(home: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "explain", "sso", "--all", "--json"],
        cwd=home,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(60) == 0
    assert said == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", [["progress"], ["progress", "--json"], ["version"], ["--help"]])
def test_a_full_disk_is_no_fault_of_ours(words: list[str], copy: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "hub.cli", *words],
            cwd=copy, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
        silent = subprocess.run(
            [sys.executable, "-P", "-m", "hub.cli", *words],
            cwd=copy, env=environment(), stdout=full, stderr=full, timeout=60, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "The output cannot be written: No space left on device.\n")
    assert silent.returncode == 1
    assert list(copy.glob("**/*crash*")) == []


# ---- several sources ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A configuration of two sources, each with its own projects of one stand-in, and the variables with their secrets."""
    plan = demo.Plan(tmp_path_factory.mktemp("two"), date.fromisoformat(TODAY), issues=60)
    demo.write(plan)
    with demo.sandbox(plan) as url:
        demo.settle(plan, url)
        text = plan.config.read_text().partition("[source.deals]")[0]
        table = text[text.index("\n[source.jira]") :].replace("[source.jira]", "[source.second]")
        first, second = (f"\nprojects = {json.dumps(names)} " for names in (["CORE", "GROW"], ["IDN", "PLAT"]))
        projects = re.compile(r"\nprojects = \[.*?\] ")
        plan.config.write_text(projects.sub(first, text) + projects.sub(second, table))
        yield plan.folder, {"ANCHORLINE_JIRA__TOKEN": plan.token, "ANCHORLINE_SECOND__TOKEN": plan.token}


def test_each_source_is_read_by_a_process_of_its_own(two: tuple[Path, dict[str, str]]) -> None:
    folder, secrets = two
    done = run("sync", "--json", folder=folder, **secrets)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [(each["source"], each["result"], each["counts"]["read"] > 0) for each in told] == [
        ("jira", "complete", True),
        ("second", "complete", True),
    ]
    assert "jira: reading" in done.stderr
    assert "second: reading" in done.stderr
    assert secrets["ANCHORLINE_JIRA__TOKEN"] not in done.stdout + done.stderr


def test_one_that_cannot_be_read_makes_it_partly_done(two: tuple[Path, dict[str, str]]) -> None:
    folder, secrets = two
    done = run("sync", folder=folder, **secrets | {"ANCHORLINE_SECOND__TOKEN": "wrong-one"})
    assert done.returncode == 5
    assert re.search(r"jira +complete", done.stdout)
    assert re.search(r"second +failed", done.stdout)
    assert "wrong-one" not in done.stdout + done.stderr
    tail = done.stderr[done.stderr.index("Next: ") :]
    assert re.findall("anchorline ([a-z ]+?)  ", tail) == ["sync second", "runs", "progress"]  # to mend comes first
    only = run("sync", folder=folder, ANCHORLINE_JIRA__TOKEN=secrets["ANCHORLINE_JIRA__TOKEN"])
    assert only.returncode == 5
    assert "ANCHORLINE_SECOND__TOKEN" in only.stderr


def test_a_second_sync_of_one_source_exits_with_3(two: tuple[Path, dict[str, str]]) -> None:
    from hub.store import open_store

    folder, secrets = two
    (folder / "data").mkdir(exist_ok=True)
    with open_store(f"sqlite:///{folder}/data/anchorline.db") as store, store.own("source:jira"):
        done = run("sync", "jira", folder=folder, **secrets)
        assert (done.returncode, done.stdout) == (3, "")
        assert f"process {os.getpid()}" in done.stderr
        both = run("sync", "--json", folder=folder, **secrets)
        assert both.returncode == 5
        assert [each["exit_code"] for each in json.loads(both.stdout)] == [3, 0]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ending_sync_ends_its_children(two: tuple[Path, dict[str, str]], number: signal.Signals, code: int) -> None:
    folder, secrets = two
    with subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "sync"],
        cwd=folder,
        env=environment(**secrets),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()  # the first child is reading
        process.send_signal(number)
        rest = process.stderr.read()  # ends when no child holds it any more
        assert process.wait(60) == code
    assert "the next sync goes on from there" in rest
    assert "Traceback" not in rest
