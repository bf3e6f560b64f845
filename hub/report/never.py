"""Why a rule matches nothing: the line that no item fits, and what was probably meant. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cached_property

from hub.model import Condition, Item, Mapping, Place, Rule, fold
from hub.rules import Fields, holds

_TEXTS = frozenset({"source", "project", "key", "type", "status", "resolution", "label", "component", "sprint", "assignee"})
"""Fields of which an item's texts can be listed without its state and team; ``field.NAME`` as well."""
_TRIED = 5_000
"""Different values among which the nearest is looked for."""


class Values:
    """What the items have in each field, read once and only for the fields that are asked for."""

    def __init__(self, fields: Fields, items: Iterable[Item]) -> None:
        self._fields, self._items = fields, list(items)
        self._known: dict[str, dict[str, str]] = {}

    def of(self, field: str) -> dict[str, str]:
        """Folded text -> as it is written."""
        if field not in self._known:
            known: dict[str, str] = {}
            for item in self._items:
                for text in self._fields.read(field, item) or ():
                    known.setdefault(fold(text), text)
            self._known[field] = known
        return self._known[field]

    @cached_property
    def owned(self) -> dict[str, str]:
        """Projects, by every name that a team can own them by."""
        return self.of("project")


def misfit(rule: Rule, values: Values) -> tuple[Place, str, str] | None:
    """The first line of a rule that fits no item at all: its place, the line, and the nearest value there is ("" if none)."""
    for condition in rule.when:
        if (condition.field in _TEXTS or condition.field.startswith("field.")) and _textual(condition):
            known = values.of(condition.field)
            if not any(holds(test, text) for test in condition.tests for text in known):
                written = ", ".join(t.written for t in condition.tests)
                return condition.place, f"when.{condition.field} = {written}", nearest(condition.tests[0].folded, known)
    return None


def plain(rule: Rule) -> bool:
    """Whether all that the rule asks can be looked up line by line."""
    known = all(c.field in _TEXTS or c.field.startswith("field.") for c in rule.when)
    return known and all(map(_textual, rule.when)) and not (rule.unless or rule.fence or rule.starts or rule.ends or rule.expr)


def _textual(condition: Condition) -> bool:
    return all(test.how in ("equal", "glob") for test in condition.tests)


def nearest(wanted: str, known: dict[str, str]) -> str:
    """The value, as written, that is most like a folded text."""
    found = difflib.get_close_matches(wanted, list(known)[:_TRIED], 1, 0.6)
    return known[found[0]] if found else ""


def idle_teams(mapping: Mapping, values: Values) -> list[tuple[Place, str, str, str]]:
    """(place, team, the project that it owns and no item is in, the nearest there is)."""
    found = []
    for team in mapping.teams.values():
        for written in team.owns_project:
            known = values.owned
            if "*" not in written and "?" not in written and fold(written) not in known:
                found.append((team.place, team.id, written, nearest(fold(written), known)))
    return found
