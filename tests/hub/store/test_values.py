"""The values of a sheet: taken over with the last page as a whole, ended when no longer listed, held when it is too much."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.base import MetricValue, Page, Partition, Rejected
from hub.model import Value
from hub.reconcile import Unstorable, value_identity, value_named, value_row
from hub.store import Store
from tests.hub.store.sheets import FIRST, SHEET, Sheet, days, value
from tests.hub.store.world import PAYMENTS, item, world

TYPED = value(0, "41.0", unit="EUR", key="EMEA", fields={"plan": "Pro", "note": None}, by="Ada", note="late", at="KPIs!C12")


def test_every_column_comes_back_as_the_source_gave_it(store: Store) -> None:
    with world(store) as w:
        sheet = Sheet(w)
        counts = sheet.read(TYPED)
        assert (counts.values, counts.values_new, counts.values_changed, counts.values_gone) == (1, 1, 0, 0)
        [found] = w.reader.values()
        assert found == Value(
            "jira", "S1", "nps", FIRST, "41.0", "EUR", "EMEA", {"plan": "Pro", "note": None}, "Ada", "late", "KPIs!C12", w.run
        )


@pytest.mark.parametrize("change", [
    {"value": "41"}, {"unit": "USD"}, {"fields": {"plan": "Basic", "note": None}}, {"by": "Bob"}, {"note": None},
])  # fmt: skip
def test_a_restated_value_supersedes_the_former_one(store: Store, change: dict[str, Any]) -> None:
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(TYPED)
        then = w.reader.seq()
        assert sheet.read(replace(TYPED, **change)).values_changed == 1
        [now], [before] = list(w.reader.values()), list(w.reader.values(as_of=then))
        assert now != before
        assert before.value == "41.0"
        assert w.query("SELECT count(*) FROM metric_value") == [(2,)]


def test_another_place_is_no_change(store: Store) -> None:
    """F41: a row was inserted above, or the rows are in another order."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*(value(n, n, at=f"row {n}") for n in range(30)))
        counts = sheet.read(*(value(n, n, at=f"row {40 - n}") for n in reversed(range(30))))
        assert (counts.values_new, counts.values_changed, counts.values_gone) == (0, 0, 0)
        assert {v.value: v.at for v in w.reader.values()}["7"] == "row 33"
        assert w.query("SELECT count(*) FROM metric_value") == [(30,)], "nothing is superseded"


def test_keys_tell_values_of_a_day_apart(store: Store) -> None:
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(value(0, 1, key="EMEA"), value(0, 2, key="APAC"), value(0, 3), value(0, 4, series="npsEMEA"))
        wanted = {("nps", 0, "EMEA"): "1", ("nps", 0, "APAC"): "2", ("nps", 0, ""): "3", ("npsEMEA", 0, ""): "4"}
        assert sheet.numbers() == wanted


def test_of_one_value_given_twice_the_last_stays(store: Store) -> None:
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(value(0, 1), value(0, 2))
        assert sheet.numbers() == {("nps", 0, ""): "2"}
        number = sheet.begin()
        sheet.put(number, Page(values=(value(0, 9), value(1, 9)), resume="1"))
        counts = sheet.put(number, Page(values=(value(0, 2), value(1, 8)), end="complete"))
        assert (counts.values_new, counts.values_changed) == (1, 0)
        assert sheet.numbers() == {("nps", 0, ""): "2", ("nps", 1, ""): "8"}


def test_another_spelling_of_the_same_word_is_neither_another_value_nor_a_change(store: Store) -> None:
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(value(0, series="Zufriedenheit Büro", key="Büro", note="schön"))
        counts = sheet.read(value(0, series="Zufriedenheit Bu\u0308ro", key="Bu\u0308ro", note="scho\u0308n"))
        assert (counts.values_new, counts.values_changed, counts.values_gone) == (0, 0, 0)


def test_values_come_in_order_and_by_source_and_series(store: Store) -> None:
    with world(store, "b") as w:
        Sheet(w).read(value(2, series="x"), value(1, series="x"), value(0, series="y"), value(1, key="k", series="x"))
        found = [(v.series, v.on.day, v.key) for v in w.reader.values()]
        assert found == [("x", 2, ""), ("x", 2, "k"), ("x", 3, ""), ("y", 1, "")]
        assert [v.series for v in w.reader.values(["b"], series=["y"])] == ["y"]
        assert list(w.reader.values(["a"])) == []
        assert w.reader.sources_with_values() == ["b"]


# ---- what is no longer listed -------------------------------------------------------------------------------------------


def test_a_complete_pass_is_its_own_census(store: Store) -> None:
    """F32: up to ten values, or a tenth, may go without a person."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(20))
        then = w.reader.seq()
        assert sheet.read(*days(10)).values_gone == 10
        assert len(sheet.numbers()) == 10
        assert len(sheet.numbers(as_of=then)) == 20
        assert sheet.read(*days(11)).values_new == 1, "and what is back is new"


def test_too_many_at_once_are_held_until_a_person_agrees(store: Store) -> None:
    """F32: the values stay; approved, the next pass that does not list them ends them."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(30))
        counts = sheet.read(*days(19), value(40))
        assert (counts.values_gone, counts.values_new) == (0, 1)
        assert sheet.holds() == [("values", None, 11)]
        assert len(sheet.numbers()) == 31
        (hold,) = w.reader.holds()
        assert hold.text == "11 of 30 values are gone at once"
        assert w.reader.held_values() == {("jira", "nps"): {("held", "jira/S1")}}
        sheet.read(*days(19), value(40))
        assert [h.id for h in w.reader.holds()] == [hold.id], "one question, not one a night"
        assert sheet.approve() == "approved"
        assert len(sheet.numbers()) == 31, "an approval alone moves nothing"
        assert sheet.read(*days(19), value(40)).values_gone == 11
        assert len(sheet.numbers()) == 20
        assert sheet.holds() == []
        assert w.reader.held_values() == {}


def test_an_approval_is_applied_to_an_unchanged_file_too(store: Store) -> None:
    """F32: the file says itself that it is the one that was judged."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(30))
        sheet.read(*days(5), value(29, key="other"))
        assert sheet.read(end="unchanged").values_gone == 0
        assert sheet.holds() == [("values", None, 25)]
        sheet.approve()
        counts = sheet.read(end="unchanged")
        assert (counts.values_gone, counts.values_new) == (25, 1)
        assert sheet.holds() == []


def test_an_approval_covers_what_was_shown_and_no_more(store: Store) -> None:
    """F32: what vanished since is another question."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(60))
        sheet.read(*days(40))
        sheet.approve()
        assert sheet.read(*days(20)).values_gone == 20
        assert sheet.holds() == [("values", None, 20)]
        assert sheet.held() == {("nps", n, "") for n in range(20, 40)}


def test_what_is_listed_again_is_released_by_itself(store: Store) -> None:
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(30))
        sheet.read(*days(10))
        sheet.read(*days(29))
        assert sheet.holds() == [("values", None, 1)], "asked about, and not seen again"
        assert len(sheet.numbers()) == 30
        sheet.read(*days(30))
        assert sheet.holds() == []


def test_an_empty_sheet_of_five_is_held(store: Store) -> None:
    """F32: nothing at all is a sign."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(5))
        sheet.read()
        assert sheet.holds() == [("values", None, 5)]
        assert w.reader.holds()[0].text == "5 of 5 values none is listed any more"


def test_what_comes_for_a_day_of_which_values_are_held_back_waits_with_them(store: Store) -> None:
    """F32: every region has another name; both would count twice."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(30, 100, key="Europe"))
        sheet.read(*days(31, 100, key="EMEA"))
        assert sheet.holds() == [("values", None, 30)]
        assert sheet.numbers() == {**{("nps", n, "Europe"): "100" for n in range(30)}, ("nps", 30, "EMEA"): "100"}
        sheet.approve()
        counts = sheet.read(*days(31, 100, key="EMEA"))
        assert (counts.values_new, counts.values_gone) == (30, 30)
        assert sheet.numbers() == {("nps", n, "EMEA"): "100" for n in range(31)}


def test_an_unchanged_file_concludes_nothing(store: Store) -> None:
    """F32: it lists nothing, and takes nothing away."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(20))
        assert sheet.read(end="unchanged").values_gone == 0
        assert len(sheet.numbers()) == 20
        assert sheet.read(*days(19)).values_gone == 1


def test_the_very_first_pass_may_be_unchanged(store: Store) -> None:
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(end="unchanged")
        assert sheet.numbers() == {}


# ---- what is restated ---------------------------------------------------------------------------------------------------


def test_nearly_everything_restated_at_once_is_kept_aside_until_somebody_looked(store: Store) -> None:
    """F33: in thousands now; the stored values stay as they were, and what is new in it waits as well."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(20, 5000))
        counts = sheet.read(*days(21, 5))
        assert (counts.values_new, counts.values_changed) == (0, 0)
        assert sheet.holds() == [("restated", None, 20)]
        assert w.reader.holds()[0].text == "20 of 20 values are other ones at once"
        assert w.reader.held_values() == {("jira", "nps"): {("changed", "jira/S1")}}
        assert set(sheet.numbers().values()) == {"5000"}
        assert len(sheet.numbers()) == 20
        assert sheet.approve() == "applied"
        assert set(sheet.numbers().values()) == {"5"}
        assert len(sheet.numbers()) == 21
        assert sheet.read(*days(21, 5)).values_changed == 0
        assert sheet.holds() == []


def test_the_question_stays_the_same_from_night_to_night_and_another_restatement_is_another_one(store: Store) -> None:
    """F33: a number stands for what was seen under it."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(20, 5000))
        numbers = []
        for restated in (days(20, 5), days(20, 5), days(20, 6)):
            sheet.read(*restated)
            numbers.append(w.reader.holds()[0].id)
        assert numbers[0] == numbers[1] != numbers[2]
        sheet.approve()
        assert set(sheet.numbers().values()) == {"6"}


def test_restated_values_that_are_as_they_were_are_released_by_themselves(store: Store) -> None:
    """F33: somebody undid it."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(20, 5000))
        sheet.read(*days(20, 5))
        sheet.read(*days(10, 5000), *days(20, 5)[10:])
        assert sheet.holds() == [("restated", None, 10)], "asked about, and still other ones"
        assert set(sheet.numbers().values()) == {"5000"}
        sheet.read(*days(20, 5000))
        assert sheet.holds() == []
        assert w.query("SELECT count(*) FROM pending_value") == [(0,)]


def test_an_approval_is_applied_while_the_next_pass_is_under_way(store: Store) -> None:
    """F33: a sync and a person at the same time."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(20, 5000))
        sheet.read(*days(20, 5))
        number = sheet.begin()
        sheet.put(number, Page(values=tuple(days(10, 5)), resume="1"))
        sheet.approve()
        assert set(sheet.numbers().values()) == {"5"}
        counts = sheet.put(number, Page(values=tuple(days(20, 5)[10:]), end="complete"))
        assert counts.values_new == 0
        assert sheet.holds() == []
        assert w.query("SELECT count(*), count(to_seq) FROM metric_value") == [(40, 20)], "none is superseded by its equal"


def test_other_settings_may_restate_everything(store: Store) -> None:
    """F33: another fingerprint is read whole, and exempt."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(20, 5000))
        sheet.read(*days(20, 5))
        counts = sheet.read(*days(20, 6), fingerprint="f2")
        assert counts.values_changed == 20
        assert sheet.holds() == []


def test_up_to_ten_restated_values_are_ordinary(store: Store) -> None:
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(10, 5000))
        assert sheet.read(*days(10, 5)).values_changed == 10
        sheet.read(*days(100, 5))
        assert sheet.read(*days(90, 6), *days(100, 5)[90:]).values_changed == 90


# ---- passes that are not whole ------------------------------------------------------------------------------------------


def test_nothing_of_a_pass_counts_before_its_last_page(store: Store) -> None:
    """F27: half a sheet is no sheet; what broke off is read again."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(4))
        broken = sheet.begin()
        sheet.put(broken, Page(values=(value(0, 7), value(9, 7)), resume="1"))
        assert set(sheet.numbers().values()) == {"1"}
        assert len(sheet.numbers()) == 4
        w.end("failed")
        again = sheet.begin()
        assert again != broken
        sheet.put(again, Page(values=(value(0, 8),), resume="1"))
        assert sheet.put(again, Page(values=tuple(days(4)[1:]), end="complete")).values_changed == 1
        assert sheet.numbers() == {("nps", 0, ""): "8", **{("nps", n, ""): "1" for n in range(1, 4)}}


def test_a_pass_goes_on_where_it_stopped(store: Store) -> None:
    """F27: what its first pages listed is known, in another run too."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(4))
        number = sheet.begin(resume_ttl=60.0)
        sheet.put(number, Page(values=(value(0, 7), value(1)), resume="1"))
        w.end("partial")
        assert sheet.begin(resume_ttl=60.0) == number
        counts = sheet.put(number, Page(values=(value(2),), end="complete"))
        assert (counts.values_changed, counts.values_gone) == (1, 1)
        assert set(sheet.numbers()) == {("nps", n, "") for n in range(3)}


def test_what_waits_for_a_person_outlives_a_pass_that_breaks_off(store: Store) -> None:
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(20, 5000))
        sheet.read(*days(20, 5))
        sheet.put(sheet.begin(), Page(values=(value(0, 4),), resume="1"))
        w.end("failed")
        sheet.begin()
        sheet.approve()
        assert set(sheet.numbers().values()) == {"5"}


# ---- records that cannot be understood ----------------------------------------------------------------------------------


def unreadable(place: str = "KPIs!C12") -> Rejected:
    return Rejected(place, '"abc" is no number', "2026-01-01;abc")


def test_while_a_record_cannot_be_understood_nothing_is_taken_away(store: Store) -> None:
    """F32: it may be any of the values that are missing."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(20))
        counts = sheet.read(*days(15), value(30), rejected=(unreadable(),))
        assert (counts.values_new, counts.values_gone, counts.rejected, counts.quarantined) == (1, 0, 1, 1)
        assert [(q.id, q.reason) for q in w.reader.quarantine()] == [(None, 'KPIs!C12: "abc" is no number')]
        assert sheet.read(*days(15), rejected=(unreadable(),)).quarantined == 0
        assert sheet.read(end="unchanged").values_gone == 0
        assert len(sheet.numbers()) == 21
        assert sheet.read(*days(15)).values_gone == 6
        assert w.reader.quarantine() == [], "it was mended"


def test_a_hold_stands_while_a_record_cannot_be_understood(store: Store) -> None:
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(30))
        sheet.read(*days(10))
        sheet.read(*days(10), value(29, key="other"), rejected=(unreadable(),))
        assert sheet.holds() == [("values", None, 20)]
        assert ("nps", 29, "other") not in sheet.numbers()
        sheet.approve()
        sheet.read(*days(10), rejected=(unreadable(),))
        assert len(sheet.numbers()) == 30
        assert sheet.read(*days(10)).values_gone == 20


def test_too_much_that_cannot_be_understood_ends_no_pass(store: Store) -> None:
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(20))
        sheet.read(*days(20, 2)[:17], rejected=tuple(unreadable(f"C{n}") for n in range(3)))
        assert sheet.holds() == [("rejected", None, 0)]
        assert set(sheet.numbers().values()) == {"1"}
        sheet.read(*days(20))
        assert sheet.holds() == []


@pytest.mark.parametrize(("bad", "reason"), [
    (replace(TYPED, series=""), "no series"),
    (replace(TYPED, value=""), "no number"),
    (replace(TYPED, on="2026-01-01"), "is no day"),
    (replace(TYPED, note=7), "note is no text"),
    (replace(TYPED, fields={"x": object()}), "object is no value of JSON"),
    (replace(TYPED, key="k" * 600), "longer than 500"),
])  # fmt: skip
def test_what_cannot_be_stored_is_quarantined_and_the_rest_is_kept(store: Store, bad: MetricValue, reason: str) -> None:
    with world(store) as w:
        sheet = Sheet(w)
        assert sheet.read(*days(20), bad).quarantined == 1
        assert reason in w.reader.quarantine()[0].reason
        assert len(sheet.numbers()) == 20


def test_a_partition_has_items_or_values(store: Store) -> None:
    """A connector that says one and gives the other is told so; nothing is stored that would never be judged."""
    with world(store) as w:
        sheet = Sheet(w)
        assert sheet.read(*days(40), items=(item("1"),)).rejected == 1
        assert w.sync(*(item(f"{n}") for n in range(40)), values=(value(0),)).rejected == 1
        assert len(sheet.numbers()) == 40
        assert len(w.items()) == 40
        assert {"values" in q.reason for q in w.reader.quarantine()} == {True, False}


def test_a_partition_that_has_items_now_has_no_values(store: Store) -> None:
    """A query got a column for the id."""
    with world(store) as w:
        sheet = Sheet(w)
        sheet.read(*days(3))
        w.writer.put_partitions(w.source, [PAYMENTS, Partition("S1", "KPIs", reads="whole", fingerprint="f2")])
        sheet.put(sheet.begin("f2"), Page(items=(item("1"),), end="complete"))
        assert sheet.numbers() == {}
        w.writer.put_partitions(w.source, [PAYMENTS, replace(SHEET, fingerprint="f1")])
        sheet.read(*days(3))
        assert len(sheet.numbers()) == 3


# ---- what always holds --------------------------------------------------------------------------------------------------


@given(st.text(max_size=8).filter(bool), st.dates(), st.text(max_size=8))
def test_an_identity_names_its_value(series: str, on: date, key: str) -> None:
    row = value_row(MetricValue(series, on, "1", key=key))
    assert value_named(value_identity(*row[:3])) == row[:3]


@given(st.text(st.characters(exclude_categories=()), max_size=12).filter(bool))
@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_any_name_is_found_again(store: Store, name: str) -> None:
    with world(store, f"named {next(_sources)}") as w:
        sheet = Sheet(w)
        sheet.read(value(0, series=name, key=name, note=name, fields={name: name}))
        counts = sheet.read(value(0, series=name, key=name, note=name, fields={name: name}))
        assert (counts.values_new, counts.values_changed, counts.values_gone) == (0, 0, 0)
        assert sheet.read(value(1)).values_gone == 1


_sources = itertools.count()
CELLS = st.dictionaries(st.tuples(st.integers(0, 2), st.sampled_from(["", "k"])), st.integers(0, 2), max_size=6)
PASSES = st.lists(st.tuples(CELLS, st.integers(1, 4), st.sampled_from(["complete", "unchanged", "broken"])), max_size=6)
Passes = Sequence[tuple[dict[tuple[int, str], int], int, str]]


@given(PASSES)
@example([({(0, ""): 1, (1, "k"): 1}, 2, "complete"), ({(0, ""): 2}, 2, "broken"), ({}, 1, "complete")])
@example([({(0, ""): 1}, 1, "complete"), ({}, 1, "complete"), ({(0, ""): 1}, 3, "complete"), ({}, 1, "unchanged")])
@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_any_history_answers_as_a_plain_dict_would_as_of_any_moment(store: Store, passes: Passes) -> None:
    """Passes of several pages, whole, unchanged or broken off; one value never goes, so that the guards stay out of it."""
    with world(store, f"past {next(_sources)}") as w:
        sheet = Sheet(w)
        model: dict[tuple[str, int, str], str] = {}
        known = [(w.reader.seq(), dict(model))]
        for cells, pages, end in passes:
            given_ = [] if end == "unchanged" else [value(9), *(value(day, n, key=key) for (day, key), n in cells.items())]
            number = sheet.begin()
            for n in range(pages):
                last = n == pages - 1
                if last and end == "broken":
                    w.end("failed")
                    break
                sheet.put(
                    number, Page(values=tuple(given_[n::pages]), resume=None if last else f"{n}", end=end if last else None)
                )
                known.append((w.reader.seq() - 1, dict(model)))
            if end == "complete":
                model = {("nps", (v.on - FIRST).days, v.key): v.value for v in given_}
            known.append((w.reader.seq(), dict(model)))
        for seq, wanted in known:
            assert sheet.numbers(as_of=seq) == wanted
        assert sheet.numbers() == model
        assert sheet.holds() == []


def test_a_day_with_a_time_is_no_day() -> None:
    with pytest.raises(Unstorable, match="is no day"):
        value_row(replace(TYPED, on=datetime(2026, 1, 1, tzinfo=UTC)))
