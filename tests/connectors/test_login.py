"""Credentials that expire in mid-run (F08), over real HTTP: a vendor that rotates refresh tokens and takes each of them once."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import orjson
import pytest
import requests

from connectors._shared import login as module
from connectors._shared.io import RunIo
from connectors._shared.login import Login, Tokens
from connectors._shared.status import error_for
from connectors.base import AuthError, Misconfigured, Secret, SourceError, Unavailable
from tests.connectors.raw import raw_server, reply
from tests.connectors.runs import Clock, make_io

FIRST = "first-refresh-token"
REFUSED = reply(b"{}", "401 Unauthorized")


class Vendor:
    """Says how often it was asked for tokens; ``expire`` ends the token in use at the given requests for pages."""

    def __init__(self, expire: Callable[[int], bool] = lambda page: False) -> None:
        self.expire = expire
        self.refresh, self.access, self.number = FIRST, "none yet", 0
        self.token_calls = 0
        self.pages = 0
        self.served: list[str] = []
        self.refuse_all = False
        self.token_answers: list[bytes] = []
        """Said by the token endpoint instead, one after the other."""
        self.on_page: Callable[[str], None] = lambda token: None
        self._lock = threading.Lock()

    def __call__(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        with self._lock:
            if head.startswith(b"POST /token "):
                return self._token(parse_qs(body.decode())["refresh_token"][0])
            (token,) = (
                line.partition(b"Bearer ")[2].decode() for line in head.split(b"\r\n") if line.startswith(b"Authorization")
            )
            return self._page(head.split(b" ")[1].decode(), token)

    def _token(self, refresh: str) -> bytes:
        self.token_calls += 1
        if self.token_answers:
            return self.token_answers.pop(0)
        if refresh != self.refresh:
            return reply(b'{"error": "invalid_grant"}', "400 Bad Request")
        self.number += 1
        self.refresh, self.access = f"refresh-{self.number}", f"access-{self.number}"
        return reply(orjson.dumps({"access_token": self.access, "refresh_token": self.refresh}))

    def _page(self, path: str, token: str) -> bytes:
        self.pages += 1
        if token == self.access:
            self.on_page(token)
            if self.expire(self.pages):
                self.access = "expired"
        if token != self.access or self.refuse_all:
            return REFUSED
        self.served.append(path)
        return reply(orjson.dumps({"path": path}))


class Reader:
    """A connector's use of a login, as its docstring says."""

    def __init__(self, io: RunIo, url: str, path: Path, first: str = FIRST, clock: Clock | None = None) -> None:
        clock = clock or Clock()
        self.io, self.url = io, url
        io.allow_post("token")
        self._local = threading.local()
        self.login = Login(path, Tokens(None, Secret(first)), self._renew, monotonic=clock.monotonic, sleep=clock.sleep)

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.mount("http://", self.io.requests_adapter())
        session: requests.Session = self._local.session
        return session

    def _renew(self, refresh: Secret) -> Tokens:
        def once() -> dict[str, str]:
            response = self._session().post(f"{self.url}/token", data={"refresh_token": refresh.reveal()})
            if response.status_code == 400:
                raise AuthError("the vendor no longer takes the refresh token", status=400)
            if response.status_code != 200:
                raise error_for(response.status_code, response.headers, vendor="The vendor")
            answer: dict[str, str] = orjson.loads(response.content)
            return answer

        answer = self.io.call(once, bucket="token")
        new = answer.get("refresh_token")
        return Tokens(Secret(answer["access_token"]), Secret(new) if new else None)

    def once(self, page: int) -> str:
        held = self.login.held()
        response = self._session().get(f"{self.url}/page/{page}", headers={"Authorization": f"Bearer {held.access.reveal()}"})
        if response.status_code == 401:
            raise self.login.refused(held)
        path: str = orjson.loads(response.content)["path"]
        return path

    def read(self, page: int) -> str:
        return self.io.call(self.once, page)


PAGES = 8
ALL = [f"/page/{number}" for number in range(PAGES)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dev.login"


@pytest.mark.parametrize("at", range(1, PAGES + 1))
def test_a_token_that_ends_at_any_page_costs_one_token_call_and_no_page(at: int, path: Path) -> None:
    """F08: 401 at page k for every k; the page is read again."""
    vendor = Vendor(lambda page: page == at)
    with raw_server(route=vendor) as server:
        reader = Reader(make_io(server.url, clock := Clock()), server.url, path, clock=clock)
        reader.login.held()
        clock.now += 3600.0
        assert [reader.read(page) for page in range(PAGES)] == ALL
    assert (vendor.served, vendor.token_calls, vendor.pages) == (ALL, 2, PAGES + 1)


@pytest.mark.parametrize("at", [1, 20, 39])
def test_many_threads_with_one_expired_token_cause_one_token_call(at: int, path: Path) -> None:
    """F08: partitions in threads of their own, each mapping over eight more."""
    vendor = Vendor(lambda page: page == at)
    with raw_server(route=vendor) as server:
        reader = Reader(make_io(server.url, clock := Clock()), server.url, path, clock=clock)
        reader.login.held()
        clock.now += 3600.0
        found: list[list[str]] = []
        threads = [threading.Thread(target=lambda: found.append(list(reader.io.map(reader.once, range(20))))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert found == [[f"/page/{number}" for number in range(20)]] * 4
    assert vendor.token_calls == 2, "one at the beginning, one for all threads"


def test_a_second_401_ends_the_run_as_an_auth_error_without_a_storm(path: Path) -> None:
    """F08: the fresh token is refused too; nobody asks for another one, neither now nor for the next page."""
    vendor = Vendor()
    with raw_server(route=vendor) as server:
        reader = Reader(make_io(server.url, clock := Clock()), server.url, path, clock=clock)
        reader.login.held()
        vendor.refuse_all, clock.now = True, clock.now + 3600.0
        with pytest.raises(AuthError):
            list(reader.io.map(reader.once, range(100)))
        for page in range(5):
            with pytest.raises(AuthError) as caught:
                reader.read(page)
        assert vendor.token_calls == 2
        assert vendor.pages <= 2 * 8 * 2 + 5, "each call in the window twice, each later one once"
        assert clock.slept == []
    assert caught.value.hint


def test_a_refresh_token_that_is_refused_is_asked_with_once(path: Path) -> None:
    """F08: eight threads wait for the outcome and share it; later calls get it without a request."""
    vendor = Vendor()
    vendor.refresh = "somebody used ours"
    with raw_server(route=vendor) as server:
        reader = Reader(make_io(server.url), server.url, path)
        with pytest.raises(AuthError):
            list(reader.io.map(reader.once, range(50)))
        with pytest.raises(AuthError):
            reader.read(1)
        assert (vendor.token_calls, vendor.pages) == (1, 0)


def test_a_token_endpoint_that_is_down_is_asked_again_within_the_budget(path: Path) -> None:
    """F08, F03: survived when it passes; when it stays, all that wait share one failure."""
    vendor = Vendor()
    vendor.token_answers = [reply(b"", "503 Down")] * 2
    with raw_server(route=vendor) as server:
        assert Reader(make_io(server.url), server.url, path).read(1) == "/page/1"
        assert vendor.token_calls == 3
    vendor = Vendor()
    vendor.token_answers = [reply(b"", "503 Down")] * 1000
    with raw_server(route=vendor) as server:
        reader = Reader(make_io(server.url, attempts=3), server.url, path.with_name("other"))
        with pytest.raises(Unavailable):
            list(reader.io.map(reader.once, range(8)))
        assert vendor.token_calls <= 100 // 5 + 3 * 8


def test_a_vendor_that_keeps_its_refresh_token_is_served_too(path: Path) -> None:
    """An answer without a refresh token means that the old one stays."""
    vendor = Vendor()
    vendor.token_answers = [reply(b'{"access_token": "access-x"}'), reply(b'{"access_token": "access-y"}')]
    vendor.access = "access-y"
    with raw_server(route=vendor) as server:
        reader = Reader(make_io(server.url, clock := Clock()), server.url, path, clock=clock)
        reader.login.held()
        clock.now += 3600.0
        assert reader.read(1) == "/page/1"
    assert orjson.loads(path.read_bytes())["refresh"] == FIRST


# ---- the file


def test_a_new_refresh_token_is_on_the_disk_before_its_access_token_is_used(path: Path) -> None:
    """F08: looked at by the vendor, in the moment in which the new token arrives."""
    vendor, kept = Vendor(lambda page: page == 2), []
    vendor.on_page = lambda token: kept.append((token, orjson.loads(path.read_bytes())))
    with raw_server(route=vendor) as server:
        reader = Reader(make_io(server.url, clock := Clock()), server.url, path, clock=clock)
        for page in range(3):
            reader.read(page)
            clock.now += 3600.0
    assert {token for token, _ in kept} == {"access-1", "access-2"}
    assert all(stored["access"] == token and stored["refresh"] == token.replace("access", "refresh") for token, stored in kept)


def test_only_the_owner_can_read_the_file_and_nothing_is_left_beside_it(path: Path) -> None:
    """F08, S01: mode 0600 from the first byte on, whatever the umask."""
    before = os.umask(0)
    try:
        with raw_server(route=Vendor()) as server:
            Reader(make_io(server.url), server.url, path).read(1)
    finally:
        os.umask(before)
    assert {one.name: one.stat().st_mode & 0o777 for one in path.parent.iterdir()} == {
        "dev.login": 0o600,
        "dev.login.lock": 0o600,
    }


PROGRAM = """
import os, signal, sys
from pathlib import Path
from tests.connectors.runs import make_io
from tests.connectors.test_login import Reader

url, path, die = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
reader = Reader(make_io(url), url, path)
if die == "before the first use":
    reader.login.held()
    os.kill(os.getpid(), signal.SIGKILL)
if die == "in the middle of storing":
    Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
print(reader.read(1))
"""


def run(url: str, path: Path, die: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", PROGRAM, url, str(path), die]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=root, check=False)


def test_a_run_that_is_killed_between_renewing_and_using_has_lost_nothing(path: Path) -> None:
    """F08: a real process and a real kill. The vendor takes the old refresh token no more, and the next run has the new one."""
    vendor = Vendor()
    with raw_server(route=vendor) as server:
        assert run(server.url, path, "before the first use").returncode == -signal.SIGKILL
        assert (vendor.token_calls, vendor.pages) == (1, 0)
        second = run(server.url, path, "never")
        assert second.stdout == "/page/1\n", second.stderr
        assert vendor.token_calls == 1


def test_a_run_that_is_killed_while_it_stores_leaves_the_old_file_whole(path: Path) -> None:
    """F08: never half a file, and what was left behind is in nobody's way."""
    vendor = Vendor()
    with raw_server(route=vendor) as server:
        run(server.url, path, "never")
        whole = path.read_bytes()
        vendor.access = "expired"
        assert run(server.url, path, "in the middle of storing").returncode == -signal.SIGKILL
        assert path.read_bytes() == whole
        vendor.refresh = orjson.loads(whole)["refresh"]  # a vendor that allows the last one for a while
        third = run(server.url, path, "never")
        assert third.stdout == "/page/1\n", third.stderr
    assert sorted(one.name for one in path.parent.iterdir()) == ["dev.login", "dev.login.lock"]


def test_two_runs_on_one_login_spend_one_refresh_token(path: Path) -> None:
    """F08: a process per source; the second takes what the first has stored."""
    vendor = Vendor()
    with raw_server(route=vendor) as server:
        one, other = (Reader(make_io(server.url), server.url, path) for _ in range(2))
        threads = [threading.Thread(target=reader.read, args=(1,)) for reader in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert (vendor.token_calls, len(vendor.served)) == (1, 2)


def test_what_another_run_left_may_be_too_old_as_well(path: Path) -> None:
    """F08: then it is renewed after all, in the same call."""
    vendor = Vendor()
    with raw_server(route=vendor) as server:
        one = Reader(make_io(server.url), server.url, path)
        one.read(1)
        other = Reader(make_io(server.url, clock := Clock()), server.url, path, clock=clock)
        vendor.access, clock.now = "expired", clock.now + 3600.0
        other.read(2)
        vendor.access = "expired again"
        later = Clock()
        later.now = 9000.0
        one.login._monotonic = later.monotonic
        assert one.read(3) == "/page/3"
    assert vendor.token_calls == 3


def test_another_configured_login_starts_anew(path: Path) -> None:
    """Whoever logs in again sets another refresh token; the file of the old one must not win."""
    with raw_server(route=Vendor()) as server:
        Reader(make_io(server.url), server.url, path).read(1)
    vendor = Vendor()
    vendor.refresh = "second-login"
    with raw_server(route=vendor) as server:
        assert Reader(make_io(server.url), server.url, path, first="second-login").read(1) == "/page/1"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_refresh_token_that_could_not_be_stored_is_not_spent(path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """F08, F25: the place on the disk is claimed before the vendor is asked."""

    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module.os, "pwrite", refuse)
    vendor = Vendor()
    with raw_server(route=vendor) as server:
        reader = Reader(make_io(server.url), server.url, path)
        with pytest.raises(Misconfigured, match="cannot be stored") as caught:
            reader.read(1)
        assert (vendor.token_calls, vendor.pages) == (0, 0)
        assert caught.value.hint
        monkeypatch.undo()
        assert reader.read(1) == "/page/1", "and once there is room it goes on"


@pytest.mark.parametrize("folder", ["missing", "a file"])
def test_a_folder_that_cannot_be_used_is_said_before_anything_is_spent(tmp_path: Path, folder: str) -> None:
    """F08."""
    (tmp_path / "a file").write_text("")
    vendor = Vendor()
    with raw_server(route=vendor) as server, pytest.raises(Misconfigured):
        Reader(make_io(server.url), server.url, tmp_path / folder / "dev.login").read(1)
    assert vendor.token_calls == 0


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_file_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    """S01: mode 0600 is checked."""
    with raw_server(route=Vendor()) as server:
        Reader(make_io(server.url), server.url, path).read(1)
        path.chmod(mode)
        with pytest.raises(Misconfigured, match="others can read"):
            Reader(make_io(server.url), server.url, path)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"{", b'{"of": 1}', b"\xff"])
def test_a_damaged_file_is_said_in_words(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(Misconfigured, match="damaged") as caught:
        Reader(make_io("http://127.0.0.1:9"), "http://127.0.0.1:9", path)
    assert caught.value.hint


def test_no_token_is_in_any_text(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """S02: over a refusal, a failed renewal and the values themselves."""
    caplog.set_level(0)
    vendor = Vendor()
    shown = []
    with raw_server(route=vendor) as server:
        reader = Reader(make_io(server.url), server.url, path)
        shown += [repr(reader.login.held()), repr(reader.login._tokens), repr(reader.login.refused(reader.login.held()))]
        vendor.refuse_all = True
        try:
            reader.read(1)
        except SourceError as error:
            shown += traceback.format_exception(error)
        vendor.refresh = "another"
        other = Reader(make_io(server.url), server.url, path.with_name("other"), first="hunter2-refresh")
        try:
            other.read(1)
        except SourceError as error:
            shown += traceback.format_exception(error)
    text = "".join(shown) + caplog.text
    assert len(shown) > 4
    for word in ("access-1", "refresh-1", FIRST, "hunter2"):
        assert word not in text


def test_another_run_that_never_finishes_its_renewal_is_waited_for_and_then_left(path: Path) -> None:
    """F08, F28: a stopped process keeps its lock."""
    import fcntl

    clock = Clock()
    fd = os.open(path.with_name("dev.login.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        with raw_server(route=Vendor()) as server:
            reader = Reader(make_io(server.url, attempts=1), server.url, path, clock=clock)
            with pytest.raises(Unavailable, match="another run"):
                reader.read(1)
    finally:
        os.close(fd)
    assert sum(clock.slept) == pytest.approx(module.OTHERS, abs=1.0)
