"""Ids in the mapping files: how lines and blocks declare theirs, name others', and keep those that they had before."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from hub.mappings.draft import Draft, Known
from hub.model import fold
from hub.tomlfile import Table
from hub.tomlfile.ids import ID, spelt

K = TypeVar("K", bound=Hashable)
Keys = tuple[str | int, ...]


def entries(draft: Draft, kind: str, example: str) -> Iterator[tuple[str, Table]]:
    """All lines of the keyed tables ``[kind]``, those with an id of their own only."""
    for top in draft.tops():
        written = top.values.get(kind, {})
        if not isinstance(written, dict) or not all(isinstance(v, dict) for v in written.values()):
            draft.hidden.add(kind)  # it holds ids that are not read
        for id, entry in top.entries(kind, f"[{kind}] {{}}", f"Write [{kind}] once, and under it a line such as {example}."):
            if draft.declare(kind, id, entry.place):
                yield id, entry


def identified(draft: Draft, table: Table, kind: str, *, within: str = "") -> str | None:
    """The declared id of a block, or None. ``within`` is the cycle of a key result."""
    id = table.text("id")
    if id is None:
        if "id" not in table:
            table.missing("id", f'Add a short one that stays for ever: id = "{_example(table)}".')
        draft.hidden.add(kind)
        return None
    return id if draft.declare(kind, id, table.value_at("id"), within=within) else None


def _example(table: Table) -> str:
    name = table.values.get("name")
    return slug(name) if isinstance(name, str) else "my-id"


def slug(name: str) -> str:
    """An id that a name suggests."""
    found = re.sub(r"[^a-z0-9]+", "-", fold(spelt(name))).strip("-")
    return "-".join(found.split("-")[:3]) or "my-id"


def reference(draft: Draft, table: Table, key: str, kind: str) -> str | None:
    """The id as declared that one line names."""
    id = table.text(key)
    return None if id is None else draft.resolve(kind, table, key, id)


def references(draft: Draft, table: Table, key: str, kind: str) -> tuple[str, ...]:
    """The ids as declared that a text or a list of texts names, each once."""
    found: list[str] = []
    for keys, written in texts_at(table, key):
        id = draft.resolve(kind, table, keys, written)
        if id in found:
            named_twice(table, keys, written)
        elif id is not None:
            found.append(id)
    return tuple(found)


def named_twice(table: Table, keys: Keys, written: str) -> None:
    table.problem(keys, f'`{table.prefix}{keys[0]}` names "{written}" twice.', "Remove one of the two.")


def texts_at(table: Table, key: str) -> list[tuple[Keys, str]]:
    """Where and what: a text, or each text of a list. Other values are problems."""
    table.texts(key)
    value = table.values.get(key)
    if isinstance(value, list):
        return [((key, n), str(one)) for n, one in enumerate(value) if isinstance(one, str) and one.strip()]
    return [((key,), str(value))] if isinstance(value, str) and value.strip() else []


# ---- former ids -----------------------------------------------------------------------------------------------------------


def former_ids(draft: Draft, kind: str, found: Iterable[tuple[str | None, Table, str]]) -> None:
    """Register what blocks were called before (`was`): (id, block, cycle of a key result). All ids of the kind are declared."""
    taken: dict[tuple[str, str], Known] = {}
    for id, table, within in found:
        for keys, old in texts_at(table, "was"):
            if id is None or not _may_be_former(draft, kind, table, keys, id, old, within):
                continue
            first = taken.get((within, fold(old)))
            if first is None:
                taken[within, fold(old)] = Known(id, table.value_at(*keys))
                _register(draft, kind, id, old, within, table)
            elif fold(first.id) == fold(id):
                named_twice(table, keys, old)
            else:
                text = f'"{old}" is a former id of "{first.id}" already, at {first.place}.'
                table.problem(keys, text, "It leads to one of the two: remove it from the other.")


def _may_be_former(draft: Draft, kind: str, table: Table, keys: Keys, id: str, old: str, within: str) -> bool:
    words = kind.replace("_", " ")
    present = draft.taken.get((kind, within, fold(old)))
    if not ID.fullmatch(old):
        table.problem(keys, f'"{old}" cannot have been an id.', 'Write each former id by itself: was = ["old", "older"].')
    elif fold(old) == fold(id):
        table.problem(keys, f'"{old}" is the present id of this {words}.', "Write only former ids in `was`.")
    elif present is not None:
        text = f'"{old}" is the id of another {words} now, at {present.place}.'
        table.problem(keys, text, "Remove it from `was`, or give that one another id.")
    elif kind == "key_result" and (allowance := draft.known.get("allowance", {}).get(fold(old))):
        text = f'"{old}" is the id of an allowance, at {allowance.place}.'
        table.problem(keys, text, "Labels name both alike: remove it from `was`, or give the allowance another id.")
    else:
        return True
    return False


def _register(draft: Draft, kind: str, id: str, old: str, within: str, table: Table) -> None:
    known = draft.formerly.setdefault(kind, {})
    first = known.setdefault(fold(old), Known(id, table.place))
    if fold(first.id) != fold(id):  # another key result in each of two cycles: the cycle in which it is looked up decides
        known[fold(old)] = Known(old, table.place)
    if kind == "key_result" and fold(within) in draft.cycles:
        draft.former[within, fold(old)] = fold(id)


# ---- circles --------------------------------------------------------------------------------------------------------------


def circles(leads: Mapping[K, Iterable[K]]) -> Iterator[list[K]]:
    """Circles among nodes, each from its first node on and closed by it; a node is told of once."""
    left = {k: [to for to in targets if to in leads] for k, targets in leads.items()}
    order = {k: n for n, k in enumerate(left)}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle: list[K] = error.args[1][:0:-1]  # it is given backwards, with its last node at both ends
            start = min(range(len(circle)), key=lambda n: order[circle[n]])
            circle = circle[start:] + circle[:start]
            yield [*circle, circle[0]]
            left = {k: [to for to in targets if to not in circle] for k, targets in left.items() if k not in circle}
        else:
            return


def arrows(ids: Iterable[str]) -> str:
    """A circle in words."""
    return " -> ".join(f'"{id}"' for id in ids)
