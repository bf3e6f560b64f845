"""What becomes of a page: new, changed, unchanged and older items, their former versions, names and marks."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from connectors.base import Dimension, Gone, Page, Rejected, WorkItem
from hub.store import Store
from hub.store.write import PageCounts
from tests.hub.store.world import HOUR, NOON, item, world


def test_every_column_comes_back_as_the_vendor_gave_it(store: Store) -> None:
    given = WorkItem(
        "10001", "Checkout", key="PAY-1", url="https://jira.test/browse/PAY-1", type_id="3", type="Story", level=0,
        status_id="5", status="In Review", category="indeterminate", resolution_id="1", resolution="Done",
        parent_ref="10000", containers=("P1",), labels=("kr:sso", "big"), components=("api",), sprints=("7", "8"),
        links=(("blocks", "PAY-2"), ("attachment", "https://trello.test/c/1")), assignee="5b10", estimate="2.0",
        estimate_unit="points", amount="1.10", currency="EUR",
        created_at=datetime(2026, 1, 1, tzinfo=UTC), updated_at=datetime(2026, 1, 2, 0, 0, 0, 1999, tzinfo=UTC),
        done_at=datetime(2026, 1, 3, tzinfo=UTC), due_on=date(2026, 3, 31), fields={"team": "Core", "risk": None},
        started_at=datetime(2026, 1, 1, 8, tzinfo=UTC),
        stages={
            "Won": datetime(2026, 1, 3, tzinfo=UTC),
            "WON": datetime(2026, 1, 2, tzinfo=UTC),
            "Größe": datetime(2026, 1, 1, tzinfo=UTC),
        },
    )  # fmt: skip
    with world(store) as w:
        w.sync(given)
        [found] = w.items().values()
        assert found.key == "PAY-1"
        assert found.labels == ("big", "kr:sso")
        assert found.sprints == ("7", "8")
        assert found.estimate == "2.0"
        assert found.created_at == 1_767_225_600_000
        assert found.updated_at == 1_767_312_000_001
        assert found.fields == {"team": "Core", "risk": None}
        assert found.status_seen_at is None
        assert (found.due, found.amount, found.currency) == ("2026-03-31", "1.10", "EUR")
        assert found.started_at == 1_767_254_400_000
        assert found.stages == {"won": 1_767_312_000_000, "grösse": 1_767_225_600_000}, "by folded name, the earlier of two"
        assert w.sync(given).unchanged == 1
        assert found.addresses == ("https://trello.test/c/1",)
        [row] = w.query("SELECT links, amount, currency, due_on, first_seen_at, partition_id, run_id FROM item")
        links = '[["attachment","https://trello.test/c/1"],["blocks","PAY-2"]]'
        assert row == (links, "1.10", "EUR", "2026-03-31", NOON, "P1", w.run)


def test_a_status_that_got_another_name_alters_no_item(store: Store) -> None:
    """The guard against everything changing at once looks for altered items; a renamed list changes words only."""
    with world(store) as w:
        w.sync(item("1", status_id="7", status="Doing"), item("2", status="Doing"))
        done = w.sync(item("1", status_id="7", status="In progress"), item("2", status="In progress"))
        assert (done.changed, done.altered) == (2, 1), "without an id it may as well be another status"
        assert {found.status for found in w.items().values()} == {"In progress"}
        assert w.sync(item("1", status_id="8", status="Done"), item("2", status="In progress")).altered == 1


def test_what_is_empty_is_null(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1"))
        assert w.query("SELECT labels, containers, fields, estimate FROM item") == [(None, None, None, None)]


def test_stages_are_part_of_what_changes_and_of_what_was(store: Store) -> None:
    with world(store) as w:
        begun = datetime(2026, 1, 1, tzinfo=UTC)
        w.sync(item("1"), item("2", started_at=begun))
        then = w.reader.seq()
        w.assess()
        assert w.sync(item("1", stages={"Won": begun}), item("2", started_at=begun)) == PageCounts(
            changed=1, unchanged=1, altered=1
        )
        assert w.dirty() == {"1"}
        assert (w.items(as_of=then)["1"].stages, w.item("1").stages) == ({}, {"won": 1_767_225_600_000})
        w.sync(item("1"), item("2"))
        assert (w.item("1").stages, w.item("2").started_at) == ({}, None)


def test_counts(store: Store) -> None:
    with world(store) as w:
        assert w.sync(item("1", hour=1), item("2", hour=1), item("3", hour=1)) == PageCounts(new=3)
        again = w.sync(item("1", hour=1), item("2", "Cart", hour=2), item("3", "Old", hour=0), item("4"))
        assert again == PageCounts(new=1, changed=1, unchanged=1, older=1)


def test_newest_wins(store: Store) -> None:
    """The vendor's index may still answer with yesterday's row."""
    with world(store) as w:
        w.sync(item("1", "Renamed", hour=5))
        assert w.sync(item("1", "First title", hour=4)).older == 1
        assert w.item("1").title == "Renamed"
        assert w.query("SELECT count(*) FROM item_version") == [(0,)]


def test_equal_stamp_and_other_content_is_a_change(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1", "A", hour=5))
        assert w.sync(item("1", "B", hour=5)).changed == 1


def test_of_an_id_twice_in_a_page_the_newest_counts(store: Store) -> None:
    with world(store) as w:
        counts = w.sync(item("1", "New", hour=5), item("1", "Old", hour=4), item("2"))
        assert counts == PageCounts(new=2, repeats=1)
        assert w.item("1").title == "New"


def test_superseded_versions_answer_as_of_a_seq(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1", "First", hour=1), item("2", "Other"))
        then = w.reader.seq()
        w.sync(item("1", "Second", hour=2))
        later = w.reader.seq()
        w.sync(item("1", "Third", hour=3), item("3", "Late"))

        assert {i: x.title for i, x in w.items(as_of=then).items()} == {"1": "First", "2": "Other"}
        assert {i: x.title for i, x in w.items(as_of=later).items()} == {"1": "Second", "2": "Other"}
        assert {i: x.title for i, x in w.items().items()} == {"1": "Third", "2": "Other", "3": "Late"}
        assert len(list(w.reader.items(as_of=later))) == 2, "a version ends before the seq of the next one"
        versions = w.query("SELECT title, from_seq, to_seq FROM item_version ORDER BY from_seq")
        assert [title for title, _, _ in versions] == ["First", "Second"]
        assert versions[0][2] == versions[1][1], "one version begins where the other ends"


def test_a_number_belongs_to_the_item_for_ever(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1"), item("2"))
        before = {i: x.no for i, x in w.items().items()}
        w.sync(item("2", "Changed"), item("1", "Changed too"), item("0"))
        after = {i: x.no for i, x in w.items().items()}
        assert before.items() <= after.items()
        assert len(set(after.values())) == 3


def test_the_moment_a_status_appeared(store: Store) -> None:
    """None while it is the status of the first sight: nobody knows how long it had been that way."""
    with world(store) as w:
        w.sync(item("1", status_id="5", status="Done"))
        w.sync(item("1", "Renamed", status_id="5", status="Finished"), at=NOON + HOUR)
        assert w.item("1").status_seen_at is None, "a renamed status is the same status"
        w.sync(item("1", status_id="6", status="Done"), at=NOON + 2 * HOUR)
        assert w.item("1").status_seen_at == NOON + 2 * HOUR
        w.sync(item("1", "Again", status_id="6", status="Done"), at=NOON + 3 * HOUR)
        assert w.item("1").status_seen_at == NOON + 2 * HOUR


def test_from_one_status_of_a_category_to_another(store: Store) -> None:
    """From done to done is not finishing again; between others a status map may see finishing, so the moment counts."""
    with world(store) as w:
        w.sync(item("1", status_id="3", category="indeterminate"), item("2", status_id="5", category="done"))
        w.sync(item("1", status_id="4", category="indeterminate"), item("2", status_id="6", category="done"), at=NOON + HOUR)
        assert w.item("1").status_seen_at == NOON + HOUR
        assert w.item("2").status_seen_at is None


def test_a_former_key_and_url_still_find_the_item(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1", key="PAY-1", url="https://jira.test/PAY-1"))
        w.sync(item("1", key="SHOP-9", url="https://jira.test/SHOP-9"))
        for text in ("SHOP-9", "shop-9", "PAY-1", "pay-1", "https://jira.test/PAY-1", "https://jira.test/SHOP-9", "1"):
            assert [x.id for x in w.reader.find_item(text)] == ["1"], text
        assert w.reader.find_item("PAY-2") == []
        assert w.item("1").aliases == ("pay-1",)
        assert w.item("1").former_urls == ("https://jira.test/pay-1",)


def test_a_key_in_use_goes_before_a_former_one(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1", key="PAY-1"))
        w.sync(item("1", key="PAY-2"), item("2", key="PAY-1"))
        assert [x.id for x in w.reader.find_item("PAY-1")] == ["2"]


def test_the_same_key_in_two_sources(store: Store) -> None:
    with world(store, "jira") as w:
        w.sync(item("1", key="A-1"))
    with world(store, "other") as w:
        w.sync(item("1", key="A-1"))
        assert [x.source for x in w.reader.find_item("A-1")] == ["jira", "other"]
        assert [x.source for x in w.reader.find_item("A-1", source="other")] == ["other"]


def test_only_new_and_changed_items_become_dirty(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1"), item("2"))
        w.assess()
        assert w.dirty() == set()
        w.sync(item("1"), item("2", "Changed"), item("3"))
        assert w.dirty() == {"2", "3"}


# ---- quarantine and the vendor's silence --------------------------------------------------------------------------------


def test_a_rejected_record_is_kept_once_and_leaves_when_it_is_well(store: Store) -> None:
    with world(store) as w:
        bad = Rejected("7", "its status is no text", '{"id": 7}')
        assert w.sync(item("1"), rejected=(bad,)).rejected == 1
        w.sync(item("1"), rejected=(bad, Rejected(None, "no id", "{}")))
        assert [(q.id, q.tries) for q in w.reader.quarantine("jira")] == [("7", 2), (None, 1)]
        w.sync(item("7"))
        assert [q.id for q in w.reader.quarantine()] == [None]


@pytest.mark.parametrize("broken", [
    WorkItem("9", "T", updated_at=datetime(2026, 1, 1)),  # noqa: DTZ001 - the fault is the missing zone
    WorkItem("9", "T", level=2**40),
    WorkItem("", "T"),
    WorkItem("9", "T", fields={"x": object()}),
])  # fmt: skip
def test_what_cannot_be_stored_is_quarantined_and_the_rest_of_the_page_is_kept(store: Store, broken: WorkItem) -> None:
    with world(store) as w:
        assert w.sync(item("1"), broken) == PageCounts(new=1, rejected=1, quarantined=1)
        assert set(w.items()) == {"1"}
        assert len(w.reader.quarantine()) == 1


def test_unaccounted_ids_are_noted_until_they_arrive(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1"), unaccounted=("5", "6"))
        w.sync(item("1"), unaccounted=("5", "6"))
        assert [(n.kind, n.ref, n.times) for n in w.reader.notices()] == [("unaccounted", "5", 2), ("unaccounted", "6", 2)]
        w.sync(item("5"))
        assert [n.ref for n in w.reader.notices()] == ["6"]


def test_what_the_vendor_calls_gone_is_kept_for_judgement_and_concludes_nothing(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1"))
        w.sync(gone=(Gone("1", "trashed"),))
        assert w.query("SELECT id, how FROM suspect") == [("1", "trashed")]
        assert w.item("1").presence == "present"
        w.sync(item("1"))
        assert w.query("SELECT id FROM suspect") == []


def test_a_pass_remembers_every_id_that_it_listed(store: Store) -> None:
    with world(store) as w:
        w.sync(item("1"), item("2"), rejected=(Rejected("7", "bad", ""),), unaccounted=("8",))
        assert w.query("SELECT page, ids FROM seen") == [(1, '["1","2","7","8"]')]


# ---- dimensions ----------------------------------------------------------------------------------------------


def test_a_changed_list_row_marks_the_items_that_use_it(store: Store) -> None:
    with world(store) as w:
        lists = [Dimension("status", "5", "Done", "done"), Dimension("sprint", "7", "Sprint 7", "active"),
                 Dimension("container", "P1", "Payments", attributes={"key": "PAY"}),
                 Dimension("type", "3", "Story")]  # fmt: skip
        w.dimensions(*lists)
        w.sync(item("status", status_id="5"), item("sprint", sprints=("6", "7")), item("container", containers=("P1", "P2")),
               item("type", type_id="3"), item("none"))  # fmt: skip
        w.assess()
        assert w.dimensions(*lists) == []
        assert w.dirty() == set()

        assert w.dimensions(Dimension("status", "5", "Done", "indeterminate"), *lists[1:]) == [("status", "5")]
        assert w.dirty() == {"status"}
        assert w.dimensions(lists[0], Dimension("sprint", "7", "Sprint 7", "closed"), *lists[2:]) == [
            ("sprint", "7"),
            ("status", "5"),
        ]
        assert w.dirty() == {"status", "sprint"}
        w.dimensions(Dimension("container", "P3", "New"), Dimension("type", "4", "Bug"))
        assert w.dirty() == {"status", "sprint", "container", "type"}, "the rows of P1 and type 3 vanished"


def test_lists_answer_as_of_a_seq(store: Store) -> None:
    with world(store) as w:
        w.dimensions(Dimension("status", "5", "Done", "done"))
        then = w.reader.seq()
        w.dimensions(
            Dimension("status", "5", "Finished", "done"),
            Dimension("sprint", "7", "S7", "active", {"startDate": "2026-03-02T09:00:00.000+0000"}),
        )
        assert w.reader.dimensions(as_of=then).statuses["jira", "5"].name == "Done"
        assert w.reader.dimensions().statuses["jira", "5"].name == "Finished"
        assert w.reader.dimensions().sprints["jira", "7"].starts_at == NOON - 3 * HOUR


def test_a_page_needs_a_pass_that_is_under_way(store: Store) -> None:
    with world(store) as w:
        w.put(Page(end="complete"), pass_id=w.start().pass_id)
        with pytest.raises(ValueError, match="not under way"):
            w.put(Page(items=(item("1"),)), pass_id=1)
