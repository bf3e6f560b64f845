"""Named cases in two pictures, before and after: what changes when an epic, a parent or a card changes."""

from __future__ import annotations

from hub.model import Dimensions, Item, Pattern, SourceFacts
from hub.patterns import link_items
from tests.reference.asking import HALF, LABEL, SSO, Answer, Ask
from tests.reference.builders import FIELDS, HERE, Q1, Q2, by_label, company, epic, item, key_result, objective, rule, sub_task

BOTH = [key_result("sso"), key_result("soc2")]
NOW = "2027-q1"


def outcomes(got: Answer, *numbers: int) -> list[str]:
    return [got.outcomes[no, NOW] for no in numbers]


def test_a_re_anchored_epic_takes_along_the_stories_that_have_no_label_of_their_own(answer: Ask) -> None:
    def stories(label: str) -> list[Item]:
        return [
            epic(1, labels=[label]),
            item(2, 1),
            item(3, 1, labels=["kr:sso"]),
            sub_task(4, 3),
            item(5, 1, labels=["kr:ktlo"]),
        ]

    before = answer(company(stories("kr:sso"), BOTH))
    assert before.units == {(2, "sso"), (3, "sso")}
    after = answer(company(stories("kr:soc2"), BOTH))
    assert after.units == {(2, "soc2"), (3, "sso")}
    assert after.parts[4, NOW] == {"sso": 1}
    assert outcomes(after, 5) == ["allowance"]


def test_an_epic_re_anchored_by_key_leaves_the_labels_of_its_stories_alone(answer: Ask) -> None:
    items = [epic(1, key="IDN-1"), item(2, 1, labels=["kr:sso"]), item(3, 1, title="SAML")]
    rules = [by_label(), rule("sso", title="SAML"), rule("soc2", key="IDN-1")]
    got = answer(company(items, BOTH, rules))
    assert got.units == {(2, "sso"), (3, "soc2")}


def test_a_new_story_under_an_epic_counts_from_its_first_day(answer: Ask) -> None:
    items = [epic(1, labels=LABEL), item(2, 1, state="done")]
    assert answer(company(items, BOTH)).progress[SSO] == 1
    got = answer(company([*items, item(3, 1, created="2027-03-31")], BOTH))
    assert got.units == {(2, "sso"), (3, "sso")}
    assert got.progress[SSO] == HALF
    assert answer(company([*items, item(3, 1, created="2027-04-01")], BOTH)).progress[SSO] == 1


def test_the_first_story_takes_the_place_of_its_epic(answer: Ask) -> None:
    assert answer(company([epic(1, labels=LABEL, state="done")], BOTH)).progress[SSO] == 1
    got = answer(company([epic(1, labels=LABEL, state="done"), item(2, 1)], BOTH))
    assert got.units == {(2, "sso")}
    assert got.progress[SSO] == 0


def test_an_epic_cancelled_over_open_stories_takes_them_along_and_keeps_what_was_done(answer: Ask) -> None:
    def stories(state: str) -> list[Item]:
        return [epic(1, labels=LABEL, state=state), item(2, 1, state="done"), item(3, 1), item(4, 1, state="doing")]

    assert answer(company(stories("doing"), BOTH)).units == {(2, "sso"), (3, "sso"), (4, "sso")}
    got = answer(company(stories("dropped"), BOTH))
    assert got.states == {1: "dropped", 2: "done", 3: "dropped", 4: "dropped"}
    assert got.units == {(2, "sso")}
    assert got.progress[SSO] == 1
    assert got.active == {2}


def test_a_parent_that_arrives_a_run_later_brings_its_anchor_along(answer: Ask) -> None:
    story = item(2, state="doing")._replace(parent_ref="1")
    (alone,) = link_items([story], [])
    before = answer(company([alone], BOTH))
    assert outcomes(before, 2) == ["unanchored"]
    after = answer(company(link_items([story, epic(1, labels=LABEL)], []), BOTH))
    assert after.units == {(2, "sso")}


def test_one_label_feeds_whatever_cycle_the_work_is_in(answer: Ask) -> None:
    cycles = {"cycles": [Q1, Q2], "objectives": [objective("land"), objective("keep", cycle="2027-q2")]}
    krs = [key_result("sso"), key_result("sso", objective="keep", cycle="2027-q2")]
    items = [epic(1, labels=LABEL), item(2, 1, state="done"), item(3, 1, state="done", closed="2027-05-01"), item(4, 1)]
    got = answer(company(items, krs, as_of="2027-05-10", **cycles))
    assert got.parts[1, "2027-q1"] == got.parts[1, "2027-q2"] == {"sso": 1}
    assert got.progress[SSO].limit_denominator() == HALF - HALF / 3  # 2 of 2, 3 and 4: what was done later counts as open
    assert got.progress["key_result", "2027-q2/sso"] == HALF  # 3 of 3 and 4


# ---- work that spans tools ------------------------------------------------------------------------------------------------

CARDS = [Pattern(0, "cards", ("title", "attachment"), "jira key", "child", HERE)]


TOOLS = Dimensions(sources={name: SourceFacts(name, kind, FIELDS) for name, kind in (("jira", "jira"), ("cards", "trello"))})


def card(no: int, title: str, **more: object) -> Item:
    return item(no, source="cards", key=None, id=f"card-{no}", title=title, **more)


def test_a_card_that_names_an_issue_stands_beneath_it(answer: Ask) -> None:
    items = [epic(1, labels=LABEL, key="IDN-1"), card(2, "idn-1: the page", state="done"), card(3, "The other page")]
    got = answer(company(link_items(items, CARDS), BOTH, dimensions=TOOLS))
    assert got.units == {(2, "sso")}
    assert outcomes(got, 3) == ["unanchored"]


def test_a_card_that_names_two_issues_has_no_parent_and_is_reported(answer: Ask) -> None:
    items = [epic(1, labels=LABEL, key="IDN-1"), epic(2, labels=["kr:soc2"], key="IDN-2"), card(3, "IDN-1 and IDN-2")]
    got = answer(company(link_items(items, CARDS), BOTH, dimensions=TOOLS))
    assert got.units == {(1, "sso"), (2, "soc2")}
    assert outcomes(got, 3) == ["unanchored"]
    assert got.reported["ambiguous"] == {3}


def test_two_names_of_one_issue_are_one(answer: Ask) -> None:
    items = [epic(1, labels=LABEL, key="IDN-1", aliases=("old-7",)), card(2, "IDN-1, formerly OLD-7 (see NONE-1)")]
    got = answer(company(link_items(items, CARDS), BOTH, dimensions=TOOLS))
    assert got.units == {(2, "sso")}
    assert got.reported["ambiguous"] == frozenset()


def test_the_vendor_s_own_parent_goes_before_a_pattern(answer: Ask) -> None:
    items = [
        epic(1, labels=LABEL, key="IDN-1"),
        card(2, "Board", labels=["kr:soc2"]),
        card(3, "IDN-1")._replace(parent_ref="card-2"),
    ]
    got = answer(company(link_items(items, CARDS), BOTH, dimensions=TOOLS))
    assert got.units == {(1, "sso"), (3, "soc2")}


def test_of_duplicates_one_counts(answer: Ask) -> None:
    pattern = Pattern(0, None, ("title",), r"duplicate of (\S+)", "duplicate", HERE)
    items = [
        item(1, labels=LABEL, key="IDN-1"),
        item(2, labels=["kr:soc2"], key="IDN-2", title="Duplicate of IDN-1", state="doing"),
        sub_task(3, 2, title="its own work"),
        item(4, labels=LABEL, key="IDN-4", title="duplicate of idn-2"),
        sub_task(5, 2, labels=LABEL, state="done"),
    ]
    got = answer(company(link_items(items, [pattern]), BOTH))
    assert outcomes(got, 1, 2, 3, 4, 5) == ["linked", "duplicate", "unanchored", "duplicate", "linked"]
    assert got.units == {(1, "sso"), (5, "sso")}
    assert got.progress["key_result", "soc2"] is None
    assert got.active == {5}
