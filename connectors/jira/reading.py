"""Issues of a project: their ids page by page, their details a hundred at a time, and the position in between.

Ids come from ``search/jql`` (up to 5000 a page when only ids are asked, Jira Cloud REST v3 description), details from
``issue/bulkfetch`` (100 at most) in parallel: Atlassian's own recipe for the enhanced search.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from connectors.base import AccessLost, BadData, CursorExpired, Io, Misconfigured, Page, Rejected, WorkItem
from connectors.jira.client import BULK, SEARCH, Site
from connectors.jira.normalise import is_id, rejected

IDS_PER_PAGE = 5000
DETAILS_PER_CALL = 100
EMPTY_PAGES = 10
"""Pages without a new id that are followed, since Jira may filter a page empty; then the read fails."""
ASK_AGAIN = (25, 1)
"""Sizes of the calls that ask again for ids which Jira could not return: a smaller answer helps against its size limit."""

Normalise = Callable[[Any], WorkItem | Rejected]


def project_query(project: str, since: datetime | None) -> str:
    """JQL for a project, by its numeric id, ordered by what does not change while we read.

    ``since`` becomes epoch milliseconds: a date text would be read in the profile zone of the user (airbytehq/airbyte#48492).
    It is floored to the minute, the only resolution that is certain, less one minute, however Jira rounds. There is no upper
    bound, or issues that change all the time are never read (constructorfabric/insight#3447).
    """
    if not is_id(project):
        raise Misconfigured("a Jira project is read by its numeric id")
    return f"project = {project}{lower_bound(since)} ORDER BY key ASC"


def lower_bound(since: datetime | None) -> str:
    """The condition of a delta, as ``project_query`` explains it; nothing for a full pass."""
    if since is None:
        return ""
    minutes = math.floor(since.timestamp()) // 60 - 1
    return f" AND updated >= {minutes * 60_000}"


@dataclass(frozen=True, slots=True)
class IdPage:
    """One page of a listing: ``token`` led here, ``next`` leads on and is None at Jira's own end mark."""

    token: str | None
    rows: tuple[dict[str, Any], ...]
    rejected: tuple[Rejected, ...]
    next: str | None

    @property
    def ids(self) -> list[str]:
        return [row["id"] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a pass stands: the token of a page of ids, and the last id of that page whose details are committed."""

    token: str | None = None
    after: str | None = None

    def write(self, jql: str) -> str:
        return orjson.dumps({"q": digest(jql), "t": self.token, "a": self.after}).decode()

    @staticmethod
    def read(text: str | None, jql: str) -> Position:
        """Raises ``CursorExpired`` for a position of another query, or one that is not ours."""
        if text is None:
            return Position()
        try:
            value = orjson.loads(text)
            if value["q"] == digest(jql):
                return Position(value["t"], value["a"])
        except (ValueError, KeyError, TypeError):
            pass  # not ours: as good as another query's
        raise CursorExpired("the stored position belongs to another query", hint="the pass starts again from its beginning")


def digest(jql: str) -> str:
    return hashlib.blake2b(jql.encode(), digest_size=8).hexdigest()


def id_pages(site: Site, jql: str, fields: Sequence[str], token: str | None = None) -> Iterator[IdPage]:
    """All pages of ids from ``token`` on, each id once, to the end mark that Jira itself sets.

    Raises ``CursorExpired`` for a refused token (they live 7 days), ``AccessLost`` when the project cannot be searched,
    ``BadData`` for a repeated token, an end without a mark, and too many pages without a new id.
    """
    tokens, known, idle = {token}, Known(), 0
    while True:
        page = _listing(site, jql, fields, token)
        rows, bad = new_rows(page["issues"], known)
        following = page.get("nextPageToken")
        last = page.get("isLast")
        if following is not None and not isinstance(following, str):
            raise BadData("a page token of Jira is not a text")
        if last is True or (not following and last is not False):
            yield IdPage(token, rows, bad, None)
            return
        if not following:
            raise BadData("Jira says that more pages follow but names none")
        if following in tokens:
            raise BadData("Jira repeats a page token", hint="the pass would never end; it starts again next time")
        tokens.add(following)
        idle = 0 if rows else idle + 1
        if idle > EMPTY_PAGES:
            raise BadData(f"{idle} pages of Jira in a row brought no new issue")
        yield IdPage(token, rows, bad, following)
        token = following


def _listing(site: Site, jql: str, fields: Sequence[str], token: str | None) -> dict[str, Any]:
    params: dict[str, Any] = {"jql": jql, "fields": list(fields), "maxResults": IDS_PER_PAGE}
    if token is not None:
        params["nextPageToken"] = token
    try:
        page: dict[str, Any] = site.get(SEARCH, params, keys=("issues",))
    except Misconfigured as error:
        if error.status != 400:
            raise
        if token is not None:
            raise CursorExpired("Jira no longer knows the page token", hint="the pass starts again", status=400) from None
        # The query is ours and well-formed; only the project in it can be what Jira refuses.
        raise AccessLost(
            "Jira refuses to search this project", hint="the user may have lost Browse Projects there", status=400
        ) from None
    if not isinstance(page["issues"], list):
        raise BadData("a page of Jira has no list of issues")
    return page


class Known:
    """The ids that a listing had so far. As bits of large numbers, since a million texts would take 100 MB."""

    def __init__(self) -> None:
        self._bits: dict[int, int] = {}

    def add(self, ident: str) -> bool:
        """Whether it is new."""
        number = int(ident)
        place, bit = number >> 8, 1 << (number & 255)
        bits = self._bits.get(place, 0)
        if bits & bit:
            return False
        self._bits[place] = bits | bit
        return True


def new_rows(listed: list[Any], known: Known) -> tuple[tuple[dict[str, Any], ...], tuple[Rejected, ...]]:
    """Rows with an id that no earlier page had, and those whose id cannot be read."""
    rows, bad = [], []
    for row in listed:
        if not (isinstance(row, dict) and is_id(row.get("id"))):
            bad.append(rejected(row, "id is unreadable"))
        elif known.add(row["id"]):
            rows.append(row)
    return tuple(rows), tuple(bad)


@dataclass(slots=True)
class Details:
    """What became of the ids of one call; every one of them is in exactly one of the four."""

    items: dict[str, WorkItem] = field(default_factory=dict)
    rejected: dict[str, Rejected] = field(default_factory=dict)
    refused: dict[str, None] = field(default_factory=dict)
    """In ``issueErrors``: there, but not to be had now."""
    silent: tuple[str, ...] = ()
    """In neither list: deleted, or out of sight (Jira Cloud REST v3 description of bulkfetch)."""


class Reader:
    """Reads issues with one plan of fields."""

    def __init__(self, site: Site, io: Io, fields: Sequence[str], normalise: Normalise) -> None:
        self._site, self._io, self._fields, self._normalise = site, io, list(fields), normalise

    def passage(self, jql: str, resume: str | None) -> Iterator[Page]:
        """A pass over a query; one page for each call of details, the last with ``end``."""
        start = Position.read(resume, jql)
        after = start.after
        for page in id_pages(self._site, jql, ("id",), start.token):
            ids = page.ids
            if after in ids:  # else the page has changed: read it whole, the store folds what it knows
                ids = ids[ids.index(after) + 1 :]
            after = None
            following = Position(page.next).write(jql) if page.next else None
            chunks = chunks_of(ids, DETAILS_PER_CALL)
            bad = page.rejected
            for number, (chunk, details) in enumerate(self.details(chunks), 1):
                last = number == len(chunks)
                yield Page(
                    items=tuple(details.items.values()),
                    rejected=bad + tuple(details.rejected.values()),
                    unaccounted=details.silent,
                    resume=following if last else Position(page.token, chunk[-1]).write(jql),
                    end="complete" if last and following is None else None,
                )
                bad = ()
            if not chunks and (bad or following is None):
                yield Page(rejected=bad, resume=following, end=None if following else "complete")

    def details(self, chunks: Sequence[list[str]]) -> Iterator[tuple[list[str], Details]]:
        """Each chunk of ids with what became of it, in order, read in parallel. ``refused`` ids end as rejected."""
        with contextlib.closing(self._io.map(self._bulk, chunks, bucket="issue")) as answers:  # type: ignore[type-var]
            for chunk, details in zip(chunks, answers, strict=True):
                for size in ASK_AGAIN:
                    for again in chunks_of(list(details.refused), size):
                        _merge(details, again, self._io.call(self._bulk, again, bucket="issue"))
                for ident in details.refused:
                    details.rejected[ident] = rejected({"id": ident}, "Jira lists the issue but could not return it")
                details.refused = {}
                yield chunk, details

    def _bulk(self, ids: list[str]) -> Details:
        # Sorted by the thread that decoded it: while the page is in its cache, and so that decoded pages never queue up.
        body = {"issueIdsOrKeys": ids, "fields": self._fields}
        answer = self._site.post_once(BULK, body, keys=("issues",))
        if not isinstance(answer["issues"], list) or not isinstance(answer.get("issueErrors") or [], list):
            raise BadData("an answer with details has no list of issues")
        return self._sorted(ids, answer)

    def _sorted(self, asked: Sequence[str], answer: dict[str, Any]) -> Details:
        """The answer's issues by the id or key that was asked. Two of one id: the newer; equal stamps are asked again."""
        details = Details()
        for raw in answer["issues"]:
            found = self._normalise(raw)
            if isinstance(found, Rejected):
                details.rejected[found.id or f"?{len(details.rejected)}"] = found
                continue
            before = details.items.get(found.id)
            if before is None or _newer(found, before):
                details.items[found.id] = found
            elif found != before and not _newer(before, found):
                details.refused[found.id] = None
        for row in answer.get("issueErrors") or ():
            ident = row.get("id") if isinstance(row, dict) else None
            if isinstance(ident, str):
                details.refused[ident] = None
        for ident in details.refused:
            details.items.pop(ident, None)
        if len(details.items) < len(asked) or details.items.keys() != set(asked):
            answered = set(details.items) | set(details.rejected) | set(details.refused)
            answered |= {item.key for item in details.items.values() if item.key}
            details.silent = tuple(ident for ident in asked if ident not in answered)
        return details


def _merge(details: Details, again: Iterable[str], more: Details) -> None:
    for ident in again:
        if ident not in more.refused:
            details.refused.pop(ident, None)
    details.items.update(more.items)
    details.rejected.update(more.rejected)
    details.silent += more.silent


def _newer(one: WorkItem, other: WorkItem) -> bool:
    if one.updated_at is None or other.updated_at is None:
        return one.updated_at is not None and other.updated_at is None
    return one.updated_at > other.updated_at


def chunks_of(ids: list[str], size: int) -> list[list[str]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]
