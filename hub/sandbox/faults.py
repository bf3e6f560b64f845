"""Faults that can be put in front of a stand-in: rules that say which requests suffer, and from what.

A rule is an object. Which requests: `path` (a prefix, or a list of them), `method`, `contains` (text in the query or body),
then `at` (the k-th match, from 1; or a list), or `times` (the first n; 1 if nothing is said, 0 for all), or `probability` with
`seed`.
What happens: `do`, one of the kinds below, and its parameters. Several rules may hit one request.

On the wire: status (status, headers, body), delay (seconds), truncate (keep: bytes; chunked), drip (bytes, seconds, keep),
reset (keep), html, json (body), redirect (location, status), headers (headers), huge (megabytes), gzip_bomb (megabytes).
In the answer's meaning: repeat_token, empty_page, shift (by: rows that moved past, negative for rows seen again),
no_token (the page claims to be the last), expire_token, missing (ids), issue_error (ids), mutate (change), duplicate (by: so
many of the first rows come twice in the page).
Anything: random (kinds: some of 503, 429, reset, truncate, html, delay). Whether a request suffers and from what depends on the
seed, the request and how often it came, not on the order in which threads ask: `{"do": "random", "probability": 0.1, "seed": 7}`.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
WIRE = ("status", "delay", "truncate", "drip", "reset", "html", "json", "redirect", "headers", "huge", "gzip_bomb")
MEANING = ("repeat_token", "empty_page", "shift", "no_token", "expire_token", "missing", "issue_error", "mutate", "duplicate")
RANDOM: dict[str, tuple[str, dict[str, Any]]] = {
    "503": ("status", {"status": 503}),
    "429": ("status", {"status": 429, "headers": {"Retry-After": "1", "RateLimit-Reason": "jira-burst-based"}}),
    "reset": ("reset", {}),
    "truncate": ("truncate", {}),
    "html": ("html", {}),
    "delay": ("delay", {"seconds": 0.01}),
}
"""What `random` chooses from."""
_WHICH = ("path", "method", "contains", "at", "times", "probability", "seed", "do")


class FaultError(ValueError):
    """The rule makes no sense; the text says what would."""


@dataclass
class Rule:
    """One rule and how often it matched and fired."""

    do: str
    path: tuple[str, ...]
    method: str
    contains: str
    at: tuple[int, ...]
    times: int
    probability: float | None
    options: Json
    draw: random.Random
    matched: int = 0
    fired: int = 0
    seed: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    kind: str = ""
    """What `random` chose for the last hit."""

    @classmethod
    def read(cls, data: Json) -> Rule:
        """A rule as it comes in JSON."""
        do = data.get("do")
        if do not in WIRE and do not in MEANING and do != "random":
            raise FaultError(f"do is one of {', '.join((*WIRE, *MEANING, 'random'))}, not {do!r}")
        if do == "random" and not set(data.get("kinds", RANDOM)) <= set(RANDOM):
            raise FaultError(f"kinds are some of {', '.join(RANDOM)}")
        at = data.get("at", ())
        probability = data.get("probability")
        standing = 0 if at or probability is not None else 1
        return cls(
            str(do),
            (path,) if isinstance(path := data.get("path", "/"), str) else tuple(path),
            str(data.get("method", "")).upper(),
            str(data.get("contains", "")),
            (at,) if isinstance(at, int) else tuple(at),
            int(data.get("times", standing)),
            probability,
            {name: value for name, value in data.items() if name not in _WHICH},
            random.Random(data.get("seed", 0)),
            seed=data.get("seed", 0),
        )

    def hits(self, method: str, path: str, text: str) -> bool:
        """Whether this request suffers; counts it."""
        if not path.startswith(self.path) or (self.method and method != self.method) or self.contains not in text:
            return False
        self.matched += 1
        if self.do == "random":
            hit = self._chosen(f"{method} {path} {text}")
        elif self.at:
            hit = self.matched in self.at
        elif self.probability is not None:
            hit = self.draw.random() < self.probability
        else:
            hit = True
        if not hit or (self.times and self.fired >= self.times):
            return False
        self.fired += 1
        return True

    def _chosen(self, request: str) -> bool:
        """Whether the n-th time of this very request suffers; `kind` is then from what."""
        self.seen[request] += 1
        draw = random.Random(f"{self.seed} {self.seen[request]} {request}")
        self.kind = draw.choice(list(self.options.get("kinds", RANDOM)))
        return draw.random() < (1.0 if self.probability is None else self.probability)

    def effect(self) -> tuple[str, Json]:
        """(kind, options) of the last hit."""
        return RANDOM[self.kind] if self.do == "random" else (self.do, self.options)

    def shown(self) -> Json:
        """The rule with its counters."""
        return {"do": self.do, "path": ", ".join(self.path), "matched": self.matched, "fired": self.fired, **self.options}


@dataclass
class Faults:
    """All rules of one sandbox."""

    rules: list[Rule] = field(default_factory=list)

    def add(self, data: Json | list[Json]) -> list[Json]:
        """Add one rule or several."""
        added = [Rule.read(each) for each in (data if isinstance(data, list) else [data])]
        self.rules += added
        return [rule.shown() for rule in added]

    def suffer(self, method: str, path: str, text: str) -> list[tuple[str, Json]]:
        """What happens to this request: (kind, options) in the order the rules were given."""
        return [rule.effect() for rule in self.rules if rule.hits(method, path, text)]
