"""Exit codes, child processes, redaction and the crash log."""

from __future__ import annotations

import base64
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.cli import children, failures
from hub.cli.app import options_first
from hub.cli.outcome import Outcome, combined, of_error, of_event
from hub.cli.syncing import next_steps
from hub.cli.watching import View
from hub.errors import AnchorlineError, Locked, UsageError


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [
        ([0], 0),
        ([0, 0, 0], 0),
        ([1, 1], 1),
        ([2, 2], 2),
        ([3], 3),
        ([4, 4], 4),
        ([5, 5], 5),
        ([0, 1], 5),
        ([0, 4], 5),
        ([1, 4], 5),
        ([1, 3], 5),
        ([0, 2], 5),
        ([], 0),
    ],
)
def test_several_codes_become_one(codes: list[int], wanted: int) -> None:
    assert combined(codes) == wanted


def test_what_the_hub_refuses_is_an_outcome() -> None:
    assert of_error("jira", Locked("in use")).result == "locked"
    assert of_error("jira", Locked("in use")).exit_code == 3
    assert of_error("jira", UsageError("no secret", hint="set it")) == Outcome(
        "jira", "refused", 2, error="no secret.", hint="set it."
    )
    assert of_error("jira", AnchorlineError("disk full")).result == "failed"


ENDS = {
    "complete": Outcome("a", "complete", 0, run_id=1, seq=9),
    "partial": Outcome("b", "partial", 5, run_id=2, seq=9),
    "failed": Outcome("c", "failed", 1, run_id=3),
    "held": Outcome("d", "held", 4, run_id=4),
    "locked": Outcome("e", "locked", 3),
    "refused": Outcome("f", "refused", 2),
}


@pytest.mark.parametrize(
    ("results", "wanted"),
    [
        (["complete"], ["progress", "unanchored"]),
        (["partial"], ["sync b", "runs", "progress"]),
        (["failed"], ["sync c", "runs"]),
        (["complete", "failed"], ["sync c", "runs", "progress"]),
        (["complete", "refused"], ["progress"]),  # it says itself what to mend, and no run tells of it
        (["held"], ["runs"]),
        (["locked"], []),
        (["refused"], []),
    ],
)
def test_after_a_run_to_mend_comes_before_to_look(results: list[str], wanted: list[str]) -> None:
    steps = next_steps([ENDS[result] for result in results])
    assert [command.removeprefix("anchorline ") for command, _ in steps] == wanted


def test_events_that_tell_no_outcome() -> None:
    assert of_event({"event": "Progressed", "source": "jira"}) is None


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["sync", "jira"], ["sync", "jira"]),
        (["sync", "--config", "x.toml", "jira"], ["--config", "x.toml", "sync", "jira"]),
        (["sync", "--config=x.toml"], ["--config=x.toml", "sync"]),
        (["explain", "--", "--config", "x"], ["explain", "--", "--config", "x"]),
        (["sync", "--config"], ["sync", "--config"]),
    ],
)
def test_the_config_option_may_stand_anywhere(given: list[str], wanted: list[str]) -> None:
    assert options_first(given) == wanted


# ---- children -----------------------------------------------------------------------------------------------------------


class Heard(View):
    def __init__(self) -> None:
        self.events: list[str] = []
        self.notes: list[tuple[str, str]] = []

    def __call__(self, event: object) -> None:
        assert isinstance(event, dict)
        self.events.append(event["event"])

    def note(self, source: str, line: str) -> None:
        self.notes.append((source, line))


def child(code: str) -> list[str]:
    return [sys.executable, "-c", f"import sys, json, time, os\n{code}"]


SUMMARY = '{"source": "a", "run_id": 7, "result": "partial", "counts": {"read": 3}, "error": "half", "hint": null, "seq": 9}'


def test_children_are_listened_to_together() -> None:
    ok = f"""print('{{"event": "Ended", "source": "a", "summary": {SUMMARY}}}'); sys.exit(5)"""
    told = '{"event": "Refused", "source": "b", "result": "locked", "exit_code": 3, "error": "x", "hint": null}'
    refused = f"print('{told}'); sys.exit(3)"
    broken = "print('Traceback: oh', file=sys.stderr); os._exit(1)"
    killed = "os.kill(os.getpid(), 9)"
    heard = Heard()
    found = children.run_all({"a": child(ok), "b": child(refused), "c": child(broken), "d": child(killed)}, heard)
    assert [(o.source, o.result, o.exit_code) for o in found] == [
        ("a", "partial", 5),
        ("b", "locked", 3),
        ("c", "failed", 1),
        ("d", "failed", 1),
    ]
    assert (found[0].run_id, found[0].seq, found[0].counts) == (7, 9, {"read": 3})
    assert "ended with code 1" in (found[2].error or "")
    assert "signal 9" in (found[3].error or "")
    assert heard.notes == [("c", "Traceback: oh")]
    assert sorted(heard.events) == ["Ended", "Refused"]


def test_a_child_that_says_one_thing_and_ends_otherwise_has_failed() -> None:
    said = f"""print('{{"event": "Ended", "source": "a", "summary": {SUMMARY}}}'); sys.exit(1)"""
    assert children.run_all({"a": child(said)}, Heard())[0].result == "failed"


def test_leaving_early_ends_the_children() -> None:
    waiting = child("print('up', flush=True); time.sleep(300)")
    with pytest.raises(KeyboardInterrupt), children.started({"a": waiting, "b": waiting}) as running:
        for process in running.values():
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
        raise KeyboardInterrupt
    assert [process.returncode for process in running.values()] == [-signal.SIGTERM, -signal.SIGTERM]


def test_a_child_ends_when_its_parent_is_gone() -> None:
    code = "from hub.cli import children\nchildren.end_with_parent()\nprint('up', flush=True)\ntime.sleep(300)"
    with subprocess.Popen(child(code), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"up\n"
        process.stdin.close()
        assert process.wait(60) == -signal.SIGTERM


def test_being_asked_to_end_leaves_by_an_exception() -> None:
    code = (
        "from hub.cli import children\nfrom hub.cli.failures import guarded\n"
        "with guarded():\n    children.heed_signals()\n    try:\n        print('up', flush=True); time.sleep(300)\n"
        "    finally:\n        print('tidied', flush=True)"
    )
    with subprocess.Popen(child(code), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.terminate()
        assert process.stdout.read() == b"tidied\n"
        assert process.wait(60) == 143


# ---- secrets and crashes ------------------------------------------------------------------------------------------------

SECRET = "s3cr3t/Token+with=odd&chars"


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    monkeypatch.setenv("ANCHORLINE_JIRA__TOKEN", SECRET)
    monkeypatch.setenv("ANCHORLINE_OTHER__TOKEN", SECRET[:6])  # a secret that begins another one
    (tmp_path / "file").write_text("from-a-file\n")
    monkeypatch.setenv("ANCHORLINE_THIRD__TOKEN_FILE", str(tmp_path / "file"))
    yield SECRET


def test_secrets_are_hidden_in_every_form(secret: str) -> None:
    basic = base64.b64encode(secret.encode()).decode()
    for form in (secret, "s3cr3t%2FToken%2Bwith%3Dodd%26chars", basic, basic.rstrip("="), "from-a-file", secret[:6]):
        assert failures.redact(f"before {form} after") == "before [hidden] after"


def test_a_fault_of_our_own_is_written_down_without_secrets(
    secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(failures, "crash_folder", [tmp_path])
    with pytest.raises(SystemExit) as left, failures.guarded():
        raise RuntimeError(f"refused {secret}")
    assert left.value.code == 1
    (log,) = tmp_path.glob("anchorline-crash-*.log")
    assert log.stat().st_mode & 0o077 == 0
    text = log.read_text()
    assert "RuntimeError: refused [hidden]" in text
    assert "test_outcomes.py" in text
    assert secret not in text + "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (AnchorlineError("x"), 1),
        (UsageError("x"), 2),
        (Locked("x"), 3),
        (KeyboardInterrupt(), 130),
        (failures.Terminated(15), 143),
        (SystemExit(4), 4),
        (failures.ReaderGone(), 0),
    ],
)
def test_every_end_has_its_code(raised: BaseException, code: int) -> None:
    with pytest.raises(SystemExit) as left, failures.guarded():
        raise raised
    assert left.value.code == code


def test_a_crash_without_a_data_folder_is_written_where_we_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(failures, "crash_folder", [tmp_path / "not" / "there"])
    with pytest.raises(SystemExit), failures.guarded():
        raise ValueError("odd")
    assert len(list(tmp_path.glob("anchorline-crash-*.log"))) == 1


def test_a_password_in_a_mistyped_database_address_is_hidden_in_all_its_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANCHORLINE_DATABASE", "postgresql://u:p@ss:w0rd-secret@host:5432x/db")
    said = failures.redact("ValueError: invalid literal 'w0rd-secret@host:5432x' of u:p@ss:w0rd-secret@host")
    assert "w0rd" not in said and "p@ss" not in said
