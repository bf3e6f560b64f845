"""Small pieces of text: cleaned titles, percentages, bars, ages, and tables without borders."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

from rich.cells import cell_len, set_cell_size
from rich.table import Table
from rich.text import Text

DIM, BOLD, KEY, WARN, BAD = "dim", "bold", "cyan", "yellow", "red"
BAR = 10
UNMEASURED = "unmeasured"

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: titles, links, clipboard
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # strings of other kinds
    r"|[\x1b\x9b]\[?[0-?]*[ -/]*[@-~]"  # CSI and short escapes
)
_KEPT = {"\u200c", "\u200d"}  # joiners: words of some scripts, and emoji, need them


def clean(text: object) -> str:
    """A vendor's text without anything that a terminal would obey: escapes, control characters, reversed directions."""
    given = str(text)
    if given.isascii() and given.isprintable():
        return given
    kept = []
    for char in _ESCAPES.sub("", given):
        category = unicodedata.category(char)
        if char in "\t\n\r\v\f" or category in ("Zl", "Zp"):
            kept.append(" ")
        elif category not in ("Cc", "Cf", "Cs") or char in _KEPT:
            kept.append(char)
    return " ".join("".join(kept).split())


def fit(text: str, width: int) -> str:
    """At most ``width`` cells of a text; what was cut off leaves an ellipsis."""
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)).rstrip() + "…"


def percent(progress: Fraction | None) -> str:
    """Rounded to whole percents, but never to 100 or 0 where it is neither."""
    if progress is None:
        return ""
    if progress < 0:
        return f"-{percent(-progress)}"
    whole = round(progress * 100)
    if (whole == 0 and progress > 0) or (whole == 100 and progress < 1):
        tenths = min(max(round(progress * 1000), 1), 999)
        return f"{tenths / 10:.1f} %"
    return f"{whole} %"


_STATUSES = {
    "missed": BAD,
    "off track": BAD,
    "at risk": WARN,
    "on track": "green",
    "done": "green",
    "unknown": "magenta",
}


def status(word: str) -> Text:
    """A status in its colour; without colour the word says it all. What nobody knows is never green."""
    return Text(word, _STATUSES.get(word, DIM))


def bar(progress: Fraction | None, width: int = BAR) -> Text:
    """A bar of full and empty cells: full only at 100 %, and never empty where something is done."""
    if progress is None:
        return Text(UNMEASURED.ljust(width), DIM)
    cells = min(max(int(progress * width), 1 if progress > 0 else 0), width)
    return Text("█" * cells, "cyan") + Text("░" * (width - cells), DIM)


def exact(value: Fraction | Decimal | None) -> str:
    """A number as short as it can be said exactly, else to three places: 5, 2.5, 1/3 becomes 0.333."""
    if value is None:
        return ""
    if isinstance(value, Fraction):
        if value.denominator == 1:
            return f"{value.numerator:,}"
        return f"{float(value):,.3f}".rstrip("0").rstrip(".")
    whole = value.to_integral_value()
    return f"{int(whole):,}" if whole == value else f"{value.normalize():,f}"


def share(part: Fraction) -> str:
    """A part of credit as it is written: 1, 1/2."""
    return str(part)


def count(number: int, word: str, plural: str = "") -> str:
    """``1 item``, ``1,204 items``."""
    return f"{number:,} {word if number == 1 else plural or word + 's'}"


_STEPS = ((60, "minute"), (3600, "hour"), (86_400, "day"))


def ago(at: int | None, now: int) -> str:
    """``2 hours ago``. What seems to lie in the future (two clocks) is just now."""
    if at is None:
        return "never"
    seconds = max(now - at, 0) // 1000
    if seconds < 60:
        return "just now"
    size, word = [step for step in _STEPS if seconds >= step[0]][-1]
    return f"{count(seconds // size, word)} ago"


def moment(at: int | None) -> str:
    """An instant to the minute, in UTC."""
    return "" if at is None else datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def clock(at: int) -> str:
    """``22 Nov 16:12``, in UTC."""
    when = datetime.fromtimestamp(at / 1000, UTC)
    return f"{when.day} {when:%b %H:%M}"


def day(at: date) -> str:
    """``1 Oct 2026``"""
    return f"{at.day} {at:%b %Y}"


def duration(start: int, end: int | None) -> str:
    """``48 s``, ``3 min 12 s``, ``1 h 5 min``."""
    if end is None:
        return ""
    seconds = max(end - start, 0) / 1000
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def linked(label: str, url: str | None, style: str = KEY) -> Text:
    """A label that a terminal can open, if the address is one of the web."""
    address = clean(url or "")
    if address.startswith(("https://", "http://")) and not re.search(r"[\s\"<>\\;]", address):
        return Text(label, f"{style} link {address}")
    return Text(label, style)


def name_of(key: str | None, id: str) -> str:
    """How people call an item: its key, else the vendor's id."""
    return clean(key or id)


def columns(gap: int = 2) -> Table:
    """A table without borders or head."""
    return Table.grid(padding=(0, gap, 0, 0), pad_edge=False)


def words(*parts: Text | str | tuple[str, str]) -> Text:
    """Pieces of one line; plain ones have no style."""
    return Text.assemble(*parts)


def noted(notes: Iterable[str]) -> Table:
    """What must be known before the numbers are believed, a line each."""
    table = Table.grid(padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for text in notes:
        table.add_row(Text("!", f"{BOLD} {WARN}"), Text(clean(text), WARN))
    return table


def heading(text: str) -> Text:
    """The head of a paragraph."""
    return Text(text, BOLD)
