"""The one function from items and mapping to links, credit, key results and roll-up. Pure: no clock, no I/O.

    items (whole trees) --Assessor.part--> attachments, units, findings --tally--> nodes

``sync`` persists what ``Assessor.part`` says chunk by chunk and rolls up the stored units with ``nodes``; ``assess`` does both
over items in memory. They are the same code, so what is stored and what is explained cannot differ.
"""

from hub.assess.assessor import ENGINE, Assessor, Part, assess, clockwork
from hub.assess.teams import Teams
from hub.assess.valued import Known, Valued
from hub.progress import Frozen, nodes, tally, tally_counted
from hub.status import Activity, closed_at, estimate_of

__all__ = [
    "ENGINE",
    "Activity",
    "Assessor",
    "Frozen",
    "Known",
    "Part",
    "Teams",
    "Valued",
    "assess",
    "clockwork",
    "closed_at",
    "estimate_of",
    "nodes",
    "tally",
    "tally_counted",
]
