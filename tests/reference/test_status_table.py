"""What every status looks like: one key result at 38 %, and one case of everything else that docs/status.md says.

The statuses are derived by hand from the page, in the comments; the sentences are those that people read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from hub.assess import Frozen, assess
from hub.model import Dimensions, Drop, KeyResult, Metric
from tests.reference.builders import key_result
from tests.reference.judging import DAY, frozen_nodes, told
from tests.reference.measuring import FACTS, Strategy, deal, metric, number, rates, rising, staying, step, strategy, value

# ---- 38 % at day 10, 45, 80 of 90, and after the end ----------------------------------------------------------------------

CURVES = {"bookings": tuple((Fraction(a, 100), Fraction(b, 100)) for a, b in ((33, 15), (66, 37), (100, 100)))}
PACES: dict[str, Any] = {
    "linear": "linear",
    "curve": "bookings",
    "none": "none",
    "dated": ((date(2027, 2, 15), Decimal(50)),),  # half of the way on day 46
}
EARLY, MIDDLE, LATE, AFTER = "2027-01-10", "2027-02-14", "2027-03-21", "2027-04-10"
TABLE = {
    # Day 10 is not later than 15 % of 90 days, so it is too early (8), but not by dated targets: 50 % x 10/46 = 11 % (9).
    ("committed", "linear", EARLY): "too early: 38 % on day 10 of 90; judged from day 14",
    ("committed", "curve", EARLY): "too early: 38 % on day 10 of 90; judged from day 14",
    ("committed", "none", EARLY): "too early: 38 % on day 10 of 90; judged at the end of the cycle",
    ("committed", "dated", EARLY): "on track: 38 % against 11 % expected on day 10 of 90; at risk below 10 %",
    # 45/90 = 50 %: 38 is 76 % of it. The curve at 0.50: 15 + 22 x 17/33 = 26 %. Dated: 50 % x 45/46 = 49 %, 38 is 78 % of it.
    ("committed", "linear", MIDDLE): "at risk: 38 % against 50 % expected on day 45 of 90; on track from 45 %",
    ("committed", "curve", MIDDLE): "on track: 38 % against 26 % expected on day 45 of 90; at risk below 24 %",
    ("committed", "none", MIDDLE): "too early: 38 % on day 45 of 90; judged at the end of the cycle",
    ("committed", "dated", MIDDLE): "at risk: 38 % against 49 % expected on day 45 of 90; on track from 44 %",
    # 80/90 = 89 %: 38 is 43 % of it. The curve at 0.889: 37 + 63 x 0.2289/0.34 = 79 %. Dated: 50 + 50 x 34/44 = 89 %.
    ("committed", "linear", LATE): "off track: 38 % against 89 % expected on day 80 of 90; at risk from 62 %",
    ("committed", "curve", LATE): "off track: 38 % against 79 % expected on day 80 of 90; at risk from 56 %",
    ("committed", "none", LATE): "too early: 38 % on day 80 of 90; judged at the end of the cycle",
    ("committed", "dated", LATE): "off track: 38 % against 89 % expected on day 80 of 90; at risk from 62 %",
    # Aspirational: 70 % of all that.
    ("aspirational", "linear", EARLY): "too early: 38 % on day 10 of 90; judged from day 14",
    ("aspirational", "curve", EARLY): "too early: 38 % on day 10 of 90; judged from day 14",
    ("aspirational", "none", EARLY): "too early: 38 % on day 10 of 90; judged at the end of the cycle",
    ("aspirational", "dated", EARLY): "on track: 38 % against 8 % expected on day 10 of 90; at risk below 7 %",
    # 35 %: 38 is over it.
    ("aspirational", "linear", MIDDLE): "on track: 38 % against 35 % expected on day 45 of 90; at risk below 32 %",
    ("aspirational", "curve", MIDDLE): "on track: 38 % against 18 % expected on day 45 of 90; at risk below 17 %",
    ("aspirational", "none", MIDDLE): "too early: 38 % on day 45 of 90; judged at the end of the cycle",
    ("aspirational", "dated", MIDDLE): "on track: 38 % against 34 % expected on day 45 of 90; at risk below 31 %",
    # 62 %: 38 is 61 % of it; of the curve's 56 % it is 68 %, of the dated 62 % it is 61 %.
    ("aspirational", "linear", LATE): "off track: 38 % against 62 % expected on day 80 of 90; at risk from 44 %",
    ("aspirational", "curve", LATE): "off track: 38 % against 56 % expected on day 80 of 90; at risk from 39 %",
    ("aspirational", "none", LATE): "too early: 38 % on day 80 of 90; judged at the end of the cycle",
    ("aspirational", "dated", LATE): "off track: 38 % against 62 % expected on day 80 of 90; at risk from 43 %",
    # The end has no pace: 38 % is neither 100 % nor 70 % (4).
    **{("committed", p, AFTER): "missed: 38 % at the end of the cycle; 100 % would have counted as done" for p in PACES},
    **{("aspirational", p, AFTER): "missed: 38 % at the end of the cycle; 70 % would have counted as done" for p in PACES},
}
# A weekly value is late when more than 10.5 days have gone by: 11 have, up to the day, or up to the cycle's last (3, before all).
STALE = {
    EARLY: "unknown: the newest value is of 30 Dec 2026, and one is expected every week",
    MIDDLE: "unknown: the newest value is of 3 Feb 2027, and one is expected every week",
    LATE: "unknown: the newest value is of 10 Mar 2027, and one is expected every week",
    AFTER: "unknown: the newest value is of 20 Mar 2027, and one is expected every week",
}


def at_38_percent(ambition: Any, pace: str, when: str, age: int) -> Strategy:
    kr = rising(start=0, target=number("100"), ambition=ambition, pace=PACES[pace])
    newest = min(date.fromisoformat(when), date(2027, 3, 31)) - timedelta(days=age)
    return strategy(metric(every="week"), [value(newest.isoformat(), "38")], kr, as_of=when, curves=CURVES)


@pytest.mark.parametrize(("ambition", "pace", "when"), TABLE)
def test_38_percent(ambition: str, pace: str, when: str) -> None:
    assert told(at_38_percent(ambition, pace, when, age=0)) == TABLE[ambition, pace, when]
    assert told(at_38_percent(ambition, pace, when, age=10)) == TABLE[ambition, pace, when]
    assert told(at_38_percent(ambition, pace, when, age=11)) == STALE[when]


# ---- the sentence ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "when", "sentence"),
    [
        # 44.9 % is less than the 45 % from which it would be on track: a place tells them apart.
        ("44.9", MIDDLE, "at risk: 44.9 % against 50 % expected on day 45 of 90; on track from 45 %"),
        ("49.7", MIDDLE, "on track: 49.7 % against 50 % expected on day 45 of 90; at risk below 45 %"),
        ("99.7", AFTER, "missed: 99.7 % at the end of the cycle; 100 % would have counted as done"),
        ("-3", MIDDLE, "off track: -3 % against 50 % expected on day 45 of 90; at risk from 35 %"),
        ("100", MIDDLE, "done: 100 %: its target is reached"),  # 5
        ("138", EARLY, "done: 138 %: its target is reached"),  # 5, before it is too early
        ("100", AFTER, "done: 100 % at the end of the cycle; 100 % counts as done"),  # 4
    ],
)
def test_progress_as_it_is_told(now: str, when: str, sentence: str) -> None:
    assert told(strategy(metric(), [value("2027-01-09", now)], rising(start=0), as_of=when)) == sentence


@pytest.mark.parametrize("pace", [None, "none"])
@pytest.mark.parametrize("when", [EARLY, MIDDLE])
def test_what_falls_may_rise_again_before_the_end(pace: str | None, when: str) -> None:
    kr = rising(kind="decrease", start=100, target=number("10"), pace=pace)
    given = strategy(metric(), [value("2027-01-09", "8")], kr, as_of=when)
    assert told(given) == "on track: 102 %: its target is reached, and may be lost again before the end of the cycle"  # 5
    assert told(given._replace(as_of=given.as_of + 90 * DAY)).startswith("done: 102 % at the end of the cycle")  # 4


# ---- what is given up, has not begun, or is not known ---------------------------------------------------------------------


def test_a_key_result_is_dropped_from_its_day_on() -> None:
    kr = rising(start=0, dropped=Drop(date(2027, 2, 10), "we sold it"))
    given = strategy(metric(), [value("2027-02-01", "38")], kr, as_of="2027-02-09")
    assert told(given) == "at risk: 38 % against 44 % expected on day 40 of 90; on track from 40 %"
    assert told(given._replace(as_of=given.as_of + DAY)) == "dropped: given up on 10 Feb 2027: we sold it"


def test_before_the_cycle_nothing_has_started() -> None:
    given = strategy(metric(), [value("2026-12-01", "38")], rising(start=0), as_of="2026-12-31")
    assert told(given) == "not started: the cycle begins on 1 Jan 2027"


PLAN = {"plan": (rates("USD", "2027-01-05", EUR="1.08"),)}
WON = metric("sum", "crm", dated="closed", rates="plan")


@pytest.mark.parametrize(
    ("of", "rows", "more", "why"),
    [
        (metric(), [], {}, "it has no value yet"),
        (metric("count", "crm"), [], {"whole": ()}, "crm has not been read to its end yet"),
        (WON, [deal(1, currency="GBP")], {"rates": PLAN}, "plan has no rate for GBP (1 row)"),
        (WON, [deal(1, currency=None)], {"rates": PLAN}, "1 row without a currency cannot be converted to USD"),
        (metric("sum", "crm"), [deal(1), deal(2, currency="EUR")], {}, "its rows are in EUR and USD: add `rates`"),
        (
            metric("count", when={"field_size": "x"}),
            [value("2027-02-01", "1", region="x")],
            {},
            "the source sheet has no field.size",
        ),
        (metric("sum", "crm", dated="due", window="next cycle"), [], {}, 'no cycle comes after "2027-q1"'),
    ],
)
def test_what_cannot_be_measured_says_why(of: Metric, rows: Iterable[Any], more: dict[str, Any], why: str) -> None:
    assert told(strategy(of, rows, rising(start=0), **more)) == f"unknown: not measured: {why}"


def test_a_measured_start_must_leave_a_way_to_the_target() -> None:
    rows = [value("2026-12-01", "100"), value("2027-02-01", "38")]
    assert told(strategy(metric(), rows, rising())) == "unknown: not measured: its start was measured as what its target is"
    over = [value("2026-12-01", "120"), *rows[1:]]
    assert told(strategy(metric(), over, rising())) == "unknown: not measured: its target lies below its measured start"


def test_a_key_result_that_stands_still_is_unknown_and_keeps_its_number() -> None:
    given = strategy(None, [deal(1, labels=["kr:kr"])], key_result("kr"))
    former = next(n for n in assess(*given[:2], Dimensions(sources=FACTS), given.as_of).nodes if n.kind == "key_result")
    lost = Frozen(("access_lost",), former=former, seq=7)
    assert told(given, frozen=lost) == "unknown: it stands still, because work behind it is out of sight"
    assert told(given, frozen=Frozen(("held",))) == "unknown: it stands still, because work behind it is held back"
    assert frozen_nodes(given, lost)[0].progress == 1


# ---- how old the work is --------------------------------------------------------------------------------------------------

ATTACHED = [deal(1, labels=["kr:kr", "saml"]), deal(2, labels=["kr:kr"], state="doing")]
COMPLETION = key_result("kr")
STEPS = (step("SAML", "2027-02-10", "2", label="saml"), step("SCIM", "2027-03-10", "1", label="scim"))


def milestone(**more: Any) -> KeyResult:
    return key_result("kr", kind="milestone", steps=more.pop("steps", STEPS), **more)


@pytest.mark.parametrize("kr", [COMPLETION, milestone()])
def test_work_is_late_after_a_day_and_a_half(kr: KeyResult) -> None:
    given = strategy(None, ATTACHED, kr)
    assert told(given, read=int(1.5 * DAY)).startswith("on track: ")
    assert told(given, read=int(1.5 * DAY) + 1) == "unknown: crm was last read to its end 36 hours ago"
    assert told(given, read=5 * DAY) == "unknown: crm was last read to its end 5 days ago"


def test_a_metric_over_items_has_its_own_rhythm() -> None:
    for every, read, late in ((None, 2 * DAY, True), ("week", 10 * DAY, False), ("week", 11 * DAY, True)):
        found = told(strategy(metric("count", "crm", every=every), [deal(1)], rising(start=0)), read=read)
        assert found.startswith("unknown: crm was last read" if late else "off track: ")


def test_after_the_end_nothing_is_late_that_was_not_late_on_the_last_day() -> None:
    given = strategy(metric("count", "crm"), [deal(1)], rising(start=0), as_of=AFTER)
    assert told(given, read=9 * DAY).startswith("missed: 1 % at the end of the cycle")  # read on 1 April
    assert told(given, read=12 * DAY).startswith("unknown: crm was last read to its end ")  # on 29 March


def test_without_a_rhythm_values_are_never_late() -> None:
    given = strategy(metric(), [value("2025-01-01", "38")], rising(start=0))
    assert told(given).startswith("at risk: 38 %")


def test_nothing_attached_is_not_measured() -> None:
    assert told(strategy(None, [], COMPLETION)) == "unknown: not measured: no work is attached to it"
    several = [deal(1, labels=["kr:kr"]), deal(2, labels=["kr:kr"], currency="EUR")]
    found = told(strategy(None, several, key_result("kr", by="amount")))
    assert found == "unknown: not measured: its units' amounts are in EUR and USD"


# ---- milestones -----------------------------------------------------------------------------------------------------------

STRETCH = {"ambition": "aspirational"}
SAML, OPEN, SCIM = deal(1, labels=["saml"]), deal(1, labels=["saml"], state="doing"), deal(2, labels=["scim"])


@pytest.mark.parametrize(
    ("rows", "when", "more", "sentence"),
    [
        # Nothing is due before 10 February, and it is never too early to judge what has days of its own (8).
        ([OPEN], "2027-01-05", {}, "on track: 0 %; nothing is expected by day 5 of 90"),
        ([SAML], "2027-01-05", {}, "on track: 67 %; nothing is expected by day 5 of 90"),
        # From the day it is due on, its weight of 2 in 3 is expected.
        ([OPEN], "2027-02-09", {}, "on track: 0 %; nothing is expected by day 40 of 90"),
        ([OPEN], "2027-02-10", {}, "off track: 0 % against 67 % expected on day 41 of 90; at risk from 47 %"),
        ([SAML], "2027-02-10", {}, "on track: 67 % against 67 % expected on day 41 of 90; at risk below 60 %"),
        ([SAML], "2027-03-14", {}, "off track: 67 % against 100 % expected on day 73 of 90; at risk from 70 %"),
        (
            [OPEN],
            "2027-02-10",
            {"ambition": "aspirational"},
            "off track: 0 % against 47 % expected on day 41 of 90; at risk from 33 %",
        ),
        ([OPEN], "2027-01-05", {"pace": "linear"}, "too early: 0 % on day 5 of 90; judged from day 14"),
        ([SAML], AFTER, {}, "missed: 67 % at the end of the cycle; 100 % would have counted as done"),
        ([SAML], "2027-01-05", {"steps": STEPS[:1]}, "done: its step is done"),
    ],
)
def test_a_milestone_is_judged_by_the_days_its_steps_are_due(
    rows: Iterable[Any], when: str, more: dict[str, Any], sentence: str
) -> None:
    assert told(strategy(None, rows, milestone(**more), as_of=when)) == sentence


def test_a_milestone_of_which_all_steps_are_done_is_done() -> None:
    assert told(strategy(None, [SAML, SCIM], milestone())).startswith("done: ")


# ---- what shall stay ------------------------------------------------------------------------------------------------------

WEEKS = [value("2027-01-05", "20"), value("2027-01-12", "30"), value("2027-02-09", "5")]


@pytest.mark.parametrize(
    ("kind", "target", "judge", "at_work", "at_the_end"),
    [
        # 20, 30 and 5, the end adds a 6. While it holds it is on track, at the end done (4, 6).
        ("stay_above", "1", "worst", "on track: the worst period is 5 against at least 1 (3 of 3 periods)", "done"),
        ("stay_above", "10", "worst", "off track: the worst period is 5 against at least 10 (2 of 3 periods)", "missed"),
        ("stay_below", "10", "last", "on track: the last period is 5 against at most 10 (1 of 3 periods)", "done"),
        ("stay_below", "10", "average", "off track: the average is 18.33 against at most 10 (1 of 3 periods)", "missed"),
        ("stay_within", ("8", "12"), "worst", "off track: the worst period is 30 against 8 to 12 (0 of 3 periods)", "missed"),
        ("stay_within", ("1", "40"), "average", "on track: the average is 18.33 against 1 to 40 (3 of 3 periods)", "done"),
        # A share goes by `on_track` and `at_risk` themselves, at the end by the score of 100 %.
        ("stay_above", "1", "share", "on track: 3 of 3 periods kept at least 1; at risk below 90 %", "done"),
        ("stay_above", "10", "share", "off track: 2 of 3 periods kept at least 10; at risk from 70 %", "missed"),
    ],
)
def test_what_shall_stay_holds_or_does_not(kind: str, target: Any, judge: Any, at_work: str, at_the_end: str) -> None:
    every_week, kr = metric(every="week"), staying(kind, target, judge=judge)
    assert told(strategy(every_week, WEEKS, kr, as_of=MIDDLE)) == at_work
    assert told(strategy(every_week, [*WEEKS, value("2027-03-25", "6")], kr, as_of=AFTER)).startswith(at_the_end + ": ")


def test_without_a_rhythm_there_are_no_periods_to_tell_of() -> None:
    assert told(strategy(metric(), WEEKS, staying("stay_above", "10"), as_of=EARLY)) == "on track: it is 20 against at least 10"
    assert told(strategy(metric(), WEEKS, staying("stay_above", "10"))) == "off track: it is 5 against at least 10"


def test_the_value_of_a_week_that_is_not_over_is_news() -> None:
    """The 15th of February is a Monday: its week is not judged before it has ended, and its value is not late."""
    rows = [value("2027-02-08", "3"), value("2027-02-15", "5")]
    found = told(strategy(metric(every="week"), rows, staying("stay_above", "1"), as_of="2027-02-20"))
    assert found == "on track: it is 3 against at least 1"
