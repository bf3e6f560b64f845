"""Jira Cloud: issues by project, read as ids first and details after. See ``docs`` of the kind for the rights it needs."""

from __future__ import annotations

from connectors.base import Connector, Io, Kind, Option, SourceSettings
from connectors.jira.access import ACCESS, EXPIRY


def _open(settings: SourceSettings, io: Io) -> Connector:
    from connectors.jira.connector import JiraCloud  # imports nothing of the SDK before the first request

    return JiraCloud(settings, io)


KIND = Kind(
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
    ),
    rights="Browse Projects on every project to read; with a scoped token read:jira-work and read:jira-user, "
    "and read:board-scope:jira-software, read:project:jira and read:sprint:jira-software for sprints.",
    access=ACCESS,
    expiry=EXPIRY,
)
