"""`check --online` of files and databases: it finds beforehand what a sync would stumble over, and says it in the same words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.cli.asking import Seen, ask
from hub.cli.render.online import answer
from hub.config import load_config
from tests.hub.cli.builders import run, shown

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SHEET = 'key = "Deal ID"\ncolumns = { title = "Deal", amount = "Amount" }\nfields = { region = "Region" }\n'
DEALS = "Deal ID,Deal,Amount,Region\nD-1,Alpen AG,1200,EMEA\nD-2,Baltic,800,AMER\n"


class Folder:
    """A configuration with one spreadsheet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "mappings").mkdir()
        (path / "mappings" / "all.toml").write_text("[cycle]\n2026-q4 = { starts = 2026-10-01, ends = 2026-12-31 }\n")
        self.write()

    def write(self, lines: str = SHEET, deals: str = DEALS, file: str = "deals.csv") -> None:
        text = f'[source.deals]\nkind = "spreadsheet"\nfile = "{file}"\n{lines}'
        (self.path / "config.toml").write_text(text)
        (self.path / "deals.csv").write_text(deals)

    def ask(self) -> Seen:
        return ask(load_config(self.path / "config.toml", {}), "deals", None, NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def said(seen: Seen) -> str:
    return re.sub(r"\s+", " ", shown(answer(seen, 0, 80)))


def test_a_sound_file_is_ready_and_no_field_of_it_is_missed(folder: Folder) -> None:
    seen = folder.ask()
    assert (seen.result, seen.error, seen.fields) == ("complete", None, {})
    assert "not found" not in said(seen)
    assert re.search(r" reading +/", said(seen))
    assert "I am" not in said(seen)
    assert "credential none is needed" in said(seen)
    assert "I see 1 sheet, to read: deals" in said(seen)


@pytest.mark.parametrize(
    ("lines", "deals", "error"),
    [
        (SHEET.replace("Deal ID", "Number"), DEALS, 'deals.csv, row 1: there is no column "Number"'),
        (SHEET, DEALS.replace("Amount", "Sum"), 'deals.csv, row 1: there is no column "Amount"'),
        (SHEET, DEALS.replace("Region", "Area"), 'deals.csv, row 1: there is no column "Region"'),
        (SHEET, DEALS.replace("800", "12x"), 'deals.csv, C3: "12x" is no number in the column Amount'),
        (SHEET, DEALS.replace("D-2", "D-1"), "deals.csv, row 3"),
    ],
)
def test_what_a_sync_would_stumble_over_is_found(folder: Folder, lines: str, deals: str, error: str) -> None:
    folder.write(lines, deals)
    seen = folder.ask()
    assert (seen.result, seen.exit_code) == ("failed", 1)
    assert seen.error is not None
    assert error in seen.error
    assert seen.hint
    assert error in said(seen)
    assert seen.hint[:20] in said(seen)


def test_queries_are_counted_in_proper_words(folder: Folder) -> None:
    told = said(
        Seen("w", "sql", "SQL database", "sqlite:///w.db", "queries", account_id="w", states={"live": 1}, left_out=("x",))
    )
    assert "I see 1 query" in told
    assert "also 1 query that the configuration does not read: x" in told


def test_the_command_ends_with_one(folder: Folder) -> None:
    folder.write(deals=DEALS.replace("800", "12x"))
    done = run("check", "--online", folder=folder.path)
    assert done.returncode == 1
    assert "cannot be read" in done.stdout
