"""Parts of the daemon that need no loop: telling systemd, outcomes of children, the events as dictionaries, files."""

from __future__ import annotations

import dataclasses
import os
import socket
from pathlib import Path
from typing import get_args

import orjson
import pytest

from hub.daemon import events
from hub.daemon.files import data_folders, last_good
from hub.daemon.jobs import Job, combined, evaluation, final, told
from hub.daemon.notify import Notify
from hub.daemon.requests import answer, answered
from hub.daemon.state import Board, Running

JOB = Job("jira", "nightly", "schedule", 0)


# ---- systemd ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told(tmp_path: Path, abstract: bool) -> None:
    name = f"anchorline-test-{os.getpid()}"
    address, bound = (f"@{name}", f"\0{name}") if abstract else (str(tmp_path / "n"), str(tmp_path / "n"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(bound)
        manager.settimeout(5)
        notify = Notify({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": str(os.getpid())})
        for tell in (notify.ready, notify.ready, notify.alive, notify.alive, lambda: notify.status("a\nb"), notify.stopping):
            tell()
        found = [manager.recv(100).decode() for _ in range(5)]
    assert found == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "STATUS=a b", "STOPPING=1"]


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": "/no/such/socket"}])
def test_without_systemd_nothing_happens(environ: dict[str, str]) -> None:
    notify = Notify(environ)
    notify.ready()
    notify.alive()
    notify.status("fine")


def test_what_systemd_could_not_take_is_told_again(tmp_path: Path) -> None:
    """Else one moment without a reader would end the daemon as one that never became ready."""
    notify = Notify({"NOTIFY_SOCKET": str(tmp_path / "n")})
    notify.ready()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "n"))
        manager.settimeout(5)
        for _ in range(2):
            notify.ready()
        notify.status("word " * 2000)
        assert manager.recv(100) == b"READY=1"
        assert len(manager.recv(9000)) < 4096  # systemd drops what is longer


# ---- outcomes ---------------------------------------------------------------------------------------------------------------

SUMMARY = {
    "run_id": 4,
    "result": "held",
    "seq": 9,
    "counts": {"read": 3},
    "error": "Much is gone.",
    "hint": "Look.",
    "notes": ["x"],
}


def test_what_a_child_says_counts_when_its_code_agrees() -> None:
    said = told({"event": "Ended", "source": "jira", "summary": SUMMARY})
    assert said is not None
    assert final(JOB, said, 4) == said
    assert (said.result, said.code, said.run_id, said.seq, said.counts, said.notes) == ("held", 4, 4, 9, {"read": 3}, ("x",))


@pytest.mark.parametrize(
    ("code", "result", "signal", "error"),
    [
        (-9, "failed", 9, "Its process was ended by signal 9."),
        (1, "failed", None, "Its process ended with code 1."),
        (0, "failed", None, "Its process ended with code 0."),
        (3, "locked", None, "Its process ended with code 3."),
        (2, "refused", None, "Its process ended with code 2."),
    ],
)
def test_a_child_that_broke_off(code: int, result: str, signal: int | None, error: str) -> None:
    found = final(JOB, None, code)
    assert (found.result, found.signal, found.error) == (result, signal, error)
    assert found.code != 0


def test_a_child_that_said_all_is_well_and_died_did_not_complete() -> None:
    said = told({"event": "Ended", "source": "jira", "summary": SUMMARY | {"result": "complete"}})
    assert final(JOB, said, -11).result == "failed"
    assert final(JOB, said, -11).run_id == 4


def test_an_evaluation_says_how_it_went() -> None:
    assert final(evaluation(0), told({"event": "Evaluated", "seq": 4}), 0).seq == 4
    assert final(evaluation(0), told({"event": "Evaluated", "seq": None}), 5).result == "partial"


@pytest.mark.parametrize(("codes", "code"), [([], 0), ([0, 0], 0), ([4, 4], 4), ([0, 4], 5), ([1, 0], 5), ([1, 4], 5)])
def test_codes_of_several_runs(codes: list[int], code: int) -> None:
    assert combined(codes) == code


def test_an_answer_in_the_inbox_tells_the_same() -> None:
    said = told({"event": "Ended", "source": "jira", "summary": SUMMARY})
    assert said is not None
    stored = orjson.loads(orjson.dumps(answer("jira", said)))
    assert stored["run"] == 4
    assert answered(stored) == said


# ---- events and state -------------------------------------------------------------------------------------------------------


def test_every_event_is_a_frozen_value_and_a_dictionary_that_json_takes() -> None:
    samples = {int: 7, str: "x", float: 1.5}
    for kind in get_args(events.Event):
        assert kind.__dataclass_params__.frozen
        given = {}
        for each in dataclasses.fields(kind):
            given[each.name] = {
                "outcome": events.RunOutcome("complete", 0), "event": {"event": "Progressed", "read": 1}, "slots": (1, 2),
                "problems": ("a.",), "seconds": 1.5,
            }.get(each.name, samples[int] if "int" in str(each.type) else "x")  # fmt: skip
        found = events.as_dict(kind(**given))
        assert found["event"] == events.name_of(kind(**given)) == kind.__name__
        orjson.dumps(found)


def test_a_look_at_the_state_stays_as_it_was() -> None:
    board = Board(1, 2)
    board.source("jira", running=Running("delta", "schedule", 5, 77))
    seen = board.state
    board.source("jira", running=None)
    board.change(role="owner")
    assert seen.sources["jira"].running is not None
    assert seen.role == "starting"
    assert board.state.sources["jira"].running is None
    assert 0 <= board.state.age() < 60


# ---- files ------------------------------------------------------------------------------------------------------------------


def test_where_the_last_good_text_may_lie(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('database = "sqlite:///var/a.db"\n[[[')
    assert data_folders(config, {}) == [tmp_path / "var", tmp_path / "data"]
    assert data_folders(config, {"ANCHORLINE_DATABASE": "sqlite:////srv/b.db"})[0] == Path("/srv")
    assert data_folders(config, {"ANCHORLINE_DATABASE": "postgresql://a@b/c"})[-1] == tmp_path / "data"
    assert last_good(config, tmp_path) == tmp_path / "config.last-good.toml"
