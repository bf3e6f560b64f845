"""Which column holds what: guessed from headers in English and German, or as somebody says.

A header is compared without case, punctuation and what stands in parentheses. The whole header fits best, then its beginning
or end; among several that fit one meaning the plainer word wins, then the one further left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal, NamedTuple

from hub.errors import Problem, UsageError
from hub.importing.values import Sheet, index_of, letters
from hub.model import fold
from hub.tomlfile import did_you_mean

MEANINGS: Mapping[str, tuple[str, ...]] = {
    "objective": (
        "objective", "objectives", "objective name", "objective title", "okr objective", "o", "zielsetzung", "goal", "goals",
        "ziel", "ziele",
    ),
    "key_result": (
        "key result", "key results", "keyresult", "kr", "krs", "key result name", "key result title", "schlüsselergebnis",
        "schlüsselergebnisse", "schluesselergebnis", "schluesselergebnisse", "schlüsselresultat", "schlüsselresultate",
        "kernergebnis", "kernergebnisse", "messbares ergebnis", "result", "results", "ergebnis", "ergebnisse",
    ),
    "objective_id": ("objective id", "objective no", "objective nr", "objective number", "o id", "o nr", "ziel id", "ziel nr"),
    "id": (
        "id", "kr id", "key result id", "kr no", "kr nr", "kr number", "kürzel", "kennung", "schlüsselergebnis nr", "nr", "no",
        "number", "nummer",
    ),
    "objective_owner": (
        "objective owner", "o owner", "objective lead", "ziel verantwortlich", "ziel verantwortliche", "objective verantwortlich",
        "objective verantwortliche", "zielverantwortlich", "zielverantwortliche", "zielverantwortlicher",
    ),
    "owner": (
        "owner", "owners", "kr owner", "key result owner", "dri", "responsible", "accountable", "lead", "verantwortlich",
        "verantwortliche", "verantwortlicher", "verantwortung", "verantwortliche person", "kr verantwortlich",
        "kr verantwortliche", "zuständig", "eigner", "inhaber", "besitzer", "ansprechpartner", "assignee", "person",
    ),
    "team": (
        "team", "teams", "squad", "tribe", "department", "unit", "group", "area", "abteilung", "bereich", "einheit", "gruppe",
    ),
    "pillar": (
        "pillar", "strategic pillar", "theme", "strategic theme", "priority", "strategic priority", "focus area", "säule",
        "saeule", "strategische säule", "thema", "strategisches thema", "handlungsfeld", "schwerpunkt", "stoßrichtung",
        "strategische priorität", "priorität", "fokusthema", "fokus",
    ),
    "cycle": (
        "cycle", "okr cycle", "quarter", "zyklus", "okr zyklus", "quartal", "period", "time frame", "timeframe", "zeitraum",
        "periode",
    ),
    "objective_weight": ("objective weight", "o weight", "ziel gewicht", "gewicht ziel", "zielgewicht", "gewicht objective"),
    "weight": ("weight", "weighting", "kr weight", "key result weight", "gewicht", "gewichtung", "kr gewicht"),
    "start": (
        "start", "start value", "starting value", "baseline", "initial value", "initial", "startwert", "ausgangswert",
        "basiswert", "basis", "from", "von",
    ),
    "target": (
        "target", "target value", "goal value", "zielwert", "sollwert", "soll", "zielgröße", "zielgroesse", "to", "bis", "goal",
        "ziel",
    ),
    "current": (
        "current", "current value", "actual", "actual value", "istwert", "ist wert", "ist", "aktueller wert", "aktuell",
        "stand", "now",
    ),
    "metric": (
        "metric", "metrics", "kpi", "measure", "measured by", "indicator", "metrik", "kennzahl", "messgröße", "messgroesse",
        "messwert", "indikator", "unit of measure", "einheit der messung",
    ),
    "label": ("label", "labels", "jira label", "tag", "tags", "etikett", "schlagwort"),
    "link": ("link", "links", "jira link", "jira epic", "epic", "url", "jira", "ticket", "tickets", "verweis"),
    "ambition": (
        "ambition", "commitment", "committed", "committed or aspirational", "committed aspirational", "kr type", "okr type",
        "type", "stretch", "anspruch", "verbindlichkeit", "ambitionsniveau", "typ",
    ),
}  # fmt: skip
NEEDED = ("objective", "key_result")
HEAD = 30
"""Rows in which the header is looked for."""


class Found(NamedTuple):
    """A column: where it is, its header as written, and up to three different texts of it."""

    column: int
    header: str
    samples: tuple[str, ...] = ()

    @property
    def letter(self) -> str:
        return letters(self.column)


class Columns(NamedTuple):
    """What a sheet's columns mean. ``header`` is the row of the headers, from 0."""

    header: int
    meant: Mapping[str, Found]
    others: tuple[Found, ...]
    """Those with a header or text that nothing is read from."""


def asked(words: Iterable[str]) -> dict[str, str]:
    """``name=HEADER,...`` as a mapping; a header may hold commas, an empty one means that there is none. ``UsageError``."""
    found: dict[str, str] = {}
    for word in words:
        for part in re.split(r",(?=\s*[A-Za-z_]+\s*=)", word):
            name, equals, header = part.partition("=")
            folded = fold(name.strip()).replace(" ", "_").replace("-", "_")
            if not equals or not name.strip():
                raise UsageError(
                    f'"{part.strip()}" says nothing about a column.', hint="Write name=HEADER, such as owner=Responsible."
                )
            if folded not in MEANINGS:
                hint = did_you_mean(folded, MEANINGS, otherwise=f"Columns are {', '.join(MEANINGS)}.")
                raise UsageError(f'There is no column meant by "{name.strip()}".', hint=hint)
            found[folded] = header.strip()
    return found


def guess(sheet: Sheet, said: Mapping[str, str]) -> Columns | list[Problem]:
    """The columns of a sheet by its headers, with ``said`` (meaning -> header or letter) before any guess; problems if what is
    needed is not among them."""
    best: tuple[int, int, dict[str, int]] | None = None
    for number, row in enumerate(sheet.rows[:HEAD]):
        if sum(map(bool, row)) < min(2, len(said) or 2):
            continue
        meant = _meant(row, said)
        score = len(meant) + 5 * sum(name in meant for name in NEEDED)
        if best is None or score > best[0]:
            best = (score, number, meant)
    if best is None:
        return [sheet.problem(0, 0, "There is no row of headers.", "Name the columns in the first row.")]
    _, number, meant = best
    if problems := _missing(sheet, number, meant, said):
        return problems
    found = {name: _found(sheet, number, meant[name]) for name in MEANINGS if name in meant}
    found = {name: one for name, one in found.items() if name in said or _fitting(name, one.samples)}
    width = max(len(row) for row in sheet.rows)
    rest = [_found(sheet, number, c) for c in range(width) if all(c != one.column for one in found.values())]
    return Columns(number, found, tuple(one for one in rest if one.header or one.samples))


def _fitting(name: str, samples: tuple[str, ...]) -> bool:
    """Whether the texts of a column can be what its header promises: numbers of rows are no ids, and many things are a type."""
    if name in ("id", "objective_id"):
        return not all(sample.isdigit() for sample in samples)
    if name == "ambition":
        return not samples or any(ambition(sample) for sample in samples)
    return True


_COMMITTED = frozenset({"committed", "commit", "commitment", "roofshot", "must", "verbindlich", "zugesagt", "pflicht", "c"})
_ASPIRATIONAL = frozenset(
    {"aspirational", "aspiration", "stretch", "moonshot", "ambitious", "ambitioniert", "ambitiös", "vision", "kür", "a"}
)


def ambition(text: str) -> Literal["committed", "aspirational"] | None:
    """Which of the two a text says; None when it says neither, or both."""
    words = set(re.findall(r"\w+", fold(text)))
    committed, aspirational = bool(words & _COMMITTED), bool(words & _ASPIRATIONAL)
    if committed == aspirational:
        return None
    return "committed" if committed else "aspirational"


def _missing(sheet: Sheet, number: int, meant: Mapping[str, int], said: Mapping[str, str]) -> list[Problem]:
    problems = []
    headers = [f'{letters(c)} "{text}"' for c, text in enumerate(sheet.rows[number]) if text]
    there = f"Row {number + 1} has {', '.join(headers[:20])}."
    for name, header in said.items():
        if header and name not in meant:
            text = f'There is no column "{header}" for `{name}`.'
            near = did_you_mean(header, [text for text in sheet.rows[number] if text], otherwise=there)
            problems.append(sheet.problem(number, None, text, near))
    for name in NEEDED:
        if name not in meant and not said.get(name):
            shown = name.replace("_", " ")
            text = f"No column looks like the {shown}."
            problems.append(sheet.problem(number, None, text, f"Name it: --columns {name}=HEADER. {there}"))
    return problems


def _found(sheet: Sheet, header: int, column: int) -> Found:
    samples: dict[str, None] = {}
    for row in range(header + 1, len(sheet.rows)):
        if text := sheet.at(row, column):
            samples[text] = None
            if len(samples) == 3:
                break
    return Found(column, sheet.at(header, column), tuple(samples))


# ---- headers ------------------------------------------------------------------------------------------------------------


def _meant(row: tuple[str, ...], said: Mapping[str, str]) -> dict[str, int]:
    """Meaning -> column. What is said comes first; then fits in the order of how good they are."""
    meant: dict[str, int] = {}
    for name, header in said.items():
        column = _column(row, header) if header else None
        if column is not None:
            meant[name] = column
    fits = sorted(
        (-level, -length, order, column, name)
        for column, text in enumerate(row)
        for name in MEANINGS
        if name not in said
        for level, length, order in _fits(text, name)
    )
    for _, _, _, column, name in fits:
        if name not in meant and column not in meant.values():
            meant[name] = column
    return meant


def _column(row: tuple[str, ...], header: str) -> int | None:
    exact = [c for c, text in enumerate(row) if text and _bare(text) == _bare(header)]
    if exact:
        return exact[0]
    letter = index_of(header)
    return letter if letter is not None and letter < len(row) else None


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", fold(text).replace("_", " "), re.UNICODE))


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple(_bare(word) for word in MEANINGS[name])


def _fits(text: str, name: str) -> list[tuple[int, int, int]]:
    """(how well, letters that fit, place in the list) of the best word for a meaning; empty when none fits."""
    whole = _bare(text)
    without = _bare(re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", text))
    best: tuple[int, int, int] | None = None
    for order, word in enumerate(_words(name)):
        if word == whole:
            level = 3
        elif word == without:
            level = 2
        elif len(word) > 3 and (without.startswith(f"{word} ") or without.endswith(f" {word}")):
            level = 1
        else:
            continue
        found = (level, len(word) if level == 1 else 0, order)
        if best is None or (found[0], found[1], -found[2]) > (best[0], best[1], -best[2]):
            best = found
    return [best] if best else []
