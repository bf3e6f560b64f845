"""Kill a sync before its k-th write, run it again, and tell the state: as a process, so that the kill is a real one.

    python -m tests.hub.sync.sweeper FOLDER SANDBOX_URL

``FOLDER`` gets a config.toml and the shipped mapping files, with patterns and a private rule beside them. Everything is imported
once, and each order runs in a forked child. Orders are lines on stdin: {"database": URL, "at": K or null, "out": PATH or null,
"count": PATH or null}; each is answered with the child's exit code.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from hub.store import faults, open_store
from hub.sync import sync_source
from tests.hub.sync.forked import obey
from tests.hub.sync.worlds import NOW, World, state

ACROSS = """
[[pattern]]
in = "title"
finds = "jira key"
as = "child"
[[pattern]]
in = "label"
finds = "copy:(.*)"
as = "duplicate"
[[rule]]
name = "talks"
when.project = "BILL"
when.type = "Story"
private = true
fallback = true
allowance = "ktlo"
"""


def act(folder: Path, url: str, order: dict[str, object]) -> None:
    world = World(folder, url, "sqlite:///unused.db")
    world.add("across.toml", ACROSS)
    os.environ["ANCHORLINE_DATABASE"] = str(order["database"])
    config = world.config()
    with open_store(config.database) as store:
        summary = sync_source(config, world.mapping(), store, "jira", as_of=NOW)
        if order.get("count"):  # before the state is read: that commits too
            Path(str(order["count"])).write_text(str(faults._count))
        if order.get("out"):
            Path(str(order["out"])).write_text(json.dumps({"result": summary.result, "state": state(store)}))


if __name__ == "__main__":
    obey(lambda order: act(Path(sys.argv[1]), sys.argv[2], order))
