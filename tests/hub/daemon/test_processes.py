"""The daemon as real processes, against real HTTP: few, and with room for a slow machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.cli import children
from hub.config import load_config
from hub.daemon.children import LONGEST, Child
from hub.store import open_store
from hub.store.read import Reader
from tests.hub.sandbox.process import Sandbox, sandbox
from tests.hub.sync.worlds import World

PATIENT = 60.0
OTHER = '\n[source.other]\nkind = "jira"\nurl = "{url}"\nuser = "demo@anchorline.example"\nprojects = ["PLAT"]\n'


@pytest.fixture(scope="module")
def vendor() -> Iterator[Sandbox]:
    with sandbox(issues=60) as running:
        yield running


@pytest.fixture
def site(vendor: Sandbox) -> Iterator[Sandbox]:
    vendor.reset()
    vendor.heal()
    yield vendor
    vendor.heal()


@pytest.fixture
def world(site: Sandbox, tmp_path: Path) -> World:
    return World(tmp_path, site.url, "sqlite:///data/a.db", more='projects = ["CORE", "PLAT"]')


class Serving:
    """``anchorline serve`` with what it logged so far."""

    def __init__(self, world: World, *words: str, **env: str) -> None:
        self.world = world
        self.process = subprocess.Popen(
            [*children.words(world.folder / "config.toml"), "serve", *words],
            cwd=world.folder, env=world.environment | env, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self.lines: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(json.loads(line) if line.startswith(b"{") else {"event": line.decode()})

    def named(self, event: str) -> list[dict[str, Any]]:
        return [line for line in list(self.lines) if line["event"] == event]

    def until(self, event: str, count: int = 1) -> dict[str, Any]:
        """Wait for the so-manieth line of a name."""
        waited(lambda: len(self.named(event)) >= count, f"{event} in {self.lines}")
        return self.named(event)[count - 1]

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENT)
        self._reader.join(PATIENT)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


@contextmanager
def serving(world: World, *words: str, **env: str) -> Iterator[Serving]:
    words = words or ("--no-web",)
    daemon = Serving(world, *words, **env)
    try:
        yield daemon
    finally:
        daemon.end(signal.SIGKILL)


def waited(holds: Callable[[], object], what: str) -> None:
    until = time.monotonic() + PATIENT
    while not holds():
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.05)


def command(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*children.words(world.folder / "config.toml"), *words], cwd=world.folder, env=world.environment | {"COLUMNS": "200"},
        capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()


def hold(site: Sandbox, seconds: float = 30) -> None:
    """From now on searches take their time."""
    site.fault("delay", path="/rest/api/3/search", seconds=seconds, times=0)


# ---- one daemon -------------------------------------------------------------------------------------------------------------


def test_it_leaves_in_time_in_the_middle_of_a_run(world: World, site: Sandbox, tmp_path: Path) -> None:
    """F28: SIGTERM ends daemon and child within 10 s with code 0, and systemd is told what happens."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(address)
        told.settimeout(0.5)
        hold(site)
        with serving(world, NOTIFY_SOCKET=address, WATCHDOG_USEC="30000000") as daemon:
            pid = daemon.until("child_started")["pid"]
            daemon.until("run_started")
            began = time.monotonic()
            assert daemon.end() == 0
            assert time.monotonic() - began < 10
            assert gone(pid)
        states = set()
        with pytest.raises(TimeoutError):
            while True:
                states.add(told.recv(4096).decode())
    assert {"READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=reading jira"} <= states
    with open_store(world.config().database) as store:
        assert [run.result for run in Reader(store).runs()] == ["failed"]


def test_a_second_daemon_stands_by_and_takes_over(world: World, site: Sandbox) -> None:
    """F28: kill -9 of the first: its child ends by itself, and the second goes on with its work within seconds."""
    hold(site)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = world.folder / "config.toml"
    config.write_text(config.read_text() + f'[web]\nlisten = "127.0.0.1:{port}"\n')
    with serving(world, "--web") as first:
        pid = first.until("child_started")["pid"]
        first.until("run_started")
        with serving(world, "--web") as second:  # with the same port, which the first one has
            assert second.until("standby")["owner"].startswith(f"process {first.process.pid} on ")
            refused = command(world, "serve", "--no-web", "--once")
            assert refused.returncode == 3
            assert f"process {first.process.pid} on " in refused.stderr
            assert second.named("child_started") == []
            first.end(signal.SIGKILL)
            began = time.monotonic()
            second.until("took_over")
            assert time.monotonic() - began < 10
            waited(lambda: gone(pid), "the end of the first one's child")
            second.until("child_started")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=PATIENT) as answer:
                assert answer.status == 200
            assert second.end() == 0


def test_a_sync_beside_the_daemon_asks_it_and_follows(world: World, site: Sandbox) -> None:
    """F28: the daemon is reading the source: the command asks it for a run and tells how that went."""
    site.fault("delay", path="/rest/api/3/search", seconds=5, times=1)
    with serving(world) as daemon:
        daemon.until("run_started")
        done = command(world, "sync", "jira", "--full")
        assert (done.returncode, done.stderr.splitlines()[0]) == (
            0,
            "jira is being read at the moment: asked the daemon"
            f" (process {daemon.process.pid} on {socket.gethostname()}) for a run after that.",
        )
        assert "complete" in done.stdout
        daemon.end()
    with open_store(world.config().database) as store:
        assert [(run.mode, run.reason, run.result) for run in Reader(store).runs()] == [
            ("full", "command", "complete"), ("nightly", "schedule", "complete"),
        ]  # fmt: skip


# ---- once -------------------------------------------------------------------------------------------------------------------


def test_one_vendor_is_down(site: Sandbox, tmp_path: Path) -> None:
    """F31: the other source's rows and times move, this one's do not; exit code 5."""
    with sandbox(issues=60, seed=8) as down:
        world = World(tmp_path, site.url, "sqlite:///data/a.db", more='projects = ["CORE"]' + OTHER.format(url=down.url))
        world_env = {"ANCHORLINE_OTHER__TOKEN": "demo-token"}
        down.fault("status", status=404, times=0)  # of 503 it would try again for minutes
        with serving(world, "--once", **world_env) as daemon:
            assert daemon.process.wait(PATIENT) == 5, daemon.lines
    with open_store(f"sqlite:///{tmp_path}/data/a.db") as store:
        reader = Reader(store)
        ages = {row.name: (row.complete_at is not None, row.items > 0) for row in reader.sources()}
        assert ages == {"jira": (True, True), "other": (False, False)}


def test_once_is_for_cron(world: World, tmp_path: Path) -> None:
    """What is due is run, once; nothing is said where nobody watches and all is well, since cron sends it as a mail."""
    for _ in range(2):
        with serving(world, "--once") as daemon:
            assert daemon.process.wait(PATIENT) == 0
            daemon.end()
        assert [line for line in daemon.lines if line.get("level") not in ("warning", "error")] == []
        with open_store(f"sqlite:///{tmp_path}/data/a.db") as store:
            assert [run.reason for run in Reader(store).runs()] == ["schedule"]


# ---- files that are edited meanwhile (F29) ----------------------------------------------------------------------------------


def run_with_edits(world: World, edit: Callable[[int], None], *words: str) -> list[dict[str, Any]]:
    """A child as the daemon starts it; ``edit`` is called at each of its events. Its events."""
    for name, value in world.environment.items():
        os.environ.setdefault(name, value)
    bell = threading.Event()
    child = Child(children.command(world.folder / "config.toml", "jira", words), bell.set)
    events: list[dict[str, Any]] = []
    until = time.monotonic() + PATIENT
    while (code := child.ended()) is None:
        for name, line in child.lines():
            if name == "out":
                events.append(json.loads(line))
                edit(len(events))
        assert time.monotonic() < until
        bell.wait(1)
        bell.clear()
    child.close()
    return [*events, {"code": code}]


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setenv("ANCHORLINE_JIRA__TOKEN", world.environment["ANCHORLINE_JIRA__TOKEN"])


def test_an_edit_at_every_page_changes_nothing_of_the_run(world: World, token: None) -> None:
    """F29: config.toml and a mapping file are edited, broken and mended at each event of a run: it goes on with what it read."""
    config, rules = world.folder / "config.toml", world.folder / "mappings" / "rules.toml"
    good, good_rules = config.read_text(), rules.read_text()
    texts = ["[[[", good.replace('["CORE", "PLAT"]', '["CORE"]'), "", good + "x = 1\n"]

    def edit(number: int) -> None:
        config.write_text(texts[number % len(texts)])
        rules.write_text(good_rules + ("[[rule]]\n" if number % 2 else "# fine\n"))

    events = run_with_edits(world, edit)
    assert events[-1] == {"code": 0}
    assert len(events) > 5
    config.write_text(good)
    with open_store(world.config().database) as store:
        assert {row.key for row in Reader(store).partitions() if row.listed and row.last_complete_at} == {"CORE", "PLAT"}
        evaluation = Reader(store).evaluation()
        assert evaluation is not None
        assert Reader(store).mapping(evaluation.mapping_hash) is not None


def test_a_broken_mapping_reads_and_calculates_with_the_last_good_one(world: World, token: None) -> None:
    """F29: a scheduled run reads the vendor all the same, keeps the numbers' meaning, and says so."""
    copy = world.folder / "good.toml"
    copy.write_text((world.folder / "config.toml").read_text())
    assert run_with_edits(world, lambda _: None)[-1] == {"code": 0}
    (world.folder / "mappings" / "rules.toml").write_text("[[rule]]\nto = 5\n")
    (world.folder / "config.toml").write_text("[[[")
    *events, code = run_with_edits(world, lambda _: None, "--reason", "schedule", "--last-good", str(copy))
    assert code == {"code": 0}
    summary = events[-1]["summary"]
    assert summary["seq"] is not None
    assert any(note.startswith("The mapping files have mistakes, so the last good ones were used") for note in summary["notes"])
    with open_store(load_config(copy).database) as store:
        reader = Reader(store)
        assert any("mappings/rules.toml" in notice.text for notice in reader.notices())
        evaluation = reader.evaluation()
        assert evaluation is not None
        stored = reader.mapping(evaluation.mapping_hash)
        assert stored is not None
        assert "to = 5" not in stored.files["mappings/rules.toml"]


def test_somebody_who_runs_it_by_hand_is_told_instead(world: World, token: None) -> None:
    """F29: only the daemon's runs go on with the last good files."""
    (world.folder / "mappings" / "rules.toml").write_text("[[rule]]\nto = 5\n")
    assert command(world, "sync").returncode == 2


# ---- the child processes themselves -----------------------------------------------------------------------------------------


def script(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_a_childs_lines_all_come_before_its_end() -> None:
    child = Child(script("import sys\nfor n in range(2000): print('{}')\nsys.exit(7)"), lambda: None)
    found = 0
    until = time.monotonic() + PATIENT
    while (code := child.ended()) is None:
        found += len(child.lines())
        assert time.monotonic() < until
    child.close()
    assert (found, code) == (2000, 7)


def test_a_grandchild_that_keeps_the_pipe_does_not_keep_us() -> None:
    child = Child(script("import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'input()'], stdin=0)"), lambda: None)
    began = time.monotonic()
    waited(lambda: child.lines() is not None and child.ended() is not None, "the child's end")
    child.close()
    assert time.monotonic() - began < 20


def test_letting_go_of_a_child_does_not_wait_for_its_own_children() -> None:
    """F28: what keeps the pipe open here is no reader of our input, such as a helper that the child left behind."""
    words = "import subprocess, sys\nsubprocess.Popen(['sleep', '60'], stdin=subprocess.DEVNULL)\nprint('all', end='')"
    child = Child(script(words), lambda: None)
    try:
        waited(lambda: child.ended() is not None or child.lines(), "the child's end")
        began = time.monotonic()
        child.close()
        assert time.monotonic() - began < 1
        name = f"child-{child.pid}"
        waited(lambda: all(thread.name != name for thread in threading.enumerate()), "the end of its thread")
    finally:
        os.killpg(child.pid, signal.SIGKILL)


def test_lines_may_be_long_and_the_last_one_open() -> None:
    child = Child(script(f"import sys; sys.stdout.write('x' * {LONGEST * 2} + 'y\\n\\nz')"), lambda: None)
    said: list[tuple[str, bytes]] = []
    waited(lambda: said.extend(child.lines()) or child.ended() is not None, "the child's end")
    child.close()
    assert [(len(line), line[-1:]) for _, line in said] == [(LONGEST, b"x"), (LONGEST, b"x"), (2, b"\n"), (1, b"\n"), (1, b"z")]


def test_the_service_managers_socket_is_not_the_childs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/none")
    child = Child(script("import os; print(os.environ.get('NOTIFY_SOCKET'))"), lambda: None)
    said: list[tuple[str, bytes]] = []
    waited(lambda: said.extend(child.lines()) or child.ended() is not None, "the child's end")
    child.close()
    assert said == [("out", b"None\n")]
