"""What work says that it is for: goals by labels and fields, as key results to begin with. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from hub.looking.families import FEW, Family, families, in_cycle, is_id, questions, slips
from hub.looking.fields import DISTINCT, by_values
from hub.looking.stock import Stock
from hub.looking.text import clean, writable
from hub.looking.words import ALLOWANCES, goal_like, slug, spoken
from hub.model import fold

LABEL = "label"
OBJECTIVE = "goals"
"""The id of the objective of goals that belong to no team, and how those of teams begin."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A key result as it is drafted: named by ``written`` on ``carriers`` items, which with all beneath them are ``reach``."""

    id: str
    name: str
    objective: str
    written: str
    carriers: int
    reach: int
    example: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """An objective as it is drafted: the goals of one team."""

    id: str
    name: str
    team: str | None


@dataclass(slots=True)
class Convention:
    """One way in which items name goals: a family of labels, or a field. ``where`` is as in a rule's ``when``.

    ``pattern`` names them all at once; without one it goes value by value, ``values`` being (value, id).
    """

    where: str
    title: str
    pattern: str = ""
    values: list[tuple[str, str]] = field(default_factory=list)
    goals: list[str] = field(default_factory=list)
    allowances: list[str] = field(default_factory=list)
    carriers: int = 0
    reach: int = 0
    slips: list[tuple[str, str, int]] = field(default_factory=list)
    """(name, the one that it is a slip of, items it reaches)"""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of names on one item each, of which one may be the other misspelt: none is drafted"""
    few: list[tuple[str, int]] = field(default_factory=list)
    """Names that reach too few items to be drafted"""
    unfit: list[str] = field(default_factory=list)
    """Names that cannot be ids"""
    why_not: str = ""
    """Why it becomes no rule."""


@dataclass(frozen=True, slots=True)
class Goals:
    conventions: tuple[Convention, ...]
    goals: tuple[Goal, ...]
    groups: tuple[Group, ...]
    allowances: tuple[str, ...]
    """Ids of run-the-business work that items name"""


def goals(
    stock: Stock,
    today: date,
    team_of: Mapping[int, str | None],
    team_names: Mapping[str, str],
    besides: Collection[str] = (),
    known: Collection[str] | None = None,
) -> Goals:
    """All that the labels and fields of the stock name. ``today`` tells the cycle; ``team_of`` gives the team of each item and
    ``team_names`` what it is called; ``besides`` are fields that are taken for something else.

    ``known``: the folded ids that the mapping files have already, and then none is drafted beside them.
    """
    return _Gathering(stock, today, team_of, team_names, known).run(besides)


class _Gathering:
    def __init__(
        self,
        stock: Stock,
        today: date,
        team_of: Mapping[int, str | None],
        team_names: Mapping[str, str],
        known: Collection[str] | None,
    ) -> None:
        self.stock, self.today = stock, today
        self.team_of, self.team_names = team_of, team_names
        self.known = known
        self.carriers: dict[str, set[int]] = defaultdict(set)
        self.written: dict[str, tuple[str, str]] = {}
        """Id -> (name, text that names it)"""
        self.allowances: dict[str, None] = {}

    def run(self, besides: Collection[str]) -> Goals:
        carried = [(item.no, label) for item in self.stock.items for label in item.labels]
        found = [self._family(each, LABEL, f"labels {each.pattern.replace('{key_result}', '*')}") for each in families(carried)]
        for name in self.stock.fields:
            if name not in besides:
                found += self._field(name)
        kept = sorted((c for c in found if c.carriers), key=lambda c: (bool(c.why_not), -c.reach, c.where, c.pattern))
        groups: dict[str, Group] = {}
        drafted = [self._goal(id, groups) for id in self.carriers]
        drafted.sort(key=lambda g: (list(groups).index(g.objective), -g.reach, g.id))
        order = sorted(
            groups.values(), key=lambda g: (g.team is None, -sum(d.reach for d in drafted if d.objective == g.id), g.id)
        )
        return Goals(tuple(kept), tuple(drafted), tuple(order), tuple(self.allowances))

    # ---- conventions

    def _field(self, name: str) -> list[Convention]:
        """A field that sounds like goals, or whose values do."""
        carried = [(item.no, text) for item in self.stock.items for text in self.stock.values(item, name)]
        distinct = {fold(text) for _, text in carried}
        title = self.stock.title(name)
        spelt = by_values(distinct)
        if not carried or not (spelt or goal_like(name) or goal_like(title)):
            return []
        field, called = f"field.{name}", f'the field "{clean(title)}"'
        if len(distinct) > DISTINCT and not spelt:
            none = Convention(field, called, carriers=len({no for no, _ in carried}))
            none.why_not = f"it has {len(distinct):,} different values: texts rather than goals"
            return [none]
        if spelt:
            return [self._family(each, field, called) for each in families(carried)]
        if all(map(is_id, distinct)):
            one = Family("", "", True)
            for no, text in carried:
                one.names.setdefault(fold(text), set()).add(no)
            one.spelt[""] += 1
            return [self._family(one, field, called)]
        return [self._values(carried, field, called)]

    def _family(self, family: Family, field: str, title: str) -> Convention:
        """One rule takes up all of them: what they name must be an id."""
        reached = {name: len(self.stock.reach(nos)) for name, nos in family.names.items()}
        made = Convention(field, title, family.pattern, carriers=len(family.carriers))
        made.reach = len(self.stock.reach(family.carriers))
        if not in_cycle(family.cycle, self.today):
            made.why_not = "it names another cycle"
        elif made.reach < FEW:
            made.why_not = f"it reaches fewer than {FEW} items"
        if made.why_not:
            return made
        spelt = {name: number for name, number in reached.items() if is_id(name)}
        wrong = slips(spelt, {name: len(family.names[name]) for name in spelt})
        open_ = {name: len(family.names[name]) for name in spelt if name not in ALLOWANCES and name not in (self.known or ())}
        made.asked = questions(open_, wrong) if not self.known else []
        unclear = {name for pair in made.asked for name in pair}
        for name in sorted(reached, key=lambda n: (-reached[n], n)):
            if name in unclear:
                continue
            if name in ALLOWANCES:
                made.allowances.append(name)
                self.allowances[name] = None
            elif not is_id(name):
                made.unfit.append(name)
            elif name in wrong and (self.known is None or wrong[name] in self.known):
                made.slips.append((name, wrong[name], reached[name]))
            elif self.known is not None and name in self.known:
                made.goals.append(name)
            elif self.known is not None or not self._meant(family, name, reached[name]):
                made.few.append((name, reached[name]))
            else:
                made.goals.append(name)
                self._draft(name, spoken(name), family.pattern.replace("{key_result}", name), family.names[name])
        if self.known is None and not made.goals and not made.allowances:
            made.why_not = f"none of its names is on an epic or reaches {FEW} items"
        return made

    def _meant(self, family: Family, name: str, reach: int) -> bool:
        """Whether a name is more than a stray: it reaches enough, or somebody gave it to an epic with a prefix that says goal."""
        return reach >= FEW or (family.outright and any(self.stock.by_no[no].level > 0 for no in family.names[name]))

    def _values(self, carried: list[tuple[int, str]], field: str, title: str) -> Convention:
        """Values in words: a row for each."""
        made = Convention(field, title, carriers=len({no for no, _ in carried}))
        by_value: dict[str, set[int]] = defaultdict(set)
        spelt: dict[str, str] = {}
        for no, text in carried:
            by_value[fold(text)].add(no)
            spelt.setdefault(fold(text), text)
        made.reach = len(self.stock.reach(no for no, _ in carried))
        for value, nos in sorted(by_value.items(), key=lambda e: (-len(e[1]), e[0])):
            reach, text = len(self.stock.reach(nos)), spelt[value]
            if not writable(text):
                made.unfit.append(text)
                continue
            id = self._known_value(text)
            if id is None and (reach < FEW or self.known is not None):
                made.few.append((text, reach))
                continue
            id = id or slug(text, {fold(i) for i in self.carriers} | ALLOWANCES) or slug(f"{field}-{len(made.values) + 1}")
            made.values.append((text, id))
            made.goals.append(id)
            if self.known is None:
                self._draft(id, clean(text), text, nos)
        if not made.values:
            made.why_not = "none of its values is a key result" if self.known is not None else f"no value reaches {FEW} items"
        return made

    def _known_value(self, text: str) -> str | None:
        made = slug(text)
        return made if self.known is not None and made in self.known else None

    # ---- key results

    def _draft(self, id: str, name: str, written: str, carriers: set[int]) -> None:
        self.carriers[id] |= carriers
        self.written.setdefault(id, (name, written))

    def _goal(self, id: str, groups: dict[str, Group]) -> Goal:
        carriers, (name, written) = self.carriers[id], self.written[id]
        reach = self.stock.reach(carriers)
        counts = Counter(self.team_of.get(no) for no in reach)
        team = max(counts, key=lambda t: (counts[t], t or ""), default=None)
        objective = f"{OBJECTIVE}-{team}" if team else OBJECTIVE
        called = self.team_names.get(team or "", team or "")
        groups.setdefault(objective, Group(objective, f"Goals of {called}" if team else "Goals", team))
        first = max(carriers, key=lambda no: (self.stock.by_no[no].level, len(self.stock.beneath([no])), -no), default=None)
        shown = self.stock.by_no[first] if first is not None else None
        example = f'{shown.key or shown.id} "{shown.title}"' if shown else ""
        return Goal(id, name, objective, written, len(carriers), len(reach), example)
