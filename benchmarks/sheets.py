"""Spreadsheets of 100,000 rows through the connector, against the bare library that reads their cells.

A workbook and the same table as CSV, ten columns of which nine are read: texts, a number, two dates, labels. The connector copies
the file, looks through the archive, parses it in a process with limits, checks every cell, and hands over items; the bare reading
makes Python values of all cells in one process and drops them. Every variant is a fresh process, measured with its children.

    python -m benchmarks.sheets [--rows 100000] [--rounds 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import csv
import json
import pathlib
import statistics
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import xlsxwriter

from benchmarks.stand import ROOT, measure
from connectors.base import SourceSettings

HEADERS = ("Deal ID", "Deal", "Stage", "Created", "Close date", "Amount", "Currency", "Region", "Owner", "Labels")
OPTIONS = {
    "key": "Deal ID",
    "columns": {
        "title": "Deal", "status": "Stage", "created": "Created", "done": "Close date", "amount": "Amount",
        "currency": "Currency", "assignee": "Owner", "labels": "Labels",
    },
}  # fmt: skip
FIELDS = {"region": "Region"}
GOAL = 5.0
"""Seconds."""
VARIANTS = ("csv, bare", "csv, connector", "xlsx, bare", "xlsx, connector")


# ---- the files ---------------------------------------------------------------------------------------------------------------


def rows(number: int) -> Iterator[tuple[Any, ...]]:
    """The same deals each time."""
    day = date(2026, 1, 1)
    for n in range(1, number + 1):
        stage = ("Won", "Lost", "Pitch", "Offer")[n % 4]
        dates = day + timedelta(days=n % 240), day + timedelta(days=n % 300 + 20)
        yield (f"D-{n}", f"Deal number {n} of many", stage, *dates, round(n * 1.37, 2), "EUR", f"Region {n % 7}",
               f"owner-{n % 50}", f"label-{n % 9}, label-{n % 5}")  # fmt: skip


def write(folder: pathlib.Path, number: int) -> None:
    """``deals.csv`` and ``deals.xlsx``."""
    with (folder / "deals.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(HEADERS)
        out.writerows(rows(number))
    book = xlsxwriter.Workbook(str(folder / "deals.xlsx"), {"constant_memory": True})
    page, day = book.add_worksheet("Deals"), book.add_format({"num_format": "yyyy-mm-dd"})
    page.write_row(0, 0, HEADERS)
    for at, row in enumerate(rows(number), 1):
        for column, value in enumerate(row):
            if isinstance(value, date):
                page.write_datetime(at, column, value, day)  # type: ignore[arg-type]
            elif isinstance(value, float):
                page.write_number(at, column, value)
            else:
                page.write_string(at, column, value)
    book.close()


# ---- what is measured ---------------------------------------------------------------------------------------------------------


def bare(path: pathlib.Path) -> int:
    """All cells as Python values; how many rows."""
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return sum(1 for _ in csv.reader(file)) - 1
    from python_calamine import CalamineWorkbook

    return sum(1 for _ in CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows()) - 1


def connector(path: pathlib.Path) -> int:
    """A whole pass; how many items."""
    import connectors

    settings = SourceSettings("deals", "spreadsheet", path.as_uri(), fields=FIELDS, options=OPTIONS)
    with connectors.open(settings) as source:
        source.check()
        return sum(len(page.items) for part in source.partitions() for page in source.changes(part, None, None))


def rounds(folder: pathlib.Path, number: int, times: int) -> list[dict[str, Any]]:
    """CPU seconds, wall seconds and peak memory of each variant: medians of interleaved rounds."""
    found: dict[str, list[Any]] = {name: [] for name in VARIANTS}
    for _ in range(times):
        for name in VARIANTS:
            kind, _, how = name.partition(", ")
            one = measure([sys.executable, "-m", "benchmarks.sheets", "--one", how, str(folder / f"deals.{kind}")], ROOT)
            if int(one.output) != number:
                raise SystemExit(f"{name} read {one.output.strip()} of {number} rows")
            found[name].append(one)
    return [
        {
            "variant": name,
            "cpu_s": round(statistics.median(one.cpu for one in ones), 2),
            "wall_s": round(statistics.median(one.wall for one in ones), 2),
            "peak_mb": round(max(one.memory for one in ones)),
            "ratio": round(
                statistics.median(
                    one.cpu / base.cpu for one, base in zip(ones, found[f"{name.partition(',')[0]}, bare"], strict=True)
                ),
                1,
            ),
        }
        for name, ones in found.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sheets", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        how, path = options.one
        print({"bare": bare, "connector": connector}[how](pathlib.Path(path)))
        return
    with tempfile.TemporaryDirectory(prefix="anchorline-bench-") as scratch:
        write(pathlib.Path(scratch), options.rows)
        found = rounds(pathlib.Path(scratch), options.rows, options.rounds)
    print(f"{options.rows:,} rows; the goal is a reading in less than {GOAL:.0f} s")
    for row in found:
        print(f"{row['variant']:<18} {row['cpu_s']:>6.2f} CPU s  {row['wall_s']:>6.2f} s  {row['peak_mb']:>4} MB "
              f"{row['ratio']:>6.1f} times bare")  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
