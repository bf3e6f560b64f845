"""From ``[[rule]]``, ``[[pattern]]``, ``[status.NAME]`` and ``[resolution]`` to values: every form, and what it means."""

from __future__ import annotations

import sys
import time
from datetime import date
from fractions import Fraction

import pytest

from hub.mappings import parse
from hub.model import (
    DROPPED_RESOLUTIONS,
    Condition,
    Pattern,
    Place,
    Rule,
    StatusWord,
)
from hub.model import Test as Alternative
from tests.hub.mappings.with_rules import STRATEGY, equal, mapping_of, rule, said

# ---- a block ------------------------------------------------------------------------------------------------------------


def test_all_keys_of_a_rule() -> None:
    found = rule(
        'name = "saml"',
        'when.label = ["A", "b*"]',
        'when.field."Größe" = 5',
        'unless.component = "Spike"',
        "priority = 0",
        "starts = 2027-01-10",
        "ends = 2027-03-31",
        "private = true",
    )
    assert found == Rule(
        index=0,
        name="saml",
        when=(
            Condition("label", (equal("A"), Alternative("glob", "b*", "b*")), Place("r.toml", 3, 6)),
            Condition("field.grösse", (equal("5"),), Place("r.toml", 4, 12)),
        ),
        target_kind="key_result",
        target="SSO",
        strength=0,
        place=Place("r.toml", 1, 1),
        unless=(Condition("component", (equal("Spike"),), Place("r.toml", 5, 8)),),
        starts=date(2027, 1, 10),
        ends=date(2027, 3, 31),
        private=True,
    )


def test_what_is_left_out() -> None:
    found = rule('when.project = "IDN"')
    assert (found.name, found.unless, found.template, found.split) == ("r.toml:1", (), None, ())
    assert (found.starts, found.ends, found.private, found.fence, found.expr) == (None, None, False, None, None)


@pytest.mark.parametrize(
    ("lines", "strength"),
    [
        (['when.label = "kr:{key_result}"', 'to = "{key_result}"'], 100),
        (['when.label = "kr:{key_result}"', 'when.key = "A-1"', 'to = "{key_result}"'], 100),
        (['when.label = "kr:{key_result}"', 'to = "{key_result}"', "priority = 7"], 7),
        (['when.key = "A-1"', 'to = "sso"'], 80),
        (['when.key = "A-*"', 'when.label = "x"', 'allowance = "ktlo"'], 80),
        (['when.project = "A"', 'unless.key = "A-1"', 'to = "sso"'], 50),
        (['when.project = "A"', 'ignore = "x"'], 50),
        (['when.key = "A-1"', 'to = "sso"', "fallback = true"], 0),
        (['when.key = "A-1"', 'to = "sso"', "fallback = false"], 80),
        (['when.project = "A"', 'to = "sso"', "priority = 999"], 999),
        (['when.project = "A"', 'to = "sso"', "priority = 0"], 0),
        (['expr = "true"', 'to = "sso"'], 50),
    ],
)
def test_strength_is_that_of_the_evidence_unless_priority_says_another(lines: list[str], strength: int) -> None:
    assert rule(*lines, to="").strength == strength


def test_a_rule_belongs_to_the_team_of_its_file() -> None:
    found = mapping_of('[file]\nteam = "CORE"\n[[rule]]\nwhen.project = "A"\nto = "sso"\n').rules
    assert [r.fence for r in found] == ["Core"]


def test_a_rule_reaches_the_key_results_of_the_teams_beneath_its_own() -> None:
    assert mapping_of('[file]\nteam = "product"\n[[rule]]\nwhen.project = "A"\nto = { sso = 0.5, soc2 = 0.5 }\n').rules
    _, problems = parse(
        {"s.toml": STRATEGY, "r.toml": '[file]\nteam = "product"\n[[rule]]\nwhen.project = "A"\nto = "scim"\n'}, "UTC"
    )
    assert [p.text for p in problems if not p.warning] == [
        'The key result "scim" belongs to no team, and this file to "product".'
    ]


# ---- what it points to --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "kind", "target"),
    [
        ('to = "sso"', "key_result", "SSO"),
        ('to = "SAML"', "key_result", "SSO"),
        ('allowance = "KTLO"', "allowance", "ktlo"),
        ('ignore = "Requests"', "ignore", "Requests"),
    ],
)
def test_targets_are_the_ids_as_declared(to: str, kind: str, target: str) -> None:
    found = rule('when.project = "A"', to=to)
    assert (found.target_kind, found.target, found.template, found.split) == (kind, target, None, ())


def test_shares_are_exact_and_keep_their_order() -> None:
    found = rule('when.key = "SEC-88"', to="to = { soc2 = 0.3, sso = 0.7 }")
    assert (found.target_kind, found.target, found.template) == ("key_result", None, None)
    assert found.split == (("soc2", Fraction(3, 10)), ("SSO", Fraction(7, 10)))


def test_digits_without_end_are_refused_before_anything_is_calculated() -> None:
    assert said('when.key = "A-1"', to="to = { sso = 1e-999999, soc2 = 1e999999 }") == [
        'The share of "sso" has more than 40 digits. Write a part of 1, such as 0.5.',
        'The share of "soc2" has more than 40 digits. Write a part of 1, such as 0.5.',
    ]
    assert said("when.level = { gt = -9e999999, lt = 9e999999 }")[0].startswith("-9E+999999 is no level.")
    assert said("when.level = 9e999999")[0].startswith('"9E+999999" is no level.')
    assert said("when.estimate = { gt = -9e999999, lt = 9e999999 }") == []


def test_shares_add_up_as_decimals() -> None:
    assert rule('when.key = "A-1"', to="to = { sso = 0.1, soc2 = 0.9 }").split
    assert said('when.key = "A-1"', to="to = { sso = 0.1, soc2 = 0.9000000000000000000000000000000000001 }") == [
        "The shares add up to 1.0000000000000000000000000000000000001, not 1. "
        "Correct them, for example to = { sso = 0.5, soc2 = 0.5 }."
    ]


@pytest.mark.parametrize(
    ("lines", "template"),
    [
        (['when.label = "KR:{key_result}!"'], "{key_result}"),
        (['when.field.squad = "{team}"', 'when.title = "*[{key_result}]*"'], "{team}.{key_result}"),
        (['when.label = "{team}/{key_result}"'], "{key_result}"),
        (['when.team = "{team}"'], "So{team}"),
    ],
)
def test_what_the_item_names_is_kept_as_a_template(lines: list[str], template: str) -> None:
    found = rule(*lines, to=f'to = "{template}"')
    assert (found.target_kind, found.target, found.template, found.strength) == ("key_result", None, template, 100)
    assert {t.how for c in found.when for t in c.tests} == {"capture"}


def test_a_capture_is_folded_around_its_braces() -> None:
    found = rule('when.title = "*[KR {key_result}]?"', to='to = "{key_result}"')
    assert found.when[0].tests == (Alternative("capture", "*[kr {key_result}]?", "*[KR {key_result}]?"),)


def test_columns_win_over_captures() -> None:
    text = """\
[[rule]]
for_each.team = "core"
when.label = "{team}:{key_result}"
to = "{key_result}"
"""
    (found,) = mapping_of(text).rules
    assert found.when[0].tests == (Alternative("capture", "core:{key_result}", "Core:{key_result}"),)


# ---- expressions --------------------------------------------------------------------------------------------------------


def test_an_expression_is_kept_as_written() -> None:
    assert rule('when.project = "A"', 'expr = "size(labels) > 2"').expr == "size(labels) > 2"
    assert rule('expr = "size(labels) > 2"').when == ()


def test_a_mistake_in_an_expression_is_shown_where_it_stands() -> None:
    text = '[[rule]]\nwhen.project = "A"\nexpr = """\nsize(labels) > 2 &&\n  titel == \'x\'"""\nto = "sso"\n'
    _, problems = parse({"s.toml": STRATEGY, "r.toml": text}, "UTC")
    (problem,) = [p for p in problems if not p.warning]
    assert (problem.line, problem.column, problem.excerpt) == (5, 3, '  titel == \'x\'"""')


def test_an_expression_is_refused_once_where_what_evaluates_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    text = '[[rule]]\nexpr = "true"\nto = "sso"\n[[rule]]\nexpr = "false"\nto = "sso"\n'
    mapping, problems = parse({"s.toml": STRATEGY, "r.toml": text}, "UTC")
    assert mapping is None
    assert [str(p) for p in problems if not p.warning] == [
        "r.toml:2:8: `expr` needs an extra that is not installed (and 1 more). "
        "Run pip install cel-expr-python, or say it in `when` lines."
    ]


def test_an_expression_has_an_end() -> None:
    long = "true " + "&& true " * 125
    assert said(f'expr = "{long}"')[0].startswith("The expression has more than 1,000 characters.")
    assert said(f'expr = "{long[:-9]}"') == []


# ---- what the sources' words mean ---------------------------------------------------------------------------------------


def test_status_maps() -> None:
    first = '[status.Jira]\n"Parked" = "todo"\n10001 = "DONE"\n[status.trello]\n"Done*" = "done"\n'
    second = '[status.jira]\n"Won\'t do" = "dropped"\n'
    mapping, _ = parse({"s.toml": STRATEGY, "a.toml": first, "b.toml": second}, "UTC")
    assert mapping is not None
    assert mapping.statuses == {
        "jira": (
            StatusWord("parked", "Parked", "todo", Place("a.toml", 2, 1)),
            StatusWord("10001", "10001", "done", Place("a.toml", 3, 1)),
            StatusWord("won't do", "Won't do", "dropped", Place("b.toml", 2, 1)),
        ),
        "trello": (StatusWord("done*", "Done*", "done", Place("a.toml", 5, 1)),),
    }


def test_resolutions_come_beside_the_usual_ones() -> None:
    mapping = mapping_of('[resolution]\ndropped = ["Out of DATE", "10100"]\n')
    assert mapping.dropped_resolutions == DROPPED_RESOLUTIONS | {"out of date", "10100"}
    assert mapping_of("").dropped_resolutions == DROPPED_RESOLUTIONS


def test_patterns() -> None:
    text = """\
[[pattern]]
source = "Trello"
in = ["Title", "attachment", "field.Epic Link", "title"]
finds = "Jira  Key"
as = "Child"
[[pattern]]
in = "label"
finds = 'dup-([A-Z]+-\\d+)'
as = "duplicate"
[[pattern]]
for_each.rows = [{ prefix = "SEC" }, { prefix = "IDN" }]
in = "title"
finds = '\\b({prefix}-\\d{1,6})\\b'
as = "relation"
"""
    assert mapping_of(text).patterns == (
        Pattern(0, "Trello", ("title", "attachment", "field.epic link"), "jira key", "child", Place("r.toml", 1, 1)),
        Pattern(1, None, ("label",), "dup-([A-Z]+-\\d+)", "duplicate", Place("r.toml", 6, 1)),
        Pattern(2, None, ("title",), "\\b(SEC-\\d{1,6})\\b", "relation", Place("r.toml", 10, 1, "row 1")),
        Pattern(3, None, ("title",), "\\b(IDN-\\d{1,6})\\b", "relation", Place("r.toml", 10, 1, "row 2")),
    )


def test_other_braces_beside_a_placeholder_are_plain_text() -> None:
    assert said('when.label = "kr:{key_result}}{"', to='to = "{key_result}"') == []


# ---- many rules that find the same work -----------------------------------------------------------------------------------


def beside_one_another(*targets: str) -> list[str]:
    """What is said of rules with the same line, without the place."""
    text = "".join(f'[[rule]]\nwhen.project = "CORE"\n{target}\n' for target in targets)
    return [p.text for p in parse({"s.toml": STRATEGY, "r.toml": text}, "UTC")[1] if p.file == "r.toml"]


SSO, SOC2, SCIM = 'to = "sso"', 'to = "soc2"', 'to = "scim"'


def test_what_is_said_of_many_alike_is_said_once() -> None:
    contested = "The rule finds the same work as the one at r.toml:1, which points elsewhere: all of it is contested"
    repeated = "The rule says what the one at r.toml:1 says already"
    weaker = "The rule never decides anything: the one at r.toml:1 finds the same work and is stronger"
    assert beside_one_another(SSO, *[SOC2] * 3) == [f"{contested}."] * 3
    assert beside_one_another(SSO, *[SOC2] * 4) == [f"{contested} (and 3 more rules)."]
    assert beside_one_another(SSO, *[SOC2, SSO] * 600) == [
        f"{contested} (and 599 more rules).",
        f"{repeated} (and 599 more rules).",
    ]
    assert beside_one_another(SSO, *[f"{SSO}\nfallback = true"] * 5) == [f"{weaker} (and 4 more rules)."]


def test_rules_for_other_cycles_are_in_nobody_s_way() -> None:
    assert beside_one_another(SSO, SCIM) == []
    said = beside_one_another(*[SSO, SCIM] * 5)
    assert said == [f"The rule says what the one at r.toml:{line} says already (and 3 more rules)." for line in (1, 4)]


def test_thousands_of_equal_rules_are_read_in_no_time() -> None:
    began = time.process_time()
    beside_one_another(*(f"{target}\npriority = {n % 7}" for n in range(700) for target in (SSO, SOC2, SCIM)))
    assert time.process_time() - began < 10


# ---- a whole section of rules -------------------------------------------------------------------------------------------

WHOLE = """\
[[rule]]
name = "label"
when.label = "kr:{key_result}"
to = "{key_result}"

[[rule]]
name = "saml"
when.project = "IDN"
when.title = ["*SAML*", "*SCIM*"]
unless.label = "spike"
starts = 2027-01-10
to = "sso"

[[rule]]
name = "audit-log"
when.key = "SEC-88"
to = { sso = 0.5, soc2 = 0.5 }

[[rule]]
name = "core-upkeep"
when.project = "CORE"
fallback = true
allowance = "ktlo"

[[rule]]
name = "service-desk"
when.project = "ITSD"
ignore = "requests, not planned work"

[status.jira]
"Parked" = "todo"
"Done - won't do" = "dropped"
[status.trello]
"Done*" = "done"
[resolution]
dropped = ["Out of date"]

[[pattern]]
source = "trello"
in = ["title", "attachment"]
finds = "jira key"
as = "child"
"""


def test_the_section_on_rules_of_a_usual_mapping() -> None:
    mapping = mapping_of(WHOLE)
    assert [(r.name, r.strength, r.target_kind, r.target, r.template) for r in mapping.rules] == [
        ("label", 100, "key_result", None, "{key_result}"),
        ("saml", 50, "key_result", "SSO", None),
        ("audit-log", 80, "key_result", None, None),
        ("core-upkeep", 0, "allowance", "ktlo", None),
        ("service-desk", 50, "ignore", "requests, not planned work", None),
    ]
    label, saml, audit, *_ = mapping.rules
    assert [c.tests for c in label.when] == [(Alternative("capture", "kr:{key_result}", "kr:{key_result}"),)]
    assert [(c.field, [t.folded for t in c.tests]) for c in saml.when] == [("project", ["idn"]), ("title", ["*saml*", "*scim*"])]
    assert [(c.field, [t.folded for t in c.tests]) for c in saml.unless] == [("label", ["spike"])]
    assert (saml.starts, saml.ends) == (date(2027, 1, 10), None)
    assert audit.split == (("SSO", Fraction(1, 2)), ("soc2", Fraction(1, 2)))
    assert {name: [(w.written, w.state) for w in words] for name, words in mapping.statuses.items()} == {
        "jira": [("Parked", "todo"), ("Done - won't do", "dropped")],
        "trello": [("Done*", "done")],
    }
    assert [(p.source, p.fields, p.finds, p.relation) for p in mapping.patterns] == [
        ("trello", ("title", "attachment"), "jira key", "child")
    ]
    assert said("", to=WHOLE.split("\n", 1)[1], warnings=True) == []
