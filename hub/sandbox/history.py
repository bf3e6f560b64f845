"""The tickets of the sandbox company, made on demand from (seed, number).

Issues come in blocks: an epic and what stands below it. A block is drawn at once from its own generator, so any issue
of a million can be had without making the others. Pure: no clock, no input, no output.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from datetime import date
from typing import Any

from hub.sandbox import company
from hub.sandbox.company import ACTIVE, DAY_MS, PROJECTS, Sprint
from hub.sandbox.draw import BLOCK, MOVED, QUIRKS, Block, Issue

CACHED_BLOCKS = 1024
FIRST_ID = 100_001


class History:
    """All issues of one company: `issue(number)` for `count` numbers from FIRST_ID; the number is the vendor's id."""

    def __init__(self, seed: int, count: int, today: date) -> None:
        self.seed, self.count, self.today = seed, count, today
        self.now = company.epoch_ms(today)
        sizes = [int(count * project.share) for project in PROJECTS]
        sizes[0] += count - sum(sizes)
        self.starts = [FIRST_ID + sum(sizes[:at]) for at in range(len(sizes))]
        self.sizes = sizes
        self.sprints: tuple[tuple[Sprint, ...], ...] = tuple(company.sprints(at, today) for at in range(len(PROJECTS)))
        self.windows = tuple(found or company.sprints(0, today) for found in self.sprints)
        self._first_block = [sum(-(-size // BLOCK) for size in sizes[:at]) for at in range(len(sizes))]
        self.moved: dict[int, tuple[int, str, str]] = {}
        self._plan_moves()
        self._cache: OrderedDict[tuple[int, int], list[Issue]] = OrderedDict()

    def _plan_moves(self) -> None:
        """Moved issues: the last of every block of that character; number -> (project now, key now, key before)."""
        taken = [0] * len(PROJECTS)
        software = [at for at, project in enumerate(PROJECTS) if project.kind == "software"]
        for project in software:
            blocks = self.sizes[project] // BLOCK
            first = (MOVED - self.seed - self._first_block[project]) % QUIRKS
            for block in range(first, blocks, QUIRKS):
                target = software[(project + 1 + block // QUIRKS % (len(software) - 1)) % len(software)]
                taken[target] += 1
                position = (block + 1) * BLOCK
                key = f"{PROJECTS[target].key}-{self.sizes[target] + taken[target]}"
                self.moved[self.starts[project] + position - 1] = (target, key, f"{PROJECTS[project].key}-{position}")

    def key_count(self, project: int) -> int:
        """The highest key number in use in a project."""
        return self.sizes[project] + sum(1 for target, _, _ in self.moved.values() if target == project)

    def quirk(self, project: int, block: int) -> int:
        """The character of a block."""
        return (self.seed + self._first_block[project] + block) % QUIRKS

    def birthplace(self, number: int) -> int:
        """The project an issue was created in."""
        at = len(self.starts) - 1
        while self.starts[at] > number:
            at -= 1
        return at

    def key(self, number: int) -> str:
        """The present key of a number; arithmetic only."""
        if number in self.moved:
            return self.moved[number][1]
        at = self.birthplace(number)
        return f"{PROJECTS[at].key}-{number - self.starts[at] + 1}"

    def issue(self, number: int) -> Issue:
        """One issue. Do not change it: it is shared."""
        at = self.birthplace(number)
        position = number - self.starts[at]
        return self.block(at, position // BLOCK)[position % BLOCK]

    def block(self, project: int, block: int) -> list[Issue]:
        """An epic and its neighbours, from the cache or drawn anew."""
        cached = self._cache.get((project, block))
        if cached is None:
            cached = self._cache[project, block] = Block(self, project, block).issues
            if len(self._cache) > CACHED_BLOCKS:
                self._cache.popitem(last=False)
        return cached

    def issues(self) -> Iterator[Issue]:
        """Every issue, ascending."""
        for project in range(len(self.sizes)):
            yield from self.born(project)

    def born(self, project: int) -> Iterator[Issue]:
        """Every issue created in a project, ascending."""
        for block in range(-(-self.sizes[project] // BLOCK)):
            yield from self.block(project, block)

    def facts(self) -> Iterator[dict[str, Any]]:
        """Every issue as a plain dict of facts, to count independently of any rendering."""
        for issue in self.issues():
            yield self.fact(issue)

    def fact(self, issue: Issue) -> dict[str, Any]:
        """One issue as facts; `active` as the product defines it: in progress, done in the cycle, or in a present sprint."""
        _, first, last = company.cycle(self.today)
        begins, ends = company.epoch_ms(first), company.epoch_ms(last) + DAY_MS
        open_sprint = any(sprint % 100 >= ACTIVE for sprint in issue.sprints)
        finished = issue.state in ("done", "dropped")
        active = (
            issue.state == "doing"
            or (issue.state == "done" and begins <= issue.resolved < ends)
            or (not finished and open_sprint)
        )
        return {
            "number": issue.number,
            "key": issue.key,
            "project": PROJECTS[issue.project].key,
            "kind": issue.kind,
            "parent": issue.parent,
            "summary": issue.summary,
            "state": issue.state,
            "resolution": issue.resolution,
            "labels": issue.labels,
            "component": issue.component,
            "points": issue.points,
            "sprints": issue.sprints,
            "team": issue.team,
            "created": issue.created,
            "updated": issue.updated,
            "done_at": issue.resolved,
            "category_differs": bool(issue.category),
            "active": active,
            "forgotten": not finished and issue.updated < self.now - 180 * DAY_MS,
        }
