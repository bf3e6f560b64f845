"""How long the mapping files of a large bank take to read and check: 425 teams, 1,600 key results, three fenced files.

Everything that ``anchorline check`` says offline is in it. Run by ``python -m benchmarks --loading``.

    python -m benchmarks.loading [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from hub.mappings import load_mappings
from tests.reference.trials_large import Bank

GOAL = 3.0
"""CPU seconds."""


def main(rounds: int) -> dict[str, float]:
    """CPU seconds of reading and checking, the median of some rounds, and what was read."""
    with tempfile.TemporaryDirectory(prefix="anchorline-bench-") as scratch:
        lines = write(Path(scratch))
        spent = []
        for _ in range(rounds):
            began = time.process_time()
            mapping, _ = load_mappings(Path(scratch) / "mappings", "Europe/Zurich")
            spent.append(time.process_time() - began)
    return {
        "cpu_s": round(statistics.median(spent), 2),
        "goal": GOAL,
        "lines": lines,
        "teams": len(mapping.teams),
        "objectives": len(mapping.objectives),
        "key_results": len(mapping.key_results),
        "rules": len(mapping.rules),
    }


def write(folder: Path) -> int:
    """The bank's files, in a folder ``mappings`` of this one; the number of their lines."""
    files = Bank().files()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return sum(text.count("\n") for text in files.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loading", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    print(json.dumps(main(parser.parse_args().rounds), indent=2))
