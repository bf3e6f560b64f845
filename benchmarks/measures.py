"""Progress of 2,000 key results over 1,000,000 items: through the store, and in memory; all of it, and after a change.

Half of the items are deals in two currencies, read by 1,000 key results that narrow one metric (a sum by account); half are
issues with a label that names one of 1,000 completion key results. *In memory* is the same calculation over items that are there
already. *By change*: every hundredth item has another amount or status. Each variant is a fresh process; items are made outside
of what is timed; both end with the same figures.

    python -m benchmarks.measures [--items 1000000] [--key-results 2000] [--rounds 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pathlib
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.base import Dimension, Page, Partition, WorkItem
from hub.assess import Assessor, Known, Valued, nodes, tally
from hub.measure import Kept, readings
from hub.model import (
    Condition,
    Cycle,
    Dimensions,
    Filter,
    Item,
    KeyResult,
    Mapping,
    Metric,
    NodeResult,
    Objective,
    Place,
    Rates,
    Rule,
    SourceFacts,
    Status,
    Test,
)
from hub.store import Store, open_store
from hub.store.read import Reader
from hub.store.write import Writer
from hub.sync.evaluate import Work, calculate

SEED, CHUNK, STEP = 20270115, 1_000, 100
HERE = Place("strategy.toml", 1)
SOURCES = ("crm", "jira")
STATUSES = {"1": ("Open", "new"), "2": ("Done", "done")}
STARTS, ENDS = date(2027, 1, 1), date(2027, 3, 31)
AT = int(datetime(2027, 2, 14, 12, tzinfo=UTC).timestamp() * 1000)
GOALS = {"evaluation / in memory": 2.0, "by change / evaluation": 0.1}
FIELDS = frozenset({"source", "key", "title", "label", "status", "state", "amount", "created", "done", "closed", "field.account"})


# ---- what is generated ------------------------------------------------------------------------------------------------------


def work(source: str, first: int, number: int, key_results: int, changed: bool = False) -> Iterator[WorkItem]:
    """Items of a source, the same for the same numbers; ``changed``: every hundredth has another amount and status."""
    draw = random.Random(f"{SEED} {source} {first}")
    begun = datetime(2026, 11, 1, tzinfo=UTC)
    for no in range(first, first + number):
        other = changed and no % STEP == 0
        done = (draw.random() < 0.5) != other
        closed = begun + timedelta(days=draw.randrange(150)) if done else None
        target, amount, currency = draw.randrange(key_results // 2), draw.randrange(100, 99_999), draw.choice(("USD", "EUR"))
        status = "2" if done else "1"
        yield WorkItem(
            id=str(no), key=f"{source[0].upper()}-{no}", title=f"Item {no}", status_id=status, status=STATUSES[status][0],
            category=STATUSES[status][1], containers=(source,), created_at=begun, done_at=closed,
            updated_at=begun + timedelta(days=200, seconds=other), labels=(f"kr:work-{target}",) if source == "jira" else (),
            amount=f"{amount + other}.50" if source == "crm" else None, currency=currency if source == "crm" else None,
            fields={"account": f"account-{target}"} if source == "crm" else {},
        )  # fmt: skip


def mapping(key_results: int) -> Mapping:
    """A strategy with one metric, narrowed by half of the key results, and a label that names the other half."""
    half = key_results // 2
    won = Filter((_line("state", "done"),))
    metric = Metric("won", "won", HERE, "crm", "sum", "amount", rows=won, dated="closed", rates="plan")
    measured = [
        KeyResult(f"arr-{n}", "", "all", "2027-q1", HERE, "increase", metric="won", start=Decimal(0), target=Decimal(10**8),
                  rows=Filter((_line("field.account", f"account-{n}"),)))
        for n in range(half)
    ]  # fmt: skip
    counted = [KeyResult(f"work-{n}", "", "all", "2027-q1", HERE) for n in range(half)]
    named = Condition("label", (Test("capture", "kr:{key_result}", "kr:{key_result}"),), HERE)
    return Mapping(
        hash=f"benchmark {key_results}", files={}, timezone="UTC", cycles={"2027-q1": Cycle("2027-q1", STARTS, ENDS, HERE)},
        pillars={}, teams={}, allowances={}, objectives={"all": Objective("all", "", "2027-q1", HERE)},
        key_results={(k.cycle, k.id): k for k in (*measured, *counted)},
        rules=(Rule(0, "label", (named,), "key_result", None, 100, HERE, template="{key_result}"),),
        metrics={"won": metric}, rates={"plan": (Rates("USD", date(2026, 1, 1), {"EUR": Decimal("1.08")}),)},
    )  # fmt: skip


def _line(field: str, text: str) -> Condition:
    return Condition(field, (Test("equal", text, text),), HERE)


def facts() -> dict[str, SourceFacts]:
    return {name: SourceFacts(name, name, FIELDS, "count", name == "jira") for name in SOURCES}


def dimensions() -> Dimensions:
    return Dimensions({(s, id_): Status(*said) for s in SOURCES for id_, said in STATUSES.items()}, sources=facts())


def batches(items: int, key_results: int, changed: bool = False) -> Iterator[tuple[str, list[WorkItem]]]:
    """All items, half of each source; with ``changed`` only those that are."""
    for source in SOURCES:
        for first in range(0, items // 2, CHUNK):
            number = min(CHUNK, items // 2 - first)
            found = work(source, first, number, key_results, changed)
            yield source, [item for item in found if not changed or int(item.id) % STEP == 0]


# ---- the variants -----------------------------------------------------------------------------------------------------------


def in_memory(items: int, key_results: int) -> dict[str, Any]:
    """The calculation alone, over items that are in memory."""
    strategy, spent, no = mapping(key_results), 0.0, 0
    began = time.process_time()
    assessor = Assessor(strategy, dimensions(), AT)
    spent += time.process_time() - began
    contributions, units = [], []
    for source, each in batches(items, key_results):
        given: list[Item] = []
        for item in each:
            no += 1
            given.append(_read(no, source, item))
        began = time.process_time()
        part = assessor.part(given)
        contributions += part.contributions
        units += part.units
        spent += time.process_time() - began
    began = time.process_time()
    world = Valued(strategy, dimensions(), AT, frozenset(), Known(whole=SOURCES))
    measured = readings(world.measures, world.given(), Kept(contributions))
    found = nodes(strategy, tally(units), AT, measured=measured.key_results)
    spent += time.process_time() - began
    return {"cpu_s": spent, "figures": figures(found)}


def _read(no: int, source: str, item: WorkItem) -> Item:
    """As the store would hand it out."""
    return Item(
        no, source, item.id, item.key, item.title, status_id=item.status_id, status=item.status, category=item.category,
        containers=item.containers, labels=item.labels, created_at=_ms(item.created_at), updated_at=_ms(item.updated_at),
        done_at=_ms(item.done_at), amount=item.amount, currency=item.currency, fields=item.fields,
    )  # fmt: skip


def _ms(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1000)


def stored(items: int, key_results: int) -> dict[str, Any]:
    """Evaluations over a store: of everything, and after a change."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="anchorline-measures-"))
    try:
        with open_store(f"sqlite:///{folder / 'hub.db'}") as store:
            fill(store, batches(items, key_results), 1)
            whole, _ = _evaluated(store, key_results, AT)
            first = _figures(store)
            fill(store, batches(items, key_results, changed=True), 2)
            change, _ = _evaluated(store, key_results, AT + 1)
            return {"cpu_s": whole, "change_s": change, "figures": first, "changed_figures": _figures(store)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _evaluated(store: Store, key_results: int, at: int) -> tuple[float, int | None]:
    with store.own("evaluation") as ownership, Writer(store, ownership) as writer:
        began = time.process_time()
        seq = calculate(writer, Reader(store), Work(mapping(key_results), facts(), at))
        return time.process_time() - began, seq


def fill(store: Store, given: Iterable[tuple[str, list[WorkItem]]], run: int) -> None:
    """A full pass over each source, or what changed of it."""
    pages: dict[str, list[list[WorkItem]]] = {}
    for source, items in given:
        pages.setdefault(source, []).append(items)
    for source, each in pages.items():
        with store.own(f"source:{source}") as ownership, Writer(store, ownership) as writer:
            run_id = writer.start_run(source, reason="benchmark", mode="full", started_at=AT)
            writer.put_source(source, source, f"https://{source}.example", None)
            writer.put_partitions(source, [Partition(source, source)])
            writer.put_dimensions(
                source, [Dimension("status", id_, name, category) for id_, (name, category) in STATUSES.items()]
            )
            kind = "full" if run == 1 else "delta"
            since = None if run == 1 else AT
            position = writer.start_pass(source, source, "", run_id=run_id, at=AT, resume_ttl=0, kind=kind, since=since)
            for n, items in enumerate(each):
                end = "complete" if n == len(each) - 1 else None
                page = Page(items=tuple(items), end=end)
                writer.put_page(source, source, position.pass_id, page, run_id=run_id, seen_at=AT)
            writer.end_run(run_id, "complete", finished_at=AT, counts={})


def figures(found: Iterable[NodeResult]) -> str:
    """A digest of all figures: equal for equal ones."""
    said = sorted((n.kind, n.id, str(n.progress), str(n.done), str(n.total)) for n in found)
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _figures(store: Store) -> str:
    return figures(row.node for row in Reader(store).latest_snapshots())


# ---- rounds -----------------------------------------------------------------------------------------------------------------


def _variant(name: str, options: argparse.Namespace) -> dict[str, Any]:
    words = [sys.executable, "-m", "benchmarks.measures", "--variant", name]
    words += ["--items", str(options.items), "--key-results", str(options.key_results)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measures", description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--key-results", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--variant", choices=("memory", "stored"))
    options = parser.parse_args()
    if options.variant:
        run = in_memory if options.variant == "memory" else stored
        found = run(options.items, options.key_results)
        found["memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        print(json.dumps(found))
        return
    ratios: dict[str, list[float]] = {name: [] for name in GOALS}
    rows: list[dict[str, Any]] = []
    for _ in range(options.rounds):
        memory, store = _variant("memory", options), _variant("stored", options)
        assert memory["figures"] == store["figures"], "the two variants do not agree"
        assert store["figures"] != store["changed_figures"], "the change changed nothing"
        ratios["evaluation / in memory"].append(store["cpu_s"] / memory["cpu_s"])
        ratios["by change / evaluation"].append(store["change_s"] / store["cpu_s"])
        rows.append({"memory": memory, "stored": store})
    print(f"{options.key_results:,} key results over {options.items:,} items")
    for name, each in ratios.items():
        print(f"{name:<28} {statistics.median(each):>6.2f}  ({min(each):.2f}-{max(each):.2f}; goal {GOALS[name]})")
    for name in ("memory", "stored"):
        cpu, most = (statistics.median(row[name][k] for row in rows) for k in ("cpu_s", "memory_mb"))
        print(f"{name:<28} {cpu:>6.1f} CPU s, {most:.0f} MB")
    if options.json:
        options.json.write_text(json.dumps({"ratios": ratios, "rounds": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
