"""Statuses whose name says another thing than their category. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from hub.model import LEFT, Dimensions, Item, State, fold
from hub.status import BY_CATEGORY


def _any(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)")


_GIVEN_UP = _any(
    "won'?t", "will not", "cancell?ed", "abandoned", "obsolete", "not planned", "out of date", "storniert", "abgebrochen",
    "verworfen", "obsolet", "hinfällig", "nicht umgesetzt",
)  # fmt: skip
_REFUSED = _any("rejected", "declined", "discarded", "duplicate", "invalid", "abgelehnt", "duplikat", "ungültig", "dropped")
_PARKED = _any(
    "parked", "on hold", "hold", "paused", "postponed", "deferred", "someday", "icebox", "backlog", "later", "geparkt",
    "zurückgestellt", "pausiert", "verschoben", "auf eis",
)  # fmt: skip
_WAITING = _any("blocked", "waiting", "pending", "impeded", "wartend", "wartet", "warten", "blockiert", "rückfrage")
_WORKING = _any(
    "in progress", "review", "testing", "in test", "qa", "development", "doing", "in arbeit", "in bearbeitung", "in prüfung",
    "im test", "in umsetzung",
)  # fmt: skip
_FINISHED = _any(
    "done", "closed", "resolved", "released", "finished", "completed", "deployed", "fertig", "erledigt", "abgeschlossen",
    "geschlossen", "gelöst", "ausgeliefert",
)  # fmt: skip
_READY = _any("ready", "bereit", "selected", "to do", "todo", "open", "offen", "new", "neu", "reopened")


@dataclass(frozen=True, slots=True)
class StatusFigures:
    """A status by name. ``category`` is that of the vendor's list, "" if none; ``state`` what it means without a line.

    A doubtful one has the ``proposal`` that its name suggests; ``plain`` where nothing else can be meant, ``why`` in words."""

    name: str
    category: str
    state: State
    items: int
    proposal: State | None = None
    plain: bool = False
    why: str = ""


def judged(name: str, category: str) -> tuple[State, bool, str] | None:
    """What a status may mean instead: the state, whether that is plain, and why; None where name and category agree."""
    text = fold(name).replace("’", "'")
    if category == "done":
        return _done(text)
    if category == "indeterminate":
        return _doing(text)
    return _todo(text) if category == "new" else _unknown(text)


def _done(text: str) -> tuple[State, bool, str] | None:
    if _GIVEN_UP.search(text) or _REFUSED.search(text):
        return "dropped", True, "done by its category, given up by its name"
    if _FINISHED.search(text):
        return None
    if _PARKED.search(text):
        return "todo", False, "done by its category, put off by its name"
    if _WORKING.search(text) or _WAITING.search(text):
        return "doing", False, "done by its category, under way by its name"
    return None


def _doing(text: str) -> tuple[State, bool, str] | None:
    if _GIVEN_UP.search(text):
        return "dropped", True, "in progress by its category, given up by its name"
    if _REFUSED.search(text):
        return "dropped", False, "in progress by its category; refused for good, or sent back?"
    if _PARKED.search(text):
        return "todo", True, "in progress by its category, put off by its name"
    if _WAITING.search(text):
        return "todo", False, "in progress by its category, and waits: is somebody at it?"
    if _FINISHED.search(text) and not _WORKING.search(text) and not _READY.search(text):
        return "done", False, "in progress by its category, finished by its name"
    return None


def _todo(text: str) -> tuple[State, bool, str] | None:
    if _GIVEN_UP.search(text):
        return "dropped", True, "to do by its category, given up by its name"
    if _REFUSED.search(text):
        return "dropped", False, "to do by its category, refused by its name"
    if _READY.search(text) or _PARKED.search(text) or _WAITING.search(text):
        return None
    if _WORKING.search(text):
        return "doing", False, "to do by its category, under way by its name"
    return ("done", False, "to do by its category, finished by its name") if _FINISHED.search(text) else None


def _unknown(text: str) -> tuple[State, bool, str] | None:
    for words, state in (
        (_GIVEN_UP, "dropped"),
        (_REFUSED, "dropped"),
        (_PARKED, "todo"),
        (_FINISHED, "done"),
        (_WORKING, "doing"),
    ):
        if words.search(text):
            return state, False, "it has no category, so it counts as to do"  # type: ignore[return-value]
    return "doing", False, "it has no category, so it counts as to do"


def status_figures(items: Iterable[Item], dimensions: Dimensions) -> list[StatusFigures]:
    """Every status that an item has, by name: those of one category together, the most used first."""
    counts: Counter[str] = Counter()
    spelt: dict[str, str] = {}
    categories: dict[str, set[str]] = defaultdict(set)
    for item in items:
        row = dimensions.statuses.get((item.source, item.status_id)) if item.status_id else None
        name = (row.name if row else item.status) or item.status_id
        if name is None or item.presence in LEFT:
            continue
        known = [c for c in (row.category if row else None, item.category) if c in BY_CATEGORY]
        folded = fold(name)
        counts[folded] += 1
        spelt.setdefault(folded, name)
        categories[folded].add(known[0] if known and known[0] else "")
    order = list(BY_CATEGORY)
    found = [_figures(spelt[f], sorted(categories[f]), number) for f, number in counts.items()]
    return sorted(found, key=lambda s: (order.index(s.category) if s.category in order else len(order), -s.items, s.name))


def _figures(name: str, categories: list[str], items: int) -> StatusFigures:
    category = categories[0] if len(categories) == 1 else ""
    state = BY_CATEGORY.get(category, "todo")
    if len(categories) > 1:
        return StatusFigures(name, " and ".join(c or "none" for c in categories), state, items, None, False, "several categories")
    doubt = judged(name, category)
    return StatusFigures(name, category, state, items, *doubt) if doubt else StatusFigures(name, category, state, items)
