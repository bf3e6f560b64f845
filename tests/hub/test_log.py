"""Lines of the log, and what never appears in one: S02."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from hub.log import lines, redactor
from hub.log.forms import SHORTEST
from hub.log.lines import bound, configure, get
from hub.log.redactor import HIDDEN, hide, redact, redacted
from hub.log.runs import RunLines
from hub.sync.events import Ended, PartitionEnded, PartitionStarted, Progressed, RunSummary, Started

SECRET = "pl4nted/S3cret+of=the&house"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test begins without our variables and leaves logging as it was."""
    for name in [name for name in os.environ if name.startswith("ANCHORLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(redactor, "_registered", set())
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in lines.QUIET}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)
    logging.captureWarnings(False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


class Written:
    """What was written, as values."""

    def __init__(self, level: str = "info", format: lines.Format = "json") -> None:
        self.stream = io.StringIO()
        configure(level, format, self.stream)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


# ---- secrets ----------------------------------------------------------------------------------------------------------------


def forms_of(secret: str) -> dict[str, str]:
    """Ways in which a secret travels, written down without the code under test."""
    raw = secret.encode()
    basic = base64.b64encode(f"somebody@example.com:{secret}".encode()).decode()
    return {
        "plain": secret,
        "quoted": quote(secret, safe=""),
        "quoted, small": quote(secret, safe="").lower() if quote(secret, safe="") != secret else secret,
        "plus": quote_plus(secret),
        "json": json.dumps(secret)[1:-1],
        "json, unicode": json.dumps(secret, ensure_ascii=False)[1:-1],
        "repr": repr(secret)[1:-1],
        "base64": base64.b64encode(raw).decode(),
        "url base64": base64.urlsafe_b64encode(raw).decode(),
        "hex": raw.hex(),
        "basic": f"Authorization: Basic {basic}",
    }


SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=6, max_size=40)


@given(SECRETS, st.integers(1, 30), st.text(max_size=20))
def test_no_form_of_any_secret_survives(secret: str, cut: int, around: str) -> None:
    """S02: random secrets, also where one begins another, plain and encoded, within any text."""
    shorter = secret[: max(SHORTEST, len(secret) - cut)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redactor, "_registered", {secret, shorter, secret + "x" * cut})
        for name, form in forms_of(secret).items():
            if name == "quoted, small" and form != form.upper() and secret.lower() != secret:
                continue  # another text: only the digits of an escape may be small
            said = redact(f"{around} {form} {around}")
            assert form not in said.replace(HIDDEN, "") or form in around or form in HIDDEN, (name, said)


@given(st.lists(SECRETS, min_size=2, max_size=4), st.randoms())
def test_secrets_that_overlap_leave_no_rest(secrets: list[str], random: Any) -> None:
    """S02: two secrets that share characters where they meet are hidden together."""
    whole = "".join(secrets)
    cuts = [whole[begin : begin + 8] for begin in range(0, len(whole) - 8, 3)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redactor, "_registered", set(cuts))
        if cuts:
            assert redact(f"<{whole[: 3 * (len(cuts) - 1) + 8]}>").replace(HIDDEN, "") == "<>"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Authorization: Bearer abc.def-123", "abc.def"),
        ("sent 'Authorization': 'Basic dXNlcjpwYXNz', then", "dXNlcjpwYXNz"),
        ("Cookie: sid=99aa; other=bb", "99aa"),
        ("Set-Cookie: sid=99aa; HttpOnly", "99aa"),
        ('{"api_token": "k-1234"}', "k-1234"),
        ("password='hunter2'", "hunter2"),
        ("GET /x?key=1&token=k-1234&page=2", "k-1234"),
        ("https://hooks.slack.com/services/T0/B0/zzz", "zzz"),
        ("https://corp.webhook.office.com/webhookb2/zzz", "zzz"),
        ("https://chat.example/api/webhooks/77/zzz", "zzz"),
        ("postgresql://anchor:hunter2@db/x", "hunter2"),
        ("ANCHORLINE_JIRA__TOKEN=k-1234 anchorline sync", "k-1234"),
        ("X-Api-Key: k-1234", "k-1234"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_though_nobody_named_it(text: str, left: str) -> None:
    """S02: headers, cookies, webhooks and values under telling keys."""
    assert left in text
    assert left not in redact(text)


def test_sentences_stay_as_they_are() -> None:
    for text in (
        "The secret of the source jira is not set.",
        "Jira refuses the credential (401): make a new token, they end after a year.",
        "Set ANCHORLINE_JIRA__TOKEN, or ANCHORLINE_JIRA__TOKEN_FILE to the path of a file that holds it.",
        "Use basic authentication or a bearer token there.",
        "https://larkfield.example/browse/CORE-12?focus=3",
    ):
        assert redact(text) == text


def test_a_rotated_file_is_known_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """S02: a secret file that is replaced while the daemon runs."""
    file = tmp_path / "token"
    file.write_text("the-first-one\n")
    monkeypatch.setenv("ANCHORLINE_JIRA__TOKEN_FILE", str(file))
    assert redact("the-first-one") == HIDDEN
    file.write_text("the-second-and-longer\n")
    assert redact("the-second-and-longer") == HIDDEN


def test_the_path_of_a_ping_address_is_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANCHORLINE_PING_URL", "https://hc.example/ping/6f9a4c51-0001")
    assert redact("GET /ping/6f9a4c51-0001/start failed") == f"GET /{HIDDEN}/start failed"


def test_values_lose_what_stands_under_telling_keys() -> None:
    """S02: nested values, sequences and odd types."""
    hide(SECRET)
    said = redacted({"headers": {"Authorization": ["x1", "x2"], "Accept": "a"}, "n": [1, {"deep": SECRET}], "path": Path(SECRET)})
    assert said["headers"] == {"Authorization": HIDDEN, "Accept": "a"}
    assert SECRET not in json.dumps(said)
    assert said["n"][0] == 1


# ---- lines ------------------------------------------------------------------------------------------------------------------


def test_a_line_is_json_with_stable_fields() -> None:
    written = Written()
    with bound(source="jira", run_id=7):
        get("hub.sync").info("page_stored", page=3, duration_ms=41)
    (line,) = written.all
    assert list(line)[:5] == ["timestamp", "level", "event", "source", "run_id"]
    assert line | {"timestamp": ""} == {
        "timestamp": "", "level": "info", "event": "page_stored", "source": "jira", "run_id": 7, "logger": "hub.sync", "page": 3,
        "duration_ms": 41,
    }  # fmt: skip
    assert line["timestamp"].endswith("Z")


def test_lines_of_libraries_carry_source_and_run() -> None:
    written = Written()
    with bound(source="jira", run_id=7):
        logging.getLogger("connectors.jira").warning("the board %s is closed", 4)
        logging.getLogger("connectors").info("again", extra={"waiting": 2.04, "attempt": 3})
    first, second = written.all
    assert (first["event"], first["message"], first["source"], first["run_id"]) == ("library", "the board 4 is closed", "jira", 7)
    assert (second["event"], second["seconds"], second["attempt"], second["source"]) == ("waiting", 2.0, 3, "jira")


@pytest.mark.parametrize("name", ["httpx", "urllib3", "jira"])
def test_lines_with_whole_addresses_and_headers_are_not_written(name: str) -> None:
    """S02: these libraries log requests at INFO and DEBUG."""
    written = Written("debug")
    logging.getLogger(name).info("GET https://x.example/?token=k")
    logging.getLogger(f"{name}.connectionpool").debug("headers")
    assert written.text == ""


def test_a_traceback_is_text_before_it_is_redacted() -> None:
    """S02: the secret in an exception, in its cause, in a frame's text and in the arguments of a line."""
    hide(SECRET)
    written = Written()
    try:
        try:
            raise ValueError(f"refused {SECRET}")
        except ValueError as fault:
            raise RuntimeError({"headers": {"x": SECRET}}) from fault
    except RuntimeError:
        get("hub").exception("failed", url=f"https://x.example/{quote(SECRET, safe='')}")
        logging.getLogger("library").exception("with %s", SECRET)
    assert "RuntimeError" in written.text and "ValueError" in written.text
    assert SECRET not in written.text and quote(SECRET, safe="") not in written.text
    assert len(written.all) == 2


def test_a_warning_of_python_is_a_line() -> None:
    written = Written()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old way", DeprecationWarning, stacklevel=1)
    assert written.all[0]["event"] == "library"


def test_people_get_columns() -> None:
    written = Written(format="console")
    get("hub.daemon").info("run_started", source="jira")
    assert "run_started" in written.text and "source=jira" in written.text and "{" not in written.text


def test_the_level_holds() -> None:
    written = Written("warning")
    get("a").info("quiet")
    get("a").warning("loud")
    assert [line["event"] for line in written.all] == ["loud"]


def test_a_stream_that_is_gone_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """S02: the library's own complaint would print the arguments of the line as they are."""
    written = Written()
    written.stream.close()
    logging.getLogger("x").error("with %s", SECRET)
    assert capsys.readouterr() == ("", "")


# ---- runs -------------------------------------------------------------------------------------------------------------------


def run(level: str) -> list[dict[str, Any]]:
    written, clock = Written(level), iter(range(100))
    told = RunLines(lambda: float(next(clock)))
    summary = RunSummary("jira", 7, "partial", {"read": 5, "new": 2}, "PLAT: no answer", "Try again.")
    for event in (
        Started("jira", 7, 1),
        PartitionStarted("jira", "10", "Secret plan of the merger", False),
        Progressed("jira", "10", 5, 2, 0),
        Progressed("jira", "10", 9, 2, 0),
        PartitionEnded("jira", "10", "complete"),
        Ended("jira", summary),
    ):
        told(event)
    return written.all


def test_a_run_has_one_summary() -> None:
    found = run("info")
    assert [line["event"] for line in found] == ["run_started", "partition_ended", "run_ended"]
    last = found[-1]
    assert (last["result"], last["read"], last["new"], last["level"]) == ("partial", 5, 2, "warning")
    assert last["duration_ms"] > 0 and "counts" not in last


def test_what_the_vendor_called_things_is_debug_only() -> None:
    assert "merger" not in json.dumps(run("info"))
    pages = [line for line in run("debug") if line["event"] == "page_stored"]
    assert [(line["page"], line["duration_ms"]) for line in pages] == [(1, 1000), (2, 1000)]


# ---- what nobody catches ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["thread", "main", "destructor"])
@pytest.mark.parametrize("logged", [True, False])
def test_what_nobody_catches_is_told_without_secrets(where: str, logged: bool, tmp_path: Path) -> None:
    """S02: exceptions of threads, of the interpreter's last resort and of destructors."""
    body = {
        "thread": "t = threading.Thread(target=boom); t.start(); t.join()",
        "main": "sys.excepthook(RuntimeError, made(), None)",
        "destructor": "class D:\n        def __del__(self): boom()\n    D()",
    }[where]
    code = (
        "import sys, threading\nfrom hub.cli.failures import guarded\n"
        f"def made(): return RuntimeError('refused {SECRET}')\ndef boom(): raise made()\n"
        + ("from hub.log.lines import configure; configure('info', 'json')\n" if logged else "")
        + f"with guarded():\n    {body}\n"
    )
    env = os.environ | {"ANCHORLINE_JIRA__TOKEN": SECRET}
    words = [sys.executable, "-P", "-c", code]
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    written = "".join(path.read_text() for path in tmp_path.glob("anchorline-crash-*"))
    assert "RuntimeError: refused [hidden]" in written
    assert SECRET not in done.stdout + done.stderr + written
    if logged:
        assert json.loads(done.stderr)["event"] == "crash"


def test_threads_may_write_at_once() -> None:
    written = Written()
    threads = [threading.Thread(target=lambda: [get("x").info("line", n=n) for n in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written.all) == 200
