"""What `progress` and `unanchored` say, at 80 columns, from values made by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len

from hub.cli.render.tree import age, meaning, only_pillar, tree, work
from hub.cli.render.unanchored import mending, unanchored
from hub.report.values import Node
from tests.hub.cli import builders as b


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


# ---- progress -----------------------------------------------------------------------------------------------------------


def test_the_tree_at_80_columns() -> None:
    assert lines(b.shown(tree(b.tree(), b.NOW, 80))) == [
        "2026-q4  1 Oct 2026 to 31 Dec 2026  51 of 92 days gone (55 %)",
        "evaluated for 2026-11-20 12:00 UTC",
        "",
        "Company                                   55 %  unknown   from 1 of 2",
        "└─ Win the enterprise                     55 %  unknown   from 1 of 2 · Rosa Ke…",
        "   └─ Pass every review                   55 %  unknown   from 1 of 2 · identity",
        "      ├─ sso  Single sign-on generall…    55 %  on track  11 of 20 items done",
        "      └─ soc2  SOC 2 controls in place       –  unknown   no work is attached",
        "",
        "100 active items: 60 serve key results (60 %), 20 run the business (20 %), 15",
        "serve nothing (15 %), 3 are contested (3 %), 2 hang on names that do not exist",
        "(2 %).",
        "`anchorline unanchored` begins with those names, and what was probably meant.",
        "Data of jira: 2 hours ago, complete",
        "Completion is output: the share of attached work that is done, not the outcome.",
    ]


def test_bars_stay_where_names_can_be_read() -> None:
    results = (b.key_result(id="a", name="Short"), b.key_result(id="b", name="Short as well"))
    text = b.shown(tree(b.tree(company=Node("company", "c", "Company", Fraction(1, 2), 2, 2, children=results)), b.NOW, 80))
    assert "├─ a  Short          ████░░░░    55 %  on track  11 of 20 items done" in text
    assert "████░" in b.shown(tree(b.tree(), b.NOW, 120), 120)


@pytest.mark.parametrize("width", range(70, 161, 10))
def test_names_of_a_tree_stay_readable_at_any_width(width: int) -> None:
    name = "Single sign-on generally available for everyone"
    results = (b.key_result(name=name, note="11 of 20 items done, weighing 9.5 of 17 as some are shared", team="Product Core"),)
    objective = Node("objective", "o", name, Fraction(1), 1, 1, owner="Hugo Lindqvist", children=results)
    text = b.shown(tree(b.tree(company=Node("company", "c", "C", Fraction(1), 1, 1, children=(objective,))), b.NOW, width), width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert text.count("Single sign-on generall" if width >= 80 else "Single sign-on ge") == 2


@pytest.mark.parametrize(
    ("as_of", "wanted"),
    [
        ("2026-10-01T00:30:00+02:00", "1 of 92 days gone (1 %)"),  # where the strategy lives it is the first day already
        ("2026-12-31T12:00:00+01:00", "92 of 92 days gone (100 %)"),
        ("2027-01-12T12:00:00+01:00", "over for 12 days"),
        ("2026-09-30T12:00:00+02:00", "begins in 1 day"),
    ],
)
def test_how_much_of_the_cycle_is_gone(as_of: str, wanted: str) -> None:
    at = int(datetime.fromisoformat(as_of).timestamp() * 1000)
    assert wanted in b.shown(tree(b.tree(as_of=at), at, 120, ZoneInfo("Europe/Berlin")), 120).splitlines()[0]


def test_what_must_be_known_first_stands_above_the_numbers() -> None:
    notes = ("Nothing has been read from jira yet. `anchorline runs` says why.", "One \x1b[31mmore.")
    for part in (tree(b.tree(notes=notes), b.NOW, 80), unanchored(b.unanchored(notes=notes), b.NOW, 80, False)):
        said = lines(b.shown(part))
        first = said.index("! Nothing has been read from jira yet. `anchorline runs` says why.")
        assert said[first + 1 : first + 3] == ["! One more.", ""]
        assert said[first + 3].startswith(("Company", "37 active items"))
    assert "\x1b[33mOne more" in b.shown(tree(b.tree(notes=notes), b.NOW, 80), terminal=True)


def test_the_tree_at_120_columns_says_all() -> None:
    text = b.shown(tree(b.tree(), b.NOW, 120), 120)
    assert "soc2  SOC 2 controls in place" in text
    assert "platform · no work is attached" in text
    assert "11 of 20 items done, 3 left out" in text


def test_what_was_not_measured_is_never_zero() -> None:
    narrow, wide = b.shown(tree(b.tree(), b.NOW, 80)), b.shown(tree(b.tree(), b.NOW, 120), 120)
    assert "–  unknown" in narrow and "unmeasured" in wide
    assert " 0 %" not in narrow + wide


@pytest.mark.parametrize(
    ("status", "colour"),
    [
        ("on track", "32"),
        ("done", "32"),
        ("at risk", "33"),
        ("off track", "31"),
        ("missed", "31"),
        ("unknown", "35"),
        ("draft", "2"),
    ],
)
def test_a_status_is_a_word_in_its_colour_and_what_is_unknown_is_never_green(status: str, colour: str) -> None:
    value = b.tree(company=Node("company", "c", "Company", None, 1, 0, status=status))
    assert f"\x1b[{colour}m{status}" in b.shown(tree(value, b.NOW, 80), terminal=True)
    assert f"  {status}" in b.shown(tree(value, b.NOW, 80))


def test_measured_key_results_say_their_numbers_and_parts_stand_under_their_whole() -> None:
    parts = (
        b.key_result(
            id="arr-EMEA", name="EMEA", progress=Fraction(0), unclamped=Fraction(-1, 20), note="-150,000 of 3,000,000 USD"
        ),
        b.key_result(
            id="arr-AMER", name="AMER", progress=Fraction(1), unclamped=Fraction(28, 25), note="6.72 M of 6 M USD, from 0"
        ),
    )
    whole = b.key_result(
        id="arr", name="New ARR", measured_by="increase", children=parts, note="7.1 M of 9 M USD, from 0; work 14/20"
    )
    company = Node("company", "company", "Company", Fraction(3, 4), 1, 1, status="on track", children=(whole, b.key_result()))
    wide = lines(b.shown(tree(b.tree(company=company), b.NOW, 120), 120))
    assert wide[2:7] == [
        "Company                                     ███████░░░    75 %  on track  from 1 of 1",
        "├─ arr  New ARR                             █████░░░░░    55 %  on track  7.1 M of 9 M USD, from 0; work 14/20",
        "│  ├─ arr-EMEA  EMEA                        ░░░░░░░░░░    -5 %  on track  -150,000 of 3,000,000 USD",
        "│  └─ arr-AMER  AMER                        ██████████   112 %  on track  6.72 M of 6 M USD, from 0",
        "└─ sso  Single sign-on generally available  █████░░░░░    55 %  on track  11 of 20 items done, 3 left out",
    ]
    narrow = lines(b.shown(tree(b.tree(company=company), b.NOW, 80)))
    assert narrow[4].endswith("on track  7.1 M of 9 M USD")
    assert narrow[5].endswith("  -5 %  on track  -150,000 of 3,000,000 USD")


def test_the_foot_says_what_percentages_mean_for_the_kinds_that_are_shown() -> None:
    def meant(*kinds: str) -> str:
        under = tuple(b.key_result(measured_by=kind) for kind in kinds)
        return meaning(Node("company", "company", "Company", None, 1, 1, children=under))

    assert meant("completion") == "Completion is output: the share of attached work that is done, not the outcome."
    assert meant("increase", "decrease") == "Percentages: increase and decrease, the way from start to target."
    assert meant("stay_above", "completion", "milestone", "parts") == (
        "Percentages: completion, the share of attached work that is done (output, not outcome); milestone, the share of steps"
        " that are done; stay, whether it holds, or how often; key results of parts, the mean of their parts."
    )


def test_the_foot_says_where_work_goes_and_how_old_data_is() -> None:
    counts = {"linked": 336, "allowance": 69, "unanchored": 117, "contested": 0, "broken": 39}
    assert work(counts, 7).plain == (
        "561 active items: 336 serve key results (60 %), 69 run the business (12 %), 117 serve nothing (21 %), "
        "39 hang on 7 names that do not exist (7 %).\n"
        "`anchorline unanchored` begins with those names, and what was probably meant."
    )
    assert work({"linked": 1, "contested": 1}).plain == (
        "2 active items: 1 serves key results (50 %), 1 is contested (50 %).\n"
        "`anchorline unanchored` says who claims the contested ones."
    )
    assert work({"linked": 1, "broken": 1}, 1).plain.splitlines()[0].endswith("1 hangs on 1 name that does not exist (50 %).")
    assert work({}).plain == "No active work."


def test_the_figures_of_all_pillars_are_not_shown_under_one() -> None:
    one = only_pillar(b.tree(), "enterprise")
    assert one is not None
    said = b.shown(tree(one, b.NOW, 80))
    assert "active items" not in said
    assert "Completion is output" in said


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, "Data of jira: 2 hours ago, complete"),
        ({"complete_at": b.NOW - 3 * b.DAY}, "Data of jira: 3 days ago, complete, so it is stale"),
        ({"complete_at": None, "last_result": None}, "Data of jira: never read completely"),
        ({"complete_at": None, "last_result": "failed"}, "Data of jira: never read completely; the last run failed"),
        ({"last_result": "partial"}, "Data of jira: 2 hours ago; since then the last run (just now) read only a part"),
        (
            {"complete_at": b.NOW - 3 * b.DAY, "last_result": "held"},
            "Data of jira: 3 days ago, so it is stale; since then the last run (just now) is held back, waiting for approval",
        ),
        ({"last_result": "running"}, "Data of jira: 2 hours ago; since then the last run (just now) has not ended yet"),
    ],
)
def test_the_age_of_data_is_said_plainly(change: dict[str, object], wanted: str) -> None:
    assert age(b.age(**change), b.NOW).plain == wanted


def test_one_pillar_by_id_or_name() -> None:
    for wanted in ("enterprise", "WIN THE enterprise"):
        found = only_pillar(b.tree(), wanted)
        assert found is not None
        assert found.company.id == "enterprise"
    assert only_pillar(b.tree(), "enterprize") is None


# ---- unanchored ---------------------------------------------------------------------------------------------------------


def test_the_lists_of_unanchored_work() -> None:
    rows = (b.row(), b.row(key=None, team=None, age_days=None), b.row(key="PLAT-9", state="done", age_days=0))
    said = lines(b.shown(unanchored(b.unanchored(items=rows), b.NOW, 80, filtered=False)))
    assert said == [
        "37 active items serve no key result, 25 % of 148 (2026-q4). 12 more in the",
        "backlog lie dormant.",
        "",
        "Broken anchors: 1 item, 5 with what hangs beneath",
        "  IDN-7  Upgrade the database",
        "         kr:ssso: no key result 'ssso'; did you mean 'sso'?",
        "",
        "Contested: 1 item, claimed with equal strength, so nobody gets credit",
        "  CORE-1  Upgrade the database",
        "          sso and soc2, both with strength 50",
        "",
        "team      items  effort",
        "Platform     30    41.5",
        "no team       7       7",
        "",
        "In progress or planned",
        "item     items  touched  state  team      title",
        "PLAT-12      8  3 d ago  doing  Platform  Upgrade the database",
        "10012        8           doing  no team   Upgrade the database",
        "",
        "Already finished in this cycle",
        "item     items  touched  state  team      title",
        "PLAT-9       8    today  done   Platform  Upgrade the database",
        "A row stands for all loose work beneath it, too: one label there anchors it all.",
        "The first 3 of 21 rows; --limit 21 shows all.",
        "",
        "Data of jira: 2 hours ago, complete",
    ]


def test_columns_that_say_nothing_are_left_out() -> None:
    one = b.row(active=1, effort=Decimal(1))
    teams = (("Platform", 1, Decimal(1)), ("Core", 1, Decimal(1)))
    said = lines(b.shown(unanchored(b.unanchored(items=(one,), by_team=teams), b.NOW, 80, False)))
    assert "item     touched  state  team      title" in said
    assert "team      items" in said
    value = b.unanchored(items=(b.row(effort=Decimal("4.5")), b.row(source="asana")), by_team=teams[:1])
    said = lines(b.shown(unanchored(value, b.NOW, 100, False), 100))
    assert "item     items  effort  touched  state  source  team      title" in said
    assert "team      items" not in said  # one team is the whole


def test_every_cut_is_said() -> None:
    value = b.unanchored(contested_total=120, broken_total=9, under_broken=9)
    said = b.shown(unanchored(value, b.NOW, 80, False))
    assert "Broken anchors: 9 items with a name that does not exist" in said
    assert "The first 1 of 9 items; --limit 9 shows all." in said
    assert "Contested: 120 items" in said
    assert "The first 1 of 120 items; --limit 120 shows all." in said


def test_what_mends_most_with_least() -> None:
    rows = (b.row(key="OLD-1", state="done"), b.row(active=11))
    assert mending(b.unanchored(items=rows), "kr:<key result>") == [
        ("in Jira, change the label kr:ssso of IDN-7 to kr:sso", ""),
        ("label PLAT-12 kr:<key result> in Jira", "one label anchors 11 items"),
    ]
    assert mending(b.unanchored(), None) == [("in Jira, change kr:ssso of IDN-7 to kr:sso", "")]
    far = b.row(why="kr:zzz: no key result 'zzz'", source="board", broken=(("kr:zzz", "zzz", None),))
    assert mending(b.unanchored(items=(b.row(source="board", active=1),), broken=(far,)), "x-<key result>") == [
        ("label PLAT-12 x-<key result> in board", "then it counts there")
    ]


def test_nothing_unanchored() -> None:
    empty = b.unanchored(items=(), contested=(), broken=(), total=0, dormant=0, by_team=())
    age = "Data of jira: 2 hours ago, complete"
    said = lines(b.shown(unanchored(empty, b.NOW, 80, filtered=False)))
    assert said == ["No active item is without an anchor (2026-q4).", "", age]
    said = lines(b.shown(unanchored(empty, b.NOW, 80, filtered=True)))
    assert said == ["No active item of this choice is without an anchor (2026-q4).", "", age]


def test_where_nothing_was_read_there_is_no_all_clear() -> None:
    note = "Nothing has been read from jira yet (its last run: failed). `anchorline runs` says why."
    never = (b.age(complete_at=None, last_result="failed"),)
    empty = b.unanchored(
        items=(), contested=(), broken=(), total=0, active=0, dormant=0, by_team=(), notes=(note,), sources=never
    )
    said = b.shown(unanchored(empty, b.NOW, 100, filtered=False), 100)
    assert said.startswith(f"! {note}\n\nNo active item is known (2026-q4).")
    assert "without an anchor" not in said
    assert "Data of jira: never read completely; the last run failed" in said
