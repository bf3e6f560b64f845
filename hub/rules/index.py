"""The rules of one source, found by what its items say: an item meets those only that can match.

    item --few words (project, type, ...)--> entry --labels and the like--> outlook --title, days, ...--> claims

An entry and an outlook are remembered, so that items which say the same are asked the same once. Outlooks are given up where
hardly two items are alike; what an item then costs are its entry, its labels, and the rules that these lead to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from hub.model import Item, fold
from hub.rules.compiled import Compiled, Planned, World
from hub.rules.fields import Context, Reading, folded, named_texts
from hub.rules.lines import Depth, Line, depth_of, text_check
from hub.rules.targets import Claim

REMEMBERED = 50_000
"""Entries, outlooks and words that are kept, of each."""
SAMPLE = 4096
"""After so many different outlooks it is looked at whether remembering them is worth it."""

_NAMES = (
    "key",
    "label",
    "sprint",
    "assignee",
    "project",
    "team",
    "component",
    "field",
    "type",
    "status",
    "resolution",
    "level",
    "state",
)
"""Fields by whose values a rule is found, the most selective first. A label that is a pattern ranks as ``component``, other
patterns come last."""
_PATTERN = {"label": _NAMES.index("component")}

_by_rule: Callable[[Claim], int] = attrgetter("rule")


class Outlook(NamedTuple):
    """What is known of an item by its words: claims, and rules of which only the item itself can tell."""

    claims: tuple[Claim, ...]
    open: tuple[Planned, ...]


class Entry:
    """What is known by the few words. ``mixed`` are rules that need labels and the like as well, ``open`` those that need the
    item itself; ``alive`` says of the rules that are found by labels and the like whether the few words allow them."""

    __slots__ = ("alive", "claims", "mixed", "open")

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self.open: list[Planned] = []
        self.mixed: list[Planned] = []
        self.alive: dict[int, bool] = {}


class Plan:
    """All rules that items of one source can match."""

    def __init__(self, source: str, rules: Iterable[Compiled], world: World) -> None:
        self._world = world
        self._keyed: dict[str, list[Planned]] = defaultdict(list)
        self._pivots: dict[str, _Pivot] = {}
        self._always: list[Planned] = []
        self._buckets: dict[str, dict[str, list[Planned]]] = defaultdict(lambda: defaultdict(list))
        few: set[str] = set()
        words: set[str] = set()
        for rule in rules:
            lines = _beside_source(rule, source, world)
            if lines is None:
                continue
            handle = _handle(lines, source, world)
            pivot = handle if handle is not None and (handle.depth == Depth.WORDS or handle.condition.field == "key") else None
            planned = Planned(rule, source, world, lines, pivot)
            self._place(planned, handle)
            read = {f for line in lines for f in line.fields} | {c.field for c in rule.captures.conditions}
            read |= {"team"} if rule.fence is not None else set()
            if pivot is None or pivot.condition.field != "key":  # those are asked outside of what is remembered
                few |= {f for f in read if depth_of(f) == Depth.NARROW}
                words |= {f for f in read if depth_of(f) == Depth.WORDS}
        self._few, self._few_more = signature(few)
        self._all, self._all_more = signature(few | words)
        self._entries: dict[Hashable, Entry] = {}
        self._outlooks: dict[Hashable, Outlook] | None = {}
        self._asked = self._missed = 0

    def _place(self, planned: Planned, handle: Line | None) -> None:
        if handle is None:
            self._always.append(planned)
        elif planned.pivot is None:
            for test in dict.fromkeys(handle.condition.tests):
                self._buckets[handle.condition.field][test.folded].append(planned)
        elif handle.condition.field == "key":
            for test in dict.fromkeys(handle.condition.tests):
                self._keyed[test.folded].append(planned)
        else:
            field = handle.condition.field
            if field not in self._pivots:
                self._pivots[field] = _Pivot(field, planned.source, self._world)
            self._pivots[field].add(planned, handle)

    # ---- asking ---------------------------------------------------------------------------------------------------------

    def claims(self, item: Item, context: Context) -> tuple[Claim, ...]:
        """The claims of an item of this source, in the order of the rules."""
        outlooks = self._outlooks
        if outlooks is None:
            return self._afresh(item, context)
        self._asked += 1
        words = self._all(item) if self._all_more is None else (self._all(item), self._all_more(item, context))
        outlook = outlooks.get(words)
        if outlook is None:
            outlook = self._learn(outlooks, words, item, context)
        keyed = self._by_key(item) if self._keyed else ()
        if not outlook.open and not keyed:
            return outlook.claims
        reading = Reading(self._world.fields, item, context)
        more: list[Claim] = []
        for planned in outlook.open:
            for check in planned.item:
                if not check(reading):
                    break
            else:
                more += planned.claim(reading)
        if keyed:
            more += self._named(keyed, context, reading)
        if not more:
            return outlook.claims
        return tuple(sorted((*outlook.claims, *more), key=_by_rule)) if outlook.claims or len(more) > 1 else tuple(more)

    def _afresh(self, item: Item, context: Context) -> tuple[Claim, ...]:
        """The same without remembering more than the entry."""
        reading = Reading(self._world.fields, item, context)
        entry = self._entry(item, context, reading)
        found = list(entry.claims)
        for group in (entry.mixed, entry.open, self._met(entry, item, context, reading)):
            for planned in group:
                for check in planned.rest:
                    if not check(reading):
                        break
                else:
                    found += planned.claim(reading)
        if self._keyed:
            found += self._named(self._by_key(item), context, reading)
        if len(found) > 1:
            found.sort(key=_by_rule)
        return tuple(found)

    @staticmethod
    def _named(keyed: Iterable[Planned], context: Context, reading: Reading) -> list[Claim]:
        """The claims of rules that name one of the item's keys."""
        found: list[Claim] = []
        for planned in keyed:
            if _allowed(planned, context, reading) and all(check(reading) for check in planned.rest):
                found += planned.claim(reading)
        return found

    def _by_key(self, item: Item) -> Iterable[Planned]:
        """The rules that name one of the item's keys."""
        if not item.aliases:
            return self._keyed.get(fold(item.key), ()) if item.key else ()
        keys = (item.key, *item.aliases) if item.key else item.aliases
        return {planned.index: planned for key in keys for planned in self._keyed.get(fold(key), ())}.values()

    def _learn(self, outlooks: dict[Hashable, Outlook], words: Hashable, item: Item, context: Context) -> Outlook:
        self._missed += 1
        if self._missed % SAMPLE == 0 and self._missed * 4 > self._asked * 3:
            self._outlooks = None
        if len(outlooks) >= REMEMBERED:
            outlooks.clear()
        found = outlooks[words] = self._look(item, context, Reading(self._world.fields, item, context))
        return found

    def _look(self, item: Item, context: Context, reading: Reading) -> Outlook:
        entry = self._entry(item, context, reading)
        claims, others = list(entry.claims), list(entry.open)
        for group in (entry.mixed, self._met(entry, item, context, reading)):
            for planned in group:
                for check in planned.words:
                    if not check(reading):
                        break
                else:
                    if planned.depth == Depth.ITEM:
                        others.append(planned)
                    else:
                        claims += planned.claim(reading)
        return Outlook(tuple(sorted(claims, key=_by_rule)), tuple(others))

    def _met(self, entry: Entry, item: Item, context: Context, reading: Reading) -> Iterable[Planned]:
        """The rules that the item's labels and the like lead to, and that the few words allow; each once."""
        met: dict[int, Planned] = {}
        alive = entry.alive
        for pivot in self._pivots.values():
            for text in pivot.texts(item):
                for planned in pivot.found.get(text) or pivot.find(text):
                    index = planned.index
                    allowed = alive.get(index)
                    if allowed is None:
                        allowed = alive[index] = _allowed(planned, context, reading)
                    if allowed:
                        met[index] = planned
        return met.values()

    def _entry(self, item: Item, context: Context, reading: Reading) -> Entry:
        words = self._few(item) if self._few_more is None else (self._few(item), self._few_more(item, context))
        entry = self._entries.get(words)
        if entry is None:
            if len(self._entries) >= REMEMBERED:
                self._entries.clear()
            entry = self._entries[words] = self._enter(context, reading)
        return entry

    def _enter(self, context: Context, reading: Reading) -> Entry:
        entry = Entry()
        for planned in self._candidates(reading):
            if not _allowed(planned, context, reading):
                continue
            if planned.depth <= Depth.NARROW:
                entry.claims += planned.claim(reading)
            elif planned.words or planned.depth == Depth.WORDS:
                entry.mixed.append(planned)
            else:
                entry.open.append(planned)
        return entry

    def _candidates(self, reading: Reading) -> Iterable[Planned]:
        found = {planned.index: planned for planned in self._always}
        for field, table in self._buckets.items():
            for text in reading[field]:
                for planned in table.get(text, ()):
                    found[planned.index] = planned
        return found.values()


def _allowed(planned: Planned, context: Context, reading: Reading) -> bool:
    """Whether the fence and the few words allow the rule."""
    if planned.fenced_out(context):
        return False
    for check in planned.narrow:  # noqa: SIM110 - asked for every rule that an item meets
        if not check(reading):
            return False
    return True


def _beside_source(rule: Compiled, source: str, world: World) -> list[Line] | None:
    """The lines that are left to ask of a source's items; None where one about the source itself is against the rule."""
    left = []
    for line in rule.lines:
        if line.fields != ("source",) or not world.fields.answers(source, "source") or line.condition in rule.captures.conditions:
            left.append(line)
        elif not (line.check and line.check(Reading(world.fields, Item(0, source, ""), Context()))):
            return None
    return left


def _handle(lines: Iterable[Line], source: str, world: World) -> Line | None:
    """The line by which the rule is found; None where it has to be asked of every item."""
    ranked = [(rank, line) for line in lines if (rank := _rank(line)) is not None]
    usable = [(rank, line) for rank, line in ranked if world.fields.answers(source, line.condition.field)]
    return min(usable, key=itemgetter(0))[1] if usable else None


def _rank(line: Line) -> int | None:
    """How selective a line is guessed to be, less is more; None where nothing can be found by it."""
    field = "field" if line.condition.field.startswith("field.") else line.condition.field
    if not line.textual or field not in _NAMES:
        return None
    if line.equal:
        return _NAMES.index(field)
    return _PATTERN.get(field, len(_NAMES)) if line.depth == Depth.WORDS else None


class _Pivot:
    """Rules found by the words of one field. ``texts`` gives an item's raw words, ``found`` is what they lead to."""

    def __init__(self, field: str, source: str, world: World) -> None:
        self.texts, self._folded = _words_of(field, source, world)
        self.found: dict[str, tuple[Planned, ...]] = {}
        self._equal: dict[str, list[Planned]] = defaultdict(list)
        self._others: list[tuple[Planned, Callable[[frozenset[str]], bool]]] = []

    def add(self, planned: Planned, line: Line) -> None:
        for test in dict.fromkeys(t for t in line.condition.tests if t.how == "equal"):
            self._equal[test.folded].append(planned)
        others = [t for t in line.condition.tests if t.how != "equal"]
        if others:
            self._others.append((planned, text_check(others)))

    def find(self, text: str) -> tuple[Planned, ...]:
        """The rules whose line holds for a raw word."""
        known = self.found.get(text)
        if known is not None:
            return known
        if len(self.found) >= REMEMBERED:
            self.found.clear()
        texts = self._folded(text)
        rules = {p.index: p for t in texts for p in self._equal.get(t, ())}
        rules |= {p.index: p for p, check in self._others if check(texts)}
        found = self.found[text] = tuple(rules.values())
        return found


def _words_of(field: str, source: str, world: World) -> tuple[Callable[[Item], tuple[str, ...]], Callable[[str], frozenset[str]]]:
    """How to get an item's raw words in a field, and what a raw word says."""
    fields = world.fields
    if field == "sprint":
        return attrgetter("sprints"), lambda word: frozenset(map(folded, fields.sprint_texts(source, word)))
    if field == "assignee":
        return _assignee, lambda word: frozenset(map(folded, fields.assignee_texts(source, word)))
    if field.startswith("field."):
        name = field[6:]
        return lambda item: named_texts(item, name), lambda word: frozenset((folded(word),))
    plural = itemgetter(Item._fields.index(f"{field}s"))
    return plural, lambda word: frozenset((folded(word),))


def _assignee(item: Item) -> tuple[str, ...]:
    return (item.assignee,) if item.assignee else ()


# ---- what makes items alike --------------------------------------------------------------------------------------------------

_ATTRIBUTES = {
    "project": ("containers",),
    "type": ("type_id", "type"),
    "level": ("level",),
    "status": ("status_id", "status"),
    "resolution": ("resolution_id", "resolution"),
    "label": ("labels",),
    "component": ("components",),
    "sprint": ("sprints",),
    "assignee": ("assignee",),
}


def signature(fields: set[str]) -> tuple[Callable[[Item], Hashable], Callable[[Item, Context], Hashable] | None]:
    """Functions from an item to hashable values that are equal for items of one source in which all these fields are equal; the
    second one, where it is needed, for named fields and for what is known beside the item."""
    attributes = sorted({a for f in fields for a in _ATTRIBUTES.get(f, ())})
    plain: Callable[[Item], Any] = itemgetter(*(Item._fields.index(a) for a in attributes)) if attributes else lambda item: None
    names = sorted(f[6:] for f in fields if f.startswith("field."))
    beside = {"state", "team"} & fields
    if not names and not beside:
        return plain, None
    if not names:
        return plain, lambda item, context: context
    if not beside:
        return plain, lambda item, context: tuple([named_texts(item, name) for name in names])
    return plain, lambda item, context: (context, *[named_texts(item, name) for name in names])
