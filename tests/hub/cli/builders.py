"""Values of the read side with good defaults, and what a console makes of them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType

from hub.report.values import (
    ConditionStep,
    ItemExplanation,
    Node,
    NodeExplanation,
    RuleStep,
    RunRow,
    ShareStep,
    SourceAge,
    Tree,
    Unanchored,
    UnanchoredRow,
    UnitRow,
    UnitStep,
)

NOW = 1_795_176_000_000  # 2026-11-20T12:00:00Z
HOUR, DAY = 3_600_000, 86_400_000


def shown(part: RenderableType, width: int = 80, terminal: bool = False) -> str:
    """What a console of this width prints."""
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, markup=False, highlight=False, emoji=False, _environ={})
    console.print(part)
    return file.getvalue()


def run(*words: str | Path, folder: Path, stdin: int = subprocess.DEVNULL, **env: str) -> subprocess.CompletedProcess[str]:
    """``anchorline`` as a real process, with nothing of this machine's own Anchorline around it."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "hub.cli", *map(str, words)],
        cwd=folder,
        env=environment(**env),
        text=True,
        encoding="utf-8",
        capture_output=True,
        stdin=stdin,
        timeout=100,
        check=False,
    )


def environment(**env: str) -> dict[str, str]:
    """This process's environment without our own variables, at 80 columns and in UTF-8."""
    unwanted = ("ANCHORLINE_", "COLUMNS", "NO_COLOR", "FORCE_COLOR", "PYTHONIOENCODING", "TERM")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return kept | {"COLUMNS": "80", "PYTHONUTF8": "1"} | env


def age(**change: Any) -> SourceAge:
    return SourceAge(
        **{"source": "jira", "kind": "jira", "complete_at": NOW - 2 * HOUR, "last_result": "complete", "last_at": NOW} | change
    )


def key_result(**change: Any) -> Node:
    given = {
        "kind": "key_result",
        "id": "sso",
        "name": "Single sign-on generally available",
        "progress": Fraction(11, 20),
        "key_results": 1,
        "measured": 1,
        "note": "11 of 20 items done, 3 left out",
        "status": "on track",
        "why": "55 % against 55 % expected on day 51 of 92; at risk below 50 %",
        "measured_by": "completion",
    }
    return Node(**given | change)


def tree(**change: Any) -> Tree:
    results = (
        key_result(),
        key_result(
            id="soc2",
            name="SOC 2 controls in place",
            progress=None,
            measured=0,
            note="no work is attached",
            team="platform",
            status="unknown",
            why="not measured: no work is attached to it",
        ),
    )
    weakest = {"status": "unknown", "why": 'its committed key result "soc2" is unknown'}
    objective = Node(
        "objective", "enterprise-ready", "Pass every review", Fraction(11, 20), 2, 1, team="identity", children=results, **weakest
    )
    pillar = Node(
        "pillar",
        "enterprise",
        "Win the enterprise",
        Fraction(11, 20),
        2,
        1,
        owner="Rosa Keller",
        children=(objective,),
        **weakest,
    )
    given = {
        "cycle": "2026-q4",
        "starts": date(2026, 10, 1),
        "ends": date(2026, 12, 31),
        "seq": 40,
        "as_of": NOW,
        "company": Node("company", "company", "Company", Fraction(11, 20), 2, 1, children=(pillar,), **weakest),
        "sources": (age(),),
        "counts": {"linked": 60, "allowance": 20, "unanchored": 15, "contested": 3, "broken": 2, "ignored": 9},
    }
    return Tree(**given | change)


def row(**change: Any) -> UnanchoredRow:
    given = {
        "source": "jira",
        "id": "10012",
        "key": "PLAT-12",
        "title": "Upgrade the database",
        "url": "https://x.example/browse/PLAT-12",
        "type": "Task",
        "state": "doing",
        "status": "In Progress",
        "project": "PLAT",
        "team": "Platform",
        "effort": Decimal(8),
        "updated_at": NOW - 3 * DAY,
        "age_days": 3,
        "active": 8,
    }
    return UnanchoredRow(**given | change)


def unanchored(**change: Any) -> Unanchored:
    given = {
        "cycle": "2026-q4",
        "as_of": NOW,
        "items": (row(), row(key=None, team=None, age_days=None)),
        "contested": (row(key="CORE-1", why="sso and soc2, both with strength 50"),),
        "broken": (
            row(key="IDN-7", why="kr:ssso: no key result 'ssso'; did you mean 'sso'?", broken=(("kr:ssso", "ssso", "sso"),)),
        ),
        "rows": 21,
        "total": 37,
        "active": 148,
        "by_team": (("Platform", 30, Decimal("41.5")), ("no team", 7, Decimal(7))),
        "dormant": 12,
    }
    given |= {"sources": (age(),), "contested_total": 1, "broken_total": 1, "under_broken": 5}
    return Unanchored(**given | change)


def rule(**change: Any) -> RuleStep:
    line = ConditionStep("label", ("kr:{key_result}",), ("kr:sso", "backend"), True, "rules.toml:8")
    given = {
        "name": "label",
        "place": "rules.toml:6",
        "target": "{key_result}",
        "strength": 100,
        "holds": True,
        "deciding": line,
        "conditions": (line,),
    }
    return RuleStep(**given | change)


def near_miss(name: str = "sso-component") -> RuleStep:
    project = ConditionStep("project", ("IDN",), ("IDN",), True, "rules.toml:13")
    part = ConditionStep("component", ("SSO",), (), False, "rules.toml:14")
    return rule(
        name=name, place="rules.toml:11", target="sso", strength=50, holds=False, deciding=part, conditions=(project, part)
    )


def far(name: str) -> RuleStep:
    line = ConditionStep("field.tier", ("1",), (), None, "rules.toml:50")
    return rule(name=name, place="rules.toml:49", target="ktlo", strength=50, holds=None, deciding=line, conditions=(line,))


RUN = {"id": "7", "source": "jira", "started_at": NOW - HOUR, "result": "complete"}


def item(**change: Any) -> ItemExplanation:
    given = {
        "source": "jira",
        "id": "10031",
        "key": "IDN-31",
        "title": "SAML for everyone",
        "url": "https://x.example/browse/IDN-31",
        "cycle": "2026-q4",
        "seq": 40,
        "state": "doing",
        "active": True,
        "facts": {
            "status": "In Review",
            "estimate": "5",
            "labels": ["kr:sso", "backend"],
            "resolution": None,
            "fields": {"team": "Identity"},
        },
        "team": "Identity",
        "outcome": "linked",
        "sentence": "IDN-31 serves sso (Single sign-on generally available).",
        "shares": (
            ShareStep("key_result", "sso", "Single sign-on generally available", Fraction(1), "label", "rules.toml:6", "kr:sso"),
        ),
        "strength": 100,
        "via": None,
        "chain": ("IDN-31", "IDN-3"),
        "broken": (),
        "units": (UnitStep("sso", Fraction(1), False, "it was done before the cycle began"),),
        "rules": (rule(), near_miss(), far("tier-one"), far("tier-two")),
        "inherited": (("IDN-3", (rule(name="epics"),)),),
        "findings": ("the estimate 'five' is not valid and counts as missing",),
        "run": RUN,
    }
    return ItemExplanation(**given | change)


def unit(**change: Any) -> UnitRow:
    given = {
        "source": "jira",
        "id": "10031",
        "key": "IDN-31",
        "title": "SAML for everyone",
        "url": "https://x.example/browse/IDN-31",
        "level": 0,
        "state": "done",
        "part": Fraction(1),
        "counts": True,
        "why": "",
        "estimate": Decimal(5),
        "below": None,
        "weight": Fraction(5),
        "raw_estimate": "5.0",
        "raw_status": "Closed",
        "via": None,
        "rule": "label",
        "place": "rules.toml:6",
        "named": "kr:sso",
        "run": "7",
    }
    return UnitRow(**given | change)


def left_out(**change: Any) -> UnitRow:
    return unit(
        **{"key": "IDN-40", "counts": False, "weight": None, "why": "dropped work leaves both sides", "state": "dropped"} | change
    )


def node(**change: Any) -> NodeExplanation:
    given = {
        "kind": "key_result",
        "id": "sso",
        "name": "Single sign-on generally available",
        "cycle": "2026-q4",
        "seq": 40,
        "as_of": NOW,
        "mapping_hash": "6bb803385064aaaa",
        "place": "objectives.toml:15",
        "progress": Fraction(11, 20),
        "done": Fraction(11),
        "total": Fraction(20),
        "key_results": 1,
        "measured": 1,
        "sentence": "Single sign-on generally available is at 55 %: 11 of 20 done.",
        "formula": "weight of done units / weight of all units = 11 / 20 = 55 %",
        "policy": {
            "by": "estimate",
            "level": None,
            "missing": "mean",
            "before_cycle": "leave_out",
            "means": {"0": Fraction(7, 2)},
        },
        "units": (unit(), unit(key="IDN-32", part=Fraction(1, 2), weight=Fraction(5, 2)), left_out()),
        "units_total": 3,
        "run": RUN,
        "sources": (age(),),
    }
    return NodeExplanation(**given | change)


def run_row(**change: Any) -> RunRow:
    given = {
        "id": "7",
        "source": "jira",
        "reason": "command",
        "mode": "full",
        "result": "complete",
        "started_at": NOW - HOUR,
        "finished_at": NOW - HOUR + 192_000,
        "counts": {"read": 1500, "new": 12, "changed": 30},
    }
    return RunRow(**given | change)
