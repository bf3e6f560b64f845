"""`held`, `approve`, `verify` and `resync`, as an admin types them, against the stand-in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hub.sandbox.process import Sandbox
from tests.hub.sync.worlds import World


class Admin:
    """Types commands in a folder."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "hub.cli", *words]
        folder, env = self.world.folder, self.world.environment
        return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)

    def data(self, *words: str) -> Any:
        return json.loads(self(*words, "--json").stdout)


@pytest.fixture
def admin(tmp_path: Path, sb: Sandbox) -> Admin:
    admin = Admin(World(tmp_path / "world", sb.url, "sqlite:///hub.db", more='projects = ["IDN", "BILL"]'))
    assert admin("sync").returncode == 0
    return admin


def test_what_is_held_is_shown_approved_and_applied(admin: Admin, sb: Sandbox) -> None:
    """F32: from too much gone at once to a person's word."""
    assert admin("held").stdout.strip() == "Nothing is held back."
    issues = sb.search("project = IDN ORDER BY key", fields="summary")
    for issue in issues[:15]:
        sb.mutate("delete", issue=issue["id"])
    synced = admin("sync")
    assert synced.returncode == 4 and "gone at once" in synced.stdout + synced.stderr
    shown = admin("held").stdout
    assert "waits for you" in shown and issues[0]["key"] in shown and "--all names them" in shown
    (row,) = admin.data("held")
    assert row["items"] == len(row["examples"]) and row["kind"] == "absence" and row["command"] == "anchorline sync jira"
    assert all(issue["key"] in admin("held", "--all").stdout for issue in issues[:15])
    wrong = admin("approve", "99")
    assert wrong.returncode == 2 and "Nothing is held under number 99" in wrong.stderr and "waiting: 1" in wrong.stderr
    approved = admin("approve", "1")
    assert (
        approved.returncode == 0 and "Approved" in approved.stdout and "anchorline sync jira" in approved.stdout + approved.stderr
    )
    assert "approved already" in admin("approve", "1").stdout
    assert "waits for you" not in admin("held").stdout
    applied = admin("sync")
    assert applied.returncode == 0 and f"{row['items']} gone" in applied.stdout
    assert admin("held").stdout.strip() == "Nothing is held back."
    told = admin("explain", issues[0]["key"]).stdout
    assert "was deleted" in told and "counts nowhere" in told


def test_verify_compares_and_changes_nothing(admin: Admin, sb: Sandbox) -> None:
    assert admin("verify").returncode == 0
    (issue, *_) = sb.search("project = IDN ORDER BY key", fields="id")
    sb.mutate("delete", issue=issue["id"])
    sb.mutate("create", project="BILL", summary="New since")
    told = admin("verify", "jira")
    assert told.returncode == 1 and "different" in told.stdout and "1 not stored" in told.stdout and issue["id"] in told.stdout
    assert admin.data("verify")[0]["left"] == 1, "it wrote nothing, so it says the same again"
    assert admin("sync").returncode == 0 and admin("verify").returncode == 0


def test_resync_reads_everything_again(admin: Admin) -> None:
    again = admin("resync", "jira", "idn")
    assert again.returncode == 0 and "1 project of jira will be read whole" in again.stderr
    everything = admin.data("resync", "jira")
    assert everything[0]["counts"]["unchanged"] > 60 and everything[0]["counts"]["changed"] == 0
    wrong = admin("resync", "jira", "NOPE")
    assert wrong.returncode == 2 and "has no project" in wrong.stderr and "IDN" in wrong.stderr
