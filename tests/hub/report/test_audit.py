"""What an admin is told about mapping files over real items."""

from __future__ import annotations

from typing import Any

from hub.model import Container, Dimensions, Item, SourceFacts, Status, Team
from hub.report.audit import Audit, AuditLine, audit
from tests.reference.builders import FIELDS, HERE, Q1, Q2, at, by_label, epic, item, key_result, mapping, rule, status_word

SSO, SOC2, LATER = key_result("sso"), key_result("soc2"), key_result("later", objective="land-2", cycle=Q2.id)


def audited(items: list[Item], *rules: Any, dimensions: Dimensions | None = None, **more: Any) -> Audit:
    more.setdefault("key_results", (SSO, SOC2))
    lists = dimensions or Dimensions(sources={"jira": SourceFacts("jira", "jira", FIELDS)})
    return audit(mapping(rules=[by_label(), *rules], **more), items, lists, at("2027-02-15"))


def lines(found: Audit, kind: str) -> list[AuditLine]:
    return [line for line in found.lines if line.kind == kind]


def test_a_sound_company_has_nothing_to_look_at() -> None:
    found = audited([epic(1, labels=["kr:sso"], state="doing"), item(2, 1, state="doing")])
    assert found.lines == ()
    assert (found.items, found.active, found.cycle) == (2, {"linked": 2}, "2027-q1")


def test_contested_items_are_told_once_by_who_claims_them() -> None:
    items = [item(n, title="SAML", state="doing") for n in (1, 2, 3, 4, 5)]
    (line,) = lines(audited(items, rule("sso", title="SAML"), rule("soc2", title="SAML")), "contested")
    assert line.items == 5
    assert line.text == (
        f'5 items are claimed by "soc2" (rule "rule 2", {HERE}) and "sso" (rule "rule 1", {HERE}) with equal strength,'
        " so nobody gets them: IDN-1, IDN-2, IDN-3 and 2 more."
    )


def test_what_stands_beneath_a_contested_epic_is_not_told_again() -> None:
    items = [epic(1, title="SAML"), item(2, 1), item(3, 1)]
    (line,) = lines(audited(items, rule("sso", title="SAML"), rule("soc2", title="SAML")), "contested")
    assert line.examples == ("IDN-1",)


def test_a_broken_anchor_names_the_nearest() -> None:
    (line,) = lines(audited([item(1, labels=["kr:ssso"]), item(2, labels=["kr:ssso"])]), "broken")
    assert line.text == '"kr:ssso" names a key result that does not exist, on 2 items: IDN-1, IDN-2.'
    assert line.remedy == 'Did you mean "sso"? Correct it there, or give the key result was = ["ssso"].'


def test_rules_that_never_match_never_win_or_lead_nowhere() -> None:
    items = [item(1, labels=["kr:sso"], title="SAML"), item(2, title="other")]
    found = audited(
        items, rule("soc2", title="nothing"), rule("soc2", title="SAML"), rule("later", title="other"),
        key_results=(SSO, SOC2, LATER), cycles=(Q1, Q2),
    )  # fmt: skip
    assert [line.text for line in lines(found, "never")] == ['The rule "rule 1" matches no item.']
    assert [line.text for line in lines(found, "shadowed")] == [
        f'The rule "rule 2" wins no item, and loses 1 item to rule "rule 0", {HERE}: IDN-1.'
    ]
    assert [line.text for line in lines(found, "dormant")] == [
        'The rule "rule 3" leads to a key result that 2027-q1 does not have: it is dormant.'
    ]


def test_a_rule_that_wins_only_by_inheritance_is_not_shadowed() -> None:
    found = audited([epic(1, title="SAML"), item(2, 1, labels=["kr:soc2"])], rule("sso", title="SAML"))
    assert lines(found, "shadowed") == []


def test_a_field_that_the_source_does_not_have() -> None:
    found = audited([item(1)], rule("sso", **{"field.region": "EMEA"}))
    (line,) = lines(found, "unevaluable")
    assert "reads `field.region`, which the source jira does not have" in line.text


def test_a_status_that_nobody_mapped() -> None:
    dimensions = Dimensions(
        statuses={("jira", "7"): Status("Limbo", None)}, sources={"jira": SourceFacts("jira", "jira", FIELDS)}
    )
    items = [item(n, status_id="7", category=None) for n in (1, 2)]
    (line,) = lines(audited(items, dimensions=dimensions), "status")
    told = "Status 'Limbo' has no category that is known and no line in [status.jira]; the item counts as todo (2 items)"
    assert line.text == f"{told}: IDN-1, IDN-2."


def test_a_type_of_which_nothing_is_anchored() -> None:
    items = [item(n, type="Incident", state="doing") for n in range(1, 7)] + [item(9, type="Bug", state="doing")]
    (line,) = lines(audited(items), "type")
    assert line.text.startswith('None of the 6 active items of type "Incident" in jira is anchored: IDN-1,')


def test_active_work_of_no_team_is_told_by_project() -> None:
    dimensions = Dimensions(
        containers={("jira", "1"): Container("CORE", "Core")}, sources={"jira": SourceFacts("jira", "jira", FIELDS)}
    )
    items = [item(1, containers=("1",), state="doing"), item(2, assignee="u1", state="doing")]
    found = audited(items, dimensions=dimensions, teams=[Team("core", "Core", HERE, owns_person=("u1",))])
    (line,) = lines(found, "no team")
    assert line.text == "1 active item of CORE belongs to no team: IDN-1."
    assert lines(audited(items, dimensions=dimensions), "no team") == []


def test_an_item_that_names_several_is_one_item() -> None:
    found = audited([item(1, labels=["kr:sso", "kr:soc2"], title="SAML")], rule("sso", title="SAML", priority=200))
    (line,) = lines(found, "shadowed")
    assert (line.items, line.examples) == (1, ("IDN-1",))


def test_a_rule_that_only_says_what_others_say_is_no_loss() -> None:
    found = audited([item(1, labels=["kr:sso"], title="SAML")], rule("sso", title="SAML"))
    assert lines(found, "shadowed") == []


def test_the_line_that_fits_nothing_is_named_with_the_nearest_value() -> None:
    items = [item(1, components=("SSO",), containers=("1",)), item(2, components=("Audit",), containers=("1",))]
    dimensions = Dimensions(
        containers={("jira", "1"): Container("IDN", "Identity")}, sources={"jira": SourceFacts("jira", "jira", FIELDS)}
    )
    found = audited(items, rule("sso", project="IDN", component="SS0"), rule("sso", project="INDN"), dimensions=dimensions)
    assert [(line.text, line.remedy) for line in lines(found, "never")] == [
        ('The rule "rule 0" matches no item.', "Correct its lines, or remove it."),
        ('The rule "rule 1" matches no item: none has when.component = SS0.', 'Did you mean "SSO"?'),
        ('The rule "rule 2" matches no item: none has when.project = INDN.', 'Did you mean "IDN"?'),
    ]


def test_a_rule_that_cannot_be_evaluated_is_told_once() -> None:
    found = audited([item(1, labels=["kr:sso"])], rule("sso", **{"field.region": "EMEA"}))
    assert [line.kind for line in found.lines if line.place] == ["unevaluable"]


def test_a_team_s_project_and_a_mapped_status_that_nothing_has() -> None:
    dimensions = Dimensions(
        containers={("jira", "1"): Container("CORE", "Core")}, sources={"jira": SourceFacts("jira", "jira", FIELDS)}
    )
    found = audited(
        [item(1, containers=("1",), status="Parked")], dimensions=dimensions,
        teams=[Team("core", "Core", HERE, owns_project=("COER", "C*"))],
        statuses={"jira": (status_word("Parkd", "todo"), status_word("Par*", "todo"))},
    )  # fmt: skip
    assert [(line.text, line.remedy) for line in lines(found, "owner")] == [
        ('The team "core" owns the project "COER", which no item is in.', 'Did you mean "CORE"?')
    ]
    assert [(line.text, line.remedy) for line in lines(found, "map")] == [
        ('No item has the status "Parkd".', 'Did you mean "Parked"?')
    ]
