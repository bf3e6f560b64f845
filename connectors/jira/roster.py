"""What both products have in common around their readers: lists kept for a run, the partitions, the rights to change things."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, TypeVar, cast

from connectors.base import AccessLost, AuthError, EndpointGone, Partition, SourceSettings
from connectors.jira import lists
from connectors.jira.client import Site
from connectors.jira.normalise import is_id

CHANGING = ("CREATE_ISSUES", "EDIT_ISSUES", "DELETE_ISSUES", "TRANSITION_ISSUES", "ADMINISTER_PROJECTS", "ADMINISTER")
"""Keys of permissions that reading does not need."""

T = TypeVar("T")
State = Literal["live", "archived", "trashed", "unseen"]
Roster = Mapping[str, tuple[str, dict[str, Any]]]
"""Project id -> (state, row)."""


class Kept:
    """What is read once per run, by whichever thread needs it first."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._found: dict[str, Any] = {}

    def __call__(self, name: str, read: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._found:
                self._found[name] = read()
            return cast(T, self._found[name])


def partitions(
    settings: SourceSettings, roster: Roster, site: Site, kept: Kept, fingerprint: Callable[[str | None], str]
) -> list[Partition]:
    """The configured projects by key, former key or id, or all that the user sees."""

    def listed(ident: str) -> Partition:
        state, row = roster[ident]
        return Partition(
            id=ident,
            title=str(row.get("name") or row.get("key") or ident),
            key=row.get("key"),
            state=cast(State, state),
            fingerprint=fingerprint(row.get("key")),
            size=lists.size_of(row),
        )

    if not settings.partitions:
        return [listed(ident) for ident in sorted(roster, key=lambda text: (len(text), text))]
    by_key = {str(row.get("key", "")).casefold(): ident for ident, (_, row) in roster.items()}
    found = {}
    for wanted in settings.partitions:
        ident = wanted if wanted in roster else by_key.get(wanted.casefold()) or _renamed(wanted, site, kept)
        found[ident] = listed(ident) if ident in roster else Partition(ident, ident, wanted, "unseen")
    return list(found.values())


def _renamed(key: str, site: Site, kept: Kept) -> str:
    """The id of a project whose key was changed, else the key itself."""
    return (None if is_id(key) else kept(f"project {key}", partial(lists.project_id, site, key))) or key


def missing_rights(site: Site, roster: Roster, licence: str) -> tuple[str, ...]:
    """What this user lacks, each as a sentence; ``licence`` is what opens boards."""
    missing = []
    if not any(state == "live" for state, _ in roster.values()):
        missing.append("this user sees no project: give it Browse Projects on those to read")
    if lists.boards_refused(site):
        missing.append(f"this user may not list boards, so sprints {licence}")
    return tuple(missing)


def writes(site: Site, params: Mapping[str, str]) -> tuple[str, ...] | None:
    """The account's rights to change issues or Jira itself, in any project; None where Jira does not tell.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permissions/ (``mypermissions``)
    """
    try:
        told = site.get("mypermissions", params, keys=("permissions",))["permissions"]
    except (AuthError, AccessLost, EndpointGone):
        return None
    rights = [told.get(key) for key in CHANGING] if isinstance(told, dict) else []
    having = [right for right in rights if isinstance(right, dict) and right.get("havePermission")]
    return tuple(str(right.get("name") or right.get("key")) for right in having)
