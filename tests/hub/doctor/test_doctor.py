"""One broken thing for each check, judged by the functions that `anchorline doctor` calls."""

from __future__ import annotations

import datetime as dt
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest

from hub.config import Schedule, WebSettings, load_config
from hub.config.environment import exposed
from hub.config.values import Source
from hub.doctor import Check, database, files, network, plan, source
from hub.doctor.source import Answers
from hub.errors import Problem
from hub.mappings import parse
from hub.store import open_store
from hub.store.write import Writer

NOW = 1_795_176_000_000
HOUR = 3_600_000
PLACE = ("config.toml", 1, 1, "")


def found(checks: Any, name: str) -> Check:
    """The only line of that name."""
    (line,) = [check for check in checks if check.name == name]
    return line


def results(checks: Any) -> dict[str, str]:
    return {check.name: check.result for check in checks}


# ---- files --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "mappings").mkdir()
    text = 'database = "sqlite:///a.db"\n[source.jira]\nkind = "jira"\nurl = "https://x.example"\nuser = "u@x.example"\n'
    (tmp_path / "config.toml").write_text(text)
    (tmp_path / "config.toml").chmod(0o600)
    return tmp_path


def test_mistakes_in_the_configuration() -> None:
    wrong = Problem("config.toml", 3, "There is no such key.", "Remove it.", column=1)
    (line,) = files.configuration([wrong], None)
    assert (line.result, line.text, line.do) == ("error", "There is no such key (config.toml:3:1)", "Remove it.")
    assert results(files.configuration([], None)) == {"config": "ok"}


def test_mistakes_in_mapping_files_are_one_line() -> None:
    wrong = [Problem("a.toml", n, "Wrong.", "Mend it.") for n in (3, 4)]
    assert files.mapping(wrong).text == "Wrong (a.toml:3), and 1 more mistakes"
    assert files.mapping([Problem("a.toml", 1, "Odd.", warning=True)]).result == "warning"


def test_a_configuration_that_others_can_change(home: Path) -> None:
    (home / "config.toml").chmod(0o666)
    line = found(files.modes(home / "config.toml", None, {}), "modes")
    assert line.result == "error" and "chmod" in line.do


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_secret_file_that_others_can_read(home: Path, mode: int) -> None:
    """S01: the mode of a secret's file is checked."""
    (home / "token").write_text("k")
    (home / "token").chmod(mode)
    line = found(files.modes(home / "config.toml", None, {"ANCHORLINE_JIRA__TOKEN_FILE": str(home / "token")}), "modes")
    assert line.result == "error" and f"chmod 600 {home / 'token'}" in line.do
    said = Problem("environment", 0, *exposed("ANCHORLINE_JIRA__TOKEN_FILE", home / "token"), warning=True)
    assert said.text.rstrip(".") == line.text and said.remedy == line.do  # what `check` says
    assert results(files.configuration([said], None)) == {"config": "ok"}  # and is not said twice
    (home / "token").chmod(0o600)
    assert (
        found(files.modes(home / "config.toml", None, {"ANCHORLINE_JIRA__TOKEN_FILE": str(home / "token")}), "modes").result
        == "ok"
    )


def test_a_secret_file_that_is_not_there(home: Path) -> None:
    line = found(files.modes(home / "config.toml", None, {"ANCHORLINE_PING_URL_FILE": str(home / "none")}), "modes")
    assert line.result == "error"


def test_a_database_that_others_can_read(home: Path) -> None:
    (home / "a.db").touch(0o644)
    (home / "a.db").chmod(0o644)
    assert found(files.modes(home / "config.toml", load_config(home / "config.toml", {}), {}), "modes").result == "warning"


def test_a_missing_secret(home: Path) -> None:
    lines = list(files.secrets(load_config(home / "config.toml", {})))
    assert found(lines, "secret").result == "error" and "ANCHORLINE_JIRA__TOKEN" in found(lines, "secret").do
    lines = list(files.secrets(load_config(home / "config.toml", {"ANCHORLINE_JIRA__TOKEN": "k-1234"})))
    assert found(lines, "secret").result == "ok" and "k-1234" not in str(lines)


def test_nobody_is_told_when_nights_stop(home: Path) -> None:
    assert found(files.secrets(load_config(home / "config.toml", {})), "ping").result == "warning"
    open_address = {"ANCHORLINE_PING_URL": "http://hc.example/abcdefgh"}
    line = found(files.secrets(load_config(home / "config.toml", open_address)), "ping")
    assert line.result == "error" and "abcdefgh" not in str(line)


# ---- the database -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    open_store(url).close()
    return url


def change(url: str, sql: str) -> None:
    import sqlite3

    with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
        raw.execute(sql)
    raw.close()


def test_all_is_well_with_a_new_database(url: str) -> None:
    with open_store(url) as store:
        assert set(results(database.checks(store, NOW)).values()) == {"ok"}
    assert database.schema(url).result == "ok"


def test_a_database_of_a_newer_version(url: str) -> None:
    change(url, "UPDATE alembic_version SET version_num = '9999'")
    assert database.schema(url).result == "error"


def test_a_database_of_an_older_version_is_not_upgraded_by_looking(url: str) -> None:
    change(url, "UPDATE alembic_version SET version_num = '0001'")
    assert database.schema(url).result == "warning"
    assert "0001" in database.schema(url).text


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("nonsense " * 1000)
    assert database.schema(f"sqlite:///{tmp_path / 'a.db'}").result == "error"


def test_looking_makes_no_database(tmp_path: Path) -> None:
    assert database.schema(f"sqlite:///{tmp_path / 'a.db'}").result == "ok"
    assert not (tmp_path / "a.db").exists()


def test_a_damaged_database(url: str) -> None:
    change(url, "PRAGMA writable_schema = ON")
    path = Path(url.removeprefix("sqlite:///"))
    body = bytearray(path.read_bytes())
    middle = len(body) // 2
    body[middle : middle + 8192] = os.urandom(8192)
    path.write_bytes(body)
    with open_store(url) as store:
        lines = list(database.checks(store, NOW))
    assert found(lines, "integrity").result == "error"


@pytest.mark.parametrize(("free", "result"), [(10**12, "ok"), (5 * 10**8, "warning"), (10**7, "error")])
def test_a_full_disk(url: str, free: int, result: str) -> None:
    with open_store(url) as store:
        assert found(database.room(store, free=free), "space").result == result


def test_a_write_ahead_log_that_grows(url: str) -> None:
    with open_store(url) as store:
        assert found(database.room(store, wal=10**9), "wal").result == "warning"
        assert found(database.room(store, wal=10**6), "wal").result == "ok"


@pytest.mark.parametrize(("kind", "result"), [("nfs4", "error"), ("cifs", "error"), ("ext4", "ok"), ("overlay", "ok")])
def test_a_database_on_a_network_file_system(kind: str, result: str) -> None:
    mounts = f"/dev/sda1 / ext4 rw 0 0\nserver:/x /srv/my\\040data {kind} rw 0 0\n"
    assert database.filesystem(Path("/srv/my data/a.db"), mounts).result == result
    assert database.filesystem(Path("/var/a.db"), mounts).result == "ok"


def begun(store: Any, at: int, *, end: bool) -> None:
    with store.own("source:jira") as mine, Writer(store, mine) as writer:
        run = writer.start_run("jira", reason="command", mode="full", started_at=at, mapping_hash="x")
        if end:
            writer.end_run(run, "complete", finished_at=at, counts={}, error=None, hint=None)


def test_a_run_whose_process_was_killed(url: str) -> None:
    with open_store(url) as store:
        begun(store, NOW, end=False)
        assert [check.result for check in database.owners(store)] == ["ok", "warning"]


def test_who_is_at_work(url: str) -> None:
    with open_store(url) as store, store.own("daemon"):
        (line,) = database.owners(store)
        assert f"daemon (process {os.getpid()} on {socket.gethostname()})" in line.text


def test_a_clock_that_went_back(url: str) -> None:
    with open_store(url) as store:
        begun(store, NOW + 5 * HOUR, end=True)
        assert database.clock(store, NOW).result == "error"
        assert database.clock(store, NOW + 6 * HOUR).result == "ok"


# ---- the network --------------------------------------------------------------------------------------------------------------


def jira(url: str) -> Source:
    return Source("jira", "jira", url, PLACE, "ANCHORLINE_JIRA__TOKEN")


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def test_a_host_without_an_address() -> None:
    (line,) = network.reach(jira("https://nowhere.invalid"), NOW)
    assert (line.name, line.result) == ("dns", "error")


def test_through_a_proxy_the_name_is_the_proxys_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert results(network.reach(jira("https://nowhere.invalid"), NOW)) == {"dns": "ok"}


def made(folder: Path, days: int, host: str = "localhost") -> Path:
    """A certificate that signs itself, and its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=100)).not_valid_after(now + dt.timedelta(days=days))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = builder.sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = folder / f"{host}-{days}.pem"
    path.write_bytes(text + signed.public_bytes(serialization.Encoding.PEM))
    return path


class Tls:
    """A server that only says hello."""

    def __init__(self, certificate: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self._context = context
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self.listening.accept()
            except OSError:
                return
            try:
                with plain, self._context.wrap_socket(plain, server_side=True) as secure:
                    secure.recv(1)
            except OSError:
                continue

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self._thread.join(5)


@pytest.fixture
def served(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[int, Path]]:
    pem = made(tmp_path, *request.param)
    server = Tls(pem)
    yield server.port, pem
    server.close()


def now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("served", "trusted", "result"),
    [
        ((300,), True, "ok"),
        ((5,), True, "warning"),
        ((-1,), True, "error"),
        ((300,), False, "error"),
        ((300, "other.example"), True, "error"),
    ],
    indirect=["served"],
)
def test_certificates(served: tuple[int, Path], trusted: bool, result: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port, pem = served
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    line = network.certificate("localhost", port, "jira", now_ms())
    assert line.result == result, line


def test_a_port_that_does_not_speak_tls() -> None:
    listening = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        plain, _ = listening.accept()
        with plain:
            plain.recv(10)
            plain.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    assert network.certificate("localhost", listening.getsockname()[1], "jira", NOW).result == "error"
    thread.join(5)
    listening.close()


def test_a_port_that_nobody_listens_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert network.certificate("localhost", port, "jira", NOW).result == "error"


# ---- the source ---------------------------------------------------------------------------------------------------------------


def answers(**change: Any) -> Answers:
    given = {
        "source": "jira", "word": "projects", "account": "Ada (5f)", "timezone": "Europe/Lisbon", "visible": 3,
        "names": frozenset({"core", "idn"}), "skew": 0.3, "asked": True, "sample": 50, "writes": (), "canary": ("CORE-1", True),
    }  # fmt: skip
    return Answers(**given | change)


def test_all_is_well_with_a_source() -> None:
    assert set(results(source.checks(answers())).values()) == {"ok"}


@pytest.mark.parametrize(
    ("name", "result", "broken"),
    [
        ("account", "error", {"account": None, "error": "Jira refuses the credential (401)"}),
        ("identity", "error", {"error": "the last run was made as Bo", "asked": False, "sample": None}),
        ("rights", "warning", {"missing": ("this user may not list boards",)}),
        ("fields", "error", {"unresolved": ("there is no field Team",), "error": "there is no field Team"}),
        ("timezone", "warning", {"timezone": None}),
        ("skew", "warning", {"skew": -90.0}),
        ("skew", "error", {"skew": 4000.0}),
        ("visible", "error", {"unseen": ("PLAT",), "error": "PLAT is configured"}),
        ("visible", "error", {"visible": 0}),
        ("visible", "error", {"visible": None, "error": "no list"}),
        ("sample", "error", {"sample": None, "error": "Jira cannot answer now (503)"}),
        ("canary", "error", {"canary": ("CORE-1", False)}),
        ("write", "warning", {"writes": ("Edit Issues",)}),
    ],
)
def test_what_is_wrong_with_a_source(name: str, result: str, broken: dict[str, Any]) -> None:
    """S24: a credential that can write is a warning; so is every other thing that a source tells of itself."""
    line = found(source.checks(answers(**broken)), name)
    assert line.result == result and line.do.endswith(".")


def test_whether_it_can_write_may_not_be_known() -> None:
    """S24: where the vendor does not tell, that is said."""
    line = found(source.checks(answers(writes=None)), "write")
    assert "not known" in line.text and line.result == "unknown"


def test_what_is_in_sight_is_counted_in_proper_words() -> None:
    assert found(source.checks(answers(visible=1, word="queries")), "visible").text == "1 query is in sight"
    assert found(source.checks(answers(visible=3)), "visible").text == "3 projects are in sight"


def test_what_cannot_be_read_is_told_beside_a_page_that_could() -> None:
    told = answers(error="deals.csv has no column", hint="Mend it.", asked=True, sample=3)
    assert [line.result for line in source.checks(told) if line.name == "sample"] == ["ok", "error"]


def test_rules_that_name_what_is_out_of_sight() -> None:
    text = """
[cycle]
2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }

[[rule]]
ignore = "noise"
when.project = ["CORE", "GONE"]
"""
    mapping, problems = parse({"all.toml": text}, "UTC")
    assert mapping is not None, problems
    (line,) = source.named(mapping, [answers()])
    assert line.result == "warning" and "GONE (all.toml:" in line.text and "CORE" not in line.text
    assert list(source.named(mapping, [answers(visible=None)])) == []
    assert [check.result for check in source.named(mapping, [answers(names=frozenset({"core", "gone"}))])] == ["ok"]


# ---- times and pages ----------------------------------------------------------------------------------------------------------


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("at", "note"),
    [
        ("2027-03-28T01:00:00+00:00", "does not exist on that day"),
        ("2026-10-25T00:30:00+00:00", "comes twice on that day"),
        ("2026-11-20T01:30:00+00:00", ""),
    ],
)
def test_nights_on_which_the_clocks_change(at: str, note: str) -> None:
    line = plan.times("jira", Schedule(time(2, 30)), "Europe/Berlin", [instant(at)])
    assert line.result == "ok"
    assert note in line.text and ("(" in line.text) == bool(note)


def test_a_day_on_which_the_clocks_change_is_said() -> None:
    line = plan.times("jira", Schedule(time(5, 0)), "Europe/Berlin", [instant("2027-03-28T03:00:00+00:00")])
    assert "Sun 28 Mar 05:00 CEST (the clocks change on that day)" in line.text


def test_a_source_that_is_never_read() -> None:
    assert plan.times("jira", Schedule(None, None), "UTC", ()).result == "warning"
    assert plan.times("jira", Schedule(None, 1800), "UTC", ()).result == "warning"


def test_pages_that_others_can_reach() -> None:
    """S15: where the pages can be reached, and that nobody is asked."""
    assert plan.web(WebSettings(), loopback=True).result == "ok"
    assert plan.web(WebSettings("0.0.0.0", 80, True), loopback=False).result == "warning"
    assert plan.web(WebSettings("0.0.0.0", 80), loopback=False).result == "error"
