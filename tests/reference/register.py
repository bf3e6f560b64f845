"""The rows of the register of needs, and how a named case of one is written: mapping files as text, items, an answer."""

from __future__ import annotations

from textwrap import dedent

from hub.mappings import parse
from hub.model import Container, Dimensions, Item, Mapping, SourceFacts, Sprint
from tests.reference.builders import FIELDS, Company, at

ROWS = [f"{n:02}" for n in range(2, 61) if n not in (58, 59)]
"""The numbers of all rows."""

NOT_HERE = {
    "30": "How effort adds up across teams is the matter of the portfolio, which is not there yet; `size` is read (row 46).",
}
"""Rows without a test, and why."""
IN_PART = {
    "18": "No command copies a cycle's objectives as drafts yet; what the ids mean in the next cycle is tested.",
    "27": "`check` does not count what is typed yet; the notes above the numbers do.",
    "28": "Budgets are read and checked; no excess is judged yet, and `check` says so.",
    "34": "The fence is tested; who may edit a file is said outside of the mapping files.",
    "35": "`periods` is read; no figure uses it yet.",
    "47": "`channel` is read; no message is sent yet.",
    "60": "`home` is read; no comment is read yet.",
}
"""Rows with a test of which a part is not in this version, and which."""

STRATEGY = """
[cycle]
2027-q1 = { starts = 2027-01-01, ends = 2027-03-31 }

[pillar]
enterprise = { name = "Win the enterprise" }

[allowance]
ktlo = { name = "Keep the lights on" }

[[objective]]
id = "land"
name = "Land twenty enterprises"
cycle = "2027-q1"
anchor.pillar = "enterprise"

[[key_result]]
id = "sso"
objective = "land"
name = "Single sign-on"
kind = "completion"

[[key_result]]
id = "soc2"
objective = "land"
name = "SOC 2"
kind = "completion"
"""
CONVENTION = """
[[rule]]
name = "label"
when.label = "kr:{key_result}"
to = "{key_result}"
"""
Q1 = "2027-q1"
LAND = ("objective", "land")
ENTERPRISE = ("pillar", "enterprise")
WHOLE = ("company", "")
SOC2 = ("key_result", "soc2")


def problems(*texts: str, **files: str) -> list[str]:
    """What the reader says of them, warnings too. ``people_csv="..."`` is a file ``people.csv``."""
    return [str(p) for p in parse(_files(texts, files), "UTC")[1]]


def reads(*texts: str, **files: str) -> Mapping:
    """The mapping that files of these texts say; a warning is no mistake."""
    mapping, found = parse(_files(texts, files), "UTC")
    assert mapping is not None, "\n".join(map(str, found))
    return mapping


def _files(texts: tuple[str, ...], files: dict[str, str]) -> dict[str, str]:
    toml = {f"mappings/{n}.toml": dedent(text) for n, text in enumerate(texts)}
    return toml | {f"mappings/{name.replace('_', '.')}": dedent(text).lstrip() for name, text in files.items()}


NAMED = frozenset({"field.region", "field.squad", "field.goal"})
DIMENSIONS = Dimensions(
    containers={
        ("jira", "10000"): Container("IDN", "Identity"),
        ("jira", "10001"): Container("CORE", "Core platform"),
        ("eu", "10000"): Container("OPS", "Operations EU"),
        ("jira", "10002"): Container("OPS", "Operations"),
        ("cards", "b1"): Container(None, "Roadmap"),
    },
    sprints={
        ("jira", "1"): Sprint("Sprint 1", "active", "board"),
        ("jira", "2"): Sprint("Sprint 2", "future", "board", 2_000),
        ("jira", "3"): Sprint("Sprint 3", "future", "board", 3_000),
    },
    sources={
        "jira": SourceFacts("jira", "jira", FIELDS | NAMED),
        "eu": SourceFacts("eu", "jira", FIELDS | NAMED),
        "cards": SourceFacts("cards", "trello", (FIELDS | {"field.squad"}) - {"component", "estimate", "resolution"}),
    },
)
IDN, CORE, OPS = ("10000",), ("10001",), ("10002",)


def given(mapping: Mapping, *items: Item, as_of: str = "2027-02-15") -> Company:
    return Company(mapping, items, DIMENSIONS, at(as_of))
