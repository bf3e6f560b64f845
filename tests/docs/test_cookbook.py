"""Every recipe of the cookbook works: its files are valid, its tests hold, and they fail without what the recipe is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from hub.mappings import parse
from hub.mappings.spec import FIELDS
from hub.model import Mapping as Strategy
from hub.model import SourceFacts
from hub.ruletests import judge, read_tests
from tests.docs.page import DOCS, code, dead_links
from tests.hub.mappings.test_schema import wrong

PAGE = DOCS / "cookbook.md"
TEXT = PAGE.read_text("utf-8")
HEAD, *PARTS = re.split(r"^(?=## )", TEXT, flags=re.MULTILINE)
(BASE,) = (c.text for c in code(HEAD))
ALWAYS = ("Completion is output", "unmeasured")
"""What the small strategy is warned of in any recipe, as the page says."""
MARK = re.compile(r"^.*# <-$\n", re.MULTILINE)
DECIDES = re.compile(r"\[\[(?:rule|pattern)\]\]|\[status\.\w+\]|\[resolution\]")
"""Sections without which the items must serve something else."""
SOURCES = {
    kind: SourceFacts(kind, kind, frozenset(field.name for field in FIELDS if field.kind != "team"))
    for kind in ("jira", "trello")
}


@dataclass(frozen=True)
class Recipe:
    """One recipe: its mapping file, CSV files, test files, and the warnings that it names."""

    title: str
    mapping: str
    tables: Mapping[str, str]
    tests: Mapping[str, str]
    warnings: list[str]

    def parsed(self, mapping: str | None = None) -> tuple[Strategy | None, list[str], list[str]]:
        """The strategy with this text in place of the recipe's; mistakes; and warnings beside those that are always there."""
        files = {"mappings/strategy.toml": BASE, "mappings/recipe.toml": self.mapping if mapping is None else mapping}
        strategy, problems = parse(files | {f"mappings/{name}": text for name, text in self.tables.items()}, "UTC")
        mistakes = [str(p) for p in problems if not p.warning]
        besides = [p.text for p in problems if p.warning and not any(w in p.text + p.remedy for w in ALWAYS)]
        return strategy, mistakes, besides

    def failed(self, mapping: str | None = None) -> list[str]:
        """What does not come out as its tests expect."""
        strategy, mistakes, _ = self.parsed(mapping)
        assert strategy is not None, mistakes
        facts = SOURCES if any("source =" in text for text in self.tests.values()) else {}
        worlds, problems = read_tests(self.tests, strategy, facts)
        return [str(p) for p in problems] + [v.text for w in worlds for v in judge(strategy, w) if not v.passed]


def recipe(part: str) -> Recipe:
    blocks = code(part)
    tests = {c.text.partition("\n")[0].removeprefix("# "): c.text for c in blocks if c.text.startswith("# mappings/tests/")}
    (mapping,) = (c.text for c in blocks if c.language == "toml" and c.text not in tests.values())
    warnings = [line for c in blocks if c.language == "text" for line in c.text.splitlines()]
    tables = {c.title: c.text for c in blocks if c.language == "csv"}
    return Recipe(part.partition("\n")[0].removeprefix("## "), mapping, tables, tests, warnings)


RECIPES = [recipe(part) for part in PARTS]
each = pytest.mark.parametrize("made", RECIPES, ids=lambda r: r.title)


def test_there_are_as_many_as_the_numbers_say() -> None:
    assert [r.title.partition(". ")[0] for r in RECIPES] == [str(n) for n in range(1, len(RECIPES) + 1)]
    assert len(RECIPES) >= 20
    assert all("**Mind:**" in part for part in PARTS)
    assert dead_links(PAGE) == []


@each
def test_its_files_are_valid_and_warn_of_nothing_that_it_does_not_name(made: Recipe) -> None:
    strategy, mistakes, besides = made.parsed()
    assert mistakes == []
    assert besides == made.warnings
    assert strategy is not None


@each
def test_its_tests_hold(made: Recipe) -> None:
    assert made.tests
    assert made.failed() == []


@each
def test_editors_mark_nothing_in_it(made: Recipe) -> None:
    assert wrong("mapping", BASE) == wrong("mapping", made.mapping) == []
    assert [wrong("tests", text) for text in made.tests.values()] == [[]] * len(made.tests)


def cuts(made: Recipe) -> list[str]:
    """The mapping file without each section that decides something, and without all lines that are marked."""
    sections = re.split(r"^(?=\[)", made.mapping, flags=re.MULTILINE)
    found = ["".join(sections[:n] + sections[n + 1 :]) for n, one in enumerate(sections) if DECIDES.match(one)]
    return found + ([MARK.sub("", made.mapping)] if MARK.search(made.mapping) else [])


@each
def test_they_fail_without_what_it_is_about(made: Recipe) -> None:
    without = cuts(made)
    assert without
    for mapping in without:
        assert any("expected:" in one for one in made.failed(mapping)), f"holds all the same:\n{mapping}"


@pytest.mark.parametrize("made", [r for r in RECIPES if r.tables], ids=lambda r: r.title)
def test_a_csv_file_is_needed(made: Recipe) -> None:
    bare = Recipe(made.title, made.mapping, {}, made.tests, made.warnings)
    assert bare.parsed()[1] or bare.failed()
