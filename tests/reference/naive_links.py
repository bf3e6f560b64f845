"""*Parents and duplicates* of section 2 by the words: which item is the parent of which, and which is a duplicate."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from hub.model import Item, Pattern, fold
from tests.reference.naive_state import named_field, texts
from tests.reference.naive_world import circle_of, has_left


class Links(NamedTuple):
    """By number of the item."""

    parents: dict[int, int]
    duplicates: dict[int, int]
    """To the canonical item."""
    ambiguous: set[int]


def pattern_texts(pattern: Pattern, item: Item) -> list[str]:
    """ "A pattern looks at the texts it names (`in`)" """
    found = []
    for name in pattern.fields:
        if name.startswith("field."):
            found += named_field(item, name.removeprefix("field."))
        else:
            found += texts({"title": item.title, "attachment": item.addresses, "label": item.labels}[name])
    return found


def finds(pattern: Pattern, text: str) -> list[str]:
    """ "for keys (`finds = "jira key"`), addresses (`"url"`) or what the group of a regular expression catches" """
    if pattern.finds == "jira key":
        return re.findall(r"\b[A-Za-z][A-Za-z0-9_]*-\d+\b", text)
    if pattern.finds == "url":
        return re.findall(r"https?://[^\s,;)]+", text)
    return re.findall(unicodedata.normalize("NFC", pattern.finds), unicodedata.normalize("NFC", text), re.IGNORECASE)


def named(pattern: Pattern, item: Item, everything: Iterable[Item]) -> set[int]:
    """ "and finds the items of any source that bear that id, key, former key or address, but never the item itself" """
    if pattern.source is not None and fold(pattern.source) != fold(item.source):
        return set()
    wanted = {fold(found) for text in pattern_texts(pattern, item) for found in finds(pattern, text)}
    return {
        other.no
        for other in everything
        if other.no != item.no
        and wanted & {fold(t) for t in texts((other.id, other.key, other.aliases, other.url, other.former_urls))}
    }


def links(items: Iterable[Item], patterns: Iterable[Pattern]) -> Links:
    """ "An item has one parent: the vendor's own; where the vendor names none, the only item that the `[[pattern]]`s with
    `as = "child"` find; else none." "Several different items found: *ambiguous*, none of them is the parent, and that is
    reported." "An item that has left counts neither as parent nor as canonical."

    Chosen: the vendor names a parent by its id or key. (What stays of a former parent is the matter of the store.)
    """
    read = {i.no: i for i in items if not has_left(i)}
    found = Links({}, {}, set())
    by_vendor = {i.no for i in read.values() if i.parent_ref is not None}
    for item in read.values():
        child = {no for p in patterns if p.relation == "child" for no in named(p, item, read.values())}
        if item.parent_ref is not None:
            own = [i.no for i in read.values() if i.source == item.source and item.parent_ref in (i.id, i.key)]
            child = set(own[:1])
        if len(child) > 1:
            found.ambiguous.add(item.no)
        elif child:
            found.parents[item.no] = child.pop()
        originals = {no for p in patterns if p.relation == "duplicate" for no in named(p, item, read.values())}
        if len(originals) == 1:
            found.duplicates[item.no] = originals.pop()
    return found._replace(parents=without_circles(read, found.parents, by_vendor), duplicates=to_the_end(read, found.duplicates))


def on_circle(read: dict[int, Item], edges: dict[int, int], item: Item) -> list[Item]:
    return circle_of(item, lambda one: read[edges[one.no]] if one.no in edges else None)


def greatest(circle: list[Item]) -> int:
    return max(circle, key=lambda i: (i.source, i.id)).no


def without_circles(read: dict[int, Item], parents: dict[int, int], by_vendor: set[int]) -> dict[int, int]:
    """ "Where parents form a circle, the member with the greatest (source, id) is treated as having no parent."

    Chosen: of the members whose parent a pattern found, where there are any, since the vendor's own parent goes before.
    """
    circles = [on_circle(read, parents, item) for item in read.values()]
    cut = {greatest([i for i in circle if i.no not in by_vendor] or circle) for circle in circles if circle}
    return {no: parent for no, parent in parents.items() if no not in cut}


def to_the_end(read: dict[int, Item], duplicates: dict[int, int]) -> dict[int, int]:
    """ "Following them from one to the next ends at the *canonical* item (a circle is cut at the greatest (source, id), which
    then is the canonical one)." """
    cut = {greatest(circle) for item in read.values() if (circle := on_circle(read, duplicates, item))}
    left = {no: original for no, original in duplicates.items() if no not in cut}
    found = {}
    for no in left:
        end = no
        while end in left:
            end = left[end]
        found[no] = end
    return found
