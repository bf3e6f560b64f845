"""Work that spans tools: which item is the child, the relation or the duplicate of which. Pure.

    Item --Finder--> references --who bears them?--> one: parent or canonical item; several: ambiguous --circles are cut-->

``link`` takes all these steps over items in memory. The store takes the same ones over its tables, a part of the items at a
time; how texts are found, what several bearers mean and which edge of a circle gives way is said here, once.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from hub.model import LEFT, Finding, Item, Pattern, fold

Kind = Literal["key", "url", "any"]
Relation = Literal["child", "relation", "duplicate"]

LONGEST = 500
"""Characters of a text or a name beyond which it names nothing: no key is that long, and both are indexed."""

BEARS: dict[Kind, tuple[str, ...]] = {"key": ("key",), "url": ("url",), "any": ("id", "key", "url")}
"""Which of an item's names a reference of a kind can mean; former ones are of the same sort as present ones."""

VENDOR, KEPT, PATTERN = "", "kept", "pattern"
_GIVES_WAY = (PATTERN, KEPT, VENDOR)
"""In which order kinds of edges are cut where they form a circle."""

Wish = tuple[int, str]
"""The parent that an item is to have (its ``no``), and by what."""


class Reference(NamedTuple):
    """A text in an item that may name another one; ``pattern`` is the index of the pattern that found it."""

    pattern: int
    relation: Relation
    kind: Kind
    text: str
    folded: str


# ---- what texts an item names -------------------------------------------------------------------------------------------

_KEY = re.compile(r"(?<!\w)[A-Za-z][A-Za-z0-9_]*-[0-9]+(?!\w)")
_URL = re.compile(r"https?://[^\s<>\"`|\\^{}\[\]]+", re.IGNORECASE)
_TRAILING = ".,;:!?'()*…"
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)

Find = Callable[[str], Iterable[str]]


def is_address(text: str) -> bool:
    """Whether a link of an item leads to an http(s) address, and not to another item of its source."""
    return _ADDRESS.match(text) is not None


class Finder:
    """The patterns, compiled once; applied to an item it gives the references in it.

    They come in the order of the patterns and of the texts; each text (ignoring case) once a pattern.
    """

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._patterns = [(p, _kind(p.finds), _find(p.finds)) for p in patterns]
        self.kinds = frozenset(sort for _, kind, _ in self._patterns for sort in BEARS[kind])
        """The sorts of names that any of the patterns can mean."""

    def __call__(self, item: Item) -> list[Reference]:
        if item.presence in LEFT:
            return []
        source = fold(item.source)
        found: dict[tuple[int, str], Reference] = {}
        for pattern, kind, find in self._patterns:
            if pattern.source is not None and fold(pattern.source) != source:
                continue
            for text in (text for field in pattern.fields for text in _texts(item, field)):
                for part in find(text if text.isascii() else unicodedata.normalize("NFC", text)):
                    if 0 < len(part) <= LONGEST:
                        folded = fold(part)
                        found.setdefault((pattern.index, folded), Reference(pattern.index, pattern.relation, kind, part, folded))
        return list(found.values())


def _kind(finds: str) -> Kind:
    return "key" if finds == "jira key" else "url" if finds == "url" else "any"


def _find(finds: str) -> Find:
    if finds == "jira key":
        return _KEY.findall
    if finds == "url":
        return lambda text: (address.rstrip(_TRAILING) for address in _URL.findall(text))
    return _by_expression(finds)


def _by_expression(expression: str) -> Find:
    import re2  # only where an expression is declared

    options = re2.Options()
    options.log_errors = False
    compiled = re2.compile("(?i)" + unicodedata.normalize("NFC", expression), options)
    return lambda text: [(match.group(1) or "").strip() for match in compiled.finditer(text)]


def _texts(item: Item, field: str) -> Iterable[str]:
    if field == "title":
        return (item.title,)
    if field == "attachment":
        return item.addresses
    if field == "label":
        return item.labels
    if field.startswith("field."):
        return _literals(_by_name(item.fields, field[6:]))
    return ()  # a description is read from no source


def _by_name(fields: Mapping[str, Any], name: str) -> Any:
    if name in fields:
        return fields[name]
    wanted = fold(name)
    return next((value for key, value in fields.items() if fold(key) == wanted), None)


def _literals(value: Any) -> Iterator[str]:
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _literals(each)
    elif isinstance(value, str):
        yield value
    elif value is not None and not isinstance(value, (bool, dict)):
        yield str(value)


# ---- who is meant -------------------------------------------------------------------------------------------------------


def names(item: Item) -> Iterator[tuple[str, str]]:
    """(sort, folded name) of everything that an item can be called from another source: ``id``, ``key``, ``url``."""
    yield from named(item.id, item.key, item.url)
    for sort, former in (("key", item.aliases), ("url", item.former_urls)):
        yield from ((sort, name) for name in former if len(name) <= LONGEST)


def named(id_: str, key: str | None, url: str | None) -> Iterator[tuple[str, str]]:
    """The same for the present names only."""
    for sort, name in (("id", id_), ("key", key), ("url", url)):
        if name and len(name) <= LONGEST:
            yield sort, fold(name)


class Verdict(NamedTuple):
    """What an item's references say: its parent, the texts by which there are several, and what it is a duplicate of."""

    parent: int | None = None
    ambiguous: tuple[str, ...] = ()
    duplicate: int | None = None


Bearers = Callable[[Reference], Collection[int]]
"""The numbers of the items that have not left and bear what a reference names."""


def judge(no: int, references: Iterable[Reference], bearers: Bearers, wants_parent: bool) -> Verdict:
    """What the references of item ``no`` come to; ``wants_parent`` is False where the vendor names the parent."""
    parents: set[int] = set()
    originals: set[int] = set()
    texts: dict[str, str] = {}
    for reference in references:
        if reference.relation == "relation" or (reference.relation == "child" and not wants_parent):
            continue
        found = set(bearers(reference)) - {no}
        if reference.relation == "duplicate":
            originals |= found
        elif found:
            parents |= found
            texts.setdefault(reference.folded, reference.text)
    several = tuple(texts[folded] for folded in sorted(texts)) if len(parents) > 1 else ()
    return Verdict(_only(parents), several, _only(originals))


def _only(found: set[int]) -> int | None:
    return next(iter(found)) if len(found) == 1 else None


# ---- circles ------------------------------------------------------------------------------------------------------------


def circles(graph: Mapping[int, int]) -> list[list[int]]:
    """Each circle once. Every node has at most one way out, so walking it ends at a root or in its only circle."""
    done: set[int] = set()
    found = []
    for start in graph:
        path: dict[int, None] = {}
        no = start
        while no in graph and no not in done and no not in path:
            path[no] = None
            no = graph[no]
        if no in path:
            walked = list(path)
            found.append(walked[walked.index(no) :])
        done.update(path)
    return found


def cut(circle: Collection[int], by: Mapping[int, str], names: Mapping[int, tuple[str, str]]) -> int:
    """The member of a circle of parents that loses its own: of those whose edge gives way first the greatest (source, id)."""
    weakest = min(circle, key=lambda no: _GIVES_WAY.index(by[no]))
    return max((no for no in circle if by[no] == by[weakest]), key=names.__getitem__)


def canonical(duplicates: Mapping[int, int], names: Mapping[int, tuple[str, str]]) -> dict[int, int]:
    """The item that stands for each duplicate, following the chain to its end; of a circle that is its greatest (source, id),
    which is no duplicate itself. ``names`` has at least the members of circles."""
    ends = {max(circle, key=names.__getitem__) for circle in circles(duplicates)}
    found: dict[int, int] = {}
    for no in duplicates:
        path = []
        at = no
        while at in duplicates and at not in ends and at not in found:
            path.append(at)
            at = duplicates[at]
        end = found.get(at, at)
        found.update(dict.fromkeys(path, end))
    return found


_SAYS = {VENDOR: "names {} as its parent", PATTERN: "is the child of {} by a pattern"}


def circle_finding(no: int, child: str, parent: str, by: str) -> Finding:
    """What people are told of an edge that was cut; ``child`` and ``parent`` are keys, else ids."""
    return Finding(
        "cycle", no, f"{child} {_SAYS[by].format(parent)}, which closes a circle of parents: it is treated as having none."
    )


# ---- all of it, in memory -----------------------------------------------------------------------------------------------


class Linked(NamedTuple):
    """Items with their parents and canonical items, and what was cut to get there."""

    items: list[Item]
    findings: list[Finding]


def link_items(items: Iterable[Item], patterns: Iterable[Pattern]) -> list[Item]:
    """The items, in their order, with ``parent``, ``parent_by``, ``duplicate_of`` and ``ambiguous`` as the store would resolve
    them from ``parent_ref`` and the patterns; what these fields held is of no account, but for a parent that is *kept*."""
    return link(items, patterns).items


def link(items: Iterable[Item], patterns: Iterable[Pattern]) -> Linked:
    """``link_items``, with a finding for each named parent that an item does not get because it closes a circle."""
    given = list(items)
    by_no = {item.no: item for item in given}
    finder = Finder(patterns)
    vendor = _Vendor(given)
    bearers = _Bearers((i for i in given if i.presence not in LEFT), finder.kinds)
    wishes: dict[int, Wish] = {}
    verdicts: dict[int, Verdict] = {}
    for item in given:
        if item.presence in LEFT:
            continue
        verdict = verdicts[item.no] = judge(item.no, finder(item), bearers, item.parent_ref is None)
        wish = vendor.wish(item) if item.parent_ref is not None else None
        if wish is None and verdict.parent is not None:
            wish = (verdict.parent, PATTERN)
        if wish is not None:
            wishes[item.no] = wish
    called = {item.no: (item.source, item.id) for item in given}
    by = {no: how for no, (_, how) in wishes.items()}
    cuts = {cut(circle, by, called) for circle in circles({no: parent for no, (parent, _) in wishes.items()})}
    stands_for = canonical({no: v.duplicate for no, v in verdicts.items() if v.duplicate is not None}, called)
    granted = {no: wish for no, wish in wishes.items() if no not in cuts}
    return Linked(
        [_linked(item, granted.get(item.no), stands_for.get(item.no), verdicts.get(item.no)) for item in given],
        [
            circle_finding(no, by_no[no].key or by_no[no].id, by_no[parent].key or by_no[parent].id, how)
            for no, (parent, how) in sorted((no, wishes[no]) for no in cuts)
            if how != KEPT
        ],
    )


def _linked(item: Item, wish: Wish | None, duplicate_of: int | None, verdict: Verdict | None) -> Item:
    parent, by = wish or (None, "")
    return item._replace(
        parent=parent, parent_by=by, duplicate_of=duplicate_of, ambiguous=verdict.ambiguous if verdict is not None else ()
    )


class _Bearers:
    def __init__(self, items: Iterable[Item], sorts: Collection[str]) -> None:
        self._table: dict[tuple[str, str], set[int]] = defaultdict(set)
        for item in items if sorts else ():
            for sort, name in names(item):
                if sort in sorts:
                    self._table[sort, name].add(item.no)

    def __call__(self, reference: Reference) -> set[int]:
        return {no for sort in BEARS[reference.kind] for no in self._table.get((sort, reference.folded), ())}


class _Vendor:
    """The parents that vendors name: by id, else by key, else by former key or address, else by present address."""

    def __init__(self, items: Iterable[Item]) -> None:
        ordered = sorted(items, key=lambda item: item.no)
        self._alive = {item.no for item in ordered if item.presence not in LEFT}
        self._present = _Names(item for item in ordered if item.no in self._alive)
        self._all = _Names(ordered)

    def wish(self, item: Item) -> Wish | None:
        ref = item.parent_ref
        if ref is None:
            return None
        parent = self._present.find(item.source, ref)
        if parent is not None:
            return parent, VENDOR
        if item.parent_by == KEPT and item.parent in self._alive and self._all.find(item.source, ref) is None:
            return item.parent, KEPT
        return None


class _Names:
    def __init__(self, items: Iterable[Item]) -> None:
        self._ids: dict[tuple[str, str], int] = {}
        self._keys: dict[tuple[str, str], int] = {}
        self._former: dict[tuple[str, str], int] = {}
        self._urls: dict[tuple[str, str], int] = {}
        for item in items:
            self._ids[item.source, item.id] = item.no
            if item.key is not None:
                self._keys.setdefault((item.source, item.key), item.no)
            if item.url is not None:
                self._urls.setdefault((item.source, item.url), item.no)
            for name in (*item.aliases, *item.former_urls):
                self._former[item.source, name] = item.no

    def find(self, source: str, ref: str) -> int | None:
        at = (source, ref)
        for table, name in ((self._ids, at), (self._keys, at), (self._former, (source, fold(ref)))):
            if name in table:
                return table[name]
        return self._urls.get(at) if "://" in ref else None
