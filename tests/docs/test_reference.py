"""The reference of the mapping files: made from the grammar's description, and every example in it holds."""

from __future__ import annotations

import re

from hub.mappings import parse, spec
from hub.mappings.reference import reference
from hub.ruletests import judge, read_tests
from tests.docs.page import DOCS, code, dead_links, headings

PAGE = DOCS / "mapping-reference.md"
CODE = code(PAGE.read_text("utf-8"))
TESTS = {f"mappings/tests/{n}.toml": c.text for n, c in enumerate(CODE) if c.text.startswith("# mappings/tests/")}
FILES = {f"mappings/{n}.toml": c.text for n, c in enumerate(CODE) if c.language == "toml" and c.text not in TESTS.values()}
FILES |= {f"mappings/{c.title}": c.text for c in CODE if c.language in ("csv", "sql")}
NOT_YET = ("not judged yet", "Completion is output", "Nobody owns", "homework", "is not said to be a part of")
"""What the examples are warned of: all that this version keeps and does not judge."""


def test_it_is_what_the_description_says() -> None:
    assert PAGE.read_text("utf-8") == reference(), "run `make docs`"
    assert not re.search(r"\[\[[a-z_]+ [a-z_]+\]\]", reference()), "a piece that nothing fills"


def test_all_its_examples_are_one_valid_strategy() -> None:
    mapping, problems = parse(FILES, "UTC")
    assert [str(p) for p in problems if not any(word in p.text + p.remedy for word in NOT_YET)] == []
    assert mapping is not None
    assert set(mapping.files) == set(FILES), "a file that no example names"


def test_its_world_comes_out_as_it_expects() -> None:
    mapping, _ = parse(FILES, "UTC")
    assert mapping is not None
    worlds, problems = read_tests(TESTS, mapping, {})
    assert [str(p) for p in problems] == []
    verdicts = [verdict for world in worlds for verdict in judge(mapping, world)]
    assert [v.text for v in verdicts if not v.passed] == []
    assert verdicts


def test_every_section_has_its_place() -> None:
    found = headings(PAGE.read_text("utf-8"))
    assert all(f"`{block.header}`" in found for block in spec.BLOCKS)


def test_its_links_lead_somewhere() -> None:
    assert dead_links(PAGE) == []
