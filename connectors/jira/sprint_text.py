"""A sprint in Java's text form, as Data Center and old Cloud answers carry it in the sprint field.

    com.atlassian.greenhopper.service.sprint.Sprint@4c9c41a5[id=2322,rapidViewId=7,state=ACTIVE,name=A, [b]=c,goal=,startDate=...]

Nothing in it is escaped, and versions order the parts differently (``id`` first or last, ``goal`` before or after the dates, all
parts by alphabet). So the two free texts, ``name`` and ``goal``, are what is left between parts of a strict form: numbers, dates,
truth values and states. A name of at most 30 characters, Jira's limit, cannot imitate the parts that follow it; a goal can hold
anything and still be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NUMBERS = ("id", "rapidViewId", "sequence", "originBoardId", "incompleteIssuesDestinationId")
_DATES = ("startDate", "endDate", "completeDate", "activatedDate")
_FLAGS = ("synced", "autoStartStop")
_FREE = ("name", "goal")
_NULL = "<null>"
PLACES = 100
"""Places where the second free text could begin that are looked at: a text of nothing else must not cost minutes."""
_DATE = r"\d{4}-\d\d-\d\d(?:T[0-9:.]+(?:Z|[+-]\d\d:?\d\d)?)?"
_STRICT = (
    rf"(?:(?P<number>{'|'.join(_NUMBERS)})=(?:-?\d+|{_NULL})"
    rf"|(?P<date>{'|'.join(_DATES)})=(?:{_DATE}|{_NULL})"
    rf"|(?P<flag>{'|'.join(_FLAGS)})=(?:true|false|{_NULL})"
    r"|state=[A-Z]+)"
)
_AT_START = re.compile(rf"{_STRICT}(?:,|$)")
_AT_END = re.compile(rf",{_STRICT}$")
_BODY = re.compile(r"[^\[\]]*\[(.*)\]\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SprintText:
    """The parts that mean something. ``state`` in small letters, as the agile API writes it; dates as Jira wrote them."""

    id: str
    name: str | None = None
    state: str | None = None
    board: str | None = None
    goal: str | None = None
    dates: Mapping[str, str] | None = None
    """``startDate``, ``endDate``, ``completeDate``: those that are set."""


def parse(text: str) -> SprintText | None:
    """The sprint, or None for a text that has no readable id."""
    body = _BODY.fullmatch(text)
    if body is None:
        return None
    parts = _parts(body[1])
    ident = parts.get("id")
    if ident is None or not ident.isdigit():
        return None
    state = parts.get("state")
    return SprintText(
        id=ident,
        name=parts.get("name"),
        state=state.lower() if state else None,
        board=parts.get("rapidViewId"),
        goal=parts.get("goal") or None,
        dates={key: value for key in _DATES[:3] if (value := parts.get(key))},
    )


def _parts(body: str) -> dict[str, str]:
    """Every part by its key; one that is ``<null>`` is left out."""
    head, rest = _head(body)
    free, separator, text = rest.partition("=")
    if not separator or free not in _FREE:
        return _set(head)
    tail, text = _tail(text, head)
    other = "goal" if free == "name" else "name"
    readings = [_reading(text, at, f",{other}=", tail, head) for at in _places(text, f",{other}=")]
    if not readings:
        return _set(head | dict(tail) | {free: text})
    best = max(readings, key=lambda reading: len(reading.strict))  # of equals the first
    return _set(head | best.strict | {free: best.first, other: best.second})


def _head(body: str) -> tuple[dict[str, str], str]:
    """The strict parts at the start, and what follows them."""
    found: dict[str, str] = {}
    while match := _AT_START.match(body):
        key, value = _pair(match[0].rstrip(","))
        if key in found:
            break
        found[key] = value
        body = body[match.end() :]
    return found, body


Part = tuple[str, str]


def _tail(text: str, known: Mapping[str, str]) -> tuple[list[Part], str]:
    """The strict parts at the end, the last one first, each at most once; and what stands before them."""
    found: list[Part] = []
    while match := _last(text):
        key, value = _pair(match[0][1:])
        if key in known or any(key == other for other, _ in found):
            break
        found.append((key, value))
        text = text[: match.start()]
    return found, text


def _last(text: str) -> re.Match[str] | None:
    at = text.rfind(",")
    return _AT_END.match(text, at) if at >= 0 else None


def _places(text: str, mark: str) -> list[int]:
    """Where the second free text could begin."""
    found: list[int] = []
    at = text.find(mark)
    while at >= 0 and len(found) < PLACES:
        found.append(at)
        at = text.find(mark, at + 1)
    return found


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to understand two free texts and the strict parts around the second one."""

    first: str
    strict: dict[str, str]
    second: str


def _reading(text: str, at: int, mark: str, tail: list[Part], known: Mapping[str, str]) -> _Reading:
    """The reading in which the second text begins at ``at``.

    Of a part that comes twice one belongs to a text: the one without which more strict parts are left, else the later one.
    """
    between, first = _tail(text[:at], known)
    second = text[at + len(mark) :]
    of_first, of_second = _shared(between, tail), _shared(tail, between)
    if of_first + len(tail) > len(between) + of_second:
        return _Reading(first + _written(between[of_first:]), dict(between[:of_first] + tail), second)
    return _Reading(first, dict(between + tail[:of_second]), second + _written(tail[of_second:]))


def _shared(parts: list[Part], others: list[Part]) -> int:
    """How many of the parts, counted from the last, come before one that the others have too."""
    keys = {key for key, _ in others}
    return next((at for at, (key, _) in enumerate(parts) if key in keys), len(parts))


def _written(parts: list[Part]) -> str:
    return "".join(f",{key}={value}" for key, value in reversed(parts))


def _pair(part: str) -> tuple[str, str]:
    key, _, value = part.partition("=")
    return key, value


def _set(parts: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in parts.items() if value != _NULL or key in _FREE}
