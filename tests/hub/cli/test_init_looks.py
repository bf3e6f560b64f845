"""`init jira`: from nothing to a first tree in three answers, over real HTTP, and everything that can go wrong on the way."""

from __future__ import annotations

import codecs
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.sandbox.catalog import THEME
from tests.hub.cli.builders import environment, run
from tests.hub.sandbox.process import TOKEN, USER, Sandbox, sandbox

QUESTIONS = ("Address of your Jira Cloud site: ", "Account of the token (mail address): ", "draft them from labels and fields: ")
SCHEMAS = {"mapping.schema.json", "tests.schema.json"}
FILES = {"strategy.toml", "teams.toml", "teams.csv", "statuses.toml", "objectives.toml", "rules.toml"}
WAIT = 60.0


@pytest.fixture(scope="module")
def company() -> Iterator[Sandbox]:
    with sandbox(issues=300) as running:
        yield running


@pytest.fixture
def sb(company: Sandbox) -> Sandbox:
    company.reset()
    return company


@pytest.fixture(scope="module")
def little() -> Iterator[Sandbox]:
    with sandbox(issues=30) as running:
        yield running


@pytest.fixture
def small(little: Sandbox) -> Sandbox:
    """A company of 30 issues as it was at the start."""
    little.reset()
    return little


def init(site: Sandbox | str, folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Without a question: everything by options."""
    url = site if isinstance(site, str) else site.url
    told = ("--url", url, "--user", USER, "--yes", *words)
    return run("init", "jira", "hub", *told, folder=folder, **{"ANCHORLINE_JIRA__TOKEN": TOKEN, **env})


@pytest.fixture(scope="module")
def first(company: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder in which it was said once, and what came of it as data."""
    company.reset()
    folder = tmp_path_factory.mktemp("first")
    done = init(company, folder, "--json")
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


@pytest.fixture
def made(sb: Sandbox, first: tuple[Path, dict[str, Any]], tmp_path: Path) -> Path:
    """The same, to change."""
    shutil.copytree(first[0] / "hub", tmp_path / "hub")
    return tmp_path


def again(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run("init", "jira", "hub", "--yes", *words, folder=folder, **{"ANCHORLINE_JIRA__TOKEN": TOKEN, **env})


def progress(folder: Path) -> dict[str, Any]:
    done = run("progress", "--json", folder=folder / "hub")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def texts(folder: Path) -> dict[str, str]:
    """The configuration and mapping files."""
    found = [folder / "hub" / "config.toml", *(folder / "hub" / "mappings").rglob("*")]
    return {str(path.relative_to(folder / "hub")): path.read_text() for path in found if path.is_file()}


def mapped(folder: Path) -> set[str]:
    """Names of the mapping files."""
    return {path.name for path in (folder / "hub" / "mappings").iterdir()} - SCHEMAS


def flat(text: str) -> str:
    return " ".join(text.split())


class Terminal:
    """The command on a terminal of 80 columns, at which somebody types."""

    def __init__(self, *words: str, folder: Path) -> None:
        self.master, slave = pty.openpty()
        env = environment(ANCHORLINE_JIRA__TOKEN=TOKEN, TERM="xterm", NO_COLOR="1")
        command = [sys.executable, "-P", "-m", "hub.cli", *words]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=env, start_new_session=True
        )
        os.close(slave)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a read may end within a character
        self._raw = ""

    @property
    def seen(self) -> str:
        """All that showed so far, without colours and movements."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._raw)

    def wait_for(self, text: str) -> None:
        """Read on until it shows."""
        end = time.monotonic() + WAIT
        while text not in self.seen:
            assert time.monotonic() < end, f"no {text!r} in {self.seen!r}"
            if not self._read():
                raise AssertionError(f"it ended without {text!r}: {self.seen!r}")

    def _read(self) -> bool:
        if not select.select([self.master], [], [], 0.2)[0]:
            return True
        try:
            data = os.read(self.master, 65_536)
        except OSError:  # its end of the terminal is closed
            return False
        self._raw += self._decoder.decode(data)
        return bool(data)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self) -> int:
        """The exit code, with everything read."""
        while self._read() and self.process.poll() is None:
            pass
        while select.select([self.master], [], [], 0.1)[0] and self._read():
            pass
        code = self.process.wait(WAIT)
        os.close(self.master)
        return code


# ---- the promise ----------------------------------------------------------------------------------------------------------


def test_from_nothing_to_a_first_tree_in_three_answers(sb: Sandbox, tmp_path: Path) -> None:
    terminal = Terminal("init", "jira", "hub", folder=tmp_path)
    for question, answer in zip(QUESTIONS, (sb.url, USER, ""), strict=True):
        terminal.wait_for(question)
        terminal.type(f"{answer}\n")
    assert terminal.end() == 0, terminal.seen
    for question in QUESTIONS:
        assert terminal.seen.count(question) == 1
    assert mapped(tmp_path) == FILES
    tree = progress(tmp_path)
    assert tree["company"]["measured"] > 5
    # the coverage that it promises is the coverage that `progress` shows, to the last item
    counts = {name: number for name, number in tree["counts"].items() if name != "ignored"}
    total, anchored = sum(counts.values()), counts["linked"] + counts["allowance"]
    seen = flat(terminal.seen)
    assert anchored > 0
    assert f"how many of {total} active items each adds" in seen
    promised = re.search(rf"{total} active items: {counts['linked']} serve key results \(\d+ %\), [^.]+\.", seen)
    assert promised is not None
    assert seen.count(promised[0]) == 2  # beneath the rules and at the foot of the tree, word for word
    assert TOKEN not in terminal.seen
    printed = terminal.seen[terminal.seen.index("What was found") : terminal.seen.index("Next: ")]
    assert max(map(len, printed.replace("\r", "").splitlines())) <= 80


def test_the_promise_as_data_and_what_each_rule_adds(first: tuple[Path, dict[str, Any]]) -> None:
    folder, found = first
    tree = progress(folder)
    assert found["counts"] == tree["counts"]
    assert found["tree"]["counts"] == tree["counts"]
    rules = found["rules"]
    assert [rule["name"] for rule in rules][:2] == ["label", "requests-itsd"]
    assert sum(rule["adds"] for rule in rules) == tree["counts"]["linked"] + tree["counts"]["allowance"]
    assert {rule["of"] for rule in rules} == {found["active"]}
    assert any(rule["aside"] for rule in rules)
    assert {rule["name"] for rule in rules} == set(re.findall(r'^name = "(.+)"', texts(folder)["mappings/rules.toml"], re.M))
    assert set(found["written"]) == {
        "hub/config.toml", "hub/config.schema.json", "hub/.gitignore", *(f"hub/mappings/{name}" for name in FILES | SCHEMAS)
    }  # fmt: skip


def test_the_files_say_what_was_found(first: tuple[Path, dict[str, Any]]) -> None:
    found = texts(first[0])
    assert '"CORE",  # Product Core: ' in found["config.toml"]
    assert "# Archived or trashed: CLSC" in found["config.toml"]
    assert 'team = "customfield_10040"  # "Team": filled in on ' in found["config.toml"]
    assert '# strategic_theme = "customfield_10050"  # "Strategic theme": empty everywhere' in found["config.toml"]
    assert "customfield_10016 Story point estimate: filled in on " in found["config.toml"]  # of two fields both are told
    assert "customfield_10026 Story Points: filled in on " in found["config.toml"]
    assert '"Parked" = "todo"' in found["mappings/statuses.toml"]
    assert '"Canceled" = "dropped"' in found["mappings/statuses.toml"]
    assert "identity,Identity,,,,,IDN,Identity\n" in found["mappings/teams.csv"]
    assert "growth-and-onboarding,Growth & Onboarding,,,,,GROW,\n" in found["mappings/teams.csv"]
    assert re.search(r"# Adds \d+ of \d+ active items \(\d+ %\)\.", found["mappings/rules.toml"])
    assert TOKEN not in "".join(found.values())


def test_editors_find_the_schemas_and_git_leaves_out_the_database(first: tuple[Path, dict[str, Any]]) -> None:
    hub = first[0] / "hub"
    for file in (hub / "config.toml", *(hub / "mappings").glob("*.toml")):
        line = file.read_text().splitlines()[0]
        assert line.startswith("#:schema ./")
        assert (file.parent / line.removeprefix("#:schema ")).is_file()
    assert "\ndata/\n" in (hub / ".gitignore").read_text()


def test_the_files_pass_the_check_with_few_warnings(first: tuple[Path, dict[str, Any]]) -> None:
    done = run("check", "--json", folder=first[0] / "hub", ANCHORLINE_JIRA__TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["problems"]) <= 3
    assert found["items"]["active"] == {name: n for name, n in progress(first[0])["counts"].items() if n and name != "ignored"}


# ---- other companies ------------------------------------------------------------------------------------------------------


def test_a_company_of_thirty_items(small: Sandbox, tmp_path: Path) -> None:
    done = init(small, tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["counts"] == progress(tmp_path)["counts"]
    assert found["goals"]
    assert all(rule["matched"] >= 5 for rule in found["rules"])


def unlabelled(site: Sandbox) -> None:
    site.reset()
    for issue in site.search("project in (CORE, GROW, IDN, PLAT, BILL, MOB, DATA, ITSD)", fields="labels"):
        if issue["fields"]["labels"]:
            site.mutate("update", issue=issue["key"], fields={"labels": []})


def test_a_site_without_any_label(little: Sandbox, tmp_path: Path) -> None:
    unlabelled(little)
    done = init(little, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "none: no label and no field names any" in done.stdout
    assert '# when.label = "kr:{key_result}"' in texts(tmp_path)["mappings/rules.toml"]
    assert progress(tmp_path)["counts"]["linked"] == 0


def test_goals_by_a_field_in_words(little: Sandbox, tmp_path: Path) -> None:
    unlabelled(little)
    keys = [issue["key"] for issue in little.search("project in (CORE, PLAT, BILL)", fields="summary")]
    for at, key in enumerate(keys):
        little.mutate(
            "update", issue=key, fields={THEME: {"value": "Win the enterprise" if at % 2 else "A platform that scales"}}
        )
    done = init(little, tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {goal["id"] for goal in found["goals"]} == {"win-the-enterprise", "a-platform-that-scales"}
    assert 'strategic_theme = "customfield_10050"  # "Strategic theme": filled in on ' in texts(tmp_path)["config.toml"]
    assert found["counts"] == progress(tmp_path)["counts"]
    assert found["counts"]["linked"] > 0


def test_projects_in_which_nothing_changes_any_more(little: Sandbox, tmp_path: Path) -> None:
    little.reset()
    little.clock(shift=200 * 86_400)
    little.mutate("update", issue="CORE-1", fields={"summary": "Still here"})
    little.mutate("update", issue="IDN-1", fields={"summary": "Still here, too"})
    assert init(little, tmp_path).returncode == 0
    text = texts(tmp_path)["config.toml"]
    assert re.findall(r'^  "(\w+)",', text, re.M) == ["CORE", "IDN"]
    assert '#  "PLAT",  # Platform: ' in text
    assert "the newest of " in text


def test_only_some_projects(small: Sandbox, tmp_path: Path) -> None:
    assert init(small, tmp_path, "--projects", "IDN, PLAT").returncode == 0
    assert sorted(re.findall(r'^  "(\w+)",', texts(tmp_path)["config.toml"], re.M)) == ["IDN", "PLAT"]
    done = init(small, tmp_path / "other", "--projects", "NOPE") if (tmp_path / "other").mkdir() is None else None
    assert done is not None
    assert (done.returncode, "The account does not see NOPE." in done.stderr) == (1, True)
    assert list((tmp_path / "other").iterdir()) == []


SHEET = """Objective,Key Result,ID,Team,Cycle,Pillar,Owner
Pass every review,SSO generally available,sso,Identity,Q4 2026,Win the enterprise,Ada
,SOC 2 controls,soc2,Platform,Q4 2026,,
Happy customers,NPS above 50,,Research,Q4 2026,Loyal customers,Bob
"""


def test_objectives_from_a_sheet(sb: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "okrs.csv").write_text(SHEET)
    terminal = Terminal("init", "jira", "hub", folder=tmp_path)
    for question, answer in zip(QUESTIONS, (sb.url, USER, "okrs.csv"), strict=True):
        terminal.wait_for(question)
        terminal.type(f"{answer}\n")
    assert terminal.end() == 0, terminal.seen
    tree = progress(tmp_path)
    assert [pillar["name"] for pillar in tree["company"]["children"]] == ["Win the enterprise", "Loyal customers"]
    assert tree["company"]["key_results"] == 3
    assert tree["counts"]["linked"] > 0
    found = texts(tmp_path)
    assert "mappings/objectives.toml" not in found
    assert "research,Research,,,,,,\n" in found["mappings/teams.csv"]


def test_a_sheet_that_is_none_is_said_before_anything_is_asked_of_the_source(sb: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text("a,b\n1,2\n")
    for name in ("plan.csv", "missing.xlsx"):
        done = init(sb, tmp_path, "--okrs", name)
        assert (done.returncode, name in done.stderr) == (2, True), done.stderr
    assert sb.log() == []
    assert not (tmp_path / "hub").exists()


# ---- what is there already ------------------------------------------------------------------------------------------------


def test_a_second_time_everything_is_kept(made: Path) -> None:
    before, counts = texts(made), progress(made)["counts"]
    done = again(made)
    assert done.returncode == 0, done.stderr
    assert texts(made) == before
    assert "wrote" not in done.stdout
    assert done.stdout == "Nothing new to draft.\n"
    assert progress(made)["counts"] == counts


def test_a_second_time_what_no_file_mentions_is_named(made: Path, sb: Sandbox) -> None:
    for number in range(1, 9):
        sb.mutate("update", issue=f"CORE-{number}", fields={"labels": ["kr:altogether-new"]})
    assert again(made).stdout == "New, and in no mapping file: goals altogether-new.\n"


def test_a_file_that_was_removed_is_drafted_again(made: Path) -> None:
    (made / "hub" / "mappings" / "rules.toml").unlink()
    found = json.loads(again(made, "--json").stdout)
    assert found["written"] == ["hub/mappings/rules.toml"]
    assert found["counts"] == progress(made)["counts"]
    assert found["counts"]["linked"] > 0


def test_other_people_s_files_stay(small: Sandbox, tmp_path: Path) -> None:
    mappings = tmp_path / "hub" / "mappings"
    mappings.mkdir(parents=True)
    mine = '[cycle]\n2026-h2 = { starts = 2026-07-01, ends = 2026-12-31 }\n[pillar]\ngrowth = { name = "Growth" }\n'
    (mappings / "mine.toml").write_text(mine)
    done = init(small, tmp_path)
    assert done.returncode == 0, done.stderr
    assert (mappings / "mine.toml").read_text() == mine
    tree = progress(tmp_path)
    assert (tree["cycle"], tree["company"]["children"][0]["name"]) == ("2026-h2", "Growth")
    assert tree["counts"]["linked"] > 0


def test_mistakes_in_files_that_stand_are_told_first(sb: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "hub" / "mappings").mkdir(parents=True)
    (tmp_path / "hub" / "mappings" / "mine.toml").write_text("[cycle\n")
    done = init(sb, tmp_path)
    assert (done.returncode, "mappings/mine.toml:1" in done.stderr) == (2, True)
    assert sb.log() == []


def test_options_that_contradict_a_file_that_is_kept(made: Path) -> None:
    for words in (("--url", "https://other.example"), ("--user", "b@other.example"), ("--projects", "CORE")):
        done = again(made, *words)
        assert (done.returncode, "config.toml is kept" in done.stderr) == (2, True), done.stderr


def test_the_example_is_not_taken_for_a_site(tmp_path: Path) -> None:
    run("init", "hub", folder=tmp_path)
    done = again(tmp_path)
    assert done.returncode == 2
    assert "still has the address of the example" in done.stderr


# ---- when something is wrong ----------------------------------------------------------------------------------------------


def test_without_a_token_it_says_what_to_export_before_it_asks(sb: Sandbox, tmp_path: Path) -> None:
    done = run("init", "jira", "hub", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "export ANCHORLINE_JIRA__TOKEN=..." in flat(done.stderr)
    assert "`anchorline init jira --letter`" in flat(done.stderr)
    assert QUESTIONS[0] not in done.stderr
    assert not (tmp_path / "hub").exists()


def test_a_wrong_token_writes_nothing(sb: Sandbox, tmp_path: Path) -> None:
    done = init(sb, tmp_path, ANCHORLINE_JIRA__TOKEN="wrong-4711")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Jira refuses the credential (401). Check that the account is" in flat(done.stderr)
    assert "wrong-4711" not in done.stderr
    assert not (tmp_path / "hub").exists()


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("http://127.0.0.1:9", 1, "127.0.0.1:9 cannot be reached. Check the address"),
        ("https://a:b@larks.atlassian.net", 2, "The address holds a user name or password."),
        ("http://larks.example", 2, "The address is not encrypted."),
    ],
)
def test_a_wrong_address(tmp_path: Path, url: str, code: int, said: str) -> None:
    done = init(url, tmp_path)
    assert (done.returncode, said in flat(done.stderr)) == (code, True), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nobody_there_to_answer(sb: Sandbox, tmp_path: Path) -> None:
    done = run("init", "jira", "hub", folder=tmp_path, ANCHORLINE_JIRA__TOKEN=TOKEN)
    assert (done.returncode, "Say it with --url." in done.stderr) == (2, True)
    done = run("init", "jira", "hub", "--url", sb.url, "--yes", folder=tmp_path, ANCHORLINE_JIRA__TOKEN=TOKEN)
    assert (done.returncode, "Say it with --user." in done.stderr) == (2, True)
    assert sb.log() == []


def test_words_that_mean_nothing(tmp_path: Path) -> None:
    done = run("init", "jiro", "hub", folder=tmp_path)
    assert (done.returncode, 'Did you mean "jira"?' in done.stderr) == (2, True)
    done = run("init", "--url", "https://larks.atlassian.net", folder=tmp_path)
    assert (done.returncode, "anchorline init jira" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_partial_still_gives_a_tree(small: Sandbox, tmp_path: Path) -> None:
    small.fault("issue_error", ids=["CORE-3"], times=0)
    done = init(small, tmp_path)
    assert done.returncode == 5, done.stderr
    assert "The run is partial: 1 records could not be understood" in flat(done.stdout)
    assert mapped(tmp_path) == FILES
    assert progress(tmp_path)["counts"]["linked"] > 0


def test_a_run_that_fails_goes_on_the_next_time(small: Sandbox, tmp_path: Path) -> None:
    small.fault("status", path="/rest/agile/1.0/board", status=401, at=[*range(3, 30)])  # the lists of the run itself
    done = init(small, tmp_path)
    assert done.returncode == 1, done.stderr
    assert "`anchorline init jira hub`" in flat(done.stderr)
    assert (tmp_path / "hub" / "config.toml").is_file()
    assert not (tmp_path / "hub" / "mappings").exists()
    small.heal()
    assert again(tmp_path).returncode == 0
    assert mapped(tmp_path) == FILES


def interrupted(sb: Sandbox, folder: Path, until: str) -> Terminal:
    """Ctrl-C once this shows."""
    terminal = Terminal("init", "jira", "hub", "--url", sb.url, "--user", USER, "--yes", folder=folder)
    terminal.wait_for(until)
    os.killpg(terminal.process.pid, signal.SIGINT)
    assert terminal.end() == 130
    return terminal


def test_ctrl_c_while_it_looks_leaves_nothing(small: Sandbox, tmp_path: Path) -> None:
    small.fault("delay", path="/rest/api/3/search/jql", seconds=3, times=0)
    assert "Interrupted. Nothing was written." in interrupted(small, tmp_path, "counting").seen
    assert not (tmp_path / "hub").exists()


def test_ctrl_c_while_it_reads_leaves_a_file_that_says_what_it_is(small: Sandbox, tmp_path: Path) -> None:
    small.fault("delay", path="/rest/api/3/issue/bulkfetch", seconds=1, at=[*range(2, 60)])
    seen = interrupted(small, tmp_path, "projects are alive").seen
    assert "`anchorline init jira hub` goes on from there." in flat(seen)
    assert texts(tmp_path).keys() == {"config.toml"}
    assert texts(tmp_path)["config.toml"].splitlines()[1].startswith("# Written by `anchorline init jira` on ")
    small.heal()
    assert again(tmp_path).returncode == 0
    assert progress(tmp_path)["counts"]["linked"] > 0


def test_ctrl_c_at_a_question(tmp_path: Path) -> None:
    terminal = Terminal("init", "jira", "hub", folder=tmp_path)
    terminal.wait_for(QUESTIONS[0])
    terminal.type("\x03")
    os.killpg(terminal.process.pid, signal.SIGINT)
    assert terminal.end() == 130
    assert "Interrupted. Nothing was written." in terminal.seen
    assert list(tmp_path.iterdir()) == []
