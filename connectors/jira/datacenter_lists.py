"""Data Center's lists where they differ from Cloud's: projects, fields, the types that are epics, sprints read from issues."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from connectors.base import AccessLost, Dimension, Misconfigured
from connectors.jira import lists
from connectors.jira.client import Site
from connectors.jira.datacenter_reading import IDS_PER_PAGE, Query, pages, search
from connectors.jira.datacenter_shape import BASE, EPIC, SUBTASK
from connectors.jira.fields import Plan
from connectors.jira.sprint_text import SprintText, parse

log = logging.getLogger(__name__)

EPIC_TYPES = 10
"""Issue types that are looked at as possible epics; a site has one, seldom two."""


def projects(site: Site) -> dict[str, tuple[str, dict[str, Any]]]:
    """Project id -> (state, row). Archived ones are marked so; deleted ones are gone, Data Center has no trash."""
    try:
        rows = site.rows("project", {"includeArchived": "true"})
    except (AccessLost, Misconfigured):
        log.info("jira: archived projects are not listed for this user")
        rows = site.rows("project")
    found = {}
    for row in rows:
        ident = lists.ident_of(row, "project")
        found[ident] = ("archived" if row.get("archived") is True else "live", row)
    return found


def fields(site: Site) -> list[dict[str, Any]]:
    """All fields, by id."""
    found = {str(row["id"]): row for row in site.rows("field") if isinstance(row, dict) and "id" in row}
    return [found[ident] for ident in sorted(found)]


def epic_types(site: Site, plan: Plan) -> frozenset[str]:
    """Ids of the issue types that are epics: those in which issues have an Epic Name and none has an Epic Link.

    The second half keeps out a type whose issues were given an Epic Name by mistake: an epic cannot belong to an epic. Empty
    where Jira refuses the question; then each issue is judged by itself.
    """
    found: list[str] = []
    for name in plan.epic_names:
        seen: list[str] = []
        while len(seen) < EPIC_TYPES and (kind := _type_with(site, name, seen)) is not None:
            seen.append(kind)
        found += [kind for kind in seen if not any(_has(site, kind, link) for link in plan.epic_links)]
    return frozenset(found)


def _type_with(site: Site, field: str, but: list[str]) -> str | None:
    """The type of some issue in which a field is filled in, other than those of ``but``."""
    others = f" AND issuetype not in ({', '.join(but)})" if but else ""
    page = search(site, f"{clause(field)} is not EMPTY{others} ORDER BY id ASC", ("issuetype",), 1)
    try:
        kind = page["issues"][0]["fields"]["issuetype"]["id"] if page else None
    except (LookupError, TypeError):
        return None
    return kind if isinstance(kind, str) and kind.isdigit() and kind not in but else None


def _has(site: Site, kind: str, field: str) -> bool:
    page = search(site, f"issuetype = {kind} AND {clause(field)} is not EMPTY ORDER BY id ASC", ("issuetype",), 1)
    return page is not None and page["total"] > 0


def clause(field: str) -> str:
    """A custom field in JQL: by its number, since several may share a name."""
    return f"cf[{field.rpartition('_')[2]}]"


def type_rows(site: Site, epics: frozenset[str]) -> Iterator[Dimension]:
    for row in lists.type_rows(site):
        level = SUBTASK if row.attributes.get("subtask") is True else EPIC if row.id in epics else BASE
        yield Dimension(row.kind, row.id, row.name, row.category, {**row.attributes, "level": level})


def sprint_rows(site: Site, plan: Plan, live: Callable[[], Iterable[str]]) -> Iterator[Dimension]:
    """Sprints of all boards; where no board can be listed, those that issues carry."""
    if lists.boards_refused(site):
        yield from sprints_of_issues(site, plan, live())
    else:
        yield from lists.sprint_rows(site)


def sprints_of_issues(site: Site, plan: Plan, projects: Iterable[str]) -> Iterator[Dimension]:
    """Every sprint that an issue of these projects was ever in, from the texts in the sprint field."""
    found: dict[str, SprintText] = {}
    for project in projects:
        for field in plan.sprints:
            query = Query.of(project, conditions=f" AND {clause(field)} is not EMPTY")
            for page in pages(site, query, (field,), IDS_PER_PAGE):
                for row in page.rows:
                    found |= {sprint.id: sprint for sprint in _sprints(row, field) if sprint.name}
    for ident in sorted(found, key=lambda text: (len(text), text)):
        sprint = found[ident]
        attributes: dict[str, Any] = dict(sprint.dates or {})
        if sprint.board is not None:
            board = int(sprint.board)
            attributes |= {"boardId": board, "boards": [board], "originBoardId": board}
        yield Dimension("sprint", ident, sprint.name or ident, sprint.state, attributes)


def _sprints(row: dict[str, Any], field: str) -> Iterator[SprintText]:
    fields = row.get("fields")
    values = fields.get(field) if isinstance(fields, dict) else None
    for value in values if isinstance(values, list) else ():
        if isinstance(value, str) and (sprint := parse(value)) is not None:
            yield sprint
