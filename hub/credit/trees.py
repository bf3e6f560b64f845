"""Items as trees: a root with all its descendants. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from hub.model import Item


class Tree(NamedTuple):
    """Items of one tree, parents before their children; ``up[k]`` is the position of the parent of item ``k`` or -1."""

    items: list[Item]
    up: list[int]


def trees(items: Iterable[Item]) -> tuple[list[Tree], list[Item]]:
    """Split items into trees by ``parent``. A parent that is not among them counts as none.

    Second result: the items whose link to their parent was cut because the parents formed a circle (of each circle the member
    with the greatest (source, id)).
    """
    by_no = {item.no: item for item in items}
    children: dict[int, list[int]] = defaultdict(list)
    roots: list[int] = []
    for no, item in by_no.items():
        if item.parent is not None and item.parent in by_no:
            children[item.parent].append(no)
        else:
            roots.append(no)
    found = [_tree(root, by_no, children) for root in roots]
    cut: list[Item] = []
    if sum(len(t.items) for t in found) < len(by_no):
        reached = {item.no for tree in found for item in tree.items}
        for no in _circle_breakers(by_no, reached):
            children[by_no[no].parent or 0].remove(no)
            cut.append(by_no[no])
            found.append(_tree(no, by_no, children))
    return found, cut


def _tree(root: int, by_no: dict[int, Item], children: dict[int, list[int]]) -> Tree:
    items, up = [by_no[root]], [-1]
    for position, item in enumerate(items):  # grows while it is read: breadth first, without recursion
        for child in children.get(item.no, ()):
            items.append(by_no[child])
            up.append(position)
    return Tree(items, up)


def _circle_breakers(by_no: dict[int, Item], reached: set[int]) -> list[int]:
    seen: set[int] = set(reached)
    breakers: list[int] = []
    for start in by_no:
        path: list[int] = []
        on_path: set[int] = set()
        no = start
        while no not in seen and no not in on_path:
            path.append(no)
            on_path.add(no)
            no = by_no[no].parent or 0
        if no in on_path:
            circle = path[path.index(no) :]
            breakers.append(max(circle, key=lambda n: (by_no[n].source, by_no[n].id)))
        seen |= on_path
    return breakers
