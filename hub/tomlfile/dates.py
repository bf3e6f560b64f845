"""What looks like a date and is none: the likeliest reason why a value cannot be read."""

from __future__ import annotations

import re
from datetime import date

REMEDY = "Write YEAR-MONTH-DAY without quotes, such as 2026-10-01."
_MONTH = "(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zä]*"
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[ap]m|z|[+-]\d{2}:\d{2})?"
_DAY = "|".join(
    (
        r"\d{1,4}\s?[-./]\s?\d{1,2}\s?[-./]\s?\d{1,4}",  # 2026-10-1, 01.10.2026, 10/1/26
        r"\d{4}-\d{1,2}|\d{1,2}/\d{4}",  # a month
        r"\d{1,2}\.\d{1,2}\.|\d{1,2}/\d{1,2}",  # a day without its year
        rf"\d{{1,2}}(?:\.|st|nd|rd|th)?[\s-]{_MONTH}\.?[\s-]\d{{2,4}}",
        rf"{_MONTH}\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{2,4}}",
        rf"\d{{4}}-{_MONTH}-\d{{1,2}}",
    )
)
_ATTEMPT = re.compile(rf"(?:^|(?<=[=\[,]))\s*((?:{_DAY})(?:[t\s]\s?(?:{_TIME})?)?|{_TIME})\s*(?=[,}}\]#]|$)", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*')
_RIGHT = re.compile(
    r"(\d{4}-\d\d-\d\d)?(?:(?<=\d)[Tt ](?=\d))?((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)?)?"
)


def no_date(line: str) -> tuple[int, str] | None:
    """The first value on a line that was meant as a date or time and is not written like one, or does not exist, and where
    it begins, from 0."""
    bare = _QUOTED.sub(lambda quoted: '"' * len(quoted[0]) if quoted[0][0] != "#" else "", line)
    return next(
        ((found.start(1), written) for found in _ATTEMPT.finditer(bare) if not _exists(written := found[1].strip())), None
    )


def is_day(written: str) -> bool:
    """Whether it is a day as TOML writes it, and exists."""
    try:
        return str(date.fromisoformat(written)) == written
    except ValueError:
        return False


def _exists(written: str) -> bool:
    right = _RIGHT.fullmatch(written)
    return right is not None and (right[1] is None or is_day(right[1]))
