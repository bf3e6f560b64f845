"""A starting rule set, and how much of the active work each rule adds. Pure.

Candidates come from conventions, service desks and names that sound like upkeep. Each is tried on the very items and by the very
assessment that an evaluation uses; one that adds nothing is not written.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from hub.looking.coverage import Spread, spread
from hub.looking.families import FEW, taken_apart
from hub.looking.goals import LABEL, Convention, Goals
from hub.looking.stock import Stock
from hub.looking.text import named, several, share, writable
from hub.looking.words import service_type, slug, upkeep_like, upkeep_type
from hub.model import Item, Mapping, fold
from hub.tomlfile.write import Value, value

KTLO = "ktlo"
IGNORED = "requests, not planned work"
DESK = 0.8
"""So much of a project's work must be requests for it to be a service desk."""
AGREED = 0.9
"""So much of a component's anchored work must serve one key result for that to be proposed for the rest."""


@dataclass(frozen=True)
class Candidate:
    """A rule that may be written. ``order``: conventions first, fallbacks last; ``matched`` items it matches or reaches."""

    name: str
    lines: tuple[str, ...]
    order: int
    matched: int
    why: tuple[str, ...] = ()

    @property
    def block(self) -> str:
        """Its text, without comments."""
        return "\n".join(("[[rule]]", *self.lines)) + "\n"


@dataclass(frozen=True)
class RuleFigures:
    """A rule that is written, with the active items that it adds to those above it: ``adds`` serve a key result or run the
    business through it, of ``of`` active items in all, as `progress` counts them: above sub-tasks, without those set aside.
    ``aside`` are set aside by it."""

    rule: Candidate
    adds: int
    aside: int
    of: int
    broken: int = 0
    """Active items that hang on names that no key result has"""
    contested: int = 0


@dataclass(frozen=True)
class Hint:
    """A rule that stands in the file as a comment: work that looks like it serves a key result."""

    rule: Candidate
    text: str


@dataclass(frozen=True)
class Rules:
    written: tuple[RuleFigures, ...]
    left_out: tuple[tuple[Candidate, str], ...]
    """Candidates with the reason why they are not written"""
    hints: tuple[Hint, ...] = ()
    last: Spread = field(default_factory=lambda: Spread({}))
    """How the active work is spread under all that are written"""


def candidates(stock: Stock, found: Goals) -> list[Candidate]:
    """Everything worth trying."""
    made = [_convention(each) for each in found.conventions if not each.why_not]
    made += _service_desks(stock)
    made += _upkeep(stock)
    return _named_once(made)


def _convention(each: Convention) -> Candidate:
    if each.pattern:
        name = slug(each.where.replace("field.", "")) if each.where != LABEL else _label_name(each.pattern)
        lines: tuple[str, ...] = (f"name = {value(name)}", f"when.{each.where} = {value(each.pattern)}", 'to = "{key_result}"')
        return Candidate(name, lines, 0, each.reach)
    name = slug(each.where.replace("field.", ""))
    rows = [f"  {value({'value': text, 'id': id})}," for text, id in each.values]
    lines = (
        "for_each.rows = [",
        *rows,
        "]",
        f"name = {value(name + '-{id}')}",
        f'when.{each.where} = "{{value}}"',
        'to = "{id}"',
    )
    return Candidate(name, lines, 1, each.reach)


def _label_name(pattern: str) -> str:
    rest = slug(pattern.replace("{key_result}", ""))
    return "label" if rest == "kr" else f"label-{rest}"


def _service_desks(stock: Stock) -> list[Candidate]:
    """Projects that hold nothing but requests."""
    types: dict[str, Counter[bool]] = defaultdict(Counter)
    for item in stock.items:
        if item.level >= 0:
            types[stock.project(item)][service_type(item.type or "")] += 1
    desks = [p for p, counts in types.items() if p and counts[True] >= max(FEW, DESK * counts.total())]
    made = []
    for project in sorted(desks):
        lines = (f"when.project = {value(project)}", f"ignore = {value(IGNORED)}")
        number = types[project].total()
        why = f"requests and incidents are {share(types[project][True], number)} of its {several(number, 'item')}"
        made.append(_rule(f"requests-{slug(project)}", lines, 1, number, why))
    return made


def _upkeep(stock: Stock) -> list[Candidate]:
    """Labels, components, projects and types whose name says that they run the business: where nothing else holds."""
    tail = ("fallback = true", f"allowance = {value(KTLO)}")
    components = _names(stock, lambda item: item.components, upkeep_like)
    labels = _names(stock, lambda item: item.labels, upkeep_like)
    types = _names(stock, lambda item: (item.type,) if item.type else (), upkeep_type)
    projects = [id for id in stock.containers() if upkeep_like(_title(stock, id))]
    made = []
    for word, field_, texts in (("labels", "label", labels), ("components", "component", components), ("types", "type", types)):
        if texts:
            matched = {i.no for i in stock.items if i.level >= 0 and set(map(fold, _held(i, field_))) & set(map(fold, texts))}
            many = f"their names sound like it: {named(texts)}"
            one = f'"{texts[0]}" sounds like it'
            made.append(
                _rule(f"upkeep-{word}", (f"when.{field_} = {value(_one_or_all(texts))}", *tail), 2, len(stock.reach(matched)),
                      one if len(texts) == 1 else many)
            )  # fmt: skip
    if projects:
        keys = [stock.key(id) for id in projects]
        matched = {i.no for i in stock.items if stock.project(i) in keys}
        why = f"the names sound like it: {named(_title(stock, id) for id in projects)}"
        made.append(_rule("upkeep-projects", (f"when.project = {value(_one_or_all(keys))}", *tail), 2, len(matched), why))
    return made


def _rule(name: str, lines: tuple[str, ...], order: int, matched: int, why: str) -> Candidate:
    return Candidate(name, (f"name = {value(name)}", *lines), order, matched, (why,))


def _held(item: Item, field_: str) -> Iterable[str]:
    return item.labels if field_ == "label" else item.components if field_ == "component" else (item.type or "",)


def _names(stock: Stock, read: Callable[[Item], Iterable[str]], fits: Callable[[str], bool]) -> list[str]:
    """Names that fit, on enough items, the most used first."""
    counts: Counter[str] = Counter()
    spelt: dict[str, str] = {}
    for item in stock.items:
        for name in read(item):
            spelt.setdefault(fold(name), name)
            counts[fold(name)] += 1
    found = [f for f, number in counts.most_common() if number >= FEW and fits(spelt[f])]
    return [spelt[f] for f in found if writable(spelt[f]) and not set("*?") & set(f) and taken_apart(f) is None]


def _title(stock: Stock, container: str) -> str:
    row = stock.dimensions.containers.get((stock.name, container))
    return row.name if row else container


def _one_or_all(texts: list[str]) -> Value:
    return texts[0] if len(texts) == 1 else texts


def _named_once(made: list[Candidate]) -> list[Candidate]:
    """Names of rules differ."""
    seen: Counter[str] = Counter()
    found = []
    for each in made:
        seen[each.name] += 1
        if seen[each.name] == 1:
            found.append(each)
            continue
        name = f"{each.name}-{seen[each.name]}"
        lines = tuple(
            line.replace(value(each.name), value(name), 1) if line.startswith("name = ") else line for line in each.lines
        )
        found.append(Candidate(name, lines, each.order, each.matched, each.why))
    return found


# ---- trying ---------------------------------------------------------------------------------------------------------------


def try_out(stock: Stock, tried: list[Candidate], understood: Callable[[list[Candidate]], Mapping], as_of: int) -> Rules:
    """The rules that add something, in the order in which they are written: conventions, ordinary ones, fallbacks; of each the
    one first that adds most. ``understood`` makes the mapping that holds the given rules besides everything else."""
    nothing = spread(understood([]), stock.items, stock.dimensions, as_of)
    items = stock.with_ancestors(nothing.active)

    def under(rules: list[Candidate]) -> Spread:
        return spread(understood(rules), items, stock.dimensions, as_of)

    alone = {each.name: _taken(under([each])) for each in tried}
    written: list[RuleFigures] = []
    left_out: list[tuple[Candidate, str]] = []
    kept: list[Candidate] = []
    last = under([])
    for each in sorted(tried, key=lambda c: (c.order, -alone[c.name], c.name)):
        if each.matched < FEW:
            left_out.append((each, f"it matches {several(each.matched, 'item')}"))
            continue
        now = under([*kept, each])
        adds, aside = len(now.anchored) - len(last.anchored), len(now.set_aside) - len(last.set_aside)
        if adds + aside <= 0 and each.order:
            left_out.append((each, f"of the {several(each.matched, 'item')} that it matches no active one is left to add"))
            continue
        kept.append(each)
        broken = now.counts["broken"] - last.counts["broken"]
        contested = now.counts["contested"] - last.counts["contested"]
        written.append(RuleFigures(each, adds, aside, 0, max(broken, 0), max(contested, 0)))
        last = now
    counted = tuple(replace(each, of=last.total) for each in written)
    return Rules(counted, tuple(left_out), tuple(_hints(stock, last)), last)


def _taken(now: Spread) -> int:
    return len(now.anchored) + len(now.set_aside)


def _hints(stock: Stock, now: Spread) -> list[Hint]:
    """Components whose anchored work all serves one key result, while other work in them serves nothing."""
    serves: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    loose: Counter[tuple[str, str]] = Counter()
    for no in now.active:
        item = stock.by_no[no]
        for component in item.components:
            where = stock.project(item), component
            for id in now.linked.get(no, ()):
                serves[where][id] += 1
            loose[where] += no not in now.anchored
    made = []
    for where, number in sorted(loose.items(), key=lambda e: (-e[1], e[0])):
        project, component = where
        if number < FEW or serves[where].total() < FEW or set("*?") & set(component) or not writable(component):
            continue
        id, most = serves[where].most_common(1)[0]
        if most < AGREED * serves[where].total():
            continue
        lines = (f"when.project = {value(project)}", f"when.component = {value(component)}", f"to = {value(id)}")
        text = (
            f"{most} of {several(serves[where].total(), 'anchored item')} of this component serve it, and {number} more are loose"
        )
        made.append(Hint(_rule(slug(f"{project}-{component}"), lines, 1, number, text), text))
    return made
