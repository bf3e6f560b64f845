"""From units and measurements to the progress of key results, objectives, pillars and the company. Pure and exact.

docs/how-numbers-are-calculated.md, sections 3 (the weights) and 4; docs/key-results/README.md.
"""

from hub.progress.kinds import Part, key_result_node, target_of
from hub.progress.rollup import Frozen, cycles_around, day_of, is_taken, nodes, parts_of, rolls_up, whole_of
from hub.progress.tally import Tallies, Tally, tally, tally_counted

__all__ = [
    "Frozen",
    "Part",
    "Tallies",
    "Tally",
    "cycles_around",
    "day_of",
    "is_taken",
    "key_result_node",
    "nodes",
    "parts_of",
    "rolls_up",
    "tally",
    "tally_counted",
    "target_of",
    "whole_of",
]
