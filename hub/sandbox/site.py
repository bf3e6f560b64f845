"""The state of one sandbox site: the generated or recorded issues, what was changed since, and search over both."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace

from hub.sandbox.catalog import Catalog
from hub.sandbox.draw import Issue
from hub.sandbox.history import History
from hub.sandbox.jql import DATES, IDS, Condition, JqlError, Query

KEPT_RESULTS = 16
Sort = Callable[[int], tuple[int, ...]]


class Site:
    """Issues by number (the vendor's id). Only changes are held; the rest is made on demand."""

    def __init__(self, catalog: Catalog, history: History | None, recorded: Iterable[Issue] = (), now: int = 0) -> None:
        self.catalog, self.history, self.now = catalog, history, now
        self.overlay: dict[int, Issue] = {}
        self.deleted: dict[int, Issue] = {}
        self.secured: set[int] = set()  # hidden by issue security: to the account they do not exist
        self.keys: dict[str, int] = {}  # keys that arithmetic does not find: moved and created issues
        self.extras: list[list[int]] = [[] for _ in catalog.projects]  # born elsewhere or later, in key order
        self.away: list[set[int]] = [set() for _ in catalog.projects]  # born here, now elsewhere or deleted
        self.last_key = [0] * len(catalog.projects)
        self.next_id = 0
        self.created: list[int] = []
        self.version = 0
        self.stale: dict[int, tuple[int, Issue | None]] = {}  # what the search index still believes, and until when
        self._stamps: dict[int, tuple[array[int], array[int]]] = {}
        self._results: OrderedDict[tuple[Query, tuple[int, ...], int], array[int]] = OrderedDict()
        if history is not None:
            self._adopt(history)
        for issue in recorded:
            self.add(issue)
        for extra in self.extras:
            extra.sort(key=self.key_number)
        self.next_id = max([self.next_id, *self.overlay]) + 1
        ranked = sorted(range(len(catalog.projects)), key=lambda at: catalog.projects[at].key)
        self._rank = {at: rank for rank, at in enumerate(ranked)}

    def _adopt(self, history: History) -> None:
        for at in range(len(history.sizes)):
            self.last_key[at] = history.key_count(at)
        for number, (target, key, _) in history.moved.items():
            self.keys[key] = number
            self.away[history.birthplace(number)].add(number)
            self.extras[target].append(number)
        self.next_id = history.starts[0] + history.count - 1

    def add(self, issue: Issue) -> None:
        """Take in an issue that generation does not know."""
        self.overlay[issue.number] = issue
        self.keys[issue.key] = issue.number
        self.extras[issue.project].append(issue.number)
        self.last_key[issue.project] = max(self.last_key[issue.project], int(issue.key.rpartition("-")[2]))

    # --- one issue -------------------------------------------------------------------------------------------------

    def generated(self, number: int) -> bool:
        """Whether arithmetic knows this number."""
        history = self.history
        return history is not None and 0 <= number - history.starts[0] < history.count

    def issue(self, number: int) -> Issue | None:
        """The present truth of one issue, whoever may see it."""
        found = self.overlay.get(number)
        if found is not None:
            return found
        if number in self.deleted or not self.generated(number):
            return None
        assert self.history is not None
        return self.history.issue(number)

    def key(self, number: int) -> str:
        """The present key, without making the issue."""
        found = self.overlay.get(number) or self.deleted.get(number)
        if found is not None:
            return found.key
        assert self.history is not None
        return self.history.key(number)

    def key_number(self, number: int) -> int:
        """The part of the key behind the dash."""
        return int(self.key(number).rpartition("-")[2])

    def project_of(self, number: int) -> int:
        """The project of an issue: where it is now, or was when it was deleted."""
        found = self.overlay.get(number) or self.deleted.get(number)
        if found is not None:
            return found.project
        assert self.history is not None
        moved = self.history.moved.get(number)
        return moved[0] if moved else self.history.birthplace(number)

    def number(self, id_or_key: str) -> int | None:
        """An id or a present or former key -> number, if that issue exists."""
        if id_or_key.isdigit():
            found: int | None = int(id_or_key)
        else:
            found = self.keys.get(id_or_key.upper())
            if found is None and self.history is not None:
                found = self._arithmetic(id_or_key.upper())
        exists = found is not None and (found in self.overlay or (self.generated(found) and found not in self.deleted))
        return found if exists else None

    def _arithmetic(self, key: str) -> int | None:
        prefix, _, position = key.rpartition("-")
        assert self.history is not None
        for at, size in enumerate(self.history.sizes):
            row = self.catalog.projects[at]
            if prefix in (row.key, *row.former) and position.isdigit() and 1 <= int(position) <= size:
                return self.history.starts[at] + int(position) - 1
        return None

    def visible(self, number: int, projects: frozenset[int]) -> bool:
        """Whether a caller who sees these projects sees this issue; archived issues are still readable one by one."""
        return number not in self.secured and self.project_of(number) in projects

    # --- search ----------------------------------------------------------------------------------------------------

    def members(self, project: int) -> array[int]:
        """The numbers of a project's issues in the order of their keys."""
        away = self.away[project]
        found = array("q")
        if self.history is not None and project < len(self.history.sizes):
            start = self.history.starts[project]
            found.extend(number for number in range(start, start + self.history.sizes[project]) if number not in away)
        found.extend(self.extras[project])
        return found

    def stamp(self, number: int, field: str) -> int:
        """`created` or `updated` of an issue, from compact arrays where possible."""
        history, issue = self.history, self.overlay.get(number)
        if issue is None and history is not None:
            if number not in history.moved:
                at = history.birthplace(number)
                if at not in self._stamps:
                    self._stamps[at] = self._read_stamps(history, at)
                return self._stamps[at][field == "updated"][number - history.starts[at]]
            issue = history.issue(number)
        assert issue is not None
        return issue.updated if field == "updated" else issue.created

    @staticmethod
    def _read_stamps(history: History, project: int) -> tuple[array[int], array[int]]:
        created, updated = array("q"), array("q")
        for issue in history.born(project):
            created.append(issue.created)
            updated.append(issue.updated)
        return created, updated

    def search(self, query: Query, visible: frozenset[int], fresh: frozenset[int] = frozenset()) -> tuple[array[int], Sort]:
        """The numbers that match, in order, and the function that gives each its place in that order."""
        projects = self._projects(query, visible)
        sort = self._sort(query, fresh)
        for number in [number for number, (until, _) in self.stale.items() if until <= self.now]:
            del self.stale[number]
            self.version += 1
        cached = self._results.get((query, projects, self.version))
        if cached is not None and not fresh:
            return cached, sort
        found = self._matching(query, projects)
        stale = [number for number in self.stale if number not in fresh]
        if stale:
            found = self._as_indexed(found, stale, query, projects)
        order = query.order or (("id", True),)
        if stale or order[0] != ("key", False) or len(projects) > 1:
            found = array("q", sorted(found, key=sort))
        if not fresh:
            self._results[query, projects, self.version] = found
            if len(self._results) > KEPT_RESULTS:
                self._results.popitem(last=False)
        return found, sort

    def after(self, found: array[int], sort: Sort, place: tuple[int, ...]) -> int:
        """Where the listing goes on behind a place, even if what stood there has gone."""
        return bisect_right(found, place, key=sort)

    def _projects(self, query: Query, visible: frozenset[int]) -> tuple[int, ...]:
        chosen = set(visible)
        for test in (test for test in query.tests if test.field == "project"):
            named = set()
            for value in test.values:
                wanted = str(value).casefold()
                hits = {
                    at
                    for at in visible
                    if wanted
                    in (
                        self.catalog.projects[at].key.casefold(),
                        self.catalog.projects[at].id,
                        self.catalog.projects[at].name.casefold(),
                        *(key.casefold() for key in self.catalog.projects[at].former),
                    )
                }
                if not hits:
                    raise JqlError(f"The value '{value}' does not exist for the field 'project'.")
                named |= hits
            chosen &= named
        return tuple(sorted(at for at in chosen if self.catalog.projects[at].state == "live"))

    def _matching(self, query: Query, projects: tuple[int, ...]) -> array[int]:
        tests = [test for test in query.tests if test.field != "project"]
        named = next((test for test in tests if test.field in IDS and test.op in ("=", "in")), None)
        if named is not None:
            numbers = {self._number_or_refuse(str(value), named.field) for value in named.values}
            inside = set(projects)
            found = array("q", sorted(number for number in numbers if self.project_of(number) in inside))
        else:
            found = array("q")
            for project in sorted(projects, key=lambda at: self._rank[at]):
                found.extend(self.members(project))
        if self.secured:
            found = array("q", (number for number in found if number not in self.secured))
        for test in tests:
            check = self._check(test)
            found = array("q", (number for number in found if check(number)))
        return found

    def _number_or_refuse(self, value: str, field: str) -> int:
        number = self.number(value)
        if number is None:
            raise JqlError(f"An issue with key '{value}' does not exist for field '{field}'.")
        return number

    def _check(self, test: Condition) -> Callable[[int], bool]:
        if test.op == "in":
            wanted = {self._number_or_refuse(str(value), test.field) for value in test.values}
            return wanted.__contains__
        compare = _COMPARE[test.op]
        bound = test.values[0]
        if test.field in DATES:
            field, limit = test.field, int(bound)
            return lambda number: compare(self.stamp(number, field), limit)
        text = str(bound)
        if text.isdigit():
            limit = int(text)
            return lambda number: compare(number, limit)
        at, limit = self.project_of(self._number_or_refuse(text, test.field)), int(text.rpartition("-")[2])
        return lambda number: self.project_of(number) == at and compare(self.key_number(number), limit)

    def _sort(self, query: Query, fresh: frozenset[int]) -> Sort:
        parts: list[Callable[[int], int]] = []
        for field, descending in query.order or (("id", True),):
            place = self._place(field, fresh)
            parts.append(_negative(place) if descending else place)
            if field in IDS:
                break  # unique: what follows cannot matter
        if len(parts) == 1 and (query.order or (("id", True),))[0][0] in IDS:
            only = parts[0]
            return lambda number: (only(number),)
        return lambda number: (*(part(number) for part in parts), number)

    def _place(self, field: str, fresh: frozenset[int]) -> Callable[[int], int]:
        if field in DATES:
            return lambda number: self._indexed_stamp(number, field, fresh)
        if field == "id":
            return lambda number: number
        return lambda number: self._rank[self.project_of(number)] * 1_000_000_000 + self.key_number(number)

    # --- an index that lags ----------------------------------------------------------------------------------------

    def indexed(self, number: int, fresh: frozenset[int] = frozenset()) -> Issue | None:
        """An issue as the search index knows it; the fresh ones are reconciled with the truth."""
        if number in self.stale and number not in fresh:
            return self.stale[number][1]
        return self.issue(number)

    def _indexed_stamp(self, number: int, field: str, fresh: frozenset[int]) -> int:
        if number in self.stale and number not in fresh:
            before = self.stale[number][1]
            return 0 if before is None else before.updated if field == "updated" else before.created
        return self.stamp(number, field)

    def _as_indexed(self, found: array[int], stale: list[int], query: Query, projects: tuple[int, ...]) -> array[int]:
        """Replace what is true of the stale issues by what the index still says of them."""
        outdated = set(stale)
        kept = [number for number in found if number not in outdated]
        for number in stale:
            before = self.stale[number][1]
            if before is None or before.project not in projects or number in self.secured:
                continue
            if all(_holds(test, before) for test in query.tests if test.field != "project"):
                kept.append(number)
        return array("q", kept)

    def remember(self, number: int, lag_ms: int) -> None:
        """Before a change: keep what search will go on saying for a while."""
        self.version += 1
        if lag_ms and number not in self.stale:
            before = self.issue(number)
            self.stale[number] = (self.now + lag_ms, replace(before) if before is not None else None)


def _negative(place: Callable[[int], int]) -> Callable[[int], int]:
    return lambda number: -place(number)


def _holds(test: Condition, issue: Issue) -> bool:
    values = test.values
    if test.field in DATES:
        return _COMPARE[test.op](issue.updated if test.field == "updated" else issue.created, int(values[0]))
    named = {str(value).upper() for value in values}
    if test.op in ("=", "in"):
        return str(issue.number) in named or issue.key in named
    return str(values[0]).isdigit() and _COMPARE[test.op](issue.number, int(values[0]))


_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}
