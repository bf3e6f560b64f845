"""A cell as a day or an instant: real dates of workbooks, their serial numbers, ISO texts, and texts in a declared format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from connectors.spreadsheet.numbers import COLUMN, Odd, shown

FIRST, LAST = 10_000, 100_000
"""Serial numbers that are taken for days: 1927 to 2173. Below lie years and counts, above days written without points."""
YEARS = range(1900, 2200)
_1900, _1904 = date(1899, 12, 30), date(1904, 1, 1)
"""Day 0 of the two systems. Excel's first system counts a 29 February 1900 that never was; no serial here is as old."""
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]+([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]{1,9})?)? ?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_TOKEN = re.compile(r"YYYY|YY|MM|M|DD|D|HH|H|mm|ss|.", re.DOTALL)
_PARTS = {
    "YYYY": "(?P<Y>[0-9]{4})", "YY": "(?P<y>[0-9]{2})", "MM": "(?P<M>[0-9]{1,2})", "M": "(?P<M>[0-9]{1,2})",
    "DD": "(?P<D>[0-9]{1,2})", "D": "(?P<D>[0-9]{1,2})", "HH": "(?P<h>[0-9]{1,2})", "H": "(?P<h>[0-9]{1,2})",
    "mm": "(?P<m>[0-9]{2})", "ss": "(?P<s>[0-9]{2})",
}  # fmt: skip
_TAIL = r"(?:[ T]+(?P<h>[0-9]{1,2}):(?P<m>[0-9]{2})(?::(?P<s>[0-9]{2}))?)?"
EXAMPLE = '"DD.MM.YYYY"'
_WRITE = f"Write it as 2026-10-01, or declare how the column writes dates: formats = {{ {COLUMN} = {EXAMPLE} }} in config.toml."


@dataclass(frozen=True, slots=True)
class DateFormat:
    """How a column writes dates."""

    pattern: re.Pattern[str]
    written: str


@cache
def date_format(written: str) -> DateFormat | None:
    """The format that a text such as ``DD.MM.YYYY`` or ``M/D/YY HH:mm`` describes; None where year, month or day is not in it."""
    text = written.strip()
    timed = bool(re.search("[Hh]", text))
    tokens = _TOKEN.findall(text.replace("hh", "HH").replace("h", "H") if timed else text.upper())
    parts = [token for token in tokens if token in _PARTS]
    names = [re.findall("<(.)>", _PARTS[token])[0] for token in parts]
    if len(set(names)) != len(names) or not {"M", "D"} <= set(names) or len({"Y", "y"} & set(names)) != 1:
        return None
    if any(token.isalnum() for token in tokens if token not in _PARTS) or ("m" in names) != ("h" in names):
        return None
    body = "".join(_PARTS.get(token) or re.escape(token) for token in tokens)
    return DateFormat(re.compile(body if timed else body + _TAIL), text)


class Dates:
    """Reads the dates of one sheet. ``zone`` is the strategy's; ``from_1904`` the workbook's system of serial numbers."""

    def __init__(self, zone: str, from_1904: bool = False) -> None:
        self._zone = ZoneInfo(zone)
        self._zero = _1904 if from_1904 else _1900

    def day(self, value: object, form: DateFormat | None = None) -> str:
        """The day, in ISO form. Raises ``Odd``."""
        return self._read(value, form).isoformat()[:10]

    def instant(self, value: object, form: DateFormat | None = None) -> str:
        """The instant in UTC, in ISO form; of a day its beginning in the strategy's zone. Raises ``Odd``."""
        found = self._read(value, form)
        local = found if isinstance(found, datetime) else datetime.combine(found, time())
        return local.replace(tzinfo=self._zone).astimezone(UTC).isoformat()

    def _read(self, value: object, form: DateFormat | None) -> date:
        """A day, or a naive local datetime where the cell has a time of day."""
        if isinstance(value, datetime):
            found: date = value if value.time() != time() else value.date()
        elif isinstance(value, date):
            found = value
        elif isinstance(value, str):
            found = self._text(value.strip(), form)
        elif isinstance(value, float | int) and not isinstance(value, bool):
            found = self._serial(float(value))
        elif isinstance(value, time | timedelta):
            raise Odd(f"{shown(value)} is a time without a day", "Write the day into the cell as well.")
        else:
            raise Odd(f"{shown(value)} is no date", _WRITE)
        if found.year not in YEARS:
            raise Odd(f"{shown(value)} lies outside of the years 1900 to 2199", "Correct the year.")
        return found

    def _serial(self, value: float) -> date:
        if not FIRST <= value < LAST:
            raise Odd(f"{shown(f'{value:.15g}')} is no date", "Write a whole date into the cell, and format it as a date.")
        day = self._zero + timedelta(days=int(value))
        seconds = round((value - int(value)) * 86_400)
        return datetime.combine(day, time()) + timedelta(seconds=seconds) if seconds else day

    def _text(self, text: str, form: DateFormat | None) -> date:
        try:
            if found := _ISO.fullmatch(text):
                return self._iso(found)
            if form is not None and (match := form.pattern.fullmatch(text)):
                return _matched(match)
        except ValueError:
            raise Odd(f"{shown(text)} is no day of the calendar", "Correct the date.") from None
        if form is not None:
            raise Odd(f"{shown(text)} is not written as {form.written}", f"Write it as {form.written} or as 2026-10-01.")
        raise Odd(f"{shown(text)} is no date", _WRITE)

    def _iso(self, found: re.Match[str]) -> date:
        year, month, day, hour, minute, second, offset = found.groups()
        if hour is None:
            return date(int(year), int(month), int(day))
        at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))  # noqa: DTZ001 - local
        if offset:
            aware = datetime.fromisoformat(f"{at.isoformat()}{'+00:00' if offset == 'Z' else offset}")
            at = aware.astimezone(self._zone).replace(tzinfo=None)
        return at if at.time() != time() else at.date()


def _matched(found: re.Match[str]) -> date:
    parts = found.groupdict()
    year = int(parts["Y"]) if parts.get("Y") else 2000 + int(parts["y"])
    day = date(year, int(parts["M"]), int(parts["D"]))
    at = time(int(parts.get("h") or 0), int(parts.get("m") or 0), int(parts.get("s") or 0))
    return datetime.combine(day, at) if at != time() else day
