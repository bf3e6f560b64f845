"""``for_each``: what each copy becomes, how long many of them take, and how their mistakes are told."""

from __future__ import annotations

import time
from collections.abc import Mapping as MappingABC
from datetime import date
from decimal import Decimal

import pytest

from hub.mappings import parse
from hub.mappings.braces import check_braces, unexplained
from hub.mappings.draft import Draft
from hub.mappings.templates import blocks
from hub.model import Mapping, Place, Team
from hub.tomlfile import Cell, Document, Table, read, typed

CYCLE = "[cycle]\n2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }\n"
OBJECTIVE = '[[objective]]\nid = "o"\ncycle = "2026-q4"\nanchor.strength = "s"\nowner = "Ana"\n'


def drafted(text: str, tables: MappingABC[str, str] | None = None) -> Draft:
    doc = read("m/a.toml", text)
    assert isinstance(doc, Document), doc
    return Draft([doc], tables=dict(tables or {}))


def copies(text: str, tables: MappingABC[str, str] | None = None, kind: str = "rule") -> list[Table]:
    draft = drafted(text, tables)
    found = list(blocks(draft, kind))
    assert [str(p) for p in draft.problems] == []
    return found


def mapping_of(**files: str) -> Mapping:
    mapping, problems = parse({f"m/{name.replace('_', '.')}": text for name, text in files.items()}, "UTC")
    assert mapping is not None, [str(p) for p in problems]
    return mapping


def problems_of(**files: str) -> list[str]:
    return [str(p) for p in parse({f"m/{n.replace('_', '.')}": t for n, t in files.items()}, "UTC")[1] if not p.warning]


# ---- one copy per row -----------------------------------------------------------------------------------------------------


def test_a_block_without_rows_is_itself() -> None:
    (rule,) = copies('[[rule]]\nto = "{x}"\n')
    assert (rule.values, rule.row, rule.place) == ({"to": "{x}"}, "", Place("m/a.toml", 1, 1))


def test_each_row_gives_a_copy_with_its_values() -> None:
    text = '[[rule]]\nfor_each.rows = [{ a = "x", B = 2 }, { a = "y", b = 3 }]\nto = "{A}-{b}"\nn = 1\nwhen = { t = ["{b}"] }\n'
    first, second = copies(text)
    assert first.values == {"to": "x-2", "n": 1, "when": {"t": ["2"]}}
    assert second.values == {"to": "y-3", "n": 1, "when": {"t": ["3"]}}
    assert [t.place for t in (first, second)] == [Place("m/a.toml", 1, 1, "row 1"), Place("m/a.toml", 1, 1, "row 2")]
    when = second.table("when", "when")
    assert when is not None
    assert when.at("t") == Place("m/a.toml", 5, 10, "row 2"), "tables inside know the row, too"


def test_rows_of_a_file_are_cited_by_its_lines() -> None:
    found = copies('[[rule]]\nfor_each.file = "t.csv"\nto = "{id}"\n', {"m/t.csv": 'id\na\n\n"b\nc"\nd\n'})
    assert [(t.row, t.text("to")) for t in found] == [("m/t.csv:2", "a"), ("m/t.csv:4", "b\nc"), ("m/t.csv:6", "d")]


@pytest.mark.parametrize(
    ("path", "name"), [("t.csv", "m/deep/t.csv"), ("./t.csv", "m/deep/t.csv"), ("er/t.CSV", "m/deep/er/t.CSV")]
)
def test_paths_begin_beside_the_file_that_names_them(path: str, name: str) -> None:
    doc = read("m/deep/a.toml", f'[[rule]]\nfor_each.file = "{path}"\nto = "{{id}}"\n')
    assert isinstance(doc, Document)
    draft = Draft([doc], tables={"m/t.csv": "", name: "id\nx\n"})
    assert [t.values for t in blocks(draft, "rule")] == [{"to": "x"}]
    assert list(draft.used) == [name]


def test_teams_are_rows_once_they_are_read() -> None:
    draft = drafted(
        '[[rule]]\nfor_each.team = ["s-?", "core"]\nx = "{team} {name}"\ny = ["{parent}", "{size}", "{lead}{channel}"]\n'
    )
    place = Place("m/a.toml", 1)
    for team in (Team("S-1", "One", place, "Ana", parent="s", size=Decimal("2.50"), channel="c"), Team("core", "Core", place)):
        draft.teams[team.id.lower()] = team
        draft.declare("team", team.id, place)
    assert [(t.row, t.values) for t in blocks(draft, "rule")] == [
        ("team S-1", {"x": "S-1 One", "y": ["s", "2.50", "Anac"]}),
        ("team core", {"x": "core Core"}),
    ]
    assert draft.problems == []


def test_what_an_empty_cell_leaves_out() -> None:
    text = (
        '[[rule]]\nfor_each.rows = [{ a = "", b = " ", c = "x" }]\nkey = "{a}"\ntext = "is {b}"\nlist = ["{a}", "l", "{c}"]\n'
        'none = ["{a}"]\ntable = { x = "{a}", y = "{c}" }\nempty = { x = { y = "{b}" } }\nwritten = { x = {}, y = [] }\n'
    )
    (rule,) = copies(text)
    assert rule.values == {"list": ["l", "x"], "table": {"y": "x"}, "written": {"x": {}, "y": []}}
    assert rule.value_at("list", 0).column == 16, "the element that is left stands where it stood"
    assert rule.value_at("list", 1).column == 21


def test_what_a_row_lacks_is_empty() -> None:
    first, second = copies('[[rule]]\nfor_each.rows = [{ a = "x" }, { b = "y" }]\na = "{a}"\nb = "{b}"\n')
    assert (first.values, second.values) == ({"a": "x"}, {"b": "y"})


def test_keys_and_cells_are_no_templates() -> None:
    (rule,) = copies('[[rule]]\nfor_each.rows = [{ a = "{b}", b = "{a}" }]\n"{a}" = "{a}{b}"\n')
    assert rule.values == {"{a}": "{b}{a}"}


# ---- values of a type -----------------------------------------------------------------------------------------------------

ROWS = 'for_each.rows = [{{ x = {} }}]\nx = "{{x}}"\n'


def cell(value: str) -> Table:
    return copies(f"[[rule]]\n{ROWS.format(value)}")[0]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("5", Decimal(5)),
        ('"5"', Decimal(5)),
        ("1_000", Decimal(1000)),
        ('" 1_000.50 "', Decimal("1000.5")),
        ("1.5e1", Decimal(15)),
        ('"-3"', Decimal(-3)),
        ("0x10", Decimal(16)),
    ],
)
def test_a_placeholder_alone_is_a_number_where_one_is_wanted(value: str, read: Decimal) -> None:
    assert cell(value).number("x") == read


def test_a_placeholder_alone_takes_the_type_of_its_key() -> None:
    assert cell("2026-10-01").day("x") == cell('"2026-10-01"').day("x") == date(2026, 10, 1)
    assert cell("2026-10-01").days("x") == (date(2026, 10, 1),)
    assert [cell(v).flag("x") for v in ("true", '"TRUE"', '"yes"', "false", '"No"')] == [True, True, True, False, False]
    assert cell("7").whole("x", 1, 9) == 7
    assert cell("3").choice("x", ("3",)) == "3"
    texts = [cell(v).text("x") for v in ("2027", "1.50", "true", "2026-10-01", '"a"')]
    assert texts == ["2027", "1.50", "true", "2026-10-01", "a"]
    assert {type(text) for text in (*texts, *cell("1").texts("x"))} == {str}, "no trace of the template is left in a value"


def test_a_placeholder_among_other_words_is_text() -> None:
    (rule,) = copies('[[rule]]\nfor_each.rows = [{ x = 1 }]\nx = "{x}{x}"\ny = " {x}"\n')
    assert not any(isinstance(v, Cell) for v in rule.values.values())
    assert (rule.positive("x"), rule.positive("y")) == (None, None)


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("-1.50", Decimal("-1.5")), ("2026-10-01", date(2026, 10, 1)), ("Yes", True), ("x", "x"), ("1e5", "1e5")],
)
def test_what_a_cell_looks_like(text: str, value: object) -> None:
    assert typed(Cell(text)) == value
    assert type(typed(Cell(text))) is type(value)
    assert typed(text) == text, "a text of the file is what it is"


@pytest.mark.parametrize("value", ['"1,5"', '"many"', '"1e5"', '"٣"', '"inf"', "nan", '"0x10"', "true", "2026-10-01"])
def test_what_is_no_number(value: str) -> None:
    table = cell(value)
    assert table.number("x") is None
    (problem,) = table.problems
    assert problem.row == "row 1"
    assert problem.text.startswith("`x` must be a number, not ")
    assert problem.remedy == "Write a number such as 1.5 in that row."


# ---- braces ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('to = "{key_result}"', False),
        ('unless.label = ["a", "{team}"]', False),
        ('when.title = { regex = "a{2}b{1,}c{1,3}\\\\p{L}\\\\x{1F600}" }', False),
        ('expr = "has(fields.x) && {y}"', False),
        ('name = "{key_result}"', True),
        ('when.title = { regex = "{x}" }', True),
        ('when.title = "{2}"', True),
        ('ignore = "{reason}"', True),
    ],
)
def test_which_braces_stand_for_nothing(text: str, left: bool) -> None:
    draft = drafted(f"[[rule]]\n{text}\n")
    (rule,) = blocks(draft, "rule")
    assert unexplained(rule) is left
    check_braces(draft)
    assert bool(draft.problems) is left


def test_an_expression_and_a_regex_keep_braces_that_are_no_columns() -> None:
    text = '[[rule]]\nfor_each.rows = [{ p = "A" }]\nexpr = "{p} in {x}"\nwhen.key = { regex = "^{p}-\\\\d{2,3}$" }\n'
    (rule,) = copies(text)
    assert rule.values == {"expr": "A in {x}", "when": {"key": {"regex": "^A-\\d{2,3}$"}}}


def test_columns_win_over_captures() -> None:
    (rule,) = copies('[[rule]]\nfor_each.rows = [{ team = "core" }]\nwhen.label = "{team}-{key_result}"\n')
    assert rule.values == {"when": {"label": "core-{key_result}"}}


def test_what_follows_from_a_brace_is_not_told() -> None:
    text = CYCLE + '[[objective]]\nid = "{x}"\ncycle = "{y}"\nweight = "{z}"\n'
    text += '[[key_result]]\nid = "k"\nobjective = "x"\nkind = "completion"\n'
    assert [p.split(": ")[0] for p in problems_of(a_toml=text)] == ["m/a.toml:4:7", "m/a.toml:5:10", "m/a.toml:6:11"]


# ---- mistakes of many rows ------------------------------------------------------------------------------------------------

KEY_RESULTS = '[[key_result]]\nfor_each.file = "k.csv"\nid = "{id}"\nobjective = "{o}"\nkind = "completion"\n'


def test_the_same_mistake_of_all_rows_is_told_once() -> None:
    rows = "id,o\n" + "".join(f"k{n},o\n" for n in range(5))
    found = problems_of(a_toml=CYCLE + OBJECTIVE + KEY_RESULTS + 'weigth = "1"\n', k_csv=rows)
    assert found == [
        'm/a.toml:13:1, m/k.csv:2: The key "weigth" is unknown in [[key_result]] (and 4 more rows). Did you mean "weight"?'
    ]


@pytest.mark.parametrize(("wrong", "told"), [(1, 1), (2, 2), (3, 3), (4, 1)])
def test_a_few_rows_that_are_wrong_each_in_their_own_way_are_told_each(wrong: int, told: int) -> None:
    rows = "id,o\n" + "".join(f"k{n},o{n if n < wrong else ''}\n" for n in range(6))
    found = problems_of(a_toml=CYCLE + OBJECTIVE + KEY_RESULTS, k_csv=rows)
    assert len(found) == told
    assert found[0].startswith('m/a.toml:11:13, m/k.csv:2: There is no objective "o0"')
    assert ("(and 3 more rows)" in found[0]) is (wrong > told)


def test_rows_are_told_in_their_order() -> None:
    rows = "id,o\n" + "".join(f"k{n},{'x' if n in (1, 9) else 'o'}{n if n in (1, 9) else ''}\n" for n in range(12))
    found = problems_of(a_toml=CYCLE + OBJECTIVE + KEY_RESULTS, k_csv=rows)
    assert [p.split(": ")[0] for p in found] == ["m/a.toml:11:13, m/k.csv:3", "m/a.toml:11:13, m/k.csv:11"]


def test_rows_that_cannot_be_read_hide_the_ids_that_they_would_give() -> None:
    text = CYCLE + OBJECTIVE + KEY_RESULTS + '[[rule]]\nwhen.label = "x"\nto = "k1"\n'
    assert [p.split(":")[0] for p in problems_of(a_toml=text, k_csv="id,o,id\nk1,o,\n")] == ["m/k.csv"]


# ---- files that belong to the mapping -------------------------------------------------------------------------------------


def test_only_files_that_are_named_belong_to_the_mapping() -> None:
    team = '[[team]]\nfor_each.file = "t.csv"\nid = "{id}"\nlead = "{lead}"\n'
    files = {"a_toml": team, "t_csv": "id,lead\na,Ana\n", "people_csv": "mail,team\nana@acme.example,A\n"}
    mapping = mapping_of(**files, other_csv="\x00", **{"sub/people_csv": "no people"})
    assert list(mapping.files) == ["m/a.toml", "m/people.csv", "m/t.csv"]
    assert parse(mapping.files, "UTC")[0] == mapping
    assert [(p.mail, p.ids, p.team, p.place) for p in mapping.people] == [
        ("ana@acme.example", (), "a", ("m/people.csv", 2, 0, ""))
    ]
    assert mapping_of(**files).hash == mapping.hash
    assert mapping_of(**{**files, "t_csv": "id,lead\na,Ben\n"}).hash != mapping.hash


def test_people_have_one_id_per_kind() -> None:
    people = "MAIL;Jira;asana;hubspot\n" + "ana@acme.example;5f00;12;\n"
    (person,) = mapping_of(a_toml="", people_csv=people).people
    assert (person.mail, person.ids, person.team) == ("ana@acme.example", (("jira", "5f00"), ("asana", "12")), None)


def test_a_file_belongs_to_a_team() -> None:
    draft = drafted('[file]\nteam = "CORE"\n')
    (top,) = draft.tops()
    assert draft.fence(top) is None
    mapping = mapping_of(a_toml='[[team]]\nid = "Core"\nlead = "A"\n', b_toml='[file]\nteam = "CORE"\n' + CYCLE + OBJECTIVE)
    assert mapping.objectives["o"].team == "Core"


# ---- how long it takes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("team", ["t{t}", "no-{id}"], ids=["right", "wrong in every row"])
def test_two_thousand_copies_take_less_than_a_second(team: str) -> None:
    rows = "id,name,o,t\n" + "".join(f'k{n},"Key result, {n}",{n % 50},{n % 40}\n' for n in range(2000))
    text = CYCLE + "".join(f'[[team]]\nid = "t{n}"\nlead = "Ana"\n' for n in range(40))
    text += "".join(OBJECTIVE.replace('"o"', f'"o{n}"') for n in range(50))
    text += KEY_RESULTS.replace("{o}", "o{o}") + f'name = "{{name}}"\nteam = "{team}"\nkeywords = ["{{t}}", "x"]\n'
    start = time.process_time()
    mapping, problems = parse({"m/a.toml": text, "m/k.csv": rows}, "UTC")
    assert time.process_time() - start < 1.0, "it takes about 0.15 s"
    if "no-" in team:
        assert [str(p) for p in problems if not p.warning] == [
            'm/a.toml:379:8, m/k.csv:2: There is no team "no-k0" (and 1,999 more rows). Add it to a [[team]], or correct the id.'
        ]
    else:
        assert mapping is not None
        assert len(mapping.key_results) == 2000
