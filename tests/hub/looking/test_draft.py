"""The proposed files: they hold together, promise what is so, and stand beside what is there."""

from __future__ import annotations

import csv
import io
import tomllib
from typing import Any

import pytest

from hub.errors import AnchorlineError
from hub.looking import Draft, Stock, TeamRow, news, spread
from hub.model import Item
from tests.hub.looking.builders import NOW, drafted, lists, stock, tree, work

KEPT = {
    "mappings/all.toml": """
[cycle]
2027-q1 = { starts = 2027-01-01, ends = 2027-03-31 }
[pillar]
growth = { name = "Growth" }
[[objective]]
id = "secure"
name = "Secure"
cycle = "2027-q1"
anchor.pillar = "growth"
[[key_result]]
id = "sso"
objective = "secure"
name = "Single sign-on"
kind = "completion"
"""
}


def company() -> Stock:
    """Two labelled epics, a service desk, upkeep, bugs, and work that serves nothing."""
    return stock(
        tree(1, 10, labels=["kr:sso"]),
        tree(20, 8, labels=["kr:nps"], project="20"),
        [work(n, project="30", type="Service Request") for n in range(40, 50)],
        [work(n, project="20", components=["Operations"]) for n in range(60, 67)],
        [work(n, project="20", type="Bug") for n in range(70, 76)],
        [work(n) for n in range(80, 90)],
    )


def tables(made: Draft, name: str) -> dict[str, Any]:
    return tomllib.loads(made.files[f"mappings/{name}"])


def rules(made: Draft) -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in tables(made, "rules.toml").get("rule", [])}


# ---- rules and what they add ----------------------------------------------------------------------------------------------


def test_a_starting_rule_set_with_what_each_rule_adds() -> None:
    made = drafted(company())
    told = [(w.rule.name, w.adds, w.aside, w.of) for w in made.rules.written]
    assert told == [
        ("label", 18, 0, 41),
        ("requests-itsd", 0, 10, 41),
        ("upkeep-components", 7, 0, 41),
        ("upkeep-types", 6, 0, 41),
    ]
    text = made.files["mappings/rules.toml"]
    assert '# Adds 18 of 41 active items (44 %).\n[[rule]]\nname = "label"' in text
    told = (
        "# Sets 10 active items aside, which then count nowhere.\n# Requests and incidents are 100 % of its 10 items.\n[[rule]]"
    )
    assert told in text


def test_what_files_that_stand_do_not_mention_is_news() -> None:
    first = drafted(company()).files
    assert not news(drafted(company(), kept=first), first.values())
    more = stock(company().items, [work(n, labels=["kr:later"]) for n in range(200, 206)])
    assert news(drafted(more, kept=first), first.values()).goals == ("later",)


def test_the_promise_is_what_an_assessment_of_the_files_gives() -> None:
    given = company()
    made = drafted(given)
    after = spread(made.mapping, given.items, given.dimensions, NOW)
    assert after.counts == made.rules.last.counts | {"ignored": 10}
    assert sum(w.adds for w in made.rules.written) == after.counts["linked"] + after.counts["allowance"] == 31
    assert sum(w.aside for w in made.rules.written) == len(after.set_aside) == 10


def test_what_overlaps_is_counted_once_in_the_order_written() -> None:
    """Bugs in operations: the rule with more comes first, the other adds what is left."""
    given = stock(
        [work(n, components=["Operations"], type="Bug") for n in range(1, 7)], [work(n, type="Bug") for n in range(10, 17)]
    )
    assert [(w.rule.name, w.adds) for w in drafted(given).rules.written] == [("upkeep-types", 13)]
    assert [(c.name, why) for c, why in drafted(given).rules.left_out] == [
        ("upkeep-components", "of the 6 items that it matches no active one is left to add")
    ]


def test_nothing_is_written_that_matches_under_five() -> None:
    made = drafted(stock([work(n, type="Bug") for n in range(4)], work(9)))
    assert rules(made) == {}
    assert "ties 5 items or more to anything" in made.files["mappings/rules.toml"]


def test_only_active_work_counts() -> None:
    given = stock(tree(1, 10, labels=["kr:sso"], state="todo"), [work(n, state="todo", labels=["kr:nps"]) for n in range(20, 29)])
    made = drafted(given)
    assert [(w.rule.name, w.adds, w.of) for w in made.rules.written] == [("label", 9, 9)]


def test_work_done_before_the_cycle_is_not_active() -> None:
    given = stock([work(n, state="done", closed="2026-11-01", labels=["kr:sso"]) for n in range(1, 9)], work(20))
    made = drafted(given)
    assert [(w.adds, w.of) for w in made.rules.written] == [(0, 1)]
    assert "No active item yet; it reaches 8 items." in made.files["mappings/rules.toml"]


def test_names_that_were_not_drafted_show_as_broken() -> None:
    given = stock(tree(1, 8, labels=["kr:sso"]), tree(20, 8, labels=["kr:sso"]), tree(40, 6, labels=["kr:ssso"]))
    made = drafted(given)
    assert (made.rules.written[0].adds, made.rules.written[0].broken) == (16, 6)
    assert '# "ssso" (6 items) looks like "sso" misspelt: shown as a broken anchor.' in made.files["mappings/rules.toml"]


def test_a_field_in_words_becomes_a_template() -> None:
    values = {"Win the enterprise": range(1, 8), "Größe": range(20, 26)}
    given = stock([work(n, fields={"theme": value}) for value, nos in values.items() for n in nos])
    made = drafted(given)
    (rule,) = rules(made).values()
    assert rule["for_each"]["rows"] == [
        {"value": "Win the enterprise", "id": "win-the-enterprise"},
        {"value": "Größe", "id": "groesse"},
    ]
    assert made.rules.last.counts["linked"] == 13


def test_likely_rules_stand_as_comments() -> None:
    labelled = [work(n, labels=["kr:sso"], components=["Login"]) for n in range(1, 9)]
    given = stock(labelled, [work(n, components=["Login"]) for n in range(20, 26)])
    made = drafted(given)
    assert [hint.rule.lines[-1] for hint in made.rules.hints] == ['to = "sso"']
    assert set(rules(made)) == {"label"}
    assert '# when.component = "Login"' in made.files["mappings/rules.toml"]


def test_a_component_of_two_key_results_is_no_hint() -> None:
    labelled = [work(n, labels=["kr:sso" if n % 2 else "kr:nps"], components=["Login"]) for n in range(1, 13)]
    assert drafted(stock(labelled, [work(n, components=["Login"]) for n in range(20, 26)])).rules.hints == ()


# ---- the other files ------------------------------------------------------------------------------------------------------


def test_the_cycle_is_the_quarter_of_the_newest_change() -> None:
    given = stock([work(n, updated_at=NOW - 200 * 86_400_000) for n in range(3)])
    assert tables(drafted(given), "strategy.toml")["cycle"].keys() == {"2026-q3"}
    assert drafted(given).cycle == "2026-q3"
    assert drafted(company()).cycle == "2027-q1"


def test_objectives_per_team_with_a_pillar_and_a_state() -> None:
    made = drafted(company())
    found = tables(made, "objectives.toml")
    assert [(o["id"], o["team"], o["state"], o["anchor"]) for o in found["objective"]] == [
        ("goals-identity", "identity", "agreed", {"pillar": "strategy"}),
        ("goals-product-core", "product-core", "agreed", {"pillar": "strategy"}),
    ]
    assert {k["id"]: k["objective"] for k in found["key_result"]} == {"sso": "goals-identity", "nps": "goals-product-core"}
    assert '# kr:sso on 1 item, 10 with all beneath; the largest is IDN-1 "Work 1".' in made.files["mappings/objectives.toml"]


def test_plain_statuses_are_lines_and_the_others_comments() -> None:
    dimensions = lists(s1=("Parked", "indeterminate"), s2=("Blocked", "indeterminate"), s3=("Doing", "indeterminate"))
    given = stock([work(n, status_id=str(n % 3 + 1)) for n in range(9)], dimensions=dimensions)
    made = drafted(given)
    assert tables(made, "statuses.toml") == {"status": {"jira": {"Parked": "todo"}}}
    assert '# "Blocked" = "todo"  # 3 items; ' in made.files["mappings/statuses.toml"]
    assert made.rules.last.total == 6  # and it is counted so


def test_the_table_of_teams_is_read_by_its_template() -> None:
    given = stock([work(n, fields={"team": 'A, "B"'}) for n in range(6)], [work(n, project="20") for n in range(10, 16)])
    made = drafted(given)
    rows = list(csv.DictReader(io.StringIO(made.files["mappings/teams.csv"])))
    assert [(r["id"], r["name"], r["jira"], r["field"]) for r in rows] == [
        ("a-b", 'A, "B"', "IDN", 'A, "B"'),
        ("product-core", "Product core", "CORE", ""),
    ]
    team = made.mapping.teams["a-b"]
    assert (team.owns_project, dict(team.owns_field), team.lead) == (("IDN",), {"team": ('A, "B"',)}, None)
    assert dict(made.mapping.teams["product-core"].owns_field) == {}


def test_a_team_with_several_projects_gets_a_column_for_each() -> None:
    given = stock(*[[work(100 * n + at, project=str(n * 10), fields={"team": "A"}) for at in range(6)] for n in (1, 2)])
    made = drafted(given)
    assert made.files["mappings/teams.csv"].splitlines()[0] == "id,name,parent,lead,size,channel,jira,jira_2,field"
    assert sorted(made.mapping.teams["a"].owns_project) == ["CORE", "IDN"]


def test_a_site_without_any_label() -> None:
    made = drafted(stock([work(n) for n in range(1, 20)]))
    assert made.goals.goals == ()
    assert "# [[objective]]" in made.files["mappings/objectives.toml"]
    assert '# when.label = "kr:{key_result}"' in made.files["mappings/rules.toml"]
    assert made.rules.last.counts["unanchored"] == 19


# ---- what others wrote ----------------------------------------------------------------------------------------------------

ODD = ["kr:{x}", 'a"b\\', "# = [", "{key_result}", "new\nline", "\u202eevil", "*", "?", "'''", "\x00", "kr:" + "x" * 200, "🦆"]


def odd_work(no: int, text: str) -> Item:
    return work(
        no,
        labels=[text],
        components=[text],
        type=text,
        title=text,
        status=text,
        fields={"theme": text, "team": text, "okr": [text]},
    )


def test_whatever_people_write_the_files_hold_together() -> None:
    odd = [odd_work(100 * at + n, text) for at, text in enumerate(ODD, 1) for n in range(6)]
    named = tree(5000, 7, labels=["kr:sso"], title='Say "hi"\n[[rule]]')
    made = drafted(stock(odd, named))
    for name, text in made.files.items():
        if name.endswith(".toml"):
            tomllib.loads(text)
        assert "\u202e" not in text
    assert made.mapping.key_results[made.cycle, "sso"]


# ---- beside what is there -------------------------------------------------------------------------------------------------


def test_files_that_stand_are_not_proposed_again() -> None:
    made = drafted(company(), KEPT)
    assert sorted(made.files) == [
        f"mappings/{n}" for n in ("rules.toml", "statuses.toml", "strategy.toml", "teams.csv", "teams.toml")
    ]
    assert tables(made, "strategy.toml") == {"allowance": {"ktlo": {"name": "Keep the lights on"}}}
    assert set(made.mapping.key_results) == {("2027-q1", "sso")}
    assert made.rules.written[0].broken == 8  # kr:nps is no key result of theirs


def test_a_second_time_nothing_is_left_to_propose() -> None:
    given = company()
    first = drafted(given)
    again = drafted(given, first.files)
    assert again.files == {}
    assert again.rules.last.counts == spread(first.mapping, given.items, given.dimensions, NOW).counts


def test_a_name_that_is_taken_by_something_else_is_left_alone() -> None:
    made = drafted(company(), {**KEPT, "mappings/teams.csv": "who,what\na,b\n", "mappings/rules.toml": "# later\n"})
    assert {"mappings/drafted-rules.toml", "mappings/drafted-teams.csv"} <= set(made.files)
    assert 'for_each.file = "drafted-teams.csv"' in made.files["mappings/teams.toml"]


def test_teams_of_a_sheet_stand_beside_those_of_the_work() -> None:
    made = drafted(company(), teams=[TeamRow("research", "Research")])
    assert made.mapping.teams["research"].owns_project == ()


def test_what_does_not_go_together_is_said() -> None:
    sheet = {"mappings/objectives/a.toml": '[[key_result]]\nid = "x"\nobjective = "none"\nname = "X"\nkind = "completion"\n'}
    with pytest.raises(AnchorlineError, match="do not go together"):
        drafted(company(), objectives=sheet, known=frozenset({"x"}))
