"""Whether a world comes out as its file expects. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from fractions import Fraction

from hub.assess import Assessor, assess
from hub.model import Attachment, Cycle, Dimensions, Item, Mapping, Place, Rule, fold
from hub.patterns import link_items
from hub.rules import Context, RuleVerdict
from hub.ruletests.values import Expectation, World


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one expectation came out. ``text`` is what happened, in a sentence; ``hints`` are the lines that decided."""

    place: Place
    name: str
    passed: bool
    text: str
    hints: tuple[str, ...] = ()


def judge(mapping: Mapping, world: World) -> list[Verdict]:
    """Every expectation of a world, in the order of its file."""
    at, cycle = moment(mapping, world)
    if cycle is None:
        return [Verdict(e.place, e.name, False, "the mapping has no cycle") for e in world.expected]
    items = link_items(world.items, mapping.patterns)
    result = assess(mapping, items, world.dimensions, at)
    found = {a.no: a for a in result.attachments if a.cycle == cycle.id}
    by_no = {i.no: i for i in items}
    inspector = _Inspector(mapping, world.dimensions, by_no, at, cycle)
    return [inspector.verdict(e, found[e.no]) for e in world.expected]


def moment(mapping: Mapping, world: World) -> tuple[int, Cycle | None]:
    """The instant at which a world is judged (noon in the strategy's zone) and the cycle that its expectations mean."""
    latest = max(mapping.cycles.values(), key=lambda c: (c.ends, c.starts, c.id), default=None)
    cycle = mapping.cycles[world.cycle] if world.cycle else None
    day = world.day or (cycle or latest or _ALWAYS).ends
    at = int(datetime.combine(day, time(12), mapping.zone).timestamp() * 1000)
    return at, cycle or mapping.cycle_at(at)


_ALWAYS = Cycle("", date(2000, 1, 1), date(2000, 1, 1), Place("", 0))


@dataclass(frozen=True, slots=True)
class _Inspector:
    mapping: Mapping
    dimensions: Dimensions
    by_no: dict[int, Item]
    at: int
    cycle: Cycle

    def verdict(self, expected: Expectation, got: Attachment) -> Verdict:
        wrong = self._wrong(expected, got)
        name, place = expected.name, expected.place
        if wrong is None:
            return Verdict(place, name, True, f"{name} is {self._is(got)}, as expected.")
        return Verdict(place, name, False, f"{name} is {self._is(got)}; expected: {wrong}.", self._hints(expected, got))

    def _wrong(self, expected: Expectation, got: Attachment) -> str | None:
        """What was expected instead, or None."""
        if expected.outcome is not None:
            if got.outcome != expected.outcome:
                return expected.outcome
        elif got.outcome not in ("linked", "allowance") or tuple(sorted(_parts(got))) != tuple(sorted(expected.shares)):
            return self._shares(expected.shares)
        if expected.rule is not None and all(fold(self.mapping.rules[s.rule].name) != expected.rule for s in got.shares):
            return f"by the rule {expected.rule}"
        if expected.team is not None and got.team != expected.team:
            return f"work of the team {self._team(expected.team)}"
        return None

    # ---- words ----

    def _is(self, got: Attachment) -> str:
        above = self.by_no.get(got.via) if got.via is not None and got.via != got.no else None
        through = f" through {above.key or above.id}" if above is not None and got.outcome != "duplicate" else ""
        rules = ", ".join(dict.fromkeys(self._rule(self.mapping.rules[s.rule]) for s in got.shares))
        team = f" (team: {self._team(got.team)})" if got.team else ""
        match got.outcome:
            case "linked" | "allowance":
                said = f"linked to {self._shares(_parts(got))}{through}, by {rules}"
            case "contested":
                said = f"contested between {' and '.join(self._id(s.kind, s.id) for s in got.shares)}{through}, by {rules}"
            case "broken":
                said = f"broken: it names {', '.join(text for text, _, _ in got.broken)}, which does not exist{through}"
            case "ignored":
                said = f"ignored{through}, by {rules}"
            case "duplicate":
                said = f"a duplicate of {above.key or above.id}" if above is not None else "a duplicate"
            case _:
                said = "unanchored"
        return said + team

    def _shares(self, parts: tuple[tuple[str, Fraction], ...]) -> str:
        known = {
            **{i: k.id for (_, i), k in self.mapping.key_results.items()},
            **{i: a.id for i, a in self.mapping.allowances.items()},
        }
        return " and ".join(known.get(i, i) if part == 1 else f"{part} of {known.get(i, i)}" for i, part in parts)

    def _id(self, kind: str, id_: str) -> str:
        return f"ignore ({id_})" if kind == "ignore" else self._shares(((id_, Fraction(1)),))

    def _team(self, id_: str | None) -> str:
        team = self.mapping.teams.get(id_ or "")
        return team.id if team else "none"

    @staticmethod
    def _rule(rule: Rule) -> str:
        return f'rule "{rule.name}" ({rule.place})' if rule.name != str(rule.place) else f"the rule at {rule.place}"

    def _hints(self, expected: Expectation, got: Attachment) -> tuple[str, ...]:
        """The lines that kept the expected rules from matching the item itself."""
        wanted = {id_ for id_, _ in expected.shares}
        assessor = Assessor(self.mapping, self.dimensions, self.at)
        item = self.by_no[expected.no]
        context = Context(assessor.states.of(item), got.team)
        hints = []
        for verdict in assessor.matcher.explain(item, context, self.cycle.id):
            rule = verdict.rule
            meant = (
                fold(rule.name) == expected.rule
                or (rule.target and fold(rule.target) in wanted)
                or {fold(i) for i, _ in rule.split} & wanted
            )
            if meant and not verdict.holds:
                hints.append(f"{self._rule(rule)} does not match: {_deciding(verdict)}")
        return tuple(hints)


def _parts(got: Attachment) -> tuple[tuple[str, Fraction], ...]:
    return tuple((s.id, s.part) for s in got.shares)


def _deciding(verdict: RuleVerdict) -> str:
    """The line that failed, with what it saw."""
    for c in verdict.conditions:
        if c.holds is None or c.holds is c.negated:
            if c.why and not c.condition.tests:  # a fence, a life or an expression
                return c.why
            line = "unless" if c.negated else "when"
            wanted = ", ".join(t.written for t in c.condition.tests)
            saw = ", ".join(f'"{v}"' for v in c.values) or "nothing"
            why = "its source has no such field" if c.holds is None else f"the item has {saw}"
            return f"{line}.{c.condition.field} = {wanted} ({c.condition.place}): {why}"
    return verdict.why or "it matches nothing here"


def day_of(at: int) -> date:
    """The day of an instant in UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).date()
