"""Waking the daemon up: APScheduler's threads ring, and what is due is decided by ``judge`` from the database.

A bell that rings twice in a night, late or not at all does no harm: the daemon looks for itself every few seconds anyway. What
the timers give is that a run begins on its second.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

TICK = 1.0
"""Seconds between two looks at the inbox, the files and the owner."""


class Timers:
    """Rings ``wake`` every ``TICK`` and at the instants that ``arm`` names. A context manager."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._armed: dict[str, int] = {}
        self._scheduler: BackgroundScheduler | None = None

    def __enter__(self) -> Timers:
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # that a bell rang late is no news
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def arm(self, instants: Mapping[str, int]) -> None:
        """When each source needs a look next, in milliseconds UTC; in place of what was said before."""
        scheduler = self._scheduler
        if scheduler is None:
            return
        from apscheduler.triggers.date import DateTrigger

        for name in self._armed.keys() - instants.keys():
            self._forget(scheduler, name)
        for name, at in instants.items():
            if self._armed.get(name) != at:
                when = datetime.fromtimestamp(at / 1000, UTC)
                scheduler.add_job(self._wake, DateTrigger(when, UTC), id=name, replace_existing=True)
        self._armed = dict(instants)

    def restart(self) -> None:
        """After the wall clock jumped: what waits for an instant is armed anew, the tick begins from now."""
        self._stop()
        self._start()

    def _start(self) -> None:
        from apscheduler.executors.pool import ThreadPoolExecutor  # commands that only ask what is due need none of it
        from apscheduler.schedulers.background import BackgroundScheduler
        from apscheduler.triggers.interval import IntervalTrigger

        # late is as good as on time: the daemon only looks what is due
        usual = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults=usual, executors={"default": ThreadPoolExecutor(1)}, daemon=True
        )
        self._scheduler.add_job(self._wake, IntervalTrigger(seconds=int(TICK), timezone=UTC), id="\0tick")
        self._scheduler.start()
        self._armed = {}

    def _stop(self) -> None:
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    @staticmethod
    def _forget(scheduler: BackgroundScheduler, name: str) -> None:
        if scheduler.get_job(name) is not None:  # one that rang is gone by itself
            scheduler.remove_job(name)
