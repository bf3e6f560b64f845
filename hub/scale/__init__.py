"""One scale for all: from figures to a status and its sentence. Pure; docs/status.md.

key result + figure + day + lateness --verdict--> Verdict      verdicts of key results --roll up--> those of the nodes above
"""

from hub.scale.late import Late, late_metric, late_work
from hub.scale.pace import Expected, expected
from hub.scale.rollup import verdicts
from hub.scale.verdict import ORDER, Status, Verdict, verdict

__all__ = ["ORDER", "Expected", "Late", "Status", "Verdict", "expected", "late_metric", "late_work", "verdict", "verdicts"]
