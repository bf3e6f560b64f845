"""When the daemon reads next, in local time, and what it listens on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.config import Config, Schedule, WebSettings
from hub.doctor.checks import Check, error, ok, warning

SHOWN = 3


def times(source: str, schedule: Schedule, zone: str, fires: Sequence[int]) -> Check:
    """The next nightly runs of a source; ``fires`` are their instants in milliseconds UTC."""
    if schedule.nightly is None:
        if schedule.every is None:
            do = "Set `nightly` or `every`, or run `anchorline sync` from elsewhere."
            return warning("schedule", "nothing is scheduled: `nightly` is false, and there is no `every`", do, source)
        do = "Give `nightly` a time: only a nightly run notices what was deleted."
        return warning("schedule", f"read every {schedule.every // 60} min, but never at night", do, source)
    there = ZoneInfo(zone)
    said = "; ".join(f"{_local(at, there)}{_note(at, schedule.nightly, there)}" for at in fires[:SHOWN])
    return ok("schedule", f"next nights: {said}", source)


def _local(at: int, zone: ZoneInfo) -> str:
    found = datetime.fromtimestamp(at / 1000, zone)
    return f"{found:%a} {found.day} {found:%b %H:%M %Z}"


def _note(at: int, nightly: time, zone: ZoneInfo) -> str:
    """What the change of the clocks does to a night, if it does anything."""
    day = datetime.fromtimestamp(at / 1000, zone).date()
    first = datetime.combine(day, nightly, zone)
    if first.astimezone(UTC).astimezone(zone).time() != nightly:
        return f" ({nightly:%H:%M} does not exist on that day: right after the clocks go forward)"
    if first.replace(fold=1).utcoffset() != first.utcoffset():
        return f" ({nightly:%H:%M} comes twice on that day: run once, at the first)"
    midnight = datetime.combine(day, time(), zone)
    if midnight.utcoffset() != (midnight + timedelta(days=1)).utcoffset():
        return " (the clocks change on that day)"
    return ""


def web(settings: WebSettings, *, loopback: bool) -> Check:
    """Who can reach the pages, which ask nobody who they are."""
    where = f"{settings.host}:{settings.port}"
    if loopback:
        return ok("web", f"the pages listen on {where}, for this machine only")
    if settings.public:
        do = "Put a proxy in front that asks who they are, and let only it reach the port."
        return warning("web", f"the pages listen on {where}, where others can reach them, and ask nobody who they are", do)
    return error("web", f"the pages would listen on {where} without being allowed to", "Listen on 127.0.0.1:8080.")


def schedules(config: Config, fires: dict[str, Sequence[int]]) -> Iterator[Check]:
    """One line for each source."""
    for name, source in config.sources.items():
        yield times(name, source.schedule, config.daemon.timezone, fires.get(name, ()))
