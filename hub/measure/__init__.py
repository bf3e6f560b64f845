"""What metrics measure. Pure; docs/metrics.md.

    mapping --measures--> Measure: which rows, and what each adds
    Item or Value --Rows.of--> Contribution (kept by the store, or by a ``Kept`` in memory)
    readings(): asks for sums over windows of days, a round at a time --> Reading of each key result and metric

What is asked for is the same whoever answers, so that what is stored and what is explained cannot differ.
"""

from hub.measure.answers import Answer, Ask, Joined, Kept, Ledger, ask_all
from hub.measure.literals import plain_number
from hub.measure.measures import Measure, Measures
from hub.measure.readings import Given, Reading, Readings, definition, readings
from hub.measure.rows import Rows, value_items

__all__ = [
    "Answer",
    "Ask",
    "Given",
    "Joined",
    "Kept",
    "Ledger",
    "Measure",
    "Measures",
    "Reading",
    "Readings",
    "Rows",
    "ask_all",
    "definition",
    "plain_number",
    "readings",
    "value_items",
]
