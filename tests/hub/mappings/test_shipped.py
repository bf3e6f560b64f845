"""The example that travels with the package: valid, without a needless warning, and true to the sandbox's company."""

from __future__ import annotations

import re
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, example, given, settings

from hub.config import check_fields, load_config
from hub.errors import Problem
from hub.mappings import load_mappings, parse, read_folder
from hub.sandbox import company

ROOT = Path(__file__).parents[3]
FILES = read_folder(ROOT / "mappings")
CYCLE_LINE = "2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }"


def test_it_is_valid_and_without_needless_warnings() -> None:
    mapping, warnings = load_mappings(ROOT / "mappings", "UTC")
    assert [str(w) for w in warnings] == []
    tables = [f"mappings/{n}.toml" for n in ("objectives", "outcomes", "rules", "strategy", "teams")]
    assert sorted(mapping.files) == sorted(
        [*tables, *(f"mappings/queries/{n}.sql" for n in ("activation", "availability", "cost"))]
    )


def test_it_fits_the_example_configuration() -> None:
    config = load_config(ROOT / "config.example.toml", {"ANCHORLINE_JIRA__TOKEN": "secret-of-the-test"})
    site, *files = (str(p) for p in config.warnings)
    assert site == "config.example.toml:12:7: warning: `url` is still that of the example company. Put your own site there."
    assert len(files) == 2
    assert all("There is no file" in line for line in files)  # what the example names lies in the demo's folder
    assert config.mappings == ROOT / "mappings"
    mapping, _ = load_mappings(config.mappings, config.timezone)
    assert check_fields(mapping, config) == []
    assert set(config.sources["jira"].partitions) == {p.key for p in company.PROJECTS}


def test_it_shows_every_kind() -> None:
    mapping, _ = load_mappings(ROOT / "mappings", "UTC")
    kinds = {k.kind for k in mapping.key_results.values()}
    assert kinds == {"completion", "milestone", "increase", "decrease", "stay_above", "stay_below"}
    assert {"sum", "count", "ratio", "days_between", "latest"} == {m.aggregate for m in mapping.metrics.values()}


def test_it_says_what_the_sandbox_company_says() -> None:
    mapping, _ = load_mappings(ROOT / "mappings", "UTC")
    assert {(p.id, p.name) for p in mapping.pillars.values()} == {(p.id, p.name) for p in company.PILLARS}
    assert {(t.id, t.name, t.lead, t.owns_project, t.owns_field["team"]) for t in mapping.teams.values()} == {
        (t.id, t.name, company.PEOPLE[company.members(n)[0]], (t.project,), (t.name,)) for n, t in enumerate(company.TEAMS)
    }
    assert {(o.id, o.name, o.pillar, o.team) for o in mapping.objectives.values()} == {
        (o.id, o.name, o.pillar, o.team) for o in company.OBJECTIVES
    }
    assert {
        (k.id, k.name, k.objective, k.team or mapping.objectives[k.objective].team)
        for k in mapping.key_results.values()
        if k.kind == "completion"
    } == {(k.id, k.name, k.objective, k.team) for k in company.KEY_RESULTS}
    assert list(mapping.allowances) == [company.ALLOWANCE]


def test_its_rules_follow_the_conventions_of_the_company() -> None:
    mapping, _ = load_mappings(ROOT / "mappings", "UTC")
    said = {
        (when["project"], rule.target, when.get("component", ""), pattern)
        for rule in mapping.rules
        if rule.target_kind == "key_result" and rule.target
        for when in [{c.field: c.tests[0].written for c in rule.when}]
        for pattern in [t.written for c in rule.when if c.field == "title" for t in c.tests] or [""]
    }
    assert {(c.project, c.kr, c.component, c.title) for c in company.CONVENTIONS} <= said
    by_target = {r.target_kind: r for r in mapping.rules if r.target_kind != "key_result"}
    assert by_target["allowance"].when[0].tests[0].written == company.FALLBACK_PROJECT
    assert by_target["ignore"].when[0].tests[0].written == company.IGNORED_PROJECT


def test_its_heads_speak_to_who_reads_the_example_and_to_who_owns_a_copy() -> None:
    """In the repository the files are to be copied; after `anchorline init` they are the files themselves."""
    assert (
        (ROOT / "config.example.toml")
        .read_text("utf-8")
        .startswith(
            "#:schema ./config.schema.json\n"
            "# Anchorline's configuration. Change the lines under [source.jira], set the token in the environment, "
            "then run `anchorline check`.\n"
        )
    )
    for name, text in FILES.items():
        if not name.endswith(".toml"):
            continue
        first, second, _ = text.split("\n", 2)
        assert first == "#:schema ./mapping.schema.json", name
        assert second == "# The strategy of an invented company, as an example: put your own in its place.", name


def test_without_its_rules_one_line_names_the_first_key_results() -> None:
    _, problems = parse({n: t for n, t in FILES.items() if n != "mappings/rules.toml"}, "UTC")
    assert [str(p) for p in problems] == [
        "mappings/objectives.toml:17:1: warning: No rule reaches 14 key results: sso, soc2, audit-log and 11 more. "
        'They stay unmeasured. Add the label convention, a [[rule]] with when.label = "kr:{key_result}" and '
        'to = "{key_result}", or a rule for each.',
    ]


def test_the_quarter_can_be_exchanged_as_text() -> None:
    """Whoever copies the example for another quarter exchanges one id, its two dates and those of the steps; the plan rates hold
    longer."""
    text = "\n".join(FILES.values())
    assert text.count(CYCLE_LINE) == 1
    moved = {
        "2026-q4": "2027-q1", "2026-10-01": "2027-01-01", "2026-12-31": "2027-03-31", "2026-11-15": "2027-02-15",
        "2026-12-15": "2027-03-15",
    }  # fmt: skip
    assert set(re.findall(r"\d{4}-\d\d-\d\d", text)) - set(moved) == {"2020-01-01"}
    pattern = re.compile("|".join(map(re.escape, moved)))
    other = {name: pattern.sub(lambda found: moved[found[0]], t) for name, t in FILES.items()}
    mapping, problems = parse(other, "UTC")
    assert [str(p) for p in problems] == []
    assert mapping is not None
    assert {o.cycle for o in mapping.objectives.values()} == set(mapping.cycles) == {"2027-q1"}


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_block_is_needed_or_reported(name: str) -> None:
    """Without one of its files the example is no longer valid, or at least warns: no reference is taken on trust."""
    _, problems = parse({n: t for n, t in FILES.items() if n != name}, "UTC")
    assert problems


# ---- mutilated in every way, it gives problems and never an exception ------------------------------------------------------

EDITS = st.lists(
    st.tuples(
        st.sampled_from(["delete", "duplicate", "swap", "insert", "replace", "cut"]),
        st.booleans(),
        st.integers(0, 10_000),
        st.integers(0, 10_000),
        st.sampled_from(
            [
                "{",
                "}",
                "[",
                "]",
                '"',
                "'",
                "=",
                ".",
                ",",
                "\n",
                "#",
                "\u2028",
                "ß",
                "\0",
                "{x}",
                "*",
                "[[",
                "-",
                "9",
                "\\",
                " = 1\n",
            ]
        ),
    ),
    min_size=1,
    max_size=8,
)


def mutilate(text: str, edits: list[tuple[str, bool, int, int, str]]) -> str:
    for how, by_line, a, b, extra in edits:
        parts = text.splitlines(keepends=True) if by_line else list(text)
        if not parts:
            break
        i, j = a % len(parts), b % len(parts)
        if how == "delete":
            del parts[i]
        elif how == "duplicate":
            parts.insert(j, parts[i])
        elif how == "swap":
            parts[i], parts[j] = parts[j], parts[i]
        elif how == "insert":
            parts.insert(i, extra)
        elif how == "replace":
            parts[i] = extra
        else:
            del parts[min(i, j) : min(i, j) + 20]
        text = "".join(parts)
    return text


GOOD = {path.name: path.read_text("utf-8") for path in (Path(__file__).parent / "good").glob("*.toml")}
SETS = dict.fromkeys(FILES, FILES) | {name: {name: text} for name, text in GOOD.items()}
"""A file to change, with all files that belong to it."""
NAMES = [*sorted(FILES), *3 * ["whole-strategy.good.toml"], *sorted(GOOD)]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(NAMES), edits=EDITS)
@example(name="mappings/rules.toml", edits=[("delete", True, 0, 0, "")])
def test_mutilated(name: str, edits: list[tuple[str, bool, int, int, str]]) -> None:
    files = {**SETS[name], name: mutilate(SETS[name][name], edits)}
    mapping, problems = parse(files, "UTC")
    assert all(isinstance(p, Problem) and p.text and p.file in files and p.line >= 0 for p in problems)
    assert (mapping is None) == any(not p.warning for p in problems)
    for problem in problems:
        assert problem.line <= files[problem.file].count("\n") + 1
    if mapping is not None:
        assert parse(mapping.files, mapping.timezone)[0] == mapping


VALUES = st.recursive(
    st.sampled_from(
        [
            "1",
            "-7",
            "1.5",
            "nan",
            "true",
            '""',
            '" "',
            '"x"',
            '"{a}"',
            '"{key_result}"',
            "2026-01-01",
            "2026-01-01T00:00:00Z",
            "07:32:00",
            "inf",
            "0x10",
            '"**"',
            '"sso"',
            '"2026-q4"',
            '"20%"',
            '"\\u0000"',
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda v: f"[{', '.join(v)}]")
        | st.lists(
            st.tuples(
                st.sampled_from(
                    [
                        "a",
                        "name",
                        "gte",
                        "field",
                        "label",
                        "pillar",
                        '""',
                        "project",
                        "id",
                        "key_result",
                        "by",
                        "on",
                        "why",
                        "due",
                    ]
                ),
                inner,
            ),
            max_size=3,
            unique_by=lambda p: p[0],
        ).map(lambda v: "{ " + ", ".join(f"{k} = {x}" for k, x in v) + " }")
    ),
    max_leaves=6,
)
KEYS = sorted(
    {m for t in (*FILES.values(), *GOOD.values()) for m in re.findall(r"^([a-z_.]+) =", t, re.MULTILINE)}
    | {"anchor", "agree_by", "for_each.rows", "owns", "parent", "periods", "rates", "scale", "steps", "was", "when.level"}
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(NAMES), at=st.integers(0, 200), key=st.sampled_from(KEYS), value=VALUES)
def test_any_value_at_any_key(name: str, at: int, key: str, value: str) -> None:
    lines = SETS[name][name].splitlines()
    at %= len(lines)
    with_key = [n for n, line in enumerate(lines) if line.startswith(f"{key} =")]
    if with_key:
        lines[with_key[at % len(with_key)]] = f"{key} = {value}"
    else:
        lines.insert(at, f"{key} = {value}")
    files = {**SETS[name], name: "\n".join(lines)}
    mapping, problems = parse(files, "UTC")
    assert (mapping is None) == any(not p.warning for p in problems)
