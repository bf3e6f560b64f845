"""What the key results must say, calculated from the vendor's truth alone: exact, slow, and without a line of the hub.

It knows the one strategy of ``STRATEGY`` and nothing else. ``docs/how-numbers-are-calculated.md`` is its specification.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from tests.simulation.vendor import Version

STRATEGY = """
[cycle]
2027 = { starts = 2027-01-01, ends = 2028-12-31 }
[pillar]
land = { name = "Land" }
[allowance]
ktlo = { name = "Keep the lights on" }
[[objective]]
id = "one"
cycle = "2027"
anchor.pillar = "land"
[[objective]]
id = "two"
cycle = "2027"
anchor.pillar = "land"
[[key_result]]
kind = "completion"
id = "count"
objective = "one"
[[key_result]]
kind = "completion"
id = "points"
objective = "one"
by = "estimate"
missing = "1"
[[key_result]]
kind = "completion"
id = "epics"
objective = "two"
level = "epic"
[[key_result]]
kind = "completion"
id = "rest"
objective = "two"
by = "estimate"
missing = "0"
[[rule]]
when.label = "kr:{key_result}"
to = "{key_result}"
[[rule]]
when.status = "Review"
when.type = "Epic"
to = "epics"
[[rule]]
when.label = "noise"
ignore = "noise"
[[rule]]
when.project = "OPS*"
fallback = true
to = "rest"
"""
KEY_RESULTS = ("count", "points", "epics", "rest")
OBJECTIVES = {"one": ("count", "points"), "two": ("epics", "rest")}


class Known(NamedTuple):
    """An item as it is to be counted. ``project`` is the present key of the project it is in; ``source`` keeps sources apart."""

    source: str
    version: Version
    archived: bool
    project: str
    category: str
    """The vendor's own grouping of its status, as its list says now."""


class Figure(NamedTuple):
    """Of a key result: done and total weight. Progress is None when nothing is measured."""

    done: Fraction
    total: Fraction

    @property
    def progress(self) -> Fraction | None:
        return self.done / self.total if self.total else None


Ref = tuple[str, str]


class Oracle:
    def __init__(self, items: Iterable[Known]) -> None:
        self.items: dict[Ref, Known] = {(k.source, k.version.id): k for k in items}
        self._chains: dict[Ref, list[Ref]] = {}
        self._credit: dict[Ref, Mapping[str, Fraction]] = {}

    # ---- nodes ----

    def figures(self) -> dict[str, Figure]:
        return {id_: self._figure(id_) for id_ in KEY_RESULTS}

    def progress(self) -> dict[tuple[str, str], Fraction | None]:
        """Progress of every node, by (kind, id)."""
        figures = self.figures()
        found: dict[tuple[str, str], Fraction | None] = {("key_result", i): f.progress for i, f in figures.items()}
        for objective, ids in OBJECTIVES.items():
            found["objective", objective] = _mean(found["key_result", i] for i in ids)
        found["pillar", "land"] = _mean(found["objective", i] for i in OBJECTIVES)
        found["company", "company"] = found["pillar", "land"]
        return found

    def feeding(self, key_result: str) -> set[Ref]:
        """Items that are attached to a key result."""
        return {ref for ref in self.items if self._parts(ref).get(key_result)}

    # ---- items ----

    def chain(self, ref: Ref) -> list[Ref]:
        """The item, its parent, its parent's parent."""
        if ref in self._chains:
            return self._chains[ref]
        found = [ref]
        while (parent := self.items[found[-1]].version.parent) is not None and (ref[0], parent) in self.items:
            found.append((ref[0], parent))
        self._chains[ref] = found
        return found

    def state(self, ref: Ref) -> str:
        own = self._own_state(ref)
        if own in ("todo", "doing") and any(self._own_state(above) == "dropped" for above in self.chain(ref)[1:]):
            return "dropped"
        return own

    def _own_state(self, ref: Ref) -> str:
        known = self.items[ref]
        state = {"new": "todo", "indeterminate": "doing", "done": "done"}[known.category]
        if state == "done" and known.version.resolution == "Won't Do":
            return "dropped"
        return "dropped" if known.archived and state != "done" else state

    def _parts(self, ref: Ref) -> Mapping[str, Fraction]:
        """The item's credit: which part goes to which key result."""
        if ref not in self._credit:
            self._credit[ref] = self._claimed(ref)
        return self._credit[ref]

    def _claimed(self, ref: Ref) -> Mapping[str, Fraction]:
        claims = [claim for at, each in enumerate(self.chain(ref)) for claim in self._claims(each, at)]
        if not claims:
            return {}
        strength = max(c[0] for c in claims)
        nearest = min(c[1] for c in claims if c[0] == strength)
        targets = {c[2] for c in claims if c[0] == strength and c[1] == nearest}
        if strength == 100:
            return {t: Fraction(1, len(targets)) for t in targets if t in KEY_RESULTS}
        return {t: Fraction(1) for t in targets if t in KEY_RESULTS} if len(targets) == 1 else {}

    def _claims(self, ref: Ref, distance: int) -> Iterable[tuple[int, int, str]]:
        known = self.items[ref]
        v = known.version
        for label in v.labels:
            if label.startswith("kr:"):
                yield 100, distance, label.removeprefix("kr:")
        if v.status == "4" and v.level == 1:
            yield 50, distance, "epics"
        if "noise" in v.labels:
            yield 50, distance, "(ignored)"
        if known.project.startswith("OPS"):
            yield 0, distance, "rest"

    # ---- one key result ----

    def _figure(self, id_: str) -> Figure:
        parts = {ref: part for ref in self.items if (part := self._parts(ref).get(id_)) and self.state(ref) != "dropped"}
        units = self._units_by_estimate(parts, id_) if id_ in ("points", "rest") else self._units_by_count(parts, id_)
        total = sum(units.values(), Fraction())
        done = sum((weight for ref, weight in units.items() if self.state(ref) == "done"), Fraction())
        return Figure(done, total)

    def _units_by_count(self, parts: Mapping[Ref, Fraction], id_: str) -> dict[Ref, Fraction]:
        if id_ == "epics":
            return {ref: part for ref, part in parts.items() if self._level(ref) == 1}
        return {ref: part for ref, part in parts.items() if self._counts(ref, parts)}

    def _counts(self, ref: Ref, among: Mapping[Ref, Fraction]) -> bool:
        if self._level(ref) >= 0:
            return not any(self._level(other) >= 0 for other in self._beneath(ref, among))
        return not self._above(ref, among)

    def _units_by_estimate(self, parts: Mapping[Ref, Fraction], id_: str) -> dict[Ref, Fraction]:
        carrying = {ref: value for ref in parts if (value := self._estimate(ref)) is not None}
        units = {r: parts[r] * v for r, v in carrying.items() if not any(o in carrying for o in self._beneath(r, parts))}
        missing = Fraction(1 if id_ == "points" else 0)
        for ref, part in parts.items():
            if ref in carrying or not self._counts(ref, parts) or any(o in carrying for o in self._beneath(ref, parts)):
                continue
            if not any(o in units and o in carrying for o in self._above(ref, parts)):
                units[ref] = part * missing
        return units

    def _level(self, ref: Ref) -> int:
        return self.items[ref].version.level

    def _estimate(self, ref: Ref) -> Fraction | None:
        text = self.items[ref].version.estimate
        return None if text is None or text.startswith("-") else Fraction(text)

    def _above(self, ref: Ref, among: Mapping[Ref, Fraction]) -> list[Ref]:
        return [each for each in self.chain(ref)[1:] if each in among]

    def _beneath(self, ref: Ref, among: Mapping[Ref, Fraction]) -> list[Ref]:
        return [each for each in among if each != ref and ref in self.chain(each)]


def _mean(values: Iterable[Fraction | None]) -> Fraction | None:
    measured = [v for v in values if v is not None]
    return sum(measured, Fraction()) / len(measured) if measured else None
