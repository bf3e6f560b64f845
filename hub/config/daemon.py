"""``[daemon]``, ``[web]`` and ``[log]``, and the lines of a source that say when it is read."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

from hub.config import timezones
from hub.config.settings import DAYS, DaemonSettings, LogSettings, Schedule, WebSettings
from hub.tomlfile import Table

MINUTE, HOUR, DAY = 60, 3600, 86_400
_UNITS = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY}
_DURATION = re.compile(r"([0-9]{1,6})\s?([smhd])")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
NEVER = "never"
FULL = (*DAYS, NEVER)
LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("auto", "json", "console")
SCHEDULE_KEYS = ("nightly", "every", "full")
DAEMON_KEYS = ("nightly", "timezone", "jitter", "full", "catch_up", "parallel", "deadline")
WEB_KEYS = ("listen", "insecure_allow_public", "hosts", "metrics_networks")
LOG_KEYS = ("level", "format")
_OTHERS = {
    **dict.fromkeys(("tz", "zone", "time_zone"), "timezone"),
    **dict.fromkeys(("night", "at", "time", "schedule", "cron"), "nightly"),
    **dict.fromkeys(("workers", "processes", "concurrency", "max_parallel"), "parallel"),
    **dict.fromkeys(("timeout", "max_runtime"), "deadline"),
    **dict.fromkeys(("catchup", "grace", "misfire_grace_time"), "catch_up"),
    **dict.fromkeys(("every", "interval"), "It goes into the table of a source: [source.jira]."),
}
_LISTEN = ("host", "port", "bind", "address")


def read_daemon(top: Table) -> DaemonSettings:
    """``[daemon]``, with what holds without it."""
    usual = DaemonSettings()
    table = top.table("daemon", "[daemon]", 'Write a table [daemon] with lines such as nightly = "02:30".')
    if table is None:
        return usual
    table.only(DAEMON_KEYS, others=_OTHERS)
    jitter = duration(table, "jitter", 0, 6 * HOUR)
    catch_up = duration(table, "catch_up", 0, 7 * DAY)
    return DaemonSettings(
        schedule=read_schedule(table, usual.schedule),
        timezone=read_zone(table) or usual.timezone,
        jitter=usual.jitter if jitter is None else jitter,
        catch_up=usual.catch_up if catch_up is None else catch_up,
        parallel=table.whole("parallel", 1, 64),
        deadline=duration(table, "deadline", MINUTE, 7 * DAY) or usual.deadline,
    )


def read_schedule(table: Table, usual: Schedule) -> Schedule:
    """The lines of ``[daemon]`` or of a source that say when it is read; ``usual`` for those that are not there."""
    found = usual
    if "nightly" in table:
        found = replace(found, nightly=_nightly(table))
    if "every" in table:
        found = replace(found, every=duration(table, "every", MINUTE, 7 * DAY))
    if "full" in table:
        word = table.choice("full", FULL)
        found = replace(found, full=None if word in (None, NEVER) else DAYS.index(word))
        if word not in (None, NEVER) and table.values.get("nightly") is False:
            text = "A full pass takes the place of a nightly run, and there is none here: `nightly` is false."
            table.problem("full", text, 'Give `nightly` a time, or write full = "never".')
    return found


def _nightly(table: Table) -> time | None:
    value = table.values["nightly"]
    remedy = 'Write a time of day such as nightly = "02:30", or nightly = false for none.'
    if value is False:
        return None
    if not isinstance(value, str):
        table.expected("nightly", "a time of day in quotes, or false", value, remedy)
        return None
    found = _TIME.fullmatch(value.strip())
    if found is None:
        table.problem("nightly", f'"{value[:40]}" is no time of day.', remedy)
        return None
    return time(int(found[1]), int(found[2]))


def duration(table: Table, key: str, least: int, most: int) -> int | None:
    """Seconds, from a text such as ``30m``; None when absent or wrong."""
    example = f'Write a number and s, m, h or d: {key} = "{words(max(least, min(most, 30 * MINUTE)))}".'
    text = table.text(key, example)
    if text is None:
        return None
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        table.problem(key, f'"{text[:40]}" is no length of time.', example)
        return None
    seconds = int(found[1]) * _UNITS[found[2]]
    if not least <= seconds <= most:
        wanted = f"`{key}` must be from {words(least)} to {words(most)}."
        table.problem(key, wanted, f'Write {key} = "{words(least if seconds < least else most)}", for example.')
        return None
    return seconds


def words(seconds: int) -> str:
    """A length of time as it is written in the file."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"


def read_zone(table: Table) -> str | None:
    """The value of ``timezone``, if it names a time zone."""
    name = table.text("timezone")
    if name is None:
        return None
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # also names of folders, and paths that lead elsewhere
        table.problem("timezone", f'"{name}" is no time zone.', timezones.remedy(name))
        return None
    return name


# ---- [web], [log] -----------------------------------------------------------------------------------------------------------


def read_web(top: Table) -> WebSettings:
    """``[web]``. An address that others can reach must be allowed expressly, because nobody is asked who he is."""
    usual = WebSettings()
    table = top.table("web", "[web]", 'Write a table [web] with listen = "127.0.0.1:8080".')
    if table is None:
        return usual
    table.only(WEB_KEYS, others=dict.fromkeys(_LISTEN, "listen"))
    public = table.flag("insecure_allow_public")
    usual = replace(usual, public=public, hosts=_hosts(table), metrics_networks=_networks(table))
    written = table.text("listen", 'Write an address and a port: listen = "127.0.0.1:8080".')
    if written is None:
        return usual
    found = listen(written)
    if found is None:
        text = f'"{written[:60]}" is no address and port.'
        table.problem("listen", text, 'Write both: listen = "127.0.0.1:8080", for example.')
        return usual
    host, port = found
    if not _own(host) and not public:
        table.problem(
            "listen",
            f"The dashboard would listen on {host}, where others can reach it, and it asks nobody who they are.",
            "Listen on 127.0.0.1 behind a proxy that asks, or add insecure_allow_public = true.",
        )
    return replace(usual, host=host, port=port)


def _hosts(table: Table) -> tuple[str, ...]:
    """Names without scheme and port, folded."""
    found = []
    for written in table.texts("hosts"):
        name = written.strip().lower().rstrip(".")
        if re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", name):
            found.append(name)
        else:
            table.problem("hosts", f'"{written[:60]}" is no name of a host.', 'Write it bare: hosts = ["okr.example.com"].')
    return tuple(found)


def _networks(table: Table) -> tuple[str, ...]:
    """Networks in their usual form."""
    found = []
    for written in table.texts("metrics_networks"):
        try:
            found.append(str(ipaddress.ip_network(written.strip(), strict=False)))
        except ValueError:
            example = 'Write an address and the length of its prefix: metrics_networks = ["10.0.0.0/8"].'
            table.problem("metrics_networks", f'"{written[:60]}" is no network.', example)
    return tuple(found)


def listen(written: str) -> tuple[str, int] | None:
    """Host and port of ``127.0.0.1:8080``, ``[::1]:8080`` or ``localhost:8080``; None for anything else."""
    host, colon, port = written.strip().rpartition(":")
    if not colon or not port.isdecimal() or not port.isascii() or not 0 <= int(port) <= 65_535:
        return None
    bracketed = host.startswith("[") and host.endswith("]")
    bare = host[1:-1] if bracketed else host
    try:
        version = ipaddress.ip_address(bare).version
    except ValueError:
        named = re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", bare) and not bracketed and not _numeric(bare)
        return (bare, int(port)) if named else None
    return (bare, int(port)) if bracketed == (version == 6) else None


def _numeric(host: str) -> bool:
    """A name of digits and points alone is a mistyped address, or another way to write one."""
    return all(re.fullmatch(r"[0-9]*|0[xX][0-9A-Fa-f]*", part) for part in host.split("."))


def _own(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_log(top: Table) -> LogSettings:
    """``[log]``."""
    usual = LogSettings()
    table = top.table("log", "[log]", 'Write a table [log] with level = "info".')
    if table is None:
        return usual
    table.only(LOG_KEYS)
    return LogSettings(table.choice("level", LEVELS) or usual.level, table.choice("format", FORMATS) or usual.format)


# ---- of a source ------------------------------------------------------------------------------------------------------------


def rate(table: Table) -> float | None:
    """Requests a second that a source is asked at most."""
    found = table.positive("rate")
    return None if found is None else float(found)


def threads(table: Table) -> int | None:
    """Partitions of a source that are read at a time."""
    return table.whole("threads", 1, 64)


def known_keys() -> Iterable[str]:
    """All keys here, whose values are no secrets."""
    return {*DAEMON_KEYS, *WEB_KEYS, *LOG_KEYS, *SCHEDULE_KEYS, "rate", "threads", "canary"}
