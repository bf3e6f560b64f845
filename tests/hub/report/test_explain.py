"""Explanations of single items: the sentence, and the rules seen with what the item has from its ancestors."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hub.model import Dimensions, Item, SourceFacts, Team
from hub.report import ItemExplanation
from hub.report.explain import Evaluated, item_explanation
from tests.reference.builders import FIELDS, HERE, Q1, at, by_label, epic, item, key_result, mapping, rule

SSO, SOC2 = key_result("sso"), key_result("soc2")
SOURCES = {"jira": SourceFacts("jira", "jira", FIELDS)}


def explained(no: int, items: list[Item], *rules: Any, **more: Any) -> ItemExplanation:
    strategy = mapping(key_results=(SSO, SOC2), rules=[by_label(), *rules], **more)
    evaluated = Evaluated(strategy, Dimensions(sources=SOURCES), 1, at("2027-02-15"))
    (wanted,) = (i for i in items if i.no == no)
    return item_explanation(evaluated, wanted, items, Q1.id, {})


def test_a_duplicate_says_what_stands_for_it_and_is_not_active() -> None:
    told = explained(2, [item(1, labels=["kr:sso"]), item(2, labels=["kr:sso"], state="doing", duplicate_of=1)])
    assert (told.outcome, told.active, told.shares) == ("duplicate", False, ())
    assert told.sentence == "IDN-2 is a duplicate of IDN-1, which stands for it."


def test_a_name_that_exists_nowhere_may_contest_an_item() -> None:
    told = explained(1, [item(1, labels=["kr:ssso"], title="SAML")], rule("soc2", title="SAML", priority=100))
    assert told.sentence == (
        "IDN-1 is claimed with equal strength 100 by soc2 (Soc2) and by name ('kr:ssso', but there is no key result 'ssso'"
        " (did you mean 'sso'?)); none of them gets credit."
    )


def test_the_parts_of_a_split_are_said() -> None:
    half = Fraction(1, 2)
    told = explained(1, [item(1, title="SAML")], rule({"sso": half, "soc2": half}, title="SAML"))
    assert told.sentence == "IDN-1 gives 1/2 to soc2 (Soc2) and 1/2 to sso (Sso)."
    assert [r.target for r in told.rules] == ["{key_result}", "1/2 to sso, 1/2 to soc2"]


def test_rules_are_explained_with_the_team_that_comes_from_above() -> None:
    core = Team("core", "Core", HERE, owns_person=("u1",))
    told = explained(2, [epic(1, assignee="u1"), item(2, 1)], rule("sso", team="core"), teams=[core])
    (_, by_team) = told.rules
    assert (by_team.holds, by_team.conditions[0].values) == (True, ("core",))
    assert told.team == "Core"


def test_a_line_that_must_not_hold_decides_when_it_does() -> None:
    told = explained(1, [item(1, title="SAML", labels=["spike"])], rule("sso", title="SAML", unless={"label": "spike"}))
    deciding = told.rules[1].deciding
    assert deciding is not None
    assert (deciding.field, deciding.negated, deciding.holds, deciding.favours) == ("label", True, True, False)


# ---- what lost to what ------------------------------------------------------------------------------------------------


def ended(told: ItemExplanation) -> list[tuple[str, str, str]]:
    return [(c.item, c.target, c.result) for c in told.claims]


def test_a_weaker_and_a_farther_claim_say_why_they_lost() -> None:
    items = [epic(1, labels=["kr:soc2"]), item(2, 1, labels=["kr:sso"], title="SAML")]
    told = explained(2, items, rule("soc2", title="SAML"))
    assert ended(told) == [("IDN-2", "sso", "wins"), ("IDN-1", "soc2", "farther"), ("IDN-2", "soc2", "weaker")]
    assert [c.why for c in told.claims[1:]] == [
        "of the same strength, and 1 above; the nearer one goes first",
        "strength 50 gives way to 100",
    ]


def test_an_epic_s_stronger_claim_wins_over_the_story_s_own() -> None:
    told = explained(2, [epic(1, labels=["kr:soc2"]), item(2, 1, title="SAML")], rule("sso", title="SAML"))
    assert ended(told) == [("IDN-1", "soc2", "wins"), ("IDN-2", "sso", "weaker")]


def test_a_key_result_that_does_not_accept_the_team_is_said() -> None:
    choosy = key_result("sso", accepts=("core",))
    strategy = mapping(
        key_results=(choosy, SOC2), rules=[by_label(), rule("soc2", title="SAML")], teams=[Team("core", "Core", HERE)]
    )
    evaluated = Evaluated(strategy, Dimensions(sources=SOURCES), 1, at("2027-02-15"))
    one = item(1, labels=["kr:sso"], title="SAML")
    told = item_explanation(evaluated, one, [one], Q1.id, {})
    assert ended(told) == [("IDN-1", "soc2", "wins"), ("IDN-1", "sso", "refused")]


def test_above_a_duplicate_nothing_is_inherited() -> None:
    told = explained(3, [epic(1), epic(2, labels=["kr:sso"], duplicate_of=1), item(3, 2)])
    assert (told.outcome, told.claims) == ("unanchored", ())


def test_what_if_it_had_a_label() -> None:
    items = [epic(1, labels=["kr:soc2"]), item(2, 1)]
    strategy = mapping(key_results=(SSO, SOC2), rules=[by_label()])
    evaluated = Evaluated(strategy, Dimensions(sources=SOURCES), 1, at("2027-02-15"))
    told = item_explanation(evaluated, items[1], items, Q1.id, {}, ["kr:sso"])
    assert told.what_if == ("kr:sso",)
    assert told.sentence == "IDN-2 serves sso (Sso)."
    assert told.before == "IDN-2 serves soc2 (Soc2), inherited from IDN-1."
    assert [u.key_result for u in told.units] == ["sso"]
    assert told.moved == 0
    above = item_explanation(evaluated, items[0], items, Q1.id, {}, ["kr:sso"])
    assert (above.moved, [(s.id, s.part) for s in above.shares]) == (1, [("soc2", Fraction(1, 2)), ("sso", Fraction(1, 2))])


def test_a_duplicate_names_the_item_that_stands_for_it_in_another_tree() -> None:
    strategy = mapping(key_results=(SSO, SOC2), rules=[by_label()])
    evaluated = Evaluated(strategy, Dimensions(sources=SOURCES), 1, at("2027-02-15"))
    card, issue = item(7, source="trello", key="T-7", duplicate_of=1), item(1)
    told = item_explanation(evaluated, card, [card], Q1.id, {}, (), issue)
    assert (told.sentence, told.via) == ("T-7 is a duplicate of IDN-1, which stands for it.", "IDN-1")
