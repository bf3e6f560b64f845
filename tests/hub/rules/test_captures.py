"""What items name: by labels, in titles, with two placeholders."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from hub.rules.captures import ways
from hub.rules.targets import MOST_NAMES
from tests.hub.rules.builders import Q1, Q2, claims, item, key_result, matches, named, rule, verdict

CONVENTION = rule(label="kr:{key_result}")
BRACKETS = rule(title="*[{key_result}]*")


def test_the_convention() -> None:
    (claim,) = claims(CONVENTION, item(labels=("KR:SSO", "other")))
    assert (claim.kind, claim.id, claim.strength, claim.named, claim.cycles) == (None, "sso", 100, "kr:sso", None)


def test_several_labels_name_several() -> None:
    assert named(CONVENTION, item(labels=("kr:sso", "kr:soc2", "kr:ktlo"))) == {"sso", "soc2", "ktlo"}


def test_a_name_that_exists_nowhere_still_competes() -> None:
    assert named(CONVENTION, item(labels=("kr:sso", "kr:typo"))) == {"sso", "typo"}


@pytest.mark.parametrize("label", ["kr:", "kr", "x", "akr:sso"])
def test_what_names_nothing(label: str) -> None:
    assert not matches(CONVENTION, item(labels=(label,)))


def test_without_wildcards_a_placeholder_stands_for_any_characters() -> None:
    assert named(CONVENTION, item(labels=("kr:single sign-on!",))) == {"single sign-on!"}
    assert named(rule(field_region="{key_result}"), item(fields={"region": "SSO"})) == {"sso"}


def test_blanks_around_a_name_are_no_part_of_it() -> None:
    assert named(CONVENTION, item(labels=("kr: SSO", "kr:soc2\t", "kr:\u00a0ktlo \n"))) == {"sso", "soc2", "ktlo"}
    assert named(rule(title="[{key_result}] login"), item(title="[ sso ] login")) == {"sso"}
    assert not matches(CONVENTION, item(labels=("kr: ", "kr:\t\u00a0")))
    loose = rule(allowance="ktlo", source="jira", unless={"label": "kr:{key_result}"})
    assert matches(loose, item(labels=("kr: ",)))


@pytest.mark.parametrize(
    ("title", "ids"),
    [
        ("[SSO] Login", {"sso"}),
        ("[Bug] [sso] Login", {"sso"}),  # bug means nothing, and something else in the text does
        ("[sso][soc2] Login", {"sso", "soc2"}),
        ("[Bug] [Epic] Login", {"bug", "epic"}),
        ("[single sign-on]", set()),  # no run of letters
        ("[ sso ]", set()),
        ("[sso", set()),
        ("[]", set()),
    ],
)
def test_brackets_in_titles(title: str, ids: set[str]) -> None:
    assert named(BRACKETS, item(title=title)) == ids


def test_each_text_is_taken_by_itself() -> None:
    glob = rule(label="*[{key_result}]*")
    assert named(glob, item(labels=("[bug] [sso]", "[typo]"))) == {"sso", "typo"}


def test_what_is_left_aside_is_told() -> None:
    found = verdict(BRACKETS, item(title="[Bug] [sso] Login"))
    assert [claim.id for claim in found.claims] == ["sso"]
    assert "bug" in found.why


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("{key_result}: *", "sso: login", ["sso"]),
        ("{key_result} *", "core-sso login", ["core-sso"]),
        ("*{key_result}*", "fix sso now", ["fix", "sso", "now"]),  # whole runs, never parts of them
        ("*#{key_result}", "fix #a.b-c_1", ["a.b-c_1"]),
        ("*-{key_result}", "a-b-c", ["b-c", "c"]),
        ("{key_result}-*", "a-b", ["a"]),
        ("?{key_result}", "#sso", ["sso"]),
        ("?{key_result}", "xsso", []),  # the wildcard would take a part of the run
        ("*{key_result}", "größe", ["größe"]),
        ("*({key_result})", "x (i\u0307t)", ["i\u0307t"]),  # the accent belongs to its letter
        ("kr*:{key_result}", "kr-2027:sso", ["sso"]),
        ("*[{key_result}]*", "", []),
    ],
)
def test_ways_of_one_placeholder(pattern: str, text: str, expected: list[str]) -> None:
    assert sorted(way[0][1] for way in ways(pattern, text)) == sorted(expected)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("{team}/{key_result}", "core/sso", [("core", "sso")]),
        ("{team}/{key_result}", "core team/sso", []),  # with two placeholders both are runs
        ("{team}-{key_result}", "a-b-c", [("a", "b-c"), ("a-b", "c")]),
        ("*{team}: {key_result}*", "[x] core: sso now", [("core", "sso")]),
        ("{team} * {key_result}", "core does sso", [("core", "sso")]),
        ("{team}*{key_result}", "core sso", [("core", "sso")]),
    ],
)
def test_ways_of_two_placeholders(pattern: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert sorted((dict(way)["team"], dict(way)["key_result"]) for way in ways(pattern, text)) == expected


@pytest.mark.parametrize("pattern", ["*{team}*{key_result}*", "{team}-{key_result}", "*-{key_result}-*", "*[{key_result}]*"])
def test_a_long_text_is_no_trap(pattern: str) -> None:
    began = time.process_time()
    ways(pattern, "a-b [c] " * 2000)
    assert time.process_time() - began < 10


def test_two_placeholders_in_one_text() -> None:
    both = rule("{team}-{key_result}", label="{team}/{key_result}")
    known = [key_result("core-sso")]
    (claim,) = claims(both, item(labels=("Core/SSO",)), key_results=known)
    assert (claim.id, claim.named) == ("core-sso", "core/sso")


def test_two_placeholders_in_two_lines() -> None:
    both = rule("{team}-{key_result}", field_region="{team}", label="kr:{key_result}")
    there = item(labels=("kr:sso", "kr:x"), fields={"region": "EMEA"})
    found = claims(both, there, key_results=[key_result("emea-sso")])
    assert [(claim.id, claim.named) for claim in found] == [("emea-sso", "kr:sso"), ("emea-x", "kr:x")]
    assert not matches(both, item(labels=("kr:sso",)))


def test_two_ways_of_naming_in_one_line() -> None:
    either = rule(label=["kr:{key_result}", "okr-{key_result}"])
    assert named(either, item(labels=("kr:sso", "okr-soc2"))) == {"sso", "soc2"}


def test_a_line_that_holds_without_a_name_names_nothing() -> None:
    assert not matches(rule(title=["*[{key_result}]*", "audit"]), item(title="audit"))


def test_former_ids_are_known() -> None:
    found = claims(BRACKETS, item(title="[Bug] [old]"), former={("2027-q1", "old"): "sso"})
    assert [claim.id for claim in found] == ["old"]


def test_ids_of_every_cycle_are_known() -> None:
    later = [key_result("sso", "2027-q2")]
    assert named(BRACKETS, item(title="[Bug] [sso]"), key_results=later, cycles=(Q1, Q2)) == {"sso"}


def test_placeholders_in_unless_only_ask_whether_something_is_named() -> None:
    loose = rule(allowance="ktlo", project="IDN", unless={"label": "kr:{key_result}"})
    assert matches(loose, item(containers=("10000",), labels=("x",)))
    assert not matches(loose, item(containers=("10000",), labels=("kr:x",)))


def test_priority_takes_the_place_of_the_strength() -> None:
    assert claims(rule(label="kr:{key_result}", strength=30), item(labels=("kr:sso",)))[0].strength == 30


# ---- limits ---------------------------------------------------------------------------------------------------------------

PROSE = " ".join(f"w{n}" for n in range(600))
PAIRS = rule("{team}-{key_result}", title="*{team}*", field_region="*{key_result}*")


def test_one_rule_hears_a_limited_number_of_names() -> None:
    began = time.process_time()
    found = [c.id for c in claims(PAIRS, item(title=PROSE, fields={"region": PROSE}))]
    assert time.process_time() - began < 5
    assert len(found) == MOST_NAMES
    # the line that names the key result comes first, and of the next line all words in their order
    assert found[:3] == ["w0-w0", "w1-w0", "w2-w0"] and found[600] == "w0-w1"


def test_so_it_is_with_labels_by_the_hundreds() -> None:
    both = rule("{team}-{key_result}", component="{team}", label="kr:{key_result}")
    there = item(labels=tuple(f"kr:{n:03}" for n in range(999, 0, -1)), components=tuple(f"c{n:03}" for n in range(600)))
    found = [c.id for c in claims(both, there)]
    assert len(found) == MOST_NAMES and found[0] == "c000-001"  # texts in the order of the alphabet


def test_names_that_mean_something_go_before_others() -> None:
    several = rule(label="*{key_result}*")
    labels = (*(f"a{n}" for n in range(2_000)), "zz sso", "zz soc2")
    found = [c.id for c in claims(several, item(labels=labels))]
    assert found[:3] == ["soc2", "sso", "a0"] and len(found) == MOST_NAMES


def test_lines_that_have_to_agree_are_tried_for_so_long() -> None:
    same = rule(title="*{team}*", field_region="*{team}*{key_result}*")
    assert len(claims(same, item(title=PROSE, fields={"region": "w0 sso"}))) == 1
    began = time.process_time()
    claims(same, item(title=PROSE.replace("w", "x"), fields={"region": PROSE}))
    assert time.process_time() - began < 5


# ---- what rules claim ------------------------------------------------------------------------------------------------------


def test_a_split_is_one_claim() -> None:
    (claim,) = claims(rule({"SSO": Fraction(1, 4), "soc2": Fraction(3, 4)}, key="IDN-1"), item())
    assert (claim.id, claim.kind, claim.strength) == ("", "key_result", 80)
    assert claim.split == (("sso", Fraction(1, 4)), ("soc2", Fraction(3, 4)))


def test_an_allowance_and_a_reason_to_ignore() -> None:
    assert claims(rule(allowance="KTLO", source="jira"), item())[0][:3] == (50, "allowance", "ktlo")
    assert claims(rule(ignore="Requests", source="jira"), item())[0][:3] == (50, "ignore", "Requests")
