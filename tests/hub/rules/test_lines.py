"""What a line compares: texts, numbers, days, and how several alternatives and values go together."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hub.errors import UsageError
from hub.model import Condition, Dimensions, Person
from hub.rules import Context, Fields, named_texts
from tests.hub.rules.builders import HERE, LISTS, alternative, claims, item, matches, rule, team

DONE, DROPPED, DOING = Context("done"), Context("dropped"), Context("doing")


@pytest.mark.parametrize(
    ("when", "facts", "holds"),
    [
        ({"label": "Login"}, {"labels": ("x", "LOGIN")}, True),
        ({"label": "login"}, {"labels": ("log",)}, False),
        ({"label": "login"}, {}, False),
        ({"label": ["a", "b"]}, {"labels": ("c", "b")}, True),
        ({"label": "größe"}, {"labels": ("GRO\u0308SSE",)}, True),  # NFC, and ß folds to ss
        ({"label": "kr-*"}, {"labels": ("KR-1",)}, True),
        ({"label": "*-kr"}, {"labels": ("my-kr",)}, True),
        ({"label": "k?"}, {"labels": ("kr",)}, True),
        ({"label": "k?"}, {"labels": ("k",)}, False),
        ({"title": "*saml*"}, {"title": "Add SAML login"}, True),
        ({"title": "*saml*login"}, {"title": "Add SAML login"}, True),
        ({"title": "saml*"}, {"title": "Add SAML login"}, False),
        ({"title": "*"}, {"title": ""}, False),
        ({"project": "idn"}, {"containers": ("10000",)}, True),
        ({"project": "Identity"}, {"containers": ("10000",)}, True),
        ({"project": "10000"}, {"containers": ("10000",)}, True),
        ({"project": "jira:IDN"}, {"containers": ("10001", "10000")}, True),
        ({"project": "other:IDN"}, {"containers": ("10000",)}, False),
        ({"project": "*:core"}, {"containers": ("10001",)}, True),
        ({"type": "story"}, {"type_id": "1", "type": "Geschichte"}, True),
        ({"type": "geschichte"}, {"type_id": "1", "type": "Geschichte"}, True),
        ({"status": "in progress"}, {"status_id": "3", "status": "In Arbeit"}, True),
        ({"status": ["3"]}, {"status_id": "3", "status": "In Arbeit"}, True),
        ({"resolution": "done"}, {"resolution": "Done", "resolution_id": "1"}, True),
        ({"sprint": "sprint 7"}, {"sprints": ("6", "7")}, True),
        ({"sprint": "6"}, {"sprints": ("6", "7")}, True),
        ({"component": "login"}, {"components": ("Login",)}, True),
        ({"key": "idn-1"}, {}, True),
        ({"key": "old-1"}, {"aliases": ("OLD-1",)}, True),
        ({"key": "IDN-*"}, {}, True),
        ({"key": "IDN-2"}, {}, False),
        ({"level": "1"}, {"level": 1}, True),
        ({"level": "1"}, {"level": 0}, False),
        ({"source": "jira"}, {}, True),
        ({"source": "ji*"}, {"source": "other"}, False),
        ({"field_region": "emea"}, {"fields": {"Region": "EMEA"}}, True),
        ({"field_region": "emea"}, {"fields": {"region": ["AMER", "EMEA"]}}, True),
        ({"field_region": "5"}, {"fields": {"region": 5}}, True),
        ({"field_region": "true"}, {"fields": {"region": True}}, True),
        ({"field_region": "x"}, {"fields": {"region": None}}, False),
    ],
)
def test_texts(when: dict[str, Any], facts: dict[str, Any], holds: bool) -> None:
    assert matches(rule("sso", **when), item(**facts)) is holds


@pytest.mark.parametrize(
    ("when", "facts", "holds"),
    [
        ({"estimate": {"gte": 5}}, {"estimate": "5"}, True),
        ({"estimate": {"gt": 5}}, {"estimate": "5.0"}, False),
        ({"estimate": {"lt": 5.5}}, {"estimate": "5"}, True),
        ({"estimate": {"lte": 5, "gt": 3}}, {"estimate": "3"}, False),
        ({"estimate": [{"lt": 2}, {"gt": 5}]}, {"estimate": "8"}, True),
        ({"estimate": {"gte": 0}}, {"estimate": "-1"}, False),  # not a valid estimate, so there is none
        ({"estimate": {"gte": 0}}, {"estimate": "1,5"}, False),
        ({"estimate": {"gte": 0}}, {}, False),
        ({"amount": {"gte": 2_000_000_000}}, {"amount": "3E+9"}, True),
        ({"amount": {"lt": 0}}, {"amount": "-20.50"}, True),
        ({"level": {"gte": 1}}, {"level": 2}, True),
        ({"level": {"gte": 1}}, {"level": 0}, False),
        ({"field_size": {"gt": 1.5}}, {"fields": {"size": "2"}}, True),
        ({"field_size": {"gt": 1.5}}, {"fields": {"size": 2}}, True),
        ({"field_size": {"gt": 1.5}}, {"fields": {"size": "big"}}, False),
        ({"field_size": {"gt": 1, "lt": 3}}, {"fields": {"size": ["0", "5"]}}, False),  # both must hold for one of them
        ({"field_size": {"gt": 1, "lt": 3}}, {"fields": {"size": ["0", "2"]}}, True),
        ({"label": {"gt": 1}}, {"labels": ("5",)}, False),  # a label is a text
    ],
)
def test_numbers(when: dict[str, Any], facts: dict[str, Any], holds: bool) -> None:
    assert matches(rule("sso", **when), item(**facts)) is holds


DAY = date(2027, 1, 10)


@pytest.mark.parametrize(
    ("when", "facts", "holds"),
    [
        ({"created": {"gte": DAY}}, {"created": "2027-01-10T00:00"}, True),
        ({"created": {"gte": DAY}}, {"created": "2027-01-09T23:59:59.999"}, False),
        ({"created": {"gt": DAY}}, {"created": "2027-01-10T23:59:59.999"}, False),
        ({"created": {"gt": DAY}}, {"created": "2027-01-11T00:00"}, True),
        ({"created": {"lte": DAY}}, {"created": "2027-01-10T23:59:59.999"}, True),
        ({"created": {"lte": DAY}}, {"created": "2027-01-11T00:00"}, False),
        ({"created": {"lt": DAY}}, {"created": "2027-01-09T23:59"}, True),
        ({"created": {"lt": DAY}}, {"created": "2027-01-10T00:00"}, False),
        ({"updated": {"within": (DAY, date(2027, 1, 12))}}, {"updated": "2027-01-12T23:00"}, True),
        ({"updated": {"within": (DAY, date(2027, 1, 12))}}, {"updated": "2027-01-13T00:00"}, False),
        ({"due": {"lte": DAY}}, {"due": "2027-01-10"}, True),
        ({"due": {"lt": DAY}}, {"due": "2027-01-10"}, False),
        ({"due": {"lt": DAY}}, {}, False),
        ({"due": {"lt": date.max}}, {"due": "soon"}, False),
        ({"due": {"lte": date.max}}, {"due": "9999-12-31"}, True),
        ({"due": {"gte": date.min}}, {"due": "0001-01-01"}, True),
        ({"due": {"gte": date(2027, 1, 1), "lt": DAY}}, {"due": "2027-01-09"}, True),
        ({"field_start": {"gte": DAY}}, {"fields": {"start": "2027-01-10"}}, True),
        ({"field_start": {"gte": DAY}}, {"fields": {"start": "2027-01-09T23:30:00.000-0100"}}, True),
        ({"field_start": {"lt": DAY}}, {"fields": {"start": "2027-01-09T23:30:00-01:00"}}, False),
        ({"field_start": {"gte": DAY}}, {"fields": {"start": "soon"}}, False),
        ({"field_start": {"gte": 5}}, {"fields": {"start": "2027-01-10"}}, False),
        ({"due": "2027-01-1*"}, {"due": "2027-01-10"}, True),
    ],
)
def test_days(when: dict[str, Any], facts: dict[str, Any], holds: bool) -> None:
    assert matches(rule("sso", **when), item(**facts)) is holds


def test_days_are_those_of_the_strategys_time_zone() -> None:
    late = item(created="2027-01-09T23:30")  # half past midnight in Berlin
    assert not matches(rule("sso", created={"gte": DAY}), late)
    assert matches(rule("sso", created={"gte": DAY}), late, timezone="Europe/Berlin")
    assert matches(rule("sso", created={"lte": date(2027, 1, 9)}), late, timezone="America/New_York")


@pytest.mark.parametrize(
    ("when", "facts", "holds"),
    [
        ({"created": {"lte": "due"}}, {"created": "2027-01-10T18:00", "due": "2027-01-10"}, True),
        ({"created": {"lt": "due"}}, {"created": "2027-01-10T18:00", "due": "2027-01-10"}, False),
        ({"created": {"gt": "due"}}, {"created": "2027-01-10T18:00"}, False),
        ({"due": {"gte": "field.start"}}, {"due": "2027-01-10", "fields": {"start": "2027-01-10T08:00Z"}}, True),
        ({"amount": {"gt": "estimate"}}, {"amount": "8", "estimate": "5"}, True),
        ({"field_size": {"gte": "estimate"}}, {"fields": {"size": "5"}, "estimate": "5.0"}, True),
        ({"field_size": {"gte": "due"}}, {"fields": {"size": "5"}, "due": "2027-01-10"}, False),  # a number and a day
        ({"estimate": {"gt": "field.size"}}, {"fields": {"size": ["9", "1"]}, "estimate": "5"}, True),
    ],
)
def test_a_field_on_the_right_side(when: dict[str, Any], facts: dict[str, Any], holds: bool) -> None:
    assert matches(rule("sso", **when), item(**facts)) is holds


@pytest.mark.parametrize(
    ("context", "when", "holds"),
    [
        (DONE, {"done": {"gte": DAY}}, True),
        (DROPPED, {"done": {"gte": DAY}}, False),
        (DROPPED, {"done": {"empty": True}}, True),
        (DROPPED, {"closed": {"gte": DAY}}, True),
        (DOING, {"closed": {"gte": DAY}}, False),
        (DOING, {"closed": {"empty": True}}, True),
        (DONE, {"closed": {"empty": False}}, True),
        (DONE, {"done": {"lte": "due"}}, True),
    ],
)
def test_done_and_closed_go_by_the_state(context: Context, when: dict[str, Any], holds: bool) -> None:
    assert matches(rule("sso", **when), item(done="2027-01-12", due="2027-01-12"), context) is holds


def test_a_closing_that_the_hub_saw_counts_where_the_vendor_gives_no_date() -> None:
    seen = item(status_seen_at=item(done="2027-01-12").done_at)
    assert matches(rule("sso", closed={"gte": DAY}), seen, DONE)


@pytest.mark.parametrize(
    ("when", "facts", "holds"),
    [
        ({"label": {"empty": True}}, {}, True),
        ({"label": {"empty": True}}, {"labels": ("x",)}, False),
        ({"label": {"empty": False}}, {"labels": ("x",)}, True),
        ({"label": {"empty": False}}, {}, False),
        ({"estimate": {"empty": True}}, {"estimate": "many"}, True),
        ({"due": [{"empty": True}, {"gte": DAY}]}, {}, True),
        ({"due": [{"empty": True}, {"gte": DAY}]}, {"due": "2027-01-11"}, True),
        ({"due": [{"empty": True}, {"gte": DAY}]}, {"due": "2027-01-09"}, False),
        ({"field_region": {"empty": True}}, {"fields": {"region": ""}}, True),
        ({"assignee": {"empty": True}}, {}, True),
        ({"team": {"empty": True}}, {}, True),
    ],
)
def test_emptiness(when: dict[str, Any], facts: dict[str, Any], holds: bool) -> None:
    assert matches(rule("sso", **when), item(**facts)) is holds


@pytest.mark.parametrize(
    ("pattern", "title", "holds"),
    [
        ("saml|scim", "Add SAML login", True),
        ("^add", "Add SAML login", True),
        ("^saml", "Add SAML login", False),
        (r"\d{4}", "Audit 2027", True),
        ("größe", "GRO\u0308ßE ändern", True),
        (r"(?:^|[^\pL\pN])änd", "X Änderung", True),
        ("ß", "SS", False),  # case, not folding
        ("x", "\ud800 x", True),  # half a character hurts nobody
    ],
)
def test_regular_expressions_know_unicode(pattern: str, title: str, holds: bool) -> None:
    assert matches(rule("sso", title={"regex": pattern}), item(title=title)) is holds


EVIL = (
    *(
        "^(a+)+$",
        "(a|aa)+$",
        "(a|a)*$",
        "^(a*)*$",
        "(.*)*x",
        "(a+){10}$",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(x+x+)+y",
        "(a?){50}a{50}",
    ),
    *("([a-zA-Z]+)*$", "(\\w+\\s?)*$", "^(\\w+\\s?)*$", "(a|b|ab)*c", "((a{0,9}){0,9}){0,9}$", "(.*a){20}", "^(?:a|a?)+$"),
    *("(\\d+)*\\.(\\d+)*x", "(?:.*,){11}P", "(a*)*(a*)*(a*)*b", "(.+)+\\1?$", "(a?){50}a{50}"),
)


@pytest.mark.parametrize("pattern", EVIL)
def test_a_pattern_that_would_hang_others_takes_no_time(pattern: str) -> None:
    """S11: RE2 answers in linear time, or refuses the pattern when the files are read."""
    began = time.process_time()
    with contextlib.suppress(UsageError):
        matches(rule("sso", title={"regex": pattern}), item(title="a" * 5000 + "!"))
    assert time.process_time() - began < 1.0, "25,000 steps for others' first thirty letters"


def test_a_regular_expression_and_another_operator_must_hold_for_the_same_value() -> None:
    both = rule("sso", field_size={"regex": "^2", "gt": 10})
    assert matches(both, item(fields={"size": ["5", "21"]}))
    assert not matches(both, item(fields={"size": ["2", "50"]}))


def test_an_assignee_is_known_by_account_and_by_the_mail_of_people() -> None:
    people = (Person("Ben@acme.example", (("jira", "u1"), ("trello", "77")), HERE),)
    mine = rule("sso", assignee="ben@ACME.example")
    assert matches(mine, item(assignee="U1"), people=people)
    assert matches(rule("sso", assignee="u1"), item(assignee="u1"), people=people)
    assert matches(mine, item(source="cards", assignee="77"), people=people)
    assert not matches(mine, item(source="cards", assignee="u1"), people=people)  # that is somebody else's account there
    assert not matches(mine, item(assignee="u1"))


def test_a_team_is_its_own_id_and_those_above_it() -> None:
    teams = [team("sales"), team("emea", "Sales"), team("dach", "emea")]
    for wanted, holds in (("sales", True), ("DACH", True), ("amer", False)):
        assert matches(rule("sso", team=wanted), item(), Context("todo", "dach"), teams=teams) is holds
    assert not matches(rule("sso", team="dach"), item(), Context("todo", "emea"), teams=teams)
    assert not matches(rule("sso", team="*"), item(), Context("todo", ""), teams=teams)


def test_the_state_is_what_the_context_says() -> None:
    opened = rule("sso", state=["todo", "doing"])
    assert [matches(opened, item(), Context(s)) for s in ("todo", "doing", "done", "dropped")] == [True, True, False, False]


def test_every_line_must_hold() -> None:
    both = rule("sso", project="IDN", label="login")
    assert matches(both, item(containers=("10000",), labels=("login",)))
    assert not matches(both, item(containers=("10001",), labels=("login",)))
    assert not matches(both, item(containers=("10000",)))


def test_no_unless_line_may_hold() -> None:
    spikes = rule("sso", project="IDN", unless={"label": "spike", "estimate": {"gt": 8}})
    idn = {"containers": ("10000",)}
    assert matches(spikes, item(**idn))
    assert matches(spikes, item(**idn, labels=("x",), estimate="8"))
    assert not matches(spikes, item(**idn, labels=("Spike",)))
    assert not matches(spikes, item(**idn, estimate="13"))


def test_an_unless_on_an_empty_field_excludes_nothing() -> None:
    assert matches(rule("sso", source="jira", unless={"due": {"lt": DAY}}), item())
    assert not matches(rule("sso", source="jira", unless={"due": {"empty": True}}), item())


def test_a_rule_without_any_line_about_the_item_takes_its_whole_source() -> None:
    assert matches(rule(ignore="requests", source="jira"), item())
    assert claims(rule(ignore="requests", source="jira"), item())[0].id == "requests"


def test_fields_can_be_read_without_rules() -> None:
    fields = Fields(LISTS)
    assert fields.read("project", item(containers=("10000",))) == (
        "10000",
        "IDN",
        "Identity",
        "jira:10000",
        "jira:IDN",
        "jira:Identity",
    )
    assert fields.read("field.region", item(fields={"region": "EMEA"})) == ("EMEA",)
    assert fields.read("field.nope", item()) is None
    assert Fields(Dimensions()).read("field.nope", item()) == ()  # a source of which nothing is known
    assert named_texts(item(fields={"Team": ("A", None, "B")}), "team") == ("A", "B")


def test_alternatives_of_different_kinds_stand_side_by_side() -> None:
    mixed = Condition("label", (alternative("a"), alternative("b*"), alternative({"empty": True})), HERE)
    one = rule("sso", source="jira")
    one = replace(one, when=(mixed,))
    assert [matches(one, item(labels=labels)) for labels in ((), ("a",), ("bc",), ("c",))] == [True, True, True, False]
