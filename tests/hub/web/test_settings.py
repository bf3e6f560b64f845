"""From `config.toml` to who may ask: `[web]`, and what the daemon's companions make of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hub.cli.companions import Lines, fresh, level, nightly, policy
from hub.config import Config, load_config
from hub.daemon.events import Missed, ReloadFailed, RunEnded, RunEvent, RunLine, RunOutcome, RunStarted
from hub.errors import ConfigError
from hub.store.read_status import Completed
from tests.hub.cli.builders import run
from tests.hub.test_log import Written, clean  # noqa: F401 - a fixture

HOUR = 3_600_000
SOURCE = '[source.{}]\nkind = "jira"\nurl = "https://{}.example"\nuser = "u"\n{}'


def config(folder: Path, web: str = "", *sources: str) -> Config:
    (folder / "mappings").mkdir(exist_ok=True)
    (folder / "config.toml").write_text(f"[web]\n{web}\n" + "".join(sources or (SOURCE.format("jira", "x", ""),)))
    return load_config(folder / "config.toml", {})


# ---- [web] --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", "[::]:8080", "192.0.2.7:80", "okr.example:443"])
def test_an_open_address_is_refused_before_anything_begins(listen: str, tmp_path: Path) -> None:
    """S15: exit code 2, unless `insecure_allow_public` says that it is meant."""
    with pytest.raises(ConfigError):
        config(tmp_path, f'listen = "{listen}"')
    done = run("serve", folder=tmp_path)
    assert done.returncode == 2 and "insecure_allow_public" in " ".join(done.stderr.split())
    assert config(tmp_path, f'listen = "{listen}"\ninsecure_allow_public = true').web.public


def test_only_this_machine_by_default(tmp_path: Path) -> None:
    """S15: without a line about it."""
    web = config(tmp_path).web
    assert (web.host, web.port, web.public, web.hosts) == ("127.0.0.1", 8080, False, ())


def test_names_and_networks_are_read(tmp_path: Path) -> None:
    """S15: which names are ours, and who may read the metrics."""
    found = policy(config(tmp_path, 'hosts = ["OKR.Example.com."]\nmetrics_networks = ["10.1.2.3/8", "fd00::/8"]').web)
    assert found.calls("okr.example.com:443") and not found.calls("evil.example")
    scope: dict[str, Any] = {"headers": [], "client": ("10.200.0.1", 5)}
    assert found.near(scope) and not found.near(scope | {"client": ("11.0.0.1", 5)})


@pytest.mark.parametrize("line", ['hosts = ["https://okr.example"]', 'hosts = ["a b"]', 'metrics_networks = ["10.0.0.0/99"]'])
def test_what_is_no_name_or_network_is_a_mistake(line: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        config(tmp_path, line)
    assert refused.value.problems[0].line == 2


# ---- the daemon's companions --------------------------------------------------------------------------------------------------


def files(found: Config) -> Any:
    return SimpleNamespace(config=found)


def test_only_sources_with_a_schedule_are_waited_for(tmp_path: Path) -> None:
    three = [
        SOURCE.format(name, name, more)
        for name, more in (("a", ""), ("b", "nightly = false\n"), ("c", 'nightly = false\nevery = "1h"\n'))
    ]
    found = files(config(tmp_path, "", *three))
    assert nightly(found) == ["a"]
    health: Any = SimpleNamespace(completed=lambda: {"a": None, "b": None})
    assert fresh(found, health) == {"a": False, "c": False}


def test_a_source_is_fresh_for_as_long_as_its_schedule_promises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A12: a source that was never completed is not fresh, and neither is one whose last complete run is too old."""
    found = files(config(tmp_path))
    health: Any = SimpleNamespace(completed=lambda: {"jira": Completed(0, 100 * HOUR, 100 * HOUR)})
    for now, expected in ((100, True), (130, True), (131, False)):
        monkeypatch.setattr("hub.cli.access.now", lambda now=now: now * HOUR)
        assert fresh(found, health) == {"jira": expected}


def test_lines_of_children_are_passed_on_as_they_are() -> None:
    written = Written()
    lines = Lines()
    lines(
        RunLine(0, "jira", '{"timestamp":"2026-11-22T00:00:00Z","level":"info","event":"run_ended","source":"jira","run_id":7}')
    )
    lines(RunLine(0, "jira", "Segmentation fault"))
    lines(RunEvent(0, "jira", {"event": "Progressed"}))
    passed, said = written.all
    assert passed == {"timestamp": "2026-11-22T00:00:00Z", "level": "info", "event": "run_ended", "source": "jira", "run_id": 7}
    assert (said["event"], said["line"], said["level"]) == ("child_said", "Segmentation fault", "warning")


def test_what_the_daemon_does_has_stable_names() -> None:
    written = Written()
    outcome = RunOutcome("failed", 1, run_id=7, error="no answer")
    Lines()(RunEnded(0, "jira", "nightly", "schedule", outcome, 1500))
    Lines()(ReloadFailed(0, "mapping", ("a.toml:1: wrong",)))
    ended, failed = written.all
    assert (ended["event"], ended["result"], ended["run_id"], ended["duration_ms"]) == ("child_ended", "failed", 7, 1500)
    assert (failed["event"], failed["problems"]) == ("reload_failed", ["a.toml:1: wrong"])


def test_nights_that_fail_are_not_hidden_by_deltas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A12: only a nightly or full run notices what is gone; complete deltas do not keep a source fresh."""
    health: Any = SimpleNamespace(completed=lambda: {"jira": Completed(0, 131 * HOUR, 100 * HOUR)})
    monkeypatch.setattr("hub.cli.access.now", lambda: 131 * HOUR)
    assert fresh(files(config(tmp_path)), health) == {"jira": False}


def test_instants_are_written_for_people() -> None:
    written = Written()
    Lines()(RunStarted(0, "jira", "nightly", "schedule", 41, 1_795_167_000_000))
    Lines()(Missed(0, "jira", (1_795_167_000_000,)))
    begun, missed = written.all
    assert begun["due_at"] == "2026-11-20T09:30:00Z" and missed["slots"] == ["2026-11-20T09:30:00Z"]


def test_what_cron_begins_is_silent_when_all_is_well() -> None:
    assert level("info", once=True, watched=False) == "warning"
    assert level("info", once=True, watched=True) == level("info", once=False, watched=False) == "info"
    assert level("debug", once=True, watched=False) == "debug" and level("error", once=True, watched=False) == "error"


def test_lines_of_children_keep_to_the_level() -> None:
    written = Written("warning")
    for word in ("info", "warning"):
        Lines()(RunLine(0, "jira", f'{{"level":"{word}","event":"run_ended"}}'))
    assert [line["level"] for line in written.all] == ["warning"]
