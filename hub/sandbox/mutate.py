"""Changes to a sandbox site, as its people would make them: each bumps `updated` where the real product would.

A change is an object with `op`: create, update, bulk, transition, resolution, move, delete, restore, secure, project, status,
sprint, field or board. Changes of lists (project, status, sprint, field, board: hub.sandbox.mutate_lists) leave the issues'
`updated` alone, as the real ones do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hub.sandbox.catalog import DROPPED
from hub.sandbox.draw import BLOCK, Issue
from hub.sandbox.mutate_lists import ListMutator, MutationError, project_at
from hub.sandbox.render import moment
from hub.sandbox.site import Site

Json = dict[str, Any]
TICK_MS = 1000  # every change takes a second of sandbox time, so two changes never carry the same stamp
_STATE = {"new": "todo", "indeterminate": "doing", "done": "done"}


class Mutator:
    """Applies changes to one site. `lag_ms` is how long search goes on answering from before the change."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.lag_ms = 0
        lists = ListMutator(site)
        self._ops: dict[str, Callable[[Json], Json]] = {
            "create": self.create,
            "update": self.update,
            "bulk": self.bulk,
            "transition": self.transition,
            "resolution": self.resolution,
            "move": self.move,
            "delete": self.delete,
            "restore": self.restore,
            "secure": self.secure,
            "project": lists.project,
            "status": lists.status,
            "sprint": lists.sprint,
            "field": lists.field,
            "board": lists.board,
        }

    def apply(self, change: Json) -> Json:
        """Make one change; the answer names what was touched."""
        op = self._ops.get(str(change.get("op")))
        if op is None:
            raise MutationError(f"op is one of {', '.join(self._ops)}, not {change.get('op')!r}")
        self.site.now += TICK_MS
        self.site.version += 1
        return op(change)

    # --- issues ----------------------------------------------------------------------------------------------------

    def _own(self, change: Json, silent: bool = False) -> Issue:
        """The issue a change names, as a copy that may be changed."""
        number = self.site.number(str(change.get("issue", "")))
        if number is None:
            raise MutationError(f"no issue {change.get('issue')!r}; give an id or a key")
        self.site.remember(number, self.lag_ms)
        issue = self.site.overlay.get(number)
        if issue is None:
            found = self.site.issue(number)
            assert found is not None
            issue = self.site.overlay[number] = replace(found, extra=dict(found.extra))
        if not silent:
            self._touch(issue)
        return issue

    def _touch(self, issue: Issue) -> None:
        issue.updated = self.site.now
        if issue.raw is not None:
            issue.extra["updated"] = moment(issue.updated)

    def create(self, change: Json) -> Json:
        """project, kind (Story if not said), summary; status, parent, labels, points, fields as in update."""
        site, at = self.site, project_at(self.site, change.get("project"))
        kind = str(change.get("kind", "Story"))
        if (at, kind) not in site.catalog.type_of:
            raise MutationError(f"project {change.get('project')} has no issue type {kind!r}")
        number = int(change.get("id", site.next_id))
        if site.issue(number) is not None:
            raise MutationError(f"issue {number} exists already")
        site.next_id = max(site.next_id, number + 1)
        site.remember(number, self.lag_ms)
        now = site.now
        status = self._status_id(at, str(change.get("status", "To Do")), fallback=True)
        issue = Issue(
            number,
            at,
            f"{site.catalog.projects[at].key}-{site.last_key[at] + 1}",
            kind,
            0,
            "",
            "todo",
            status,
            "",
            now,
            now,
            now,
            0,
            -1,
            0,
            (),
            "",
            3,
            None,
            (),
            str(change.get("team", "")),
        )
        site.add(issue)
        site.created.append(number)
        self._enter(issue, status)
        self._set(issue, {name: change[name] for name in ("summary", "parent", "labels", "points", "sprints") if name in change})
        self._set(issue, change.get("fields", {}))
        return {"id": str(number), "key": issue.key}

    def update(self, change: Json) -> Json:
        """`fields` by the vendor's ids (summary, labels, parent, duedate, points and sprints are understood, all others kept
        verbatim), `remove` names fields to leave out of answers, `silent` keeps `updated`."""
        issue = self._own(change, bool(change.get("silent")))
        self._set(issue, change.get("fields", {}))
        for name in change.get("remove", ()):
            issue.extra[name] = "\0absent"
        return {"id": str(issue.number), "key": issue.key}

    def bulk(self, change: Json) -> Json:
        """The same `fields` for all `issues`, or all of a `project`: one edit, so all carry one and the same stamp."""
        named = change.get("issues")
        if named is None:
            named = map(str, self.site.members(project_at(self.site, change.get("project"))))
        return {"issues": [self.update({**change, "issue": each})["id"] for each in named]}

    def _set(self, issue: Issue, fields: Json) -> None:
        for name, value in fields.items():
            if issue.raw is not None:
                issue.extra[name] = value
            elif name == "parent":
                issue.parent = self._parent(value)
            elif name == "summary" and isinstance(value, str):
                issue.summary = value
            elif name == "labels" and isinstance(value, (list, tuple)):
                issue.labels = tuple(value)
            elif name == "duedate" and (value is None or isinstance(value, str)):
                issue.due = value or ""
            elif name == "points" and (value is None or isinstance(value, (int, float))):
                issue.points = value
            elif name == "sprints":
                issue.sprints = tuple(int(each) for each in value)
            elif name == "component":
                issue.component = str(value)
            elif name == "team":
                issue.team = str(value)
            else:
                issue.extra[name] = value

    def _parent(self, value: Any) -> int:
        named = value.get("key") or value.get("id") if isinstance(value, dict) else value
        if not named:
            return 0
        number = self.site.number(str(named))
        if number is None:
            raise MutationError(f"no parent {named!r}")
        return number

    def _status_id(self, project: int, named: str, fallback: bool = False) -> str:
        rows = self.site.catalog.statuses
        if named in rows:
            return named
        own = self.site.catalog.projects[project]
        known = [ident for ident, row in rows.items() if row["name"].casefold() == named.casefold()]
        scoped = [ident for ident in known if rows[ident].get("scope", {}).get("project", {}).get("id") == own.id]
        shared = [ident for ident in known if "scope" not in rows[ident]]
        found = scoped or shared or known or (list(rows) if fallback else [])
        if not found:
            raise MutationError(f"no status {named!r}; there are {', '.join(sorted({row['name'] for row in rows.values()}))}")
        return found[0]

    def _enter(self, issue: Issue, status: str, resolution: str | None = None) -> None:
        """Put an issue into a status, with the resolution and dates that follow."""
        row = self.site.catalog.statuses[status]
        category = row["statusCategory"]["key"]
        before = self.site.catalog.statuses.get(issue.status, row)["statusCategory"]["key"]
        simplified = self.site.catalog.projects[issue.project].simplified
        issue.status, issue.category = status, ""
        if category != before:
            issue.changed = self.site.now
        if resolution is None:
            resolution = "Done" if category == "done" and not simplified else ""
        issue.resolution = resolution
        issue.resolved = self.site.now if category == "done" or resolution else 0
        issue.state = "dropped" if category == "done" and resolution in DROPPED else _STATE[category]
        if issue.raw is not None:
            issue.extra |= {
                "status": row,
                "resolution": {"name": resolution} if resolution else None,
                "resolutiondate": moment(issue.resolved) if issue.resolved else None,
                "statuscategorychangedate": moment(issue.changed),
            }

    def transition(self, change: Json) -> Json:
        """`status` by id or name, and optionally `resolution`."""
        issue = self._own(change)
        self._enter(issue, self._status_id(issue.project, str(change.get("status", ""))), change.get("resolution"))
        return {"id": str(issue.number), "key": issue.key, "state": issue.state}

    def resolution(self, change: Json) -> Json:
        """Set `resolution` (empty: clear it) without a transition."""
        issue = self._own(change)
        self._enter(issue, issue.status, str(change.get("resolution") or ""))
        return {"id": str(issue.number), "key": issue.key, "state": issue.state}

    def move(self, change: Json) -> Json:
        """To another `project`: same id, new key; the old key goes on answering."""
        site, issue = self.site, self._own(change)
        target, old = project_at(self.site, change.get("project")), issue.key
        if target == issue.project:
            raise MutationError(f"{old} is in {change.get('project')} already")
        self._leave(issue)
        category = site.catalog.statuses[issue.status]["statusCategory"]["name"]
        site.keys[old] = issue.number
        issue.project, issue.parent, issue.sprints, issue.component = target, 0, (), ""
        issue.key = f"{site.catalog.projects[target].key}-{site.last_key[target] + 1}"
        if issue.raw is None:
            issue.status = self._status_id(target, category, fallback=True)
            if (target, issue.kind) not in site.catalog.type_of:
                issue.kind = "Task"
        else:
            issue.extra["project"] = site.catalog.projects[target].reference()
        site.add(issue)
        return {"id": str(issue.number), "key": issue.key, "was": old}

    def _leave(self, issue: Issue) -> None:
        """Take an issue out of its project's listing."""
        if issue.number in self.site.extras[issue.project]:
            self.site.extras[issue.project].remove(issue.number)
        if self.site.generated(issue.number):
            assert self.site.history is not None
            self.site.away[self.site.history.birthplace(issue.number)].add(issue.number)

    def delete(self, change: Json) -> Json:
        """`issue`, gone without a trace, but for what stood below it: that loses its parent, which is a change of it."""
        issue = self._own(change, silent=True)
        for number in self._below(issue.number):
            self._own({"issue": str(number)}).parent = 0
        self._leave(issue)
        self.site.deleted[issue.number] = self.site.overlay.pop(issue.number)
        return {"id": str(issue.number), "key": issue.key}

    def _below(self, number: int) -> list[int]:
        """What has this issue as its parent: of its own block, or changed since."""
        site, near = self.site, list[int]()
        if site.history is not None and site.generated(number):
            home = site.history.birthplace(number)
            first = number - (number - site.history.starts[home]) % BLOCK
            near = [each for each in range(first, first + BLOCK) if site.generated(each)]
        rows = ((each, site.issue(each)) for each in dict.fromkeys([*near, *site.overlay]))
        return [each for each, row in rows if row is not None and row.parent == number and each != number]

    def secure(self, change: Json) -> Json:
        """`issue` gets a security level that the account does not have (`hidden` false: loses it): silent everywhere."""
        issue = self._own(change)
        hide = bool(change.get("hidden", True))
        (self.site.secured.add if hide else self.site.secured.discard)(issue.number)
        return {"id": str(issue.number), "key": issue.key}

    def restore(self, change: Json) -> Json:
        """A deleted `issue` (its id or its key) is back."""
        named = str(change.get("issue"))
        found = next((each for each in self.site.deleted.values() if named in (str(each.number), each.key)), None)
        if found is None:
            raise MutationError(f"{named} was not deleted")
        del self.site.deleted[found.number]
        self.site.add(found)
        self.site.extras[found.project].sort(key=self.site.key_number)
        self._touch(found)
        return {"id": str(found.number), "key": found.key}
