"""What Larkfield keeps outside of its tracker: an export of its deals, a sheet of typed figures, a small warehouse.

books(today, seed) --> Books (rows; pure) --write--> deals.csv, kpis.csv, warehouse.db
"""

from __future__ import annotations

import csv
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from hub.sandbox.company import cycle

DEALS, KPIS, WAREHOUSE = "deals.csv", "kpis.csv", "warehouse.db"
HISTORY = 200
"""Days before the cycle of which there are figures."""
REGIONS = {"EMEA": ("EUR", "GBP"), "AMER": ("USD",)}
WON, LOST = "Closed Won", "Closed Lost"
_OPEN = (("Discovery", 20), ("Proposal", 45), ("Negotiation", 70))
_FIRMS = ("Aldgate", "Brightwell", "Corvane", "Dunmore", "Eastfell", "Farrow", "Glenholt", "Harcastle", "Inverby", "Jasmund")
_SORTS = ("Logistics", "Mutual", "Foods", "Retail", "Energy", "Health", "Rail", "Partners")
_WRITERS = {
    "nps": ("lena@larkfield.example", "survey of the month"),
    "references": ("rosa@larkfield.example", "customers who said yes"),
}


@dataclass(frozen=True)
class Books:
    """Rows of each table, with their headers in ``HEADERS``."""

    deals: tuple[tuple[str, ...], ...]
    kpis: tuple[tuple[str, ...], ...]
    signups: tuple[tuple[str, int, int], ...]
    """(day, new workspaces, of which active in their first week)"""
    requests: tuple[tuple[str, int, int], ...]
    """(day, requests, of which answered well)"""
    costs: tuple[tuple[str, str, int, int], ...]
    """(last day of a month, service, cents, tenants)"""


HEADERS = {
    DEALS: ("Deal ID", "Deal", "Stage", "Type", "Region", "Amount", "Currency", "Probability", "Created", "Close date", "Owner"),
    KPIS: ("Date", "Metric", "Value", "Unit", "By", "Note"),
}
_SCHEMA = """
CREATE TABLE signups (day TEXT PRIMARY KEY, workspaces INTEGER NOT NULL, active INTEGER NOT NULL);
CREATE TABLE requests (day TEXT PRIMARY KEY, total INTEGER NOT NULL, good INTEGER NOT NULL);
CREATE TABLE costs (month TEXT, service TEXT, cents INTEGER NOT NULL, tenants INTEGER NOT NULL, PRIMARY KEY (month, service));
"""


def books(today: date, seed: int) -> Books:
    """Everything up to ``today``, the same for the same day and seed."""
    draw = random.Random(f"{seed} {today}")
    _, first, last = cycle(today)
    days = [first - timedelta(days=HISTORY) + timedelta(days=n) for n in range((today - first).days + HISTORY + 1)]
    return Books(
        tuple(_deals(draw, first, last, today)),
        tuple(_kpis(draw, first, today)),
        tuple(_signups(draw, days, first)),
        tuple(_requests(draw, days)),
        tuple(_costs(draw, days)),
    )


def write(folder: Path, what: Books) -> None:
    """The files of a company's books in a folder; what was there is replaced."""
    for name, rows in ((DEALS, what.deals), (KPIS, what.kpis)):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows((HEADERS[name], *rows))
    (folder / WAREHOUSE).unlink(missing_ok=True)
    with closing(sqlite3.connect(folder / WAREHOUSE)) as database, database:
        database.executescript(_SCHEMA)
        database.executemany("INSERT INTO signups VALUES (?, ?, ?)", what.signups)
        database.executemany("INSERT INTO requests VALUES (?, ?, ?)", what.requests)
        database.executemany("INSERT INTO costs VALUES (?, ?, ?, ?)", what.costs)


# ---- sales ------------------------------------------------------------------------------------------------------------------


def _deals(draw: random.Random, first: date, last: date, today: date) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for number in range(1, 181):
        created = first - timedelta(days=HISTORY) + timedelta(days=draw.randrange(HISTORY + (today - first).days + 1))
        closes = created + timedelta(days=draw.randrange(20, 140))
        region = draw.choice(("EMEA", "AMER", "AMER"))
        sort = "New Business" if draw.random() < 0.7 else "Renewal"
        amount = draw.randrange(40, 900) * 100 + draw.choice((0, 0, 50))
        if closes <= today:
            stage, chance = (WON, 100) if draw.random() < 0.45 else (LOST, 0)
        else:
            stage, chance = draw.choice(_OPEN)
        name = f"{draw.choice(_FIRMS)} {draw.choice(_SORTS)}"
        currency = draw.choice(REGIONS[region])
        owner = draw.choice(("ines", "tom", "yara", "paul"))
        row = (f"D-{number:04d}", name, stage, sort, region, f"{amount}.00", currency, str(chance))
        found.append((*row, created.isoformat(), closes.isoformat(), f"{owner}@larkfield.example"))
    return found


# ---- what people type -------------------------------------------------------------------------------------------------------


def _kpis(draw: random.Random, first: date, today: date) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    score, references = 31, 6
    for day in _month_ends(first - timedelta(days=HISTORY), today):
        score += draw.choice((-1, 1, 2, 3))
        references += draw.choice((0, 1, 2))
        for metric, value in (("nps", score), ("references", references)):
            by, note = _WRITERS[metric]
            found.append((day.isoformat(), metric, str(value), "", by, note))
    return found


# ---- the warehouse ----------------------------------------------------------------------------------------------------------


def _signups(draw: random.Random, days: list[date], first: date) -> list[tuple[str, int, int]]:
    found = []
    for day in days:
        workspaces = draw.randrange(60, 140) if day.weekday() < 5 else draw.randrange(15, 40)
        risen = max((day - first).days, 0) * 0.0012
        found.append((day.isoformat(), workspaces, round(workspaces * (0.58 + risen + draw.uniform(-0.03, 0.03)))))
    return found


def _requests(draw: random.Random, days: list[date]) -> list[tuple[str, int, int]]:
    found = []
    for day in days:
        total = draw.randrange(1_800_000, 2_400_000)
        lost = draw.uniform(0.0002, 0.0008) if draw.random() < 0.96 else draw.uniform(0.002, 0.006)
        found.append((day.isoformat(), total, total - int(total * lost)))
    return found


def _costs(draw: random.Random, days: list[date]) -> list[tuple[str, str, int, int]]:
    found = []
    tenants, cents = 2_400, {"compute": 31_000_00, "storage": 9_000_00, "network": 6_500_00}
    for month in _month_ends(days[0], days[-1]):
        tenants += draw.randrange(40, 90)
        for service, before in cents.items():
            cents[service] = int(before * draw.uniform(0.95, 1.02))
            found.append((month.isoformat(), service, cents[service], tenants))
    return found


def _month_ends(first: date, last: date) -> list[date]:
    found: list[date] = []
    day = first.replace(day=1)
    while True:
        day = (day + timedelta(days=32)).replace(day=1)
        end = day - timedelta(days=1)
        if end > last:
            return found
        found.append(end)
