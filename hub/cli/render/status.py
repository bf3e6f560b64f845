"""The status of everything, for somebody who sees it for the first time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hub.cli.render.runs import STYLES, sentence
from hub.cli.render.text import BAD, BOLD, DIM, WARN, clean, count, duration, heading, words
from hub.report.status import STATES, DaemonStatus, DatabaseStatus, SourceStatus, Status, Waiting
from hub.report.values import RunRow

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NIGHT = (20, 8)
"""From which hour of yesterday to which of today it was ``last night``."""
_STATES = {
    "live": "live",
    "archived": "archived",
    "deleted": "deleted or left",
    "access_lost": "out of sight (access lost)",
    "unobserved": "unobserved",
    "held": "held back",
    "quarantined": "in quarantine",
}
_WHY = {"command": ", begun by hand", "retry": ", tried again", "mapping": ", for changed mapping files"}
_ODD = ("access_lost", "unobserved", "held", "quarantined")


def status(found: Status, zone: ZoneInfo, width: int) -> RenderableType:
    """All of it: the daemon, the sources, the database, and last what waits for a person."""
    parts: list[RenderableType] = [_daemon(found.daemon, found.now_at, zone), _summary(found), Text()]
    for source in found.sources:
        parts += [*_source(source, found, zone), Text()]
    parts.append(_database(found.database, found, zone))
    for kept, title in ((False, "Waiting for you"), (True, "Approved, waiting for a run")):
        if those := tuple(each for each in found.waiting if (each.kind == "approved") == kept):
            parts += [Text(), heading(title), *_waiting(those)]
    return Group(*parts)


def _daemon(daemon: DaemonStatus, now: int, zone: ZoneInfo) -> Text:
    if daemon.running:
        where = f"process {daemon.pid} on {clean(daemon.host or '')}"
        return words(("The daemon runs", BOLD), f", since {when(daemon.since_at, now, zone)} ({where}).")
    last = f" The last one began {when(daemon.since_at, now, zone)}." if daemon.since_at is not None else ""
    return words(("The daemon does not run", BOLD), f"; `anchorline serve` starts it.{last}")


def _summary(found: Status) -> Text:
    if not found.sources:
        return Text("No source is configured.", WARN)
    if not found.waiting:
        return Text("All is well; nothing waits for you.", "green")
    if not found.waits:
        return Text("Nothing waits for you; what you approved waits for the next run.", "green")
    return Text(f"{count(found.waits, 'thing waits', 'things wait')} for you, listed below.", WARN)


def _source(source: SourceStatus, found: Status, zone: ZoneInfo) -> Iterator[RenderableType]:
    kind = "" if source.kind == source.name else f"  {clean(source.kind)}"
    gone = "" if source.configured else "  no longer configured"
    yield words((clean(source.name), BOLD), (f"{kind}{gone}", DIM))
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True, style=DIM, width=15)
    table.add_column(overflow="fold")
    for name, text in _rows(source, found, zone):
        table.add_row(f"  {name}", text)
    yield table


def _rows(source: SourceStatus, found: Status, zone: ZoneInfo) -> Iterator[tuple[str, Text]]:
    now = found.now_at
    complete = Text(when(source.complete_at, now, zone), WARN if source.stale or source.complete_at is None else "")
    if source.stale:
        complete.append(" (too old for its schedule)", WARN)
    yield "last complete", complete
    if source.complete_at is not None and source.judged_at != source.complete_at:  # what is gone is noticed at night only
        yield "last nightly", Text(when(source.judged_at, now, zone), WARN if source.judged_at is None else "")
    if source.running is not None:
        run = source.running
        read = run.counts.get("read")
        so_far = f", {count(read, 'item')} so far" if isinstance(read, int) and read else ""
        yield "now", Text(f"run {run.id} is reading it ({_mode(run)}), begun {when(run.started_at, now, zone)}{so_far}", "cyan")
    if source.configured and (source.running is None or source.next_at is not None):
        yield "next", _next(source, found, zone)
    if source.runs:
        yield "latest runs", _runs(source.runs, now, zone)
    items = [
        (f"{source.counts[state]:,} {_STATES[state]}", WARN if state in _ODD else "") for state in STATES if source.counts[state]
    ]
    if items:
        yield "items", Text(", ").join(Text(*item) for item in items)


def _next(source: SourceStatus, found: Status, zone: ZoneInfo) -> Text:
    if source.next_at is None:
        return Text("not scheduled: `nightly` is false, and there is no `every`", DIM)
    left = source.next_at - found.now_at
    at = "due now" if left <= 0 else "in less than a minute" if left <= MINUTE else when(source.next_at, found.now_at, zone)
    text = f"{source.next_mode}, {at}"
    return Text(text) if found.daemon.running else Text(f"{text}, once the daemon runs", DIM)


def _runs(runs: tuple[RunRow, ...], now: int, zone: ZoneInfo) -> Text:
    lines: list[Text] = []
    for run in runs:
        result = "broke off" if run.result == "running" else run.result
        took = duration(run.started_at, run.finished_at)
        at = when(run.finished_at or run.started_at, now, zone)
        lines.append(
            words(
                (result, BAD if result == "broke off" else STYLES.get(result, "")),
                f"  {_mode(run)}, {at}",
                (f"  {took}" if took else "", DIM),
            )
        )
    return Text("\n").join(lines)


def _mode(run: RunRow) -> str:
    """``nightly run``, or ``nightly run, begun by hand`` where it was not the schedule that began it."""
    return f"{run.mode} run{_WHY.get(run.reason, '')}"


def _database(database: DatabaseStatus, found: Status, zone: ZoneInfo) -> RenderableType:
    if database.schema is None:
        return words(("database", DIM), "  not there yet; the first sync makes it")
    text = f"  {clean(database.where)}, {size(database.bytes)}"
    if database.wal_bytes:
        text += f" and {size(database.wal_bytes)} of write-ahead log"
    if database.free_bytes is not None:
        text += f"; {size(database.free_bytes)} free on its disk"
    numbers = (
        f"numbers  calculated as of {when(found.evaluated_at, found.now_at, zone)}" if found.evaluated_at else "numbers  none yet"
    )
    if found.unevaluated:
        numbers += f"; {count(found.unevaluated, 'item')} changed since"
    name, rest = numbers.split("  ", 1)
    return Group(words(("database", DIM), text), words((f"{name} ", DIM), f"  {rest}"))


def _waiting(waiting: tuple[Waiting, ...]) -> Iterator[RenderableType]:
    for each in waiting:
        head = words(
            (f"{clean(each.source)}: " if each.source else "", BOLD),
            sentence(each.text),
            f" {sentence(each.do)}" if each.do else "",
        )
        grid = Table.grid(padding=(0, 1, 0, 0), pad_edge=False)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(Text("!", f"{BOLD} {WARN}"), head)
        if each.command:
            grid.add_row("", Text(each.command, "bold cyan"))
        yield Padding(grid, (0, 0, 0, 2))


# ---- words ----------------------------------------------------------------------------------------------------------------


def when(at: int | None, now: int, zone: ZoneInfo) -> str:
    """``12 min ago``, ``3 h ago``, ``last night at 02:41``, ``yesterday at 14:05``, ``in 5 h, at 02:30``; with the time zone
    where a time of day is said."""
    if at is None:
        return "never"
    if at > now + MINUTE:
        return _ahead(at, now, zone)
    age = max(now - at, 0)
    if age < MINUTE:
        return "just now"
    if age < HOUR:
        return f"{age // MINUTE} min ago"
    there, here = datetime.fromtimestamp(at / 1000, zone), datetime.fromtimestamp(now / 1000, zone)
    time = f"{there:%H:%M} {there:%Z}"
    if age < DAY and here.hour >= NIGHT[1] and _last_night(there, here):
        return f"last night at {time}"
    if age < 12 * HOUR:
        return f"{age // HOUR} h ago"
    if there.date() == here.date():
        return f"today at {time}"
    if there.date() == here.date() - timedelta(days=1):
        return f"yesterday at {time}"
    days = (here.date() - there.date()).days
    return f"{days} days ago, {there.day} {there:%b} at {time}"


def _last_night(there: datetime, here: datetime) -> bool:
    evening, morning = NIGHT
    began = here.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=24 - evening)
    return began <= there < began + timedelta(hours=24 - evening + morning)


def _ahead(at: int, now: int, zone: ZoneInfo) -> str:
    there, here = datetime.fromtimestamp(at / 1000, zone), datetime.fromtimestamp(now / 1000, zone)
    left = at - now
    time = f"{there:%H:%M} {there:%Z}"
    if left < HOUR:
        return f"in {max(left // MINUTE, 1)} min, at {time}"
    if left < DAY:
        return f"in {left // HOUR} h, at {time}"
    if there.date() == here.date() + timedelta(days=1):
        return f"tomorrow at {time}"
    return f"on {there:%A}, {there.day} {there:%b} at {time}"


def size(number: int) -> str:
    """``84 MB``: to two digits at least, decimal units."""
    value = float(number)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if value >= 10 or unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
