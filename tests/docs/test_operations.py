"""docs/operations.md and the Dockerfile: what they name exists, and what must be in them is."""

from __future__ import annotations

import configparser
import importlib.metadata
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.cli.app import build
from hub.cli.companions import _LINES
from hub.config import load_config
from hub.config.environment import DATABASE, PING
from hub.log import runs
from hub.web.app import Probes, application
from hub.web.guard import Policy
from hub.web.metrics import Metrics
from tests.hub.web.test_health import FIGURES, ended

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def block(kind: str) -> str:
    """The only fenced block of a kind."""
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.M | re.S)
    return str(found)


# ---- what is named exists -----------------------------------------------------------------------------------------------------


def commands() -> list[str]:
    """Every call of ours: in backticks, in blocks, and in the unit."""
    spans = re.findall(r"`(anchorline [^`]+)`", PAGE)
    lines = re.findall(r"(?:^|/)(anchorline (?:--config \S+ )?[a-z].*)$", PAGE, re.M)
    return [re.sub(r" --config \S+", "", each) for each in (*spans, *lines)]


@pytest.mark.parametrize("line", commands())
def test_every_command_and_option_exists(line: str) -> None:
    words = line.partition("#")[0].split()[1:]
    known = build().commands
    assert words[0] in known, line
    options = {name for parameter in known[words[0]].params for name in (*parameter.opts, *parameter.secondary_opts)}
    for word in words[1:]:
        assert not word.startswith("--") or word.partition("=")[0] in options, line


def test_several_commands_are_looked_at() -> None:
    assert {line.split()[1] for line in commands()} >= {
        "status",
        "doctor",
        "sync",
        "serve",
        "held",
        "approve",
        "verify",
        "resync",
    }


def metrics() -> set[str]:
    given = Metrics(lambda: FIGURES, lambda: 0.0, "1")
    given(ended(new=1, requests=3, retry_budget=1))
    text = given.text().decode()
    assert "anchorline_" in text
    return set(re.findall(r"^# TYPE (anchorline_\w+) ", text, re.M))


def test_every_metric_is_named_and_every_named_one_exists() -> None:
    named = set(re.findall(r"anchorline_[a-z_]+", PAGE)) - {"anchorline_"}
    assert named == metrics()


def test_the_labels_of_each_metric_are_its_own() -> None:
    given = Metrics(lambda: FIGURES, lambda: 0.0, "1")
    given(ended(new=1, requests=3, retry_budget=1))
    text = given.text().decode()
    for name, labels in re.findall(r"^\| `(anchorline_\w+)` \| ([^|]*) \|", PAGE, re.M):
        lines = re.findall(rf"^{name}(?:_count)?(?:\{{([^}}]*)\}})? ", text, re.M)
        if lines:
            assert sorted(re.findall(r"(\w+)=", lines[0])) == sorted(re.findall(r"`(\w+)`", labels)), name


def test_every_page_that_is_named_exists() -> None:
    inner: Any = application(Probes(lambda: 0.0, lambda: None, dict, lambda: b""), Policy())
    routes = {route.path for route in inner._inner.routes}
    named = set(re.findall(r"^\| `(/[a-z/]+)` \|", PAGE, re.M))
    assert named | {"/"} == routes and "`/` names the addresses" in PAGE


def test_every_event_that_is_named_exists() -> None:
    table = PAGE.partition("| event | when |")[2].partition("\n\n")[0]
    named = set(
        re.findall(r"`([a-z_]+)`", "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `")))
    )
    sources = "\n".join(
        path.read_text("utf-8") for folder in ("log", "web", "notify", "cli") for path in (ROOT / "hub" / folder).rglob("*.py")
    )
    written = {name for name, _ in (*runs.LINES.values(), *_LINES.values())}
    others = {"run_ended", "waiting", "library", "crash", "page_failed", "ping_sent", "ping_failed", "listening", "pages_wait"}
    assert named == {*written, *others} - {"evaluating"}
    for name in others:
        assert f'"{name}"' in sources


def test_every_variable_that_is_named_is_read() -> None:
    known = {DATABASE, "ANCHORLINE_CONFIG", PING, f"{PING}_FILE", "ANCHORLINE_JIRA__TOKEN_FILE"}
    assert set(re.findall(r"ANCHORLINE_[A-Z_]+", PAGE)) <= known
    assert set(re.findall(r"ANCHORLINE_[A-Z_]+", DOCKERFILE)) <= known


def test_the_configuration_that_is_shown_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(block("toml") + '[source.jira]\nkind = "jira"\nurl = "https://x.example"\nuser = "u"\n')
    assert load_config(path, {}).web.hosts == ("okr.example.com",)


def test_links_within_the_page_lead_somewhere() -> None:
    heads = {re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.*)$", PAGE, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= heads


ENV = dict(line.split("=", 1) for line in re.findall(r"^ANCHORLINE_\w+=\S+$", PAGE, re.M))
AS_USER = "env $(cat /etc/anchorline/env) /opt/anchorline/bin/anchorline"


def test_the_installed_environment_is_complete_and_can_be_given_in_a_line() -> None:
    assert set(ENV) == {"ANCHORLINE_CONFIG", DATABASE, "ANCHORLINE_JIRA__TOKEN_FILE"}
    assert len([line for line in PAGE.splitlines() if line.startswith(f"sudo -u anchorline {AS_USER} ")]) == 3
    assert re.search(
        rf"^    \*/15 \* \* \* \* anchorline {re.escape(AS_USER)} serve --once$", PAGE, re.M
    )  # with a user, as cron.d has it


def test_what_the_service_writes_is_made_for_its_user() -> None:
    made = re.findall(r"install -d -m 700 -o anchorline -g anchorline (\S+)", PAGE)
    assert str(Path(ENV[DATABASE].removeprefix("sqlite:///")).parent) in made
    folder = Path(ENV["ANCHORLINE_CONFIG"]).parent / "data"
    assert str(folder) in made and f"ReadWritePaths={folder}" in PAGE
    assert f"-m 400 -o anchorline -g anchorline /path/to/your/token {ENV['ANCHORLINE_JIRA__TOKEN_FILE']}" in PAGE


def test_with_a_server_for_the_database_the_data_lie_beside_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[source.jira]\nkind = "jira"\nurl = "https://x.example"\nuser = "u"\n')
    assert load_config(path, {DATABASE: "postgresql://anchorline@db.example.com/anchorline"}).data == tmp_path / "data"


def test_the_alarm_counts_nights() -> None:
    """Any complete run would do otherwise, and nights could fail for ever."""
    (alarm,) = re.findall(r"anchorline_sync_last_success_timestamp_seconds(\{[^}]*\})", PAGE)
    assert alarm == '{mode=~"nightly|full"}'


# ---- hardening ----------------------------------------------------------------------------------------------------------------


def unit() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in block("ini").splitlines():
        if "=" in line:
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_the_unit_is_hardened() -> None:
    """S23: the lines of the systemd unit that keep a fault of ours from becoming one of the machine's."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read_string(block("ini"))
    assert parser.sections() == ["Unit", "Service", "Install"]
    found = unit()
    assert found["Type"] == ["notify"] and int(found["WatchdogSec"][0]) >= 60
    wanted = """
        NoNewPrivileges ProtectHome PrivateTmp PrivateDevices ProtectClock
        ProtectControlGroups ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables
        RestrictNamespaces RestrictRealtime RestrictSUIDSGID LockPersonality
    """
    for key in wanted.split():
        assert found[key] == ["yes"], key
    assert found["ProtectSystem"] == ["strict"] and found["CapabilityBoundingSet"] == [""] and found["UMask"] == ["0077"]
    assert found["SystemCallFilter"] == ["@system-service", "~@privileged"]
    assert found["RestrictAddressFamilies"] == ["AF_UNIX AF_INET AF_INET6"]  # sd_notify, and the sources
    assert "root" not in found["User"] + found["Group"]
    assert found["EnvironmentFile"] == ["/etc/anchorline/env"] and "Environment" not in found
    assert "TOKEN=" not in PAGE  # files only: an environment is shown by systemctl
    assert found["RestartPreventExitStatus"] == ["2"]


def test_the_service_of_the_compose_file_is_hardened() -> None:
    """S23: read-only root, no capabilities, no new privileges, a user, one volume and a health check."""
    parsed = yaml.safe_load(block("yaml"))
    service = parsed["services"]["anchorline"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service and "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == "10001:10001"
    assert any(each.startswith("/tmp") for each in service["tmpfs"])
    writable = [each for each in service["volumes"] if not each.endswith(":ro")]
    assert writable == ["data:/data"]
    assert "/livez" in " ".join(service["healthcheck"]["test"]) and service["healthcheck"]["test"][0] == "CMD"
    assert not any(name.endswith("TOKEN") for name in service["environment"])
    assert "ports" not in service


def instructions() -> list[str]:
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def final_stage() -> list[str]:
    lines = instructions()
    last = max(at for at, line in enumerate(lines) if line.startswith("FROM "))
    return lines[last:]


def test_the_image_runs_as_nobody_in_particular() -> None:
    """S23: an unprivileged user by number, /data alone to write, a health check without a shell."""
    stage = final_stage()
    assert "USER 10001:10001" in stage
    assert stage.index("USER 10001:10001") < next(at for at, line in enumerate(stage) if line.startswith("ENTRYPOINT"))
    assert [line for line in stage if line.startswith("VOLUME")] == ["VOLUME /data"]
    (check,) = [line for line in stage if line.startswith("HEALTHCHECK")]
    assert 'CMD ["python"' in check and "/livez" in check
    assert 'ENTRYPOINT ["anchorline"]' in stage and 'CMD ["serve"]' in stage


def test_both_health_checks_are_the_same() -> None:
    """S23: what compose asks is what the image asks."""
    (check,) = [line for line in final_stage() if line.startswith("HEALTHCHECK")]
    service = yaml.safe_load(block("yaml"))["services"]["anchorline"]
    assert service["healthcheck"]["test"][1:] == yaml.safe_load(check.partition(" CMD ")[2])


# ---- what we stand on ---------------------------------------------------------------------------------------------------------


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Package -> its pin and how many hashes it has."""
    text = (ROOT / name).read_text("utf-8")
    found = {}
    for head, pin, rest in re.findall(r"^([\w.-]+)==(\S+)(.*?)(?=^[\w.-]+==|\Z)", text, re.M | re.S):
        found[head.lower().replace("_", "-")] = pin, rest.count("--hash=sha256:")
    return found


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_library_is_pinned_with_hashes(name: str) -> None:
    """S22: a lock without addresses in which everything has a hash, and only strong ones."""
    text = (ROOT / name).read_text("utf-8")
    found = locked(name)
    assert len(found) > 20 and all(hashes for _, hashes in found.values())
    assert "://" not in text and not re.search(r"--hash=(?!sha256:[0-9a-f]{64}\b)", text)
    assert not re.search(r"^(-e|--(index|extra|find|trusted))", text, re.M)


def test_every_dependency_is_in_the_lock() -> None:
    """S22: what the project names is what is locked."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.split(r"[\[<>=]", each)[0].lower() for each in project["dependencies"]}
    assert names <= locked("requirements.lock").keys()


def test_what_is_tested_is_what_is_locked() -> None:
    """S22: the libraries of these tests have the versions of the lock."""
    for name, (pin, _) in locked("requirements.lock").items():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform, or an extra that is not installed here
        assert installed == pin, name


def test_the_image_installs_only_what_is_locked() -> None:
    """S22: every installation has hashes, or is our own wheel without dependencies."""
    installs = re.findall(r"pip install [^&]*", "\n".join(instructions()))
    assert len(installs) >= 3
    for each in installs:
        assert "--require-hashes -r requirements" in each or ("--no-deps" in each and "/tmp/wheel/" in each), each
