"""C6 and C7: the same content whatever the order of reading, and stored snapshots that the stored history gives again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.assess import assess
from hub.store.read import Reader
from hub.sync.evaluate import facts_of
from tests.simulation.checks import check
from tests.simulation.hubs import Database, configuration
from tests.simulation.setup import Op
from tests.simulation.world import World

LATEST = 4
"""Evaluations of a history that are calculated again."""


def replayed(world: World) -> int:
    """C7: calculate the latest evaluations again from the items as of then; how many figures were compared."""
    config, mapping = configuration(world.partitions)
    reader, compared = Reader(world.database.store), 0
    for seq, as_of in world.database.rows("SELECT seq, as_of FROM evaluation ORDER BY seq DESC LIMIT ?", LATEST):
        dimensions = replace(reader.dimensions(as_of=seq), sources=facts_of(config))
        result = assess(mapping, list(reader.items(as_of=seq)), dimensions, as_of)
        stored = {
            (kind, id_): (progress, done, total)
            for kind, id_, progress, done, total, details in world.database.rows(
                "SELECT kind, id, progress, done, total, details FROM snapshot"
                " WHERE kind = 'key_result' AND seq <= ? AND (to_seq IS NULL OR to_seq > ?)", seq, seq,
            )
            if '"frozen"' not in (details or "")
        }  # fmt: skip
        for node in result.nodes:
            if (node.kind, node.id) in stored:
                again = (None if node.progress is None else str(node.progress), str(node.done), str(node.total))
                then = stored[node.kind, node.id]
                check(again == then, "C7", f"{node.id} as of {seq} was {then} and is {again} when it is calculated again")
                compared += 1
    return compared


CONTENT = {
    "item": "SELECT source, id, key, title, status_id, parent_ref, containers, labels, estimate, updated_at"
    " FROM item WHERE presence = 'present'",
    "edge": "SELECT c.source, c.id, p.id FROM edge JOIN item AS c ON c.no = child_no JOIN item AS p ON p.no = parent_no",
    "link": "SELECT source, id, cycle, target, part_num, part_den, counts, state FROM link JOIN item ON item.no = link.item_no"
    " WHERE presence = 'present'",
    "snapshot": "SELECT cycle, kind, id, progress, done, total FROM snapshot WHERE to_seq IS NULL",
}


def contents(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """What is stored, without numbers, runs and times, which may differ between two ways to the same."""
    return {name: sorted(database.rows(statement), key=repr) for name, statement in CONTENT.items()}


def read_from_nothing(world: World, **style: Any) -> dict[str, list[tuple[Any, ...]]]:
    """C6: what a hub that knows nothing makes of the same vendors when it reads them in another style."""
    other = World(replace(world.setup, style=replace(world.setup.style, **style), families=frozenset(), batch=4))
    other.begin(empty=True)
    try:
        other.now, other.shape = world.now, world.shape
        other.vendors = {name: vendor.clone(other._clock) for name, vendor in world.vendors.items()}
        for name in other.vendors:
            for mode in ("full", "nightly"):
                other.run(Op("run", 7, name, mode=mode))
        return contents(other.database)
    finally:
        other.close()
