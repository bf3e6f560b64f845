"""Faults that can be put in front of a stand-in: rules that say which requests suffer, and from what.

A rule is an object. Which requests: `path` (a prefix), `method`, `contains` (text in the query or body), then `at` (the
k-th match, from 1; or a list), or `times` (the first n; 1 if nothing is said, 0 for all), or `probability` with `seed`.
What happens: `do`, one of the kinds below, and its parameters. Several rules may hit one request.

On the wire: status (status, headers, body), delay (seconds), truncate (keep: bytes; chunked), drip (bytes, seconds, keep),
reset (keep), html, json (body), redirect (location, status), headers (headers), huge (megabytes), gzip_bomb (megabytes).
In the answer's meaning: repeat_token, empty_page, shift (by: rows that moved past, negative for rows seen again),
no_token (the page claims to be the last), expire_token, missing (ids), issue_error (ids), mutate (change).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
WIRE = ("status", "delay", "truncate", "drip", "reset", "html", "json", "redirect", "headers", "huge", "gzip_bomb")
MEANING = ("repeat_token", "empty_page", "shift", "no_token", "expire_token", "missing", "issue_error", "mutate")
_WHICH = ("path", "method", "contains", "at", "times", "probability", "seed", "do")


class FaultError(ValueError):
    """The rule makes no sense; the text says what would."""


@dataclass
class Rule:
    """One rule and how often it matched and fired."""

    do: str
    path: str
    method: str
    contains: str
    at: tuple[int, ...]
    times: int
    probability: float | None
    options: Json
    draw: random.Random
    matched: int = 0
    fired: int = 0

    @classmethod
    def read(cls, data: Json) -> Rule:
        """A rule as it comes in JSON."""
        do = data.get("do")
        if do not in WIRE and do not in MEANING:
            raise FaultError(f"do is one of {', '.join(WIRE + MEANING)}, not {do!r}")
        at = data.get("at", ())
        probability = data.get("probability")
        standing = 0 if at or probability is not None else 1
        return cls(
            str(do),
            str(data.get("path", "/")),
            str(data.get("method", "")).upper(),
            str(data.get("contains", "")),
            (at,) if isinstance(at, int) else tuple(at),
            int(data.get("times", standing)),
            probability,
            {name: value for name, value in data.items() if name not in _WHICH},
            random.Random(data.get("seed", 0)),
        )

    def hits(self, method: str, path: str, text: str) -> bool:
        """Whether this request suffers; counts it."""
        if not path.startswith(self.path) or (self.method and method != self.method) or self.contains not in text:
            return False
        self.matched += 1
        if self.at:
            hit = self.matched in self.at
        elif self.probability is not None:
            hit = self.draw.random() < self.probability
        else:
            hit = True
        if not hit or (self.times and self.fired >= self.times):
            return False
        self.fired += 1
        return True

    def shown(self) -> Json:
        """The rule with its counters."""
        return {"do": self.do, "path": self.path, "matched": self.matched, "fired": self.fired, **self.options}


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
        return [(rule.do, rule.options) for rule in self.rules if rule.hits(method, path, text)]
