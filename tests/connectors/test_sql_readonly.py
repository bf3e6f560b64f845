"""Nothing that a query says can change anything: neither what is read nor the machine that it lies on."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from connectors.base import Misconfigured, SourceError, SourceSettings
from connectors.sql import query as queries
from connectors.sql import session
from connectors.sql.query import Query
from tests.connectors.sql_world import Warehouse, opened, read


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look at the text lets everything pass: what is left is the session."""

    def blind(name: str, text: str, given: object) -> Query:
        return Query(name, text.replace(":", "\\:"), ())

    monkeypatch.setattr(queries, "understood", blind)
    monkeypatch.setattr("connectors.sql.connector.understood", blind)
    monkeypatch.setattr(Query, "without_rows", lambda self: self)


WRITING = {
    "insert": "INSERT INTO sale VALUES ('2027-01-01', 1, 'x')",
    "update": "UPDATE sale SET amount = 2",
    "delete": "DELETE FROM sale",
    "after with": "WITH gone AS (SELECT 1) DELETE FROM sale",
    "in with": "WITH gone AS (DELETE FROM sale RETURNING *) SELECT day AS date, amount AS value FROM gone",
    "returning": "INSERT INTO sale VALUES ('2027-01-01', 1, 'x') RETURNING day AS date, amount AS value",
    "drop": "DROP TABLE sale",
    "create": "CREATE TABLE other (a integer)",
    "temporary": "CREATE TEMPORARY TABLE other (a integer)",
    "second": "SELECT 1 AS key; DELETE FROM sale",
    "committed": "SELECT 1 AS key; COMMIT; DELETE FROM sale",
}


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("name", WRITING)
def test_the_session_alone_refuses_what_writes(warehouse: Warehouse, name: str) -> None:
    warehouse.run("INSERT INTO sale VALUES ('2027-01-01', 1, 'EMEA')")
    before = warehouse.rows("SELECT * FROM sale")
    with pytest.raises(SourceError) as caught:
        read(_mighty(warehouse, WRITING[name]))
    assert caught.value.hint
    assert warehouse.rows("SELECT * FROM sale") == before


@pytest.mark.parametrize("name", WRITING)
def test_the_look_at_the_text_refuses_it_before_in_better_words(warehouse: Warehouse, name: str) -> None:
    with pytest.raises(Misconfigured, match=r"begins with|a second statement|writes|does more than read|syntax error") as caught:
        read(_mighty(warehouse, WRITING[name]))
    assert caught.value.hint


class Everything:
    """Holds whatever is looked for."""

    def __contains__(self, _: object) -> bool:
        return True


@pytest.mark.usefixtures("unread")
def test_each_of_sqlite_s_locks_holds_without_the_others(lake: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_READS", Everything())
    with pytest.raises(Misconfigured, match="does more than read"):
        read(lake.settings("DELETE FROM sale"))
    assert [
        item.key for page in read(lake.settings("SELECT query_only AS key FROM pragma_query_only")) for item in page.items
    ] == ["1"]
    with opened(lake.settings("SELECT 1 AS key")) as connector:
        plain = connector._database._open_file()  # type: ignore[attr-defined]
    with contextlib.closing(plain), pytest.raises(sqlite3.OperationalError, match="readonly"):
        plain.execute("DELETE FROM sale")


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(
    "statement",
    [
        "ATTACH DATABASE '{folder}/other.db' AS other",
        "PRAGMA writable_schema = ON",
        "PRAGMA query_only = OFF",
        "PRAGMA journal_mode = DELETE",
        "VACUUM INTO '{folder}/copy.db'",
        "REINDEX",
        "SELECT load_extension('{folder}/other.so') AS key",
        "BEGIN IMMEDIATE",
        "SAVEPOINT a",
    ],
)
def test_sqlite_is_not_led_elsewhere(lake: Warehouse, statement: str) -> None:
    before = sorted(lake.folder.iterdir())
    with pytest.raises(Misconfigured):
        read(lake.settings(statement.format(folder=lake.folder)))
    assert sorted(lake.folder.iterdir()) == before


def test_a_file_that_is_not_there_is_not_made(lake: Warehouse) -> None:
    path = lake.folder / "nowhere.db"
    with pytest.raises(Misconfigured, match=r"there is no file .*nowhere\.db"):
        read(lake.settings("SELECT 1 AS key", url=f"sqlite:///{path}"))
    assert not path.exists()


def test_a_file_that_may_not_be_written_is_read(lake: Warehouse) -> None:
    Path(lake.folder / "lake.db").chmod(0o400)
    assert read(lake.settings("SELECT 1 AS key"))[-1].end == "complete"


@pytest.mark.postgres
@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO PROGRAM 'touch {folder}/made'",
        "COPY sale FROM PROGRAM 'touch {folder}/made'",
        "COPY (SELECT 1) TO '{folder}/made'",
        "SET TRANSACTION READ WRITE",
        "SET default_transaction_read_only = off",
        "SELECT set_config('transaction_read_only', 'off', true) AS key",
        "SELECT nextval('counter') AS key",
        "SELECT lo_create(0) AS key",
        "SELECT writes() AS key",
        "SELECT * FROM sale FOR UPDATE",
        "NOTIFY somebody",
        "LOCK TABLE sale",
        "CALL nothing()",
        "DO $$ BEGIN DELETE FROM sale; END $$",
        "TRUNCATE sale",
        "GRANT ALL ON sale TO PUBLIC",
        "ALTER ROLE reader SUPERUSER",
    ],
)
def test_postgresql_refuses_it_even_to_a_superuser(server: Warehouse, statement: str) -> None:
    server.folder.chmod(0o777)
    server.run("CREATE SEQUENCE counter; INSERT INTO sale VALUES ('2027-01-01', 1, 'EMEA')")
    server.run("CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'DELETE FROM sale; SELECT 1'")
    with pytest.raises(SourceError):
        read(_mighty(server, statement.format(folder=server.folder)))
    assert server.rows("SELECT count(*) FROM sale") == [(1,)]
    assert server.rows("SELECT is_called FROM counter") == [(False,)]
    assert server.rows("SELECT rolsuper FROM pg_roles WHERE rolname = 'reader'") == [(False,)]
    assert not (server.folder / "made").exists()


@pytest.mark.postgres
def test_the_transaction_is_read_only_and_says_so(server: Warehouse) -> None:
    query = (
        "SELECT 'x' AS key, current_setting('transaction_read_only') AS now,"
        " current_setting('default_transaction_read_only') AS later, current_setting('transaction_isolation') AS isolation"
    )
    ((item,),) = [page.items for page in read(server.settings(query))]
    assert item.fields == {"now": "on", "later": "on", "isolation": "repeatable read"}


@pytest.mark.postgres
def test_what_a_query_sets_is_gone_with_its_session(server: Warehouse) -> None:
    settings = server.settings(
        queries={
            "a": "SELECT set_config('default_transaction_read_only', 'off', false) AS key",
            "b": "SELECT current_setting('default_transaction_read_only') AS key",
        }
    )
    assert [item.key for page in read(settings, "a") for item in page.items] == ["off"]
    assert [item.key for page in read(settings, "b") for item in page.items] == ["on"]


def _mighty(warehouse: Warehouse, statement: str) -> SourceSettings:
    """The statement, asked by somebody whom the server would allow anything."""
    return warehouse.settings(statement, url=warehouse.url.replace("reader@", "writer@"))
