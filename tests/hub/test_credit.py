"""Who gets the credit: claims against claims, over trees and cycles. docs/how-numbers-are-calculated.md, section 2."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hub.assess import Assessor
from hub.credit import Credit, trees
from hub.model import Item, Rule, Team
from hub.rules import Claim
from tests.hub.scenario import Q1, Q2, Told
from tests.reference import builders as b
from tests.reference.builders import HERE, by_label, company, epic, item, key_result, mapping, objective, rule, sub_task

HALF = Fraction(1, 2)
BOTH_CYCLES = {"cycles": (b.Q1, b.Q2), "objectives": (objective("land"), objective("keep", cycle=Q2))}
SSO, SOC2 = key_result("sso"), key_result("soc2")


def told(items: list[Item], *rules: Rule, key_results: tuple[object, ...] = (SSO, SOC2), **more: object) -> Told:
    """Two key results in the first quarter, and the convention ``kr:ID`` beside the rules that are given."""
    return Told(company(items, key_results, [by_label(), *rules], **more))  # type: ignore[arg-type]


def labelled(*ids: str) -> list[str]:
    return [f"kr:{id_}" for id_ in ids]


# ---- over a tree ----------------------------------------------------------------------------------------------------------


def test_a_catch_all_takes_only_what_nothing_else_claims() -> None:
    catch_all = rule(allowance="ktlo", fallback=True, source="jira")
    got = told([epic(1, labels=labelled("sso")), item(2, 1), sub_task(3, 2), item(4)], catch_all)
    assert [got.credit(no) for no in (1, 2, 3)] == [{"sso": 1}] * 3
    assert [got.of(no).via for no in (1, 2, 3)] == [1, 1, 1]
    assert (got.outcome(4), got.credit(4)) == ("allowance", {"ktlo": 1})


def test_the_stories_of_a_re_anchored_epic_follow_it_unless_they_have_an_anchor_of_their_own() -> None:
    stories = [item(2, 1), item(3, 1, labels=labelled("sso")), sub_task(4, 3)]
    before = told([epic(1, labels=labelled("sso")), *stories])
    after = told([epic(1, labels=labelled("soc2")), *stories])
    assert [before.credit(no) for no in (1, 2, 3, 4)] == [{"sso": 1}] * 4
    assert [after.credit(no) for no in (1, 2, 3, 4)] == [{"soc2": 1}, {"soc2": 1}, {"sso": 1}, {"sso": 1}]
    assert [after.of(no).distance for no in (1, 2, 3, 4)] == [0, 1, 0, 1]


def test_a_new_story_under_an_epic_serves_what_the_epic_serves() -> None:
    tree = [epic(1, labels=labelled("sso")), item(2, 1, state="done")]
    assert told(tree).progress("key_result", "sso") == 1
    got = told([*tree, item(3, 1)])
    assert (got.credit(3), got.of(3).via) == ({"sso": 1}, 1)
    assert got.progress("key_result", "sso") == HALF


def test_an_epic_that_is_cancelled_takes_its_open_stories_along_and_leaves_what_was_done() -> None:
    stories = [item(2, 1, state="done"), item(3, 1), sub_task(4, 3)]
    got = told([epic(1, labels=labelled("sso"), state="dropped"), *stories])
    assert [got.of(no).state for no in (1, 2, 3, 4)] == ["dropped", "done", "dropped", "dropped"]
    node = got.node("key_result", "sso")
    assert (node.done, node.total, node.details["left_out"]) == (1, 1, {"dropped": 3})


def test_stronger_evidence_wins_wherever_on_the_chain_it_stands() -> None:
    by_component = rule("soc2", component="Login")
    got = told([epic(1, labels=labelled("sso")), item(2, 1, components=("Login",))], by_component)
    assert (got.credit(2), got.of(2).via) == ({"sso": 1}, 1)


# ---- cycles ---------------------------------------------------------------------------------------------------------------


def test_one_label_feeds_the_key_result_of_that_id_in_both_cycles() -> None:
    key_results = (SSO, key_result("sso", "keep", Q2))
    got = told([item(1, labels=labelled("sso"), state="done")], key_results=key_results, **BOTH_CYCLES)
    assert got.credit(1, Q1) == got.credit(1, Q2) == {"sso": 1}
    assert got.progress("key_result", "sso", Q1) == 1
    assert got.progress("key_result", "sso", Q2) is None  # it was done before that cycle began


def test_a_claim_for_a_key_result_of_another_cycle_is_dormant_and_weaker_ones_hold() -> None:
    key_results = (SSO, key_result("arr", "keep", Q2))
    got = told([item(1, labels=labelled("arr"))], rule("sso", source="jira"), key_results=key_results, **BOTH_CYCLES)
    assert got.credit(1, Q1) == {"sso": 1}
    assert got.credit(1, Q2) == {"arr": 1}


def test_a_claim_counts_only_in_the_cycles_that_it_is_made_for() -> None:
    strategy = mapping(key_results=(SSO, key_result("sso", "keep", Q2)), **BOTH_CYCLES)
    (tree,), _ = trees([item(1)])
    narrow = Claim(50, "key_result", "sso", 0, cycles=frozenset({Q2}))
    found = Credit(strategy).attach(tree, [(narrow,)], ["todo"], [None])
    assert [(a.cycle, a.outcome) for a in found] == [(Q1, "unanchored"), (Q2, "linked")]


# ---- several targets ------------------------------------------------------------------------------------------------------


def test_two_names_share_equally_and_a_broken_one_keeps_its_part_from_all() -> None:
    got = told(
        [item(1, labels=labelled("sso", "soc2")), item(2, labels=labelled("sso", "ssso")), item(3, labels=labelled("ssso"))]
    )
    assert got.credit(1) == {"sso": HALF, "soc2": HALF}
    assert (got.outcome(2), got.credit(2)) == ("linked", {"sso": HALF})
    assert (got.outcome(3), got.credit(3)) == ("broken", {})
    assert got.of(2).broken == got.of(3).broken == (("kr:ssso", "ssso", "sso"),)


def test_a_name_may_be_that_of_an_allowance() -> None:
    got = told([item(1, labels=labelled("ktlo")), item(2, labels=labelled("ktlo", "sso"))])
    assert (got.outcome(1), got.credit(1)) == ("allowance", {"ktlo": 1})
    assert (got.outcome(2), got.credit(2)) == ("linked", {"ktlo": HALF, "sso": HALF})


def test_ordinary_rules_of_equal_strength_contest_an_item_and_nobody_gets_it() -> None:
    """F38: a tie is reported, not shared by chance."""
    rules = rule("sso", component="Login"), rule("soc2", title="*audit*")
    got = told([item(1, components=("Login",), title="Write the audit log")], *rules)
    assert (got.outcome(1), got.credit(1)) == ("contested", {"sso": 0, "soc2": 0})
    assert got.result.units == ()


def test_two_rules_to_one_key_result_agree() -> None:
    got = told([item(1, components=("Login",))], rule("sso", component="Login"), rule("SSO", source="jira"))
    assert (got.outcome(1), got.credit(1)) == ("linked", {"sso": 1})


def test_several_reasons_to_ignore_are_one() -> None:
    got = told([item(1, components=("Desk",))], rule(ignore="requests", component="Desk"), rule(ignore="a test", source="jira"))
    assert got.outcome(1) == "ignored"
    assert [(s.kind, s.id) for s in got.of(1).shares] == [("ignore", "requests")]


# ---- splits ---------------------------------------------------------------------------------------------------------------

SPLIT = rule({"sso": Fraction(1, 4), "soc2": Fraction(3, 4)}, component="Login")


def test_a_split_gives_each_key_result_its_part_and_so_it_does_to_what_stands_beneath() -> None:
    got = told([epic(1, components=("Login",)), item(2, 1, state="done"), item(3, labels=labelled("sso"))], SPLIT)
    assert got.credit(1) == got.credit(2) == {"sso": Fraction(1, 4), "soc2": Fraction(3, 4)}
    assert got.progress("key_result", "sso") == Fraction(1, 5)  # 1/4 of 1/4 + 1
    assert got.progress("key_result", "soc2") == 1


def test_the_part_of_a_half_that_is_dormant_goes_to_nobody() -> None:
    key_results = (SSO, key_result("soc2", "keep", Q2))
    got = told([item(1, components=("Login",))], SPLIT, key_results=key_results, **BOTH_CYCLES)
    assert (got.outcome(1, Q1), got.credit(1, Q1)) == ("linked", {"sso": Fraction(1, 4)})
    assert (got.outcome(1, Q2), got.credit(1, Q2)) == ("linked", {"soc2": Fraction(3, 4)})


def test_a_split_is_dormant_when_all_of_its_parts_are() -> None:
    key_results = (SSO, SOC2, key_result("arr", "keep", Q2))
    got = told(
        [item(1, components=("Login",))], SPLIT, rule("arr", fallback=True, source="jira"), key_results=key_results, **BOTH_CYCLES
    )
    assert got.credit(1, Q2) == {"arr": 1}


def test_a_split_and_another_target_of_equal_strength_are_contested() -> None:
    got = told([item(1, components=("Login",), title="SAML")], SPLIT, rule("sso", title="SAML"))
    assert (got.outcome(1), set(got.credit(1).values())) == ("contested", {0})
    assert {(s.id, s.rule) for s in got.of(1).shares} == {("sso", 1), ("soc2", 1), ("sso", 2)}


def test_equal_splits_agree_and_different_ones_do_not() -> None:
    again = rule({"soc2": Fraction(3, 4), "sso": Fraction(1, 4)}, source="jira")
    other = rule({"sso": HALF, "soc2": HALF}, source="jira")
    assert told([item(1, components=("Login",))], SPLIT, again).credit(1) == {"sso": Fraction(1, 4), "soc2": Fraction(3, 4)}
    assert told([item(1, components=("Login",))], SPLIT, other).outcome(1) == "contested"


def test_a_label_goes_before_a_split_and_contests_one_that_is_made_as_strong() -> None:
    items = [item(1, components=("Login",), labels=labelled("sso"))]
    as_strong = rule({"sso": HALF, "soc2": HALF}, component="Login", priority=100)
    assert told(items, SPLIT).credit(1) == {"sso": 1}
    assert told(items, as_strong).outcome(1) == "contested"


# ---- priority -------------------------------------------------------------------------------------------------------------


def test_a_priority_above_that_of_names_overrules_them() -> None:
    got = told([item(1, labels=labelled("sso"), components=("Login",))], rule("soc2", component="Login", priority=200))
    assert (got.credit(1), got.of(1).strength) == ({"soc2": 1}, 200)


@pytest.mark.parametrize(("to", "outcome"), [("sso", "linked"), ("soc2", "contested")])
def test_a_priority_as_high_as_that_of_names_competes_with_them(to: str, outcome: str) -> None:
    got = told([item(1, labels=labelled("sso"), components=("Login",))], rule(to, component="Login", priority=100))
    assert got.outcome(1) == outcome


def test_a_broken_anchor_competes_with_a_rule_as_strong() -> None:
    got = told([item(1, labels=labelled("ssso"), components=("Login",))], rule("soc2", component="Login", priority=100))
    assert (got.outcome(1), got.credit(1)) == ("contested", {"soc2": 0})
    assert got.of(1).broken == (("kr:ssso", "ssso", "sso"),)


def test_a_priority_of_nothing_is_a_fallback() -> None:
    rules = rule("soc2", component="Login", priority=0), rule("sso", source="jira", priority=1)
    assert told([item(1, components=("Login",))], *rules).credit(1) == {"sso": 1}


# ---- former ids -----------------------------------------------------------------------------------------------------------


def test_old_labels_go_on_naming_a_key_result_that_was_renamed() -> None:
    former = {(Q1, "o1-kr1"): "sso"}
    got = told([item(1, labels=labelled("O1-KR1")), item(2, labels=labelled("o1-kr1", "sso"))], former=former)
    assert got.credit(1) == got.credit(2) == {"sso": 1}  # the old and the new id are one target


def test_an_old_id_that_another_cycle_uses_anew_means_each_its_own() -> None:
    key_results = (SSO, key_result("login", "keep", Q2))
    got = told([item(1, labels=labelled("login"))], key_results=key_results, former={(Q1, "login"): "sso"}, **BOTH_CYCLES)
    assert (got.credit(1, Q1), got.credit(1, Q2)) == ({"sso": 1}, {"login": 1})


def test_a_former_id_of_another_cycle_is_dormant_and_not_broken() -> None:
    key_results = (SSO, key_result("arr", "keep", Q2))
    got = told([item(1, labels=labelled("revenue"))], key_results=key_results, former={(Q2, "revenue"): "arr"}, **BOTH_CYCLES)
    assert (got.outcome(1, Q1), got.credit(1, Q2)) == ("unanchored", {"arr": 1})


def test_rules_and_splits_may_name_former_ids() -> None:
    former = {(Q1, "login"): "sso"}
    split = rule({"login": HALF, "soc2": HALF}, title="SAML")
    got = told([item(1, components=("Login",)), item(2, title="SAML")], rule("login", component="Login"), split, former=former)
    assert (got.credit(1), got.credit(2)) == ({"sso": 1}, {"sso": HALF, "soc2": HALF})


@pytest.mark.parametrize(("named", "nearest"), [("single-signon", "single-sign-on"), ("kltlo", "ktlo"), ("zzz", None)])
def test_the_nearest_of_all_ids_is_named_for_a_broken_anchor(named: str, nearest: str | None) -> None:
    got = told([item(1, labels=labelled(named))], former={(Q1, "single-sign-on"): "sso"})
    assert got.of(1).broken == ((f"kr:{named}", named, nearest),)


def test_for_prose_nobody_looks_for_the_nearest_ids() -> None:
    many = told([item(1, labels=labelled(*(f"ssso{n:03}" for n in range(1000)), "x" * 500))])
    nearest = [near for _, _, near in many.of(1).broken]
    assert len(nearest) == 1000 and set(nearest[10:]) == {None} and nearest[0] == "sso"
    assert told([item(1, labels=labelled("sso" * 50))], former={(Q1, "sso" * 33): "sso"}).of(1).broken[0][2] is None


# ---- whose work a key result accepts --------------------------------------------------------------------------------------

CORE = Team("core", "Core", HERE, owns_project=("CORE",))
WEB = Team("web", "Web", HERE, owns_person=("u1",), parent="core")
IDENTITY = Team("identity", "Identity", HERE, owns_project=("IDN",))
GUARDED = (key_result("sso", accepts=("core",)), SOC2)
TEAMS = {"key_results": GUARDED, "teams": (CORE, WEB, IDENTITY)}
REFUSED = "names sso, which accepts work of Core only"


def test_only_accepted_teams_may_name_a_key_result_and_others_are_told() -> None:
    items = [
        item(1, labels=labelled("sso"), containers=("10001",)),
        item(2, labels=labelled("sso"), assignee="u1"),
        item(3, labels=labelled("sso"), containers=("10000",)),
        item(4, labels=labelled("sso")),
    ]
    got = told(items, **TEAMS)
    assert [got.outcome(no) for no in (1, 2, 3, 4)] == ["linked", "linked", "unanchored", "unanchored"]
    assert got.findings("accepts") == [(3, REFUSED), (4, REFUSED)]


def test_a_name_that_is_refused_leaves_the_field_to_others() -> None:
    got = told([item(1, labels=labelled("sso", "soc2"))], rule("sso", component="Login"), **TEAMS)
    assert got.credit(1) == {"soc2": 1}
    got = told([item(1, labels=labelled("sso"), components=("Login",))], rule("sso", component="Login"), **TEAMS)
    assert (got.credit(1), got.of(1).strength) == ({"sso": 1}, 50)  # a rule may claim it for anybody


def test_it_is_the_team_of_the_item_that_carries_the_name_that_counts() -> None:
    items = [epic(1, labels=labelled("sso"), containers=("10001",)), item(2, 1, containers=("10000",))]
    got = told(items, **TEAMS)
    assert got.credit(2) == {"sso": 1}
    assert got.findings("accepts") == []


def test_what_two_cycles_refuse_alike_is_told_once() -> None:
    key_results = (*GUARDED, key_result("sso", "keep", Q2, accepts=("core",)))
    got = told([item(1, labels=labelled("sso"))], key_results=key_results, teams=(CORE,), **BOTH_CYCLES)
    assert got.findings("accepts") == [(1, REFUSED)]


# ---- duplicates -----------------------------------------------------------------------------------------------------------


def test_a_duplicate_takes_no_credit_and_counts_nowhere() -> None:
    items = [item(1, labels=labelled("sso"), state="doing"), item(2, labels=labelled("sso"), state="doing", duplicate_of=1)]
    got = told(items)
    duplicate = got.of(2)
    assert (duplicate.outcome, duplicate.via, duplicate.shares, duplicate.strength) == ("duplicate", 1, (), 0)
    assert [u.no for u in got.result.units] == [1]
    assert got.result.active == {1}


def test_a_duplicate_hands_down_neither_its_own_name_nor_that_of_what_stands_above() -> None:
    items = [
        epic(1, labels=labelled("sso")),
        item(2, 1, labels=labelled("soc2"), duplicate_of=9),
        sub_task(3, 2),
        sub_task(4, 2, labels=labelled("sso")),
        item(9, labels=labelled("sso")),
    ]
    got = told(items)
    assert [got.outcome(no) for no in (1, 2, 3, 4, 9)] == ["linked", "duplicate", "unanchored", "linked", "linked"]
    assert (got.of(4).via, got.of(4).distance) == (4, 0)


def test_a_duplicate_that_was_dropped_drops_nothing_beneath_it() -> None:
    """Whoever closes a duplicate says so with the resolution "Duplicate", which drops; the work beneath goes on."""
    duplicate = item(2, 1, state="done", resolution="Duplicate", duplicate_of=9)
    stories = [sub_task(3, 2, labels=labelled("sso")), sub_task(4, 3), item(9)]
    got = told([epic(1), duplicate, *stories])
    assert [got.of(no).state for no in (2, 3, 4)] == ["dropped", "todo", "todo"]
    assert got.node("key_result", "sso").total == 1
    assert told([epic(1), duplicate._replace(duplicate_of=None), *stories]).of(4).state == "dropped"


def test_what_is_dropped_above_a_duplicate_drops_it_and_nothing_beneath_it() -> None:
    got = told([epic(1, state="dropped"), item(2, 1, duplicate_of=9), sub_task(3, 2), sub_task(4, 3, state="dropped"), item(9)])
    assert [got.of(no).state for no in (1, 2, 3, 4)] == ["dropped", "dropped", "todo", "dropped"]
    got = told([item(1, state="dropped"), item(2, 1, duplicate_of=9), item(3, 2, state="dropped"), item(4, 3), item(9)])
    assert got.of(4).state == "dropped"


def test_the_team_of_a_duplicate_is_not_that_of_what_stands_beneath() -> None:
    tree = [epic(1, containers=("10001",)), item(2, 1, duplicate_of=9), sub_task(3, 2), sub_task(4, 3), epic(9)]
    got = told(tree, teams=(CORE,))
    assert [got.of(no).team for no in (1, 2, 3, 4)] == ["core", "core", None, None]
    got = told([epic(1, containers=("10001",), duplicate_of=9), item(2, 1), epic(9)], teams=(CORE,))
    assert (got.of(1).team, got.of(2).team) == ("core", None)


def test_what_explains_an_item_knows_the_same_of_its_team() -> None:
    given = company([], (SSO,), teams=(CORE,))
    assessor = Assessor(given.mapping, given.dimensions, given.as_of)
    high, low = epic(1, containers=("10001",)), item(2, 1)
    assert assessor.context(sub_task(3, 2), [low, high]).team == "core"
    assert assessor.context(sub_task(3, 2), [low._replace(duplicate_of=9), high]).team is None
    assert assessor.context(low._replace(duplicate_of=9), [high]).team == "core"


# ---- parents --------------------------------------------------------------------------------------------------------------


def test_several_parents_are_none_and_that_is_told() -> None:
    items = [
        item(1, ambiguous=("IDN-1", "IDN-2")),
        item(2, ambiguous=("IDN-1", "IDN-2", "IDN-3")),
        item(3, ambiguous=("SSO",)),
        item(4),
    ]
    assert told(items).findings("ambiguous") == [
        (1, "names IDN-1 and IDN-2: two parents are none"),
        (2, "names IDN-1, IDN-2 and IDN-3: 3 parents are none"),
        (3, "names SSO, which several items bear: several parents are none"),
    ]


def test_a_parent_that_is_kept_stands_and_is_told() -> None:
    kept = item(2, 1)._replace(parent_ref="77", parent_by="kept")
    got = told([epic(1, labels=labelled("sso")), kept])
    assert got.credit(2) == {"sso": 1}
    text = "its parent 77 is not read yet; the link of before stands until jira has been read"
    assert got.findings("parent") == [(2, text)]


def test_a_parent_that_was_not_read_gives_nothing_and_is_told() -> None:
    got = told([item(2)._replace(parent_ref="77")])
    assert got.findings("parent") == [(2, "its parent 77 was not read: nothing is inherited from it")]


# ---- the promise ----------------------------------------------------------------------------------------------------------


def test_no_item_gives_more_than_itself() -> None:
    """F38: whatever matches, an item counts once."""
    """Over the key results of a cycle the parts of one item add up to one at most, whatever claims it."""
    labels = ([], ["sso"], ["soc2"], ["sso", "soc2"], ["sso", "ssso"], ["sso", "soc2", "ktlo"], ["login", "sso"])
    items = [
        item(1 + 2 * n + m, components=components, labels=labelled(*ids))
        for n, ids in enumerate(labels)
        for m, components in enumerate(((), ("Login",)))
    ]
    rules = SPLIT, rule("sso", source="jira", fallback=True), rule({"sso": HALF, "login": HALF}, source="jira", priority=60)
    got = told(items, *rules, former={(Q1, "login"): "sso"})
    given = {a.no: sum((s.part for s in a.shares if s.kind == "key_result"), Fraction(0)) for a in got.result.attachments}
    assert len(given) == len(items)
    assert max(given.values()) == 1
    counted: dict[int, Fraction] = {}
    for unit in got.result.units:
        counted[unit.no] = counted.get(unit.no, Fraction(0)) + unit.part
    assert {no: part for no, part in given.items() if part} == counted
