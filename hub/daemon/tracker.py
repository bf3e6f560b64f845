"""Keeps the board up to what children tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from hub.daemon.events import RunOutcome
from hub.daemon.jobs import Job
from hub.daemon.state import Board, Last, Next, Running, SourceState


class Tracker:
    """What the board shows of each source; used by the daemon's thread alone."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._read: dict[tuple[str, str], int] = {}

    def started(self, job: Job, since: int, pid: int) -> None:
        self._read = {at: read for at, read in self._read.items() if at[0] != job.source}
        self._put(job, Running(job.mode, job.reason, since, pid))

    def heard(self, job: Job, event: Mapping[str, Any]) -> None:
        """Something that a child told."""
        running = self._of(job)
        if running is None:
            return
        match event.get("event"):
            case "Started":
                running = replace(running, run_id=event.get("run_id"), partitions=event.get("partitions"))
            case "Progressed":
                self._read[job.source, str(event.get("partition"))] = int(event.get("read", 0))
                total = sum(read for (source, _), read in self._read.items() if source == job.source)
                running = replace(running, read=total, waiting=None)
            case "PartitionEnded":
                running = replace(running, ended=running.ended + 1, waiting=None)
            case "Waiting":
                running = replace(running, waiting=str(event.get("why", "")))
            case "Evaluating":
                running = replace(running, waiting=None)
            case _:
                return
        self._put(job, running)

    def ended(self, job: Job, outcome: RunOutcome, since: int, now: int) -> None:
        self._read = {at: read for at, read in self._read.items() if at[0] != job.source}
        self._put(job, None)
        if job.reads:
            last = Last(job.mode, job.reason, outcome.result, outcome.code, since, now, outcome.run_id, outcome.error)
            self._board.source(job.source, last=last)

    def planned(self, sources: Collection[str], following: Mapping[str, Next | None], missed: Mapping[str, int]) -> None:
        """What comes next; sources that the configuration has no more are forgotten once nothing of them runs."""
        known = self._board.state.sources
        kept = {name: known.get(name, SourceState()) for name in sources}
        kept |= {name: replace(each, next=None) for name, each in known.items() if name not in kept and each.running}
        for name, each in kept.items():
            if name in sources:
                kept[name] = replace(each, next=following.get(name), missed=missed.get(name, 0))
        if kept != known:
            self._board.change(sources=kept)

    def _of(self, job: Job) -> Running | None:
        state = self._board.state
        return state.sources.get(job.source, SourceState()).running if job.reads else state.evaluating

    def _put(self, job: Job, running: Running | None) -> None:
        if job.reads:
            self._board.source(job.source, running=running)
        else:
            self._board.change(evaluating=running)
