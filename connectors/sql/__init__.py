"""SQL databases: queries that an admin wrote, as values of metrics or as work items. See docs/connectors/sql.md."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from connectors.base import Connector, Io, Kind, Misconfigured, Option, SettingFault, SourceSettings
from connectors.sql.access import ACCESS, EXPIRY

TIMEOUT = 60
LONGEST = 3600
"""Seconds of a statement."""


def _open(settings: SourceSettings, io: Io) -> Connector:
    from connectors.sql.connector import Sql  # which imports SQLAlchemy

    return Sql(settings, io)


def needs_no_secret(url: str) -> bool:
    """A file, and a socket of this machine: who may open them is the operating system's decision."""
    try:
        return not urlsplit(url).hostname
    except ValueError:
        return False


def examine(settings: SourceSettings) -> Iterator[SettingFault]:
    """What is wrong with the url beyond its form, and with ``timeout``."""
    from connectors.sql.address import address_of

    try:
        address_of(settings)
    except Misconfigured as wrong:
        text = str(wrong)
        yield SettingFault(("url",), f"{text[:1].upper()}{text[1:]}.", wrong.hint)
    if not 1 <= settings.options.get("timeout", TIMEOUT) <= LONGEST:
        yield SettingFault(("timeout",), f"`timeout` must be from 1 to {LONGEST} seconds.", f"Write timeout = {TIMEOUT}.")


KIND = Kind(
    name="sql",
    title="SQL database",
    factory=_open,
    needs_user=False,
    needs_token=True,
    open_address=needs_no_secret,
    address="database",
    work=False,
    queries=True,
    partition_word="queries",
    item_fields=frozenset(
        {
            "source",
            "project",
            "key",
            "type",
            "status",
            "resolution",
            "label",
            "assignee",
            "title",
            "estimate",
            "amount",
            "created",
            "updated",
            "started",
            "done",
            "closed",
            "due",
        }
    ),
    examine=examine,
    options=(Option("timeout", int, TIMEOUT, "how many seconds a statement may take"),),
    rights="A role of its own with SELECT on what the queries read, and nothing else.",
    access=ACCESS,
    expiry=EXPIRY,
)
