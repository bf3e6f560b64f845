"""Statuses of wholes, objectives, pillars and the company, one case for each sentence of docs/status.md about them.

They are derived by hand from the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from hub.model import Drop, KeyResult, Objective
from tests.reference.builders import key_result, objective
from tests.reference.judging import sentences, told
from tests.reference.measuring import metric, number, rising, strategy, value

MIDDLE = "2027-02-14"
"""Day 45 of 90."""

# ---- parts ----------------------------------------------------------------------------------------------------------------


def part(id: str, target: str, **more: Any) -> KeyResult:
    return rising(id, start=more.pop("start", 0), target=number(target), part_of="kr", **more)


MEAN, SUM = key_result("kr", kind="parts", combine="mean"), key_result("kr", kind="increase", combine="sum")


def test_a_whole_is_judged_like_any_other_key_result() -> None:
    rows = [value("2027-02-01", "38")]
    found = told(strategy(metric(), rows, MEAN, part("p1", "100"), part("p2", "40"), as_of=MIDDLE))
    assert found == "on track: 67 % against 50 % expected on day 45 of 90; at risk below 45 %"  # (38 + 95) / 2
    found = told(strategy(metric(), rows, SUM, part("p1", "100"), part("p2", "40"), as_of=MIDDLE))
    assert found == "on track: 54 % against 50 % expected on day 45 of 90; at risk below 45 %"  # 76 of 140


def test_a_whole_is_unknown_for_a_late_part_and_a_mean_not_for_an_unmeasured_one() -> None:
    rows = [value("2027-02-01", "38")]
    found = told(strategy(metric(every="day"), rows, MEAN, part("p1", "100"), part("p2", "40")))
    assert found == 'unknown: its part "p1" is unknown: the newest value is of 1 Feb 2027, and one is expected every day'
    unmeasured = part("p2", "38", start="measured")  # its start is its target
    found = told(strategy(metric(), rows, MEAN, part("p1", "100"), unmeasured, as_of=MIDDLE))
    assert found == "at risk: 38 % against 50 % expected on day 45 of 90; on track from 45 %"
    assert told(strategy(metric(), rows, SUM, part("p1", "100"), unmeasured)).startswith("unknown: not measured: ")


# ---- objectives, pillars, the company -------------------------------------------------------------------------------------

GOOD, BAD = rising(start=0, target=number("40")), rising("bad", start=0, target=number("1000"))
LAND = objective("land", pillar="enterprise")


def company(key_results: Iterable[KeyResult], *objectives: Objective) -> dict[str, str]:
    """The statuses of objectives by id, of the pillar and of the company."""
    found = sentences(strategy(metric(), [value("2027-02-01", "38")], *key_results, objectives=objectives, as_of=MIDDLE))
    return {id: sentence for (_, kind, id), sentence in found.items() if kind != "key_result"}


def helper(**more: Any) -> Objective:
    return objective("help", pillar="enterprise", anchor=("supports", "land"), **more)


def of_help(kr: KeyResult) -> KeyResult:
    return rising(kr.id, start=0, target=kr.target, objective="help")


def test_an_objective_is_as_its_weakest_committed_key_result() -> None:
    stretch = rising("stretch", start=0, target=number("1000"), ambition="aspirational")
    assert company([GOOD, stretch], LAND)["land"] == 'on track: its committed key result "kr" is on track'
    found = company([GOOD, BAD], LAND)
    assert found["land"] == 'off track: its committed key result "bad" is off track'
    assert found["enterprise"] == 'off track: its objective "land" is off track'
    assert found["company"] == 'off track: its pillar "enterprise" is off track'


def test_without_a_committed_key_result_it_is_as_the_weakest() -> None:
    one, two = (rising(id, start=0, target=number(t), ambition="aspirational") for id, t in (("kr", "40"), ("two", "1000")))
    assert company([one, two], LAND)["land"] == 'off track: its key result "two" is off track'


def test_dropped_key_results_and_parts_are_not_asked() -> None:
    dropped = rising("bad", start=0, target=number("1000"), dropped=Drop(date(2027, 2, 1), "why"))
    assert company([GOOD, dropped], LAND)["land"].startswith("on track: ")
    parts = [MEAN, part("p1", "40"), part("p2", "40"), part("bad", "1000", weight="0.01")]
    assert company(parts, LAND)["land"] == 'on track: its committed key result "kr" is on track'


def test_a_part_alone_is_asked_because_the_figure_takes_it() -> None:
    whole = key_result("kr", kind="parts", combine="mean", objective="other")
    found = company([whole, part("p1", "40", objective="other"), part("bad", "1000")], LAND, objective("other"))
    assert found["land"] == 'off track: its committed key result "bad" is off track'


def test_the_risk_of_a_supporter_is_taken_over_as_at_risk_at_best() -> None:
    found = company([GOOD, of_help(BAD)], LAND, helper())
    assert found["land"] == 'at risk: "help", which supports it, is off track'
    assert company([BAD, of_help(rising("kr", start=0, target=number("1000")))], LAND, helper())["land"].startswith("off track: ")
    assert company([GOOD, of_help(BAD)], LAND, helper(state="draft"))["land"].startswith("on track: ")


def test_without_key_results_of_its_own_it_is_as_its_weakest_supporter() -> None:
    assert company([of_help(BAD)], LAND, helper())["land"].startswith("off track: ")


def test_a_draft_is_a_draft_and_a_dropped_one_dropped_and_nothing_takes_either() -> None:
    found = company([GOOD, of_help(BAD)], LAND, helper(state="draft"))
    assert found["help"] == "draft: not agreed yet"
    assert found["enterprise"].startswith("on track: ")
    found = company([GOOD], objective("land", pillar="enterprise", state="dropped"))
    assert found["land"] == "dropped: given up"
    assert found["enterprise"] == "unknown: it has no objective to judge by"


def test_without_anything_to_ask_a_status_is_unknown() -> None:
    found = company([], LAND)
    assert found["land"] == "unknown: it has no key result to judge by"
    assert (found["enterprise"], found["company"]) == (
        'unknown: its objective "land" is unknown',
        'unknown: its pillar "enterprise" is unknown',
    )


def test_unknown_is_weaker_than_on_track_and_counted() -> None:
    unknown = rising("start", start="measured", target=number("38"))  # its start is its target
    found = company([GOOD, unknown], LAND)
    assert found["land"] == 'unknown: its committed key result "start" is unknown'
    stretch = rising("stretch", start="measured", target=number("38"), ambition="aspirational")
    assert company([GOOD, stretch], LAND)["land"] == 'on track: its committed key result "kr" is on track; 1 of 2 unknown'
