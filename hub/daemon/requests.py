"""What people asked for by the inbox, as runs. Pure but for ``taken``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from hub.daemon.events import RunOutcome
from hub.daemon.jobs import MODES, Job
from hub.store.inbox import InboxRow


def wanted(rows: Iterable[InboxRow], sources: Iterable[str]) -> tuple[list[Job], dict[int, RunOutcome]]:
    """The runs that requests of kind ``sync`` ask for, the oldest first, those alike as one; and the answers to requests that
    make no sense."""
    known = set(sources)
    jobs: dict[tuple[str, str, bool], Job] = {}
    refused: dict[int, RunOutcome] = {}
    for row in rows:
        source, mode = row.payload.get("source"), row.payload.get("mode", "nightly")
        new_account = row.payload.get("new_account") is True
        if not isinstance(source, str) or source not in known:
            refused[row.id] = _refused(f'There is no source "{source}" in the configuration.', "Correct its name.")
        elif mode not in MODES:
            refused[row.id] = _refused(f'"{mode}" is no way to read a source.', f"The ways are {', '.join(MODES)}.")
        else:
            at = source, mode, new_account
            job = jobs.get(at) or Job(source, mode, "command", row.created_at, new_account)
            jobs[at] = dataclasses.replace(job, requests=(*job.requests, row.id))
    return list(jobs.values()), refused


def _refused(error: str, hint: str) -> RunOutcome:
    return RunOutcome("refused", 2, error=error, hint=hint)


def answer(source: str, outcome: RunOutcome) -> dict[str, Any]:
    """An outcome as the answer in the inbox: ``run`` is the run's id, the rest as in ``RunOutcome``."""
    fields = dataclasses.asdict(outcome)
    return {"source": source, "run": fields.pop("run_id"), **fields, "notes": list(outcome.notes)}


def answered(result: Mapping[str, Any]) -> RunOutcome:
    """The outcome that an answer tells."""
    names = {f.name for f in dataclasses.fields(RunOutcome)}
    known = {name: value for name, value in result.items() if name in names}
    return RunOutcome(**known | {"run_id": result.get("run"), "notes": tuple(result.get("notes", ()))})
