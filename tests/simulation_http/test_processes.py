"""Runs as processes of their own: killed at any request, and two at once."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import Store, open_store
from tests.hub.sandbox.process import ROOT, Sandbox
from tests.simulation_http.site import READ, Site, make_site
from tests.simulation_http.steps import Step, people
from tests.simulation_http.truth import numbers, wrong_items

WAIT = 60.0
LOCKED = 3


@contextlib.contextmanager
def command(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """`anchorline sync jira` as a process; killed at the end if it still runs."""
    line = [sys.executable, "-P", "-m", "hub.cli", "--config", str(site.world.folder / "config.toml"), "sync", "jira"]
    process = subprocess.Popen(
        line, cwd=ROOT, env=site.world.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=WAIT)


def until_it_hangs(sb: Sandbox, process: subprocess.Popen[bytes]) -> None:
    """Wait until the fault in front of the stand-in holds up a request of the process."""
    ends = time.monotonic() + WAIT
    while not any(rule["fired"] for rule in sb.faults()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.fixture
def site(sb: Sandbox, sqlite_store: Store, sqlite_url: str, tmp_path: Path) -> Site:
    return make_site(sb, tmp_path / "world", sqlite_store, database=sqlite_url)


def test_a_process_that_is_killed_at_any_request_harms_nothing(site: Site, sb: Sandbox, tmp_path: Path) -> None:
    """F27: killed in the first sync and in later ones, with work going on in between; then one run makes everything right."""
    for number, at in enumerate((3, 24, 31, 38, 45)):
        sb.fault("delay", path="/rest/", seconds=WAIT, at=at)
        with command(site) as process:
            until_it_hangs(sb, process)
            process.send_signal(signal.SIGKILL)
            assert process.wait(WAIT) == -signal.SIGKILL
        sb.heal()
        people(sb, Step("work", number, {"n": 3}))
    runs = site.settle()
    assert runs[-1].result == "complete"
    assert wrong_items(sb, site.store, READ) == []
    with open_store(f"sqlite:///{tmp_path}/fresh.db") as fresh:
        assert site.new_hub(fresh).sync("full").result == "complete"
        assert numbers(site.store) == numbers(fresh)


def test_two_processes_at_once_are_one_run_and_one_refusal(site: Site, sb: Sandbox) -> None:
    """F28: the second says so with exit code 3 and asks nothing of the vendor; killing the first frees the lock at once."""
    sb.fault("delay", path="/rest/", seconds=WAIT, at=12)
    with command(site) as first:
        until_it_hangs(sb, first)
        sb.control("DELETE", "log")
        with command(site) as second:
            said = second.communicate(timeout=WAIT)
        assert second.returncode == LOCKED, said
        assert sb.log() == []
        assert str(first.pid).encode() in said[0] + said[1]
    sb.heal()
    with command(site) as third:
        said = third.communicate(timeout=WAIT)
    assert third.returncode == 0, said
    assert wrong_items(sb, site.store, READ) == []
