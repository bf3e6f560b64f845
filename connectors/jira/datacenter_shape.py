"""An issue of Data Center in the form that Cloud gives it: hierarchy, parent and people. Everything else is the same.

Data Center knows no ``hierarchyLevel``: an epic is an issue that has an Epic Name, or whose type others have one in. What belongs
to an epic names it in the field Epic Link, by key; only sub-tasks have a ``parent``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.jira.fields import Plan
from connectors.jira.normalise import Unreadable

EPIC, BASE, SUBTASK = 1, 0, -1


def make_adapter(plan: Plan, epic_types: frozenset[str]) -> Callable[[Any], Mapping[str, Any]]:
    """The function for one source, given the ids of the issue types that are epics. It copies what it changes."""
    links, names = plan.epic_links, plan.epic_names

    def adapt(fields: Any) -> Mapping[str, Any]:
        found = dict(fields)
        kind, assignee = fields["issuetype"], fields.get("assignee")
        link = next((value for ident in links if (value := fields.get(ident))), None)
        if kind.get("subtask") is True:
            level = SUBTASK
        elif kind.get("id") in epic_types or (not link and any(fields.get(ident) for ident in names)):
            level = EPIC
        else:
            level = BASE
        found["issuetype"] = {**kind, "hierarchyLevel": level}
        if link is not None and level != SUBTASK:
            if not isinstance(link, str):
                raise Unreadable("the Epic Link is not a key")
            found["parent"] = {"key": link}
        if assignee is not None:
            found["assignee"] = {"accountId": assignee.get("key") or assignee.get("name")}
        return found

    return adapt
