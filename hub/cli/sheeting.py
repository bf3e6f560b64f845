"""A sheet of OKRs for `init`: read and understood early, turned into mapping files once the teams are known."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from shlex import quote

from hub.errors import Problem, UsageError
from hub.importing import Columns, Known, Sheet, Wanted, cycles, gather, guess, plan, read_sheets
from hub.looking import FOLDER, Given, TeamRow, Teams, quarter
from hub.looking.words import slug
from hub.model import Mapping, fold

FOR_OBJECTIVES = "objectives"


@dataclass(frozen=True)
class Okrs:
    """What a file says. ``warnings`` are the problems that do not keep it from being used."""

    file: Path
    sheet: Sheet
    columns: Columns
    wanted: Wanted


def read(file: Path) -> Okrs:
    """The first sheet with objectives and key results. Raises ``UsageError``."""
    found = [(sheet, guess(sheet, {})) for sheet in read_sheets(file)]
    fitting = [(sheet, columns) for sheet, columns in found if isinstance(columns, Columns)]
    look = f"`anchorline import {quote(str(file))}` shows what is missing, and can be told which column is which."
    if not fitting:
        raise UsageError(f"{file.name} has no columns that look like objectives and key results.", hint=look)
    if len(fitting) > 1:
        names = " and ".join(f'"{sheet.name}"' for sheet, _ in fitting)
        hint = "Keep one of them in a file of its own, or use `anchorline import` with --sheet afterwards."
        raise UsageError(f"Several sheets of {file.name} have objectives: {names}.", hint=hint)
    sheet, columns = fitting[0]
    wanted = gather(sheet, columns)
    _refuse(file, wanted.problems)
    if not wanted.objectives:
        raise UsageError(f"{file.name} has no objective.", hint=look)
    return Okrs(file, sheet, columns, wanted)


def given(okrs: Okrs, teams: Teams, today: date, standing: Mapping | None) -> tuple[Given, list[str]]:
    """What the sheet adds to the files, and what must be told; ``today`` tells the cycle where it has none. What files that stand
    already declare (``standing``) is not declared beside them."""
    periods, pillars, rows = _cycles(okrs, today), _pillars(okrs), _teams(okrs, teams)
    everyone = [(row.id, row.name) for row in (*teams.rows, *rows)]
    if standing is not None and standing.cycles:
        now = standing.cycle_at(_noon(today)) or next(iter(standing.cycles.values()))
        periods = [(c.id, c.starts, c.ends) for c in sorted(standing.cycles.values(), key=lambda c: c is not now)]
    if standing is not None and standing.pillars:
        pillars = [(p.id, p.name) for p in standing.pillars.values()]
    if standing is not None and standing.teams:
        everyone = [(t.id, t.name) for t in standing.teams.values()]
    known = Known(
        cycles={fold(id): (id, starts, ends) for id, starts, ends in periods},
        pillars={fold(id): (id, name) for id, name in pillars},
        teams={fold(id): (id, name) for id, name in everyone},
        allowances={"ktlo"},
    )
    origin = f'"{okrs.file.name}"' + ("" if okrs.file.suffix.lower() == ".csv" else f', sheet "{okrs.sheet.name}"')
    one = periods[0][0] if "cycle" not in okrs.columns.meant else None
    made = plan(okrs.sheet, okrs.columns, okrs.wanted, known, origin, one)
    _refuse(okrs.file, made.problems)
    texts = {f"{FOLDER}/{FOR_OBJECTIVES}/{each.name}": each.after for each in made.files}
    ids = {fold(str(block["id"])) for text in texts.values() for block in tomllib.loads(text).get("key_result", ())}
    told = [f"{problem.text} {problem.remedy}".strip() for problem in made.problems]
    for kind, missing in made.missing.items():
        names = ", ".join(f'"{one.written}"' for one in missing)
        told.append(f"The sheet names a {kind} that no file declares: {names}.")
    return Given(cycles=periods, pillars=pillars, teams=rows, objectives=texts, known=frozenset(ids)), told


def _noon(day: date) -> int:
    return int(datetime.combine(day, time(12), UTC).timestamp() * 1000)


def joined(sheet: Given, kept: Given) -> Given:
    """The sheet's part beside the files that stand already."""
    return replace(sheet, kept=kept.kept, mapping=kept.mapping)


def _refuse(file: Path, problems: tuple[Problem, ...]) -> None:
    wrong = [problem for problem in problems if not problem.warning]
    if wrong:
        first = wrong[0]
        more = f" ({len(wrong)} problems in all)" if len(wrong) > 1 else ""
        hint = f"{first.remedy} `anchorline import {quote(str(file))}` lists everything.".strip()
        raise UsageError(f"{first.file}: {first.text}{more}", hint=hint)


def _cycles(okrs: Okrs, today: date) -> list[tuple[str, date, date]]:
    """Those that the sheet names, as far as they are quarters, halves or years; else the quarter of today."""
    found: dict[str, tuple[str, date, date]] = {}
    now = quarter(today)
    for row in okrs.wanted.objectives:
        period = cycles.period(row.cycle) if row.cycle else None
        if period is None:
            continue
        period = period if period.year is not None else period._replace(year=today.year)
        found.setdefault(period.id, (period.id, *period.days()))
    return list(found.values()) or [now]


def _pillars(okrs: Okrs) -> list[tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for row in okrs.wanted.objectives:
        if row.pillar and fold(row.pillar) not in found:
            id = slug(row.pillar, {id for id, _ in found.values()})
            found[fold(row.pillar)] = (id or f"pillar-{len(found) + 1}", row.pillar)
    return list(found.values())


def _teams(okrs: Okrs, teams: Teams) -> list[TeamRow]:
    """Teams of the sheet that the work does not show."""
    known = {fold(text) for row in teams.rows for text in (row.id, row.name)}
    taken = {fold(row.id) for row in teams.rows}
    rows = []
    named = [row.team for row in okrs.wanted.objectives]
    named += [each.team for row in okrs.wanted.objectives for each in row.key_results]
    for text in dict.fromkeys(named):
        if not text or fold(text) in known:
            continue
        id = slug(text, taken) or slug("team", taken)
        known.add(fold(text))
        taken.add(id)
        rows.append(TeamRow(id, text))
    return rows
