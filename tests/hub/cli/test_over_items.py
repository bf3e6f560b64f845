"""The demo's folder as an admin's: checking over items, rule tests, extracts, and "what if"."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.hub.cli.builders import run

TOKEN = {"ANCHORLINE_JIRA__TOKEN": "x" * 32}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    done = run("demo", "--today", "2027-05-14", "--issues", "300", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "anchorline-demo"


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def test_check_goes_on_to_the_stored_items(home: Path) -> None:
    done = run("check", folder=home, **TOKEN)
    assert done.returncode == 0
    assert "Over 300 items, in 2027-q2" in done.stdout
    assert "names a key result that does not exist" in done.stdout
    alone = run("check", "--files-only", folder=home, **TOKEN)
    assert "Over 300 items" not in alone.stdout


def test_check_and_progress_agree_on_where_the_active_work_goes(home: Path) -> None:
    checked = json.loads(run("check", "--json", folder=home, **TOKEN).stdout)["items"]["active"]
    shown = json.loads(run("progress", "--json", folder=home).stdout)["counts"]
    assert checked == {outcome: count for outcome, count in shown.items() if count and outcome != "ignored"}


def test_a_rule_that_is_not_evaluated_yet_is_checked_all_the_same(home: Path) -> None:
    with (home / "mappings" / "rules.toml").open("a") as file:
        file.write('\n[[rule]]\nname = "nothing"\nwhen.component = "No such thing"\nto = "sso"\n')
    told = " ".join(run("check", folder=home, **TOKEN).stdout.split())
    assert 'The rule "nothing" matches no item: none has when.component = No such thing.' in told


def test_a_series_that_no_value_has_is_told_at_its_line(home: Path) -> None:
    path = next(path for path in (home / "mappings").glob("*.toml") if 'series = "nps"' in path.read_text())
    path.write_text(text := path.read_text().replace('series = "nps"', 'series = "npss"'))
    line = 1 + text[: text.index('series = "npss"')].count("\n")
    done = run("check", folder=home, **TOKEN)
    assert done.returncode == 0
    said = " ".join(done.stderr.split())
    assert f"mappings/{path.name}:{line}:" in said
    assert 'kpis has no series "npss"' in said
    assert 'Did you mean "nps"?' in said
    assert "has no series" not in run("check", "--files-only", folder=home, **TOKEN).stderr


def test_only_projects_of_work_are_named_where_one_is_misspelt(home: Path) -> None:
    done = run("unanchored", "--project", "IDNN", folder=home)
    assert done.returncode == 2
    assert run("unanchored", "--project", "activation", folder=home).returncode == 2  # a query, whose rows are no work
    assert "The sources have BILL, CLSC, CORE, DATA, GROW, IDN, ITSD, MOB, PLAT." in " ".join(done.stderr.split())


def test_strict_fails_on_broken_anchors_and_passes_without(home: Path) -> None:
    assert run("check", "--strict", folder=home, **TOKEN).returncode == 2
    rules = home / "mappings" / "rules.toml"
    rules.write_text(rules.read_text().replace('"kr:{key_result}"', '"xx:{key_result}"'))
    done = run("check", "--strict", folder=home, **TOKEN)
    assert done.returncode == 0, done.stdout


def test_an_extract_checks_like_the_database(home: Path, tmp_path: Path) -> None:
    assert run("extract", "--out", "items.jsonl.gz", folder=home).returncode == 0
    whole = json.loads(run("check", "--json", folder=home, **TOKEN).stdout)["items"]
    shutil.rmtree(home / "data")
    over = json.loads(run("check", "--json", "--items", "items.jsonl.gz", folder=home, **TOKEN).stdout)["items"]
    assert over == whole
    assert json.loads(run("check", "--json", folder=home, **TOKEN).stdout)["items"] is None


def test_recorded_items_hold_until_a_rule_changes(home: Path) -> None:
    loose = json.loads(run("unanchored", "--json", folder=home).stdout)["items"][0]["key"]
    broken = json.loads(run("unanchored", "--json", folder=home).stdout)["broken"][0]["key"]
    done = run("test", "--record", loose, "--record", broken, folder=home)
    assert done.returncode == 0, done.stderr
    assert run("test", "--record", loose, folder=home).stdout.startswith("nothing to record")
    text = (home / "mappings" / "tests" / "recorded.toml").read_text()
    assert f'key = "{loose}"' in text
    assert 'expect = "unanchored"' in text
    assert 'expect = "broken"' in text
    assert run("test", folder=home).stdout == "2 expectations in 1 file: all hold.\n"
    assert run("check", folder=home, **TOKEN).returncode == 0  # test files are no mapping files
    with (home / "mappings" / "rules.toml").open("a") as file:
        file.write('\n[[rule]]\nwhen.source = "jira"\nfallback = true\nto = "sso"\n')
    failed = run("test", folder=home)
    assert failed.returncode == 1
    assert f"{loose} is linked to sso, by the rule at" in failed.stdout
    assert "expected: unanchored." in failed.stdout
    assert "2 expectations in 1 file: 1 failed." in failed.stdout


def test_without_tests_or_with_unknown_names_it_says_what_to_do(home: Path) -> None:
    assert "There is no test in" in run("test", folder=home).stderr
    done = run("test", "--record", "IDN-1", "IDN-2", folder=home)
    assert (done.returncode, "--record IDN-1 --record IDN-2" in done.stderr) == (2, True)
    done = run("test", "--record", "NOPE-1", folder=home)
    assert (done.returncode, "No item is known by the key" in done.stderr) == (2, True)
    (home / "mappings" / "tests").mkdir()
    (home / "mappings" / "tests" / "bad.toml").write_text('[[item]]\nkey = "A-1"\nexpect = "ssso"\n')
    done = run("test", folder=home)
    assert done.returncode == 2
    assert "mappings/tests/bad.toml:3:10: There is no key result, allowance or outcome" in done.stderr
    assert '    expect = "ssso"\n             ^^^^^^' in done.stderr


def test_what_if_an_item_had_a_label(home: Path) -> None:
    loose = json.loads(run("unanchored", "--json", folder=home).stdout)["items"][0]["key"]
    done = run("explain", loose, "--label", "kr:sso", folder=home)
    assert "If it had the label kr:sso, too:" in done.stdout
    assert f"{loose} serves sso" in done.stdout
    assert f"As it is: {loose} serves no key result" in " ".join(done.stdout.split())
    assert json.loads(run("explain", loose, "--json", folder=home).stdout)[0]["outcome"] == "unanchored"
