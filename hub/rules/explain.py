"""Why a rule does or does not match an item, line by line; asked one by one, without any index."""

from __future__ import annotations

from dataclasses import dataclass

from hub.model import Condition, Item, Rule, Test, fold
from hub.rules.compare import other_fields
from hub.rules.compiled import Compiled, World, day_that_counts
from hub.rules.days import day_of
from hub.rules.expr import evaluate
from hub.rules.fields import Context, Reading
from hub.rules.targets import Claim, Named


@dataclass(frozen=True, slots=True)
class ConditionVerdict:
    """How one condition came out for one item: True, False, or None for *not evaluable*; ``values`` are what it saw.

    ``negated`` is an ``unless`` line, which is against its rule when it holds. A fence, the ends of a life and an expression are
    conditions of their own on ``[file] team``, ``starts``, ``ends`` and ``expr``. ``why`` is a sentence where the values do not
    say enough.
    """

    condition: Condition
    holds: bool | None
    values: tuple[str, ...]
    negated: bool = False
    why: str = ""

    @property
    def favours(self) -> bool | None:
        """Whether it speaks for its rule."""
        return self.holds if self.holds is None else self.holds != self.negated


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """How one rule came out for one item in one cycle, condition by condition, and what it claims there.

    ``why`` says in sentences what of that which the item names was left aside.
    """

    rule: Rule
    holds: bool | None
    conditions: tuple[ConditionVerdict, ...]
    claims: tuple[Claim, ...] = ()
    why: str = ""


class Explainer:
    """One item in one cycle."""

    def __init__(self, world: World, item: Item, context: Context, cycle: str) -> None:
        self._world = world
        self._item = item
        self._context = context
        self._cycle = world.calendar.positions.get(cycle)
        self._reading = Reading(world.fields, item, context)

    def rule(self, compiled: Compiled) -> RuleVerdict:
        rule = compiled.rule
        conditions = [
            *(self._line(condition, False) for condition in rule.when),
            *(self._line(condition, True) for condition in rule.unless),
            *self._fence(compiled),
            *self._life(compiled),
        ]
        if compiled.expr is not None:
            conditions.append(self._expression(compiled))
        outcomes = {c.favours for c in conditions}
        verdict = False if False in outcomes else None if None in outcomes else True
        if not verdict:
            return RuleVerdict(rule, verdict, tuple(conditions))
        if not compiled.captures.conditions:
            claims = self._made(list(compiled.claims))
            why = "" if claims else f"In this cycle its target lies outside of the team {rule.fence}."
            return RuleVerdict(rule, True, tuple(conditions), claims, why)
        texts = [self._reading[c.field] for c in compiled.captures.conditions]
        named = compiled.captures.named(texts, self._world.targets.known)
        claims = self._made(self._world.targets.named_claims(rule, compiled.fence, named))
        return RuleVerdict(rule, True, tuple(conditions), claims, _left_aside(rule, named, claims))

    def _made(self, claims: list[tuple[Claim, int]]) -> tuple[Claim, ...]:
        """Those that can be made in the cycle."""
        if self._cycle is None:
            return tuple(claim for claim, _ in claims)
        return tuple(claim for claim, bits in claims if bits >> self._cycle & 1)

    def _line(self, condition: Condition, negated: bool) -> ConditionVerdict:
        values = self._world.fields.read(condition.field, self._item, self._context)
        outcome = self._world.judge.line(condition, self._reading.valued, self._cycle)
        missing = [f for f in _fields(condition) if self._reading.valued(f) is None]
        why = f"The source {self._item.source} has no {missing[0]}." if missing else ""
        return ConditionVerdict(condition, outcome, values or (), negated, why)

    def _fence(self, compiled: Compiled) -> list[ConditionVerdict]:
        fence = compiled.rule.fence
        if fence is None or compiled.fence is None:
            return []
        team = self._context.team or ""
        why = f"The file of the rule belongs to the team {fence} and sees only items of it and of the teams beneath it."
        found = _condition(compiled.rule, "[file] team", fence)
        return [ConditionVerdict(found, team in compiled.fence, (team,) if team else (), why=why)]

    def _life(self, compiled: Compiled) -> list[ConditionVerdict]:
        rule, zone = compiled.rule, self._world.calendar.zone
        if rule.starts is None and rule.ends is None:
            return []
        at = day_that_counts(self._item, self._context, self._world.as_of)
        day = day_of(at, zone) if at is not None else None
        closed = self._context.state in ("done", "dropped")
        why = (
            "The day on which the item was closed counts." if closed else "The item is open, so the day of the evaluation counts."
        )
        if day is None:
            why = "The item was closed on a day that is not known."
        values = (day.isoformat(),) if day else ()
        found = []
        if rule.starts is not None:
            holds = day is not None and day >= rule.starts
            found.append(ConditionVerdict(_condition(rule, "starts", rule.starts.isoformat()), holds, values, why=why))
        if rule.ends is not None:
            holds = day is not None and day <= rule.ends
            found.append(ConditionVerdict(_condition(rule, "ends", rule.ends.isoformat()), holds, values, why=why))
        return found

    def _expression(self, compiled: Compiled) -> ConditionVerdict:
        assert compiled.expr is not None
        said = evaluate(compiled.expr, self._reading, self._world.calendar, self._cycle)
        condition = _condition(compiled.rule, "expr", compiled.expr.text)
        if isinstance(said, str):
            return ConditionVerdict(condition, None, (), why=f"It cannot be evaluated for this item: {said}.")
        return ConditionVerdict(condition, said, ())


def _fields(condition: Condition) -> tuple[str, ...]:
    return (condition.field, *other_fields(condition))


def _condition(rule: Rule, field: str, written: str) -> Condition:
    return Condition(field, (Test("equal", fold(written), written),), rule.place)


def _left_aside(rule: Rule, named: Named, claims: tuple[Claim, ...]) -> str:
    said = []
    if named.aside:
        aside = ", ".join(named.aside)
        said.append(f"Left aside, since another name in the same text is known: {aside}.")
    outside = [id_ for id_ in named.ids if id_ not in {c.id for c in claims}]
    if outside:
        said.append(f"Left aside, since the rule reaches key results of the team {rule.fence} only: {', '.join(outside)}.")
    return " ".join(said)
