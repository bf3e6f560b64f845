"""Every file in ``bad/`` gives exactly the problems at its end, every file in ``good/`` exactly the warnings at its end.

A line that begins with ``#> `` is an expected message; it is cut off before the file is read. Files in ``bad/`` build upon
``base.toml``. The CSV files that a file brings stand beside it: ``NAME.teams.csv`` is ``teams.csv`` to ``NAME.bad.toml``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import Problem
from hub.mappings import parse
from hub.model import Mapping

HERE = Path(__file__).parent
BASE = (HERE / "base.toml").read_text("utf-8")
MARK = "#> "
BAD = sorted(HERE.glob("bad/*.bad.toml"))
GOOD = sorted(HERE.glob("good/*.good.toml"))


def split(path: Path) -> tuple[str, list[str]]:
    lines = path.read_text("utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith(MARK))
    return text, [line.removeprefix(MARK).rstrip("\n") for line in lines if line.startswith(MARK)]


def name(path: Path) -> str:
    return path.name.removesuffix(".bad.toml").removesuffix(".good.toml")


def files(path: Path) -> dict[str, str]:
    """What is parsed together, by name."""
    with_it = {p.name.removeprefix(f"{name(path)}."): p for p in path.parent.glob(f"{name(path)}.*.csv")}
    found = {f"{name(path)}.toml": split(path)[0]} | {n: p.read_bytes().decode("utf-8") for n, p in with_it.items()}
    return found if path in GOOD else {"base.toml": BASE, **found}


def parsed(path: Path) -> tuple[Mapping | None, list[Problem]]:
    return parse(files(path), "UTC")


def of(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=name)


@of(BAD)
def test_bad(path: Path) -> None:
    mapping, problems = parsed(path)
    expected = split(path)[1]
    assert [str(p) for p in problems] == expected
    assert mapping is None
    assert expected, "a bad file must say what is wrong with it"


@of([*BAD, *GOOD])
def test_every_message_says_what_to_do(path: Path) -> None:
    for problem in parsed(path)[1]:
        assert problem.remedy, problem
        for sentence in (problem.text, problem.remedy):
            assert sentence.endswith((".", "?")), problem
            assert "  " not in sentence, problem
            assert "None" not in sentence, problem
            assert not sentence[0].islower(), f"the name of a setting at the front belongs in backticks: {problem}"


@of([*BAD, *GOOD])
def test_every_message_points_at_something(path: Path) -> None:
    texts = files(path)
    for problem in parsed(path)[1]:
        lines = texts[problem.file].split("\n")
        assert 1 <= problem.line <= len(lines), problem
        assert problem.width >= 1
        if problem.column:
            line = lines[problem.line - 1].rstrip("\r")
            assert problem.excerpt == line or not line.strip(), problem
            assert problem.column <= len(line) + 1, problem
            assert line[problem.column - 1 : problem.column].strip() or problem.column == len(line) + 1, problem
        else:
            assert (problem.line, problem.excerpt) == (1, ""), "only a file as a whole has no column"


@of(GOOD)
def test_good(path: Path) -> None:
    mapping, problems = parsed(path)
    assert [str(p) for p in problems] == split(path)[1]
    assert mapping is not None


@pytest.mark.parametrize("path", sorted(HERE.glob("*/*.csv")), ids=lambda p: p.name)
def test_every_csv_file_goes_with_a_mapping_file(path: Path) -> None:
    assert [p for p in (*BAD, *GOOD) if path.name.startswith(f"{name(p)}.") and p.parent == path.parent]


def test_the_base_is_valid() -> None:
    mapping, problems = parse({"base.toml": BASE}, "UTC")
    assert mapping is not None
    assert [p.text for p in problems] == [
        'The objective "land" has only completion key results: work that gets done, not what it changes.'
    ]
