"""A PostgreSQL server that was set up for something else, refuses, or is shared: the same truth, or a sentence that helps."""

from __future__ import annotations

import random
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from connectors.base import Dimension, Gone, Page, Rejected, WorkItem
from hub.errors import LostOwnership, StoreUnavailable
from hub.store import Store, open_store
from hub.store.read import Reader
from hub.store.write import Writer
from tests.hub.store.child import Child
from tests.hub.store.databases import PostgresServer
from tests.hub.store.pooler import Pooler
from tests.hub.store.world import item, world

NAME = "source:jira"


def name_of(url: str) -> str:
    return str(make_url(url).database)


def tell(url: str, *statements: str) -> None:
    """As the server's administrator."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


# ---- what the server was set up to do -----------------------------------------------------------------------------------


@pytest.mark.postgres
def test_limits_for_web_applications_do_not_cut_a_nights_work(postgres_url: str) -> None:
    """F26: a lock's connection may be idle, a statement may take long, a stopped writer ends, a vanished host is noticed."""
    database = name_of(postgres_url)
    limits = (
        "statement_timeout = '20ms'",
        "idle_session_timeout = '20ms'",
        "transaction_timeout = '20ms'",
        "lock_timeout = '1ms'",
    )
    tell(postgres_url, *(f"ALTER DATABASE {database} SET {limit}" for limit in limits))
    with open_store(postgres_url) as store, world(store) as w:
        w.query("SELECT pg_sleep(0.1)")  # longer than all of them
        w.sync(item("1"))
        shown = {name: w.query(f"SHOW {name}")[0][0] for name in ("idle_in_transaction_session_timeout", "lock_timeout")}
        assert shown == {"idle_in_transaction_session_timeout": "10min", "lock_timeout": "2min"}
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE"
        assert w.query(f"{held} datname = current_database())") == [(1,)]


@pytest.mark.postgres
@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_writers_see_each_others_commits_whatever_the_servers_isolation(postgres_url: str, isolation: str) -> None:
    tell(postgres_url, f"ALTER DATABASE {name_of(postgres_url)} SET default_transaction_isolation = '{isolation}'")
    with Child(postgres_url, NAME) as other, open_store(postgres_url) as store, world(store, "asana") as w:
        for n in range(10):
            other.tell("write")
            w.sync(item(f"mine {n}"))
        assert [other.read() for _ in range(10)] == ["written"] * 10
        assert w.query("SELECT source, count(*) FROM item GROUP BY source ORDER BY source") == [("asana", 10), ("jira", 10)]
        assert w.query("SELECT count(DISTINCT no) FROM item") == [(20,)]


@pytest.mark.postgres
def test_the_clients_own_encoding_does_not_matter(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """F24: as on a machine that is set to Latin-1."""
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with open_store(postgres_url) as store, world(store) as w:
        w.sync(item("1", "Zürich 👩‍🚀 مرحبا"))
        assert w.item("1").title == "Zürich 👩‍🚀 مرحبا"


@pytest.mark.postgres
def test_connections_say_whose_they_are(postgres_store: Store) -> None:
    with postgres_store.read() as sql:
        assert str(sql.value("SHOW application_name")).startswith("anchorline ")


# ---- what it refuses ----------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_a_server_that_takes_no_writes(postgres_store: Store, postgres_url: str) -> None:
    with world(postgres_store) as w:
        w.sync(item("1"))
    tell(postgres_url, f"ALTER DATABASE {name_of(postgres_url)} SET default_transaction_read_only = on")
    with open_store(postgres_url) as store:
        with pytest.raises(StoreUnavailable, match="takes no writes: it is a standby, or set to read-only") as refused:
            store.own(NAME)
        assert "primary" in refused.value.hint
        with store.read() as sql:
            assert sql.value("SELECT count(*) FROM item") == 1, "reading goes on"


@pytest.fixture
def plain_user(postgres_server: PostgresServer, postgres_url: str) -> Iterator[str]:
    """The address for a user who is not the server's administrator."""
    postgres_server.psql("CREATE ROLE plain LOGIN")
    yield make_url(postgres_url).set(username="plain").render_as_string(hide_password=False)
    tell(postgres_url, "DROP OWNED BY plain")
    postgres_server.psql("DROP ROLE plain")


@pytest.mark.postgres
def test_a_user_without_rights(postgres_url: str, plain_user: str) -> None:
    with pytest.raises(StoreUnavailable, match="user may not do what Anchorline needs") as refused:
        open_store(plain_user)
    assert "temporary" in refused.value.hint
    tables = "ALL TABLES IN SCHEMA public"
    tell(postgres_url, f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO plain")
    with open_store(plain_user) as store, world(store) as w:
        many = [item(str(n)) for n in range(1100)]
        assert w.sync(*many).new == 1100, "not being the tables' owner is no hindrance"
        assert w.sync(*(item(each.id, "Other") for each in many)).changed == 1100
    tell(postgres_url, f"REVOKE TEMPORARY ON DATABASE {name_of(postgres_url)} FROM PUBLIC")
    with open_store(plain_user) as store, world(store) as w:
        with pytest.raises(StoreUnavailable, match="user may not do what Anchorline needs"):
            w.sync(*many)
        assert {each.title for each in w.items().values()} == {"Other"}


@pytest.mark.postgres
def test_a_database_or_user_that_is_not_there_is_named_in_the_servers_words(postgres_url: str) -> None:
    url = make_url(postgres_url)
    for other, said in (
        (url.set(database="nowhere"), 'database "nowhere" does not exist'),
        (url.set(username="nobody", password="geheim"), 'role "nobody" does not exist'),
    ):
        with pytest.raises(StoreUnavailable) as refused:
            open_store(other.render_as_string(hide_password=False))
        assert said in str(refused.value)
        assert "geheim" not in str(refused.value) + refused.value.hint


@pytest.mark.postgres
def test_a_connection_that_ends_in_the_middle_of_a_copy(postgres_store: Store, postgres_url: str) -> None:
    """F27: nothing of the page is stored, people are told, and the writer goes on by a new connection."""

    class Cut(list[tuple[Any, ...]]):
        def __iter__(self) -> Iterator[tuple[Any, ...]]:
            for n in range(len(self)):
                if n == 5_000:
                    tell(postgres_url, f"SELECT pg_terminate_backend({pid}, 10000)")
                yield self[n]

    columns = ("cycle", "kind", "id", "seq", "done", "total", "key_results", "measured")
    with world(postgres_store) as w:
        w.sync(item("1"))
        with pytest.raises(StoreUnavailable, match="ended the connection") as refused, w.writer._pen.begin() as tx:
            pid = tx.value("SELECT pg_backend_pid()")
            tx.insert("snapshot", columns, Cut(("Q1", "team", f"{n} secret", 1, "x" * 50, "1", 1, 1) for n in range(10_000)))
        assert "secret" not in str(refused.value)
        assert w.query("SELECT count(*) FROM snapshot") == [(0,)]
        assert w.sync(item("2")).new == 1


@pytest.mark.postgres
def test_an_owner_whose_lock_was_cut_goes_on_until_it_is_replaced(postgres_store: Store, postgres_url: str) -> None:
    """F28: the epoch decides, not the lock: one that nobody replaced has nobody to disturb."""
    with world(postgres_store) as w:
        locks = "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
        tell(postgres_url, f"{locks} (SELECT oid FROM pg_database WHERE datname = current_database())")
        assert w.sync(item("1")).new == 1
        with open_store(postgres_url) as another, another.own(NAME) as other, Writer(another, other) as writer:
            with pytest.raises(LostOwnership, match="taken over source:jira; this one stops writing") as lost:
                w.sync(item("2"))
            assert lost.value.hint
            writer.put_partitions("jira", [])
        assert set(w.items()) == {"1"}


@pytest.mark.postgres
def test_a_writer_that_is_stopped_in_the_middle_is_ended_by_the_server(postgres_store: Store, postgres_url: str) -> None:
    """F28: a process that sleeps within a transaction cannot keep the others out for ever."""
    with world(postgres_store, "asana") as w, postgres_store.own(NAME) as mine, Writer(postgres_store, mine) as sleeper:
        with pytest.raises(StoreUnavailable, match="ended"), sleeper._pen.begin() as tx:
            tx.run("SET LOCAL idle_in_transaction_session_timeout = 50")
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(w.sync, item("1")).result(timeout=60).new == 1, "it waited for the sleeper to be ended"
            tx.run("UPDATE clock SET seq = seq")
        assert w.sync(item("2")).new == 1


# ---- texts that only one of them could index ----------------------------------------------------------------------------


def long_text(n: int) -> str:
    return "".join(random.Random(n).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=5_000))


def test_names_that_postgres_could_not_index_are_set_aside_on_both(store: Store) -> None:
    """F22: a record with an absurd name does not stop its page."""
    long = long_text(1)
    with world(store) as w:
        counts = w.sync(
            item("1", long, url=f"https://a.test/{long}", assignee=long, labels=(long,), fields={"x": long}, hour=1),
            WorkItem(long, "Long id"), item("3", key=long), item("4", parent_ref=long), item("5"),
        )  # fmt: skip
        assert (counts.new, counts.rejected, counts.quarantined) == (2, 3, 3)
        assert set(w.items()) == {"1", "5"}
        reasons = {(q.reason, len(q.id or "")) for q in w.reader.quarantine()}
        assert reasons == {
            ("its id is longer than 500 characters", 0),
            ("its key is longer than 500 characters", 1),
            ("its parent's name is longer than 500 characters", 1),
        }
        w.put(Page(rejected=(Rejected(long, long, long),), unaccounted=(long,), gone=(Gone(long, "deleted"),), end="complete"))
        w.dimensions(Dimension("status", long, "Long id"), Dimension("status", "5", long))
        assert set(w.reader.dimensions().statuses) == {("jira", "5")}
        w.sync(item("1", "Other", url="https://a.test/short", hour=2))
        w.assess()
        assert w.item("1").former_urls == ()
        assert w.finish() is not None


# ---- growth -------------------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_nights_do_not_leave_dead_rows_behind_for_good(postgres_url: str) -> None:
    """F45: thirty nights, each with some changes undone again, take no more room than five, if the server vacuums."""
    sizes = []
    tables = "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
    tables += " WHERE c.relkind = 'r' AND (n.nspname = 'public' OR c.relname IN ('pg_class', 'pg_attribute', 'pg_type'))"
    with open_store(postgres_url) as store:
        for night in range(30):
            with world(store) as w:
                w.sync(*(item(str(n), f"Title {night % 2 if n < 20 else 0}", parent_ref=str(n // 9)) for n in range(500)))
                w.end("complete")
                w.assess()
                w.finish()
                tell(postgres_url, "VACUUM")  # the server does so by itself, but not this soon
                [[size]] = w.query(tables)
                [[history]] = w.query("SELECT pg_total_relation_size('item_version')")
                sizes.append(int(size) - int(history))
    assert max(sizes[5:]) <= sizes[4] + 20 * 8192, sizes


# ---- two owners ---------------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_a_process_that_slept_through_its_replacement_cannot_write(postgres_store: Store, postgres_url: str) -> None:
    """F28: SIGSTOP, its lock's connection is ended meanwhile, another takes over, SIGCONT."""
    with Child(postgres_url, NAME) as other:
        assert other.ask("write") == "written"
        subprocess.run(["kill", "-STOP", str(other.pid)], check=True)
        locks = "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
        tell(postgres_url, f"{locks} (SELECT oid FROM pg_database WHERE datname = current_database())")
        with world(postgres_store) as w:
            w.sync(item("mine"))
            other.tell("write")
            other.process.send_signal(signal.SIGCONT)
            assert other.read() == "LostOwnership"
            assert set(w.items()) == {"child 0", "mine"}


@pytest.mark.postgres
def test_a_pooler_in_transaction_mode_is_refused(postgres_store: Store, postgres_url: str) -> None:
    """F28: behind one a lock belongs to whoever comes next; two runs would take each other's turn."""
    url = make_url(postgres_url)
    server = Path(str(url.query["host"])) / ".s.PGSQL.5432"
    with Pooler(server, str(url.username), str(url.database)) as pooler:
        through = url.set(host="127.0.0.1", port=pooler.port, query={})
        with open_store(through.render_as_string(hide_password=False)) as store:
            with pytest.raises(StoreUnavailable, match="pooler in transaction mode, in which no lock holds") as refused:
                store.own(NAME)
            assert "pool by session" in refused.value.hint
            assert Reader(store).sources() == [], "reading works"
    with postgres_store.own(NAME) as mine:
        assert mine.epoch == 1, "nothing was taken over"
