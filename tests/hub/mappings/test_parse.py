"""From texts to values: what each key becomes, and how files work together."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.mappings import load_mappings, parse, read_folder, stands_still
from hub.model import (
    Allowance,
    Condition,
    Cycle,
    KeyResult,
    Mapping,
    Objective,
    Pillar,
    Place,
    Rule,
    Team,
)
from hub.model import Test as Alternative

FULL = """\
[cycle]
2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }
[pillar]
enterprise = { name = "Win the enterprise", owner = "Rosa", weight = 1.5 }
[allowance]
ktlo = { name = "Keep the lights on" }
[[team]]
id = "Core"
name = "Product core"
lead = "Ana"
owns.field.Team = ["Core", "Product core"]
owns.project = "CORE*"
owns.person = ["5f00", "5f01"]
[[objective]]
id = "land"
name = "Land twenty"
cycle = "2026-Q4"
team = "core"
owner = "Rosa"
anchor.weakness = "No references"
pillar = "Enterprise"
weight = 2
[[key_result]]
id = "soc2"
name = "SOC 2"
objective = "Land"
kind = "completion"
by = "estimate"
level = "story"
missing = "0"
before_cycle = "count"
ambition = "aspirational"
team = "CORE"
owner = "Kim"
weight = 0.5
keywords = ["audit", "controls"]
[[rule]]
name = "label"
when.label = "KR:{key_result}!"
to = "{key_result}"
[[rule]]
when.key = ["SEC-88", "SEC-9?"]
when.Field."Größe" = 5
to = "SOC2"
[[rule]]
when.level = ["epic", 0, "-1", "Sub-task", 12]
ignore = "no work"
[[rule]]
when.project = "plat"
fallback = true
allowance = "KTLO"
""".replace("when.Field", "when.field")


def mapping_of(*texts: str, timezone: str = "UTC") -> Mapping:
    mapping, problems = parse({f"{n}.toml": text for n, text in enumerate(texts)}, timezone)
    assert mapping is not None, [str(p) for p in problems]
    return mapping


def problems_of(*texts: str) -> list[str]:
    return [str(p) for p in parse({f"{n}.toml": text for n, text in enumerate(texts)}, "UTC")[1] if not p.warning]


def at(line: int, column: int = 1, file: str = "0.toml") -> Place:
    return Place(file, line, column)


def test_values_of_every_key() -> None:
    mapping = mapping_of(FULL, timezone="Europe/Berlin")
    assert mapping.timezone == "Europe/Berlin"
    assert mapping.cycles == {"2026-q4": Cycle("2026-q4", date(2026, 10, 1), date(2026, 12, 31), at(2))}
    assert mapping.pillars == {"enterprise": Pillar("enterprise", "Win the enterprise", at(4), "Rosa", Decimal("1.5"))}
    assert mapping.allowances == {"ktlo": Allowance("ktlo", "Keep the lights on", at(6))}
    team = Team("Core", "Product core", at(7), "Ana", {"team": ("Core", "Product core")}, ("CORE*",), ("5f00", "5f01"))
    assert mapping.teams == {"core": team}
    objective = Objective(
        "land", "Land twenty", "2026-q4", at(14), ("weakness", "No references"), "enterprise", "Core", "Rosa", Decimal(2)
    )
    assert mapping.objectives == {"land": objective}
    result = KeyResult(
        "soc2",
        "SOC 2",
        "land",
        "2026-q4",
        at(23),
        "completion",
        "estimate",
        "story",
        "0",
        "count",
        "aspirational",
        "Core",
        "Kim",
        Decimal("0.5"),
        ("audit", "controls"),
    )
    assert mapping.key_results == {("2026-q4", "soc2"): result}


def test_rules() -> None:
    label, by_key, level, fallback = mapping_of(FULL).rules
    capture = Condition("label", (Alternative("capture", "kr:{key_result}!", "KR:{key_result}!"),), at(39, 6))
    assert label == Rule(0, "label", (capture,), "key_result", None, 100, at(37), template="{key_result}")
    keys = Condition("key", (Alternative("equal", "sec-88", "SEC-88"), Alternative("glob", "sec-9?", "SEC-9?")), at(42, 6))
    size = Condition("field.grösse", (Alternative("equal", "5", "5"),), at(43, 12))
    assert by_key == Rule(1, "0.toml:41", (keys, size), "key_result", "soc2", 80, at(41))
    assert level.when[0].tests == (
        Alternative("equal", "1", "epic"),
        Alternative("equal", "0", "0"),
        Alternative("equal", "-1", "-1"),
        Alternative("equal", "-1", "Sub-task"),
        Alternative("equal", "12", "12"),
    )
    assert (level.target_kind, level.target, level.strength) == ("ignore", "no work", 50)
    assert (fallback.target_kind, fallback.target, fallback.strength) == ("allowance", "ktlo", 0)


def test_names_default_to_ids_and_weights_to_one() -> None:
    mapping = mapping_of(
        '[cycle]\nc = { starts = 2026-01-01, ends = 2026-01-01 }\n[pillar]\np = {}\n[allowance]\na = {}\n[[team]]\nid = "t"\n'
        '[[objective]]\nid = "o"\ncycle = "c"\nanchor.pillar = "p"\n'
        '[[key_result]]\nid = "k"\nobjective = "o"\nkind = "completion"\n'
    )
    assert [mapping.pillars["p"].name, mapping.allowances["a"].name, mapping.teams["t"].name] == ["p", "a", "t"]
    assert [mapping.objectives["o"].name, mapping.objectives["o"].pillar, mapping.objectives["o"].weight] == ["o", "p", 1]
    result = mapping.key_results["c", "k"]
    assert (result.name, result.by, result.level, result.missing, result.before_cycle, result.ambition, result.weight) == (
        "k",
        "count",
        None,
        "mean",
        "leave_out",
        "committed",
        1,
    )


def test_files_are_read_as_one_in_the_order_of_their_names() -> None:
    files = {
        "z.toml": '[[rule]]\nwhen.project = "Z"\nto = "k"\n',
        "b/a.toml": '[[rule]]\nwhen.project = "A"\nto = "k"\n',
        "k.toml": '[[objective]]\nid = "o"\ncycle = "c"\nanchor.threat = "x"\n'
        '[[key_result]]\nid = "k"\nobjective = "o"\nkind = "completion"\n',
        "a.toml": "[cycle]\nc = { starts = 2026-01-01, ends = 2026-03-31 }\n",
        "c.toml": "[cycle]\nd = { starts = 2026-04-01, ends = 2026-06-30 }\n",
    }
    mapping, _ = parse(files, "UTC")
    assert mapping is not None
    assert [r.when[0].tests[0].written for r in mapping.rules] == ["A", "Z"]
    assert [r.index for r in mapping.rules] == [0, 1]
    assert list(mapping.cycles) == ["c", "d"]


def test_one_id_in_two_cycles_is_two_key_results() -> None:
    text = """
[cycle]
a = { starts = 2026-01-01, ends = 2026-03-31 }
b = { starts = 2026-04-01, ends = 2026-06-30 }
[[objective]]
id = "x"
cycle = "a"
anchor.threat = "t"
[[objective]]
id = "y"
cycle = "b"
anchor.threat = "t"
[[key_result]]
id = "sso"
objective = "x"
kind = "completion"
[[key_result]]
id = "SSO"
objective = "y"
kind = "completion"
"""
    assert set(mapping_of(text).key_results) == {("a", "sso"), ("b", "sso")}


def test_the_hash_stands_for_texts_names_and_time_zone() -> None:
    first = mapping_of(FULL)
    assert mapping_of(FULL.replace("\n", "\r\n")).hash == first.hash
    assert mapping_of("\ufeff" + FULL).hash == first.hash
    assert len(first.hash) == 32
    others = {mapping_of(FULL, timezone="Europe/Berlin").hash, mapping_of(FULL + "# x\n").hash, mapping_of(FULL, "").hash}
    assert len({first.hash, *others}) == 4


def test_the_stored_texts_give_the_same_mapping_again() -> None:
    first = mapping_of("\ufeff" + FULL.replace("\n", "\r\n"))
    again, _ = parse(first.files, first.timezone)
    assert again == first


def test_all_files_tell_their_problems_at_once() -> None:
    found = problems_of(
        '[[rule]\nto = "x"\n', "[cycle]\nc = { starts = 1, ends = 2026-01-01 }\n", '[[rule]]\nto = "y"\nfalback = true\n'
    )
    assert [p.split(":")[:2] for p in found] == [["0.toml", "1"], ["1.toml", "2"], ["2.toml", "1"], ["2.toml", "3"]]


def test_nothing_that_names_what_a_broken_file_declares_is_called_unknown() -> None:
    found = problems_of(
        "[pillar\nenterprise = {}\n", '[[objective]]\nid = "o"\ncycle = "c"\nteam = "t"\nanchor.pillar = "enterprise"\n'
    )
    assert len(found) == 1
    assert found[0].startswith("0.toml:1:8: ")


def test_a_block_with_a_mistake_still_declares_its_id() -> None:
    found = problems_of(
        "[pillar]\np = { weight = 0 }\n[cycle]\nc = { starts = 2026-01-02, ends = 2026-01-01 }\n"
        '[[objective]]\nid = "o"\ncycle = "c"\nanchor.pillar = "p"\n'
    )
    assert [p.split(":")[1] for p in found] == ["2", "4"]


@pytest.mark.parametrize(("wrong", "right"), [("pilar", '"pillar"'), ("pillars", "[pillar]")])
def test_a_misspelt_section_is_reported_once(wrong: str, right: str) -> None:
    cycle = "[cycle]\nc = { starts = 2026-01-01, ends = 2026-03-31 }\n"
    objective = '[[objective]]\nid = "o"\ncycle = "c"\nanchor.pillar = "p"\n'
    assert problems_of(f"{cycle}[{wrong}]\np = {{}}\n{objective}") == [
        f'0.toml:3:2: The key "{wrong}" is unknown in 0.toml. Did you mean {right}?'
    ]


def test_duplicate_alternatives_are_one() -> None:
    mapping = mapping_of(FULL + '[[rule]]\nwhen.project = ["A", "A"]\nignore = "x"\n')
    assert len(mapping.rules[-1].when[0].tests) == 1


# ---- the present ----------------------------------------------------------------------------------------------------------

TWO_CYCLES = """\
[cycle]
2026-q3 = { starts = 2026-07-01, ends = 2026-09-30 }
2027-q1 = { starts = 2027-01-01, ends = 2027-03-31 }
"""


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 7, 1), []),
        (date(2026, 9, 30), []),
        (date(2027, 3, 31), []),
        (
            date(2026, 11, 22),
            [
                "0.toml:2:1: warning: No cycle contains today (2026-11-22); the latest, 2026-q3, ended on 2026-09-30, "
                "so numbers stand still. Add a line for the current one."
            ],
        ),
        (
            date(2027, 4, 1),
            [
                "0.toml:3:1: warning: No cycle contains today (2027-04-01); the latest, 2027-q1, ended on 2027-03-31, "
                "so numbers stand still. Add a line for the current one."
            ],
        ),
        (
            date(2026, 6, 30),
            [
                "0.toml:2:1: warning: No cycle contains today (2026-06-30); the first, 2026-q3, begins on 2026-07-01, "
                "so no work counts yet. Add a line for the current one, or wait for it."
            ],
        ),
    ],
)
def test_a_day_that_no_cycle_contains(today: date, said: list[str]) -> None:
    assert [str(p) for p in stands_still(mapping_of(TWO_CYCLES), today)] == said
    assert stands_still(mapping_of(""), today) == [], "that there is no cycle at all is said already"


# ---- the folder -----------------------------------------------------------------------------------------------------------


def test_load_reads_all_files_below(tmp_path: Path) -> None:
    folder = tmp_path / "maps"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "full.toml").write_bytes(b"\xef\xbb\xbf" + FULL.encode())
    (folder / "notes.md").write_text("not read")
    (folder / ".git").mkdir()
    (folder / ".git" / "x.toml").write_text("not = read = either")
    (folder / ".#lock.toml").write_text("not = read = either")
    mapping, warnings = load_mappings(folder, "UTC")
    assert [w.text for w in warnings] == [
        'The objective "land" has only completion key results: work that gets done, not what it changes.'
    ]
    assert list(mapping.files) == ["maps/deep/er/full.toml"]
    assert mapping.cycles["2026-q4"].place == Place("maps/deep/er/full.toml", 2, 1)
    assert parse(read_folder(folder), "UTC")[0] == mapping


def test_load_raises_with_the_problems_of_all_files(tmp_path: Path) -> None:
    folder = tmp_path / "maps"
    folder.mkdir()
    (folder / "a.toml").write_bytes("[pillar]\nx = {}\n# größer\n".encode("latin-1"))
    (folder / "b.toml").write_text("[pilar]\n")
    (folder / "c.toml").write_text("a = [1,")
    with pytest.raises(ConfigError) as caught:
        load_mappings(folder, "UTC")
    assert [str(p) for p in caught.value.problems] == [
        "maps/a.toml:3: The file is not UTF-8. Save it as UTF-8 in your editor.",
        'maps/b.toml:1:2: The key "pilar" is unknown in maps/b.toml. Did you mean "pillar"?',
        "maps/c.toml:1:5: A list is opened with [ and never closed. Add the missing ], or the comma between two values.",
    ]
    with pytest.raises(ConfigError):
        read_folder(folder)


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_files_is_a_problem(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="1 problem in the configuration"):
        load_mappings(tmp_path / name, "UTC")


def test_a_file_that_is_far_too_large_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "maps"
    folder.mkdir()
    (folder / "a.toml").write_bytes(b"#" * (4 * 2**20 + 1))
    with pytest.raises(ConfigError) as caught:
        load_mappings(tmp_path, "UTC")
    assert "larger than 4 MB" in str(caught.value.problems[0])
