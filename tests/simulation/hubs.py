"""The hub under test: the real store on a real SQLite file, real configuration and mapping files, and a fuse that blows."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import event

from hub.config import Config, load_config
from hub.mappings import load_mappings
from hub.model import Mapping
from hub.store import Store, open_store
from tests.simulation.faults import Crash
from tests.simulation.oracle import STRATEGY

READS = ("SELECT", "PRAGMA", "BEGIN", "SHOW", "SET", "WITH")
SOURCE = """
[source.{name}]
kind = "jira"
url = "https://{name}.example"
user = "robot@example.com"
{more}
"""


@functools.cache
def scratch() -> Path:
    """A folder of this process, in memory where the machine has such a place."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="anchorline-", dir=memory if os.access(memory, os.W_OK) else None))
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


@functools.cache
def configuration(partitions: tuple[str, ...]) -> tuple[Config, Mapping]:
    """The files, written once and read once; without ``partitions`` the configuration names none."""
    folder = scratch() / f"config-{'-'.join(partitions)}"
    (folder / "mappings").mkdir(parents=True)
    (folder / "mappings" / "all.toml").write_text(STRATEGY, encoding="utf-8")
    more = f"projects = {list(partitions)}" if partitions else ""
    text = 'database = "sqlite:///unused.db"\n' + "".join(SOURCE.format(name=name, more=more) for name in ("alpha", "beta"))
    (folder / "config.toml").write_text(text, encoding="utf-8")
    secrets = {"ANCHORLINE_ALPHA__TOKEN": "alpha-secret-1", "ANCHORLINE_BETA__TOKEN": "beta-secret-2"}
    config = load_config(folder / "config.toml", secrets)
    return config, load_mappings(config.mappings, config.timezone)[0]


@functools.cache
def template() -> Path:
    path = scratch() / "template.db"
    with open_store(f"sqlite:///{path}"):
        pass
    return path


class Fuse:
    """Counts statements that write and commits; blows at the ``at``-th, and from then on at each one, as a dead process would."""

    def __init__(self) -> None:
        self.count = 0
        self.at: int | None = None

    def arm(self, at: int | None) -> None:
        self.count, self.at = 0, at

    @property
    def blown(self) -> bool:
        return self.at is not None and self.count >= self.at

    def step(self) -> None:
        self.count += 1
        if self.at is not None and self.count >= self.at:
            raise Crash

    def install(self, store: Store) -> None:
        def before_statement(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            words = statement.split(None, 1)
            if words and words[0].upper() not in READS:
                self.step()

        event.listen(store._engine, "before_cursor_execute", before_statement)
        event.listen(store._engine, "commit", lambda _connection: self.step())


class Database:
    """One file, opened, crashed and opened again."""

    def __init__(self, source: Path, name: str = "hub") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=scratch()))
        self.path = self.folder / "anchorline.db"
        shutil.copy(source, self.path)
        self.path.chmod(0o600)
        self.fuse = Fuse()
        self.store = self._open()

    def _open(self) -> Store:
        store = open_store(f"sqlite:///{self.path}")
        store._engine.dispose()
        event.listen(store._engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
        self.fuse.install(store)
        return store

    def reopen(self) -> None:
        self.fuse.arm(None)
        self.store.close()
        self.store = self._open()

    def integrity(self) -> str:
        with self.store.read() as sql:
            return str(sql.value("PRAGMA integrity_check"))

    def close(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.store.read() as sql:
            return [tuple(row) for row in sql.rows(statement, *parameters)]
