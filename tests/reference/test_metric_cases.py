"""Strategies small enough to reckon by hand, each for one sentence of docs/metrics.md that is easily got wrong.

The expected numbers come from the words. They are asked of the naive reference and of the hub's own calculation.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from hub.model import Relative
from tests.reference.builders import Q1, Q2, cycle
from tests.reference.measuring import Ask, by_hub, by_words, deal, metric, number, rates, rising, strategy, value


@pytest.fixture(params=[pytest.param(by_words, id="words"), pytest.param(by_hub, id="hub")])
def ask(request: pytest.FixtureRequest) -> Ask:
    """One of the two calculations."""
    calculate: Ask = request.param
    return calculate


def half(numerator: int) -> Fraction:
    return Fraction(numerator, 2)


# ---- dates and windows ----------------------------------------------------------------------------------------------------


def test_a_value_dated_after_the_day_never_counts(ask: Ask) -> None:
    rows = [value("2027-02-01", "5"), value("2027-02-15", "7"), value("2027-02-16", "100")]
    assert ask(strategy(metric("sum"), rows)).values["m"] == 12
    assert ask(strategy(metric("latest"), rows)).values["m"] == 7


def test_items_dated_later_count_without_settle_and_not_with_it(ask: Ask) -> None:
    rows = [deal(1, due="2027-03-20"), deal(2, due="2027-02-10", amount="10")]
    assert ask(strategy(metric("sum", "crm", dated="due"), rows)).values["m"] == 110
    assert ask(strategy(metric("sum", "crm", dated="due", settle=1), rows)).values["m"] == 10


def test_what_has_not_settled_is_not_used(ask: Ask) -> None:
    rows = [value("2027-02-11", "1"), value("2027-02-12", "2"), value("2027-02-13", "4")]
    assert ask(strategy(metric("sum", settle=3), rows)).values["m"] == 3


def test_28_days_end_with_the_horizon_and_both_their_ends_belong_to_them(ask: Ask) -> None:
    rows = [value("2027-01-18", "1"), value("2027-01-19", "2"), value("2027-02-15", "4")]
    assert ask(strategy(metric("sum", window="28d"), rows)).values["m"] == 6
    assert ask(strategy(metric("sum", window="28d", settle=1), rows)).values["m"] == 3


def test_after_the_cycle_its_last_day_is_the_day(ask: Ask) -> None:
    rows = [value("2027-03-31", "5"), value("2027-04-01", "7")]
    told = ask(strategy(metric("latest"), rows, rising(start=0, target=number("10")), as_of="2027-05-10"))
    assert told.progress["kr"] == half(1)


def test_the_year_is_that_of_the_outermost_cycle_and_without_one_the_calendars(ask: Ask) -> None:
    year = cycle("fy27", "2026-10-01", "2027-09-30")
    rows = [deal(1, "2026-12-31", "1"), deal(2, "2027-01-01", "2")]
    of_year = metric("sum", "crm", dated="closed", window="year")
    assert ask(strategy(of_year, rows, rising(start=0))).current["kr"] == 2
    within = cycle("2027-q1", "2027-01-01", "2027-03-31", "fy27")
    assert ask(strategy(of_year, rows, rising(start=0), cycles=[year, within])).current["kr"] == 3


def test_without_a_next_cycle_its_window_leaves_a_metric_unmeasured(ask: Ask) -> None:
    pipeline = metric("sum", "crm", dated="due", window="next cycle")
    rows = [deal(1, due="2027-05-01", state="doing")]
    assert ask(strategy(pipeline, rows)).values["m"] is None
    assert ask(strategy(pipeline, rows, cycles=[Q1, Q2])).values["m"] == 100


def test_all_ends_with_the_cycle_and_a_day_is_one_of_the_strategys_zone(ask: Ask) -> None:
    late = deal(1)._replace(done_at=deal(1, "2027-03-31").done_at + 11 * 3_600_000)  # 23:00 UTC  # type: ignore[operator]
    won = metric("count", "crm", dated="done", window="all")
    assert ask(strategy(won, [late])).values["m"] == 1
    assert ask(strategy(won, [late], timezone="Europe/Berlin")).values["m"] == 0


def test_closed_is_the_day_of_what_was_done_or_dropped_and_done_of_what_was_done(ask: Ask) -> None:
    rows = [deal(1), deal(2, state="dropped"), deal(3, state="doing"), deal(4, None)]
    assert ask(strategy(metric("count", "crm", dated="closed"), rows)).values["m"] == 2
    assert ask(strategy(metric("count", "crm", dated="done"), rows)).values["m"] == 1


def test_a_stage_dates_an_item_by_when_it_first_entered_it(ask: Ask) -> None:
    rows = [deal(1, stages={"proposal": deal(1).done_at}), deal(2)]
    assert ask(strategy(metric("count", "crm", dated="stage:proposal"), rows)).values["m"] == 1


def test_items_without_dated_count_as_they_are_now(ask: Ask) -> None:
    rows = [deal(1, "2026-01-01"), deal(2, None, state="doing")]
    assert ask(strategy(metric("count", "crm"), rows)).values["m"] == 2


# ---- rows -----------------------------------------------------------------------------------------------------------------


def test_a_parent_that_was_dropped_drops_no_row_and_a_duplicate_is_none(ask: Ask) -> None:
    rows = [deal(1, state="dropped"), deal(2, parent=1, state="doing"), deal(3, duplicate_of=2), deal(4, presence="deleted")]
    assert ask(strategy(metric("count", "crm", when={"state": ["todo", "doing"]}), rows)).values["m"] == 1
    assert ask(strategy(metric("count", "crm"), rows)).values["m"] == 2


def test_a_line_on_a_field_that_the_source_has_not_leaves_a_metric_unmeasured(ask: Ask) -> None:
    rows = [value("2027-02-01", "5", region="EMEA")]
    assert ask(strategy(metric("count", when={"field_region": "emea"}), rows)).values["m"] == 1
    assert ask(strategy(metric("count", when={"field_size": "3"}), rows)).values["m"] is None
    assert ask(strategy(metric("count", when={"state": "done"}), rows)).values["m"] is None


def test_a_key_result_narrows_its_metric_for_itself_alone(ask: Ask) -> None:
    from hub.model import Filter
    from tests.reference.builders import lines

    rows = [deal(1, fields={"region": "EMEA"}), deal(2, amount="7", fields={"region": "AMER"})]
    emea = rising(start=0, rows=Filter(lines({"field_region": "emea"})))
    told = ask(strategy(metric("sum", "crm", dated="closed"), rows, emea))
    assert (told.values["m"], told.current["kr"]) == (107, 100)


# ---- aggregates -----------------------------------------------------------------------------------------------------------


def test_a_count_of_nothing_is_nought_once_its_source_was_read_whole(ask: Ask) -> None:
    for how in ("count", "distinct"):
        of = metric(how, "crm", dated="closed", **({"field": "field.region"} if how == "distinct" else {}))
        assert ask(strategy(of, [deal(1, "2026-01-01")])).values["m"] == 0
        assert ask(strategy(of, [deal(1, "2026-01-01")], whole=["sheet"])).values["m"] is None


def test_a_count_of_a_source_that_was_not_read_whole_says_nothing(ask: Ask) -> None:
    assert ask(strategy(metric("count", "crm", dated="closed"), [deal(1)], whole=["sheet"])).values["m"] is None


def test_a_sum_without_any_row_is_nought_and_without_any_number_unmeasured(ask: Ask) -> None:
    won = metric("sum", "crm", dated="closed")
    assert ask(strategy(won, [deal(1, "2026-01-01")])).values["m"] == 0
    assert ask(strategy(won, [deal(1, amount="n/a"), deal(2, amount=None)])).values["m"] is None
    assert ask(strategy(won, [deal(1, amount="n/a"), deal(2, amount="3")])).values["m"] == 3


def test_a_sum_over_values_without_any_is_unmeasured(ask: Ask) -> None:
    assert ask(strategy(metric("sum"), [value("2026-02-01", "5")])).values["m"] is None


def test_several_values_of_the_newest_day_are_no_latest_value(ask: Ask) -> None:
    rows = [value("2027-02-01", "5"), value("2027-02-02", "6"), value("2027-02-02", "7")]
    assert ask(strategy(metric("latest"), rows)).values["m"] is None
    assert ask(strategy(metric("sum", window="all"), rows)).values["m"] == 18
    assert ask(strategy(metric("latest"), rows[:2])).values["m"] == 6


def test_the_latest_value_is_one_that_is_a_number(ask: Ask) -> None:
    rows = [value("2027-02-01", "5"), value("2027-02-02", "n/a"), value("2027-02-03", "")]
    assert ask(strategy(metric("latest"), rows)).values["m"] == 5


def test_a_ratio_is_a_share_or_with_its_unit_a_percentage(ask: Ask) -> None:
    rows = [deal(1), deal(2, state="dropped"), deal(3, state="dropped"), deal(4, state="dropped"), deal(5, state="doing")]
    win_rate: dict[str, Any] = {"of": {"state": "done"}, "to": {"state": ["done", "dropped"]}, "dated": "closed"}
    assert ask(strategy(metric("ratio", "crm", **win_rate), rows)).values["m"] == Fraction(1, 4)
    assert ask(strategy(metric("ratio", "crm", unit="%", **win_rate), rows)).values["m"] == 25
    assert ask(strategy(metric("ratio", "crm", **win_rate), [deal(1, "2026-01-01")])).values["m"] is None


def test_nps_is_promoters_less_detractors_of_those_who_answered(ask: Ask) -> None:
    scores = ["10", "9", "8", "7", "6", "0", "11", "-1", "x", None, "10"]
    rows = [value(f"2027-02-{n:02}", "1", score=score) for n, score in enumerate(scores, 1)]
    assert ask(strategy(metric("nps", field="field.score"), rows)).values["m"] == Fraction(100, 7)
    assert ask(strategy(metric("nps", field="field.score"), rows[6:10])).values["m"] is None


def test_days_between_is_the_mean_over_rows_that_have_both_dates(ask: Ask) -> None:
    rows = [deal(1, "2027-02-11", created="2027-02-01"), deal(2, "2027-02-06", created="2027-02-01"), deal(3, created=None)]
    between = metric("days_between", "crm", between=("created", "done"), dated="done")
    assert ask(strategy(between, rows)).values["m"] == Fraction(15, 2)
    assert ask(strategy(between, rows[2:])).values["m"] is None


def test_distinct_texts_differ_in_more_than_their_case_and_a_row_may_have_several(ask: Ask) -> None:
    rows = [deal(n, fields={"region": region}) for n, region in enumerate(("EMEA", "emea", ["AMER", "APAC"], None, ""), 1)]
    assert ask(strategy(metric("distinct", "crm", field="field.region"), rows)).values["m"] == 3


def test_a_weighted_average_divides_by_its_weights(ask: Ask) -> None:
    rows = [deal(1, amount="10", estimate="1"), deal(2, amount="40", estimate="2"), deal(3, amount="99", estimate="x")]
    assert ask(strategy(metric("average", "crm", times="estimate"), rows)).values["m"] == 30
    assert ask(strategy(metric("average", "crm", times="estimate"), [deal(1, estimate="0")])).values["m"] is None


@pytest.mark.parametrize(("chance", "part"), [("0.5", 50), ("1", 100), ("20", 20), ("100", 100), ("101", 0), ("-1", 0), ("x", 0)])
def test_a_probability_is_a_share_or_a_percentage_or_invalid(ask: Ask, chance: str, part: int) -> None:
    rows = [deal(1, amount="100", fields={"probability": chance}), deal(2, amount="100", fields={"probability": "0"})]
    assert ask(strategy(metric("sum", "crm", times="probability"), rows)).values["m"] == part


# ---- money ----------------------------------------------------------------------------------------------------------------

PLAN = (rates("USD", "2026-01-01", EUR="1.05"), rates("USD", "2027-02-01", EUR="1.10"))


def test_the_rate_in_force_on_the_day_of_a_row_counts(ask: Ask) -> None:
    won = metric("sum", "crm", dated="closed", rates="plan")
    rows = [deal(1, "2027-01-31", "100", currency="EUR"), deal(2, "2027-02-01", "100", currency="EUR"), deal(3, amount="1")]
    assert ask(strategy(won, rows, rates={"plan": PLAN})).values["m"] == 105 + 110 + 1


def test_without_a_date_the_latest_rate_of_all_counts(ask: Ask) -> None:
    rows = [deal(1, "2026-02-01", "100", currency="EUR")]
    assert ask(strategy(metric("sum", "crm", rates="plan"), rows, rates={"plan": PLAN})).values["m"] == 110


@pytest.mark.parametrize("odd", [{"currency": "GBP"}, {"currency": None}, {"currency": "EUR", "closed": "2025-12-31"}])
def test_a_row_without_a_rate_leaves_a_metric_unmeasured(ask: Ask, odd: dict[str, Any]) -> None:
    won = metric("sum", "crm", dated="closed", window="all", rates="plan")
    assert ask(strategy(won, [deal(1), deal(2, **odd)], rates={"plan": PLAN})).values["m"] is None


def test_a_currency_without_a_rate_is_named() -> None:
    from hub.assess import Known, assess
    from hub.model import Dimensions
    from tests.reference.measuring import FACTS

    given = strategy(metric("sum", "crm", dated="closed", rates="plan"), [deal(1, currency="GBP")], rates={"plan": PLAN})
    found = assess(given.mapping, given.items, Dimensions(sources=FACTS), given.as_of, Known((), given.whole))
    assert "GBP" in found.metrics["2027-q1", "m"].why


def test_amounts_of_several_currencies_are_added_up_with_rates_only(ask: Ask) -> None:
    rows = [deal(1), deal(2, currency="EUR")]
    assert ask(strategy(metric("sum", "crm"), rows)).values["m"] is None
    assert ask(strategy(metric("average", "crm"), rows)).values["m"] is None
    assert ask(strategy(metric("sum", "crm"), rows[:1])).values["m"] == 100
    assert ask(strategy(metric("count", "crm"), rows)).values["m"] == 2


# ---- a measured start -----------------------------------------------------------------------------------------------------


def test_a_measured_start_is_the_value_of_the_day_before_the_cycle(ask: Ask) -> None:
    rows = [value("2026-12-30", "40"), value("2027-01-01", "55"), value("2027-02-01", "70")]
    told = ask(strategy(metric("latest"), rows, rising()))
    assert (told.start["kr"], told.progress["kr"]) == (40, half(1))


def test_the_first_value_in_the_cycle_is_the_start_where_there_is_none_before(ask: Ask) -> None:
    rows = [value("2027-01-05", "40"), value("2027-02-01", "70")]
    assert ask(strategy(metric("latest"), rows, rising())).start["kr"] == 40
    assert ask(strategy(metric("average"), rows, rising())).progress["kr"] is None


def test_the_cycle_before_is_the_window_of_a_measured_start(ask: Ask) -> None:
    won = metric("count", "crm", dated="closed")
    rows = [deal(1, "2026-12-31"), deal(2, "2026-10-01"), deal(3, "2026-09-30"), deal(4, "2027-01-01")]
    assert ask(strategy(won, rows, rising())).start["kr"] == 1  # the 90 days since 3 October
    before = cycle("2026-h2", "2026-07-01", "2026-12-31")
    assert ask(strategy(won, rows, rising(), cycles=[before, Q1])).start["kr"] == 3


def test_before_the_cycle_a_year_that_begins_with_it_is_the_year_before(ask: Ask) -> None:
    won = metric("count", "crm", dated="closed", window="year")
    rows = [deal(1, "2026-12-31"), deal(2, "2026-01-01"), deal(3, "2025-12-31"), deal(4, "2027-01-01")]
    assert ask(strategy(won, rows, rising())).start["kr"] == 2


def test_items_without_a_date_have_no_past(ask: Ask) -> None:
    told = ask(strategy(metric("count", "crm"), [deal(1), deal(2)], rising()))
    assert (told.start["kr"], told.progress["kr"]) == (2, 0)


def test_a_start_is_not_measured_before_the_cycle_begins(ask: Ask) -> None:
    told = ask(strategy(metric("latest"), [value("2026-12-01", "40")], rising(), as_of="2026-12-20"))
    assert told.progress["kr"] is None


def test_30_percent_more_than_a_negative_start_is_more(ask: Ask) -> None:
    rows = [value("2026-12-30", "-100"), value("2027-02-01", "-85")]
    told = ask(strategy(metric("latest"), rows, rising(target=Relative(number("30"), True))))
    assert told.progress["kr"] == half(1)  # from -100 to -70


def test_five_less_than_the_start_is_reached_on_the_way_down(ask: Ask) -> None:
    rows = [value("2026-12-30", "20"), value("2027-02-01", "18")]
    told = ask(strategy(metric("latest"), rows, rising(kind="decrease", target=Relative(number("-5"), False))))
    assert told.progress["kr"] == Fraction(2, 5)


def test_a_measured_start_that_is_the_target_leaves_nothing_to_measure(ask: Ask) -> None:
    rows = [value("2026-12-30", "100"), value("2027-02-01", "110")]
    assert ask(strategy(metric("latest"), rows, rising())).progress["kr"] is None


def test_progress_is_shown_unclamped_and_taken_clamped(ask: Ask) -> None:
    rows = [value("2027-02-01", "150")]
    told = ask(strategy(metric("latest"), rows, rising(start=0), rising("low", start=200, target=number("250"))))
    assert (told.progress["kr"], told.progress["low"]) == (Fraction(3, 2), -1)
    assert told.objective == half(1)
