"""Jira Cloud and Jira Data Center: one kind, two readers. See ``docs`` of the kind for the rights it needs."""

from __future__ import annotations

import dataclasses

from connectors.base import Connector, Io, Kind, Misconfigured, Option, SourceSettings
from connectors.jira.access import ACCESS, DATA_CENTER_ACCESS, DATA_CENTER_EXPIRY, EXPIRY
from connectors.jira.products import DEPLOYMENTS
from connectors.jira.search import search_urls

DEPLOYMENT = "deployment"


def _open(settings: SourceSettings, io: Io) -> Connector:
    # Both import nothing of the SDK before the first request.
    chosen = settings.options.get(DEPLOYMENT) or "cloud"
    if chosen == "datacenter":
        from connectors.jira.datacenter import JiraDataCenter

        return JiraDataCenter(settings, io)
    if chosen != "cloud":
        raise Misconfigured(f"there is no deployment {chosen!r} of Jira", hint=f"write one of {', '.join(DEPLOYMENTS)}")
    from connectors.jira.connector import JiraCloud

    return JiraCloud(settings, io)


_CLOUD = Kind(
    name="jira",
    title="Jira Cloud",
    factory=_open,
    needs_user=True,
    needs_token=True,
    partition_word="projects",
    item_fields=frozenset(
        {
            "source",
            "project",
            "key",
            "type",
            "level",
            "status",
            "resolution",
            "label",
            "component",
            "sprint",
            "assignee",
            "title",
            "estimate",
            "created",
            "updated",
            "done",
            "closed",
            "due",
        }
    ),
    options=(
        Option("estimate", str, None, "the field that holds estimates, by id or exact name; else both story point fields"),
        Option("site", str, None, "the site's address for links, where url is api.atlassian.com/ex/jira/..."),
        Option(DEPLOYMENT, str, "cloud", "which Jira it is: datacenter for Jira Data Center and Server", DEPLOYMENTS),
    ),
    rights="Browse Projects on every project to read; with a scoped token read:jira-work and read:jira-user, "
    "and read:board-scope:jira-software, read:project:jira and read:sprint:jira-software for sprints.",
    access=ACCESS,
    expiry=EXPIRY,
    search_urls=search_urls,
    edition_by=DEPLOYMENT,
)
_DATA_CENTER = dataclasses.replace(
    _CLOUD,
    title="Jira Data Center",
    needs_user=False,
    rights="Browse Projects on every project to read, and access to Jira Software for sprints.",
    access=DATA_CENTER_ACCESS,
    expiry=DATA_CENTER_EXPIRY,
)
KIND = dataclasses.replace(_CLOUD, editions={"datacenter": _DATA_CENTER})
