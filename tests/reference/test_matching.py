"""Companies small enough to reckon by hand, each for one sentence of docs/how-numbers-are-calculated.md: when a rule matches, and
what the words of a source mean."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.model import DROPPED_RESOLUTIONS, Dimensions, SourceFacts, Status, Team
from tests.reference.asking import BY_COUNT, LABEL, Ask
from tests.reference.builders import (
    FIELDS,
    HERE,
    Q1,
    Q2,
    by_label,
    company,
    cycle,
    epic,
    item,
    key_result,
    objective,
    rule,
    status_word,
)

NOW = "2027-q1"
BOTH = [key_result("sso"), key_result("soc2")]

# ---- the status map -------------------------------------------------------------------------------------------------------

TWO_JIRAS = Dimensions(
    statuses={("jira", "5"): Status("Waiting", "indeterminate"), ("eu", "5"): Status("Waiting", "indeterminate")},
    sources={name: SourceFacts(name, "jira", FIELDS) for name in ("jira", "eu", "us")},
)


def test_a_source_s_lines_go_before_its_kind_s_and_exact_ones_before_wildcards(answer: Ask) -> None:
    statuses = {
        "eu": (status_word("wait*", "done"), status_word("Parked", "doing")),
        "jira": (status_word("Waiting", "todo"), status_word("Park*", "dropped"), status_word("Pa*", "done")),
    }
    items = [
        item(1, source="eu", status="Waiting", category="new"),  # eu's wildcard before jira's exact line
        item(2, source="us", status="Waiting", category="done"),
        item(3, source="us", status="Parked", category="new"),  # the longer of two with wildcards
        item(4, source="us", status="Paused", category="new"),
        item(5, source="us", status="Open", category="indeterminate"),
        item(6, source="us", status="Warten", status_id="5", category="new"),
        item(7, source="jira", status="Warten", status_id="5", category="done"),  # by the name in the vendor's list
    ]
    got = answer(company(items, BY_COUNT, dimensions=TWO_JIRAS, statuses=statuses))
    assert got.states == {1: "done", 2: "todo", 3: "dropped", 4: "done", 5: "doing", 6: "todo", 7: "todo"}


def test_what_a_line_says_is_not_reported_and_what_no_line_says_is(answer: Ask) -> None:
    statuses = {"jira": (status_word("5", "done"), status_word("O?en", "doing"))}
    items = [
        item(1, status="Waiting", status_id="5", category="new"),
        item(2, status="Open", category=None),
        item(3, status="Opened", category=None),
    ]
    got = answer(company(items, BY_COUNT, dimensions=TWO_JIRAS, statuses=statuses))
    assert got.states == {1: "done", 2: "doing", 3: "todo"}
    assert (got.reported["status"], got.reported["category"]) == ({3}, frozenset())


def test_a_resolution_makes_dropped_what_a_line_calls_done(answer: Ask) -> None:
    statuses = {"jira": (status_word("Verified", "done"), status_word("Waiting", "doing"))}
    items = [
        item(1, status="Verified", resolution="Out of date"),
        item(2, status="Verified", resolution="Obsolete", resolution_id="10001"),
        item(3, status="Verified", resolution="Fixed"),
        item(4, status="Waiting", category="done", resolution="Out of Date"),
    ]
    more = DROPPED_RESOLUTIONS | {"out of date", "10001"}
    got = answer(company(items, BY_COUNT, statuses=statuses, dropped_resolutions=more))
    assert got.states == {1: "dropped", 2: "dropped", 3: "done", 4: "doing"}


# ---- lines ----------------------------------------------------------------------------------------------------------------


def test_a_line_that_is_false_goes_before_one_that_cannot_be_evaluated(answer: Ask) -> None:
    some = {"jira": SourceFacts("jira", "jira", FIELDS - {"component", "due"})}
    rules = [
        rule("sso", component="login", label="x"),
        rule("sso", label="y", unless={"component": "login", "title": "SAML"}),
        rule("sso", title="log", unless={"due": {"empty": True}}),
        rule("sso", created={"lte": "due"}, title="web"),
    ]
    items = [item(1), item(2, labels=["y"], title="SAML"), item(3, labels=["y"]), item(4, title="log"), item(5, title="web")]
    got = answer(company(items, BY_COUNT, rules, dimensions=Dimensions(sources=some)))
    assert got.units == set()
    assert got.unevaluable == 3  # 3 by the second rule, 4 by the third, 5 by the fourth: a field on the right side, too


def test_every_operator_holds_for_the_same_value(answer: Ask) -> None:
    facts = {"jira": SourceFacts("jira", "jira", FIELDS | {"field.size"})}
    rules = [rule("sso", field_size={"gt": 2, "lt": 5}), rule("soc2", field_size=[{"gte": Decimal("7.5")}, {"empty": True}])]
    sizes: list[Any] = [["1", "9"], ["1", "3"], "2", "2.5", "5", None, "", "many", "-8", "7.5"]
    items = [item(no, fields={"size": size}) for no, size in enumerate(sizes, 1)]
    got = answer(company(items, BOTH, rules, dimensions=Dimensions(sources=facts)))
    assert got.units == {(1, "soc2"), (2, "sso"), (4, "sso"), (6, "soc2"), (7, "soc2"), (10, "soc2")}


def test_with_a_field_on_the_right_both_sides_are_days_or_both_numbers(answer: Ask) -> None:
    facts = {"jira": SourceFacts("jira", "jira", FIELDS | {"field.start"})}
    starts = ["2027-02-01", "2027-02-02T00:30:00+02:00", "2027-02-02", "5", "soon", None]
    items = [item(no, fields={"start": start}, due="2027-02-01", estimate="3") for no, start in enumerate(starts, 1)]
    rules = [rule("sso", field_start={"lte": "due"}), rule("soc2", field_start={"gt": "estimate"})]
    got = answer(company(items, BOTH, rules, dimensions=Dimensions(sources=facts)))
    assert got.units == {(1, "sso"), (2, "sso"), (4, "soc2")}


def test_days_of_conditions_are_those_of_the_strategy_s_zone(answer: Ask) -> None:
    rules = [rule("sso", created={"within": ("2027-01-02", "2027-01-02")})]
    items = [item(1, created="2027-01-01")]  # at noon in London, at 02:00 of the next day on Kiritimati
    assert answer(company(items, BY_COUNT, rules)).units == set()
    assert answer(company(items, BY_COUNT, rules, timezone="Pacific/Kiritimati")).units == {(1, "sso")}


def test_words_for_cycles_are_judged_for_each_cycle_by_itself(answer: Ask) -> None:
    half = cycle("2027-h2", "2027-07-01", "2027-12-31")
    rules = [rule("sso", due=[{"within": "next cycle"}, {"within": "previous cycle"}])]
    items = [item(1, due="2027-02-01"), item(2, due="2027-05-01"), item(3, due="2027-08-01")]
    cycles = {"cycles": [half, Q1, Q2], "objectives": [objective(c, cycle=c) for c in (NOW, "2027-q2", "2027-h2")]}
    key_results = [key_result("sso", objective=c, cycle=c) for c in (NOW, "2027-q2", "2027-h2")]
    got = answer(company(items, key_results, rules, **cycles))
    linked = {key for key, outcome in got.outcomes.items() if outcome == "linked"}
    assert linked == {(2, NOW), (1, "2027-q2"), (3, "2027-q2"), (2, "2027-h2")}


def test_done_and_closed_are_empty_for_what_is_not(answer: Ask) -> None:
    rules = [rule("sso", done={"empty": False}), rule("soc2", done={"empty": True}, closed={"gte": "cycle.starts"})]
    items = [item(1, state="done"), item(2, state="dropped"), item(3, state="doing"), item(4, state="done", closed=None)]
    got = answer(company(items, BOTH, rules))
    assert {key for key, part in got.parts.items() if part} == {(1, NOW), (2, NOW)}
    assert (got.parts[1, NOW], got.parts[2, NOW]) == ({"sso": 1}, {"soc2": 1})


def test_the_state_in_a_condition_is_the_item_s_own(answer: Ask) -> None:
    items = [epic(1, state="dropped"), item(2, 1), item(3, 1, state="done")]
    got = answer(company(items, BOTH, [rule("sso", state=["todo", "doing"]), rule("soc2", state="done")]))
    assert got.states[2] == "dropped"
    assert got.outcomes[2, NOW] == "linked"
    assert got.units == {(3, "soc2")}


# ---- names ----------------------------------------------------------------------------------------------------------------


def test_without_wildcards_a_placeholder_stands_for_any_characters_and_for_one_at_least(answer: Ask) -> None:
    items = [
        item(1, labels=["kr:sso and more"]),
        item(2, labels=["kr:"]),
        item(3, labels=["KR:SSO"]),
        item(4, labels=["a kr:sso"]),
    ]
    got = answer(company(items, BY_COUNT))
    assert [got.outcomes[no, NOW] for no in (1, 2, 3, 4)] == ["broken", "unanchored", "linked", "unanchored"]


@pytest.mark.parametrize(
    ("title", "parts"),
    [
        ("[Bug] [sso] Login", {"sso": 1}),
        ("[sso] [soc2]", {"sso": 1, "soc2": 1}),
        ("[ssoo] Login", {}),
        ("[sso Login]", None),
        ("sso] Login", None),
        ("[] Login", None),
    ],
)
def test_beside_wildcards_every_reading_names_something(answer: Ask, title: str, parts: dict[str, int] | None) -> None:
    got = answer(company([item(1, title=title)], BOTH, [rule("{key_result}", title="*[{key_result}]*")]))
    assert got.outcomes[1, NOW] == ("unanchored" if parts is None else "linked" if parts else "broken")
    assert set(got.parts[1, NOW]) == set(parts or {})


def test_a_run_is_taken_whole(answer: Ask) -> None:
    rules = [rule("{key_result}", title="{key_result} *"), rule("{key_result}", label="*#{key_result}*")]
    items = [item(1, title="sso login"), item(2, title="ssoo login"), item(3, labels=["x#soc2, y"]), item(4, labels=["#soc2-b"])]
    got = answer(company(items, BOTH, rules))
    assert got.units == {(1, "sso"), (3, "soc2")}
    assert got.outcomes[2, NOW] == got.outcomes[4, NOW] == "broken"


def test_a_key_result_may_say_whose_labels_count(answer: Ask) -> None:
    teams = [
        Team("core", "Core", HERE, owns_person=("u1",)),
        Team("web", "Web", HERE, parent="core", owns_person=("u2",)),
        Team("sales", "Sales", HERE, owns_person=("u3",)),
    ]
    items = [
        item(1, labels=LABEL, assignee="u1"),
        item(2, labels=LABEL, assignee="u2"),
        item(3, labels=LABEL, assignee="u3"),
        item(4, labels=[*LABEL, "kr:soc2"], assignee="u3"),
        epic(5, labels=LABEL, assignee="u3"),
        item(6, 5, assignee="u1"),
        item(7, title="SAML"),
    ]
    krs = [key_result("sso", accepts=("core",)), key_result("soc2")]
    got = answer(company(items, krs, [by_label(), rule("sso", title="SAML")], teams=teams))
    assert got.units == {(1, "sso"), (2, "sso"), (4, "soc2"), (7, "sso")}
    assert got.parts[4, NOW] == {"soc2": 1}
    assert got.outcomes[6, NOW] == "unanchored"  # the name is the epic's, and so is the team that counts
    assert got.reported["accepts"] == {3, 4, 5}
