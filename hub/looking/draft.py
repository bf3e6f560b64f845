"""From the items of a source to mapping files that hold together: everything that is proposed, and what it comes to. Pure."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from hub.errors import AnchorlineError
from hub.looking import files
from hub.looking.coverage import spread
from hub.looking.families import FEW
from hub.looking.goals import Goals, goals
from hub.looking.rules import KTLO, Candidate, Rules, candidates, try_out
from hub.looking.statuses import StatusFigures, status_figures
from hub.looking.stock import Stock
from hub.looking.teams import TeamRow, Teams, teams
from hub.mappings import parse
from hub.model import Mapping, fold

FOLDER = "mappings"
Texts = dict[str, str]
"""Texts of mapping files by name, the folder's own in front"""


@dataclass(frozen=True)
class Given:
    """What is there besides the source. ``kept`` are mapping files that stand already, ``mapping`` what they say; ``cycles``,
    ``pillars``, ``teams`` and ``objectives`` (texts of files) come from a sheet with the ids of its key results (``known``)."""

    kept: Texts = field(default_factory=dict)
    mapping: Mapping | None = None
    cycles: Sequence[files.Cycle] = ()
    pillars: Sequence[tuple[str, str]] = ()
    teams: Sequence[TeamRow] = ()
    objectives: Texts = field(default_factory=dict)
    known: frozenset[str] | None = None

    def has(self, kind: str) -> bool:
        """Whether the files that stand already hold something of a kind."""
        return self.mapping is not None and bool(getattr(self.mapping, kind))


@dataclass(frozen=True)
class Draft:
    """All that is proposed. ``files`` are the new texts, ``mapping`` everything together, kept files included."""

    files: Texts
    mapping: Mapping
    cycle: str
    statuses: tuple[StatusFigures, ...]
    teams: Teams
    goals: Goals
    rules: Rules


def quarter(day: date) -> files.Cycle:
    """The calendar quarter of a day."""
    part = (day.month - 1) // 3
    after = date(day.year + part // 3, (part * 3 + 3) % 12 + 1, 1)
    return f"{day.year}-q{part + 1}", date(day.year, part * 3 + 1, 1), after - timedelta(days=1)


def newest_day(stock: Stock, timezone: str, as_of: int) -> date:
    """The day of the newest change, in the strategy's zone; that of ``as_of`` where there is none."""
    at = stock.newest
    return datetime.fromtimestamp((as_of if at is None else at) / 1000, UTC).astimezone(ZoneInfo(timezone)).date()


def draft(stock: Stock, kind: str, timezone: str, as_of: int, given: Given, found: Teams | None = None) -> Draft:
    """Files for a source of a ``kind``, by its ``stock`` of items, as they count at the instant ``as_of``. ``found`` are the
    teams if they were gathered before.

    Raises ``AnchorlineError`` if they would not hold together with the files that are kept.
    """
    return _Drafting(stock, kind, timezone, as_of, given, found or teams(stock)).run()


class _Drafting:
    def __init__(self, stock: Stock, kind: str, timezone: str, as_of: int, given: Given, found: Teams) -> None:
        self.stock, self.kind, self.timezone, self.as_of, self.given = stock, kind, timezone, as_of, given
        self.today = newest_day(stock, timezone, as_of)
        self.teams = Teams((*found.rows, *given.teams), found.by, found.filled, found.of, found.shared, found.few)
        drafted = datetime.fromtimestamp(as_of / 1000, UTC).astimezone(ZoneInfo(timezone)).date()
        self.head = partial(files.head, kind, files_day(drafted))
        self.texts: Texts = {}

    def run(self) -> Draft:
        statuses = tuple(status_figures(self.stock.items, self.stock.dimensions))
        pillar = self._frame(statuses)
        mapping = self.understood(self.texts)
        cycle = mapping.cycle_at(self.as_of)
        assert cycle is not None  # one is declared, or was there
        base = spread(mapping, self.stock.items, self.stock.dimensions, self.as_of)
        within = min(max(self.today, cycle.starts), cycle.ends)
        found = goals(self.stock, within, base.team, self._team_names(), {self.teams.by} - {""}, self._known())
        self._declare(found)
        if not self.given.has("objectives") and not self.given.objectives:
            told = ("Goals that work names, by team. The names are those of the labels: write real ones; the ids stay.",)
            self._add(files.OBJECTIVES, files.objectives_file(self.head(*told), found, cycle.id, pillar))
        rules = self._rules(found)
        return Draft(
            {**self.texts, **self.given.objectives},
            self.understood(self.texts), cycle.id, statuses, self.teams, found, rules,
        )  # fmt: skip

    def understood(self, texts: MappingABC[str, str]) -> Mapping:
        """The mapping that these texts say together with what stands already."""
        mapping, problems = parse({**texts, **self.given.objectives, **self.given.kept}, self.timezone)
        if mapping is None:
            wrong = next(p for p in problems if not p.warning)
            raise AnchorlineError(
                f"The proposed files do not go together with those that are there: {wrong}",
                hint="Mend that, or choose an empty folder.",
            )
        return mapping

    def _add(self, name: str, text: str) -> None:
        self.texts[f"{FOLDER}/{self._free(name)}"] = text

    def _free(self, name: str) -> str:
        """The name, or one beside it where a file of that name stands already."""
        return f"drafted-{name}" if f"{FOLDER}/{name}" in self.given.kept else name

    def _known(self) -> frozenset[str] | None:
        if self.given.known is not None:
            return self.given.known
        if self.given.mapping is not None and self.given.mapping.key_results:
            return frozenset(id for _, id in self.given.mapping.key_results)
        return None

    def _team_names(self) -> dict[str, str]:
        if self.given.mapping is not None and self.given.mapping.teams:
            return {id: team.name for id, team in self.given.mapping.teams.items()}
        return {fold(row.id): row.name for row in self.teams.rows}

    # ---- what everything else stands on

    def _frame(self, statuses: Sequence[StatusFigures]) -> str:
        """Cycles, pillars, teams and statuses; the id of the pillar that objectives go to."""
        given, mapping = self.given, self.given.mapping
        pillars = list(mapping.pillars.values()) if mapping is not None else []
        kept = pillars[0].id if pillars else (given.pillars[0][0] if given.pillars else files.PILLAR)
        lines: list[str] = []
        if not given.has("cycles"):
            lines += files.cycle_lines(given.cycles or [quarter(self.today)])
        if not pillars:
            lines += files.pillar_lines(given.pillars or [(files.PILLAR, "Strategy")])
        if not given.has("allowances"):
            lines += files.allowance_lines([KTLO])
        if lines:
            told = (
                "Time and direction. All *.toml of this folder are read as one; their names and the order in them mean nothing."
            )
            self._add(files.STRATEGY, files.joined([*self.head(told), *lines]))
        if not given.has("teams") and self.teams.rows:
            told = "Who owns which work: a row of teams.csv each. Fill in its empty cells: lead (owner of what names none), size."
            self._add(files.TEAMS, files.teams_file(self.head(told), self.teams, self.kind, self._free(files.TEAMS_CSV)))
            self._add(files.TEAMS_CSV, files.teams_csv(self.teams.rows, self.kind))
        if not given.has("statuses"):
            told = "What statuses mean, where it is not what their category says: todo, doing, done or dropped."
            self._add(files.STATUSES, files.status_file(self.head(told), self.stock.name, statuses))
        return kept

    def _declare(self, found: Goals) -> None:
        """Allowances that labels name besides the usual one."""
        name = f"{FOLDER}/{self._free(files.STRATEGY)}"
        if self.given.has("allowances") or name not in self.texts:
            return
        ids = [KTLO, *(id for id in found.allowances if id != KTLO)]
        old, new = (files.joined(files.allowance_lines(each)) for each in ([KTLO], ids))
        self.texts[name] = self.texts[name].replace(old, new)

    # ---- rules

    def _rules(self, found: Goals) -> Rules:
        if self.given.has("rules"):
            return Rules((), (), (), spread(self.understood(self.texts), self.stock.items, self.stock.dimensions, self.as_of))
        tried = candidates(self.stock, found)
        rules = try_out(self.stock, tried, self._with, self.as_of)
        told = (
            "Which work serves which key result. The strongest rule wins: the item's own label, then when.key, then other rules,",
            "then fallbacks; what an epic is given, its stories inherit. Above each rule stands what it adds to those before it;",
            f"nothing is written that reaches fewer than {FEW} items.",
        )
        self._add(files.RULES, files.rules_file(self.head(*told), rules, found))
        return rules

    def _with(self, rules: list[Candidate]) -> Mapping:
        text = "".join(f"{each.block}\n" for each in rules)
        return self.understood({**self.texts, f"{FOLDER}/{self._free(files.RULES)}": text or "# none\n"})


def files_day(day: date) -> str:
    """A day as it stands in the head of a file."""
    return f"{day.day} {day:%b %Y}"
