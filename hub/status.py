"""What a vendor's status means: state, closing date, activity. Pure; docs/how-numbers-are-calculated.md, sections 1 and 5."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingABC
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from connectors.base import ARCHIVED
from hub.model import LEFT, Cycle, Dimensions, Item, Mapping, Sprint, State, Status, StatusWord, fold

BY_CATEGORY: dict[str, State] = {"new": "todo", "indeterminate": "doing", "done": "done"}
ESTIMATE_LIMIT = Decimal(10) ** 9
_NUMBER = re.compile(r"(\d+(\.\d+)?([eE][+-]?\d{1,3})?)|-0+(\.0+)?", re.ASCII)


@lru_cache(maxsize=4096)  # estimates are few: 1, 2, 3, 5, 8
def estimate_of(literal: str | None) -> Decimal | None:
    """The estimate as a number from 0 to one billion; None when it is missing or not such a number."""
    if literal is None or _NUMBER.fullmatch(literal) is None:
        return None
    value = abs(Decimal(literal))  # of negative ones only -0 is let through, and that is 0
    return value if value <= ESTIMATE_LIMIT else None


AMOUNT_LIMIT = Decimal(10) ** 15


@lru_cache(maxsize=4096)
def amount_of(literal: str | None) -> Decimal | None:
    """The amount as a number from 0 to 10^15; None when it is missing or not such a number."""
    if literal is None or _NUMBER.fullmatch(literal) is None:
        return None
    value = abs(Decimal(literal))
    return value if value <= AMOUNT_LIMIT else None


def closed_at(item: Item) -> int | None:
    """When a closed item was closed: the vendor's date, else when the hub saw its status appear, else unknown."""
    return item.done_at if item.done_at is not None else item.status_seen_at


class Reading(NamedTuple):
    """The state of an item by itself and, where ``kind`` is set, the finding about what is odd in its status."""

    state: State
    kind: str | None
    text: str


class States:
    """The state of an item by itself, without its ancestors. Remembers each distinct combination of status and resolution."""

    def __init__(self, mapping: Mapping, dimensions: Dimensions) -> None:
        self._dropped = mapping.dropped_resolutions
        self._statuses = dimensions.statuses
        self._words = StatusWords(mapping, dimensions)
        self._known: dict[tuple[str | bool | None, ...], Reading] = {}

    def of(self, item: Item) -> State:
        return self.read(item).state

    def read(self, item: Item) -> Reading:
        bare = item.done_at is not None and not item.status and not item.status_id
        signature = (
            item.source, item.status_id, item.status, item.category, item.resolution_id, item.resolution, item.presence, bare
        )  # fmt: skip
        found = self._known.get(signature)
        if found is None:
            found = self._known[signature] = self._judge(item)
        return found

    def _judge(self, item: Item) -> Reading:
        row = self._statuses.get((item.source, item.status_id)) if item.status_id else None
        word = self._words.of(item, row)
        listed = row.category if row and row.category in BY_CATEGORY else None
        copied = item.category if item.category in BY_CATEGORY else None
        category = listed or copied
        if category is None and item.done_at is not None and not item.status and not item.status_id:
            category = "done"  # a row that knows no status and says when it was done
        state: State = word.state if word else BY_CATEGORY[category] if category else "todo"
        if state == "done" and self._resolved_as_dropped(item):
            state = "dropped"
        if (item.presence == "archived" or item.resolution_id == ARCHIVED) and state in ("todo", "doing"):
            state = "dropped"
        if word:
            return Reading(state, None, "")
        name = (row.name if row else item.status) or item.status_id or "no status"
        if category is None:
            text = f"status {name!r} has no category that is known and no line in [status.{item.source}]; the item counts as todo"
            return Reading(state, "status", text)
        if listed and copied and listed != copied:
            text = f"the item says that status {name!r} is {copied!r}, the status list says {listed!r}; the list wins"
            return Reading(state, "category", text)
        return Reading(state, None, "")

    def _resolved_as_dropped(self, item: Item) -> bool:
        return any(text is not None and fold(text) in self._dropped for text in (item.resolution, item.resolution_id))


class StatusWords:
    """The status maps: a source's lines before those of its kind, exact ones before wildcards, longer before shorter."""

    def __init__(self, mapping: Mapping, dimensions: Dimensions) -> None:
        self._tables = {name: sorted(words, key=_precedence) for name, words in mapping.statuses.items()}
        self._kinds = {name: facts.kind for name, facts in dimensions.sources.items()}

    def of(self, item: Item, row: Status | None) -> StatusWord | None:
        """The line that decides for the item's status; ``row`` is that status in the vendor's list. None where no line fits."""
        texts = [fold(t) for t in (item.status, row.name if row else None, item.status_id) if t]
        for name in (item.source, self._kinds.get(item.source)):
            for word in self._tables.get(fold(name), ()) if name else ():
                if any(_fits(word, text) for text in texts):
                    return word
        return None


def _precedence(word: StatusWord) -> tuple[bool, int, str]:
    return (_is_glob(word), -len(word.folded), word.folded)


def _is_glob(word: StatusWord) -> bool:
    return "*" in word.folded or "?" in word.folded


def _fits(word: StatusWord, text: str) -> bool:
    return wildcards(word.folded).fullmatch(text) is not None if _is_glob(word) else word.folded == text


@lru_cache(maxsize=4096)
def wildcards(pattern: str) -> re.Pattern[str]:
    """A folded text in which ``*`` stands for any characters and ``?`` for one; to be used with ``fullmatch``."""
    # The first place where a piece between two stars fits is as good as any other, so each is an atomic group: no text can make
    # this backtrack from one star into the one before.
    pieces = ["".join("." if c == "?" else re.escape(c) for c in piece) for piece in re.split(r"\*+", pattern)]
    if len(pieces) == 1:
        return re.compile(pieces[0], re.DOTALL)
    middle = "".join(f"(?>.*?{piece})" for piece in pieces[1:-1])
    return re.compile(f"{pieces[0]}{middle}.*{pieces[-1]}", re.DOTALL)


class Activity:
    """Whether an item is active at an instant: in progress, done within the cycle in force, or planned into a sprint."""

    def __init__(self, mapping: Mapping, dimensions: Dimensions, as_of: int) -> None:
        self.cycle: Cycle | None = mapping.cycle_at(as_of)
        self._bounds = self.cycle.bounds(mapping.zone) if self.cycle else (0, 0)
        self._planned = _planned_sprints(dimensions.sprints)
        self._no_work = frozenset(name for name, facts in dimensions.sources.items() if not facts.work)

    def __call__(self, item: Item, state: State) -> bool:
        if item.presence in LEFT or item.duplicate_of is not None or item.source in self._no_work:
            return False
        if state == "doing":
            return True
        if state == "done":
            closed = closed_at(item)
            return closed is not None and self._bounds[0] <= closed < self._bounds[1]
        return state == "todo" and any((item.source, s) in self._planned for s in item.sprints)


def _planned_sprints(sprints: MappingABC[tuple[str, str], Sprint]) -> frozenset[tuple[str, str]]:
    """Sprints that are active, and of each board the first that is still to come (by start, then by id)."""
    planned: set[tuple[str, str]] = set()
    first: dict[tuple[str, str | None], tuple[tuple[float, int, str], tuple[str, str]]] = {}
    for where, sprint in sprints.items():
        state = (sprint.state or "").lower()
        if state == "active":
            planned.add(where)
        elif state == "future":
            board = (where[0], sprint.board)
            starts = float("inf") if sprint.starts_at is None else sprint.starts_at
            rank = (starts, len(where[1]), where[1])
            if board not in first or rank < first[board][0]:
                first[board] = (rank, where)
    return frozenset(planned | {where for _, where in first.values()})
