"""Sessions: addresses, logins, time, connections that break, results that are large, runs that end."""

from __future__ import annotations

import contextlib
import logging
import socket
import sqlite3
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.base import AuthError, Misconfigured, Secret, SourceError, SourceSettings, Unavailable
from connectors.sql import examine
from connectors.sql.address import address_of, security
from tests.connectors.runs import Clock
from tests.connectors.sql_world import PASSWORD, Relay, Warehouse, folder_of, items, opened, over_tcp, read

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS key FROM n"
MANY = "SELECT n AS key, repeat('x', 200) AS title FROM generate_series(1, 20000) AS g(n)"


def make(url: str, **changes: Any) -> SourceSettings:
    values = {"name": "ware-house", "kind": "sql", "url": url, "token": Secret(PASSWORD), "queries": {"q": "SELECT 1 AS key"}}
    return SourceSettings(**(values | changes))


# ---- addresses --------------------------------------------------------------------------------------------------------------

WRONG_URLS = {
    "postgresql://reader:geheim@db.example/x": "url holds a password",
    "postgresql://db.example/x?password=geheim": "url holds what may be a password, behind the ?",
    "postgresql://db.example/x?passfile=/etc/geheim": "url has an option that a source may not set: passfile",
    "mssql+pyodbc:///?odbc_connect=geheim": "url holds what may be a password, behind the ?",
    "postgresql://db.example/x?options=-c%20geheim": "url has an option that a source may not set: options",
    "postgresql://db.example/x?service=geheim": "url has an option that a source may not set: service",
    "postgresql://db.example/x?host=other.example": "url names its host in two places",
    "postgresql:///x?host=other.example": "url names its host in two places",
    "postgresql:///x": "url names no host",
    "postgresql://db.example": "url names no database",
    "postgresql+asyncpg://db.example/x": "PostgreSQL is read with psycopg, not with asyncpg",
    "postgresql+psycopg2://db.example/x": "PostgreSQL is read with psycopg, not with psycopg2",
    "sqlite://": "url of an SQLite database names no file",
    "sqlite:///:memory:": "url of an SQLite database names no file",
    "sqlite:///file:x.db": "url of an SQLite database names no file",
    "sqlite:///x.db?mode=rw": "url of an SQLite database holds more than a file",
    "sqlite://host/x.db": "url of an SQLite database holds more than a file",
    "mysql+pymysql:///x": "url of a mysql database names no single host",
    "nonsense": "url is not the address of a database",
}


@pytest.mark.parametrize("url", WRONG_URLS)
def test_an_address_that_cannot_be_right_is_refused_and_never_repeated(url: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        address_of(make(url))
    assert str(caught.value) == WRONG_URLS[url]
    assert caught.value.hint
    assert "geheim" not in "".join(traceback.format_exception(caught.value)) + caught.value.hint
    (fault,) = examine(make(url))
    assert (fault.at, fault.remedy) == (("url",), caught.value.hint)


def test_a_password_in_the_address_is_told_where_it_goes() -> None:
    with pytest.raises(Misconfigured) as caught:
        address_of(make("postgresql://reader:geheim@db.example/x"))
    assert caught.value.hint == "Take it out of url, and set ANCHORLINE_WARE_HOUSE__TOKEN."


def test_the_user_stands_in_one_of_two_places() -> None:
    assert address_of(make("postgresql://db.example/x", user="reader")).url.username == "reader"
    assert address_of(make("postgresql://reader@db.example/x")).url.username == "reader"
    with pytest.raises(Misconfigured, match="two users"):
        address_of(make("postgresql://reader@db.example/x", user="other"))


def test_the_time_of_a_statement_has_bounds() -> None:
    url = "postgresql://reader@db.example/x"
    assert [fault.at for fault in examine(make(url, options={"timeout": 0}))] == [("timeout",)]
    assert list(examine(make(url, options={"timeout": 3600}))) == []


def test_a_connection_to_another_machine_is_encrypted_unless_the_address_says_otherwise() -> None:
    def mode(url: str) -> object:
        return security(address_of(make(url)))

    assert mode("postgresql://reader@db.example/x") == {"sslmode": "require"}
    assert mode("postgresql://reader@127.0.0.1/x") == {"sslmode": "prefer"}
    assert mode("postgresql://reader@db.example/x?sslmode=verify-full") == {}, "the address's own goes on"


@pytest.mark.parametrize(
    ("host", "text"),
    [
        ("169.254.169.254", "stands for an address that no source lives at"),
        ("10.0.0.5", "is inside a private network"),
        ("[fd00:ec2::254]", "stands for an address that no source lives at"),
        ("0x7f.1", "is inside a private network"),
    ],
)
@pytest.mark.parametrize("kind", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_host_is_judged_before_it_is_connected_to(kind: str, host: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind.startswith("mysql"):
        monkeypatch.setitem(sys.modules, "pymysql", _driver())
    settings = make(f"{kind}://reader@{host}/x")
    with opened(settings, allow_private_networks=False) as connector, pytest.raises(Misconfigured, match=text):
        connector.check()


def _driver() -> Any:
    """A driver that must not be asked for a connection."""
    module = type("pymysql", (), {})()
    module.paramstyle, module.VERSION, module.Error = "pyformat", (1, 1, 0), type("Error", (Exception,), {})

    def connect(**_: object) -> None:
        raise AssertionError("connected to a host that was not allowed")

    module.connect = connect
    return module


def test_a_driver_that_is_not_installed_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    text = r"the driver of mysql\+pymysql is not installed"
    with pytest.raises(Misconfigured, match=text), opened(make("mysql+pymysql://reader@127.0.0.1/x")) as connector:
        connector.check()
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Misconfigured) as caught, opened(make("postgresql://reader@127.0.0.1/x")) as connector:
        connector.check()
    assert caught.value.hint == 'Run: pip install "psycopg[binary]"'


def test_a_server_needs_a_secret_and_a_file_none(lake: Warehouse) -> None:
    with pytest.raises(Misconfigured) as caught, opened(make("postgresql://reader@127.0.0.1/x", token=None)):
        pass
    assert caught.value.hint == "Set ANCHORLINE_WARE_HOUSE__TOKEN to the user's password."
    assert lake.token is None
    assert read(lake.settings("SELECT 1 AS key"))


def test_a_file_that_is_no_database(lake: Warehouse) -> None:
    path = lake.folder / "notes.txt"
    path.write_text("No database, whatever its name says." * 100)
    with pytest.raises(Misconfigured, match=r"notes\.txt is no SQLite database, or is damaged"):
        read(lake.settings("SELECT * FROM t", url=f"sqlite:///{path}"))


# ---- logins -----------------------------------------------------------------------------------------------------------------


@pytest.mark.postgres
class TestLogin:
    def test_a_wrong_password(self, server: Warehouse) -> None:
        with pytest.raises(AuthError) as caught:
            read(server.settings("SELECT 1 AS key", token=Secret("nobody's")))
        name = server.url.partition("@/")[2].partition("?")[0]
        assert str(caught.value) == f"{name} does not accept the user reader with this password"
        assert caught.value.hint == "Check `user` and the secret of the source."

    def test_a_password_that_is_missing(self, server: Warehouse) -> None:
        with pytest.raises(AuthError, match="does not accept the user reader"):
            read(server.settings("SELECT 1 AS key", token=None))

    def test_a_user_that_does_not_exist(self, server: Warehouse) -> None:
        with pytest.raises(AuthError, match="does not accept the user nobody"):
            read(server.settings("SELECT 1 AS key", url=server.url.replace("reader@", "nobody@")))

    def test_a_database_that_does_not_exist(self, server: Warehouse) -> None:
        url = server.url.replace("@/warehouse_", "@/nowhere_")
        with pytest.raises(Misconfigured, match="the server has no database 'nowhere_"):
            read(server.settings("SELECT 1 AS key", url=url))

    def test_what_the_environment_says_to_libpq_is_not_heard(self, server: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        monkeypatch.setenv("PGOPTIONS", "-c default_transaction_read_only=off -c timezone=Asia/Tokyo -c search_path=elsewhere")
        with pytest.raises(AuthError):
            read(server.settings("SELECT 1 AS key", token=Secret("nobody's")))
        query = "SELECT current_setting('TimeZone') AS key, current_setting('search_path') AS title"
        ((item,),) = [page.items for page in read(server.settings(query))]
        assert (item.key, item.title) == ("UTC", '"$user", public')

    def test_the_driver_goes_to_the_address_that_was_judged_and_asks_nobody_else(
        self, server: Warehouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = []

        def resolve(host: str, port: int, *_: object, **__: object) -> list[Any]:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        with Relay(folder_of(server.url)) as relay:
            there = over_tcp(server, relay.port, query="SELECT 1 AS key")
            url = there.url.replace("127.0.0.1", "warehouse.invalid") + "?sslmode=disable"
            assert read(replace(there, url=url))[-1].end == "complete"
        assert set(asked) == {"warehouse.invalid"}

    def test_a_server_without_tls_is_not_told_the_password(self, server: Warehouse) -> None:
        with Relay(folder_of(server.url)) as relay:
            settings = over_tcp(server, relay.port, query="SELECT 1 AS key")
            with pytest.raises(Misconfigured, match="does not speak TLS") as caught:
                read(replace(settings, url=f"{settings.url}?sslmode=require"))
            assert "sslmode=disable" in caught.value.hint
            assert PASSWORD.encode() not in relay.seen
            assert read(settings)[-1].end == "complete", "this machine is near enough"


# ---- time -------------------------------------------------------------------------------------------------------------------


class Hours:
    """A clock that is an hour further at each look, from the second on."""

    def __init__(self) -> None:
        self.now = -3600.0

    def __call__(self) -> float:
        self.now += 3600.0
        return self.now


def test_an_endless_statement_is_ended_on_sqlite(lake: Warehouse) -> None:
    with pytest.raises(Misconfigured) as caught:
        read(lake.settings(ENDLESS), monotonic=Hours())
    assert str(caught.value) == "queries/q.sql: the statement was ended after 60 s"
    assert "raise `timeout`" in caught.value.hint


@pytest.mark.postgres
def test_an_endless_statement_is_ended_by_postgresql(server: Warehouse) -> None:
    settings = server.settings(ENDLESS, options={"timeout": 0.05})
    with pytest.raises(Misconfigured, match=r"queries/q\.sql: the statement was ended after 0\.05 s"):
        read(settings)
    ((item,),) = [page.items for page in read(server.settings("SELECT current_setting('statement_timeout') AS key"))]
    assert item.key == "1min"


def test_a_database_that_somebody_locks_is_tried_again(lake: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sql.session.BUSY", 0.0)
    clock = Clock()
    with contextlib.closing(sqlite3.connect(lake.folder / "lake.db", isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable, match=r"lake\.db is locked by somebody who writes"):
            read(lake.settings("SELECT day AS key FROM sale"), clock=clock)
    assert clock.slept == [1.0]


# ---- connections that break -------------------------------------------------------------------------------------------------


@pytest.mark.postgres
class TestBroken:
    def test_a_connection_lost_in_the_middle_is_tried_again_from_the_beginning(self, server: Warehouse) -> None:
        with Relay(folder_of(server.url), cut_after=1_000_000) as relay:
            with opened(over_tcp(server, relay.port, query=MANY), clock=(clock := Clock())) as connector:
                (partition,) = connector.partitions()
                before, relay.cuts = relay.connections, 1
                found = [item.key for page in connector.changes(partition, None, None) for item in page.items]
            assert found == [str(n) for n in range(1, 20_001)]
            assert (relay.connections - before, clock.slept) == (2, [1.0])

    def test_one_that_always_breaks_fails_whole(self, server: Warehouse) -> None:
        with Relay(folder_of(server.url), cut_after=1_000_000, cuts=9) as relay:
            with opened(over_tcp(server, relay.port, query=MANY), attempts=3) as connector:
                (partition,) = connector.partitions()
                with pytest.raises(Unavailable) as caught:
                    list(connector.changes(partition, None, None))
            assert str(caught.value) == "queries/q.sql: the connection broke before the result was complete"
            assert relay.cuts == 6

    def test_a_session_that_the_server_ends(self, server: Warehouse) -> None:
        query = "SELECT pg_terminate_backend(pg_backend_pid()) AS key"
        with pytest.raises(Unavailable, match=r"queries/q\.sql"):
            read(server.settings(query, url=server.url.replace("reader@", "writer@")))

    def test_rows_come_in_batches(self, server: Warehouse) -> None:
        with Relay(folder_of(server.url)) as relay:
            assert len(items(over_tcp(server, relay.port, query=MANY))) == 20_000
        assert relay.seen.count(b"FETCH FORWARD 1000 ") >= 19

    def test_closing_the_connector_ends_what_is_under_way(self, server: Warehouse) -> None:
        self._ended(server.settings(ENDLESS))

    def _ended(self, settings: SourceSettings) -> None:
        failure: list[BaseException] = []
        with _reading(settings, failure):
            pass
        (error,) = failure
        assert isinstance(error, SourceError)
        assert str(error) == "the run was stopped"


def test_closing_the_connector_ends_what_is_under_way_on_sqlite(lake: Warehouse) -> None:
    failure: list[BaseException] = []
    with _reading(lake.settings(ENDLESS), failure):
        pass
    assert [str(error) for error in failure] == ["the run was stopped"]


@contextlib.contextmanager
def _reading(settings: SourceSettings, failure: list[BaseException]) -> Iterator[None]:
    """An endless query under way in another thread, until the connector is closed; the thread is then waited for."""

    def run(connector: Any, partition: Any) -> None:
        try:
            list(connector.changes(partition, None, None))
        except BaseException as error:
            failure.append(error)

    with opened(settings) as connector:
        (partition,) = connector.partitions()
        database = connector._database  # type: ignore[attr-defined]
        begun = threading.Event()
        database._live = _Told(begun)
        thread = threading.Thread(target=run, args=(connector, partition))
        thread.start()
        assert begun.wait(60)
        yield
    thread.join(60)
    assert not thread.is_alive()


class _Told(set[Any]):
    """A set that tells when something is put into it."""

    def __init__(self, event: threading.Event) -> None:
        super().__init__()
        self._event = event

    def add(self, element: Any) -> None:
        super().add(element)
        self._event.set()


# ---- secrecy ----------------------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_the_password_is_nowhere_even_in_the_most_talkative_log(server: Warehouse, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "psycopg", "psycopg.pq", "connectors"):
        caplog.set_level(logging.DEBUG, name)
    settings = server.settings("SELECT :cycle_start AS date, 1 AS value")
    with Relay(folder_of(server.url)) as relay:
        settings = over_tcp(server, relay.port, query="SELECT :cycle_start AS date, 1 AS value")
        with opened(settings) as connector:
            account = connector.check()
            (partition,) = connector.partitions()
            assert list(connector.changes(partition, None, None))
            database = connector._database  # type: ignore[attr-defined]
            shown = f"{account!r} {settings!r} {database._made!r} {database._made.url!s} {vars(database)} {database.address!r}"
        assert PASSWORD.encode() not in relay.seen, "SCRAM proves the password without telling it"
    assert PASSWORD not in shown + caplog.text


def test_an_error_holds_no_parameter_and_no_address(lake: Warehouse) -> None:
    with pytest.raises(SourceError) as caught:
        read(lake.settings("SELECT nope FROM sale WHERE day > :cycle_start"))
    shown = "".join(traceback.format_exception(caught.value))
    assert "2027-01-01" not in shown.partition("connectors.base")[2]
    assert str(lake.folder) not in str(caught.value) + caught.value.hint
