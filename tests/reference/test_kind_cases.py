"""Strategies small enough to reckon by hand, each for one sentence of docs/key-results/README.md that is easily got wrong.

The expected numbers come from the words. They are asked of the naive reference and of the hub's own calculation.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from hub.model import Drop, KeyResult
from tests.reference.builders import epic, item, key_result, objective
from tests.reference.measuring import Ask, by_hub, by_words, deal, metric, number, rising, staying, step, strategy, value

HALF = Fraction(1, 2)


@pytest.fixture(params=[pytest.param(by_words, id="words"), pytest.param(by_hub, id="hub")])
def ask(request: pytest.FixtureRequest) -> Ask:
    """One of the two calculations."""
    calculate: Ask = request.param
    return calculate


# ---- periods --------------------------------------------------------------------------------------------------------------

WEEKLY = [value("2027-01-02", "10"), value("2027-01-05", "20"), value("2027-01-12", "30"), value("2027-02-09", "5")]
"""Friday 1 January begins the cycle: the weeks are 1 to 3, 4 to 10, 11 to 17 January, and so on."""


def test_weeks_are_cut_where_the_cycle_begins(ask: Ask) -> None:
    rows = [value("2026-12-31", "99"), value("2027-01-01", "10"), value("2027-01-03", "1"), value("2027-01-04", "20")]
    told = ask(strategy(metric("sum", every="week"), rows, staying("stay_below", "15", judge="share")))
    assert told.kept["kr"] == (1, 2)  # 11 of 1 to 3 January, 20 of 4 to 10 January


def test_a_period_that_has_no_value_is_left_out_and_a_count_of_nought_is_one(ask: Ask) -> None:
    told = ask(strategy(metric("latest", every="week"), WEEKLY, staying("stay_above", "10", judge="share")))
    assert told.kept["kr"] == (3, 4)
    told = ask(strategy(metric("count", every="week"), WEEKLY, staying("stay_above", "1", judge="share")))
    assert told.kept["kr"] == (4, 7)


def test_a_period_that_is_not_over_is_left_out_unless_it_is_the_only_one(ask: Ask) -> None:
    one, two = value("2027-02-10", "1"), value("2027-02-03", "9")  # as of Friday the 12th
    every_week = metric("latest", every="week")
    assert ask(strategy(every_week, [one, two], staying("stay_above", "5"), as_of="2027-02-12")).kept["kr"] == (1, 1)
    assert ask(strategy(every_week, [one], staying("stay_above", "5"), as_of="2027-02-12")).kept["kr"] == (0, 1)
    assert ask(strategy(every_week, [one, two], staying("stay_above", "5"), as_of="2027-02-14")).kept["kr"] == (1, 2)


@pytest.mark.parametrize(("judge", "shown", "progress"), [("worst", 5, 0), ("last", 5, 0), ("average", Fraction(65, 4), 1)])
def test_what_is_judged_is_what_is_shown(ask: Ask, judge: Any, shown: Any, progress: int) -> None:
    told = ask(strategy(metric("latest", every="week"), WEEKLY, staying("stay_above", "10", judge=judge)))
    assert (told.current["kr"], told.progress["kr"]) == (shown, progress)


def test_a_share_is_that_of_the_periods_that_hold(ask: Ask) -> None:
    told = ask(strategy(metric("latest", every="week"), WEEKLY, staying("stay_within", ("10", "20"), judge="share")))
    assert (told.current["kr"], told.progress["kr"]) == (HALF, HALF)


def test_the_worst_is_the_furthest_outside_else_the_closest_to_a_bound(ask: Ask) -> None:
    every_week = metric("latest", every="week")
    assert ask(strategy(every_week, WEEKLY, staying("stay_within", ("8", "12")))).current["kr"] == 30
    assert ask(strategy(every_week, WEEKLY, staying("stay_within", ("4", "40")))).current["kr"] == 5
    tie = [value("2027-01-05", "3"), value("2027-01-12", "13"), value("2027-01-19", "8")]
    assert ask(strategy(every_week, tie, staying("stay_within", ("5", "11")))).current["kr"] == 13  # 2 outside each: the latest


def test_the_bounds_themselves_are_within(ask: Ask) -> None:
    rows = [value("2027-02-01", "10")]
    for kind, target in (("stay_above", "10"), ("stay_below", "10"), ("stay_within", ("10", "11")), ("stay_within", ("9", "10"))):
        assert ask(strategy(metric("latest"), rows, staying(kind, target))).progress["kr"] == 1


def test_without_a_rhythm_the_window_is_the_one_period_and_all_begins_with_the_cycle(ask: Ask) -> None:
    assert ask(strategy(metric("latest"), WEEKLY, staying("stay_above", "10"))).kept["kr"] == (0, 1)
    told = ask(strategy(metric("latest"), [value("2026-12-31", "50")], staying("stay_above", "10")))
    assert told.progress["kr"] is None


def test_the_last_day_of_the_cycle_ends_its_last_period(ask: Ask) -> None:
    rows = [value("2027-03-22", "9"), value("2027-03-30", "1")]  # the last week is 29 to 31 March
    told = ask(strategy(metric("latest", every="week"), rows, staying("stay_above", "5", judge="share"), as_of="2027-04-10"))
    assert told.kept["kr"] == (1, 2)


# ---- milestone ------------------------------------------------------------------------------------------------------------


def milestone(*steps: Any, **more: Any) -> KeyResult:
    return key_result("kr", kind="milestone", steps=steps, **more)


def test_a_step_is_done_when_all_that_fit_and_are_not_dropped_are_done(ask: Ask) -> None:
    saml, scim = step("SAML", weight="2", label="saml"), step("SCIM", label="scim")
    rows = [item(1, labels=["saml"], state="done"), item(2, labels=["saml"], state="dropped"), item(3, labels=["scim"])]
    told = ask(strategy(None, [r._replace(source="crm") for r in rows], milestone(saml, scim)))
    assert told.progress["kr"] == Fraction(2, 3)


def test_a_step_that_fits_nothing_is_not_done_and_a_milestone_is_always_measured(ask: Ask) -> None:
    assert ask(strategy(None, [], milestone(step("SAML", label="saml")))).progress["kr"] == 0


def test_a_step_whose_epic_was_dropped_has_nothing_that_is_open(ask: Ask) -> None:
    rows = [epic(1, state="dropped"), item(2, 1, labels=["saml"]), item(3, labels=["saml"], state="done")]
    rows = [r._replace(source="crm") for r in rows]
    assert ask(strategy(None, rows, milestone(step("SAML", label="saml")))).progress["kr"] == 1


def test_a_step_of_dropped_work_only_is_not_done(ask: Ask) -> None:
    rows = [deal(1, state="dropped", labels=["saml"])]
    assert ask(strategy(None, rows, milestone(step("SAML", label="saml")))).progress["kr"] == 0


def test_a_duplicate_finishes_no_step(ask: Ask) -> None:
    rows = [deal(1, labels=["saml"], state="doing"), deal(2, labels=["scim"], duplicate_of=1)]
    assert ask(strategy(None, rows, milestone(step("SCIM", label="scim")))).progress["kr"] == 0


# ---- completion by amount -------------------------------------------------------------------------------------------------


def test_by_amount_a_unit_weighs_its_amount(ask: Ask) -> None:
    rows = [deal(1, labels=["kr:kr"], amount="30"), deal(2, labels=["kr:kr"], amount="70", state="doing")]
    assert ask(strategy(None, rows, key_result("kr", by="amount"))).progress["kr"] == Fraction(3, 10)
    rows[1] = rows[1]._replace(currency="EUR")
    assert ask(strategy(None, rows, key_result("kr", by="amount"))).progress["kr"] is None


# ---- parts ----------------------------------------------------------------------------------------------------------------


def regions(**amounts: str) -> list[Any]:
    return [deal(n, amount=amount, fields={"region": region}) for n, (region, amount) in enumerate(amounts.items(), 1)]


def part(id: str, target: str, **more: Any) -> KeyResult:
    from hub.model import Filter
    from tests.reference.builders import lines

    return rising(id, start=0, target=number(target), rows=Filter(lines({"field_region": id})), part_of="whole", **more)


WON = metric("sum", "crm", dated="closed")


def whole(combine: Any = "sum", **more: Any) -> KeyResult:
    kind: Any = "increase" if combine == "sum" else "parts"
    return key_result("whole", kind=kind, combine=combine, **more)


def test_a_sum_adds_up_starts_targets_and_values_of_its_parts(ask: Ask) -> None:
    told = ask(strategy(WON, regions(emea="30", amer="10"), whole(), part("emea", "30"), part("amer", "50")))
    assert told.progress["whole"] == HALF
    assert told.objective == HALF  # the parts are not averaged again


def test_what_a_sum_writes_itself_goes_before(ask: Ask) -> None:
    both = [part("emea", "30"), part("amer", "50")]
    told = ask(strategy(WON, regions(emea="30", amer="10"), whole(target=number("160")), *both))
    assert told.progress["whole"] == Fraction(1, 4)


def test_all_parts_of_a_sum_must_be_measured_and_of_a_mean_those_count_that_are(ask: Ask) -> None:
    rows = [*regions(emea="15"), deal(9, amount="x", fields={"region": "amer"})]
    both = [part("emea", "30"), part("amer", "50")]
    assert ask(strategy(WON, rows, whole(), *both)).progress["whole"] is None
    assert ask(strategy(WON, rows, whole("mean"), *both)).progress["whole"] == HALF


def test_a_mean_weighs_the_clamped_progress_of_its_parts(ask: Ask) -> None:
    both = [part("emea", "10", weight="3"), part("amer", "50")]
    told = ask(strategy(WON, regions(emea="90", amer="0"), whole("mean"), *both))
    assert told.progress["whole"] == Fraction(3, 4)


def test_a_dropped_part_is_left_out_from_its_day_on(ask: Ask) -> None:
    rows = regions(emea="30", amer="10")
    for on, expected in ((date(2027, 2, 15), 1), (date(2027, 2, 16), HALF)):
        both = [part("emea", "30"), part("amer", "50", dropped=Drop(on, "why"))]
        assert ask(strategy(WON, rows, whole(), *both)).progress["whole"] == expected


def test_an_objective_that_has_the_part_alone_takes_the_part(ask: Ask) -> None:
    krs = [whole(objective="other"), part("emea", "30", objective="land"), part("amer", "50", objective="other")]
    told = ask(strategy(WON, regions(emea="30", amer="10"), *krs, objectives=[objective("land"), objective("other")]))
    assert told.objective == 1


def test_a_part_of_a_part_is_not_averaged_beside_the_whole(ask: Ask) -> None:
    top = key_result("top", kind="parts", combine="mean")
    middle = whole("mean", part_of="top", objective="other")
    krs = [top, middle, part("emea", "30"), rising("free", start=0, target=number("10"), part_of="top")]
    told = ask(strategy(WON, regions(emea="0"), *krs, objectives=[objective("land"), objective("other")]))
    assert told.objective == told.progress["top"] == 0


def test_a_key_result_with_a_metric_shows_its_parts_and_they_change_nothing(ask: Ask) -> None:
    krs = [rising("whole", start=0, target=number("80")), part("emea", "30"), part("amer", "1000")]
    told = ask(strategy(WON, regions(emea="30", amer="10"), *krs))
    assert told.progress["whole"] == told.objective == HALF


def test_parts_of_a_dropped_whole_do_not_take_its_place(ask: Ask) -> None:
    gone = whole("mean", dropped=Drop(date(2027, 2, 1), "why"))
    told = ask(strategy(WON, regions(emea="30"), gone, part("emea", "30"), rising("free", start=0, target=number("60"))))
    assert told.objective == HALF
