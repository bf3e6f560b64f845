"""What a connector is given: the settings of its source, its secret, the limits of its traffic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential. ``reveal()`` is the only way to its text; every printed form is stars."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(****)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """One ``[source.NAME]`` table of config.toml, validated, plus its secret from the environment."""

    name: str
    kind: str
    url: str
    user: str | None = None
    token: Secret | None = None
    partitions: tuple[str, ...] = ()
    """Keys or ids of the projects or boards to read; empty reads every live one that the account sees."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """our name -> the vendor's field, by id or exact name (``{"team": "customfield_10050"}``)"""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Validated settings that only this kind has."""
    queries: Mapping[str, str] = field(default_factory=dict)
    """Texts of the queries to run, by name, where the kind runs queries."""
    parameters: Mapping[str, date] = field(default_factory=dict)
    """What queries may ask for by name: ``cycle_start``, ``cycle_end``."""
    timezone: str = "UTC"
    """The strategy's zone, an IANA name: of days and times that the source writes without one."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Partition -> the ``Page.version`` of what the hub holds of it, to ask a vendor whether anything changed. Whether a
    partition may be left unread then, ``Partition.version`` says."""


@dataclass(frozen=True, slots=True)
class IoSettings:
    """Limits of one run's traffic. Times in seconds, sizes in bytes after decompression."""

    connect_timeout: float = 5.0
    read_timeout: float = 60.0
    call_deadline: float = 120.0
    """For one attempt, from its first byte sent to its last byte read: a server that drips cannot outlast it."""
    run_deadline: float = 6 * 3600.0
    max_body: int = 64 * 2**20
    max_run_bytes: int = 64 * 2**30
    """Of all answers of the run together: a vendor that never stops answering fills no disk and bills no traffic for ever."""
    attempts: int = 8
    """Tries per call, the first included: of 10,000 calls with 20 % random faults one in forty runs loses one."""
    backoff: float = 1.0
    """First pause; doubles with each try, with full jitter."""
    backoff_max: float = 60.0
    retry_floor: int = 100
    """Tokens in the run's retry bucket before any success has earned more."""
    parallel: int = 8
    """Threads of ``io.map``."""
    rate: float | None = None
    """Requests per second and bucket; None sends as fast as the vendor answers."""
    gates_folder: str | None = None
    """Where the processes of one machine share limits and waits per vendor account; None keeps them to this process."""
    allow_private_networks: bool = False
    """Whether the source may live at a private address. Link-local and metadata addresses are refused even so."""
    ca_file: str | None = None
    """PEM file with own certificate authorities, trusted beside the usual ones."""
