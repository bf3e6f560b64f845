"""The read side: trees, lists and explanations of the latest evaluation. It cannot write.

    store --Reader--> evaluation, snapshots, links --names from the mapping it was made with--> values.py

What is answered is always one evaluation (its ``seq``), with the mapping files stored beside it, not the files on disk now.
"""

from hub.report.evidence import Evidence, Group, Link, MetricExplanation, MetricRow, Metrics, Row
from hub.report.report import Explanation, Report
from hub.report.values import (
    ConditionStep,
    ItemExplanation,
    Node,
    NodeExplanation,
    RuleStep,
    RunRow,
    ShareStep,
    SourceAge,
    Tree,
    Unanchored,
    UnanchoredRow,
    UnitRow,
    UnitStep,
    as_json,
    iso,
)

__all__ = [
    "ConditionStep",
    "Evidence",
    "Explanation",
    "Group",
    "ItemExplanation",
    "Link",
    "MetricExplanation",
    "MetricRow",
    "Metrics",
    "Node",
    "NodeExplanation",
    "Report",
    "Row",
    "RuleStep",
    "RunRow",
    "ShareStep",
    "SourceAge",
    "Tree",
    "Unanchored",
    "UnanchoredRow",
    "UnitRow",
    "UnitStep",
    "as_json",
    "iso",
]
