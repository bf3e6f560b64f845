"""A process of its own for tests: ``python -m tests.hub.store.child URL NAME`` owns NAME and obeys lines on standard input.

``write`` writes one item, ``end`` ends; each is answered with a line: ``written``, or the name of the error.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


class Child:
    """The process, seen from the test."""

    def __init__(self, url: str, name: str, env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.hub.store.child", url, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env,
        )  # fmt: skip
        self.first = self.read()

    @property
    def pid(self) -> int:
        return self.process.pid

    def read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def ask(self, word: str) -> str:
        self.tell(word)
        return self.read()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def main(url: str, name: str) -> None:
    from hub.errors import AnchorlineError
    from hub.store import open_store
    from hub.store.write import Writer
    from tests.hub.store.world import World, item

    with open_store(url) as store:
        try:
            mine = store.own(name)
        except AnchorlineError as error:
            print(f"{type(error).__name__}: {error}", flush=True)
            return
        with mine, Writer(store, mine) as writer:
            w = World(store, writer, "jira")
            print("owned", flush=True)
            for n, line in enumerate(sys.stdin):
                if line.strip() == "end":
                    return
                try:
                    w.sync(item(f"child {n}"))
                    print("written", flush=True)
                except AnchorlineError as error:
                    print(type(error).__name__, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
