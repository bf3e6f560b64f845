"""One gate for all processes that ask as one vendor account. ``Gates()`` stands for a process, its folder for the machine."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors._shared import gatefile, limits
from connectors._shared.gatefile import DAY, GateFile
from connectors._shared.limits import Gates
from connectors.base import QuotaExhausted, RateLimited, Secret
from tests.connectors.raw import raw_server, reply
from tests.connectors.runs import SECRET, Clock, make_io, make_settings

URL = "http://127.0.0.1:9"


def ok() -> str:
    return "ok"


def told_to_wait(seconds: float) -> Callable[[], str]:
    """Asks to wait the first time, then answers."""
    answers: list[RateLimited] = [RateLimited("slow down", retry_after=seconds)]

    def ask() -> str:
        if answers:
            raise answers.pop()
        return "ok"

    return ask


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty folder, and nothing warned about yet."""
    monkeypatch.setattr(limits, "_warned", threading.Event())
    return str(tmp_path / "gates")


# ---- what is shared


def test_another_process_on_the_account_waits_as_long_as_the_vendor_told_the_first(folder: str) -> None:
    """F01: two sources on one account, a process each."""
    clock = Clock()
    with pytest.raises(RateLimited):
        make_io(URL, clock, gates_folder=folder, attempts=1).call(told_to_wait(30.0))
    make_io(URL, clock, gates_folder=folder, settings=make_settings(URL, name="other source")).call(ok)
    assert 30.0 <= sum(clock.slept) <= 32.0


def test_another_account_bucket_or_site_waits_for_nothing(folder: str) -> None:
    """F01: but the same user's second token is the same account."""
    clock = Clock()
    with pytest.raises(RateLimited):
        make_io(URL, clock, gates_folder=folder, attempts=1).call(told_to_wait(30.0), bucket="search")
    make_io(URL, clock, gates_folder=folder).call(ok, bucket="issue")
    make_io(URL, clock, gates_folder=folder, settings=make_settings(URL, user="other@example.com")).call(ok, bucket="search")
    site = "http://127.0.0.1:10"
    make_io(site, clock, gates_folder=folder).call(ok, bucket="search")
    assert clock.slept == []
    make_io(URL, clock, gates_folder=folder, settings=make_settings(URL, token=Secret("second"))).call(ok, bucket="search")
    assert sum(clock.slept) >= 30.0


def test_a_rate_is_one_for_all_processes(folder: str) -> None:
    """F01: two requests a second stay two, however many runs there are."""
    clock = Clock()
    first, second = (make_io(URL, clock, gates_folder=folder, rate=2.0) for _ in range(2))
    begun = []
    for io in (first, second, first, second):
        io.call(lambda: begun.append(clock.now))
    assert begun == [1000.0, 1000.5, 1001.0, 1001.5]


def test_a_wait_beyond_the_run_ends_another_process_too_without_a_request(folder: str) -> None:
    """F01: 3600 seconds, two runs of ten minutes, one request in all."""
    clock = Clock()
    with raw_server(reply(b"", "429 Slow")) as server:
        asked: list[int] = []

        def ask() -> None:
            asked.append(1)
            raise RateLimited("slow down", retry_after=3600.0)

        with pytest.raises(RateLimited):
            make_io(server.url, clock, gates_folder=folder, run_deadline=600.0).call(ask)
        with pytest.raises(QuotaExhausted):
            make_io(server.url, clock, gates_folder=folder, run_deadline=600.0).call(ask)
    assert (len(asked), clock.slept) == (1, [])


def test_real_processes_keep_one_rate(tmp_path: Path) -> None:
    """F01: three processes, 25 requests a second together, real time."""
    program = (
        "import sys, time\n"
        "from connectors._shared.io import RunIo\n"
        "from connectors.base import IoSettings, SourceSettings\n"
        "settings = SourceSettings('s' + sys.argv[2], 'jira', 'http://127.0.0.1:9', user='robot')\n"
        "io = RunIo(settings, IoSettings(rate=25.0, gates_folder=sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "print(*(io.call(time.monotonic) for _ in range(5)))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([*command, str(number)], **pipes) for number in range(3)]  # type: ignore[call-overload]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    begun = time.monotonic()
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    instants = sorted(float(word) for process in running for word in process.communicate(timeout=60)[0].split())
    assert len(instants) == 15
    assert all(instant >= begun + number / 25.0 for number, instant in enumerate(instants)), "two took one slot"


# ---- what may happen to the file


def gate_file(folder: str, boot: bytes = b"a" * 16) -> GateFile:
    return GateFile(Path(folder), "account\0bucket", boot=boot)


def written(file: GateFile, closed: float, now: float = 1000.0) -> None:
    with file.held(now) as record:
        record[0] = closed


def test_what_another_boot_wrote_counts_for_nothing(folder: str) -> None:
    """The monotonic clock starts again with the machine: a wait of the last boot may lie days ahead, or minutes."""
    written(gate_file(folder), 1030.0)
    assert gate_file(folder).peek(1000.0)[0] == 1030.0
    assert gate_file(folder, boot=b"b" * 16).peek(1000.0)[0] == float("-inf")
    assert gate_file(folder, boot=b"b" * 16).peek(1.0)[0] == float("-inf")


def test_without_a_boot_id_nothing_further_ahead_than_a_day_is_believed(folder: str) -> None:
    written(gate_file(folder, bytes(16)), 1000.0 + DAY, now=1000.0)
    assert gate_file(folder, bytes(16)).peek(1000.0)[0] == 1000.0 + DAY
    assert gate_file(folder, bytes(16)).peek(3.0)[0] == float("-inf")


def test_an_absurd_wait_keeps_others_for_a_day_and_no_longer(folder: str) -> None:
    """F01: a year in a header must not silence an account until the next boot."""
    clock = Clock()
    with pytest.raises(RateLimited):
        make_io(URL, clock, gates_folder=folder).call(told_to_wait(365 * DAY))
    with pytest.raises(QuotaExhausted):
        make_io(URL, clock, gates_folder=folder).call(ok)
    clock.now += DAY
    assert make_io(URL, clock, gates_folder=folder).call(ok) == "ok"


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 44, b"\xff" * 44, b"ANCHGT01" + b"\xff" * 36, b"x" * 10_000])
def test_a_damaged_file_is_an_open_gate_and_is_mended(folder: str, damage: bytes) -> None:
    clock = Clock()
    make_io(URL, clock, gates_folder=folder).call(ok)
    (path,) = Path(folder).iterdir()
    path.write_bytes(damage)
    assert make_io(URL, clock, gates_folder=folder).call(ok) == "ok"
    with pytest.raises(RateLimited):
        make_io(URL, clock, gates_folder=folder, attempts=1).call(told_to_wait(30.0))
    make_io(URL, clock, gates_folder=folder).call(ok)
    assert sum(clock.slept) >= 30.0


def test_a_file_that_was_removed_is_made_anew_and_shared_again(folder: str) -> None:
    clock = Clock()
    first = make_io(URL, clock, gates_folder=folder)
    first.call(ok)
    (path,) = Path(folder).iterdir()
    path.unlink()
    with pytest.raises(RateLimited):
        make_io(URL, clock, gates_folder=folder, attempts=1).call(told_to_wait(30.0))
    clock.now += 2.0
    first.call(ok)
    assert sum(clock.slept) >= 28.0


def test_who_opens_a_new_file_does_not_erase_what_was_written_meanwhile(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """F01: two runs begin in one moment; the vendor tells the one to wait just as the other finds the file empty."""
    first, second = gate_file(folder), gate_file(folder)
    fstat = os.fstat

    def found(fd: int) -> os.stat_result:
        seen = fstat(fd)
        monkeypatch.setattr(os, "fstat", fstat)
        written(second, 1030.0)
        return seen

    monkeypatch.setattr(os, "fstat", found)
    assert first.peek(1000.0)[0] == 1030.0
    assert gate_file(folder).peek(1000.0)[0] == 1030.0


def test_a_process_that_was_killed_while_it_held_the_gate_holds_nobody_up(folder: str) -> None:
    """F27: the lock is the kernel's."""
    make_io(URL, gates_folder=folder).call(ok)
    (path,) = Path(folder).iterdir()
    program = (
        "import fcntl, os, sys, time; fcntl.flock(os.open(sys.argv[1], os.O_RDWR), 2); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    clock = Clock()
    io = make_io(URL, clock, gates_folder=folder, rate=1.0)
    assert [io.call(ok) for _ in range(3)] == ["ok"] * 3
    assert clock.slept == [1.0, 1.0]


def test_a_holder_that_was_stopped_holds_nobody_up_for_long(folder: str, caplog: pytest.LogCaptureFixture) -> None:
    """F28: a stopped process keeps its lock. The others keep the limits for themselves, and say so once."""
    pauses: list[float] = []
    file = GateFile(Path(folder), "x", pause=pauses.append)
    with file.held(0.0):
        pass
    holder = os.open(file.path, os.O_RDWR)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        gate = limits.Gate(file)
        assert [gate.wait(now, 1.0)[0] for now in (0.0, 0.5, 1.0)] == [0.0, 0.5, 0.0]
    finally:
        os.close(holder)
    assert sum(pauses) <= 1.0
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("how", ["a file is in its place", "nobody may write", "full", "gone bad"])
def test_a_folder_that_cannot_be_used_costs_one_warning_and_nothing_else(
    folder: str, how: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F25: the gate of the process itself goes on."""
    path = Path(folder)
    if how == "a file is in its place":
        path.write_text("")
    else:
        numbers = {"nobody may write": errno.EACCES, "full": errno.ENOSPC, "gone bad": errno.EIO}
        name = "open" if how == "nobody may write" else "pwrite"

        def refuse(*_: object) -> int:
            raise OSError(numbers[how], os.strerror(numbers[how]))

        monkeypatch.setattr(gatefile.os, name, refuse)
    clock, gates = Clock(), Gates()
    with caplog.at_level(logging.WARNING):
        with pytest.raises(RateLimited):
            make_io(URL, clock, gates=gates, gates_folder=folder, attempts=1).call(told_to_wait(30.0))
        make_io(URL, clock, gates=gates, gates_folder=folder).call(ok)
        make_io(URL, clock, gates=Gates(), gates_folder=folder).call(ok)
    monkeypatch.undo()
    assert 30.0 <= sum(clock.slept) <= 32.0
    assert (
        len(caplog.messages) == 1
        and caplog.messages[0].startswith("Rate limits are not shared")
        and caplog.messages[0].endswith(".")
    )


def test_names_and_contents_hold_no_credential_and_only_the_owner_may_look(folder: str) -> None:
    """S01, S02: nor the user or the site."""
    make_io(URL, gates_folder=folder).call(ok)
    (path,) = Path(folder).iterdir()
    assert path.stem.isalnum() and len(path.stem) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert Path(folder).stat().st_mode & 0o777 == 0o700
    for word in (SECRET.encode(), b"robot", b"127.0.0.1"):
        assert word not in path.read_bytes()


# ---- what it costs


def test_a_request_without_a_rate_costs_one_read_and_no_lock(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    io = make_io(URL, clock, gates_folder=folder)
    io.call(ok)
    calls: list[str] = []
    for name in ("pread", "pwrite", "open", "fstat"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, name=name, real=real: (calls.append(name), real(*args))[1])
    monkeypatch.setattr(fcntl, "flock", lambda *_: calls.append("flock"))
    for _ in range(100):
        io.call(ok)
    assert calls == ["pread"] * 100


def test_a_look_takes_microseconds(folder: str) -> None:
    gate = Gates().of("account", "bucket", folder)
    for rate, most in ((None, 100e-6), (1e9, 500e-6)):
        begun = time.process_time()
        for number in range(1000):
            gate.wait(float(number), rate)
        assert (time.process_time() - begun) / 1000 < most
