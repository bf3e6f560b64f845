"""The rows behind a number: which count, which do not and why; that together they give the number."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from hub.assess import Known, assess
from hub.measure import Reading
from hub.model import LEFT, Dimensions, Item, KeyResult, Value, fold
from hub.report.evidence import Group
from hub.report.explain import Evaluated
from hub.report.heaps import MOST
from hub.report.measured import adds_up
from hub.report.sift import Sieve, Sifted, Subject
from tests.reference.measuring import FACTS, Strategy, deal, metric, rates, staying, strategy, value
from tests.reference.strategies import Given, strategies
from tests.reference.test_reference import CHECKS, PHASES


def sifted(of: Strategy, key_result: KeyResult | None = None, wanted: tuple[str, ...] = ()) -> Sifted:
    """The rows of metric ``m``, as a key result narrows it if one is given."""
    found = of.mapping.metrics["m"]
    subject = Subject("m", found, of.mapping.cycles["2027-q1"], key_result)
    evaluated = Evaluated(of.mapping, Dimensions(sources=FACTS), 1, of.as_of)
    valued = frozenset({v.source for v in of.values} - {i.source for i in of.items})
    sieve = Sieve(evaluated, Known(of.values, of.whole), valued, subject)
    return sieve.sift([i for i in of.items if i.source == found.source], of.values, {}, wanted)


def by_reason(found: Sifted) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for group in found.groups:
        names.setdefault(group.reason, []).extend(row.name for row in group.rows)
    return names


def only(found: Sifted) -> Group:
    (group,) = found.groups
    return group


# ---- items --------------------------------------------------------------------------------------------------------------


def test_every_reason_for_which_a_deal_does_not_count() -> None:
    rows = [
        deal(1),
        deal(2, state="todo"),
        deal(3, closed=None),
        deal(4, closed="2026-12-31"),
        deal(5, closed="2027-04-02"),
        deal(6, amount=None),
        deal(7, amount="12.000,50"),
        deal(8, currency="CHF"),
        deal(9, presence="deleted"),
        deal(10, duplicate_of=1),
        deal(11, closed="2027-02-14"),
        deal(12, currency=None),
    ]
    asked = metric("sum", "crm", dated="closed", settle=3, rates="plan", when={"state": "done"}, unless={"label": "test"})
    found = sifted(strategy(asked, rows, rates={"plan": (rates("USD", "2027-01-01", EUR="1.10"),)}))
    assert [(row.name, row.adds) for row in found.rows] == [("IDN-1", 100)]
    assert by_reason(found) == {
        "after_window": ["IDN-5"],
        "before_window": ["IDN-4"],
        "duplicate": ["IDN-10"],
        "invalid": ["IDN-7"],
        "left": ["IDN-9"],
        "no_rate": ["IDN-8", "IDN-12"],
        "no_value": ["IDN-6"],
        "not_final": ["IDN-11"],
        "undated": ["IDN-3"],
        "filtered": ["IDN-2"],
    }
    said = {group.why for group in found.groups}
    assert "they do not fit when.state = done" in said
    assert "they lack the day they were closed" in said
    assert "plan has no rate on their day for CHF" in said
    assert "plan has no rate on their day for rows without a currency" in said
    assert "they are not final yet: younger than `settle`, 3 days" in said
    assert "they lie before the window, cycle: 1 Jan to 12 Feb 2027" in said


def test_the_line_that_leaves_a_row_out_is_the_first_that_is_against_it() -> None:
    rows = [deal(1, labels=["test"]), deal(2, labels=["big", "test"]), deal(3, labels=["big"])]
    found = sifted(strategy(metric("count", "crm", when={"label": "big"}, unless={"label": "test"}), rows))
    assert [(g.why, [r.name for r in g.rows], g.place) for g in found.groups] == [
        ("they do not fit when.label = big", ["IDN-1"], "strategy.toml:1"),
        ("they fit unless.label = test", ["IDN-2"], "strategy.toml:1"),
    ]


def test_a_group_says_what_it_would_change() -> None:
    """Of a filtered row only what its day would let count."""
    rows = [
        deal(1),
        deal(2, state="todo", amount="7"),
        deal(3, state="todo", due="2027-02-03", amount="9"),
        deal(4, due="2027-02-01"),
    ]
    of = strategy(metric("sum", "crm", dated="due", when={"state": "done"}), rows)
    assert {g.reason: g.adds for g in sifted(of).groups} == {"undated": None, "filtered": 9}
    average = strategy(metric("average", "crm", when={"state": "done"}), rows)
    assert only(sifted(average)).adds == Fraction(100 + 7 + 9 + 100, 4) - 100


def test_money_is_told_by_currency_and_rate() -> None:
    rows = [
        deal(1, currency="EUR", closed="2027-01-10"),
        deal(2, currency="EUR", closed="2027-02-10"),
        deal(3),
        deal(4, amount="50"),
    ]
    plan = (rates("USD", "2027-01-01", EUR="1.10"), rates("USD", "2027-02-01", EUR="1.20"))
    found = sifted(strategy(metric("sum", "crm", dated="closed", rates="plan"), rows, rates={"plan": plan}))
    assert [(m.currency, m.rows, m.amount, m.rate, m.since, m.converted) for m in found.money] == [
        ("EUR", 1, 100, Fraction(11, 10), date(2027, 1, 1), 110),
        ("EUR", 1, 100, Fraction(6, 5), date(2027, 2, 1), 120),
        ("USD", 2, 150, 1, date(2027, 2, 1), 150),
    ]
    assert found.reading.current is not None and found.reading.current.value == 380


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (metric("count", "crm"), [("IDN-1", 1, None), ("IDN-2", 1, None)]),
        (metric("count", "crm", times="probability"), [("IDN-1", Fraction(3, 5), None), ("IDN-2", Fraction(1, 4), None)]),
        (metric("average", "crm", times="probability"), [("IDN-1", 60, Fraction(3, 5)), ("IDN-2", 50, Fraction(1, 4))]),
        (metric("nps", "crm", field="field.score"), [("IDN-1", 1, None), ("IDN-2", -1, None)]),
        (metric("days_between", "crm", between=("created", "done")), [("IDN-1", 62, None), ("IDN-2", 62, None)]),
    ],
)
def test_what_a_row_adds_goes_by_what_is_calculated(asked: Any, wanted: list[tuple[str, Fraction, Fraction | None]]) -> None:
    rows = [
        deal(1, fields={"probability": "60", "score": "9"}),
        deal(2, amount="200", fields={"probability": "0.25", "score": "3"}),
    ]
    found = sifted(strategy(asked, rows))
    assert [(row.name, row.adds, row.weight) for row in found.rows] == wanted


def test_rows_that_are_asked_for_are_kept_however_many_there_are() -> None:
    rows = [deal(n, state="todo") for n in range(1, MOST + 10)]
    of = strategy(metric("count", "crm", when={"state": "done"}), rows)
    last = f"idn-{MOST + 9}"
    assert (only(sifted(of)).count, len(only(sifted(of)).rows)) == (MOST + 9, MOST)
    assert only(sifted(of, wanted=(last,))).rows[-1].name == last.upper()


# ---- values -------------------------------------------------------------------------------------------------------------


def test_of_a_latest_the_older_values_are_left_out() -> None:
    rows = [value("2027-02-01", "5"), value("2027-02-08", "7"), value("2027-02-20", "9")]
    found = sifted(strategy(metric("latest"), rows))
    assert [(row.on, row.value) for row in found.rows] == [(date(2027, 2, 8), "7")]
    assert {g.reason: g.count for g in found.groups} == {"older": 1, "not_yet": 1}


def test_a_value_says_where_it_stands_and_who_typed_it() -> None:
    cell = value("2027-02-01", "5", region="EMEA")._replace(at="KPIs!C12", by="lena@acme.example", note="by hand", run_id=7)
    (row,) = sifted(strategy(metric("latest"), [cell])).rows
    assert (row.name, row.by, row.note, row.run, row.title) == ("KPIs!C12", "lena@acme.example", "by hand", "7", "region EMEA")


def test_values_of_another_series_are_no_rows() -> None:
    rows = [value("2027-02-01", "5"), value("2027-02-01", "6")._replace(series="other")]
    found = sifted(strategy(metric("sum", series="A"), rows))
    assert ([row.value for row in found.rows], found.groups) == (["5"], ())


def test_the_periods_of_a_control_key_result_say_which_rows_count() -> None:
    rows = [deal(1, closed="2027-01-15", amount="9"), deal(2, closed="2027-02-01", amount="7"), deal(3, closed="2027-02-03")]
    above = staying("stay_above", "8")
    found = sifted(strategy(metric("average", "crm", dated="closed", every="month"), rows, above), above)
    assert [(row.on, row.value) for row in found.rows] == [(date(2027, 1, 15), "9")]
    assert by_reason(found) == {"open_period": ["IDN-2", "IDN-3"]}
    assert [p.measured.value for p in found.reading.periods] == [9]


# ---- always -------------------------------------------------------------------------------------------------------------


def behind(sifting: Sifted) -> int:
    return len(sifting.rows) + sum(group.count for group in sifting.groups)


@settings(max_examples=120, deadline=None, suppress_health_check=CHECKS, phases=PHASES)
@given(strategies())
def test_the_rows_give_the_number_and_none_is_lost(of: Given) -> None:
    known = Known(of.values, of.whole)
    hub = assess(of.mapping, of.items, of.dimensions, of.as_of, known)
    nodes = {(n.cycle, n.id): n for n in hub.nodes if n.kind == "key_result"}
    teams = {a.no: a.team for a in hub.attachments}
    evaluated = Evaluated(of.mapping, of.dimensions, 1, of.as_of)
    valued = frozenset({v.source for v in of.values} - {i.source for i in of.items if i.presence not in LEFT})
    subjects = [Subject(id_, of.mapping.metrics[id_], of.mapping.cycles[cycle]) for cycle, id_ in hub.metrics]
    for kr in of.mapping.key_results.values():
        if kr.metric is not None:
            subjects.append(Subject(kr.metric, of.mapping.metrics[kr.metric], of.mapping.cycles[fold(kr.cycle)], kr))
    for subject in subjects:
        items = [i for i in of.items if i.source == subject.metric.source]
        found = Sieve(evaluated, known, valued, subject).sift(items, of.values, teams)
        assert behind(found) == len(_rows(subject, found, items, of.values))
        if subject.key_result is None:
            assert found.reading.current == hub.metrics[subject.cycle.id, subject.id]
            _gives(subject, found.reading, found)
        else:
            assert adds_up(subject.key_result, found.reading, nodes[subject.key_result.cycle, fold(subject.key_result.id)])


def _rows(subject: Subject, found: Sifted, items: list[Item], values: tuple[Value, ...]) -> list[Any]:
    """All rows that there are."""
    wanted = subject.metric
    if not found.frame.over_values:
        return items
    return [v for v in values if v.source == wanted.source and (wanted.series is None or fold(wanted.series) == fold(v.series))]


def _gives(subject: Subject, reading: Reading, found: Sifted) -> None:
    """What is shown of each row adds up to what is shown of all."""
    current = reading.current
    if current is None or current.value is None:
        return
    adds = [row.adds for row in found.rows if row.adds is not None]
    if subject.metric.aggregate in ("sum", "count"):
        assert sum(adds) == current.value
    if subject.metric.aggregate == "average":
        assert sum(adds) / sum(row.weight or 0 for row in found.rows) == current.value
    if subject.metric.aggregate == "distinct":
        assert len({text for row in found.rows for text in row.texts}) == current.value
