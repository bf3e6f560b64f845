"""A small strategy, and short ways to read a rule beside it."""

from __future__ import annotations

from hub.mappings import parse
from hub.model import Comparison, Condition, Mapping, Rule
from hub.model import Test as Alternative

STRATEGY = """\
[cycle]
2027-q1 = { starts = 2027-01-01, ends = 2027-03-31 }
2027-q2 = { starts = 2027-04-01, ends = 2027-06-30 }
[allowance]
ktlo = {}
[[team]]
id = "product"
[[team]]
id = "Core"
was = "engine"
parent = "product"
[[objective]]
id = "land"
cycle = "2027-q1"
team = "core"
anchor.threat = "x"
[[objective]]
id = "next"
cycle = "2027-q2"
anchor.threat = "x"
[[key_result]]
id = "SSO"
was = "saml"
objective = "land"
kind = "completion"
[[key_result]]
id = "soc2"
objective = "land"
kind = "completion"
[[key_result]]
id = "scim"
objective = "next"
kind = "completion"
"""


def mapping_of(text: str) -> Mapping:
    mapping, problems = parse({"s.toml": STRATEGY, "r.toml": text}, "UTC")
    assert mapping is not None, [str(p) for p in problems]
    return mapping


def rule(*lines: str, to: str = 'to = "sso"') -> Rule:
    """The one rule that the lines and ``to`` make."""
    (found,) = mapping_of("\n".join(("[[rule]]", *lines, to, ""))).rules
    return found


def when(line: str) -> Condition:
    """The one condition of a line."""
    (found,) = rule(line).when
    return found


def said(*lines: str, to: str = 'to = "sso"', warnings: bool = False) -> list[str]:
    """What is said of a rule, without the place."""
    _, problems = parse({"s.toml": STRATEGY, "r.toml": "\n".join(("[[rule]]", *lines, to, ""))}, "UTC")
    return [f"{p.text} {p.remedy}" for p in problems if p.file == "r.toml" and p.warning == warnings]


def equal(written: str, folded: str | None = None) -> Alternative:
    return Alternative("equal", written.casefold() if folded is None else folded, written)


def compare(written: str, *comparisons: tuple[str, object]) -> Alternative:
    return Alternative("compare", "", written, tuple(Comparison(op, right) for op, right in comparisons))  # type: ignore[arg-type]
