"""Named cases for the rows 12 to 56 of the register of needs on pace, age and status: from the files' text to the verdict."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from hub.mappings import stands_still
from hub.model import Item, Value
from tests.reference.asking import HALF
from tests.reference.builders import item
from tests.reference.register import CONVENTION, reads
from tests.reference.register_metrics import ARR, BOOKINGS, STRATEGY, Tell, deal, looked_at, row, sentences, typed

CURVE = """
[pace]
bookings = [[0.33, 0.15], [0.66, 0.37], [1, 1]]
"""


@pytest.mark.parametrize(
    ("pace", "status", "why"),
    [
        ('pace = "bookings"', "on track", "38 % against 26 % expected on day 45 of 90; at risk below 24 %"),
        ('pace = "linear"', "at risk", "38 % against 50 % expected on day 45 of 90; on track from 45 %"),
        (
            "pace = [{ on = 2027-02-14, target = 600 }]",
            "off track",
            "38 % against 60 % expected on day 45 of 90; at risk from 42 %",
        ),
        ('pace = "none"', "too early", "38 % on day 45 of 90; judged at the end of the cycle"),
    ],
)
def test_register_12_phased_targets_are_a_curve_with_a_name(tell: Tell, pace: str, status: str, why: str) -> None:
    given = looked_at(reads(STRATEGY, CURVE, BOOKINGS, ARR + pace), deal(1, "380"), as_of="2027-02-14")
    assert tell(given).statuses["key_result", "arr"] == status
    assert sentences(given)["key_result", "arr"] == f"{status}: {why}"


# ---- steps ----------------------------------------------------------------------------------------------------------------

STEPS = """
[[key_result]]
id = "scim"
objective = "land"
name = "SAML and SCIM"
kind = "milestone"

[[key_result.steps]]
name = "SAML"
weight = 2
due = 2027-02-15
when.key = "IDN-1"

[[key_result.steps]]
name = "SCIM"
due = 2027-03-15
when.label = "scim"
unless.label = "spike"
"""


@pytest.mark.parametrize(
    ("saml", "scim", "progress"),
    [
        ("done", ["done", "done"], Fraction(1)),
        ("done", ["done", "doing"], Fraction(2, 3)),
        ("done", ["done", "dropped"], Fraction(1)),
        ("done", ["dropped"], Fraction(2, 3)),
        ("done", [], Fraction(2, 3)),  # nothing fits it, so it is not done
        ("doing", ["done"], Fraction(1, 3)),
    ],
)
def test_register_26_a_step_is_done_when_something_fits_and_all_of_it_is_done(
    tell: Tell, saml: str, scim: list[str], progress: Fraction
) -> None:
    spike = item(2, labels=["scim", "spike"])
    items = [item(1, state=saml), spike, *(item(n, labels=["scim"], state=state) for n, state in enumerate(scim, 3))]
    assert tell(looked_at(reads(STRATEGY, STEPS), *items)).key_results["scim"].progress == progress


@pytest.mark.parametrize(
    ("day", "saml", "said"),
    [
        ("2027-02-14", "doing", "on track: 0 %; nothing is expected by day 45 of 90"),
        ("2027-02-15", "doing", "off track: 0 % against 67 % expected on day 46 of 90; at risk from 47 %"),
        ("2027-03-15", "done", "off track: 67 % against 100 % expected on day 74 of 90; at risk from 70 %"),
    ],
)
def test_register_26_a_milestone_is_judged_by_what_is_due(tell: Tell, day: str, saml: str, said: str) -> None:
    given = looked_at(reads(STRATEGY, STEPS), item(1, state=saml), as_of=day)
    assert tell(given).statuses["key_result", "scim"] == said.partition(":")[0]
    assert sentences(given)["key_result", "scim"] == said


# ---- age ------------------------------------------------------------------------------------------------------------------

TWO_RHYTHMS = """
[[key_result]]
id = "churn"
objective = "land"
kind = "stay_below"
metric = { source = "warehouse", query = "churn", every = "month" }
target = 2

[[key_result]]
id = "uptime"
objective = "land"
kind = "stay_above"
metric = { source = "warehouse", query = "uptime", every = "day" }
target = 99
"""
QUERIES = {f"queries/{name}_sql": "SELECT day AS date, share AS value FROM t\n" for name in ("churn", "uptime")}


def test_register_32_the_age_of_a_number_is_that_of_its_newest_value_against_its_own_rhythm(tell: Tell) -> None:
    mapping = reads(STRATEGY, TWO_RHYTHMS, **QUERIES)
    rows = [row("2027-01-31", "1.5", "churn"), row("2027-02-13", "99.9", "uptime")]
    given = looked_at(mapping, *rows, as_of="2027-02-15")  # 15 days of 46.5, and 2 of 1.5
    statuses = tell(given).statuses
    assert (statuses["key_result", "churn"], statuses["key_result", "uptime"]) == ("on track", "unknown")
    assert sentences(given)["key_result", "uptime"] == (
        "unknown: the newest value is of 13 Feb 2027, and one is expected every day"
    )
    assert (
        tell(given._replace(values=(rows[0], row("2027-02-14", "99.9", "uptime")))).statuses["key_result", "uptime"] == "on track"
    )


def test_register_32_a_sheet_fetched_last_night_whose_last_row_is_of_october_is_not_fresh(tell: Tell) -> None:
    text = """
        [[key_result]]
        id = "active"
        objective = "land"
        kind = "increase"
        metric = { source = "sheet", series = "Activation", every = "week" }
        start = 40
        target = 50
    """
    given = looked_at(reads(STRATEGY, text), typed("2026-10-25", "48", "Activation"), read={"sheet": 5})
    told = tell(given)
    assert told.key_results["active"].progress == Fraction(4, 5), "the number stays"
    assert told.statuses["key_result", "active"] == told.statuses["objective", "land"] == "unknown"
    seldom = text.replace('every = "week"', 'every = "quarter"')
    assert tell(given._replace(mapping=reads(STRATEGY, seldom))).statuses["key_result", "active"] == "on track"


@pytest.mark.parametrize(("hours", "status"), [(36, "off track"), (37, "unknown")])
def test_register_32_work_is_as_old_as_the_last_complete_run_over_its_source(tell: Tell, hours: int, status: str) -> None:
    text = '[[key_result]]\nid = "sso"\nobjective = "land"\nkind = "completion"\n'
    items = [item(1, labels=["kr:sso"]), item(2, labels=["kr:sso"], source="cards")]
    given = looked_at(reads(STRATEGY, text, CONVENTION), *items, read={"cards": hours}, fed={"sso": ["jira", "cards"]})
    assert tell(given).statuses["key_result", "sso"] == status


def test_register_32_a_metric_over_items_is_as_old_as_their_source_and_before_its_first_complete_run_unmeasured(
    tell: Tell,
) -> None:
    mapping = reads(STRATEGY, BOOKINGS + 'every = "week"\n', ARR)
    assert tell(looked_at(mapping, deal(1, "500"), read={"crm": 10 * 24})).statuses["key_result", "arr"] == "on track"
    assert tell(looked_at(mapping, deal(1, "500"), read={"crm": 11 * 24})).statuses["key_result", "arr"] == "unknown"
    first_night = tell(looked_at(mapping, deal(1, "500"), unread=["crm"]))
    assert first_night.key_results["arr"].progress is None
    assert first_night.statuses["key_result", "arr"] == "unknown"


# ---- cycles, drafts, what is given up -------------------------------------------------------------------------------------

ANNUAL = """
[cycle]
2027 = { starts = 2027-01-01, ends = 2027-12-31 }
2027-q1 = { starts = 2027-01-01, ends = 2027-03-31, parent = "2027" }
2027-q2 = { starts = 2027-04-01, ends = 2027-06-30, parent = "2027" }

[pillar]
enterprise = { name = "Win the enterprise" }

[[objective]]
id = "land"
cycle = "2027"
anchor.pillar = "enterprise"

[[key_result]]
for_each.rows = [{ of = "2027-q1", goal = 100 }, { of = "2027-q2", goal = 300 }]
id = "quarter"
objective = "land"
cycle = "{of}"
kind = "increase"
metric = "bookings"
start = 0
target = "{goal}"

[[key_result]]
id = "year"
objective = "land"
kind = "increase"
metric = { source = "crm", sum = "amount", when = { state = "done" }, dated = "closed", window = "year" }
start = 0
target = 1000
"""


def test_register_35_a_metric_is_that_of_the_cycle_of_the_key_result_or_of_the_year_around_it(tell: Tell) -> None:
    deals = [deal(1, "100", closed="2027-03-31"), deal(2, "30", closed="2027-04-01"), deal(3, "999", closed="2026-12-31")]
    told = tell(looked_at(reads(ANNUAL, BOOKINGS), *deals, as_of="2027-05-15"))  # day 45 of 91, and 135 of 365
    assert told.metrics["bookings"] == 30
    assert {id: found.progress for id, found in told.key_results.items()} == {
        "quarter": 1,
        "2027-q2/quarter": Fraction(1, 10),
        "2027/year": Fraction(13, 100),
    }
    assert {name: told.statuses[name] for name in told.statuses if name[0] in ("key_result", "objective")} == {
        ("key_result", "quarter"): "done",
        ("key_result", "2027-q2/quarter"): "off track",
        ("key_result", "2027/year"): "off track",
        ("objective", "land"): "done",
        ("objective", "2027-q2/land"): "off track",
        ("objective", "2027/land"): "off track",
    }
    assert told.figures["objective", "2027/land"] == Fraction(100 + 10 + 13, 300)
    assert told.coverage["objective", "2027/land"] == (3, 3)


def test_register_36_what_was_given_up_says_when_and_why_and_takes_no_part_in_a_status(tell: Tell) -> None:
    dropped = 'dropped = { on = 2027-02-10, why = "Nobody asked for it" }\n'
    won = ARR.replace('"arr"', '"won"').replace("target = 1000", "target = 100")
    mapping = reads(STRATEGY, BOOKINGS, ARR + dropped, won)
    before = looked_at(mapping, deal(1, "10"), as_of="2027-02-09")
    assert tell(before).statuses["key_result", "arr"] == tell(before).statuses["objective", "land"] == "off track"
    after = looked_at(mapping, deal(1, "100"), as_of="2027-02-10")
    told = tell(after)
    assert told.key_results["arr"].progress == Fraction(1, 10), "its figure stays"
    assert (told.statuses["key_result", "arr"], told.statuses["objective", "land"]) == ("dropped", "done")
    assert sentences(after)["key_result", "arr"] == "dropped: given up on 10 Feb 2027: Nobody asked for it"


@pytest.mark.parametrize("state", ["draft", "dropped"])
def test_register_37_a_draft_is_called_one_and_its_risk_is_nobody_s(tell: Tell, state: str) -> None:
    more = f"""
        [[objective]]
        id = "keep"
        cycle = "2027-q1"
        anchor.pillar = "enterprise"
        state = "{state}"

        [[key_result]]
        id = "kept"
        objective = "keep"
        kind = "increase"
        metric = "bookings"
        start = 0
        target = 1_000_000
    """
    told = tell(looked_at(reads(STRATEGY, BOOKINGS, ARR, more), deal(1, "500")))
    assert told.statuses["key_result", "kept"] == "off track"
    assert told.statuses["objective", "keep"] == state
    assert told.statuses["pillar", "enterprise"] == told.statuses["company", ""] == "on track"


def test_register_37_a_draft_is_overdue_once_its_cycle_was_to_be_agreed() -> None:
    agreed_by = STRATEGY.replace("ends = 2027-03-31 }", "ends = 2027-03-31, agree_by = 2027-01-15 }")
    draft = '[[objective]]\nid = "keep"\ncycle = "2027-q1"\nanchor.pillar = "enterprise"\nstate = "draft"\n'
    mapping = reads(agreed_by, draft, BOOKINGS, ARR)
    assert stands_still(mapping, date(2027, 1, 15)) == []
    (overdue,) = stands_still(mapping, date(2027, 1, 16))
    assert str(overdue).startswith("mappings/1.toml:1:") and '"keep" is still a draft' in str(overdue)


# ---- objectives -----------------------------------------------------------------------------------------------------------


def of_deals(**goals: str) -> str:
    """A key result per name, with its target and perhaps its ambition; ``n/a`` has no number."""
    texts = []
    for id, said in goals.items():
        goal, _, ambition = said.partition(" ")
        metric = '{ source = "sheet", series = "nothing" }' if goal == "n/a" else '"bookings"'
        goal = "1" if goal == "n/a" else goal
        texts.append(f'[[key_result]]\nid = "{id}"\nobjective = "land"\nkind = "increase"\nmetric = {metric}\nstart = 0\n')
        texts.append(f'target = {goal}\nambition = "{ambition or "committed"}"\n')
    return "".join(texts)


@pytest.mark.parametrize(
    ("goals", "sentence"),
    [
        # 100 won on day 46 of 90: of 100 it is done, of 250 at risk, of 1,000 off track; an aspirational one is asked 0.7 of it.
        ({"a": "250", "b": "100", "c": "1000 aspirational"}, 'at risk: its committed key result "a" is at risk'),
        (
            {"a": "250", "b": "n/a", "c": "n/a", "d": "100", "e": "100"},
            'at risk: its committed key result "a" is at risk; 2 of 5 unknown',
        ),
        ({"a": "100", "b": "n/a", "c": "100"}, 'unknown: its committed key result "b" is unknown'),
        ({"a": "100", "b": "n/a aspirational"}, 'done: its committed key result "a" is done; 1 of 2 unknown'),
        ({"a": "100 aspirational", "b": "1000 aspirational"}, 'off track: its key result "b" is off track'),
        ({"a": "n/a", "b": "n/a"}, "unknown: all 2 committed key results are unknown"),
        ({"a": "1000", "b": "2000"}, "off track: all 2 committed key results are off track"),
    ],
)
def test_register_48_an_objective_is_as_its_weakest_committed_key_result(
    tell: Tell, goals: dict[str, str], sentence: str
) -> None:
    given = looked_at(reads(STRATEGY, BOOKINGS, of_deals(**goals)), deal(1, "100"))
    told = tell(given)
    assert told.statuses["objective", "land"] == told.statuses["company", ""] == sentence.partition(":")[0]
    assert sentences(given)["objective", "land"] == sentence


def test_register_48_the_risk_of_what_supports_an_objective_is_passed_on(tell: Tell) -> None:
    support = """
        [[objective]]
        id = "audits"
        cycle = "2027-q1"
        anchor.supports = "land"

        [[key_result]]
        id = "evidence"
        objective = "audits"
        kind = "increase"
        metric = "bookings"
        start = 0
        target = 5000
    """
    given = looked_at(reads(STRATEGY, BOOKINGS, ARR, support), deal(1, "600"))
    told = tell(given)
    assert (told.statuses["key_result", "arr"], told.statuses["objective", "audits"]) == ("on track", "off track")
    assert told.statuses["objective", "land"] == "at risk"
    assert sentences(given)["objective", "land"] == 'at risk: "audits", which supports it, is off track'


# ---- what stays -----------------------------------------------------------------------------------------------------------

MONTHS: list[Item | Value] = [typed("2027-01-31", "99.0"), typed("2027-02-28", "99.8"), typed("2027-03-15", "90")]


@pytest.mark.parametrize(
    ("judge", "current", "progress", "status"),
    [
        ('judge = "worst"', 99, 0, "off track"),
        ("", 99, 0, "off track"),
        ('judge = "last"', Fraction("99.8"), 1, "on track"),
        ('judge = "average"', Fraction("99.4"), 0, "off track"),
        ('judge = "share"', HALF, HALF, "off track"),
    ],
)
def test_register_56_what_of_its_months_decides_is_said(
    tell: Tell, judge: str, current: Fraction, progress: Fraction, status: str
) -> None:
    text = f"""
        [[key_result]]
        id = "uptime"
        objective = "land"
        kind = "stay_above"
        metric = {{ source = "sheet", every = "month" }}
        target = 99.5
        {judge}
    """
    told = tell(looked_at(reads(STRATEGY, text), *MONTHS, as_of="2027-03-20"))  # March is not over
    uptime = told.key_results["uptime"]
    assert (uptime.current, uptime.progress, uptime.kept) == (current, progress, (1, 2))
    assert told.statuses["key_result", "uptime"] == status


def test_register_56_within_two_bounds(tell: Tell) -> None:
    text = """
        [[key_result]]
        id = "stock"
        objective = "land"
        kind = "stay_within"
        metric = { source = "sheet", every = "month" }
        target = [90, 99]
        judge = "share"
    """
    stock = tell(looked_at(reads(STRATEGY, text), *MONTHS, as_of="2027-04-10")).key_results["stock"]
    assert (stock.progress, stock.kept) == (Fraction(2, 3), (2, 3))
