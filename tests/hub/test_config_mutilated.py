"""The example configuration, mutilated in every way, gives problems and never another exception, and never tells a secret."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from hub.config import load_config
from hub.errors import ConfigError, Problem
from tests.hub.mappings.test_shipped import EDITS, VALUES, mutilate

TEXT = (Path(__file__).parents[2] / "config.example.toml").read_text("utf-8")
SECRET = "s3cret-of-the-test"
KEYS = (
    "database",
    "timezone",
    "mappings",
    "source",
    "kind",
    "url",
    "user",
    "projects",
    "fields",
    "effort",
    "estimate",
    "site",
    "token",
    "daemon",
)


def load(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(text, "utf-8", errors="surrogatepass")
        try:
            config = load_config(path, {"ANCHORLINE_JIRA__TOKEN": SECRET})
        except ConfigError as error:
            assert any(not p.warning for p in error.problems)
            assert not any(SECRET in str(p) for p in error.problems)
            for problem in error.problems:
                points_somewhere(problem, text)
        else:
            assert SECRET not in repr(config)
            for name in config.sources:
                assert config.sources[name].facts.name == name


def points_somewhere(problem: Problem, text: str) -> None:
    """Inside the file, and with the beginning of its line."""
    if problem.column:
        lines = text.removeprefix("\ufeff").split("\n")
        line = lines[problem.line - 1].rstrip("\r")
        assert problem.column <= len(line) + 1, problem
        assert line.startswith(problem.excerpt.removesuffix("…")), problem


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits=EDITS)
def test_mutilated(edits: list[tuple[str, bool, int, int, str]]) -> None:
    load(mutilate(TEXT, edits))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(key=st.sampled_from(KEYS), value=VALUES, at=st.integers(0, 30))
def test_any_value_at_any_key(key: str, value: str, at: int) -> None:
    lines = [line for line in TEXT.splitlines() if not line.startswith(f"{key} =")]
    lines.insert(at % len(lines), f"{key} = {value}")
    load("\n".join(lines))


BEFORE = st.sampled_from(["", '"', "\n", " = ", "://", "@", "# ", '"""', "token = "])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(at=st.integers(0, 2000), before=BEFORE, edits=EDITS)
def test_a_known_secret_is_never_shown(at: int, before: str, edits: list[tuple[str, bool, int, int, str]]) -> None:
    text = mutilate(TEXT, edits[:2])
    at %= len(text) + 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(text[:at] + before + SECRET + text[at:], "utf-8", errors="surrogatepass")
        try:
            found = list(load_config(path, {"ANCHORLINE_JIRA__TOKEN": SECRET}).warnings)
        except ConfigError as error:
            found = list(error.problems)
    assert not [problem for problem in found if SECRET in problem.excerpt]
