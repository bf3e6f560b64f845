"""Many rows at once mean the same on both databases, however many they are."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import exc

from hub.store import Store
from hub.store.bulk import FEW, LOADED
from hub.store.write import Writer
from tests.hub.store.test_text import HARD, expected
from tests.hub.store.world import item, world

SOME = (0, 1, FEW, FEW + 1, 300)
QUARANTINE = ("source", "hash", "id", "partition_id", "raw", "reason", "first_seq", "last_seq", "tries")
SNAPSHOT = ("cycle", "kind", "id", "seq", "done", "total", "key_results", "measured")
ODD = (*map(expected, HARD), "", "\\N", "\\.", "NULL", "a\tb\nc\rd\x08\x0b\x0c", "\\x41", '","', "{}", "x" * 100_000)


def quarantined(n: int) -> tuple[Any, ...]:
    """A row with every kind of column: bytes, text that may be missing, hard texts, 64-bit integers."""
    text = ODD[n % len(ODD)]
    hash_ = bytes([n % 256, 0, 92, 10, n // 256, 255, *text.encode()[:9]])
    return ("jira", hash_, None if n % 3 == 0 else f"{n}{text[:50]}", text, text, text, -(2**63) + n, 2**63 - 1 - n, n)


def snapshot(n: int, seq: int = 1) -> tuple[Any, ...]:
    return (f"Q{seq}", "key_result", f"kr {n}", seq, "0", "1", 1, 1)


@pytest.mark.parametrize("count", SOME)
def test_what_is_inserted_comes_back_as_it_went(store: Store, count: int) -> None:
    rows = [quarantined(n) for n in range(count)]
    with world(store) as w:
        with w.writer._pen.begin() as tx:
            tx.insert("quarantine", QUARANTINE, rows)
        found = w.query(f"SELECT {', '.join(QUARANTINE)} FROM quarantine ORDER BY tries")
    assert [(*row[:1], bytes(row[1]), *row[2:]) for row in found] == rows


@pytest.mark.parametrize("count", SOME)
def test_an_update_sets_the_rows_of_its_keys_and_no_others(store: Store, count: int) -> None:
    with world(store) as w:
        with w.writer._pen.begin() as tx:
            tx.insert("snapshot", SNAPSHOT, [snapshot(n) for n in range(400)])
            tx.run("UPDATE snapshot SET to_seq = 2 WHERE id = 'kr 0'")
            wanted = [(f"{n}/9", n, "Q1", f"kr {n}") for n in range(count)]
            tx.update("snapshot", ("progress", "to_seq"), ("cycle", "id"), wanted, only="to_seq IS NULL")
        found = w.query("SELECT id, progress, to_seq FROM snapshot ORDER BY id")
    assert found == sorted(
        [(f"kr {n}", f"{n}/9" if 0 < n < count else None, n if 0 < n < count else 2 if n == 0 else None) for n in range(400)]
    )


@pytest.mark.parametrize("count", SOME)
def test_an_upsert_inserts_what_is_new_and_replaces_what_is_there(store: Store, count: int) -> None:
    key = ("source", "value", "kind", "item_no")
    with world(store) as w:
        with w.writer._pen.begin() as tx:
            tx.upsert("alias", ("from_seq",), key, [(7, "jira", f"old {n}", "key", n) for n in range(100)])
            tx.upsert("alias", ("from_seq",), key, [(8, "jira", f"old {n}", "key", n) for n in range(50, 50 + count)])
        found = w.query("SELECT item_no, from_seq FROM alias ORDER BY item_no")
    assert found == [(n, 8 if 50 <= n < 50 + count else 7) for n in range(max(100, 50 + count))]


@pytest.mark.parametrize("count", (2, 300))
def test_of_rows_with_one_key_the_last_one_counts(store: Store, count: int) -> None:
    key = ("source", "value", "kind", "item_no")
    with world(store) as w:
        with w.writer._pen.begin() as tx:
            tx.upsert("alias", ("from_seq",), key, [(n, "jira", "old", "key", 1) for n in range(count)])
            tx.insert("snapshot", SNAPSHOT, [snapshot(1)])
            tx.update("snapshot", ("progress",), ("id",), [(str(n), "kr 1") for n in range(count)])
        assert w.query("SELECT from_seq FROM alias") == [(count - 1,)]
        assert w.query("SELECT progress FROM snapshot") == [(str(count - 1),)]


def test_two_merges_of_one_transaction_do_not_meet(store: Store) -> None:
    with world(store) as w:
        for seq in (1, 2):
            with w.writer._pen.begin() as tx:
                tx.insert("snapshot", SNAPSHOT, [snapshot(n, seq) for n in range(100)])
                for at in (0, 50):
                    tx.update("snapshot", ("progress",), ("seq", "id"), [(f"{at}", seq, f"kr {at + n}") for n in range(50)])
        found = w.query("SELECT seq, progress, count(*) FROM snapshot GROUP BY seq, progress ORDER BY seq, progress")
    assert found == [(1, "0", 50), (1, "50", 50), (2, "0", 50), (2, "50", 50)]


@pytest.mark.parametrize("count", (2, 300))
def test_all_of_it_belongs_to_the_callers_transaction(store: Store, count: int) -> None:
    class Stop(Exception):
        pass

    key = ("source", "value", "kind", "item_no")
    with world(store) as w:
        with pytest.raises(Stop), w.writer._pen.begin() as tx:
            tx.insert("quarantine", QUARANTINE, [quarantined(n) for n in range(count)])
            tx.upsert("alias", ("from_seq",), key, [(n, "jira", "old", "key", n) for n in range(count)])
            tx.update("alias", ("from_seq",), ("item_no",), [(9, n) for n in range(count)])
            raise Stop
        assert w.query("SELECT count(*) FROM quarantine") == w.query("SELECT count(*) FROM alias") == [(0,)]
        assert w.sync(item("1")).new == 1, "the writer goes on"


@pytest.mark.parametrize("count", (2, 300))
def test_a_row_that_is_there_already_is_an_error_of_the_program(store: Store, count: int) -> None:
    rows = [snapshot(n) for n in range(count)]
    with world(store) as w:
        with pytest.raises(exc.IntegrityError), w.writer._pen.begin() as tx:
            tx.insert("snapshot", SNAPSHOT, [*rows, rows[-1]])
        assert w.query("SELECT count(*) FROM snapshot") == [(0,)]
        assert w.sync(item("1")).new == 1


def test_hundreds_of_items_of_a_page(store: Store) -> None:
    """The same counts, rows, history and former names, whichever way they are written."""
    texts = [expected(text)[:50] for text in ODD]
    with world(store) as w:
        first = [item(str(n), texts[n % len(texts)] + "!", key=f"A-{n}", url=f"https://a.test/{n}", hour=1) for n in range(300)]
        assert w.sync(*first).new == 300
        moved = [item(str(n), texts[n % len(texts)] + "?", key=f"B-{n}", parent_ref=f"A-{n // 9}", hour=2) for n in range(200)]
        counts = w.sync(*moved, *first[200:])
        assert (counts.new, counts.changed, counts.unchanged) == (0, 200, 100)
        assert [x.id for x in w.reader.find_item("a-17")] == ["17"]
        w.assess()
        assert w.parents() == {str(n): str(n // 9) for n in range(1, 200)}
        assert w.finish() is not None
        assert w.query("SELECT count(*) FROM item_version") == [(200,)]
        assert w.query("SELECT count(*) FROM attachment") == w.query("SELECT count(*) FROM link") == [(300,)]
        assert [x.title for x in w.items().values()] == [
            texts[n % len(texts)] + ("?" if n < 200 else "!") for n in range(300)
        ]  # fmt: skip


@pytest.mark.postgres
def test_the_server_looks_at_a_table_while_it_is_loaded(postgres_store: Store) -> None:
    """Without, it would read all items of a source for each page of a first load."""
    with world(postgres_store) as w:
        for at in range(0, 2500, 250):
            w.sync(*(item(str(n)) for n in range(at, at + 250)))
        assert w.query("SELECT reltuples::int FROM pg_class WHERE relname = 'item'")[0][0] >= 2000
        plan = "\n".join(row[0] for row in w.query("EXPLAIN SELECT no FROM item WHERE source = 'jira' AND id = ANY('{1,2,3}')"))
        assert "Index Cond: ((source = 'jira'::text) AND (id = ANY" in plan
        connection = w.writer._pen._connection
        assert connection is not None
        assert connection.info[LOADED]["item"][0] == 2500
    with postgres_store.own("source:asana") as mine, Writer(postgres_store, mine) as writer, writer._pen.begin() as tx:
        assert LOADED not in tx.connection.info, "each writer counts anew"
