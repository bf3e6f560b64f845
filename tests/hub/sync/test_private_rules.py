"""What a private rule hides: what it matches of an item as it was read, whatever its life and wherever it points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.model import Container, Dimensions, Item, Mapping, Rule, SourceFacts, Team
from hub.sync.private import fingerprinted, privacy
from tests.reference import builders as b

FACTS = SourceFacts("jira", "jira", b.FIELDS | {"field.team"})
LISTS = Dimensions(
    containers={("jira", "10"): Container("HR", "People"), ("jira", "11"): Container("PAY", "Pay")}, sources={"jira": FACTS}
)
TEAMS = (
    Team("people", "People", b.HERE, owns_project=("HR",)),
    Team("pay", "Pay", b.HERE, parent="people", owns_field={"team": ("pay",)}),
    Team("shop", "Shop", b.HERE, owns_field={"team": ("shop",)}),
)


def private(*args: Any, **more: Any) -> Rule:
    return replace(b.rule(*args, **more), private=True)


def given(*rules: Rule) -> Mapping:
    return b.mapping(key_results=[b.key_result("sso")], teams=TEAMS, rules=rules)


def hidden(rule: Rule, **item: Any) -> bool:
    known = privacy(given(rule), LISTS)
    assert known is not None
    return known.matches(Item(0, "jira", "1", title="Talks", **item))


def test_without_a_private_rule_nothing_is_private() -> None:
    assert privacy(given(b.rule("sso", label="hr")), LISTS) is None


def test_the_conditions_decide() -> None:
    rule = private("sso", project="People", unless={"label": "open"})
    assert hidden(rule, containers=("10",))
    assert not hidden(rule, containers=("11",))
    assert not hidden(rule, containers=("10",), labels=("Open",))
    assert not hidden(private("sso", field_squad="x"), fields={"squad": "x"}), "the source has no such field"


def test_its_life_and_what_it_points_to_do_not_matter() -> None:
    assert hidden(private("sso", label="hr", starts="2020-01-01", ends="2020-01-02"), labels=("hr",))
    assert hidden(private("no-such", label="hr"), labels=("hr",))
    named = private(label=["kr:{key_result}", "*[{team}]*"])
    assert hidden(named, labels=("kr:no-such",))
    assert hidden(named, labels=("a [b] c",))
    assert not hidden(named, labels=("kr:",))


@pytest.mark.parametrize(
    ("item", "is_hidden"),
    [
        ({"containers": ("10",)}, True),
        ({"fields": {"team": "pay"}}, True),
        ({"fields": {"team": "shop"}}, False),
        ({}, False),
        ({"parent_ref": "2"}, True),
        ({"parent_ref": "2", "fields": {"team": "shop"}}, False),
    ],
    ids=["its team", "a team beneath", "another team", "nobody's", "perhaps its parent's", "another team's, whatever the parent"],
)
def test_in_a_fence_the_team_decides(item: dict[str, Any], is_hidden: bool) -> None:
    assert hidden(private("sso", type="Task", fence="people"), type="Task", **item) == is_hidden


def test_only_what_decides_makes_other_rules() -> None:
    def text(*rules: Rule) -> str:
        known = privacy(given(*rules), LISTS)
        assert known is not None
        return known.rules

    one, two = private("sso", label="hr", type="Task"), private(ignore="x", project="HR")
    assert text(one, two) == text(replace(two, name="Renamed", place=b.HERE._replace(line=9)), b.rule("sso", label="x"), one)
    assert text(one) == text(private("sso", type="Task", label="hr"), private(allowance="ktlo", label="hr", type="Task"))
    assert len({text(one), text(two), text(one, two), text(private("sso", label=["hr", "x"], type="Task"))}) == 4
    assert text(one) != text(private("sso", label="hr", unless={"type": "Task"}))
    assert text(replace(two, fence="people")) != text(two)


def test_a_partition_is_read_again_under_other_private_rules() -> None:
    known = privacy(given(private("sso", label="hr")), LISTS)
    assert known is not None
    assert fingerprinted("f1", None) == "f1"
    assert fingerprinted("f1", known) == f"f1+private:{known.rules}"
