"""Texts and numbers that break databases come back the same from both."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Dimension, Gone, MetricValue, Page, Rejected, WorkItem
from hub.store import Store, open_store
from tests.hub.store.sheets import Sheet
from tests.hub.store.world import item, world

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), min_size=1, max_size=12)
HARD = (
    "a\0b",
    "\ud800x",
    "\udfff",
    "👩‍🚀",
    "مرحبا",
    "e\u0301",
    "\\u0000",
    '"\\',
    "İ",
    "ß",
    "\u2028",
    "%s ? :x",
    "'; DROP TABLE item; --",
)
BIG = (2**31, 2**53 + 1, 2**63, 2**64, -(2**63), 10**30)


def expected(text: str) -> str:
    """U+FFFD for each NUL and each half of a pair that is alone; halves that belong together are one character."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in whole)


@pytest.mark.parametrize("text", HARD)
def test_hard_texts(store: Store, text: str) -> None:
    """F24: NUL, halves of pairs, emoji, right-to-left: stored alike, found again, and no change the next time."""
    given_item = WorkItem(
        "1" + text, text, key=text, url=text, status=text, parent_ref=text, labels=(text, "plain"), containers=(text,),
        links=(("blocks", text),), assignee=text, fields={text: [text, {"deep": text}]},
    )  # fmt: skip
    with world(store) as w:
        assert w.sync(given_item).new == 1
        assert w.sync(given_item).unchanged == 1
        [found] = w.items().values()
        plain = expected(text)
        assert (found.id, found.title, found.key, found.url) == ("1" + plain, plain, plain, plain)
        assert set(found.labels) == {plain, "plain"}
        assert found.fields == {plain: [plain, {"deep": plain}]}
        assert [x.no for x in w.reader.find_item(plain)] == [found.no]
        assert [x.no for x in w.reader.items(ids=[("jira", found.id)])] == [found.no]
        assert [x.no for x in w.reader.items(keys=[plain])] == [found.no]


@pytest.mark.parametrize("text", HARD)
def test_hard_texts_everywhere_else(store: Store, text: str) -> None:
    plain = expected(text)
    with world(store) as w:
        w.dimensions(Dimension("status", text, text, text, {"more": text}))
        w.put(Page(rejected=(Rejected(text, text, text), Rejected(None, text, text)), unaccounted=(text,),
                   gone=(Gone(text, "merged", into=text),), end="complete"))  # fmt: skip
        assert w.dimensions(Dimension("status", text, text, text, {"more": text})) == []
        assert w.reader.dimensions().statuses["jira", plain].name == plain
        assert {(q.id, q.raw, q.reason) for q in w.reader.quarantine()} == {(plain, plain, plain), (None, plain, plain)}
        assert [n.ref for n in w.reader.notices()] == [plain]
        w.writer.end_run(w.run, "failed", finished_at=1, counts={}, error=text, hint=text)
        assert w.reader.runs()[0].error == plain


@pytest.mark.parametrize("text", HARD)
def test_hard_texts_in_values(store: Store, text: str) -> None:
    """F24: a value is known by its series and key, whatever they are written with; texts are kept in one spelling."""
    hard = MetricValue(text, date(2026, 1, 1), text, text, text, {text: text}, text, text, text)
    with world(store) as w:
        sheet = Sheet(w)
        assert sheet.read(hard, rejected=(Rejected(text, text, text),)).values_new == 1
        again = sheet.read(hard, rejected=(Rejected(text, text, text),))
        assert (again.values_new, again.values_changed, again.quarantined) == (0, 0, 0)
        plain = unicodedata.normalize("NFC", expected(text))
        (found,) = w.reader.values(series=[plain])
        assert found[4:11] == (plain, plain, plain, {plain: plain}, plain, plain, plain)
        assert sheet.read().values_gone == 1


def test_big_numbers(store: Store) -> None:
    """Beyond 64 bits a number of JSON becomes its literal; nothing is rounded."""
    with world(store) as w:
        fields = {f"n{n}": n for n in BIG}
        w.sync(item("1", estimate=str(2**63), amount="1e400", fields=fields))
        found = w.item("1")
        assert found.estimate == "9223372036854775808"
        assert found.fields == {name: n if -(2**63) <= n < 2**64 else str(n) for name, n in fields.items()}


def test_unicode_spelling_is_no_change(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1", "Caf\u00e9", labels=("caf\u00e9", "z"), fields={"x": "\u00e9"}))
        counts = w.sync(item("1", "Cafe\u0301", labels=("z", "cafe\u0301"), fields={"x": "e\u0301"}))
        assert counts.unchanged == 1


@pytest.mark.postgres
@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=4, unique=True))
@settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_both_databases_keep_the_same(sqlite_url: str, postgres_url: str, texts: list[str]) -> None:
    """F24: any text comes back from SQLite as it does from PostgreSQL."""
    source = f"s{abs(hash(tuple(texts)))}"
    kept = []
    for url in (sqlite_url, postgres_url):
        with open_store(url) as store, world(store, source) as w:
            w.sync(*(WorkItem(f"{n}{text}", text, labels=tuple(texts), fields={text: text}) for n, text in enumerate(texts)))
            rows = w.query("SELECT id, title, labels, fields, content_hash FROM item WHERE source = ? ORDER BY id", source)
            kept.append([(*row[:4], bytes(row[4])) for row in rows])
            assert [row[1] for row in kept[-1]] == [expected(text) for text in texts]
    assert kept[0] == kept[1]
