"""Named cases for the rows 05 to 23 of the register of needs, as far as metrics go: from the text of the files to the numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hub.model import Item
from tests.reference.asking import HALF
from tests.reference.builders import item
from tests.reference.register import CONVENTION, reads
from tests.reference.register_metrics import ARR, BOOKINGS, STRATEGY, Tell, deal, looked_at, reasons, typed

# ---- a metric reads and claims nothing ------------------------------------------------------------------------------------


def test_register_05_work_attached_to_a_measured_key_result_is_shown_beside_its_number(tell: Tell) -> None:
    mapping = reads(STRATEGY, BOOKINGS, ARR, CONVENTION)
    work = [item(2, labels=["kr:arr"], state="done", amount="900"), item(3, labels=["kr:arr"])]
    arr = tell(looked_at(mapping, deal(1, "300"), *work)).key_results["arr"]
    assert (arr.progress, arr.current) == (Fraction(3, 10), 300)
    assert arr.work == (1, 2)


def test_register_05_a_count_of_the_items_of_a_source_knows_nothing_of_what_is_attached(tell: Tell) -> None:
    text = """
        [[key_result]]
        id = "incidents"
        objective = "land"
        kind = "decrease"
        metric = { source = "jira", count = true, when = { type = "Incident" }, dated = "created" }
        start = 4
        target = 0
    """
    created = {"created": "2027-01-20"}
    initiatives = [item(n, labels=["kr:incidents"], state="done", **created) for n in (1, 2, 3)]
    incident = item(4, type="Incident", labels=["kr:incidents"], **created)
    found = tell(looked_at(reads(STRATEGY, text, CONVENTION), *initiatives, incident)).key_results["incidents"]
    assert (found.current, found.progress) == (1, Fraction(3, 4))
    assert found.work == (3, 4)


PARTS = """
[[key_result]]
for_each.rows = [{ region = "emea", goal = 600 }, { region = "amer", goal = 400 }]
id = "arr-{region}"
objective = "land"
name = "Bookings {region}"
kind = "increase"
metric = "bookings"
when.field.region = "{region}"
start = 0
target = "{goal}"
part_of = "arr"
"""


def test_register_06_a_deal_counts_in_bookings_in_its_region_in_the_win_rate_and_as_sourced(tell: Tell) -> None:
    more = """
        [[metric]]
        id = "win-rate"
        source = "crm"
        ratio = { of = { state = "done" }, to = { state = "closed" } }
        dated = "closed"

        [[metric]]
        id = "sourced"
        source = "crm"
        sum = "amount"
        when.field.sourced = "marketing"
        dated = "created"
    """
    emea, amer = {"region": "EMEA", "sourced": "Marketing"}, {"region": "AMER", "sourced": "Sales"}
    deals = [
        deal(1, "300", fields=emea, created="2027-01-10"),
        deal(2, "200", fields=amer, created="2027-01-10"),
        deal(3, "500", fields=emea, state="dropped", created="2027-01-10"),
        deal(4, "50", fields=emea, state="doing", created="2027-01-10"),
    ]
    told = tell(looked_at(reads(STRATEGY, BOOKINGS, ARR, PARTS, more), *deals))
    assert told.metrics == {"bookings": 500, "win-rate": Fraction(2, 3), "sourced": 850}
    assert {id: found.current for id, found in told.key_results.items()} == {"arr": 500, "arr-emea": 300, "arr-amer": 200}


def test_register_06_a_card_counts_in_hired_and_in_the_time_to_hire(tell: Tell) -> None:
    metrics = """
        [[metric]]
        id = "hired"
        source = "cards"
        count = true
        dated = "done"

        [[metric]]
        id = "time-to-hire"
        source = "cards"
        days_between = ["created", "done"]
        dated = "done"
        unit = "days"
    """
    cards = [
        item(1, source="cards", state="done", created="2026-12-22", closed="2027-01-31"),
        item(2, source="cards", state="done", created="2027-01-01", closed="2027-02-10"),
        item(3, source="cards", state="doing"),
    ]
    assert tell(looked_at(reads(STRATEGY, metrics), *cards)).metrics == {"hired": 2, "time-to-hire": 40}


# ---- which date, which window ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ('dated = "created"', 3),  # 2, 4 and 5
        ('dated = "done"', 2),  # 1 and 2
        ('dated = "closed"', 3),  # 3, too
        ('dated = "due"', 1),
        ('when.state = "open"', 2),  # a stock: those that are open now
        ('when.state = "open"\ndated = "created"', 1),
        ('dated = "created"\nwindow = "all"', 5),
        ('dated = "closed"\nwindow = "2w"', 1),  # 2 to 15 February
    ],
)
def test_register_07_which_date_must_lie_in_which_window_or_none(tell: Tell, said: str, count: int) -> None:
    mapping = reads(STRATEGY, f'[[metric]]\nid = "tickets"\nsource = "jira"\ncount = true\n{said}\n')
    items = [
        item(1, state="done", created="2026-11-01", closed="2027-01-05"),
        item(2, state="done", created="2027-01-02", closed="2027-02-03"),
        item(3, state="dropped", created="2026-12-31", closed="2027-01-31"),
        item(4, created="2027-02-01", state="dropped", closed="2026-12-31"),
        item(5, created="2027-02-01"),
        item(6, created=None, due="2027-03-31"),
    ]
    assert tell(looked_at(mapping, *items)).metrics["tickets"] == count


ACTIVATION = """
[[metric]]
id = "activation"
source = "sheet"
series = "Activation"
unit = "%"

[[key_result]]
id = "active"
objective = "land"
kind = "increase"
metric = "activation"
start = "measured"
target = "+30%"
"""


def test_register_08_a_start_that_is_measured_and_a_target_that_is_relative_to_it(tell: Tell) -> None:
    values = [
        typed("2026-11-30", "35", "activation"),
        typed("2026-12-31", "40", "activation"),
        typed("2027-01-31", "46", "activation"),
        typed("2027-01-31", "99", "churn"),
    ]
    active = tell(looked_at(reads(STRATEGY, ACTIVATION), *values)).key_results["active"]
    assert (active.start, active.current, active.progress) == (40, 46, HALF)  # from 40 to 52


def test_register_08_a_flow_is_measured_over_the_cycle_before(tell: Tell) -> None:
    text = ARR.replace("start = 0", 'start = "measured"').replace("target = 1000", 'target = "+50"')
    before = "[cycle]\n2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }\n"
    deals = [deal(1, "100", closed="2026-10-01"), deal(2, "100", closed="2026-12-31"), deal(3, "225")]
    arr = tell(looked_at(reads(STRATEGY, before, BOOKINGS, text), *deals)).key_results["arr"]
    assert (arr.start, arr.current, arr.progress) == (200, 225, HALF)


SUM = """
[[key_result]]
id = "arr"
objective = "land"
name = "Bookings of all regions"
kind = "increase"
combine = "sum"
"""


def test_register_09_a_company_key_result_is_the_sum_of_its_regions_and_they_are_not_averaged_again(tell: Tell) -> None:
    deals = [deal(1, "450", fields={"region": "EMEA"}), deal(2, "50", fields={"region": "AMER"})]
    told = tell(looked_at(reads(STRATEGY, BOOKINGS, SUM, PARTS), *deals))
    assert {id: found.progress for id, found in told.key_results.items()} == {
        "arr": HALF,  # 500 of 600 and 400
        "arr-emea": Fraction(3, 4),
        "arr-amer": Fraction(1, 8),
    }
    assert told.figures["objective", "land"] == told.figures["company", ""] == HALF


def test_register_09_or_the_mean_of_their_progress(tell: Tell) -> None:
    mean = SUM.replace('kind = "increase"\ncombine = "sum"', 'combine = "mean"')
    deals = [deal(1, "450", fields={"region": "EMEA"}), deal(2, "50", fields={"region": "AMER"})]
    told = tell(looked_at(reads(STRATEGY, BOOKINGS, mean, PARTS), *deals))
    assert told.figures["objective", "land"] == told.key_results["arr"].progress == Fraction(7, 16)


PLANTS = """
werk,id,most
Köln,koeln,2.5
Győr,gyor,4
"""


def test_register_10_33_a_metric_and_a_guard_rail_per_line_of_a_csv_file(tell: Tell) -> None:
    text = """
        [[metric]]
        for_each.file = "plants.csv"
        id = "scrap-{id}"
        source = "sheet"
        when.field.werk = "{werk}"
        unit = "%"
        every = "month"

        [[key_result]]
        for_each.file = "plants.csv"
        id = "scrap-{id}"
        objective = "land"
        name = "Scrap of {werk}"
        kind = "stay_below"
        metric = "scrap-{id}"
        target = "{most}"
    """
    values = [typed("2027-01-31", "2.5", werk="KÖLN"), typed("2027-01-31", "4.1", werk="Győr")]
    told = tell(looked_at(reads(STRATEGY, text, plants_csv=PLANTS), *values))
    assert {id: found.progress for id, found in told.key_results.items()} == {"scrap-koeln": 1, "scrap-gyor": 0}


def test_register_17_a_renamed_metric_goes_on_under_its_former_name(tell: Tell) -> None:
    renamed = BOOKINGS.replace('id = "bookings"', 'id = "new-business"\nwas = "bookings"')
    told = tell(looked_at(reads(STRATEGY, renamed, ARR), deal(1, "300")))
    assert told.metrics == {"new-business": 300}
    assert told.key_results["arr"].progress == Fraction(3, 10)


def test_register_19_what_was_finished_before_the_cycle_is_no_flow_of_it_and_no_work_beside_a_number(tell: Tell) -> None:
    mapping = reads(STRATEGY, BOOKINGS, ARR, CONVENTION)
    work = [item(n, labels=["kr:arr"], state="done", closed=day) for n, day in ((2, "2026-12-31"), (3, "2027-01-01"))]
    arr = tell(looked_at(mapping, deal(1, "700", closed="2026-12-31"), deal(4, "100", closed="2027-01-01"), *work)).key_results
    assert (arr["arr"].current, arr["arr"].work) == (100, (1, 1))


def test_register_20_without_a_date_what_is_done_counts_on_the_day_on_which_it_was_seen_to_be(tell: Tell) -> None:
    hired = '[[metric]]\nid = "hired"\nsource = "cards"\ncount = true\ndated = "done"\n'
    card = {"source": "cards", "state": "done"}
    items = [
        item(1, closed="2027-01-20", **card),
        item(2, closed=None, seen="2027-02-01", **card),
        item(3, closed=None, seen="2026-12-31", **card),
        item(4, closed=None, **card),  # done when first seen: before our time
    ]
    assert tell(looked_at(reads(STRATEGY, hired), *items)).metrics["hired"] == 2
    everything = hired + 'window = "all"\n'
    assert tell(looked_at(reads(STRATEGY, everything), *items)).metrics["hired"] == 3


NEXT_CYCLE = """
[cycle]
2027-q2 = { starts = 2027-04-01, ends = 2027-06-30 }

[[metric]]
id = "pipeline"
source = "crm"
sum = "amount"
times = "probability"
when.state = "open"
dated = "due"
window = "next cycle"
"""


@pytest.mark.parametrize(("likely", "even"), [("60", "50"), ("0.6", "0.5")])  # as Salesforce and as HubSpot say it
def test_register_21_the_weighted_pipeline_of_the_next_cycle(tell: Tell, likely: str, even: str) -> None:
    def chance(no: int, amount: str, probability: str, due: str, state: str = "doing") -> Item:
        return deal(no, amount, state=state, due=due, fields={"probability": probability})

    deals = [
        chance(1, "1000", likely, "2027-04-01"),
        chance(2, "99.50", even, "2027-06-30"),
        chance(3, "7000", likely, "2027-03-31"),
        chance(4, "7000", likely, "2027-07-01"),
        chance(5, "7000", likely, "2027-05-01", state="done"),
    ]
    told = tell(looked_at(reads(STRATEGY, NEXT_CYCLE), *deals))
    assert told.metrics["pipeline"] == 600 + Fraction("49.75")


def test_register_23_a_line_on_a_field_that_the_source_lacks_leaves_a_metric_unmeasured_and_an_empty_one_does_not(
    tell: Tell,
) -> None:
    count = '[[metric]]\nid = "m"\nsource = "{}"\ncount = true\n{}\n'
    cards = [item(1, source="cards", state="doing"), deal(2, fields={"region": None}), deal(3, fields={"region": "EMEA"})]
    lacks = looked_at(reads(STRATEGY, count.format("cards", 'when.component = "Login"')), *cards)
    assert tell(lacks).metrics["m"] is None
    assert "component" in reasons(lacks)["m"]
    for line, found in (("when.field.region = { empty = true }", 1), ('unless.field.region = "emea"', 1)):
        assert tell(looked_at(reads(STRATEGY, count.format("crm", line)), *cards)).metrics["m"] == found
