"""A rule made ready to be asked about items: its lines as closures, its fence and life, and the claims that follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hub.errors import UsageError
from hub.model import Dimensions, Item, Mapping, Rule
from hub.rules import cel
from hub.rules.compare import Judge, holds
from hub.rules.days import ALWAYS_FROM, FOREVER, Calendar, Window, day_after, midnight
from hub.rules.expr import evaluate
from hub.rules.fields import Context, Fields, Reading
from hub.rules.lines import Depth, Line, depth_of
from hub.rules.targets import Captures, Claim, Targets
from hub.status import closed_at


class Compiled:
    """One rule. Everything in it is the same for all items and sources."""

    __slots__ = ("captures", "captures_at", "claims", "expr", "fence", "index", "life", "lines", "rule")

    def __init__(self, rule: Rule, world: World) -> None:
        self.rule = rule
        self.index = rule.index
        lines = [(c, False) for c in rule.when] + [(c, True) for c in rule.unless]
        self.lines = tuple(Line(c, negated, world.judge, world.calendar) for c, negated in lines)
        self.fence = world.mapping.teams_within(rule.fence) if rule.fence is not None else None
        self.life = _life(rule, world.calendar)
        self.captures = Captures(rule)
        self.captures_at = max((depth_of(c.field) for c in self.captures.conditions), default=Depth.SOURCE)
        self.claims = () if self.captures.conditions else world.targets.claims(rule, self.fence)
        """What it claims where its target is written in it, with the cycles (bits) in which it can."""
        self.expr = _expression(rule)

    def alive(self, item: Item, context: Context, as_of: int) -> bool:
        """Whether the item lies within the rule's life."""
        if self.life is None:
            return True
        at = day_that_counts(item, context, as_of)
        return at is not None and self.life[0] <= at < self.life[1]


def day_that_counts(item: Item, context: Context, as_of: int) -> int | None:
    """The instant whose day a life is compared with: that of closing, for open items ``as_of``."""
    return closed_at(item) if context.state in ("done", "dropped") else as_of


def _life(rule: Rule, calendar: Calendar) -> Window | None:
    if rule.starts is None and rule.ends is None:
        return None
    first = midnight(rule.starts, calendar.zone) if rule.starts else ALWAYS_FROM
    return first, day_after(rule.ends, calendar.zone) if rule.ends else FOREVER


def _expression(rule: Rule) -> cel.Compiled | None:
    """Fails loudly: a rule whose condition cannot be asked must not match less, or more, than it says."""
    if rule.expr is None:
        return None
    try:
        return cel.compile(rule.expr)
    except UsageError as error:
        text = f'The rule "{rule.name}" at {rule.place} has an `expr`, and what evaluates it is not installed.'
        raise UsageError(text, hint=error.hint) from None
    except cel.CelError as error:
        text = f'The `expr` of the rule "{rule.name}" at {rule.place} cannot be used: {error.message}'
        raise UsageError(text, hint=error.remedy or "Correct it.") from None


class World:
    """What all rules share: the mapping, its calendar and ids, the fields of items, and the day of the evaluation."""

    def __init__(self, mapping: Mapping, dimensions: Dimensions, as_of: int) -> None:
        self.mapping = mapping
        self.as_of = as_of
        self.calendar = Calendar(mapping.zone, tuple(mapping.cycles.values()))
        self.judge = Judge(self.calendar)
        self.fields = Fields(dimensions, mapping)
        self.targets = Targets(mapping, self.calendar)
        self.unevaluable: dict[tuple[int, str, str], int] = {}
        """(rule index, source, field or ``expr``) -> ``no`` of the first item for which it could not be evaluated."""


class Planned:
    """A rule for the items of one source: which of its lines are left to ask, and how deep one must look to know.

    ``narrow``, ``words`` and ``item`` are checks by what they look at, ``rest`` the latter two together, the cheap ones first.
    ``unknown`` is a field that the source does not have: the rule never matches, and that is reported once.
    """

    __slots__ = (
        *("bits", "depth", "index", "item", "made", "narrow", "pivot", "plain", "rest", "rule", "source", "unknown", "words"),
        "world",
    )

    def __init__(self, rule: Compiled, source: str, world: World, lines: Iterable[Line], pivot: Line | None) -> None:
        self.rule = rule
        self.index = rule.index
        self.source = source
        self.world = world
        self.pivot = pivot
        known: list[Line] = []
        self.unknown: str | None = None
        for line in lines:
            missing = [f for f in line.fields if not world.fields.answers(source, f)]
            if missing:
                self.unknown = self.unknown or missing[0]
            else:
                known.append(line)
        captured = rule.captures.conditions
        named = [line for line in known if not line.negated and line.condition in captured]
        ask = sorted((line for line in known if line is not pivot and line not in named), key=lambda line: line.cost)
        self.narrow = tuple(line.check for line in ask if line.check and line.depth <= Depth.NARROW)
        self.words = tuple(line.check for line in ask if line.check and line.depth == Depth.WORDS)
        self.item = tuple(line.check for line in ask if line.check and line.depth == Depth.ITEM)
        self.rest = tuple(line.check for line in ask if line.check and line.depth > Depth.NARROW)
        self.bits = tuple(line.bits for line in known if line.bits)
        deep = [line.depth for line in known] + [rule.captures_at]
        late = rule.expr is not None or rule.life is not None
        self.depth = Depth.ITEM if late else max(deep)
        if rule.fence is not None:
            self.depth = max(self.depth, Depth.NARROW)
        self.plain: tuple[Claim, ...] | None = None
        """The claims where nothing but the checks has to be asked."""
        self.made: dict[int, tuple[Claim, ...]] = {}
        """The claims of a target that is written in the rule, by the cycles (bits) in which its lines hold."""
        if not (self.bits or captured or self.unknown or late):
            self.plain = tuple(self._stamped(rule.claims, world.calendar.all))

    def fenced_out(self, context: Context) -> bool:
        fence = self.rule.fence
        return fence is not None and context.team not in fence

    def claim(self, reading: Reading) -> tuple[Claim, ...]:
        """The claims, where all checks are known to hold: what is left are a life, names, cycles, an expression, and to report a
        field that is missing."""
        if self.plain is not None:
            return self.plain
        rule, world = self.rule, self.world
        if not rule.alive(reading.item, reading.context, world.as_of):
            return ()
        bits = world.calendar.all
        for line in self.bits:
            bits &= line(reading)
        if self.bits and not bits:
            return ()
        if rule.expr is None and self.unknown is None and not rule.captures.conditions:
            made = self.made.get(bits)
            if made is None:
                made = self.made[bits] = tuple(self._stamped(rule.claims, bits))
            return made
        found = self._targets(reading)
        if found is None or (self.unknown is not None and (self.index, self.source, self.unknown) in world.unevaluable):
            return ()
        if rule.expr is not None:
            true, unclear = expressed(rule.expr, reading, world.calendar, bits)
            if unclear is not None and self.unknown is None:
                self._report("expr", reading.item)
            if true is None and (unclear is None or self.unknown is None):
                return ()
            bits = true or 0
        if self.unknown is not None:
            self._report(self.unknown, reading.item)
            return ()
        return tuple(self._stamped(found, bits))

    def _targets(self, reading: Reading) -> Iterable[tuple[Claim, int]] | None:
        """The claims, each with the cycles in which it can be made; None where a line in which the item names them is false."""
        rule = self.rule
        if not rule.captures.conditions:
            return rule.claims
        if self.unknown is not None:  # it will claim nothing; a line that the source cannot answer is not against it
            lines = [c for c in rule.captures.conditions if self.world.fields.answers(self.source, c.field)]
            return () if all(any(holds(t, text) for t in c.tests for text in reading[c.field]) for c in lines) else None
        named = rule.captures.named([reading[c.field] for c in rule.captures.conditions], self.world.targets.known)
        return self.world.targets.named_claims(rule.rule, rule.fence, named) if named.ids else None

    def _stamped(self, found: Iterable[tuple[Claim, int]], bits: int) -> Iterator[Claim]:
        """The claims with the cycles in which they are made, where these are not simply all."""
        calendar = self.world.calendar
        expr = self.rule.expr
        differs = bool(self.bits) or (expr is not None and expr.cyclic)
        for claim, reach in found:
            if not differs and reach == calendar.all:
                yield claim
            elif bits & reach:
                yield claim._replace(cycles=calendar.ids(bits & reach))

    def _report(self, field: str, item: Item) -> None:
        self.world.unevaluable.setdefault((self.index, self.source, field), item.no)


def expressed(expr: cel.Compiled, reading: Reading, calendar: Calendar, bits: int) -> tuple[int | None, int | None]:
    """In which of some cycles (bits) an expression is true, and in which it is not evaluable; None: in none. What names no cycle
    is the same in all of them, and without cycles too."""
    if not expr.cyclic:
        said = evaluate(expr, reading, calendar, None)
        return (bits if said is True else None), (bits if isinstance(said, str) else None)
    true = odd = 0
    for n in range(len(calendar.cycles)):
        if bits >> n & 1:
            said = evaluate(expr, reading, calendar, n)
            true |= (said is True) << n
            odd |= isinstance(said, str) << n
    return true or None, odd or None
