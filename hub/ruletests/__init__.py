"""Rule tests: small worlds in ``mappings/tests/*.toml`` that say which items serve which key result, judged offline.

mappings/tests/*.toml --read_tests--> World (items, what is expected) --judge--> Verdict per expectation
store --frozen--> the same, of real items, reduced to what rules read
    store --write_extract--> all items in one file, for a CI without a database
"""

from __future__ import annotations

from hub.ruletests.extract import Extract, read_extract, write_extract
from hub.ruletests.judge import Verdict, judge
from hub.ruletests.read import collect_tests, read_tests
from hub.ruletests.record import frozen, recorded
from hub.ruletests.values import Expectation, World

__all__ = [
    "Expectation",
    "Extract",
    "Verdict",
    "World",
    "collect_tests",
    "frozen",
    "judge",
    "read_extract",
    "read_tests",
    "recorded",
    "write_extract",
]
