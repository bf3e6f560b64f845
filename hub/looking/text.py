"""Pieces of the files that are written: comments, figures, blocks."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from datetime import UTC, date, datetime

_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")
_LONG = 60
WIDTH = 116


def comment(text: str) -> str:
    """A line of comment; what vendors write cannot end it or hide in it."""
    return f"# {clean(text)}".rstrip()


def comments(text: str) -> list[str]:
    """A sentence or more as lines of comment."""
    return [f"# {line}" for line in textwrap.wrap(clean(text), WIDTH, break_long_words=False, break_on_hyphens=False)]


def commented(block: str) -> str:
    """A block put out of force."""
    return "\n".join(f"# {line}".rstrip() for line in block.rstrip("\n").split("\n"))


def clean(text: object) -> str:
    """A vendor's text as a part of one line."""
    return " ".join(_UNFIT.sub(" ", str(text)).split())


def writable(text: str) -> bool:
    """Whether a text can stand in a file as it is: no braces, and nothing that cannot be seen."""
    return not set("{}") & set(text) and not _UNFIT.search(text) and bool(text.strip())


def name_of(text: object) -> str:
    """A vendor's text as a name in a file, where braces would be places to fill in."""
    return clean(text).replace("{", "(").replace("}", ")")


def short(text: object) -> str:
    """The same, cut where it is long."""
    found = clean(text)
    return found if len(found) <= _LONG else f"{found[: _LONG - 1].rstrip()}…"


def share(part: int, whole: int) -> str:
    """``62 %``; of nothing nothing. Never 0 or 100 where it is not exactly that."""
    if not whole:
        return "0 %"
    rounded = round(100 * part / whole)
    if rounded == 0 and part:
        return "under 1 %"
    return "over 99 %" if rounded == 100 and part < whole else f"{rounded} %"


def several(number: int, word: str, words: str = "") -> str:
    """``1 item``, ``1,204 items``."""
    return f"{number:,} {word if number == 1 else words or word + 's'}"


def named(texts: Iterable[str], most: int = 4) -> str:
    """A few of them, and how many more there are."""
    found = [short(text) for text in texts]
    more = len(found) - most
    return ", ".join(found[:most]) + (f" and {more:,} more" if more > 0 else "")


def day(at: int | date | None) -> str:
    """``3 Mar 2027``, of milliseconds in UTC or of a day."""
    if at is None:
        return "never"
    found = datetime.fromtimestamp(at / 1000, UTC).date() if isinstance(at, int) else at
    return f"{found.day} {found:%b %Y}"


def beside(lines: Iterable[tuple[str, str]], widest: int = 46) -> list[str]:
    """Lines with comments behind them, the comments below each other."""
    kept = list(lines)
    width = max((len(line) for line, note in kept if note and len(line) <= widest), default=0)
    return [f"{line.ljust(width)}  {comment(note)}" if note else line for line, note in kept]
