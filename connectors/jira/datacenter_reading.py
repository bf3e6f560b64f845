"""Issues of a Data Center project, page by page behind the last issue that was seen.

``search`` pages by ``startAt``, which shifts rows when rows move and ends in a 500 beyond a window of 10,000 results (Atlassian's
knowledge base on max_result_window and on inconsistent paginated results). So every request asks from the start for what lies
behind the last row of the page before: ``id > N ORDER BY id``.

Jira's own code (IssueIdClauseQueryFactory) reads ``id > N`` as "in the project of issue N, with a greater key number", and
``id`` sorts as ``key`` does. Two things follow. We go on behind the *last row*, never behind the greatest id. And where
issue N was deleted or moved away in mid-pass, Jira answers 400 or with nothing; then the pass goes on behind the row before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from connectors.base import AccessLost, BadData, CursorExpired, EndpointGone, Gone, Io, Misconfigured, Page, Rejected, WorkItem
from connectors.jira.client import Site
from connectors.jira.normalise import Unreadable, instant, is_id
from connectors.jira.products import DATA_CENTER
from connectors.jira.reading import Known, Normalise, chunks_of, digest, lower_bound, new_rows

SEARCH = DATA_CENTER.search
ITEMS_PER_PAGE = 250
IDS_PER_PAGE = 1000
"""What Jira allows unless an administrator says otherwise (jira.search.views.default.max); it may always answer with fewer."""
ANCHORS = 5
"""Last rows of a page that are remembered: the pass goes on behind the first of them that is still there."""
TOGETHER = (100, 10)
"""Ids in one lookup; those that Jira refuses are asked again in smaller company, and at last each alone."""
ARCHIVED_ON = "archiveddate"


@dataclass(frozen=True, slots=True)
class Query:
    """A project's issues, with further conditions, in an order that Jira can continue."""

    project: str
    conditions: str = ""

    @staticmethod
    def of(project: str, since: datetime | None = None, conditions: str = "") -> Query:
        """``since`` as in ``reading.project_query``. Raises ``Misconfigured`` for what is no project id."""
        if not is_id(project):
            raise Misconfigured("a Jira project is read by its numeric id")
        return Query(project, conditions + lower_bound(since))

    def behind(self, anchor: str | None) -> str:
        """JQL for what follows an issue; without one, for everything."""
        place = f" AND id > {anchor}" if anchor else ""
        return f"project = {self.project}{self.conditions}{place} ORDER BY id ASC"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pass stands: the last rows read, the last one first, and how many rows Jira said were still to come."""

    anchors: tuple[str, ...] = ()
    left: int = 0

    def write(self, query: Query) -> str:
        return orjson.dumps({"q": digest(query.behind(None)), "a": self.anchors, "n": self.left}).decode()

    @staticmethod
    def read(text: str | None, query: Query) -> Place:
        """Raises ``CursorExpired`` for a position of another query, or one that is not ours."""
        if text is None:
            return Place()
        try:
            value = orjson.loads(text)
            anchors, left = tuple(value["a"]), value["n"]
            if value["q"] == digest(query.behind(None)) and anchors and all(map(is_id, anchors)) and isinstance(left, int):
                return Place(anchors, left)
        except (ValueError, KeyError, TypeError):
            pass  # not ours: as good as another query's
        raise CursorExpired("the stored position belongs to another query", hint="the pass starts again from its beginning")


@dataclass(frozen=True, slots=True)
class Rows:
    """One page: ``next`` is where the following one begins, None at the end that ``total`` sets."""

    rows: tuple[dict[str, Any], ...]
    rejected: tuple[Rejected, ...]
    next: Place | None


def pages(site: Site, query: Query, fields: Sequence[str], size: int, place: Place = Place()) -> Iterator[Rows]:
    """All pages from ``place`` on, each issue once, to the page that holds all that Jira counts.

    Raises ``AccessLost`` when the project cannot be searched, ``CursorExpired`` when all remembered rows are gone, ``BadData``
    for a page that brings nothing new although more is to come.
    """
    known = Known()
    while True:
        page = _page(site, query, fields, size, place)
        listed = page["issues"]
        rows, bad = new_rows(listed, known)
        if len(listed) >= page["total"]:
            yield Rows(rows, bad, None)
            return
        if not rows:
            raise BadData("Jira repeats a page", hint="the pass would never end; it starts again next time")
        place = Place(tuple(row["id"] for row in reversed(rows[-ANCHORS:])), page["total"] - len(listed))
        yield Rows(rows, bad, place)


def _page(site: Site, query: Query, fields: Sequence[str], size: int, place: Place) -> dict[str, Any]:
    """The page behind the first remembered row that is still in the project."""
    if not place.anchors:
        page = search(site, query.behind(None), fields, size)
        if page is None:
            # The query is ours and well-formed; only the project in it can be what Jira refuses.
            raise AccessLost(
                "Jira refuses to search this project", hint="the user may have lost Browse Projects there", status=400
            )
        return page
    for anchor in place.anchors:
        page = search(site, query.behind(anchor), fields, size)
        if page is not None and (page["issues"] or not place.left or _is_there(site, query.project, anchor)):
            return page
    raise CursorExpired("the issues where the pass stood have left the project", hint="the pass starts again", status=400)


def _is_there(site: Site, project: str, ident: str) -> bool:
    """Whether an issue is still in the project. Nothing follows one that moved away, since ``id > N`` means its new project."""
    page = search(site, f"project = {project} AND id = {ident}", ("updated",), 1)
    return page is not None and page["total"] > 0


def search(site: Site, jql: str, fields: Sequence[str], size: int) -> dict[str, Any] | None:
    """One page from the start; None where Jira refuses the query (400): it names what is not there or not to be seen."""
    try:
        return site.call(_once, site, jql, fields, size, bucket=SEARCH)
    except Misconfigured as error:
        if error.status != 400:
            raise
        return None


def _once(site: Site, jql: str, fields: Sequence[str], size: int) -> dict[str, Any]:
    """One attempt. An answer without rows that counts some is tried again like any broken one."""
    page = site.get_once(SEARCH, {"jql": jql, "fields": ",".join(fields), "maxResults": size}, keys=("issues", "total"))
    if not isinstance(page["issues"], list):
        raise BadData("a page of Jira has no list of issues")
    if isinstance(page["total"], bool) or not isinstance(page["total"], int):
        raise BadData("a page of Jira does not say how many issues there are")
    if not page["issues"] and page["total"] > 0:
        raise BadData("Jira counts issues and lists none")
    return page


@dataclass(slots=True)
class Found:
    """What became of the ids of a lookup."""

    items: dict[str, WorkItem] = field(default_factory=dict)
    rejected: dict[str, Rejected] = field(default_factory=dict)
    archived: dict[str, Gone] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    """Jira answers 404 for each of them alone: deleted, or out of sight."""


class Reader:
    """Reads issues with one plan of fields. ``dates_archived``: the site has the field that tells when an issue was archived."""

    def __init__(self, site: Site, io: Io, fields: Sequence[str], normalise: Normalise, dates_archived: bool = False) -> None:
        self._site, self._io, self._fields, self._normalise = site, io, tuple(fields), normalise
        self._alone = ",".join([*fields, *([ARCHIVED_ON] if dates_archived else [])])

    def passage(self, query: Query, resume: str | None) -> Iterator[Page]:
        """A pass over a query, one page for each of Jira's, the last with ``end``."""
        for page in pages(self._site, query, self._fields, ITEMS_PER_PAGE, Place.read(resume, query)):
            read = [self._normalise(row) for row in page.rows]
            yield Page(
                items=tuple(one for one in read if isinstance(one, WorkItem)),
                rejected=page.rejected + tuple(one for one in read if isinstance(one, Rejected)),
                resume=page.next.write(query) if page.next else None,
                end=None if page.next else "complete",
            )

    def named(self, asked: Sequence[str]) -> Found:
        """Issues by id or key. One that no search returns is asked for by itself: that reads the database, not the index."""
        found, left = Found(), [ident for ident in asked if _is_name(ident)]
        for size in TOGETHER:
            chunks = chunks_of(left, size)
            left = []
            for chunk, rows in zip(chunks, self._io.map(self._together, chunks, bucket=SEARCH), strict=True):
                answered = self._take(rows or (), found)
                left += [ident for ident in chunk if ident not in answered]
        lost = []
        for ident, row in zip(left, self._io.map(self._single, left, bucket="issue"), strict=True):
            if row is None:
                lost.append(ident)
            elif (gone := _archived(row)) is not None:
                found.archived[gone.id] = gone
            else:
                self._take((row,), found)
        found.lost = tuple(lost)
        return found

    def _together(self, idents: list[str]) -> list[Any] | None:
        """Rows of these issues; None where one of them makes Jira refuse the whole query."""
        try:
            page = _once(self._site, f"id in ({', '.join(_quoted(ident) for ident in idents)})", self._fields, len(idents))
        except Misconfigured as error:
            if error.status != 400:
                raise
            return None
        rows: list[Any] = page["issues"]
        return rows

    def _single(self, ident: str) -> dict[str, Any] | None:
        try:
            return self._site.get_once(f"issue/{ident}", {"fields": self._alone}, keys=("id", "fields"))
        except EndpointGone:  # 404: "Issue Does Not Exist"
            return None

    def _take(self, rows: Sequence[Any], found: Found) -> set[str]:
        """Sort rows into ``found``; the ids and keys that they answer."""
        answered: set[str] = set()
        for row in rows:
            one = self._normalise(row)
            if one.id is not None:
                answered.add(one.id)
            if isinstance(one, Rejected):
                found.rejected[one.id or f"?{len(found.rejected)}"] = one
            else:
                found.items[one.id] = one
                answered.add(one.key or one.id)
        return answered


def _archived(row: dict[str, Any]) -> Gone | None:
    """An issue that somebody put into the archive: searches leave it out, asking for it does not."""
    fields = row["fields"]
    on = fields.get(ARCHIVED_ON) if isinstance(fields, dict) else None
    if on is None or not is_id(row["id"]):
        return None
    try:
        return Gone(row["id"], "archived", instant(on, ARCHIVED_ON))
    except Unreadable:
        return Gone(row["id"], "archived")


def _is_name(ident: str) -> bool:
    """Whether it can be an id or a key, and nothing that means more in JQL or in a path."""
    project, _, number = ident.rpartition("-")
    return is_id(ident) or (is_id(number) and project.replace("_", "").isalnum())


def _quoted(ident: str) -> str:
    return ident if is_id(ident) else f'"{ident}"'
