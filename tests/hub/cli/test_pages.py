"""What the other pages say, at 80 columns, from values made by hand."""

from __future__ import annotations

import re
from fractions import Fraction

from rich.cells import cell_len

from hub.cli.render.item import item
from hub.cli.render.node import node
from hub.cli.render.problems import check_summary, problem_line, problem_lines
from hub.cli.render.runs import ended, runs
from hub.cli.render.tree import tree
from hub.cli.render.unanchored import unanchored
from hub.errors import Problem
from hub.report.values import Node
from tests.hub.cli import builders as b


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


# ---- explain ------------------------------------------------------------------------------------------------------------


def test_the_explanation_of_an_item() -> None:
    assert lines(b.shown(item(b.item(), every_rule=False))) == [
        "IDN-31  SAML for everyone",
        "jira · 2026-q4 · doing · active · Identity",
        "https://x.example/browse/IDN-31",
        "",
        "IDN-31 serves sso (Single sign-on generally available).",
        "It stands under IDN-3",
        "",
        "Credit (strength 100)",
        "  1  sso  Single sign-on generally available",
        '    by rule label, rules.toml:6, because the item itself says "kr:sso"',
        "",
        "How it counts",
        "  sso  does not count: it was done before the cycle began",
        "",
        "Rules that match it",
        "  rules.toml:6  label → {key_result}  strength 100",
        '    when.label = kr:{key_result} holds: the item has "kr:sso", "backend"',
        "    (rules.toml:8)",
        "",
        "Rules that match IDN-3, above it",
        "  rules.toml:6  epics → {key_result}  strength 100",
        '    when.label = kr:{key_result} holds: the item has "kr:sso", "backend"',
        "    (rules.toml:8)",
        "",
        "Rules that do not match it, the nearest first",
        "  rules.toml:11  sso-component → sso  strength 50",
        "    when.component = SSO does not hold: the item has nothing  (rules.toml:14)",
        "  2 more rules do not match; --all shows every rule.",
        "",
        "To be looked at",
        "  the estimate 'five' is not valid and counts as missing",
        "",
        "What the vendor says",
        "  status       In Review",
        "  estimate     5",
        "  labels       kr:sso, backend",
        "  resolution   none",
        "  fields.team  Identity",
        "",
        "Read by",
        "  run 7 of jira, began 2026-11-20 11:00 UTC, complete",
    ]


def test_all_rules_and_why_one_cannot_be_evaluated() -> None:
    said = " ".join(b.shown(item(b.item(), every_rule=True)).split())
    assert "tier-two" in said
    assert "when.field.tier = 1 cannot be evaluated: the source has no such field" in said
    assert "more rule" not in said


def test_loose_work_is_shown_the_strongest_rules() -> None:
    value = b.item(
        outcome="unanchored", shares=(), units=(), rules=(b.far("a"), b.near_miss()), inherited=(), findings=(), chain=("IDN-31",)
    )
    said = b.shown(item(value, every_rule=False))
    assert said.index("sso-component") < said.index("rules.toml:49")
    assert "Credit" not in said


def test_the_explanation_of_a_key_result() -> None:
    said = lines(b.shown(node(b.node(), b.NOW, 80, 20)))
    assert said[:12] == [
        "sso  Single sign-on generally available  █████░░░░░  55 %",
        "key result · 2026-q4 · evaluated for 2026-11-20 12:00 UTC · written in",
        "objectives.toml:15",
        "",
        "Single sign-on generally available is at 55 %: 11 of 20 done.",
        "",
        "How it is calculated",
        "  weight of done units / weight of all units = 11 / 20 = 55 %",
        "  weighed by                 estimate",
        "  without an estimate        mean",
        "  finished before the cycle  leave out",
        "",
    ]
    assert said[12:17] == [
        "Counted: 2 items",
        "  1 of the items counts by half.",
        "  item    state                  weight  rule          title",
        "  IDN-31  done (Closed)               5  rules.toml:6  SAML for everyone",
        "  IDN-32  done (Closed)  2.5 (1/2 of 5)  rules.toml:6  SAML for everyone",
    ]
    text = "\n".join(said)
    assert "step 40" not in text
    assert "  1  dropped work leaves both sides\n     IDN-40" in text
    assert "run 7 of jira, began 2026-11-20 11:00 UTC, complete" in text
    assert "anchorline explain IDN-31" in text


def test_inner_details_are_there_when_all_is_wanted() -> None:
    said = b.shown(node(b.node(), b.NOW, 80, None))
    assert "  means                      0: 3.5" in said
    assert "step 40 of the database, mapping 6bb803385064" in said
    assert "status id" not in b.shown(item(b.item(facts={"status_id": "3"}), every_rule=False))
    assert "status id  3" in b.shown(item(b.item(facts={"status_id": "3"}), every_rule=True))


def test_open_work_comes_first_the_heaviest_before_the_others() -> None:
    half = {"part": Fraction(1, 2), "weight": Fraction(1, 2), "estimate": None}
    units = (
        b.unit(key="B-2", state="done", weight=Fraction(9)),
        b.unit(key="B-30", state="todo", **half),
        b.unit(key="A-11", state="doing", **half),
        b.unit(key="A-9", state="todo", **half),
        b.unit(key="B-1", state="todo", weight=Fraction(2), part=Fraction(2, 3)),
        b.unit(key="C-1", state="doing", weight=Fraction(7, 2), estimate=None),
    )
    said = b.shown(node(b.node(units=units), b.NOW, 100, 20), 100)
    assert re.findall(r"^  ([A-C]-\d+)  .*?  +(\S+(?: \(.*?\))?)  rules", said, re.MULTILINE) == [
        ("C-1", "~3.5"), ("B-1", "2 (2/3 of 3)"), ("A-9", "1/2"), ("A-11", "1/2"), ("B-30", "1/2"), ("B-2", "9"),
    ]  # fmt: skip
    assert "  1 of the items counts by 2/3, 3 by half." in lines(said)


def test_the_place_of_a_rule_without_its_folder_where_it_is_narrow() -> None:
    value = b.node(units=(b.unit(place="mappings/rules.toml:6"),))
    assert "mappings/rules.toml:6" not in b.shown(node(value, b.NOW, 80, 20))
    assert "mappings/rules.toml:6" in b.shown(node(value, b.NOW, 120, 20), 120)


def test_long_lists_of_units_are_cut_unless_all_are_wanted() -> None:
    value = b.node(units=tuple(b.unit(key=f"IDN-{n}") for n in range(30)) + tuple(b.left_out(key=f"OUT-{n}") for n in range(9)))
    short, whole = b.shown(node(value, b.NOW, 80, 20)), b.shown(node(value, b.NOW, 80, None))
    assert "and 10 more; --all shows every one." in short
    assert "OUT-5 and 3 more" in short
    assert "IDN-29" not in short
    assert "IDN-29" in whole
    assert "OUT-8" in whole


def test_the_explanation_of_an_objective() -> None:
    children = (
        {"kind": "key_result", "id": "sso", "name": "SSO", "weight": "2", "progress": Fraction(1, 2)},
        {"kind": "key_result", "id": "soc2", "name": "SOC 2", "weight": "1", "progress": None},
    )
    value = b.node(kind="objective", id="ready", units=(), children=children, key_results=2, measured=1, policy={})
    said = lines(b.shown(node(value, b.NOW, 80, 20)))
    assert "Made of, from 1 of 2 key results" in said
    assert "  sso   █████░░░░░  50 %       2  SSO" in said
    assert "  soc2  unmeasured             1  SOC 2" in said


# ---- runs, outcomes, problems -------------------------------------------------------------------------------------------


def test_runs() -> None:
    trouble = {"result": "failed", "counts": {}, "error": "Jira refuses the credential (401)", "hint": "Make a new token."}
    failed = [b.run_row(id=id, **trouble) for id in ("10", "9", "8")]
    other = b.run_row(id="6", started_at=b.NOW - 30 * b.DAY, finished_at=None, result="partial", error="core: it failed")
    said = lines(b.shown(runs([*failed, b.run_row(), other], b.NOW)))
    assert said == [
        "run  source  began (UTC)             result          took   read  new  changed",
        " 10  jira    20 Nov 11:00  1 h ago   failed    3 min 12 s      0    0        0",
        "  9  jira    20 Nov 11:00  1 h ago   failed    3 min 12 s      0    0        0",
        "  8  jira    20 Nov 11:00  1 h ago   failed    3 min 12 s      0    0        0",
        "  7  jira    20 Nov 11:00  1 h ago   complete  3 min 12 s  1,500   12       30",
        "  6  jira    21 Oct 12:00  30 d ago  partial               1,500   12       30",
        "",
        "run 10, and 2 before it: Jira refuses the credential (401). Make a new token.",
        "run 6: core: it failed.",
    ]


def test_how_a_run_ended() -> None:
    counts = {"read": 1, "new": 0, "changed": 2, "rejected": 4}
    assert lines(b.shown(ended("jira", "partial", counts, "core: it failed", None))) == [
        "jira  partial  1 item read, 0 new, 2 changed, 4 rejected",
        "  core: it failed.",
    ]


def test_problems_are_one_line_each() -> None:
    assert problem_line(Problem("rules.toml", 4, "It is wrong.", "Mend it.")).plain == "rules.toml:4: It is wrong. Mend it."
    assert problem_line(Problem("config.toml", 0, "It is odd.", "", warning=True)).plain == "config.toml: warning: It is odd."


def test_the_summary_of_a_valid_configuration() -> None:
    assert lines(b.shown(check_summary("config.toml", {"key_results": 14}, [("jira", "jira")], 2))) == [
        "config.toml is valid, with 2 warnings.",
        "14  key results",
        "Sources: jira (jira)",
    ]


# ---- hostile texts ------------------------------------------------------------------------------------------------------

HOSTILE = "\x1b]0;owned\x07[red]pay[/red] \x1b[2J\u202egpj\x9b31m \x07\x08\r\n:bomb: [link=https://evil.example]x[/link]"


def hostile_pages(width: int) -> dict[str, str]:
    loose = b.row(title=HOSTILE, key=HOSTILE, team=HOSTILE, why=HOSTILE, url=f"https://x.example/{HOSTILE}")
    result = b.key_result(name=HOSTILE, note=HOSTILE, team=HOSTILE)
    company = Node("company", "c", HOSTILE, None, 1, 0, children=(result,))
    wrong = Problem("f", 1, HOSTILE, HOSTILE, column=3, row=HOSTILE, excerpt=HOSTILE)
    explained = b.item(
        title=HOSTILE,
        url=HOSTILE,
        team=HOSTILE,
        sentence=HOSTILE,
        facts={"status": HOSTILE, "fields": {HOSTILE: HOSTILE}},
        chain=(HOSTILE, HOSTILE),
        findings=(HOSTILE,),
        via=HOSTILE,
        run={"id": HOSTILE},
    )
    return {
        "tree": b.shown(tree(b.tree(company=company), b.NOW, width), width),
        "unanchored": b.shown(unanchored(b.unanchored(items=(loose,), contested=(loose,), broken=(loose,)), b.NOW, width, False)),
        "item": b.shown(item(explained, every_rule=True), width),
        "node": b.shown(node(b.node(units=(b.unit(title=HOSTILE, raw_status=HOSTILE, key=HOSTILE),)), b.NOW, width, 9), width),
        "runs": b.shown(runs([b.run_row(error=HOSTILE, hint=HOSTILE, source=HOSTILE)], b.NOW), width),
        "ended": b.shown(ended("jira", "failed", {}, HOSTILE, HOSTILE), width),
        "problem": b.shown(problem_lines([wrong], width), width),
    }


def test_no_page_passes_on_what_a_terminal_obeys() -> None:
    for name, text in hostile_pages(80).items():
        assert not [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u2066")], name
        assert "💣" not in text, name
        assert "[red]" in text, name  # markup is text


def test_pages_keep_to_their_width() -> None:
    for name, text in hostile_pages(80).items():
        assert max(cell_len(line) for line in text.splitlines()) <= 80, name


def test_on_a_terminal_there_is_no_escape_but_ours() -> None:
    text = b.shown(
        unanchored(
            b.unanchored(items=(b.row(title=HOSTILE, url="https://x.example/\x1b]8;;https://evil\x07"),)), b.NOW, 80, False
        ),
        80,
        True,
    )
    assert "\x07" not in text
    assert "evil" not in text.replace("https://evil.example", "")
