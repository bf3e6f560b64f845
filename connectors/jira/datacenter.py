"""``JiraDataCenter``: Jira Data Center and Server, read through the REST API 2 with a personal access token. Only GET is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import orjson

from connectors.base import (
    Account,
    AuthError,
    Connector,
    Dimension,
    EndpointGone,
    Fetched,
    Io,
    Misconfigured,
    Page,
    Partition,
    Seen,
    SourceSettings,
)
from connectors.jira import datacenter_lists, lists, roster
from connectors.jira.client import Site
from connectors.jira.connector import stamp_of
from connectors.jira.datacenter_reading import ARCHIVED_ON, IDS_PER_PAGE, Query, Reader, pages
from connectors.jira.datacenter_shape import make_adapter
from connectors.jira.fields import Plan, make_plan
from connectors.jira.normalise import is_id, make_normaliser
from connectors.jira.products import DATA_CENTER

SHAPE = 1
"""Raise it when the same issue would become another ``WorkItem``: every project is then read whole once."""
CLOUD_ONLY = "statuscategorychangedate"


class JiraDataCenter(Connector):
    """One Jira Data Center. Lists are read once per run and kept."""

    lag = 24 * 3600.0
    """Seconds. Each node has an index of its own that follows the others'; the margin is that of Cloud."""
    overlap = 24 * 3600.0
    resume_ttl = 7 * 24 * 3600.0
    """A position is an issue, which does not expire; what was read before it grows old."""

    def __init__(self, settings: SourceSettings, io: Io) -> None:
        super().__init__(settings, io)
        self._site = Site(settings, io, DATA_CENTER)
        self._kept = roster.Kept()

    def check(self) -> Account:
        """Data Center, the token's account, the configured fields that this site lacks, and missing rights.

        The account is known by its ``key``, which stays when a user is renamed.
        """
        self._is_data_center()
        me = self._site.get("myself", keys=("key",))
        ident = me["key"]
        if not isinstance(ident, str) or not ident:
            raise AuthError("Jira names no account for this token", hint=DATA_CENTER.new_token)
        name, zone = me.get("displayName"), me.get("timeZone")
        return Account(
            id=ident,
            name=name if isinstance(name, str) else None,
            timezone=zone if isinstance(zone, str) else None,
            missing=roster.missing_rights(
                self._site, self._projects(), "are read from issues, which takes longer: give it a Jira Software licence"
            ),
            unresolved=self._plan().missing,
        )

    def _is_data_center(self) -> None:
        """Both products answer ``serverInfo`` under version 2 of the API; Data Center calls itself ``Server``, or nothing."""
        try:
            info = self._site.get("serverInfo")
        except EndpointGone:
            raise Misconfigured("url does not answer like a Jira Data Center", hint=DATA_CENTER.lost) from None
        except AuthError:
            if (urlsplit(self.settings.url).hostname or "").endswith(".atlassian.net"):
                raise _is_cloud() from None  # which knows no personal access tokens
            raise
        if info.get("deploymentType") == "Cloud":
            raise _is_cloud()
        if "version" not in info and "baseUrl" not in info:
            raise Misconfigured("url does not answer like a Jira Data Center", hint=DATA_CENTER.lost)

    def writes(self) -> tuple[str, ...] | None:
        """As ``roster.writes``; Data Center tells of all permissions at once."""
        return roster.writes(self._site, {})

    def partitions(self) -> list[Partition]:
        """As ``roster.partitions``. Data Center does not say how many issues a project has."""
        return roster.partitions(self.settings, self._projects(), self._site, self._kept, self._fingerprint)

    def dimensions(self) -> Iterator[Dimension]:
        """Statuses, fields, issue types with the level that was worked out for them, projects, sprints."""
        yield from lists.status_rows(self._site)
        yield from lists.field_rows(self._fields())
        yield from datacenter_lists.type_rows(self._site, self._epics())
        yield from lists.project_rows(self._projects())
        yield from datacenter_lists.sprint_rows(self._site, self._plan(), self._live)

    def changes(self, partition: Partition, since: datetime | None, resume: str | None) -> Iterator[Page]:
        """One page for each page of the search."""
        yield from self._reader().passage(Query.of(partition.id, since), resume)

    def census(self, partition: Partition) -> Iterator[Seen]:
        """All ids of the project with their stamps, a thousand per request."""
        for page in pages(self._site, Query.of(partition.id), ("updated",), IDS_PER_PAGE):
            for row in page.rows:
                yield Seen(row["id"], stamp_of(row), (partition.id,))

    def get(self, ids: Iterable[str]) -> Fetched:
        """Issues by id or key.

        An id that Jira answers 404 for is deleted or out of sight, it does not say which: ``denied``. Of a key that is not found
        nothing is concluded, since keys change. An archived issue is ``gone`` as such.
        """
        found = self._reader().named(list(dict.fromkeys(ids)))
        return Fetched(
            items=tuple(found.items.values()),
            gone=tuple(found.archived.values()),
            denied=tuple(ident for ident in found.lost if is_id(ident)),
            rejected=tuple(found.rejected.values()),
        )

    def close(self) -> None:
        self._site.close()
        self.io.close()

    # ---- read once per run

    def _projects(self) -> dict[str, tuple[str, dict[str, Any]]]:
        return self._kept("projects", partial(datacenter_lists.projects, self._site))

    def _live(self) -> list[str]:
        return [partition.id for partition in self.partitions() if partition.state == "live"]

    def _fields(self) -> list[dict[str, Any]]:
        return self._kept("fields", partial(datacenter_lists.fields, self._site))

    def _epics(self) -> frozenset[str]:
        return self._kept("epics", lambda: datacenter_lists.epic_types(self._site, self._plan()))

    def _plan(self) -> Plan:
        return self._kept("plan", self._make_plan)

    def _reader(self) -> Reader:
        return self._kept("reader", self._make_reader)

    def _make_plan(self) -> Plan:
        rows, wanted = self._fields(), self.settings.fields
        estimate = self.settings.options.get("estimate")
        plan = make_plan(rows, wanted, estimate, epics_by_field=True)
        if estimate is None and not plan.company_points:
            # In another language only a board tells which number field holds the points.
            plan = make_plan(rows, wanted, None, lists.estimation_fields(self._site), epics_by_field=True)
        return plan

    def _make_reader(self) -> Reader:
        plan = self._plan()
        site = self.settings.options.get("site") or self.settings.url
        asked = [ident for ident in plan.ids if ident != CLOUD_ONLY]
        archived = any(row["id"] == ARCHIVED_ON for row in self._fields())
        normalise = make_normaliser(plan, site, make_adapter(plan, self._epics()))
        return Reader(self._site, self.io, asked, normalise, archived)

    def _fingerprint(self, key: str | None) -> str:
        """``key`` because a project's new key is a new key for all its issues, while their ``updated`` stays."""
        plan, settings = self._plan(), self.settings
        read = ["datacenter", SHAPE, key, settings.url, plan.custom, plan.estimate, plan.company_points, plan.definitions]
        read += [sorted(self._epics()), settings.options.get("site")]
        return hashlib.blake2b(orjson.dumps(read), digest_size=16).hexdigest()


def _is_cloud() -> Misconfigured:
    return Misconfigured(
        "this is Jira Cloud, and the source is set up for Jira Data Center",
        hint='remove deployment = "datacenter" from the source in config.toml; Cloud takes `user` and an API token',
    )
