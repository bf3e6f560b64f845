"""All rules against items: compiled once for a mapping, the vendors' lists and a day."""

from __future__ import annotations

from hub.model import Dimensions, Item, Mapping
from hub.rules.compiled import Compiled, World
from hub.rules.explain import Explainer, RuleVerdict
from hub.rules.fields import Context
from hub.rules.index import Plan
from hub.rules.targets import Claim


class Matcher:
    """``as_of`` is the instant of the evaluation in milliseconds; open items lie within a rule's life by its day.

    Raises ``UsageError`` when a rule has an expression that cannot be evaluated here, or a pattern that cannot be used.
    """

    def __init__(self, mapping: Mapping, dimensions: Dimensions, as_of: int) -> None:
        self.mapping = mapping
        self._world = World(mapping, dimensions, as_of)
        self.fields = self._world.fields
        self.unevaluable = self._world.unevaluable
        """(rule index, source, field or ``expr``) -> ``no`` of the first item for which it could not be evaluated."""
        self._rules = tuple(Compiled(rule, self._world) for rule in mapping.rules)
        self._plans: dict[str, Plan] = {}

    def claims(self, item: Item, context: Context) -> tuple[Claim, ...]:
        """The claims of the item's own matches, in the order of the rules."""
        plan = self._plans.get(item.source)
        if plan is None:
            plan = self._plans[item.source] = Plan(item.source, self._rules, self._world)
        return plan.claims(item, context)

    def explain(self, item: Item, context: Context, cycle: str) -> list[RuleVerdict]:
        """Every rule with each of its conditions and the values that decided, for one item in the cycle of that id."""
        explainer = Explainer(self._world, item, context, cycle)
        return [explainer.rule(compiled) for compiled in self._rules]
