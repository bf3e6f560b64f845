"""The first five minutes, as real processes: help, init, check, version, and what is said when something is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub.cli.builders import environment, run

HEAVY = (
    "alembic",
    "apscheduler",
    "asana",
    "httpx",
    "jira",
    "orjson",
    "requests",
    "rich.markdown",
    "simple_salesforce",
    "sqlalchemy",
    "sqlite3",
    "sqlmodel",
    "starlette",
    "tree_sitter",
    "uvicorn",
    "hub.store",
    "hub.report",
    "hub.sync",
    "hub.config",
    "connectors",
)
COMMANDS = (
    "init",
    "check",
    "import",
    "sync",
    "serve",
    "evaluate",
    "progress",
    "unanchored",
    "explain",
    "runs",
    "demo",
    "version",
)


@pytest.mark.parametrize("words", [["--help"], ["sync", "--help"], ["demo", "-h"]])
def test_help_imports_nothing_that_costs_time(words: list[str], tmp_path: Path) -> None:
    code = (
        "import sys\nfrom hub.cli import main\ntry:\n    main()\nexcept SystemExit as end:\n"
        "    print('\\n'.join(sys.modules), file=sys.stderr)\n    sys.exit(end.code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: anchorline")
    loaded = set(done.stderr.split())
    assert [name for name in HEAVY if name in loaded] == []


def test_help_names_every_command_in_full(tmp_path: Path) -> None:
    done = run("--help", folder=tmp_path)
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)
    assert "..." not in done.stdout.partition("Commands:")[2]
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_init_then_check_in_an_empty_folder(tmp_path: Path) -> None:
    made = run("init", folder=tmp_path)
    assert (made.returncode, (tmp_path / "config.toml").is_file(), (tmp_path / "mappings" / "strategy.toml").is_file()) == (
        0,
        True,
        True,
    )
    assert "wrote  config.toml" in made.stdout
    assert "ANCHORLINE_JIRA__TOKEN" in made.stderr
    assert "In mappings, the strategy is that of an invented company" in made.stderr
    checked = run("check", folder=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert "config.toml is valid" in checked.stdout
    assert "14  key results" in checked.stdout
    assert " 1  source\n" in checked.stdout
    assert "warning: The secret of the source jira is not set." in checked.stderr


def test_init_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("# mine\n")
    made = run("init", "--json", folder=tmp_path)
    assert (tmp_path / "config.toml").read_text() == "# mine\n"
    told = json.loads(made.stdout)
    assert told["kept"] == ["config.toml"]
    assert "mappings/rules.toml" in told["written"]
    assert [step.partition(" ")[0] for step in told["next"]] == ["In", "In", "anchorline", "anchorline"]
    again = run("init", folder=tmp_path)
    assert again.returncode == 0
    assert "wrote" not in again.stdout
    assert "invented company" not in again.stderr  # by now it is their own


def test_init_takes_no_tool_without_a_connector_for_a_folder(tmp_path: Path) -> None:
    for word, title in (("monday", "monday.com"), ("HubSpot", "HubSpot"), ("github", "GitHub")):
        made = run("init", word, folder=tmp_path)
        assert (made.returncode, f"There is no connector for {title} in this version." in made.stderr) == (2, True)
        assert f"anchorline init ./{word}" in " ".join(made.stderr.split())
    assert list(tmp_path.iterdir()) == []
    assert run("init", "./trello", folder=tmp_path).returncode == 0
    assert (tmp_path / "trello" / "config.toml").is_file()


def test_init_keeps_the_database_out_of_git(tmp_path: Path) -> None:
    run("init", folder=tmp_path)
    assert "\ndata/\n" in (tmp_path / ".gitignore").read_text()
    (tmp_path / ".gitignore").write_text("mine\n")
    assert "kept   .gitignore, which was there already" in run("init", folder=tmp_path).stdout
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


def test_init_in_another_folder_says_how_to_get_there(tmp_path: Path) -> None:
    made = run("init", "my-hub", folder=tmp_path)
    assert "cd my-hub && anchorline check" in made.stderr
    assert run("--config", "my-hub/config.toml", "check", folder=tmp_path).returncode == 0
    assert run("init", "my-hub/config.toml", folder=tmp_path).returncode == 2


@pytest.fixture
def home(tmp_path: Path) -> Path:
    assert run("init", folder=tmp_path).returncode == 0
    return tmp_path


def test_check_lists_every_problem_of_every_file(home: Path) -> None:
    (home / "config.toml").write_text((home / "config.toml").read_text() + '\ntypo = 1\n[source.two]\nkind = "jirra"\n')
    with (home / "mappings" / "rules.toml").open("a") as file:
        file.write('\n[[rule]]\nname = "odd"\nwhen.label = "x"\nto = "nowhere"\n')
    checked = run("check", folder=home)
    assert (checked.returncode, checked.stdout) == (2, "")
    assert "config.toml:" in checked.stderr
    assert "rules.toml:" in checked.stderr
    assert "mend them before a sync" in checked.stderr
    told = run("check", "--json", folder=home)
    assert told.returncode == 2
    found = json.loads(told.stdout)
    assert found["valid"] is False
    assert set(found["problems"][0]) == {"file", "line", "column", "width", "row", "text", "remedy", "warning", "excerpt"}


@pytest.mark.parametrize(
    "command", [["check"], ["sync"], ["evaluate"], ["progress"], ["unanchored"], ["explain", "sso"], ["runs"]]
)
def test_without_a_configuration(command: list[str], tmp_path: Path) -> None:
    done = run(*command, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no config.toml here." in done.stderr
    assert "anchorline init" in done.stderr
    assert "anchorline demo" in done.stderr


@pytest.mark.parametrize(
    "command", [["evaluate"], ["progress"], ["unanchored"], ["explain", "sso"], ["runs"], ["progress", "--json"]]
)
def test_before_the_first_sync(command: list[str], home: Path) -> None:
    done = run(*command, folder=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Nothing was synced yet." in done.stderr
    assert "anchorline sync" in done.stderr
    assert not (home / "data").exists()  # looking makes nothing


def test_sync_without_a_secret(home: Path) -> None:
    done = run("sync", folder=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert "ANCHORLINE_JIRA__TOKEN" in done.stderr
    assert not (home / "data").exists()


def test_sync_of_an_unknown_source_names_the_nearest(home: Path) -> None:
    done = run("sync", "jura", folder=home)
    assert done.returncode == 2
    assert 'Did you mean "jira"?' in done.stderr


def test_an_unknown_command_names_the_nearest(tmp_path: Path) -> None:
    done = run("progres", folder=tmp_path)
    assert done.returncode == 2
    assert "Did you mean 'progress'?" in done.stderr


def test_the_configuration_may_come_from_the_environment(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert run("check", folder=elsewhere, ANCHORLINE_CONFIG=str(home / "config.toml")).returncode == 0
    assert run("check", "--config", str(home / "config.toml"), folder=elsewhere).returncode == 0


@pytest.mark.parametrize("command", ["check", "sync", "evaluate", "progress"])
def test_a_folder_is_no_configuration(command: str, home: Path) -> None:
    done = run(command, "--config", ".", folder=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert ". is a folder.\nName the file in it: --config config.toml." in done.stderr


@pytest.mark.parametrize("text", ["5d", "-1", "1.5", ""])
def test_days_are_a_number(text: str, home: Path) -> None:
    done = run("unanchored", f"--older-than={text}", folder=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"'{text}' is not a number of days, such as 30." in done.stderr


def test_evaluate_names_the_mistakes_of_the_files(home: Path) -> None:
    with (home / "mappings" / "rules.toml").open("a") as file:
        file.write("[x\n")
    done = run("evaluate", folder=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert "mappings/rules.toml:" in done.stderr


def test_version(home: Path) -> None:
    assert run("version", folder=home).stdout.startswith("anchorline 0.")
    told = json.loads(run("version", "--json", folder=home).stdout)
    assert set(told) == {"anchorline", "python", "sqlite", "schema"}
    assert told["schema"] is None


def test_no_secret_is_ever_printed(home: Path) -> None:
    secret = "tok-4711-very-secret"
    for words in (["check"], ["check", "--json"], ["sync", "nope"], ["version"]):
        done = run(*words, folder=home, ANCHORLINE_JIRA__TOKEN=secret)
        assert secret not in done.stdout + done.stderr
