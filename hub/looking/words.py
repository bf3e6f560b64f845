"""What names sound like, in English and German: fields, labels, statuses, types, components. Hints, never proof: whoever uses
them says so in the file that it writes, with the figures beside it."""

from __future__ import annotations

import re
import unicodedata

from hub.model import fold

_WORDS = re.compile(r"[^\W_]+")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GOALS = _set(
    "okr okrs kr krs goal goals objective objectives keyresult keyresults ziel ziele schlüsselergebnis schlüsselergebnisse"
)
_THEMES = _set(
    "theme themes strategic strategy strategie initiative initiatives initiativen pillar pillars bet bets outcome outcomes "
    "stossrichtung stoßrichtung schwerpunkt"
)
_TEAMS = _set("team teams squad squads tribe crew department abteilung gruppe bereich")
_POINTS = _set("points point storypoints storypoint estimate estimation aufwand schätzung schaetzung")
_UPKEEP = re.compile(
    r"\b(ktlo|bau|keep the lights on|maintenance|upkeep|housekeeping|operations?|ops|dev ?ops|sre|on ?call|infra|infrastructure"
    r"|tech(nical)? ?debt|techdebt|upgrades?|dependenc(y|ies)|patching|chores?|support"
    r"|wartung|betrieb|instandhaltung|technische schulden)\b"
)
_UPKEEP_TYPES = re.compile(
    r"(bugs?|defects?|fehler|hotfix|incidents?|problems?|störung|maintenance|chores?|wartung|support|tech(nical)? ?debt)"
)
_SERVICE_TYPES = re.compile(
    r"(\[system\] )?((it |hr |general )?(service )?requests?( with approvals?)?|(service )?anfragen?|incidents?|it help"
    r"|get it help|questions?|emailed requests?|störung|tickets?|purchase|access|change)"
)
ALLOWANCES = _set("ktlo bau rtb run upkeep maintenance ops operations support wartung betrieb keep-the-lights-on")
"""Ids that name work which runs the business, where a label names them."""


_SPELT = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "&": " and "}


def words(text: str) -> tuple[str, ...]:
    """The words of a name, folded, with capitals inside of it as borders."""
    apart = re.sub(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])", " ", unicodedata.normalize("NFC", text))
    return tuple(_WORDS.findall(fold(apart)))


def plain(text: str) -> str:
    """A name as its words with single blanks between them."""
    return " ".join(words(text))


def goal_like(name: str) -> int:
    """2 for a name that says goals outright (OKR, key result), 1 for one that may mean them (theme, initiative), else 0."""
    found = words(name)
    if any(w in _GOALS or (len(w) > 6 and w.endswith(("ziel", "ziele"))) for w in found) or "key result" in " ".join(found):
        return 2
    return int(any(w in _THEMES or w.startswith(("strategi", "strategy")) for w in found))


def team_like(name: str) -> bool:
    """Whether a field of this name says whose an item is."""
    return any(w in _TEAMS or (len(w) > 6 and w.endswith("team")) for w in words(name))


def points_like(name: str) -> bool:
    """Whether a number field of this name holds estimates."""
    return any(w in _POINTS for w in words(name))


def upkeep_like(name: str) -> bool:
    """Whether a component, label or project of this name runs the business."""
    return _UPKEEP.search(plain(name)) is not None


def upkeep_type(name: str) -> bool:
    """Whether a type of this name runs the business."""
    return _UPKEEP_TYPES.fullmatch(plain(name)) is not None


def service_type(name: str) -> bool:
    """Whether a type of this name is a request rather than planned work."""
    return _SERVICE_TYPES.fullmatch(fold(name).strip()) is not None


def slug(text: str, taken: frozenset[str] | set[str] = frozenset()) -> str:
    """An id made of a name, that is none of those ``taken`` (folded); "" of a name without letters and digits of ASCII."""
    spelt = "".join(_SPELT.get(char, char) for char in fold(text))
    bare = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    found = re.sub(r"[^a-z0-9]+", "-", bare).strip("-")
    if len(found) > 40:
        found = found[:40].rpartition("-")[0] or found[:40]
    if not found:
        return ""
    number, free = 1, found
    while free in taken:
        number += 1
        free = f"{found}-{number}"
    return free


def spoken(id: str) -> str:
    """A name made of an id, until somebody writes one."""
    text = re.sub(r"[-_.]+", " ", id).strip()
    return text[:1].upper() + text[1:]
