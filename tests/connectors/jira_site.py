"""The stand-in as a Jira site: settings, a connector on it, and what was asked of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from connectors.base import (
    Partition,
    Secret,
    SourceSettings,
    checked,
)
from connectors.jira.connector import JiraCloud
from tests.connectors.contract import StandIn
from tests.connectors.runs import Clock, make_io
from tests.hub.sandbox.process import TOKEN, USER, Sandbox

SEARCH, BULK = "/rest/api/3/search/jql", "/rest/api/3/issue/bulkfetch"
CORE = Partition("10001", "Product Core", "CORE")


class JiraStandIn(StandIn):
    """The sandbox, with faults in front of the search unless said otherwise."""

    def __init__(self, sb: Sandbox) -> None:
        self.sb, self.url = sb, sb.url

    def settings(self, **changes: Any) -> SourceSettings:
        return sandbox_settings(self.sb, **changes)

    def truth(self) -> dict[str, set[str]]:
        rows = self.sb.get("/rest/api/3/project/search", status="live", maxResults=100)
        rows_all = rows["values"] + ([] if rows["isLast"] else self.sb.get("/rest/api/3/project/search", startAt=9)["values"])
        return {row["id"]: {one["id"] for one in self.sb.search(f"project = {row['id']}", fields="id")} for row in rows_all}

    def fault(self, do: str, **options: Any) -> None:
        self.sb.fault(do, **({"path": SEARCH} | options))

    def heal(self) -> None:
        self.sb.heal()

    def log(self) -> list[dict[str, Any]]:
        return self.sb.log()


def sandbox_settings(sb: Sandbox, **changes: Any) -> SourceSettings:
    values: dict[str, Any] = {"name": "dev", "kind": "jira", "url": sb.url, "user": USER, "token": Secret(TOKEN)}
    return SourceSettings(**(values | changes))


@contextlib.contextmanager
def jira(sb: Sandbox, clock: Clock | None = None, attempts: int = 2, **changes: Any) -> Iterator[JiraCloud]:
    settings = sandbox_settings(sb, **changes)
    with JiraCloud(settings, make_io(sb.url, clock, settings=settings, attempts=attempts)) as connector:
        yield connector


def read_ids(connector: JiraCloud, partition: Partition = CORE, since: datetime | None = None) -> set[str]:
    return {item.id for page in checked(connector.changes(partition, since, None)) for item in page.items}


def queries(sb: Sandbox, path: str = SEARCH) -> list[dict[str, list[str]]]:
    return [parse_qs(entry["query"]) for entry in sb.log() if entry["path"] == path]
