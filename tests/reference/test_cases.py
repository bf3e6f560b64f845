"""Companies small enough to reckon by hand, each for one sentence of docs/how-numbers-are-calculated.md: claims and credit.

The expected numbers come from the words. They are asked of the naive reference and of the hub's own calculation.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from hub.model import Dimensions, SourceFacts, Team, fold
from tests.reference.asking import BY_COUNT, HALF, LABEL, SSO, Ask
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
    sub_task,
)


def test_two_labels_split_equally(answer: Ask) -> None:
    items = [item(1, labels=["kr:sso", "kr:soc2"], state="done"), item(2, labels=LABEL)]
    got = answer(company(items, [key_result("sso"), key_result("soc2")]))
    assert got.parts[1, "2027-q1"] == {"sso": HALF, "soc2": HALF}
    assert got.progress[SSO] == Fraction(1, 3)  # 1/2 of 1/2 + 1
    assert got.progress["key_result", "soc2"] == 1


def test_the_same_key_result_in_another_case_is_one_target(answer: Ask) -> None:
    got = answer(company([item(1, labels=["kr:sso", "KR:SSO"], state="done")], BY_COUNT))
    assert got.parts[1, "2027-q1"] == {"sso": 1}


def test_a_misspelt_label_does_not_fall_through_to_a_weaker_rule(answer: Ask) -> None:
    items = [item(1, labels=["kr:ssso"], state="done", containers=("10000",)), item(2, 1, state="done")]
    got = answer(company(items, BY_COUNT, [by_label(), rule("sso", project="IDN")]))
    assert got.outcomes[1, "2027-q1"] == got.outcomes[2, "2027-q1"] == "broken"
    assert got.progress[SSO] is None


def test_the_part_of_a_misspelt_label_goes_to_nobody(answer: Ask) -> None:
    got = answer(company([item(1, labels=["kr:sso", "kr:soc3"], state="done"), item(2, labels=LABEL)], BY_COUNT))
    assert got.outcomes[1, "2027-q1"] == "linked"
    assert got.parts[1, "2027-q1"] == {"sso": HALF}
    assert got.progress[SSO] == Fraction(1, 3)


def test_a_catch_all_fallback_leaves_the_stories_of_an_anchored_epic_alone(answer: Ask) -> None:
    items = [
        epic(1, labels=LABEL, containers=("10001",)),
        item(2, 1, containers=("10001",), state="done"),
        item(3, containers=("10001",)),
    ]
    got = answer(company(items, BY_COUNT, [by_label(), rule(allowance="ktlo", project="CORE", fallback=True)]))
    assert [got.outcomes[no, "2027-q1"] for no in (1, 2, 3)] == ["linked", "linked", "allowance"]
    assert got.progress[SSO] == 1


def test_a_story_with_its_own_label_leaves_the_key_result_of_its_epic(answer: Ask) -> None:
    items = [epic(1, labels=["kr:soc2"]), item(2, 1, labels=LABEL, state="done"), item(3, 1)]
    got = answer(company(items, [key_result("sso"), key_result("soc2")]))
    assert got.units == {(2, "sso"), (3, "soc2")}
    assert got.progress[SSO] == 1
    assert got.progress["key_result", "soc2"] == 0


def test_an_epic_whose_stories_all_have_their_own_labels_counts_itself(answer: Ask) -> None:
    items = [epic(1, labels=["kr:soc2"], state="doing"), item(2, 1, labels=LABEL, state="done")]
    got = answer(company(items, [key_result("sso"), key_result("soc2")]))
    assert got.units == {(1, "soc2"), (2, "sso")}


def test_a_key_rule_inherited_from_the_epic_beats_an_ordinary_rule_of_the_story(answer: Ask) -> None:
    items = [epic(1, key="IDN-31"), item(2, 1, containers=("10001",))]
    rules = [rule("sso", key="IDN-31"), rule("soc2", project="CORE")]
    got = answer(company(items, [key_result("sso"), key_result("soc2")], rules))
    assert got.parts[2, "2027-q1"] == {"sso": 1}


def test_at_equal_strength_the_nearer_rule_wins(answer: Ask) -> None:
    items = [epic(1, title="SAML"), item(2, 1, title="audit log")]
    rules = [rule("sso", title="*saml*"), rule("soc2", title="*audit*")]
    got = answer(company(items, [key_result("sso"), key_result("soc2")], rules))
    assert got.parts[2, "2027-q1"] == {"soc2": 1}


def test_two_ordinary_rules_for_two_key_results_are_contested(answer: Ask) -> None:
    items = [item(1, title="SAML audit log", state="done"), item(2, title="SAML")]
    rules = [rule("sso", title="*saml*"), rule("soc2", title="*audit*")]
    got = answer(company(items, [key_result("sso"), key_result("soc2")], rules))
    assert got.outcomes[1, "2027-q1"] == "contested"
    assert got.parts[1, "2027-q1"] == {"sso": 0, "soc2": 0}
    assert got.progress[SSO] == 0
    assert got.progress["key_result", "soc2"] is None


def test_two_rules_for_the_same_key_result_are_not_contested(answer: Ask) -> None:
    rules = [rule("sso", title="*saml*"), rule("SSO", component="login")]
    got = answer(company([item(1, title="SAML", components=("Login",))], BY_COUNT, rules))
    assert got.parts[1, "2027-q1"] == {"sso": 1}


def test_a_label_for_an_allowance_is_run_the_business(answer: Ask) -> None:
    got = answer(company([epic(1, labels=LABEL), item(2, 1, labels=["kr:KTLO"], state="done"), item(3, 1)], BY_COUNT))
    assert got.outcomes[2, "2027-q1"] == "allowance"
    assert got.units == {(3, "sso")}


def test_an_ignored_item_claims_nothing_more(answer: Ask) -> None:
    rules = [rule(ignore="requests", project="IDN"), rule("sso", title="*", fallback=True)]
    got = answer(company([item(1, title="SAML", containers=("10000",)), item(2, title="SAML")], BY_COUNT, rules))
    assert got.outcomes[1, "2027-q1"] == "ignored"
    assert got.units == {(2, "sso")}


def test_a_rule_that_names_a_key_follows_the_item_to_its_new_key(answer: Ask) -> None:
    got = answer(company([epic(1, key="CORE-5", aliases=("IDN-31",)), item(2, 1)], BY_COUNT, [rule("sso", key="idn-31")]))
    assert got.units == {(2, "sso")}


def test_a_story_of_a_deleted_epic_inherits_nothing_from_it_or_through_it(answer: Ask) -> None:
    items = [epic(1, labels=LABEL), epic(2, 1, labels=LABEL, presence="deleted"), item(3, 2)]
    got = answer(company(items, BY_COUNT))
    assert got.outcomes[3, "2027-q1"] == "unanchored"
    assert got.units == {(1, "sso")}


def test_accents_and_dotted_i_compare_after_nfc_and_case_folding(answer: Ask) -> None:
    items = [item(1, labels=["kr:GRÖSSE"], state="done"), item(2, labels=["KR:gro\u0308ße"]), item(3, labels=["kr:İT"])]
    got = answer(company(items, [key_result("größe"), key_result("i\u0307t")]))
    assert got.units == {(1, fold("größe")), (2, fold("größe")), (3, fold("İt"))}


def test_a_field_that_the_source_does_not_have_matches_nothing(answer: Ask) -> None:
    sources = {"jira": SourceFacts("jira", "jira", FIELDS - {"component"})}
    items = [item(1, components=("Login",))]
    got = answer(company(items, BY_COUNT, [rule("sso", component="*")], dimensions=Dimensions(sources=sources)))
    assert got.outcomes[1, "2027-q1"] == "unanchored"


def test_parents_in_a_circle_are_cut_at_the_greatest_id(answer: Ask) -> None:
    # 1 -> 2 -> 3 -> 1; "c" is the greatest id, so 1 has no parent, and 2 inherits from it by way of 3
    items = [item(1, 2, id="c", title="SAML"), item(2, 3, id="b"), item(3, 1, id="a")]
    got = answer(company(items, BY_COUNT, [rule("sso", title="SAML")]))
    assert got.outcomes == dict.fromkeys([(1, "2027-q1"), (2, "2027-q1"), (3, "2027-q1")], "linked")


def test_a_parent_that_was_not_read_gives_nothing(answer: Ask) -> None:
    got = answer(company([item(1, 99, labels=LABEL, state="done"), item(2, 99)], BY_COUNT))
    assert got.outcomes[2, "2027-q1"] == "unanchored"
    assert got.progress[SSO] == 1


# ---- strengths, splits, dormant claims, fences ----------------------------------------------------------------------------

BOTH = [key_result("sso"), key_result("soc2")]
HALVES = {"sso": HALF, "soc2": HALF}
NOW = "2027-q1"


@pytest.mark.parametrize(
    ("priority", "outcome", "parts"),
    [(101, "linked", {"soc2": 1}), (100, "contested", {"sso": 0, "soc2": 0}), (99, "linked", {"sso": 1})],
)
def test_a_priority_takes_the_place_of_the_usual_strength(
    answer: Ask, priority: int, outcome: str, parts: dict[str, int]
) -> None:
    got = answer(company([item(1, labels=LABEL)], BOTH, [by_label(), rule("soc2", label="*", priority=priority)]))
    assert (got.outcomes[1, NOW], got.parts[1, NOW]) == (outcome, parts)


def test_names_of_less_strength_still_share(answer: Ask) -> None:
    rules = [rule("{key_result}", label="kr:{key_result}", priority=10), rule(allowance="ktlo", title="SAML", fallback=True)]
    got = answer(company([item(1, labels=["kr:sso", "kr:soc2"], title="SAML")], BOTH, rules))
    assert got.parts[1, NOW] == HALVES


def test_the_same_split_twice_is_one_target_and_another_one_is_not(answer: Ask) -> None:
    rules = [
        rule(HALVES, title="*saml*"),
        rule({"SOC2": HALF, "SSO": HALF}, component="login"),
        rule({"sso": Fraction(1, 4), "soc2": Fraction(3, 4)}, component="api"),
        rule("sso", component="web"),
    ]
    items = [
        item(1, title="saml", components=["login"]),
        item(2, title="saml", components=["api"]),
        item(3, title="saml", components=["web"]),
        item(4, 3),
    ]
    got = answer(company(items, BOTH, rules))
    assert [got.outcomes[no, NOW] for no in (1, 2, 3, 4)] == ["linked", "contested", "contested", "contested"]
    assert got.parts[1, NOW] == HALVES


def test_the_dormant_part_of_a_split_goes_to_nobody_and_a_dormant_split_is_left_aside(answer: Ask) -> None:
    got = answer(
        company(
            [item(1, key="IDN-1", title="SAML")],
            [key_result("sso"), key_result("soc2"), key_result("sso", objective="keep", cycle="2027-q2")],
            [rule({"sso": Fraction(1, 4), "soc2": Fraction(3, 4)}, key="IDN-1"), rule(allowance="ktlo", title="SAML")],
            cycles=[Q1, Q2, cycle("2027-q3", "2027-07-01", "2027-09-30")],
            objectives=[objective("land"), objective("keep", cycle="2027-q2")],
        )
    )
    assert got.parts[1, "2027-q2"] == {"sso": Fraction(1, 4)}
    assert got.parts[1, "2027-q3"] == {"ktlo": 1}


def test_a_former_id_means_what_has_it_now_in_its_own_cycle_only(answer: Ask) -> None:
    got = answer(
        company(
            [item(1, labels=["kr:login"]), item(2, labels=["kr:login", "kr:sso"])],
            [key_result("sso"), key_result("login", objective="keep", cycle="2027-q2")],
            cycles=[Q1, Q2, cycle("2027-q3", "2027-07-01", "2027-09-30")],
            objectives=[objective("land"), objective("keep", cycle="2027-q2")],
            former={(NOW, "login"): "sso"},
        )
    )
    assert got.parts[1, NOW] == got.parts[2, NOW] == {"sso": 1}
    assert got.parts[1, "2027-q2"] == got.parts[2, "2027-q2"] == {"login": 1}
    assert got.outcomes[1, "2027-q3"] == "unanchored"


def test_what_a_fenced_rule_gives_an_epic_its_stories_inherit_in_any_team(answer: Ask) -> None:
    teams = [
        Team("core", "Core", HERE, owns_project=("CORE",)),
        Team("web", "Web", HERE, parent="Core", owns_person=("u2",)),
        Team("identity", "Identity", HERE, owns_project=("IDN",)),
    ]
    items = [
        epic(1, containers=("10001",), title="SAML"),
        item(2, 1, containers=("10000",)),
        item(3, containers=("10000",), title="SAML"),
        item(4, assignee="u2", title="SAML"),
    ]
    got = answer(company(items, [key_result("sso", team="web")], [rule("sso", title="SAML", fence="CORE")], teams=teams))
    assert got.units == {(2, "sso"), (4, "sso")}


def test_a_fenced_rule_makes_no_claim_beyond_its_fence_and_a_broken_one_all_the_same(answer: Ask) -> None:
    teams = [Team("core", "Core", HERE, owns_project=("CORE",)), Team("sales", "Sales", HERE)]
    objectives = [objective("land", team="sales"), objective("keep", team="sales", helpers=("core",)), objective("all")]
    krs = [
        key_result("of-sales"),
        key_result("of-both", objective="keep"),
        key_result("of-core", team="core"),
        key_result("of-nobody", objective="all"),
        key_result("of-two", also=("keep",)),
    ]
    names = ("of-sales", "of-both", "of-core", "of-nobody", "of-two", "of-none", "ktlo")
    items = [item(no, containers=("10001",), labels=[f"kr:{name}"]) for no, name in enumerate(names, 1)]
    fenced = rule("{key_result}", label="kr:{key_result}", fence="core")
    got = answer(company(items, krs, [fenced], teams=teams, objectives=objectives))
    assert [got.outcomes[no, NOW] for no in range(1, 8)] == [
        "unanchored",
        "linked",
        "linked",
        "unanchored",
        "linked",
        "broken",
        "allowance",
    ]


def test_duplicates_take_no_credit_and_hand_nothing_on(answer: Ask) -> None:
    items = [
        epic(1, labels=LABEL),
        item(2, 1, state="done"),
        item(3, 1, labels=["kr:soc2"], duplicate_of=2, state="doing"),
        sub_task(4, 3),
        sub_task(5, 3, labels=LABEL),
        item(6, labels=["kr:ssso"], duplicate_of=2, state="doing"),
    ]
    got = answer(company(items, BOTH))
    outcomes = ["linked", "linked", "duplicate", "unanchored", "linked", "duplicate"]
    assert [got.outcomes[no, NOW] for no in range(1, 7)] == outcomes
    assert got.parts[3, NOW] == {}
    assert got.units == {(2, "sso")}  # 5 is a sub-task beneath epic 1, by way of the duplicate
    assert got.active == {2}
