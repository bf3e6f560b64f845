"""What a SaaS company of 900 people keeps in spreadsheets: its deals and its plan, written as people write; from a seed.

deals(seed) --as_csv--> the text of a CSV file with blanks, cases, number and date formats as they come
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

FIRST, LAST = date(2027, 1, 1), date(2027, 3, 31)
"""The cycle."""
WON, RENEWED, BEFORE, AFTER, LOST, LOST_BEFORE, OPEN = 63, 17, 21, 9, 34, 12, 48
"""How many deals of each sort there are; all but the renewed ones are new business."""
REGIONS = ("EMEA", "AMER", "APAC")
CURRENCIES = ("EUR", "USD", "GBP", "CHF")
STAGES = ("Discovery", "Pitch", "Verhandlung geprüft")
HEADER = ("Deal  ID", "Account", "STAGE", "Type", "Amount", "Currency", "Region", "Chance", "Created on", "Close\ndate", "Notes")
NOTES = ("", "", "champion left; call again", 'said "maybe"', "first line\nsecond line", "=total?", "Größe: 12,5 ha")


class Deal(NamedTuple):
    """A deal as the company knows it. ``outcome`` is won, lost or open."""

    id: str
    account: str
    outcome: str
    type: str
    amount: Decimal | None
    currency: str
    region: str
    chance: Decimal
    """A share from 0 to 1"""
    created: date
    closes: date


def deals(seed: int = 7) -> list[Deal]:
    """In no order."""
    draw = Random(seed)
    found: list[Deal] = []

    def add(count: int, outcome: str, days: tuple[date, date], type: str = "New Business") -> None:
        """The first and the last of these days are among them."""
        first, last = days
        for n in range(count):
            closes = (first, last)[n] if n < 2 else first + timedelta(draw.randrange((last - first).days + 1))
            number = len(found) + 1
            amount = Decimal(draw.choice((draw.randrange(10**5, 10**7), draw.randrange(1, 10**4), draw.randrange(10**8, 10**9))))
            found.append(
                Deal(
                    f"D-{number:04}", draw.choice(("Alpen AG", "Bäcker & Söhne", "Cadiz S.L.", "Đà Nẵng JSC")), outcome, type,
                    None if outcome == "open" and draw.random() < 0.1 else amount.scaleb(-2), draw.choice(CURRENCIES),
                    draw.choice(REGIONS), Decimal(draw.randrange(5, 96)).scaleb(-2), closes - timedelta(draw.randrange(1, 200)),
                    closes,
                )
            )  # fmt: skip

    day = timedelta(1)
    add(WON, "won", (FIRST, LAST))
    add(RENEWED, "won", (FIRST, LAST), "Renewal")
    add(BEFORE, "won", (date(2026, 7, 1), FIRST - day))
    add(AFTER, "won", (LAST + day, date(2027, 4, 15)))  # signed, and dated by the day from which it holds
    add(LOST, "lost", (FIRST, LAST))
    add(LOST_BEFORE, "lost", (date(2026, 7, 1), FIRST - day))
    add(OPEN // 3, "open", (date(2027, 2, 1), LAST))
    add(OPEN // 3, "open", (date(2027, 4, 1), date(2027, 6, 30)))
    add(OPEN // 3, "open", (date(2027, 7, 1), date(2027, 12, 31)))
    draw.shuffle(found)
    return found


# ---- as people write ------------------------------------------------------------------------------------------------------


def as_csv(found: Iterable[Deal]) -> str:
    """Separated by semicolons, with a byte order mark, empty rows, remarks of several lines, and one thing in many spellings. A
    deal is always spelt in the same way."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, delimiter=";", lineterminator="\r\n")
    rows.writerow(HEADER)
    for deal in found:
        draw = Random(deal.id)
        rows.writerow(
            (
                deal.id, deal.account, _stage(deal, draw), _spelt(deal.type, draw), _amount(deal.amount, draw), deal.currency,
                _spelt(deal.region, draw), _chance(deal.chance, draw), _day(deal.created, draw), _day(deal.closes, draw),
                draw.choice(NOTES),
            )
        )  # fmt: skip
        if draw.random() < 0.03:
            rows.writerow([""] * len(HEADER))
    return "\ufeff" + out.getvalue()


def _spelt(text: str, draw: Random) -> str:
    change: Callable[[str], str] = draw.choice((str, str, str.upper, str.lower, str.title))
    return draw.choice(("{}", "{}", " {}", "{}\u00a0")).format(change(text))


def _stage(deal: Deal, draw: Random) -> str:
    if deal.outcome == "open":
        return _spelt(draw.choice(STAGES), draw)
    return _spelt(draw.choice(("Closed {}", "Closed - {}", "Closed: {}")).format(deal.outcome.title()), draw)


def _amount(amount: Decimal | None, draw: Random) -> str:
    """1.234,56 in several ways."""
    if amount is None:
        return draw.choice(("", " "))
    plain = draw.choice((f"{amount:,.2f}", f"{amount:.2f}", f"{amount:,f}"))
    text = plain.translate(str.maketrans(",.", ".,"))
    return draw.choice(("{}", "{}", " {} ", "{} netto", "{}\u00a0netto")).format(text)


def _chance(chance: Decimal, draw: Random) -> str:
    """60 %, 60 or 0,6."""
    percent = f"{chance * 100:f}".rstrip("0").rstrip(".")
    return draw.choice((f"{percent} %", f"{percent}%", percent, f"{chance:f}".replace(".", ",")))


def _day(day: date, draw: Random) -> str:
    return draw.choice((f"{day:%d.%m.%Y}", f"{day:%d.%m.%Y}", f"{day.day}.{day.month}.{day.year}", day.isoformat()))


# ---- the plan -------------------------------------------------------------------------------------------------------------

EPICS, STORIES, UPKEEP, LOOSE = 3, 46, 120, 9
PLAN_HEADER = ("Key", "Title", "State", "Type", "Under", "Finished")


def plan(seed: int = 7) -> str:
    """A CSV file of work: three epics with 46 stories, upkeep that a catch-all takes, and ideas that nothing claims."""
    draw = Random(seed)

    def row(key: str, title: str, type: str, *states: str, under: str = "") -> tuple[str, ...]:
        state = draw.choice(states)
        return key, title, state, type, under, "2027-02-01" if state == "Done" else ""

    rows = [row(f"E-{n}", f"Epic {n}", "Epic", "Doing") for n in range(1, EPICS + 1)]
    stories = range(1, STORIES + 1)
    rows += [row(f"S-{n}", f"Story {n}", "Story", "Open", "Doing", "Done", under=f"E-{draw.randint(1, EPICS)}") for n in stories]
    rows += [row(f"U-{n}", f"Upkeep {n}", "Story", "Open", "Doing", "Done") for n in range(1, UPKEEP + 1)]
    rows += [row(f"L-{n}", f"Idea {n}", "Idea", "Doing") for n in range(1, LOOSE + 1)]
    draw.shuffle(rows)
    out = io.StringIO(newline="")
    csv.writer(out).writerows((PLAN_HEADER, *rows))
    return out.getvalue()
