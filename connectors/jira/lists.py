"""The vendor's lists: projects, fields, statuses, types, boards with their sprints. Offset pages, followed to ``isLast``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from connectors.base import AccessLost, BadData, Dimension, EndpointGone, Misconfigured, SourceError
from connectors.jira.client import AGILE, API, Site

log = logging.getLogger(__name__)

PAGE = 50
EMPTY_PAGES = 10
BOARDS_TO_ASK = 25
"""Boards whose configuration is read to find the estimation field, where no field is named Story Points."""
_REFUSED = (AccessLost, EndpointGone, Misconfigured)
"""What ends one board or project but not the read: 403 (airbytehq/airbyte#8963), 404, 400 and 422 (estuary/connectors#4848)."""

States = {"live": "live", "archived": "archived", "deleted": "trashed"}


def paged(
    site: Site, path: str, base: str = API, *, first: dict[str, Any] | None = None, **params: Any
) -> Iterator[dict[str, Any]]:
    """Rows of an offset-paged list: advanced by what came back, ended by ``isLast``, where given also by ``total``.

    A short page says nothing (pycontribs/jira stops there and loses boards), an empty one is followed a bounded number
    of times (agile description: "a requested page can be empty"). ``first`` is the first page, if it has been read.
    """
    start = empty = 0
    while True:
        page = first or site.get(path, {**params, "startAt": start, "maxResults": PAGE}, base=base, keys=("values",))
        first = None
        rows = page["values"]
        if not isinstance(rows, list):
            raise BadData("a list of Jira has no rows")
        yield from (row for row in rows if isinstance(row, dict))
        if page.get("isLast") is True:
            return
        if "isLast" not in page and not (isinstance(page.get("total"), int) and start + len(rows) < page["total"]):
            raise BadData("a list of Jira has no end mark")
        empty = 0 if rows else empty + 1
        if empty > EMPTY_PAGES:
            raise BadData("a list of Jira does not end", hint=LATER)
        start += len(rows) or PAGE


LATER = "Run `anchorline sync` again; if it stays, the answer of the site is not what Jira's description says."


def projects(site: Site) -> dict[str, tuple[str, dict[str, Any]]]:
    """Project id -> (state in the contract's words, row), of all states that Jira tells us about.

    ``insight`` (how many issues a project has; marked experimental) is asked for and may be missing.
    """
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for status, state in States.items():
        try:
            for row in paged(site, "project/search", status=status, expand="insight"):
                found.setdefault(ident_of(row, "project"), (state, row))
        except (AccessLost, Misconfigured):
            if status == "live":
                raise
            # The parameter is marked experimental: without it an archived project is merely unseen.
            log.info("jira: projects of state %s are not listed for this user", status)
    return found


def project_id(site: Site, key: str) -> str | None:
    """The id of the project that once had this key: it goes on answering to it after the key was changed."""
    try:
        return ident_of(site.get(f"project/{quote(key, safe='')}"), "project")
    except _REFUSED:
        return None


def size_of(row: Mapping[str, Any]) -> int | None:
    """How many issues Jira says that a project has."""
    insight = row.get("insight")
    count = insight.get("totalIssueCount") if isinstance(insight, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None


def fields(site: Site) -> list[dict[str, Any]]:
    """Union of the two lists, which differ slightly (estuary/connectors#3486)."""
    found = {str(row["id"]): row for row in site.rows("field") if isinstance(row, dict) and "id" in row}
    try:
        for row in paged(site, "field/search"):
            found.setdefault(ident_of(row, "field"), row)
    except (AccessLost, Misconfigured, EndpointGone):
        log.info("jira: field/search is not open to this user; using the plain list")
    return [found[ident] for ident in sorted(found)]


def boards(site: Site) -> list[dict[str, Any]]:
    """All boards of every type, sorted by id. Team-managed boards are of type ``simple`` and have sprints too."""
    try:
        found = {row["id"]: row for row in paged(site, "board", AGILE) if isinstance(row.get("id"), int)}
    except _REFUSED:
        log.warning("jira: boards cannot be listed for this user; sprints have no names")
        return []
    return [found[ident] for ident in sorted(found)]


def boards_refused(site: Site) -> bool:
    """Whether this user may not list boards at all, by one small request."""
    try:
        site.get("board", {"startAt": 0, "maxResults": 1}, base=AGILE, keys=("values",))
    except _REFUSED:
        return True
    return False


def estimation_fields(site: Site) -> frozenset[str]:
    """Ids of the fields that boards estimate with."""
    found = set()
    for board in boards(site)[:BOARDS_TO_ASK]:
        try:
            config = site.get(f"board/{board['id']}/configuration", base=AGILE)
        except _REFUSED:
            continue
        estimation = config.get("estimation")
        ident = (estimation.get("field") or {}).get("fieldId") if isinstance(estimation, dict) else None
        if isinstance(ident, str):
            found.add(ident)
    return frozenset(found)


def status_rows(site: Site) -> Iterator[Dimension]:
    for row in site.rows("status"):
        yield _dimension("status", row, _category(row), scope=_scope(row))


def field_rows(rows: list[dict[str, Any]]) -> Iterator[Dimension]:
    for row in rows:
        schema = row.get("schema")
        kind = schema if isinstance(schema, dict) else {}
        yield _dimension("field", row, None, type=kind.get("type"), custom=kind.get("custom"), items=kind.get("items"))


def type_rows(site: Site) -> Iterator[Dimension]:
    seen = set()
    for row in site.rows("issuetype"):
        if isinstance(row, dict) and row.get("id") not in seen:  # recorded: the same type twice
            seen.add(row.get("id"))
            yield _dimension("type", row, None, level=row.get("hierarchyLevel"), subtask=row.get("subtask"), scope=_scope(row))


def project_rows(found: Mapping[str, tuple[str, dict[str, Any]]]) -> Iterator[Dimension]:
    for ident in sorted(found):
        state, row = found[ident]
        yield _dimension(
            "container", row, state, key=row.get("key"), style=row.get("style"), simplified=row.get("simplified"),
            archived=state == "archived",
        )  # fmt: skip


def sprint_rows(site: Site) -> Iterator[Dimension]:
    """Every sprint once, with all boards that show it. A board that cannot be read is noted and skipped."""
    found: dict[str, dict[str, Any]] = {}
    shown: dict[str, list[int]] = {}
    those = boards(site)
    for board, first in zip(those, site.each(partial(_first_sprints, site), those, bucket="board"), strict=True):
        try:
            if isinstance(first, SourceError):
                raise first
            for row in paged(site, f"board/{board['id']}/sprint", AGILE, first=first):
                ident = ident_of(row, "sprint")
                found[ident] = row
                shown.setdefault(ident, []).append(board["id"])
        except _REFUSED as error:
            # A kanban board answers 400: it has no sprints.
            note: Callable[..., None] = log.debug if error.status == 400 else log.warning
            note("jira: sprints of board %s are left out (status %s)", board["id"], error.status)
    for ident in sorted(found, key=lambda text: (len(text), text)):
        row, on = found[ident], sorted(set(shown[ident]))
        dates = {name: row.get(name) for name in ("startDate", "endDate", "completeDate")}
        yield _dimension(
            "sprint", row, row.get("state"), **dates, boardId=on[0], boards=on, originBoardId=row.get("originBoardId")
        )


def _first_sprints(site: Site, board: dict[str, Any]) -> dict[str, Any] | SourceError:
    """The first page, most often the only one, or why this board is left out. Boards are many, so they are asked in parallel."""
    try:
        return site.get_once(f"board/{board['id']}/sprint", {"startAt": 0, "maxResults": PAGE}, base=AGILE, keys=("values",))
    except _REFUSED as error:
        return error


def ident_of(row: Any, kind: str) -> str:
    """The id of a row of a list. Raises ``BadData`` when it has none."""
    if isinstance(row, dict) and isinstance(row.get("id"), (str, int)):
        return str(row["id"])
    raise BadData(f"a row of Jira's {kind} list has no id", hint=LATER)


def _dimension(kind: str, row: Any, category: str | None, **attributes: Any) -> Dimension:
    try:
        ident, name = str(row["id"]), row["name"]
    except (TypeError, KeyError):
        raise BadData(f"a row of Jira's {kind} list has no id or name", hint=LATER) from None
    if isinstance(untranslated := row.get("untranslatedName"), str) and untranslated != name:
        attributes["untranslated"] = untranslated
    return Dimension(kind, ident, str(name), category, {key: value for key, value in attributes.items() if value is not None})


def _category(row: Any) -> str | None:
    category = row.get("statusCategory") if isinstance(row, dict) else None
    key = category.get("key") if isinstance(category, dict) else None
    return key if isinstance(key, str) else None


def _scope(row: Any) -> str | None:
    """Id of the only project that uses the row, for those of team-managed projects."""
    scope = row.get("scope") if isinstance(row, dict) else None
    project = scope.get("project") if isinstance(scope, dict) else None
    return str(project["id"]) if isinstance(project, dict) and "id" in project else None
