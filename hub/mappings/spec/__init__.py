"""The grammar of the mapping files, described once: what each section takes, what it means, and an example of each.

    description --names--> the keys that the reader knows     --schema--> what editors complete and mark
               --reference--> docs/mapping-reference.md

What a value must be beyond its form (an id that exists, days in order) is the reader's business alone.
"""

from __future__ import annotations

from hub.mappings.spec.conditions import CYCLE_DAYS, FIELDS, OPERATORS, OWN, WINDOWS
from hub.mappings.spec.goals import DROPPED, KEY_RESULT, NEED, OBJECTIVE, STEP, STEPS, TARGETS
from hub.mappings.spec.judgement import ALLOWANCE, CYCLE, FILE, PACE, RATES, SCALE
from hub.mappings.spec.measures import DATES as METRIC_DATES
from hub.mappings.spec.measures import FIELDS as METRIC_FIELDS
from hub.mappings.spec.measures import METRIC
from hub.mappings.spec.measures import WINDOWS as METRIC_WINDOWS
from hub.mappings.spec.rules import RULE
from hub.mappings.spec.sources import FINDS, IN, PATTERN, RESOLUTION, STATUS
from hub.mappings.spec.who import OWNS, PILLAR, TEAM
from hub.mappings.spec.worlds import WORLD

BLOCKS = (
    FILE, CYCLE, SCALE, PACE, RATES, ALLOWANCE, PILLAR, TEAM, METRIC, OBJECTIVE, KEY_RESULT, RULE, STATUS, RESOLUTION, PATTERN,
)  # fmt: skip
"""All sections, in the order in which one explains them."""

__all__ = [
    "ALLOWANCE",
    "BLOCKS",
    "CYCLE",
    "CYCLE_DAYS",
    "DROPPED",
    "FIELDS",
    "FILE",
    "FINDS",
    "IN",
    "KEY_RESULT",
    "METRIC",
    "METRIC_DATES",
    "METRIC_FIELDS",
    "METRIC_WINDOWS",
    "NEED",
    "OBJECTIVE",
    "OPERATORS",
    "OWN",
    "OWNS",
    "PACE",
    "PATTERN",
    "PILLAR",
    "RATES",
    "RESOLUTION",
    "RULE",
    "SCALE",
    "STATUS",
    "STEP",
    "STEPS",
    "TARGETS",
    "TEAM",
    "WINDOWS",
    "WORLD",
]
