"""What ``config.toml`` says about running by itself, frozen: when sources are read, what listens where, what is logged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time

SUNDAY = 6
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the daemon reads one source.

    ``nightly``: time of day, in the daemon's time zone, of the delta with a census; None for none. ``every``: seconds between
    the beginnings of two runs, filled with deltas; None for none. ``full``: the day of the week, Monday is 0, on which a full
    pass takes the nightly run's place; None for never.
    """

    nightly: time | None = time(2, 30)
    every: int | None = None
    full: int | None = SUNDAY


@dataclass(frozen=True, slots=True)
class DaemonSettings:
    """``[daemon]``: durations in seconds. ``schedule`` is what a source without lines of its own has.

    ``jitter``: nightly runs begin up to so much later, each source on each day by an amount of its own. ``catch_up``: how late
    a nightly run may still be made up for. ``parallel``: runs at a time; None is the number of cores, at least 2.
    ``deadline``: a run that takes longer is ended.
    """

    schedule: Schedule = field(default_factory=Schedule)
    timezone: str = "UTC"
    jitter: int = 300
    catch_up: int = 86_400
    parallel: int | None = None
    deadline: int = 12 * 3600


@dataclass(frozen=True, slots=True)
class WebSettings:
    """``[web]``: where the dashboard listens. ``host`` is an address of this machine alone unless ``public``."""

    host: str = "127.0.0.1"
    port: int = 8080
    public: bool = False
    """Others can reach it: ``insecure_allow_public`` is set"""
    hosts: tuple[str, ...] = ()
    """Names, folded, by which browsers and proxies may call it, beside localhost and plain addresses"""
    metrics_networks: tuple[str, ...] = ()
    """Networks, such as 10.0.0.0/8, that may read the metrics, beside this machine"""


@dataclass(frozen=True, slots=True)
class LogSettings:
    """``[log]``."""

    level: str = "info"
    format: str = "auto"
    """console for people, json for programs; auto is what suits the place where it goes"""
