"""Where the CPU of a sync goes: microseconds per issue of each stage, one after the other in one process.

Pages are read into memory first, so that the threads of ``io.map`` add nothing to the stages behind them. CPU is that of the
process. Run by ``python -m benchmarks --stages``.

    python -m benchmarks.stages FOLDER      (with config.toml and mappings/)
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import connectors
from connectors.base import Connector, Page, checked
from hub.assess import ENGINE, Assessor, nodes, tally_counted
from hub.cli.access import strategy
from hub.cli.syncing import _settle_memory
from hub.config import Config, load_config
from hub.model import Dimensions, Mapping
from hub.store import Store, open_store
from hub.store.read import Reader
from hub.store.write import Writer
from hub.store.write_pages import read_items
from hub.sync.evaluate import CHUNK, facts_of, stored_facts
from hub.sync.pages import merged

SOURCE = "jira"
AT = 1_795_000_000_000
"""The instant that everything is seen at, in milliseconds."""


class Clock:
    """CPU seconds by stage, in the order in which stages were first met."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.process_time()
        try:
            yield
        finally:
            self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - began


def main(folder: Path) -> None:
    clock = Clock()
    config = load_config(folder / "config.toml")
    mapping = strategy(config)
    _settle_memory()
    with connectors.open(config.settings(SOURCE)) as connector:
        connector.check()
        with open_store(f"sqlite:///{folder / 'stages.db'}") as store:
            issues = _run(clock, store, config, mapping, connector)
    print(json.dumps({"issues": issues, "seconds": clock.spent}))


def _run(clock: Clock, store: Store, config: Config, mapping: Mapping, connector: Connector) -> int:
    with store.own(f"source:{SOURCE}") as ownership, Writer(store, ownership) as writer:
        run_id = writer.start_run(SOURCE, reason="benchmark", mode="full", started_at=AT)
        writer.put_source(SOURCE, "jira", config.settings(SOURCE).url, None)
        partitions = connector.partitions()
        writer.put_partitions(SOURCE, partitions)
        writer.put_dimensions(SOURCE, connector.dimensions())
        with clock.stage("fetch and normalise"):
            pages = [(p.id, list(merged(checked(connector.changes(p, None, None))))) for p in partitions if p.state == "live"]
        issues = sum(len(page.items) for _, each in pages for page in each)
        with clock.stage("content and hash (part of put_page)"):
            for _, each in pages:
                for page in each:
                    read_items(SOURCE, page.items, None)
        _put(writer, pages, run_id, clock, "put_page, first")
        _evaluate(clock, store, config, mapping)
        _put(writer, pages, run_id, clock, "put_page, unchanged")
    return issues


def _put(writer: Writer, pages: list[tuple[str, list[Page]]], run_id: int, clock: Clock, stage: str) -> None:
    with clock.stage(stage):
        for partition, each in pages:
            position = writer.start_pass(SOURCE, partition, "", run_id=run_id, at=AT, resume_ttl=0)
            for page in each:
                writer.put_page(SOURCE, partition, position.pass_id, page, run_id=run_id, seen_at=AT)


def _evaluate(clock: Clock, store: Store, config: Config, mapping: Mapping) -> None:
    """``hub.sync.evaluate``, stage by stage."""
    with store.own("evaluation") as ownership, Writer(store, ownership) as writer:
        reader = Reader(store)
        facts = facts_of(config)
        writer.put_mapping(mapping, engine=ENGINE, facts=stored_facts(facts))
        with clock.stage("settle_edges"):
            writer.settle_edges()
        stored = reader.dimensions()
        assessor = Assessor(mapping, Dimensions(stored.statuses, stored.containers, stored.sprints, stored.types, facts), AT)
        chunks = reader.dirty_trees(CHUNK)
        while True:
            with clock.stage("dirty_trees"):
                read_seq, items = next(chunks, (0, []))
            if not items:
                break
            with clock.stage("Assessor.part"):
                part = assessor.part(items)
            with clock.stage("put_attachments"):
                writer.put_attachments([i.no for i in items], part.attachments, part.units, part.findings, read_seq=read_seq)
            del items, part
        with clock.stage("units, tally and roll-up"):
            writer.finish_evaluation(
                as_of=AT,
                mapping_hash=mapping.hash,
                engine=ENGINE,
                run_id=None,
                nodes=nodes(mapping, tally_counted(reader.unit_groups()), AT),
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
