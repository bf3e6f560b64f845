"""Private items: counted, while their titles and addresses are nowhere in the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Page, Rejected, WorkItem
from hub.model import Item, Pattern, Place
from hub.store import Store
from hub.store.write import PageCounts, Privacy
from tests.hub.store.world import World, item, world

SECRET = "Redundancy talks with the plant in Ulm"
ADDRESS = "https://jira.test/browse/redundancy-talks-ulm"

HR = Privacy("hr", lambda each: "hr" in each.labels)
NOBODY = Privacy("nobody", lambda each: False)


def hidden(id_: str = "1", title: str = SECRET, **more: Any) -> WorkItem:
    return item(id_, title, url=ADDRESS, labels=("hr",), **more)


def put(w: World, privacy: Privacy | None, *items: WorkItem, **more: Any) -> PageCounts:
    return w.put(Page(items=items, end="complete", **more), privacy=privacy)


def traces(store: Store) -> list[str]:
    """Where any of it still stands: in a table, or (on SQLite) anywhere in the files."""
    words = ("Redundancy", "redundancy", "Ulm")
    found = []
    with store.read() as sql:
        for (table,) in list(sql.rows(TABLES[store.dialect.name])):
            found += [f"{table}: {row}" for row in sql.rows(f"SELECT * FROM {table}") if any(w in repr(row) for w in words)]
    if store.path is not None:
        for path in store.path.parent.glob(f"{store.path.name}*"):
            found += [f"{path.name}: {word}" for word in words if word.encode() in path.read_bytes()]
    return found


TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
}


def test_what_is_private_from_the_start_is_never_stored(store: Store) -> None:
    with world(store) as w:
        assert put(w, HR, hidden(key="HR-1"), item("2", "Open")) == PageCounts(new=2)
        assert {i.id: (i.title, i.url, i.key) for i in w.items().values()} == {"1": ("", None, "HR-1"), "2": ("Open", None, None)}
        assert traces(store) == []


def test_a_private_item_that_did_not_change_is_unchanged(store: Store) -> None:
    with world(store) as w:
        put(w, HR, hidden(hour=1))
        w.assess()
        assert put(w, HR, hidden(hour=1)) == PageCounts(unchanged=1)
        assert put(w, HR, hidden(title="Redundancies are off", hour=1)) == PageCounts(unchanged=1), "the title is not looked at"
        assert w.dirty() == set()
        assert put(w, HR, hidden(hour=2, status="Done")) == PageCounts(changed=1, altered=1)
        assert traces(store) == []


def test_an_item_that_becomes_private_is_forgotten_in_its_past_too(store: Store) -> None:
    with world(store) as w:
        open_one = item("1", SECRET, url=ADDRESS, key="PAY-1")
        put(w, HR, open_one)
        put(w, HR, item("1", f"{SECRET}, second round", url=f"{ADDRESS}-2", key="PAY-1"))
        then = w.reader.seq()
        assert traces(store) != []
        put(w, HR, hidden(key="PAY-1"))
        store.compact()  # for the log of writes alone: traces in the file are unlikely here
        assert traces(store) == []
        assert w.items(as_of=then)["1"].title == ""
        assert w.reader.find_item(ADDRESS) == []
        assert put(w, HR, open_one) == PageCounts(changed=1, altered=1)
        assert w.item("1").title == SECRET, "it is no longer private"


def test_rejected_records_of_such_a_source_are_not_kept_in_raw(store: Store) -> None:
    with world(store) as w:
        broken = WorkItem("9", SECRET, level=2**40)
        put(w, HR, broken, rejected=(Rejected("8", "its status is no text", f'{{"summary": "{SECRET}"}}'),))
        assert {q.id: q.raw for q in w.reader.quarantine()} == {"8": "", "9": ""}
        assert traces(store) == []


# ---- when the rules change ----------------------------------------------------------------------------------------------


def grown(w: World) -> None:
    """A source with a past, read before anybody thought of private rules."""
    for n in range(4):
        more = [item(str(each), f"Open {each} {'x' * 60 * n}", labels=("big", f"l{n}")) for each in range(2, 60)]
        put(w, None, hidden(title=f"{SECRET} {n} {'.' * 70 * n}"), *more)
    w.assess()


def test_a_new_private_rule_makes_the_store_forget(store: Store) -> None:
    with world(store) as w:
        grown(w)
        put(w, None, item("2", "Open"), rejected=(Rejected("8", "its status is no text", SECRET),))
        assert w.writer.hide_titles(None) == 0
        assert len(traces(store)) > 3
        assert w.writer.hide_titles(HR) == 1
        w.writer.clear_traces()
        assert traces(store) == []
        assert w.dirty() == {"1", "2"}, "what a pattern found in the title is not there any more"
        assert (w.item("1").title, w.item("3").title[:6]) == ("", "Open 3")
        assert put(w, HR, hidden(title=f"{SECRET} 3 {'.' * 210}")) == PageCounts(unchanged=1), "stored as if it always had been"


def test_what_patterns_found_in_a_title_is_forgotten_with_it(store: Store) -> None:
    pattern = Pattern(0, None, ("title",), r"\[([^]]+)\]", "child", Place("p.toml", 1))
    with world(store) as w:
        w.sync(item("8", key="Ulm-a"), item("9", key="Ulm-b"))
        put(w, None, hidden(title="About [Ulm-a] and [Ulm-b]"))
        w.writer.settle_edges([pattern])
        assert any(t.startswith("ambiguity") for t in traces(store))
        w.writer.hide_titles(HR)
        w.writer.clear_traces()
        w.writer.settle_edges([pattern])
        assert [t for t in traces(store) if t.startswith(("ambiguity", "reference"))] == []


def test_a_past_row_is_forgotten_though_the_item_is_no_longer_private(store: Store) -> None:
    with world(store) as w:
        put(w, None, hidden())
        put(w, None, item("1", "Moved to the shop", key="SHOP-1"))
        assert w.writer.hide_titles(HR) == 1
        assert w.query("SELECT title, url FROM item_version") == [("", None)]
        assert w.item("1").title == "Moved to the shop"


def test_only_what_was_stored_under_other_rules_is_looked_at_again(store: Store) -> None:
    asked: list[Item] = []

    def watched(each: Item) -> bool:
        asked.append(each)
        return HR.matches(each)

    counting = Privacy("hr", watched)
    with world(store) as w:
        put(w, None, hidden(), item("2"))
        w.writer.hide_titles(counting)
        assert [each.id for each in asked] == ["1", "2"]
        w.writer.hide_titles(counting)
        put(w, counting, hidden(), item("2"))
        asked.clear()
        w.writer.hide_titles(counting)
        assert asked == []


def test_a_run_that_began_under_older_rules_is_caught(store: Store) -> None:
    """It read the mapping before the private rule was written, and goes on storing titles after an evaluation hid them."""
    with world(store) as w:
        put(w, NOBODY, hidden("1"))
        w.writer.hide_titles(HR)
        put(w, NOBODY, hidden("2"))
        assert w.item("2").title == SECRET
        assert w.writer.hide_titles(HR) == 1
        assert w.item("2").title == ""


def test_every_page_of_other_rules_leaves_a_mark_of_its_own(store: Store) -> None:
    """An evaluation that hides titles meanwhile sees by it that it must look again."""
    with world(store) as w:
        marks = set()
        for n in range(3):
            put(w, NOBODY, hidden(str(n)))
            w.writer.hide_titles(HR)
            put(w, NOBODY, item("4"))
            marks.update(w.query("SELECT private FROM source"))
        assert len(marks) == 3


def test_without_private_rules_nothing_is_asked_and_titles_come_back(store: Store) -> None:
    with world(store) as w:
        put(w, HR, hidden())
        w.writer.hide_titles(HR)
        assert w.writer.hide_titles(None) == 0
        assert put(w, None, hidden()) == PageCounts(changed=1)
        assert w.item("1").title == SECRET
        assert w.query("SELECT private FROM source") == [("",)]


@pytest.fixture
def big(sqlite_store: Store) -> Iterator[World]:
    with world(sqlite_store) as w:
        yield w


def test_thousands_of_rewritten_rows_leave_no_trace_in_the_file(big: World, tmp_path: Path) -> None:
    """Pages of the file split, are freed and used again; nothing of a deleted title may stay in any of them."""
    for n in range(6):
        put(big, None, *(
            hidden(str(each), f"{SECRET} {'lorem ' * (each * 7 % (n + 2) * 9)}{n}", fields={"note": "y" * (each * n % 5000)})
            if each % 3 == 0 else item(str(each), f"Open {'z' * (each * n % 400)}")
            for each in range(1_500)
        ))  # fmt: skip
        big.assess(500)
    assert big.writer.hide_titles(HR) == 500
    big.writer.clear_traces()
    assert traces(big.store) == []
