"""Goals that labels and fields name."""

from __future__ import annotations

from datetime import date

from hub.looking.goals import Convention, Goals, goals
from hub.looking.stock import Stock
from hub.model import Item
from tests.hub.looking.builders import stock, tree, work

TODAY = date(2027, 2, 15)


def gathered(given: Stock, **more: object) -> Goals:
    return goals(given, TODAY, {}, {}, **more)  # type: ignore[arg-type]


def only(found: Goals) -> Convention:
    (one,) = found.conventions
    return one


def ids(found: Goals) -> list[str]:
    return [goal.id for goal in found.goals]


def test_a_label_reaches_what_is_beneath() -> None:
    found = gathered(stock(tree(1, 6, labels=["kr:sso"]), tree(10, 9, labels=["KR:SSO"]), work(30, labels=["backend"])))
    (goal,) = found.goals
    assert (goal.id, goal.name, goal.carriers, goal.reach) == ("sso", "Sso", 2, 15)
    assert goal.example == 'IDN-10 "Work 10"'
    assert (only(found).where, only(found).pattern, only(found).reach) == ("label", "kr:{key_result}", 15)


def test_sub_tasks_are_not_counted() -> None:
    children = [work(n, parent=1, level=-1) for n in range(2, 9)]
    assert gathered(stock(work(1, labels=["kr:sso"]), children)).goals == ()


def test_a_stray_label_is_told_and_not_drafted() -> None:
    given = stock(tree(1, 8, labels=["kr:sso"]), tree(20, 3, labels=["kr:soc2"]), work(30, labels=["kr:later"]))
    found = gathered(given)
    assert ids(found) == ["sso", "soc2"]  # an epic's label is meant, however small the epic
    assert only(found).few == [("later", 1)]


def test_a_misspelt_label_is_told_and_not_drafted() -> None:
    given = stock(tree(1, 8, labels=["kr:sso"]), tree(20, 8, labels=["kr:sso"]), tree(40, 6, labels=["kr:ssso"]))
    found = gathered(given)
    assert ids(found) == ["sso"]
    assert only(found).slips == [("ssso", "sso", 6)]


def test_of_two_alike_on_one_item_each_none_is_drafted() -> None:
    given = stock(tree(1, 8, labels=["kr:billing"]), tree(20, 7, labels=["kr:biling"]), tree(40, 6, labels=["kr:nps"]))
    found = gathered(given)
    assert ids(found) == ["nps"]
    assert (only(found).asked, only(found).slips) == ([("biling", "billing")], [])


def test_work_that_runs_the_business_is_an_allowance() -> None:
    found = gathered(stock(tree(1, 8, labels=["kr:sso"]), work(20, labels=["kr:KTLO"])))
    assert (ids(found), found.allowances, only(found).allowances) == (["sso"], ("ktlo",), ["ktlo"])


def test_another_cycle_is_told_and_left_out() -> None:
    found = gathered(stock(tree(1, 8, labels=["okr-2027-q1-sso"]), tree(20, 9, labels=["okr-2026-q4-nps"])))
    assert ids(found) == ["sso"]
    assert [(c.pattern, c.why_not) for c in found.conventions] == [
        ("okr-2027-q1-{key_result}", ""),
        ("okr-2026-q4-{key_result}", "it names another cycle"),
    ]


def test_too_little_is_no_convention() -> None:
    found = gathered(stock(work(1, labels=["kr:sso"]), work(2, labels=["kr:soc2"])))
    assert (found.goals, only(found).why_not) == ((), "it reaches fewer than 5 items")


def test_names_that_cannot_be_ids() -> None:
    found = gathered(stock(tree(1, 8, labels=["kr:sso"]), tree(20, 8, labels=["kr:a/b"])))
    assert (ids(found), only(found).unfit) == (["sso"], ["a/b"])


# ---- fields ---------------------------------------------------------------------------------------------------------------


def with_field(first: int, number: int, name: str, value: object) -> list[Item]:
    return [work(n, fields={name: value}) for n in range(first, first + number)]


def test_a_field_of_ids_is_taken_as_it_is() -> None:
    found = gathered(stock(with_field(1, 6, "okr", "sso"), with_field(20, 7, "okr", ["soc2", "nps"])))
    assert (only(found).where, only(found).pattern, ids(found)) == ("field.okr", "{key_result}", ["nps", "soc2", "sso"])


def test_a_field_of_words_goes_value_by_value() -> None:
    found = gathered(stock(with_field(1, 6, "theme", "Win the enterprise"), with_field(20, 5, "theme", "Größe"),
                           with_field(30, 2, "theme", "A whim")))  # fmt: skip
    assert only(found).values == [("Win the enterprise", "win-the-enterprise"), ("Größe", "groesse")]
    assert [(g.id, g.name) for g in found.goals] == [("win-the-enterprise", "Win the enterprise"), ("groesse", "Größe")]
    assert (only(found).pattern, only(found).few) == ("", [("A whim", 2)])


def test_values_that_are_spelt_like_labels() -> None:
    found = gathered(stock(with_field(1, 6, "marks", "kr:sso"), with_field(20, 6, "marks", "kr:nps")))
    assert (only(found).where, only(found).pattern, ids(found)) == ("field.marks", "kr:{key_result}", ["nps", "sso"])


def test_a_field_of_other_things_is_none() -> None:
    assert gathered(stock(with_field(1, 9, "colour", "red"))).conventions == ()
    assert gathered(stock(with_field(1, 9, "team", "Goals")), besides={"team"}).conventions == ()


def test_too_many_values_name_nothing() -> None:
    found = gathered(stock([work(n, fields={"goal": f"words {n}"}) for n in range(70)]))
    assert (found.goals, only(found).why_not) == ((), "it has 70 different values: texts rather than goals")


def test_the_same_goal_by_label_and_field_is_one() -> None:
    found = gathered(stock(tree(1, 6, labels=["kr:sso"]), with_field(20, 6, "okr", "sso")))
    assert [(g.id, g.reach) for g in found.goals] == [("sso", 12)]


# ---- where they go --------------------------------------------------------------------------------------------------------


def test_goals_are_grouped_by_the_team_of_most_of_their_work() -> None:
    given = stock(tree(1, 8, labels=["kr:sso"]), tree(20, 6, labels=["kr:nps"]), tree(40, 9, labels=["kr:loose"]))
    team_of = {no: "login" if no < 20 else "core" if no < 40 else None for no in given.by_no}
    found = goals(given, TODAY, team_of, {"login": "Login", "core": "Core"})
    assert [(g.id, g.name, g.team) for g in found.groups] == [
        ("goals-login", "Goals of Login", "login"),
        ("goals-core", "Goals of Core", "core"),
        ("goals", "Goals", None),
    ]
    assert {g.id: g.objective for g in found.goals} == {"sso": "goals-login", "nps": "goals-core", "loose": "goals"}


def test_beside_known_key_results_none_is_drafted() -> None:
    given = stock(tree(1, 8, labels=["kr:sso"]), tree(20, 9, labels=["kr:nps"]), work(40, labels=["kr:ssso"]))
    found = gathered(given, known=frozenset({"sso"}))
    assert (found.goals, only(found).goals, only(found).few) == ((), ["sso"], [("nps", 9)])
    assert only(found).slips == [("ssso", "sso", 1)]
