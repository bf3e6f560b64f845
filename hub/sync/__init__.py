"""One run: read (connector) -> reconcile -> store -> assess. The only room that moves data from vendors into the store."""

from hub.sync.evaluate import evaluate
from hub.sync.events import (
    Ended,
    Evaluating,
    Event,
    Listener,
    PartitionEnded,
    PartitionStarted,
    Progressed,
    Result,
    RunSummary,
    Started,
    Waiting,
    nobody,
)
from hub.sync.plan import Mode
from hub.sync.run import sync_source

__all__ = [
    "Ended",
    "Evaluating",
    "Event",
    "Listener",
    "Mode",
    "PartitionEnded",
    "PartitionStarted",
    "Progressed",
    "Result",
    "RunSummary",
    "Started",
    "Waiting",
    "evaluate",
    "nobody",
    "sync_source",
]
