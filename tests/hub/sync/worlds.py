"""A configured Anchorline against a sandbox, for tests of whole runs; and the state of a store as comparable text."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.config import Config, load_config
from hub.mappings import load_mappings
from hub.model import Mapping
from hub.store import Store
from hub.store.read import Reader
from hub.sync import Event, Mode, RunSummary, evaluate, nobody, sync_source
from tests.hub.sandbox.process import ROOT, TOKEN, USER

NOW = 1_795_348_800_000  # 2026-11-22T12:00:00Z, the sandbox's own day
TEAM_FIELD = "customfield_10040"

CONFIG = """
database = "{database}"
[source.jira]
kind = "jira"
url = "{url}"
user = "{user}"
{more}
"""


class World:
    """A folder with config.toml and mapping files: the shipped ones unless ``rules`` gives others."""

    def __init__(self, folder: Path, url: str, database: str, *, more: str = "", mapping: str | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        fields = f'fields = {{ team = "{TEAM_FIELD}" }}\n' if "fields" not in more else ""
        text = CONFIG.format(database=database, url=url, user=USER, more=fields + more)
        (folder / "config.toml").write_text(text, encoding="utf-8")
        if mapping is None:
            shutil.copytree(ROOT / "mappings", folder / "mappings", dirs_exist_ok=True)
        else:
            (folder / "mappings").mkdir(exist_ok=True)
            (folder / "mappings" / "all.toml").write_text(mapping, encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "ANCHORLINE_JIRA__TOKEN": TOKEN}

    def add(self, name: str, text: str) -> None:
        """A further mapping file, or another text of it."""
        (self.folder / "mappings" / name).write_text(text, encoding="utf-8")

    def config(self) -> Config:
        return load_config(self.folder / "config.toml", self.environment)

    def mapping(self) -> Mapping:
        return load_mappings(self.folder / "mappings", self.config().timezone)[0]


def rows(store: Store, statement: str) -> list[tuple[Any, ...]]:
    with store.read() as sql:
        return [tuple(row) for row in sql.rows(statement)]


ITEM = "source, id, key, title, url, type_id, level, status_id, category, resolution, parent_ref, containers, labels, components,"
ITEM += " sprints, estimate, created_at, updated_at, done_at, fields, started_at, stages, presence, content_hash"
OF = "(SELECT id FROM item WHERE no = {})"

STATE = {
    "items": f"SELECT {ITEM} FROM item",
    "versions": f"SELECT {ITEM} FROM item_version",
    "aliases": f"SELECT source, kind, value, {OF.format('item_no')} FROM alias",
    "edges": f"SELECT {OF.format('child_no')}, {OF.format('parent_no')}, by FROM edge",
    "cuts": f"SELECT {OF.format('child_no')}, {OF.format('parent_no')}, by FROM cut",
    "references": f"SELECT {OF.format('item_no')}, pattern, relation, kind, value, folded FROM reference",
    "bearers": f"SELECT value, sort, {OF.format('item_no')} FROM bearer",
    "duplicates": f"SELECT {OF.format('item_no')}, {OF.format('of_no')} FROM twin WHERE to_seq IS NULL",
    "ambiguities": f"SELECT {OF.format('item_no')}, texts FROM ambiguity WHERE to_seq IS NULL",
    "sources": "SELECT name, private FROM source",
    "dimensions": "SELECT source, kind, id, name, category, attributes FROM dimension WHERE to_seq IS NULL",
    "attachments": f"SELECT {OF.format('item_no')}, cycle, outcome, strength, {OF.format('via_no')}, distance, broken, state,"
    " team FROM attachment",
    "links": f"SELECT cycle, target_kind, target, {OF.format('item_no')}, part_num, part_den, rule, named, strength, counts,"
    " state, level, estimate, below, why FROM link",
    "findings": f"SELECT {OF.format('item_no')}, kind, text FROM finding",
    "snapshots": "SELECT cycle, kind, id, progress, done, total, key_results, measured, details FROM snapshot"
    " WHERE to_seq IS NULL",
    "partitions": "SELECT source, id, key, state, cursor, resume, pass_open FROM partition",
    "values": "SELECT source, partition_id, series, on_day, row_key, value, unit, fields, typed_by, note, place, to_seq IS NULL"
    " FROM metric_value",
    "pending": "SELECT source, partition_id, series, on_day, row_key, value FROM pending_value",
    "contributions": f"SELECT measure, on_day, {OF.format('item_no')}, x_whole, x_part, w_whole, w_part, exact, currency, text"
    " FROM contribution",
    "baselines": "SELECT cycle, key_result, measured, value FROM baseline",
    "quarantine": "SELECT source, id, reason FROM quarantine",
    "dirty": "SELECT item_no FROM dirty",
}


def state(store: Store) -> dict[str, list[str]]:
    """What a store holds, without what may differ between two ways to the same state: seqs, numbers, runs, clock times."""
    return {name: sorted(json.dumps(row, default=str) for row in rows(store, statement)) for name, statement in STATE.items()}


def difference(left: dict[str, list[str]], right: dict[str, list[str]]) -> str:
    """Readable, a few rows a table; empty when they are equal."""
    said = []
    for name, rows_left in left.items():
        rows_right = right[name]
        only_left, only_right = set(rows_left) - set(rows_right), set(rows_right) - set(rows_left)
        if rows_left != rows_right:
            said.append(f"{name}: {len(rows_left)} and {len(rows_right)} rows")
            said += [f"  - {row}" for row in sorted(only_left)[:3]] + [f"  + {row}" for row in sorted(only_right)[:3]]
    return "\n".join(said)


@dataclass
class Hub:
    """One configured hub: ``sync()`` is a run of it."""

    world: World
    store: Store

    def sync(
        self, *, new_account: bool = False, listener: Callable[[Event], None] = nobody, mode: Mode = "nightly", **more: Any
    ) -> RunSummary:
        config, mapping = self.world.config(), self.world.mapping()
        given = {"as_of": NOW, "new_account": new_account, "listener": listener, "mode": mode} | more
        return sync_source(config, mapping, self.store, "jira", **given)

    def evaluate(self, *, as_of: int = NOW, listener: Callable[[Event], None] = nobody) -> int | None:
        """Only calculate, with the files as they are."""
        return evaluate(self.store, self.world.config(), self.world.mapping(), "", as_of=as_of, run_id=None, listener=listener)

    @property
    def reader(self) -> Reader:
        return Reader(self.store)

    def states(self) -> dict[str, list[str]]:
        return state(self.store)
