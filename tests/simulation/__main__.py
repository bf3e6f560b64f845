"""Play seeds again: ``python -m tests.simulation SEED [SEED2] [--plant NAME] [--whole]``; ``0 --plants`` prints the plants.

With two numbers, all seeds from the first up to the second. A failure is shrunk unless ``--whole`` is given.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
import time

from tests.simulation.planted import PLANTS, table
from tests.simulation.runner import play, shrink


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.simulation")
    parser.add_argument("seed", type=int)
    parser.add_argument("until", type=int, nargs="?")
    parser.add_argument("--plant", choices=sorted(PLANTS))
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--plants", action="store_true", help="print the planted bugs and what catches them, as Markdown")
    given = parser.parse_args()
    if given.plants:
        print(table())
        return 0
    planted = PLANTS[given.plant].planted() if given.plant else contextlib.nullcontext()
    logging.getLogger("hub").setLevel(logging.CRITICAL)  # what a run says of its faults is no news here
    failed, began = 0, time.process_time()
    seeds = range(given.seed, (given.until or given.seed) + 1)
    with planted:
        for seed in seeds:
            failure = play(seed)
            if failure is not None:
                failed += 1
                print(failure if given.whole else shrink(failure), flush=True)
    print(f"{failed} of {len(seeds)} seeds failed, {(time.process_time() - began) / len(seeds):.2f} CPU s each")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
