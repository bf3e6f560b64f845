"""What a seed does to the company and to the hub, step by step: drawn first, as plain data, so that a seed can be replayed.

People's work names issues by position, not by id: what stands there is looked up when the step is taken, from the truth of
that moment. A step that makes no sense then (nothing to restore) is refused by the stand-in and does nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.hub.sandbox.process import Sandbox
from tests.simulation_http.site import PROJECTS

LABELS = ("kr:checkout-speed", "kr:audit-log", "kr:mobile-crashes", "ktlo", "customer-request")
DAY = 86_400.0
SIGHT = ("hide", "show", "archive", "trash", "live", "role", "full role", "blackout", "light")
WAYS = ("lag", "skew", "no skew")
NAMES = ("rename status", "rename field", "rename sprint", "rename project", "rekey")
FAULTS: tuple[dict[str, Any], ...] = (
    {"do": "random", "probability": 0.1},
    {"do": "random", "probability": 0.2},
    {"do": "random", "probability": 0.5, "path": "/rest/api/3/issue/bulkfetch"},
    {"do": "expire_token", "path": "/rest/api/3/search/jql", "at": [2, 5]},
    {"do": "duplicate", "path": "/rest/api/3/search/jql", "by": 3, "times": 0},
    {"do": "duplicate", "path": "/rest/api/3/issue/bulkfetch", "by": 2, "times": 0},
    {"do": "empty_page", "path": "/rest/api/3/search/jql", "at": [2, 4, 9]},
    {"do": "no_token", "path": "/rest/api/3/search/jql", "at": 1},
    {"do": "repeat_token", "path": "/rest/api/3/search/jql", "at": 3},
    {"do": "status", "status": 403, "path": "/rest/api/3/search/jql", "at": [3, 8]},
    {"do": "status", "status": 401, "path": "/rest/api/3/issue/bulkfetch", "at": 4},
    {"do": "status", "status": 500, "path": "/rest/agile/1.0/board", "times": 0},
    {"do": "status", "status": 429, "headers": {"Retry-After": "7"}, "body": "<html>", "at": [9, 20]},
    {"do": "json", "body": {"issues": [], "isLast": True}, "path": "/rest/api/3/search/jql", "at": [1, 2]},
)


@dataclass(frozen=True)
class Step:
    """One step; ``seed`` decides its details, so that leaving out another step changes nothing in it."""

    kind: str
    seed: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        said = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"Step({self.kind!r}, {self.seed}{said})"


def draw(seed: int) -> list[Step]:
    """The steps of a seed: a first run, then work, doings of the vendor's and runs with faults, in any order."""
    rng = random.Random(f"steps {seed}")
    steps = [_run(rng)] if rng.random() < 0.8 else []
    for _ in range(rng.randrange(4, 7)):
        steps += [Step("work", rng.randrange(10**6), {"n": rng.choice((1, 3, 6))})]
        if rng.random() < 0.6:
            steps += [_vendor(rng)]
        if rng.random() < 0.65:
            steps += [_run(rng)]
    return steps


def _vendor(rng: random.Random) -> Step:
    kind = rng.choice((*SIGHT, *WAYS, *NAMES, "sweep", "approve", "night"))
    return Step(kind, rng.randrange(10**6))


def _run(rng: random.Random) -> Step:
    options: dict[str, Any] = {"mode": rng.choice(("nightly", "nightly", "delta", "full"))}
    if rng.random() < 0.6:
        options["faults"] = [rng.choice(FAULTS) for _ in range(rng.choice((1, 1, 2)))]
    if rng.random() < 0.4:
        options["drift"] = sorted(rng.sample(range(1, 40), 3))
    how = rng.random()
    if how < 0.25:
        options["crash"] = rng.randrange(1, 12)
    elif how < 0.35:
        options["rival"] = rng.randrange(1, 8)
    return Step("run", rng.randrange(10**6), options)


def work(sb: Sandbox, rng: random.Random) -> dict[str, Any]:
    """A change that a person might make now, as the stand-in takes it."""
    there = sorted(sb.truths().items(), key=lambda pair: int(pair[0]))
    ident, row = rng.choice(there)
    epics = [other for other, each in there if each["fields"]["issuetype"]["name"] == "Epic" and other != ident]
    choices: tuple[Callable[[], dict[str, Any]], ...] = (
        lambda: {"op": "update", "issue": ident, "fields": {"summary": f"Summary {rng.randrange(10**6)}"}},
        lambda: {"op": "update", "issue": ident, "fields": {"labels": sorted(rng.sample(LABELS, rng.randrange(3)))}},
        lambda: {"op": "update", "issue": ident, "fields": {"points": rng.choice((None, 1, 2.5, 8))}},
        lambda: {"op": "update", "issue": ident, "fields": {"parent": rng.choice([*epics, ident])}},
        lambda: {"op": "transition", "issue": ident, "status": rng.choice(("To Do", "In Progress", "Done"))},
        lambda: {"op": "transition", "issue": ident, "status": "Done", "resolution": rng.choice(("Done", "Won't Do"))},
        lambda: {"op": "create", "project": row["project"], "summary": "New", "labels": [rng.choice(LABELS)]},
        lambda: {"op": "create", "project": row["project"], "summary": "Below", "parent": rng.choice(epics)},
        lambda: {"op": "move", "issue": ident, "project": rng.choice([key for key in PROJECTS if key != row["project"]])},
        lambda: {"op": "delete", "issue": ident},
        lambda: {"op": "restore", "issue": str(rng.randrange(100_001, 100_101))},
        lambda: {"op": "secure", "issue": ident, "hidden": rng.random() < 0.5},
    )
    return rng.choice(choices)()


def people(sb: Sandbox, step: Step) -> None:
    """``n`` changes, a few minutes apart."""
    rng = random.Random(step.seed)
    for _ in range(step.options["n"]):
        sb.clock(shift=rng.randrange(1, 400))
        attempt(sb, work(sb, rng))


def attempt(sb: Sandbox, change: dict[str, Any]) -> bool:
    """Make a change if it makes sense now."""
    try:
        sb.control("POST", "mutate", change)
    except httpx.HTTPStatusError as error:
        assert error.response.status_code == 400, error.response.text
        return False
    return True


def vendor(sb: Sandbox, step: Step) -> None:
    """What happens to the site as a whole."""
    rng = random.Random(step.seed)
    key, number = rng.choice(PROJECTS), rng.randrange(10**4)
    doings: dict[str, Callable[[], object]] = {
        "hide": lambda: attempt(sb, {"op": "project", "project": key, "hidden": True}),
        "show": lambda: [attempt(sb, {"op": "project", "project": each, "hidden": False}) for each in PROJECTS],
        "archive": lambda: attempt(sb, {"op": "project", "project": key, "state": "archived"}),
        "trash": lambda: attempt(sb, {"op": "project", "project": key, "state": "deleted"}),
        "live": lambda: [attempt(sb, {"op": "project", "project": each, "state": "live"}) for each in PROJECTS],
        "role": lambda: sb.switch(role=["10001", "10003"]),
        "full role": lambda: sb.switch(role=[]),
        "blackout": lambda: sb.switch(blackout=True),
        "light": lambda: sb.switch(blackout=False),
        "lag": lambda: sb.switch(index_lag=rng.choice((300, 7200))),
        "skew": lambda: sb.switch(date_skew=rng.choice((1000, -1000))),
        "no skew": lambda: sb.switch(date_skew=0),
        "rename status": lambda: attempt(sb, {"op": "status", "status": "3", "name": f"Underway {number}"}),
        "rename field": lambda: attempt(sb, {"op": "field", "field": "customfield_10026", "name": f"Effort {number}"}),
        "rename sprint": lambda: attempt(sb, {"op": "sprint", "sprint": 106, "name": f"Push {number}"}),
        "rename project": lambda: attempt(sb, {"op": "project", "project": key, "name": f"Project {number}"}),
        "rekey": lambda: attempt(sb, {"op": "project", "project": key, "key": f"K{number}"}),
        "sweep": lambda: attempt(sb, {"op": "bulk", "project": key, "fields": {"labels": ["sweep"]}}),
        "night": lambda: sb.clock(shift=DAY),
    }
    doings[step.kind]()


def calm(sb: Sandbox) -> None:
    """The faults stop: what was lost is seen again, the index has caught up. What people did stays."""
    sb.heal()
    sb.switch(role=[], blackout=False, index_lag=0, date_skew=0)
    sb.clock(shift=3 * 3600)
    for key in PROJECTS:
        attempt(sb, {"op": "project", "project": key, "hidden": False, "state": "live"})
