"""Whose item is it, and what rules make of that. docs/how-numbers-are-calculated.md, section 6."""

from __future__ import annotations

from dataclasses import replace

from hub.model import Container, Dimensions, Item, KeyResult, Person, SourceFacts, Team
from tests.hub.scenario import Told
from tests.reference.builders import FIELDS, HERE, Company, company, epic, item, key_result, rule, sub_task

SOURCES = {
    "jira": SourceFacts("jira", "jira", FIELDS | {"field.squad"}),
    "jira-hr": SourceFacts("jira-hr", "jira", FIELDS),
    "trello": SourceFacts("trello", "trello", FIELDS),
}
CONTAINERS = {
    ("jira", "10000"): Container("IDN", "Identity"),
    ("jira", "10001"): Container("CORE", "Core platform"),
}


SSO = key_result("sso")


def given(items: list[Item], *teams: Team, serves: KeyResult = SSO, **more: object) -> Company:
    dimensions = Dimensions(containers=CONTAINERS, sources=SOURCES)
    return company(items, (serves,), dimensions=dimensions, teams=teams, **more)  # type: ignore[arg-type]


def owner(one: Item, *teams: Team, people: tuple[Person, ...] = ()) -> str | None:
    return Told(given([one], *teams, people=people)).of(one.no).team


CORE = Team("Core", "Product core", HERE, owns_field={"squad": ("Größe",)})
IDENTITY = Team("identity", "Identity", HERE, owns_project=("IDN",))
SALES = Team("sales", "Sales", HERE, owns_person=("u1",))


# ---- the steps ------------------------------------------------------------------------------------------------------------


def test_a_field_goes_before_the_project_and_the_project_before_the_assignee() -> None:
    teams = CORE, IDENTITY, SALES
    assert owner(item(1, fields={"squad": "GRO\u0308SSE"}, containers=("10000",), assignee="u1"), *teams) == "core"
    assert owner(item(1, fields={"squad": "other"}, containers=("10000",), assignee="u1"), *teams) == "identity"
    assert owner(item(1, containers=("10001",), assignee="U1"), *teams) == "sales"
    assert owner(item(1), *teams) is None


def test_a_project_goes_by_key_name_id_and_by_the_source_in_front() -> None:
    for written in ("idn", "IDENTITY", "10000", "id*", "jira:IDN"):
        assert owner(item(1, containers=("10000",)), Team("t", "T", HERE, owns_project=(written,))) == "t"
    assert owner(item(1, containers=("10000",)), Team("t", "T", HERE, owns_project=("trello:IDN",))) is None


def test_a_field_that_the_source_does_not_name_owns_nothing() -> None:
    fields = {"squad": "Größe"}
    assert owner(item(1, fields=fields), CORE) == "core"
    assert owner(item(1, source="trello", fields=fields), CORE) is None


def test_what_has_no_team_of_its_own_has_that_of_its_parent() -> None:
    got = Told(given([epic(1, containers=("10000",)), item(2, 1), sub_task(3, 2), item(4, 1, assignee="u1")], IDENTITY, SALES))
    assert [got.of(no).team for no in (1, 2, 3, 4)] == ["identity", "identity", "identity", "sales"]


# ---- people ---------------------------------------------------------------------------------------------------------------

BEN = Person("ben@acme.example", (("jira", "557058:f58131cb"), ("trello", "5f1e")), HERE)


def test_a_mail_stands_for_all_accounts_of_a_person() -> None:
    team = Team("sales", "Sales", HERE, owns_person=("Ben@acme.example",))
    assert owner(item(1, assignee="557058:F58131CB"), team, people=(BEN,)) == "sales"
    assert owner(item(1, source="jira-hr", assignee="557058:f58131cb"), team, people=(BEN,)) == "sales"
    assert owner(item(1, source="trello", assignee="5f1e"), team, people=(BEN,)) == "sales"
    assert owner(item(1, source="trello", assignee="557058:f58131cb"), team, people=(BEN,)) is None
    assert owner(item(1, assignee="557058:f58131cb"), team) is None


def test_the_team_of_a_person_owns_what_is_assigned_to_them() -> None:
    ben = replace(BEN, team="SALES")
    assert owner(item(1, assignee="557058:f58131cb"), Team("sales", "Sales", HERE), people=(ben,)) == "sales"


def test_a_person_of_one_team_and_owned_by_another_is_of_neither() -> None:
    ben = replace(BEN, team="sales")
    teams = Team("sales", "Sales", HERE), Team("core", "Core", HERE, owns_person=("557058:f58131cb",))
    got = Told(given([item(1, assignee="557058:f58131cb")], *teams, people=(ben,)))
    assert got.of(1).team is None
    assert got.findings("team") == [(1, "two teams own it at the same step, so none does")]


# ---- two teams at one step ------------------------------------------------------------------------------------------------


def test_two_teams_at_one_step_are_none_and_no_later_step_is_asked() -> None:
    also = Team("also", "Also", HERE, owns_project=("10000",))
    got = Told(given([epic(9, assignee="u1"), item(1, 9, containers=("10000",), assignee="u1")], IDENTITY, also, SALES))
    assert (got.of(9).team, got.of(1).team) == ("sales", None)


def test_what_stands_beneath_a_disputed_item_is_nobody_s_and_is_not_reported_again() -> None:
    also = Team("also", "Also", HERE, owns_project=("10000",))
    got = Told(given([epic(1, containers=("10000",)), item(2, 1), item(3, 1, assignee="u1")], IDENTITY, also, SALES))
    assert [got.of(no).team for no in (1, 2, 3)] == [None, None, "sales"]
    assert [no for no, _ in got.findings("team")] == [1]


# ---- what rules make of it ------------------------------------------------------------------------------------------------

PLATFORM = Team("platform", "Platform", HERE)
WEB = Team("web", "Web", HERE, parent="Platform", owns_project=("10000",))


def test_a_rule_sees_the_team_that_an_item_has_from_its_parent() -> None:
    items = [epic(1, containers=("10000",)), item(2, 1), item(3)]
    got = Told(given(items, PLATFORM, WEB, rules=[rule("sso", team="web", level="0")]))
    assert [got.outcome(no) for no in (1, 2, 3)] == ["unanchored", "linked", "unanchored"]


def test_a_team_is_also_those_beneath_it() -> None:
    got = Told(given([item(1, containers=("10000",))], PLATFORM, WEB, rules=[rule("sso", team="platform")]))
    assert got.outcome(1) == "linked"


def test_a_fence_keeps_a_rule_to_the_items_of_its_team_inherited_ones_among_them() -> None:
    items = [epic(1, containers=("10000",)), item(2, 1), item(3)]
    fenced = rule("sso", source="jira", fence="platform")
    got = Told(given(items, PLATFORM, WEB, rules=[fenced], serves=key_result("sso", team="web")))
    assert [got.outcome(no) for no in (1, 2, 3)] == ["linked", "linked", "unanchored"]
