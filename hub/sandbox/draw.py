"""One block of tickets - an epic and what stands below it - drawn from its own generator. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from hub.sandbox import company
from hub.sandbox.company import ACTIVE, DAY_MS, FUTURE, KEY_RESULTS, MISSPELT, PROJECTS, SCHEMES
from hub.sandbox.themes import HOSTILE, KR_THEMES, LOOSE_THEMES, SERVICE_DESK, SUBTASKS, SUFFIXES, UPKEEP_THEMES, Theme

if TYPE_CHECKING:
    from hub.sandbox.history import History

BLOCK = 18
QUIRKS = 20  # every block has one of twenty characters, so rare cases come in fixed shares whatever the seed
(
    BAD_LABEL_EPIC,
    TWO_LABELS,
    CHILDLESS,
    LABEL_LOST,
    BAD_ESTIMATE,
    HOSTILE_A,
    ODD_CATEGORY,
    MOVED,
    KTLO,
    OTHER_TEAM,
    BAD_LABEL_STORY,
    HOSTILE_B,
    NO_EPIC,
    SHOUTED,
) = range(14)

THEMES = {**KR_THEMES, **LOOSE_THEMES, **UPKEEP_THEMES, "service-desk": SERVICE_DESK}
POINTS = (1.0, 2.0, 2.0, 3.0, 3.0, 5.0, 5.0, 8.0, 0.5)
STORY_LABELS = ("frontend", "backend", "ux", "customer-request", "security", "quick-win", "needs-docs")


@dataclass(slots=True)
class Issue:
    """What is true of one issue; times are epoch milliseconds, 0 or "" means none."""

    number: int
    project: int
    key: str
    kind: str
    parent: int
    summary: str
    state: str  # todo, doing, done, dropped
    status: str
    resolution: str
    created: int
    updated: int
    changed: int  # the status category
    resolved: int
    assignee: int
    reporter: int
    labels: tuple[str, ...]
    component: str
    priority: int
    points: float | None
    sprints: tuple[int, ...]
    team: str
    due: str = ""
    category: str = ""  # the copy of the status in the issue says this category, whatever the list says
    extra: dict[str, Any] = field(default_factory=dict)  # vendor fields set verbatim by a mutation
    raw: dict[str, Any] | None = None  # a recorded issue


@dataclass(slots=True)
class _Plan:
    """When and how far one ticket came."""

    role: str
    created: int
    changed: int
    updated: int
    resolved: int = 0
    sprints: tuple[int, ...] = ()


class Block:
    """One block while it is drawn."""

    def __init__(self, history: History, project: int, block: int) -> None:
        self.history, self.project, self.now = history, project, history.now
        self.draw: Callable[[], float] = random.Random((history.seed * 1_000_003 + project) * 2_000_003 + block).random
        self.spec = PROJECTS[project]
        self.statuses = SCHEMES[project]
        self.quirk = history.quirk(project, block)
        self.first = history.starts[project] + block * BLOCK
        self.position = block * BLOCK
        self.size = min(BLOCK, history.sizes[project] - self.position)
        age = (block + 0.5) / -(-history.sizes[project] // BLOCK)
        self.era = "old" if age < 0.12 else "past" if age < 0.34 else "mid" if age < 0.84 else "new"
        chosen = self.spec.mix[block % len(self.spec.mix)]
        self.theme: Theme = THEMES[chosen.rstrip("-")]
        self.label = bool(self.theme.kr) and not chosen.endswith("-") and self.quirk != LABEL_LOST
        self.windows = history.windows[project]
        self.people = company.members(project)
        self.desk = self.spec.kind == "service_desk"
        self.has_epic = not self.desk and self.quirk != NO_EPIC
        self.last: Issue | None = None
        self.word = int(self.draw() * 1000)  # where this block starts in its theme's vocabulary
        self.issues: list[Issue] = []
        for slot in range(self.size):
            self.issues.append(self.epic() if slot == 0 and self.has_epic else self.child(slot))

    # --- what it is ------------------------------------------------------------------------------------------------

    def epic(self) -> Issue:
        draw = self.draw
        plan = self.epic_plan()
        title = self.epic_title()
        if self.quirk == HOSTILE_B:
            title = HOSTILE[int(draw() * len(HOSTILE))]
        points = (13.0, 20.0, 40.0)[int(draw() * 3)] if self.quirk == CHILDLESS else None
        issue = self.make(0, "Epic", 0, title, plan, self.epic_labels(), points)
        if draw() < 0.4:
            issue.due = date.fromordinal(self.history.today.toordinal() + int(draw() * 90) - 30).isoformat()
        return issue

    def epic_title(self) -> str:
        """The titles of a theme in turn; a project that comes round to the first again is in its next phase."""
        mix, block = [name.rstrip("-") for name in self.spec.mix], self.position // BLOCK
        before = block // len(mix) * mix.count(self.theme.name) + mix[: block % len(mix)].count(self.theme.name)
        phase, titles = before // len(self.theme.epics), self.theme.epics
        return titles[(before + self.project) % len(titles)] + (f", phase {phase + 1}" if phase else "")

    def next_of(self, titles: tuple[str, ...]) -> str:
        """Another title than the last ones: a step of 13 meets every entry of a list before it repeats one."""
        self.word += 13
        return titles[self.word % len(titles)]

    def epic_labels(self) -> tuple[str, ...]:
        kr, quirk = self.theme.kr, self.quirk
        if quirk == BAD_LABEL_EPIC:
            return (MISSPELT[kr or self.team_kr()],)
        if quirk == KTLO and not kr:
            return (f"kr:{company.ALLOWANCE}",)
        if not self.label:
            return ()
        if quirk == TWO_LABELS:
            other = next(each.id for each in KEY_RESULTS if each.id != kr)
            return (f"kr:{kr}", f"kr:{other}")
        return (f"KR:{kr.upper()}",) if quirk == SHOUTED else ("roadmap", f"kr:{kr}") if self.draw() < 0.3 else (f"kr:{kr}",)

    def team_kr(self) -> str:
        return next((each.id for each in KEY_RESULTS if each.team == self.spec.team), KEY_RESULTS[0].id)

    def child(self, slot: int) -> Issue:
        draw, theme = self.draw, self.theme
        moved = self.history.moved.get(self.first + slot)
        if moved:
            return self.moved_issue(slot, moved)
        if self.last is not None and not self.desk and draw() < 0.24:
            return self.subtask(slot, self.last)
        kind, title = self.child_title()
        if self.quirk in (HOSTILE_A, HOSTILE_B) and slot in (2, 3):
            title = HOSTILE[(slot + self.position) % len(HOSTILE)]
        plan = self.desk_plan() if self.desk else self.plan()
        orphan = not self.has_epic or self.quirk == CHILDLESS or draw() < 0.03
        points: float | None = None
        if not self.desk and draw() >= 0.12:
            points = POINTS[int(draw() * len(POINTS))]
        if self.quirk == BAD_ESTIMATE and slot in (1, 4):
            points = -1.0 if slot == 1 else -3.0
        issue = self.make(slot, kind, 0 if orphan else self.first, title, plan, self.child_labels(slot, theme.kr), points)
        if self.quirk == ODD_CATEGORY and slot == 5:
            issue.category = "new" if issue.state in ("done", "dropped") else "done"
        if kind in ("Story", "Task"):
            self.last = issue
        return issue

    def child_title(self) -> tuple[str, str]:
        draw, theme = self.draw, self.theme
        r = draw()
        if r < 0.2:
            title = self.next_of(theme.faults)
            kind = "Incident" if self.desk else "Bug"
        else:
            title = self.next_of(theme.stories)
            kind = "Service Request" if self.desk else "Story" if r < 0.72 else "Task"
        if draw() < 0.2:
            title += SUFFIXES[int(draw() * len(SUFFIXES))] if not self.desk else " (again)"
        return kind, title

    def child_labels(self, slot: int, kr: str) -> tuple[str, ...]:
        draw = self.draw
        labels: tuple[str, ...] = (STORY_LABELS[int(draw() * len(STORY_LABELS))],) if draw() < 0.3 else ()
        if self.desk:
            return labels
        if self.quirk == BAD_LABEL_STORY and slot == 1:
            labels += (MISSPELT[kr or self.team_kr()],)
        elif draw() < 0.025:
            labels += (f"kr:{self.team_kr()}",)
        return labels

    def subtask(self, slot: int, parent: Issue) -> Issue:
        draw = self.draw
        done = parent.state in ("done", "dropped") or (parent.state == "doing" and draw() < 0.5)
        created = parent.created + int(draw() * (parent.updated - parent.created) * 0.5)
        if done:
            end = parent.resolved or parent.updated
            changed = created + int((0.3 + 0.7 * draw()) * max(end - created, 0))
            plan = _Plan("done", created, changed, changed, changed, parent.sprints)
        else:
            role = "todo" if parent.state == "todo" or draw() < 0.6 else "doing"
            changed = created if role == "todo" else created + int(draw() * (parent.updated - created))
            plan = _Plan(role, created, changed, changed, 0, parent.sprints)
        title = self.next_of(SUBTASKS)
        return self.make(slot, "Sub-task", parent.number, title, plan)

    def moved_issue(self, slot: int, moved: tuple[int, str, str]) -> Issue:
        """Moved to another project: it takes that project's statuses and leaves epic and sprints behind."""
        target, key, _ = moved
        plan = self.plan()
        plan.sprints = ()
        self.statuses = SCHEMES[target]
        issue = self.make(slot, "Task", 0, self.child_title()[1], plan, (), 2.0)
        self.statuses = SCHEMES[self.project]
        issue.project, issue.key = target, key
        issue.updated = max(issue.updated, self.now - int(self.draw() * 60 * DAY_MS))  # the move was a change too
        if issue.team:
            issue.team = company.TEAMS[target].name if not PROJECTS[target].simplified else ""
        return issue

    def make(
        self,
        slot: int,
        kind: str,
        parent: int,
        title: str,
        plan: _Plan,
        labels: tuple[str, ...] = (),
        points: float | None = None,
    ) -> Issue:
        draw, role, simplified = self.draw, plan.role, self.spec.simplified
        resolution = ""
        state = "todo" if role == "todo" else "doing"
        if role == "done":
            state, resolution = "done", "" if simplified else "Done"
        elif role == "wontdo":
            state, resolution = "dropped", ("Won't Do", "Duplicate", "Won't Do")[int(draw() * 3)]
            if not self.desk and draw() < 0.5:
                role = "done"  # the other way to drop: an ordinary done status with a telling resolution
        team = "" if simplified or self.desk else company.TEAMS[self.project].name
        if self.quirk == OTHER_TEAM and slot in (2, 3, 6) and team:
            team = "Identity" if self.spec.team != "identity" else "Platform"
        assigned = role != "todo" or draw() < 0.5
        people = self.people
        return Issue(
            self.first + slot,
            self.project,
            f"{self.spec.key}-{self.position + slot + 1}",
            kind,
            parent,
            title,
            state,
            self.statuses[role],
            resolution,
            plan.created,
            plan.updated,
            plan.changed,
            plan.resolved,
            people[int(draw() * len(people))] if assigned else -1,
            people[int(draw() * len(people))],
            labels,
            "" if simplified else self.theme.component,
            1 + int(draw() * 5),
            points,
            plan.sprints,
            team,
        )

    # --- how far it came -------------------------------------------------------------------------------------------

    def between(self, low: int, high: int) -> int:
        return low + int(self.draw() * (high - low)) if high > low else low

    def ago(self, least: float, most: float) -> int:
        return self.now - int((least + self.draw() * (most - least)) * DAY_MS)

    def epic_plan(self) -> _Plan:
        era, r = self.era, self.draw()
        if era == "old":
            return self.old_plan()
        if era == "past":
            created = self.ago(120, 160)
            if r < 0.6:
                done = self.between(self.windows[3].start, self.windows[5].start)
                return _Plan("done", created, done, done, done)
        else:
            created = self.ago(60, 110) if era == "mid" else self.ago(10, 45)
        role = "todo" if r < (0.35 if era == "new" else 0.05) else "doing"
        changed = created if role == "todo" else self.between(created, self.now - 5 * DAY_MS)
        return _Plan(role, created, changed, self.between(max(changed, self.now - 20 * DAY_MS), self.now))

    def old_plan(self) -> _Plan:
        """Forgotten: nobody has touched it for 180 days and more."""
        r = self.draw()
        role = "todo" if r < 0.68 else "doing" if r < 0.82 else "parked" if r < 0.87 else "done" if r < 0.96 else "wontdo"
        created = self.ago(220, 700)
        changed = created if role == "todo" else self.between(created, created + 25 * DAY_MS)
        return _Plan(
            role, created, changed, self.between(changed, changed + 8 * DAY_MS), changed if role in ("done", "wontdo") else 0
        )

    def desk_plan(self) -> _Plan:
        created = self.ago(0.2, 130)
        if self.draw() < 0.88 and created < self.now - DAY_MS:
            done = self.between(created, min(self.now, created + 6 * DAY_MS))
            return _Plan("done" if self.draw() < 0.93 else "wontdo", created, done, done, done)
        role = ("todo", "doing", "review")[int(self.draw() * 3)]
        return _Plan(role, created, created, self.between(created, self.now))

    def sprint_of(self) -> int:
        """The sprint a ticket was first planned into; -1 is the backlog."""
        r = self.draw()
        if self.era == "past":
            return int(r * 4)
        if self.era == "mid":
            return 1 + int(r * 10) if r < 0.5 else ACTIVE if r < 0.74 else FUTURE if r < 0.84 else -1
        return 4 + int(r * 16) if r < 0.12 else ACTIVE if r < 0.45 else FUTURE if r < 0.7 else -1

    def plan(self) -> _Plan:
        if self.era == "old":
            return self.old_plan()
        at, r = self.sprint_of(), self.draw()
        if at < 0:
            created = self.ago(2, 100)
            return _Plan("todo", created, created, self.between(created, self.now))
        start = self.windows[at].start
        created = min(start, self.now) - int((1 + self.draw() * 24) * DAY_MS)
        end = min(self.windows[at].end, self.now)
        if at < ACTIVE and r < 0.91:
            done = self.between(start, end)
            later = min(self.now, done + int(self.draw() * 2 * DAY_MS))
            return _Plan("done" if r < 0.86 else "wontdo", created, done, later, done, self.sprint_ids(at, at))
        if at < ACTIVE and r < 0.93:  # fell back into the backlog
            return _Plan("todo", created, created, self.between(end, self.now), 0, self.sprint_ids(at, at))
        return self.open_plan(at, created, min(start, self.now))

    def open_plan(self, at: int, created: int, start: int) -> _Plan:
        """Not finished in a closed sprint (then carried over), in the running one, or planned into the next."""
        r, now = self.draw(), self.now
        if at == FUTURE:
            return _Plan("todo", created, created, self.between(created, now), 0, self.sprint_ids(at, at))
        ids = self.sprint_ids(at, ACTIVE)
        if r < 0.28 and at == ACTIVE:
            done = self.between(start, now)
            return _Plan("done", created, done, done, done, ids)
        role = "doing" if r < 0.58 else "review" if r < 0.72 else "blocked" if r < 0.76 else "parked" if r < 0.79 else "todo"
        changed = created if role == "todo" else self.between(start, now)
        return _Plan(role, created, changed, self.between(max(changed, now - 9 * DAY_MS), now), 0, ids)

    def sprint_ids(self, first: int, last: int) -> tuple[int, ...]:
        if not self.history.sprints[self.project]:
            return ()
        base = (self.project + 1) * 100
        return tuple(range(base + first, base + last + 1))
