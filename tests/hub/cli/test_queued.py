"""``sync`` beside other processes: asking the daemon, following it, and giving up."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.cli import children
from hub.store import inbox, open_store
from hub.store.inbox import InboxRow
from tests.hub.cli.builders import environment, run

CONFIG = """
database = "sqlite:///a.db"
[source.jira]
kind = "jira"
url = "http://127.0.0.1:9"
user = "svc"
"""
TOKEN = {"ANCHORLINE_JIRA__TOKEN": "not-used"}
RULES = "[cycle]\n2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }\n"
PATIENT = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "all.toml").write_text(RULES)
    return tmp_path


def waited(find: Callable[[], InboxRow | None]) -> InboxRow:
    until = time.monotonic() + PATIENT
    while (found := find()) is None:
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


def test_without_a_daemon_a_source_in_use_is_refused(folder: Path) -> None:
    """F28: another process reads the source: exit code 3, naming it, and nothing is left behind."""
    with open_store(f"sqlite:///{folder}/a.db") as store, store.own("source:jira"):
        done = run("sync", folder=folder, **TOKEN)
        assert done.returncode == 3
        assert "The source jira is being read by process" in done.stdout + done.stderr
        assert inbox.waiting(store) == []


def asking(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*children.words(folder / "config.toml"), "sync", "jira", *words], cwd=folder, env=environment(**TOKEN), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_beside_a_daemon_its_answer_is_the_outcome(folder: Path) -> None:
    """F28: the command waits for the daemon's run, and leaves with its code."""
    with open_store(f"sqlite:///{folder}/a.db") as store, store.own("source:jira"), store.own("daemon"):
        command = asking(folder, "--delta", "--new-account", "--json")
        row: InboxRow = waited(lambda: next(iter(inbox.waiting(store)), None))
        assert (row.kind, row.payload) == ("sync", {"source": "jira", "mode": "delta", "new_account": True})
        answer = {"run": 7, "result": "held", "code": 4, "counts": {"read": 3}, "error": "Much is gone.", "notes": ["Look."]}
        inbox.finish(store, row.id, answer, 1)
        out, _ = command.communicate(timeout=PATIENT)
    assert command.returncode == 4
    assert '"run_id": 7' in out
    assert '"result": "held"' in out


def test_leaving_early_leaves_the_request(folder: Path) -> None:
    """F28: who stops waiting is told that the run is made all the same."""
    with open_store(f"sqlite:///{folder}/a.db") as store, store.own("source:jira"), store.own("daemon"):
        command = asking(folder)
        waited(lambda: next(iter(inbox.waiting(store)), None))
        command.send_signal(2)
        _, err = command.communicate(timeout=PATIENT)
        assert command.returncode == 130
        assert "The request stays; the daemon runs it all the same." in err
        assert len(inbox.waiting(store)) == 1


def test_ways_that_contradict_each_other(folder: Path) -> None:
    done = run("sync", "--full", "--delta", folder=folder, **TOKEN)
    assert done.returncode == 2
    assert "--full reads everything and --delta only what changed." in done.stderr


def test_serving_a_public_address_is_refused(folder: Path) -> None:
    """S15: exit code 2, before anything is opened."""
    (folder / "config.toml").write_text(CONFIG + '[web]\nlisten = "0.0.0.0:8080"\n')
    done = run("serve", folder=folder, **TOKEN)
    assert done.returncode == 2
    assert "insecure_allow_public" in done.stderr
    assert not (folder / "a.db").exists()
