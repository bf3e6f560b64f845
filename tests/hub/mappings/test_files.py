"""Every file in ``bad/`` gives exactly the problems at its end, every file in ``good/`` exactly the warnings at its end.

A line that begins with ``#> `` is an expected message; it is cut off before the file is read. Files in ``bad/`` build upon
``base.toml``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.mappings import parse

HERE = Path(__file__).parent
BASE = (HERE / "base.toml").read_text("utf-8")
MARK = "#> "


def split(path: Path) -> tuple[str, list[str]]:
    lines = path.read_text("utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith(MARK))
    return text, [line.removeprefix(MARK).rstrip("\n") for line in lines if line.startswith(MARK)]


@pytest.mark.parametrize("path", sorted(HERE.glob("bad/*.bad.toml")), ids=lambda p: p.name.removesuffix(".bad.toml"))
def test_bad(path: Path) -> None:
    text, expected = split(path)
    mapping, problems = parse({"base.toml": BASE, path.name.replace(".bad", ""): text}, "UTC")
    assert [str(p) for p in problems] == expected
    assert mapping is None
    assert expected, "a bad file must say what is wrong with it"


@pytest.mark.parametrize("path", sorted(HERE.glob("bad/*.bad.toml")), ids=lambda p: p.name.removesuffix(".bad.toml"))
def test_every_message_says_what_to_do(path: Path) -> None:
    text, _ = split(path)
    for problem in parse({"base.toml": BASE, "x.toml": text}, "UTC")[1]:
        assert problem.remedy, problem
        for sentence in (problem.text, problem.remedy):
            assert sentence.endswith((".", "?")), problem
            assert "  " not in sentence, problem
            assert "None" not in sentence, problem
            assert not sentence[0].islower(), f"the name of a setting at the front belongs in backticks: {problem}"
        assert problem.line > 0, problem


@pytest.mark.parametrize("path", sorted(HERE.glob("good/*.good.toml")), ids=lambda p: p.name.removesuffix(".good.toml"))
def test_good(path: Path) -> None:
    text, expected = split(path)
    mapping, problems = parse({path.name.replace(".good", ""): text}, "UTC")
    assert [str(p) for p in problems] == expected
    assert mapping is not None


def test_the_base_is_valid() -> None:
    mapping, problems = parse({"base.toml": BASE}, "UTC")
    assert mapping is not None
    assert problems == []
