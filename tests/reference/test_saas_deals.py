"""The SaaS company's deals, from a CSV file through a run to the numbers, beside a sum that the test makes by itself."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest

from hub.store import open_store
from hub.store.read import Reader
from hub.sync.evaluate import facts_of, known_dimensions
from tests.reference import deals
from tests.reference.compared_metrics import compare
from tests.reference.saas import EVENING, LATER, PARTS, Firm
from tests.reference.strategies import Given


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    folder = tmp_path_factory.mktemp("saas")
    with open_store(f"sqlite:///{folder / 'hub.db'}") as store:
        firm = Firm(folder, store)
        for source in ("plan", "crm"):
            summary = firm.sync(source)
            assert (summary.result, summary.error) == ("complete", None)
        yield firm


# ---- the same by other means ----------------------------------------------------------------------------------------------

PLAN = ((date(2026, 7, 1), {"USD": "1", "EUR": "1.08", "GBP": "1.27", "CHF": "1.125"}),
        (date(2027, 2, 15), {"USD": "1", "EUR": "1.0934", "GBP": "1.31", "CHF": "1.09"}))  # fmt: skip


class Line(NamedTuple):
    """A line of the file as the csv module and ``Decimal`` read it. ``dollars`` is exact."""

    id: str
    stage: str
    type: str
    region: str
    chance: Decimal
    closes: date
    dollars: Decimal


def day_of(cell: str) -> date:
    if "-" in cell:
        return date.fromisoformat(cell)
    day, month, year = map(int, cell.split("."))
    return date(year, month, day)


def line_of(cells: list[str]) -> Line:
    id, _, stage, type, amount, currency, region, chance, _, closes, _ = (cell.strip() for cell in cells)
    share = Decimal(re.sub("[^0-9,]", "", chance).replace(",", "."))
    digits, on = re.sub("[^0-9,]", "", amount).replace(",", "."), day_of(closes)
    rate = Decimal([rates for since, rates in PLAN if since <= on][-1][currency])
    return Line(
        id, stage.lower(), type.lower(), region.upper(), share / 100 if share > 1 else share, on, Decimal(digits or 0) * rate
    )


@pytest.fixture(scope="module")
def lines(firm: Firm) -> list[Line]:
    text = (firm.folder / "deals.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    return [line_of(cells) for cells in rows[1:] if cells[0]]


def won(lines: list[Line]) -> list[Line]:
    """New business won in the cycle."""
    return [line for line in closed(lines) if line.stage.endswith("won")]


def closed(lines: list[Line]) -> list[Line]:
    in_cycle = [line for line in lines if deals.FIRST <= line.closes <= deals.LAST and line.type == "new business"]
    return [line for line in in_cycle if line.stage.startswith("closed")]


# ---- the numbers ----------------------------------------------------------------------------------------------------------


def test_63_of_63_won_deals_add_up_to_the_cent(firm: Firm, lines: list[Line]) -> None:
    assert len(won(lines)) == deals.WON == 63
    assert firm.current("deals") == 63
    assert firm.current("arr") == Fraction(sum(line.dollars for line in won(lines)))
    assert firm.explained("deals").progress == 1


def test_the_regions_add_up_to_the_whole(firm: Firm, lines: list[Line]) -> None:
    for part in PARTS:
        region = part.removeprefix("arr-")
        assert firm.current(part) == Fraction(sum(line.dollars for line in won(lines) if line.region == region)) > 0
    assert sum(firm.current(part) for part in PARTS) == firm.current("arr")
    evidence = firm.explained("arr").evidence
    assert evidence is not None
    assert {part.id: part.current for part in evidence.parts} == {part: firm.current(part) for part in PARTS}


def test_the_win_rate_is_what_was_won_of_what_was_closed(firm: Firm, lines: list[Line]) -> None:
    assert len(closed(lines)) == deals.WON + deals.LOST
    assert firm.current("wins") == Fraction(100 * len(won(lines)), len(closed(lines)))


def test_the_weighted_pipeline_of_the_next_quarter(firm: Firm, lines: list[Line]) -> None:
    still_open = [line for line in lines if not line.stage.startswith("closed")]
    next_quarter = [line for line in still_open if date(2027, 4, 1) <= line.closes <= date(2027, 6, 30)]
    assert len(next_quarter) == deals.OPEN // 3
    assert firm.current("coverage") == Fraction(sum(line.dollars * line.chance for line in next_quarter))


# ---- and what stands behind them ------------------------------------------------------------------------------------------


def test_explain_shows_the_63_rows_and_all_others_with_the_reason_why_not(firm: Firm, lines: list[Line]) -> None:
    for id in ("arr", "deals"):
        evidence = firm.explained(id).evidence
        assert evidence is not None and evidence.adds_up
        assert {row.name for row in evidence.rows} == {line.id for line in won(lines)}
        assert len(evidence.rows) == 63
        assert sum(row.adds or 0 for row in evidence.rows) == evidence.value
        assert sum(group.count for group in evidence.left_out) == len(lines) - 63
    by_region = [firm.explained(part).evidence for part in PARTS]
    assert sum(len(evidence.rows) for evidence in by_region if evidence) == 63


def test_the_amounts_by_currency_are_those_of_the_file(firm: Firm) -> None:
    """To the cent in each currency, before any rate: beside the deals as they were drawn."""
    drawn = [
        d for d in deals.deals() if d.outcome == "won" and d.type == "New Business" and deals.FIRST <= d.closes <= deals.LAST
    ]
    evidence = firm.explained("arr").evidence
    assert evidence is not None
    found = dict.fromkeys(deals.CURRENCIES, Fraction(0))
    for money in evidence.money:
        found[money.currency or ""] += money.amount
    assert found == {c: Fraction(sum(d.amount or 0 for d in drawn if d.currency == c)) for c in deals.CURRENCIES}


def test_every_deal_is_in_bookings_and_in_its_region(firm: Firm, lines: list[Line]) -> None:
    for line in won(lines):
        (told,) = firm.report.explain_item(f"crm:{line.id}")
        users = {read.metric: read.key_results for read in told.read_by}
        assert set(users["bookings"]) == {"arr", f"arr-{line.region}"}
        assert users["won"] == ("deals",) and users["win-rate"] == ("wins",)


def test_no_deal_is_work_without_an_anchor(firm: Firm) -> None:
    found = firm.report.unanchored(limit=None)
    assert found is not None
    assert {row.source for row in found.items} == {"plan"}
    assert sorted(row.key or "" for row in found.items) == [f"L-{n}" for n in range(1, deals.LOOSE + 1)]
    assert not found.contested and not found.broken
    tree = firm.report.tree()
    assert tree is not None and tree.counts["unanchored"] == deals.LOOSE
    assert firm.report.unanchored(source="crm").items == ()  # type: ignore[union-attr]


def test_46_of_46_stories_count_beside_a_catch_all(firm: Firm) -> None:
    sso = firm.explained("sso")
    counted = [unit for unit in sso.units if unit.counts]
    assert {unit.key for unit in counted} == {f"S-{n}" for n in range(1, deals.STORIES + 1)}
    assert sso.progress == Fraction(sum(unit.state == "done" for unit in counted), 46)
    assert {unit.key for unit in sso.units if not unit.counts} == {"E-1", "E-2", "E-3"}


def test_the_words_say_the_same_of_what_was_stored(firm: Firm) -> None:
    """Every metric, figure and status of every cycle, by the naive reference over the items of the store."""
    dimensions = known_dimensions(Reader(firm.store), facts_of(firm.config))
    sources = frozenset({"crm", "plan"})
    for as_of in (EVENING, LATER):
        compare(Given(firm.mapping, tuple(firm.items()), (), dimensions, as_of, sources, None, dict.fromkeys(sources, as_of), {}))


# ---- later ----------------------------------------------------------------------------------------------------------------


def test_the_quarter_stands_when_the_next_one_has_begun(tmp_path: Path, firm: Firm) -> None:
    before = {id: firm.current(id) for id in ("arr", *PARTS, "deals", "wins", "coverage")}
    with open_store(f"sqlite:///{tmp_path / 'hub.db'}") as store:
        (tmp_path / "firm").mkdir()
        later = Firm(tmp_path / "firm", store)
        for source in ("plan", "crm"):
            assert later.sync(source, LATER).result == "complete"
        assert {id: later.current(id) for id in before} == before
        known = later.report.metrics()
        assert known is not None and known.cycle == "2027-q2"
        assert {m.id: m.rows for m in known.metrics}["won"] == deals.AFTER


def test_what_is_corrected_in_the_file_counts_so_by_the_next_run(tmp_path: Path, firm: Firm, lines: list[Line]) -> None:
    gone, less, moved = won(lines)[:3]
    region = next(region for region in deals.REGIONS if region != moved.region)

    def corrected() -> Iterator[deals.Deal]:
        for deal in deals.deals():
            if deal.id == less.id:
                yield deal._replace(amount=Decimal("0.01"), currency="USD")
            elif deal.id == moved.id:
                yield deal._replace(region=region)
            elif deal.id != gone.id:
                yield deal

    with open_store(f"sqlite:///{tmp_path / 'hub.db'}") as store:
        (tmp_path / "firm").mkdir()
        other = Firm(tmp_path / "firm", store)
        assert other.sync("crm").result == "complete"
        (other.folder / "deals.csv").write_text(deals.as_csv(corrected()), "utf-8", newline="")
        summary = other.sync("crm", EVENING + 1)
        assert (summary.result, summary.counts["changed"], summary.counts["gone"]) == ("complete", 2, 1)
        assert other.current("deals") == 62
        assert other.current("arr") == firm.current("arr") - Fraction(gone.dollars) - Fraction(less.dollars) + Fraction(1, 100)
        assert sum(other.current(part) for part in PARTS) == other.current("arr")
