"""Named cases for the rows 27 to 55 of the register of needs, as far as metrics go: from the text of the files to the numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.reference.asking import HALF
from tests.reference.builders import at, item
from tests.reference.register import problems, reads
from tests.reference.register_metrics import ARR, BOOKINGS, STRATEGY, Tell, deal, looked_at, reasons, row, typed

# ---- sheets, SQL, rates ---------------------------------------------------------------------------------------------------

LONG_SHEET = """
[[metric]]
for_each.rows = [{ id = "enps", series = "Employee NPS", every = "quarter" }, { id = "ears", series = "Waiting", every = "week" }]
id = "{id}"
source = "sheet"
series = "{series}"
every = "{every}"
"""


def test_register_27_one_long_sheet_holds_what_has_no_system_behind_it(tell: Tell) -> None:
    values = [
        typed("2026-12-31", "31", "Employee NPS"),
        typed("2027-02-08", "9", "waiting"),
        typed("2027-02-15", "7", "Waiting"),
        typed("2027-02-15", "1000", "Something else"),
    ]
    assert tell(looked_at(reads(STRATEGY, LONG_SHEET), *values)).metrics == {"enps": 31, "ears": 7}


WAREHOUSE = """
[[metric]]
id = "activation"
source = "warehouse"
query = "activation"
unit = "%"
every = "day"
settle = "3d"

[[key_result]]
id = "active"
objective = "land"
kind = "increase"
metric = "activation"
when.field.region = "EMEA"
start = 40
target = 50
"""
SELECT = "SELECT day AS date, share AS value, region FROM activation WHERE day >= :cycle_start\n"


def test_register_39_a_query_stands_beside_the_files_and_its_columns_narrow_a_key_result(tell: Tell) -> None:
    mapping = reads(STRATEGY, WAREHOUSE, **{"queries/activation_sql": SELECT})
    assert mapping.files["mappings/queries/activation.sql"] == SELECT
    rows = [
        row("2027-02-11", "44", "activation", region="EMEA"),
        row("2027-02-12", "45", "activation", region="EMEA"),
        row("2027-02-13", "99", "activation", region="EMEA"),  # not final yet
        row("2027-02-12", "10", "activation", region="AMER"),
        row("2027-02-12", "77", "churn", region="EMEA"),
    ]
    assert tell(looked_at(mapping, *rows)).key_results["active"].progress == HALF


def test_register_39_two_sources_in_one_number_are_a_query_s_business_and_check_says_so() -> None:
    ratio = """
        [[metric]]
        id = "tickets-per-deal"
        source = "crm"
        ratio = { of = { source = "jira" }, to = { source = "crm" } }
    """
    found = problems(STRATEGY, ratio)
    assert all(p.startswith("mappings/1.toml:5:") for p in found)
    assert "query" in found[0]
    (missing,) = problems(
        STRATEGY, WAREHOUSE.replace('"activation"\nunit', '"activatoin"\nunit'), **{"queries/activation_sql": SELECT}
    )
    assert missing.startswith("mappings/1.toml:5:")
    assert "activatoin" in missing


@pytest.mark.parametrize("source", ["crm", "sheet"])
def test_register_40_rows_are_items_or_values_and_a_metric_filters_both_alike(tell: Tell, source: str) -> None:
    text = f"""
        [[metric]]
        id = "scrap"
        source = "{source}"
        sum = "value"
        when.field.werk = ["Köln", "Győr"]
        unless.field.region = "test*"
        dated = "closed"
    """
    said = [("2027-02-01", "10", "köln", "EMEA"), ("2027-01-31", "5", "GYŐR", None), ("2027-02-01", "100", "Łódź", "EMEA"),
            ("2027-02-02", "1000", "Köln", "Test run"), ("2026-12-31", "10000", "Köln", "EMEA")]  # fmt: skip
    fields = [{"werk": werk, "region": region} for _, _, werk, region in said]
    items = [deal(n, number, closed=on, fields=f) for n, ((on, number, _, _), f) in enumerate(zip(said, fields, strict=True), 1)]
    values = [typed(on, number, **f) for (on, number, _, _), f in zip(said, fields, strict=True)]
    rows = items if source == "crm" else values
    assert tell(looked_at(reads(STRATEGY, text), *rows)).metrics["scrap"] == 15


RATES = """
[rates]
spot = { base = "USD", since = 2027-01-01, EUR = "2", GBP = "2" }

[[rates.plan]]
base = "USD"
since = 2026-01-01
EUR = "1.05"

[[rates.plan]]
base = "USD"
since = 2027-02-01
EUR = "1.10"
CHF = "1.2"
"""
PLANNED = BOOKINGS + 'rates = "plan"\n'


def test_register_41_the_plan_rate_since_its_day_and_not_another_table_s(tell: Tell) -> None:
    mapping = reads(STRATEGY, RATES, PLANNED, ARR)
    deals = [
        deal(1, "100", currency="EUR", closed="2027-01-31"),
        deal(2, "100", currency="EUR", closed="2027-02-01"),
        deal(3, "0.30"),
        deal(4, "10", currency="CHF"),
    ]
    arr = tell(looked_at(mapping, *deals)).key_results["arr"]
    assert arr.current == 105 + 110 + Fraction("0.3") + 12
    assert arr.progress == arr.current / 1000


@pytest.mark.parametrize(("currency", "closed"), [("GBP", "2027-02-01"), ("CHF", "2027-01-31"), (None, "2027-02-01")])
def test_register_41_a_missing_rate_leaves_a_metric_unmeasured_and_is_named(
    tell: Tell, currency: str | None, closed: str
) -> None:
    mapping = reads(STRATEGY, RATES, PLANNED, ARR)
    given = looked_at(mapping, deal(1, "100"), deal(2, "100", currency=currency, closed=closed))
    told = tell(given)
    assert told.metrics["bookings"] is told.key_results["arr"].progress is told.figures["objective", "land"] is None
    assert told.coverage["objective", "land"] == (0, 1)
    assert told.statuses["key_result", "arr"] == "unknown"
    assert (currency or "currency") in reasons(given)["bookings"]


def test_register_45_a_metric_stands_alone_as_a_kpi_and_is_in_nobody_s_figure(tell: Tell) -> None:
    kpi = """
        [[metric]]
        id = "open-bugs"
        source = "jira"
        count = true
        when.state = "open"
    """
    told = tell(looked_at(reads(STRATEGY, BOOKINGS, ARR, kpi), deal(1, "500"), item(2), item(3, state="doing")))
    assert told.metrics == {"bookings": 500, "open-bugs": 2}
    assert set(told.key_results) == {"arr"}
    assert told.figures["company", ""] == HALF
    assert told.coverage["company", ""] == (1, 1)


# ---- what is calculated ---------------------------------------------------------------------------------------------------


def test_register_52_the_share_that_was_done_on_time(tell: Tell) -> None:
    text = """
        [[metric]]
        id = "on-time"
        source = "jira"
        ratio = { of = { done = { lte = "due" } }, to = { state = "done" } }
        dated = "done"
        unit = "%"
    """
    items = [
        item(1, state="done", due="2027-02-01"),
        item(2, state="done", due="2027-01-31"),
        item(3, state="done", due="2027-02-02"),
        item(4, state="done"),
        item(5, due="2027-02-01"),
        item(6, state="dropped", due="2027-02-02"),
    ]
    assert tell(looked_at(reads(STRATEGY, text), *items)).metrics["on-time"] == 50


def test_register_53_what_reached_a_stage_in_the_cycle(tell: Tell) -> None:
    text = """
        [[metric]]
        id = "pitches"
        source = "crm"
        count = true
        dated = "stage:Pitch"
    """
    open_ = {"state": "doing", "closed": None}
    deals = [
        deal(1, stages={"pitch": at("2027-01-01")}, **open_),
        deal(2, stages={"pitch": at("2026-12-31"), "offer": at("2027-01-10")}, **open_),
        deal(3, stages={"offer": at("2027-01-10")}, **open_),
        deal(4, stages={"pitch": at("2027-02-14")}, state="dropped"),
        deal(5, **open_),
    ]
    assert tell(looked_at(reads(STRATEGY, text), *deals)).metrics["pitches"] == 2


def test_register_54_lead_time(tell: Tell) -> None:
    text = """
        [[metric]]
        id = "lead-time"
        source = "jira"
        days_between = ["started", "done"]
        dated = "done"

        [[key_result]]
        id = "faster"
        objective = "land"
        kind = "decrease"
        metric = "lead-time"
        start = 20
        target = 10
    """
    items = [
        item(1, state="done", started_at=at("2027-01-12")),  # 20 days to 1 February
        item(2, state="done", started_at=at("2027-01-22")),
        item(3, state="done"),
        item(4, state="doing", started_at=at("2027-01-01")),
        item(5, state="done", closed="2026-12-31", started_at=at("2026-01-01")),
    ]
    faster = tell(looked_at(reads(STRATEGY, text), *items)).key_results["faster"]
    assert (faster.current, faster.progress) == (15, HALF)


def test_register_55_nps_of_raw_answers(tell: Tell) -> None:
    text = '[[metric]]\nid = "nps"\nsource = "sheet"\nnps = "field.score"\n'
    scores = ("10", "9", "9", "8", "7", "6", "0", "11", "", None)
    answers = [typed(f"2027-01-{n:02}", "1", score=score) for n, score in enumerate(scores, 1)]
    assert tell(looked_at(reads(STRATEGY, text), *answers)).metrics["nps"] == Fraction(100, 7)  # 3 of 7 less 2 of 7
