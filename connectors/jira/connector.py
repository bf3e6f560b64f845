"""``JiraCloud``: what the contract asks, put together from reading, lists, fields and normalise."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

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
    Rejected,
    Seen,
    SourceSettings,
    WorkItem,
)
from connectors.jira import lists, roster
from connectors.jira.client import Site
from connectors.jira.fields import Plan, make_plan
from connectors.jira.normalise import Unreadable, instant, is_id, make_normaliser
from connectors.jira.reading import DETAILS_PER_CALL, Reader, id_pages, project_query

SHAPE = 1
"""Raise it when the same issue would become another ``WorkItem``: every project is then read whole once."""


class JiraCloud(Connector):
    """One Jira Cloud site. Lists are read once per run and kept."""

    lag = 24 * 3600.0
    """Seconds. The index is behind by minutes, at times by more: 5 minutes and 2 hours lost data (estuary/connectors#3486)."""
    overlap = 24 * 3600.0
    resume_ttl = 7 * 24 * 3600.0
    """The life of a page token (Jira Cloud REST v3 description)."""

    def __init__(self, settings: SourceSettings, io: Io) -> None:
        super().__init__(settings, io)
        self._site = Site(settings, io)
        self._kept = roster.Kept()

    def check(self) -> Account:
        """Cloud, the credential's account, the configured fields that this site lacks, and missing rights."""
        try:
            info = self._site.get("serverInfo", keys=("deploymentType",))
            kind = info["deploymentType"]
        except EndpointGone:
            raise Misconfigured(
                "url does not answer like a Jira Cloud site",
                hint='write url = "https://NAME.atlassian.net"; for Jira Data Center add deployment = "datacenter"',
            ) from None
        if kind != "Cloud":
            raise Misconfigured(
                "this is Jira Data Center, and the source is set up for Jira Cloud",
                hint='add deployment = "datacenter" to the source in config.toml and use a personal access token',
            )
        me = self._site.get("myself", keys=("accountId",))
        ident = me["accountId"]
        if not isinstance(ident, str) or not ident:
            raise AuthError("Jira names no account for this credential", hint="check user and token")
        self._site.account = ident
        name, zone = me.get("displayName"), me.get("timeZone")
        return Account(
            id=ident,
            name=name if isinstance(name, str) else None,
            timezone=zone if isinstance(zone, str) else None,
            missing=roster.missing_rights(
                self._site, self._projects(), "have no names: give it a Jira Software licence or scope"
            ),
            unresolved=self._plan().missing,
        )

    def writes(self) -> tuple[str, ...] | None:
        """As ``roster.writes``. Not told to a token whose scopes leave it out."""
        return roster.writes(self._site, {"permissions": ",".join(roster.CHANGING)})

    def partitions(self) -> list[Partition]:
        """As ``roster.partitions``. Jira shows archived and trashed ones to some users."""
        return roster.partitions(self.settings, self._projects(), self._site, self._kept, self._fingerprint)

    def dimensions(self) -> Iterator[Dimension]:
        """Statuses, fields, issue types, projects, sprints; each list whole, sprints as far as their boards can be read."""
        yield from lists.status_rows(self._site)
        yield from lists.field_rows(self._kept("fields", partial(lists.fields, self._site)))
        yield from lists.type_rows(self._site)
        yield from lists.project_rows(self._projects())
        yield from lists.sprint_rows(self._site)

    def changes(self, partition: Partition, since: datetime | None, resume: str | None) -> Iterator[Page]:
        """One page per call of details. An id that is listed but not returned is ``unaccounted``."""
        yield from self._reader().passage(project_query(partition.id, since), resume)

    def census(self, partition: Partition) -> Iterator[Seen]:
        """All ids of the project with their stamps, a few thousand per request."""
        for page in id_pages(self._site, project_query(partition.id, None), ("id", "updated")):
            for row in page.rows:
                yield Seen(row["id"], stamp_of(row), (partition.id,))

    def get(self, ids: Iterable[str]) -> Fetched:
        """Issues by id or key.

        Jira says of an id in neither of its lists only that it is deleted or out of sight (issue security looks the same), and
        the project of a lost id is not to be learned here. So it is ``denied``, never ``gone``: the core knows where the item
        was and compares the roster. A key in neither list concludes nothing, since keys change.
        """
        asked = list(dict.fromkeys(ids))
        items: list[WorkItem] = []
        silent: list[str] = []
        bad: list[Rejected] = []
        chunks = [asked[start : start + DETAILS_PER_CALL] for start in range(0, len(asked), DETAILS_PER_CALL)]
        for _, details in self._reader().details(chunks):
            items.extend(details.items.values())
            silent.extend(ident for ident in details.silent if is_id(ident))
            bad.extend(details.rejected.values())
        return Fetched(tuple(items), denied=tuple(silent), rejected=tuple(bad))

    def close(self) -> None:
        self._site.close()
        self.io.close()

    # ---- read once per run

    def _projects(self) -> dict[str, tuple[str, dict[str, Any]]]:
        return self._kept("projects", partial(lists.projects, self._site))

    def _plan(self) -> Plan:
        return self._kept("plan", self._make_plan)

    def _reader(self) -> Reader:
        return self._kept("reader", self._make_reader)

    def _make_plan(self) -> Plan:
        rows = self._kept("fields", partial(lists.fields, self._site))
        estimate = self.settings.options.get("estimate")
        plan = make_plan(rows, self.settings.fields, estimate)
        if estimate is None and not plan.company_points:
            # In another language only a board tells which number field holds the points.
            plan = make_plan(rows, self.settings.fields, None, lists.estimation_fields(self._site))
        return plan

    def _make_reader(self) -> Reader:
        plan = self._plan()
        site = self.settings.options.get("site") or self.settings.url
        return Reader(self._site, self.io, plan.ids, make_normaliser(plan, site))

    def _fingerprint(self, key: str | None) -> str:
        """``key`` because a project's new key is a new key for all its issues, while their ``updated`` stays."""
        plan, settings = self._plan(), self.settings
        read = [SHAPE, key, settings.url, plan.custom, plan.estimate, plan.company_points, plan.team_points, plan.definitions]
        return hashlib.blake2b(orjson.dumps([*read, settings.options.get("site")]), digest_size=16).hexdigest()


def stamp_of(row: dict[str, Any]) -> datetime | None:
    """``updated`` of a row of a listing, None where it cannot be read."""
    fields = row.get("fields")
    try:
        return instant(fields.get("updated"), "updated") if isinstance(fields, dict) else None
    except Unreadable:
        return None
