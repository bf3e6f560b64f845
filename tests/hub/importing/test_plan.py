"""What the files say after an import, and what changes when the sheet does."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.importing.text import seen
from hub.model import fold
from tests.hub.importing.builders import BASE, HEADERS, ROW, Folder, changed, errors, sheet, signs


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def blocks(folder: Folder, name: str, kind: str = "key_result") -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in tomllib.loads(folder.text(name)).get(kind, [])}


# ---- the first time -------------------------------------------------------------------------------------------------------


def test_the_first_import(folder: Folder) -> None:
    headers = (*HEADERS, "Weight", "Ambition")
    rows = [
        (*ROW, "2", "stretch"),
        ("", "Retain 9 of 10", "Ada", "Sales", "", "", "", "committed"),
        ("Sell to larger accounts", "Invoice in five countries", "", "Sales", "", "Q4 2026", "", ""),
    ]
    made = folder.imported(sheet(*rows, headers=headers))
    assert changed(made) == ["growth.toml", "sales.toml"]
    text = folder.text("growth.toml")
    assert text.startswith('# Imported from "okrs.xlsx", sheet "OKRs", by `anchorline import`')
    assert text.partition("\n\n")[2] == (
        '[[objective]]\nid = "grow"\nname = "Grow"\ncycle = "2026-q4"\nteam = "growth"\nanchor.pillar = "enterprise"\n\n'
        '[[key_result]]\nid = "activate-teams"\nobjective = "grow"\nname = "Activate more teams"\nkind = "completion"\n'
        'ambition = "aspirational"\nowner = "Rosa"\nweight = 2\n\n'
        '[[key_result]]\nid = "retain"\nobjective = "grow"\nname = "Retain 9 of 10"\nkind = "completion"\n'
        'team = "sales"\nowner = "Ada"\n'
    )
    assert folder.mistakes() == []
    again = folder.plan(sheet(*rows, headers=headers))
    assert (signs(again), changed(again)) == ([], [])


def test_numbers_of_the_sheet_become_a_comment_and_a_list_by_owner(folder: Folder) -> None:
    headers = ("Objective", "Key Result", "Owner", "Team", "Quarter", "Start", "Target", "Actual", "Metric", "Label", "Link")
    rows = [
        ("Grow", "Activation", "Rosa", "Growth", "Q4 2026", "60 %", "80 %", "65 %", "activation", "okr-act", "IDN-31"),
        ("", "Trust", "Ada", "", "", "", "4", "", "", "", ""),
        ("", "Love", "", "", "", "3", "", "", "", "", ""),
        ("", "Peace", "Ada", "", "", "", "", "", "", "", ""),
    ]
    made = folder.imported(sheet(*rows, headers=headers))
    text = folder.text("growth.toml")
    later = "to be measured by a metric"
    assert f"# from the sheet: 60 % -> 80 %, now 65 %, metric activation; {later}; label okr-act; link IDN-31\n" in text
    assert f"# from the sheet: ? -> 4; {later}\n" in text
    assert made.unmeasured == {"Ada": (("trust", "Trust"),), "Rosa": (("activation", "Activation"),), "": (("love", "Love"),)}
    assert made.named == 1


def test_unknown_teams_and_pillars_are_left_out_and_proposed(folder: Folder) -> None:
    made = folder.imported(sheet(("Grow", "Activate", "", "Grwoth", "Loyalty", "Q4 2026"), ("", "Retain", "", "Grwoth", "", "")))
    assert [(one.written, one.id, one.near) for one in made.missing["team"]] == [("Grwoth", "grwoth", "Growth")]
    assert [(one.written, one.id, one.near) for one in made.missing["pillar"]] == [("Loyalty", "loyalty", "")]
    assert '# from the sheet: team "Grwoth", pillar "Loyalty", not declared in any mapping file\n' in folder.text("grwoth.toml")
    assert folder.mistakes() == []
    (folder.path / "strategy.toml").write_text(
        BASE + '[[team]]\nid = "gr"\nname = "Grwoth"\n[pillar.loyalty]\nname = "Loyalty"\n'
    )
    later = folder.imported(sheet(("Grow", "Activate", "", "Grwoth", "Loyalty", "Q4 2026"), ("", "Retain", "", "Grwoth", "", "")))
    assert signs(later) == [("~", "grow")]
    assert later.missing == {}
    assert (blocks(folder, "grwoth.toml", "objective")["grow"]["team"], "not declared" in folder.text("grwoth.toml")) == (
        "gr",
        False,
    )
    assert folder.mistakes() == []


def test_without_a_team_the_file_is_the_pillars_and_without_both_one_for_all(folder: Folder) -> None:
    rows = [("Grow", "a b", "", "", "Win the enterprise", "Q4 2026"), ("Save", "c d", "", "", "", "Q4 2026")]
    assert changed(folder.plan(sheet(*rows))) == ["enterprise.toml", "objectives.toml"]


# ---- cycles ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["2026-Q4", "Q4 2026", "q4/26", "Q4'26", "4. Quartal 2026", "2026 Q4", "Quarter 4, 2026".replace(",", "")]
)
def test_quarters_as_people_write_them(folder: Folder, text: str) -> None:
    assert folder.plan(sheet((*ROW[:5], text))).cycles == {"2026-q4": 1}


def test_an_unknown_cycle_is_a_mistake_with_the_line_to_add(folder: Folder) -> None:
    made = folder.plan(sheet((*ROW[:5], "Q3 2027"), ("Save", "c", "", "", "", "Q3 2027"), ("More", "d", "", "", "", "Spring")))
    assert errors(made.problems) == [
        'OKRs!F2: No mapping file has a cycle "Q3 2027". Add it under [cycle] in a mapping file, '
        "2027-q3 = { starts = 2027-07-01, ends = 2027-09-30 }, or say --cycle ID.",
        'OKRs!F4: No mapping file has a cycle "Spring". Add it under [cycle] in a mapping file, '
        "spring = { starts = YYYY-MM-DD, ends = YYYY-MM-DD }, or say --cycle ID.",
    ]
    assert [(one.id, one.times) for one in made.missing["cycle"]] == [("2027-q3", 2), ("spring", 1)]
    assert made.files == ()


def test_objectives_without_a_cycle(folder: Folder) -> None:
    rows = [("Grow", "a", "", "", "", ""), ("Save", "b", "", "", "", "Q1 2027"), ("More", "c", "", "", "", "Q4")]
    (line,) = errors(folder.plan(sheet(*rows[:2])).problems)
    assert line == "OKRs!F2: The sheet says no cycle for this objective. Say which: --cycle 2027-q1."
    made = folder.plan(sheet(*rows), cycle="2026-q4")
    assert (made.cycles, made.others, errors(made.problems)) == ({"2026-q4": 2}, 1, [])


# ---- the second time ------------------------------------------------------------------------------------------------------


def test_what_changes_in_the_sheet_changes_key_by_key(folder: Folder) -> None:
    headers = (*HEADERS, "Weight")
    folder.imported(sheet((*ROW, "2"), headers=headers))
    made = folder.imported(
        sheet(("Grow", "Activate more teams than ever", "Eve", "Growth", "Win the enterprise", "Q4 2026", "3"), headers=headers)
    )
    ((change,),) = [[c for c in each.changes if c.kind == "key_result"] for each in made.files]
    assert (change.sign, change.id) == ("~", "activate-teams")
    assert change.lines == (("name", '"Activate more teams"', '"Activate more teams than ever"'), ("weight", "2", "3"))
    assert blocks(folder, "growth.toml")["activate-teams"]["name"] == "Activate more teams than ever"
    assert blocks(folder, "growth.toml", "objective")["grow"]["owner"] == "Eve"


def test_what_the_sheet_has_no_column_for_stays(folder: Folder) -> None:
    folder.imported(sheet(ROW))
    folder.edit(
        "growth.toml",
        'kind = "completion"\n',
        'kind = "completion"   # mine\nkeywords = [\n  "one",  # why\n]\nby = "estimate"\n# a remark\n',
    )
    folder.edit("growth.toml", '[[objective]]\nid = "grow"\n', '# above\n[[objective]]\nid = "grow"   # the first\n')
    before = folder.text("growth.toml")
    folder.imported(sheet(("Grow", "Activate many teams", *ROW[2:]), ("", "Retain", "Rosa", "", "", "")))
    after = folder.text("growth.toml")
    assert after.startswith(before.replace('"Activate more teams"', '"Activate many teams"'))
    assert after.removeprefix(before.replace('"Activate more teams"', '"Activate many teams"')) == (
        '\n[[key_result]]\nid = "retain"\nobjective = "grow"\nname = "Retain"\nkind = "completion"\n'
    )
    assert folder.mistakes() == []


def test_an_empty_cell_says_nothing(folder: Folder) -> None:
    folder.imported(sheet(ROW))
    made = folder.plan(sheet(("Grow", "Activate more teams", "", "", "", "Q4 2026")))
    assert signs(made) == []


def test_a_new_key_result_stands_with_its_objective(folder: Folder) -> None:
    rows = [ROW, ("Hire", "Hire ten", "Rosa", "Growth", "", "Q4 2026")]
    folder.imported(sheet(*rows))
    folder.imported(sheet(rows[0], ("", "Retain", "", "", "", ""), rows[1]))
    assert list(blocks(folder, "growth.toml")) == ["activate-teams", "retain", "hire-ten"]
    assert folder.text("growth.toml").index('"Retain"') < folder.text("growth.toml").index('name = "Hire"')


def test_what_is_gone_is_marked_once_and_comes_back(folder: Folder) -> None:
    rows = [ROW, ("", "Retain", "", "", "", ""), ("Hire", "Hire ten", "Rosa", "Growth", "", "Q4 2026")]
    folder.imported(sheet(*rows))
    whole = folder.text("growth.toml")
    made = folder.imported(sheet(rows[0]))
    assert signs(made) == [("-", "hire"), ("-", "retain"), ("-", "hire-ten")]
    assert folder.text("growth.toml").count("# Not in the sheet any more.") == 3
    assert set(blocks(folder, "growth.toml")) == {"activate-teams", "retain", "hire-ten"}
    assert folder.mistakes() == []
    assert changed(folder.plan(sheet(rows[0]))) == []  # marked already
    back = folder.imported(sheet(*rows))
    assert sorted(signs(back)) == [("~", "hire"), ("~", "hire-ten"), ("~", "retain")]
    assert folder.text("growth.toml") == whole


def test_another_cycle_of_the_same_names_is_new_and_takes_another_file(folder: Folder) -> None:
    folder.imported(sheet(ROW))
    made = folder.imported(sheet((*ROW[:5], "Q1 2027")), origin='"okrs-q1.xlsx", sheet "OKRs"')
    assert changed(made) == ["growth-2027-q1.toml"]
    assert signs(made) == [("+", "grow-2027-q1"), ("+", "activate-teams")]
    assert folder.mistakes() == []


def test_the_same_sheet_under_another_name_is_the_same(folder: Folder) -> None:
    folder.imported(sheet(ROW, ("", "Retain", "", "", "", "")))
    made = folder.imported(sheet(ROW, ("", "Amaze", "", "", "", "")), origin='"okrs (1).xlsx", sheet "OKRs"')
    assert signs(made) == [("+", "amaze"), ("-", "retain")]
    assert changed(made) == ["growth.toml"]
    assert folder.text("growth.toml").startswith('# Imported from "okrs (1).xlsx", sheet "OKRs", by')


def test_what_is_written_by_hand_elsewhere_is_left_alone(folder: Folder) -> None:
    own = '[[objective]]\nid = "mine"\nname = "Grow"\ncycle = "2026-q4"\n[[key_result]]\nid = "k"\nobjective = "mine"\n'
    (folder.path / "own.toml").write_text(own + 'name = "Activate more teams"\nkind = "completion"\n')
    made = folder.imported(sheet(ROW, ("", "Retain", "", "", "", "")))
    assert (folder.path / "own.toml").read_text().startswith(own)
    assert signs(made) == [("+", "retain")]
    assert blocks(folder, "growth.toml")["retain"]["objective"] == "mine"
    said = " ".join(map(str, made.problems))
    assert 'OKRs!A2: warning: The objective "mine" stands in mappings/own.toml:1 and is left as it is.' in said
    assert 'OKRs!B2: warning: The key result "k" stands in mappings/own.toml:5' in said
    assert folder.mistakes() == []


def test_a_file_of_a_team_that_somebody_wrote_is_not_added_to(folder: Folder) -> None:
    folder.into.mkdir()
    (folder.into / "growth.toml").write_text("# mine\n")
    assert changed(folder.imported(sheet(ROW))) == ["growth-2026-q4.toml"]
    assert folder.text("growth.toml") == "# mine\n"


def test_a_file_that_is_no_toml_is_told(folder: Folder) -> None:
    folder.imported(sheet(ROW))
    folder.edit("growth.toml", 'id = "grow"', 'id = "grow')
    (line,) = errors(folder.plan(sheet(ROW)).problems)
    assert line.startswith("growth.toml:")


def test_a_value_that_cannot_be_changed_line_by_line_is_left_and_told(folder: Folder) -> None:
    folder.imported(sheet(ROW))
    folder.edit("growth.toml", 'anchor.pillar = "enterprise"', 'anchor = { pillar = "other" }')
    folder.edit("growth.toml", 'name = "Activate more teams"', 'name = """\nActivate less teams"""')
    made = folder.imported(sheet(ROW))
    said = " ".join(map(str, made.problems))
    assert "growth.toml:5: warning: `anchor.pillar` of grow is not on a line of its own. Change it by hand: anchor.p" in said
    assert "`name` of activate-teams is not on a line of its own." in said
    assert changed(made) == []


def test_an_anchor_of_ones_own_stays_and_the_pillar_is_beside_it(folder: Folder) -> None:
    folder.imported(sheet(ROW))
    folder.edit("growth.toml", 'anchor.pillar = "enterprise"', 'anchor.weakness = "few sign up"')
    folder.imported(sheet(ROW))
    assert 'anchor.weakness = "few sign up"\n' in folder.text("growth.toml")
    assert blocks(folder, "growth.toml", "objective")["grow"]["pillar"] == "enterprise"
    assert folder.mistakes() == []


def test_line_ends_of_windows_stay(folder: Folder) -> None:
    folder.imported(sheet(ROW))
    (folder.into / "growth.toml").write_bytes(folder.text("growth.toml").replace("\n", "\r\n").encode())
    assert changed(folder.plan(sheet(ROW))) == []
    folder.imported(sheet(("Grow", "Activate many teams", *ROW[2:]), ("", "Retain", "", "", "", "")))
    text = folder.text("growth.toml")
    assert text.count("\r\n") == text.count("\n")
    assert set(blocks(folder, "growth.toml")) == {"activate-teams", "retain"}


def test_a_kind_that_was_changed_by_hand_is_no_longer_unmeasured(folder: Folder) -> None:
    headers = ("Objective", "Key Result", "Quarter", "Start")
    folder.imported(sheet(("Grow", "Activate", "Q4 2026", "1"), headers=headers))
    folder.edit("objectives.toml", 'kind = "completion"', 'kind = "increase"')
    made = folder.plan(sheet(("Grow", "Activate", "Q4 2026", "2"), headers=headers))
    assert (made.unmeasured, changed(made)) == ({}, [])


# ---- ids ------------------------------------------------------------------------------------------------------------------


def test_an_id_stays_when_the_name_changes(folder: Folder) -> None:
    folder.imported(sheet(("Grow the base of teams", *ROW[1:]), ("", "Retain nine of ten teams", "", "", "", "")))
    made = folder.imported(
        sheet(("Grow our base of teams", "Activate most teams", *ROW[2:]), ("", "Retain nine of eleven teams", "", "", "", ""))
    )
    assert signs(made) == [("~", "grow-base-teams"), ("~", "activate-teams"), ("~", "retain-nine-ten")]
    assert {each["id"]: each["name"] for each in blocks(folder, "growth.toml").values()} == {
        "activate-teams": "Activate most teams",
        "retain-nine-ten": "Retain nine of eleven teams",
    }


def test_a_name_that_is_like_two_others_is_new(folder: Folder) -> None:
    rows = [("Grow", "Launch in Germany", "", "", "", "Q4 2026"), ("", "Launch in Armenia", "", "", "", "")]
    folder.imported(sheet(*rows))
    made = folder.plan(sheet(("Grow", "Launch in Armeny", "", "", "", "Q4 2026")))
    assert [sign for sign, _ in signs(made)] == ["+", "-", "-"]


def test_an_id_of_the_sheet_finds_its_row_whatever_it_is_called(folder: Folder) -> None:
    headers = ("Objective ID", "Objective", "ID", "Key Result", "Quarter")
    folder.imported(sheet(("O-1", "Grow", "K-1", "Activate", "Q4 2026"), headers=headers))
    made = folder.imported(sheet(("o-1", "Shrink", "k-1", "Something else", "Q4 2026"), headers=headers))
    assert signs(made) == [("~", "O-1"), ("~", "K-1")]
    assert blocks(folder, "objectives.toml")["K-1"]["name"] == "Something else"


def test_a_former_id_counts_as_well(folder: Folder) -> None:
    headers = ("Objective", "ID", "Key Result", "Quarter")
    folder.imported(sheet(("Grow", "old", "Activate", "Q4 2026"), headers=headers))
    folder.edit("objectives.toml", 'id = "old"', 'id = "new"\nwas = "old"')
    made = folder.plan(sheet(("Grow", "old", "Activate", "Q4 2026"), headers=headers))
    assert signs(made) == []


def test_ids_that_are_taken(folder: Folder) -> None:
    rows = [("Ktlo", "Ktlo", "", "", "", "Q4 2026"), ("", "KTLO 2", "", "", "", ""), ("Other", "ktlo", "", "", "", "Q4 2026")]
    made = folder.imported(sheet(*rows))
    assert [id for sign, id in signs(made)] == ["ktlo", "ktlo-2", "ktlo-3", "other", "ktlo-4"]
    assert folder.mistakes() == []
    bad = folder.plan(sheet(("Other", "ktlo", "x", "Q4 2026"), headers=("Objective", "ID", "Key Result", "Quarter")))
    (line,) = errors(bad.problems)
    assert line.startswith('OKRs!B2: The id "ktlo" is that of another key result or allowance.')


def test_a_key_result_that_moves_keeps_its_id(folder: Folder) -> None:
    rows = [("Grow", "Activate", "", "", "", "Q4 2026"), ("Save", "Cut cost", "", "", "", "Q4 2026")]
    folder.imported(sheet(*rows))
    moved = [rows[0], ("", "Cut cost", "", "", "", ""), ("Save", "Cut rent", "", "", "", "Q4 2026")]
    made = folder.imported(sheet(*moved))
    assert ("~", "cut-cost") in signs(made)
    assert blocks(folder, "objectives.toml")["cut-cost"]["objective"] == "grow"


def test_an_objective_is_known_by_what_is_in_it(folder: Folder) -> None:
    folder.imported(sheet(ROW, ("", "Retain", "", "", "", "")))
    made = folder.plan(sheet(("Win them all over", "Activate more teams", *ROW[2:]), ("", "Retain", "", "", "", "")))
    assert signs(made) == [("~", "grow")]


# ---- whatever stands in the cells -----------------------------------------------------------------------------------------

cells = st.text(st.characters(blacklist_categories=("Cs",)), max_size=30) | st.text("\"\\'#={}[]\n\r\t\x00\x07 a1é", max_size=15)
names = cells.map(lambda text: seen(text)[0]).filter(bool)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(names, st.lists(names, min_size=1, max_size=3), cells, cells, cells, cells),
        min_size=1, max_size=3, unique_by=lambda row: fold(row[0]),  # of two objectives of one name nobody knows which is which
    )
)  # fmt: skip
def test_whatever_the_cells_hold_the_files_say_the_same(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    folder = Folder(tmp_path_factory.mktemp("any"))
    headers = ("Objective", "Key Result", "Owner", "Team", "Pillar", "Metric")
    table = [
        [seen(cell)[0] for cell in (objective if n == 0 else "", key_result, *rest)]
        for objective, key_results, *rest in rows
        for n, key_result in enumerate(key_results)
    ]
    made = folder.plan(sheet(*table, headers=headers), cycle="2026-q4")
    if errors(made.problems):
        return
    folder.imported(sheet(*table, headers=headers), cycle="2026-q4")
    assert folder.mistakes() == []
    written = [each for path in folder.into.glob("*.toml") for each in tomllib.loads(path.read_bytes().decode())["key_result"]]
    wanted = [row[1] for row in table]
    assert sorted(each["name"] for each in written) == sorted(_parenthesised(name) for name in wanted)
    assert changed(folder.plan(sheet(*table, headers=headers), cycle="2026-q4")) == []


def _parenthesised(name: str) -> str:
    import re

    return name.replace("{", "(").replace("}", ")") if re.search(r"\{[^{}]*\}", name) else name


def test_a_row_of_an_undeclared_cycle_under_another_objective_gets_the_line_to_declare_it(folder: Folder) -> None:
    headers = ("Objective", "Key Result", "Cycle")
    made = folder.plan(sheet(("Grow", "a", "Q4 2026"), ("", "b", "Q1 2031"), headers=headers))
    assert any("2031-q1 = { starts = 2031-01-01, ends = 2031-03-31 }" in text for text in errors(made.problems))
    assert [each.id for each in made.missing["cycle"]][-1] == "2031-q1"
    assert made.files == ()
