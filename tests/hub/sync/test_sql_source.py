"""A database as a source, from its file to what the hub keeps."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from hub.cli.asking import ask
from hub.config import Config, load_config
from hub.mappings import load_mappings
from hub.store import Store
from hub.store.read import Reader
from hub.sync import RunSummary, sync_source
from hub.sync.verify import verify_source
from tests.hub.sync.tracker import START, STRATEGY

AT = int(START.timestamp() * 1000)
DEALS = "SELECT id AS key, name AS title, state, label AS labels FROM deal WHERE opened >= :cycle_start AND opened <= :cycle_end"


class Warehouse:
    """A folder with a database, a configuration and mapping files."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self.store = folder, store
        (folder / "mappings" / "queries").mkdir(parents=True)
        (folder / "mappings" / "strategy.toml").write_text(STRATEGY)
        self.configure('queries = ["deals"]')
        self.query("deals", DEALS)
        self.run("CREATE TABLE deal (id INTEGER, name TEXT, state TEXT, label TEXT, opened TEXT)")
        for n in range(4):
            self.run(f"INSERT INTO deal VALUES ({n}, 'Deal {n}', '{'done' if n < 2 else 'todo'}', 'alpha', '2026-10-0{n + 1}')")

    def configure(self, more: str) -> None:
        (self.folder / "config.toml").write_text(f'[source.crm]\nkind = "sql"\nurl = "sqlite:///crm.db"\n{more}\n')

    def query(self, name: str, text: str) -> None:
        (self.folder / "mappings" / "queries" / f"{name}.sql").write_text(text)

    def run(self, statement: str) -> None:
        with contextlib.closing(sqlite3.connect(self.folder / "crm.db")) as db:
            db.executescript(statement)

    @property
    def config(self) -> Config:
        return load_config(self.folder / "config.toml", {})

    def sync(self, at: int = AT) -> RunSummary:
        mapping = load_mappings(self.folder / "mappings", "UTC")[0]
        return sync_source(self.config, mapping, self.store, "crm", mode="full", as_of=at, now=lambda: at, threads=1)

    def titles(self) -> dict[str, str]:
        with self.store.read() as sql:
            return dict(sql.rows("SELECT key, title FROM item WHERE source = ? AND presence = 'present'", "crm"))


@pytest.fixture
def crm(tmp_path: Path, sqlite_store: Store) -> Warehouse:
    return Warehouse(tmp_path / "hub", sqlite_store)


def test_items_of_a_query_are_kept_and_counted(crm: Warehouse) -> None:
    summary = crm.sync()
    assert (summary.result, summary.error) == ("complete", None)
    assert crm.titles() == {str(n): f"Deal {n}" for n in range(4)}


def test_the_query_that_was_asked_is_kept_with_the_evaluation(crm: Warehouse) -> None:
    crm.sync()
    reader = Reader(crm.store)
    evaluation = reader.evaluation()
    assert evaluation is not None
    stored = reader.mapping(evaluation.mapping_hash)
    assert stored is not None
    assert stored.files["mappings/queries/deals.sql"] == DEALS


def test_what_a_query_no_longer_gives_leaves(crm: Warehouse) -> None:
    crm.sync()
    crm.run("DELETE FROM deal WHERE id = 3; UPDATE deal SET name = 'Renamed' WHERE id = 0")
    assert crm.sync(AT + 1).result == "complete"
    assert crm.titles() == {"0": "Renamed", "1": "Deal 1", "2": "Deal 2"}


def test_a_fault_leaves_the_last_good_data_as_they_are(crm: Warehouse) -> None:
    crm.sync()
    crm.run("UPDATE deal SET name = 'Renamed'; INSERT INTO deal VALUES (NULL, 'no key', 'todo', 'alpha', '2026-10-09')")
    summary = crm.sync(AT + 1)
    assert summary.result == "failed"
    assert summary.error == "deals: queries/deals.sql, row 5, column key: is NULL"
    assert crm.titles() == {str(n): f"Deal {n}" for n in range(4)}


def test_a_query_without_a_file_is_partial_and_says_which(crm: Warehouse) -> None:
    crm.configure('queries = ["deals", "quotas"]')
    summary = crm.sync()
    assert summary.result == "partial"
    assert any("mappings/queries/quotas.sql does not exist" in note for note in summary.notes)
    assert len(crm.titles()) == 4


def test_the_cycle_in_force_at_the_run_decides_the_days(crm: Warehouse) -> None:
    path = crm.folder / "mappings" / "strategy.toml"
    path.write_text(
        STRATEGY.replace("ends = 2026-12-31 }", "ends = 2026-10-02 }\n2026-q4b = { starts = 2026-10-03, ends = 2026-12-31 }")
    )
    crm.sync()
    assert crm.titles() == {"2": "Deal 2", "3": "Deal 3"}


def test_the_online_check_and_verify_run_the_queries_too(crm: Warehouse) -> None:
    crm.query("broken", "SELECT nope FROM deal")
    crm.configure('queries = ["deals", "broken"]')
    mapping = load_mappings(crm.folder / "mappings", "UTC")[0]
    seen = ask(crm.config, "crm", None, START, mapping=mapping)
    assert (seen.result, seen.missing) == ("partial", ())
    assert (seen.error, seen.hint) == ("queries/broken.sql: SQLite says: no such column: nope", "Mend the query.")
    assert [key for _, key, _ in seen.partitions] == ["broken", "deals"]
    crm.query("broken", "DELETE FROM deal")
    crm.configure('queries = ["broken"]')
    seen = ask(crm.config, "crm", None, START, mapping=load_mappings(crm.folder / "mappings", "UTC")[0])
    assert (seen.result, seen.error) == ("failed", "queries/broken.sql, line 1: the query begins with DELETE")
    assert len(crm.titles()) == 0
    crm.configure('queries = ["deals"]')
    crm.sync()
    found = verify_source(crm.config, crm.store, "crm", mapping=load_mappings(crm.folder / "mappings", "UTC")[0], at=AT)
    assert found.equal
    assert found.partitions[0].listed == 4


def test_without_a_query_the_run_says_where_to_name_one(crm: Warehouse) -> None:
    crm.configure("")
    summary = crm.sync()
    assert (summary.result, summary.error) == ("failed", "no query is named for this source")
