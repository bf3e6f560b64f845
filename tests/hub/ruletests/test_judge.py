"""Test files: what they expect, what they get, and how a mistake in one is told."""

from __future__ import annotations

from hub.mappings import parse
from hub.model import Mapping, SourceFacts
from hub.ruletests import Verdict, judge, read_tests
from tests.hub.ruletests.strategy import STRATEGY


def mapping(more: str = "") -> Mapping:
    found, problems = parse({"mappings/strategy.toml": STRATEGY + more}, "UTC")
    assert found is not None, [str(p) for p in problems]
    return found


def verdicts(text: str, more: str = "") -> list[Verdict]:
    known = mapping(more)
    worlds, problems = read_tests({"mappings/tests/x.toml": text}, known, {})
    assert not problems, [str(p) for p in problems]
    return [v for world in worlds for v in judge(known, world)]


def problems(text: str, facts: dict[str, SourceFacts] | None = None) -> list[str]:
    return [str(p) for p in read_tests({"x.toml": text}, mapping(), facts or {})[1]]


def test_a_label_and_what_stands_beneath_it() -> None:
    found = verdicts(
        """
        [[item]]
        key = "IDN-1"
        level = "epic"
        label = "kr:sso"
        expect = "sso"
        rule = "label"
        team = "identity"
        field.team = "Identity"

        [[item]]
        key = "IDN-2"
        parent = "IDN-1"
        expect = "sso"
        """
    )
    assert [v.passed for v in found] == [True, True]
    assert found[1].text == (
        'IDN-2 is linked to sso through IDN-1, by rule "label" (mappings/strategy.toml:28) (team: identity), as expected.'
    )


def test_every_outcome_can_be_expected() -> None:
    found = verdicts(
        """
        [[item]]
        key = "A-1"
        label = ["kr:sso", "kr:soc2"]
        expect = { sso = 0.5, soc2 = 0.5 }
        [[item]]
        key = "A-2"
        expect = "unanchored"
        [[item]]
        key = "A-3"
        label = "kr:ktlo"
        expect = "ktlo"
        [[item]]
        key = "A-4"
        label = "kr:sos"
        expect = "broken"
        [[item]]
        key = "A-5"
        project = "ITSD"
        expect = "ignored"
        [[item]]
        key = "A-6"
        project = "IDN"
        component = "Audit"
        expect = "contested"
        [[item]]
        key = "A-7"
        label = ["kr:sso", "kr:soc2", "kr:ktlo"]
        expect = { sso = "1/3", soc2 = "1/3", ktlo = "1/3" }
        """
    )
    assert [v.text for v in found if not v.passed] == []


def test_a_failed_expectation_says_what_happened_and_which_line_decided() -> None:
    (found,) = verdicts('[[item]]\nkey = "A-1"\nproject = "IDN"\ncomponent = "Login"\nexpect = "soc2"\n')
    assert not found.passed
    assert str(found.place) == "mappings/tests/x.toml:5"
    assert found.text == 'A-1 is linked to sso, by rule "identity" (mappings/strategy.toml:32); expected: soc2.'
    assert found.hints == (
        'rule "audit" (mappings/strategy.toml:37) does not match: when.component = Audit (mappings/strategy.toml:40): '
        'the item has "Login"',
    )


def test_the_wrong_rule_and_the_wrong_team_fail() -> None:
    item = '[[item]]\nkey = "A-1"\nlabel = "kr:sso"\nexpect = "sso"\n'
    assert [v.passed for v in verdicts(item + 'rule = "label"\n')] == [True]
    assert [v.passed for v in verdicts(item + 'rule = "identity"\n')] == [False]
    assert [v.passed for v in verdicts(item + 'team = "identity"\n')] == [False]


def test_a_day_decides_the_life_of_a_rule() -> None:
    rule = '[[rule]]\nname = "autumn"\nwhen.project = "OUT"\nends = 2026-10-31\nto = "sso"\n'
    item = '[[item]]\nkey = "A-1"\nproject = "OUT"\nexpect = "{}"\n'
    assert verdicts("day = 2026-10-31\n" + item.format("sso"), rule)[0].passed
    assert verdicts("day = 2026-11-01\n" + item.format("unanchored"), rule)[0].passed


def test_states_resolutions_and_fields_of_a_test_item() -> None:
    rules = """
    [[rule]]
    name = "won"
    when.state = "done"
    when.field.arr = { gte = 1000 }
    to = "soc2"
    """
    text = """
    [[item]]
    key = "A-1"
    state = "{}"
    closed = 2026-11-02
    field.arr = {}
    expect = "{}"
    """
    assert verdicts(text.format("done", 1000, "soc2"), rules)[0].passed
    assert verdicts(text.format("dropped", 1000, "unanchored"), rules)[0].passed
    assert verdicts(text.format("done", '"999.5"', "unanchored"), rules)[0].passed


def test_mistakes_are_told_with_their_place() -> None:
    found = problems('[[item]]\nkey = "A-1"\nlabels = "kr:sso"\nparent = "B-1"\nexpect = "sos"\n')
    assert 'x.toml:3:1: The key "labels" is unknown in [[item]]. Did you mean "label"?' in found
    assert 'x.toml:4:10: No item of this file has the key "B-1". Did you mean "A-1"?' in found
    assert 'x.toml:5:10: There is no key result, allowance or outcome "sos". Did you mean "sso"?' in found


def test_an_item_of_several_sources_says_of_which() -> None:
    facts = {n: SourceFacts(n, "jira", frozenset()) for n in ("jira", "other")}
    assert problems('[[item]]\nkey = "A-1"\nexpect = "unanchored"\n', facts) == [
        "x.toml:1:1: [[item]] has no `source`. Say of which source it is: jira, other."
    ]


def test_a_file_without_expectations_is_a_mistake() -> None:
    assert problems('[[item]]\nkey = "A-1"\n') == [
        'x.toml:1:3: No item of this file says what is expected. Add a line such as expect = "sso" to one.'
    ]
    assert problems("") == ["x.toml:1: The file has no [[item]]. Add one, with a line that says what is expected of it."]
