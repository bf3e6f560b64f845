"""What a cell reads as: sixty spellings of numbers without a declared format, numbers and dates with one, and serial numbers."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.spreadsheet.cells import number_of, text_of
from connectors.spreadsheet.dates import Dates, date_format
from connectors.spreadsheet.numbers import Odd, number, number_format, plain

NUMBERS: dict[str, str | None] = {
    # plain
    "0": "0", "7": "7", "1234": "1234", "1234567": "1234567", "007": "7", "1234.5": "1234.5", "1234,5": "1234.5",
    "0.5": "0.5", "0,5": "0.5", ".5": "0.5", ",5": "0.5", "1.5": "1.5", "1,5": "1.5", "12.34": "12.34", "12,3456": "12.3456",
    "1234.567": "1234.567", "1234,567": "1234.567", "0.123": "0.123", "0,123": "0.123", "2.50": "2.5", "3.0": "3",
    # grouped
    "1,234.56": "1234.56", "1.234,56": "1234.56", "1,234,567": "1234567", "1.234.567": "1234567", "1,234,567.8": "1234567.8",
    "1.234.567,8": "1234567.8", "1 234": "1234", "1 234 567,89": "1234567.89", "1\u00a0234": "1234", "1\u202f234,5": "1234.5",
    "1'234.50": "1234.5", "1\u2019234\u2019567": "1234567", "12 345.6": "12345.6",
    # signs, blanks, hundredths
    "-5": "-5", "- 5": "-5", "+5": "5", "\u22125,5": "-5.5", "\u201312": "-12", " 12 ": "12", "-0": "0", "-0,00": "0",
    "45%": "0.45", "45 %": "0.45", "-2,5%": "-0.025", "0.5%": "0.005", "100%": "1",
    # in doubt, or none
    "1.234": None, "1,234": None, "12.345": None, "-999,999": None, "1,23,456": None, "12,34.5": None, "1.234.5": None,
    "1,234,56": None, "1 23": None, "1e5": None, "1.2E+09": None, "(1,234.50)": None, "12-": None, "€ 5": None, "5 EUR": None,
    "1/2": None, "1 1/2": None, "0x1F": None, "NaN": None, "inf": None, "-": None, "n/a": None, "--5": None, "5.": None,
    "1..5": None,
    "\u0661\u0662": None, "\uff11": None, "1_000": None, "9" * 19: None, "0." + "1" * 19: None, "12:30": None, "TRUE": None,
}  # fmt: skip


def test_there_are_sixty() -> None:
    assert len(NUMBERS) >= 60


@pytest.mark.parametrize("written", NUMBERS)
def test_a_number_without_a_declared_format_is_read_only_where_there_is_no_doubt(written: str) -> None:
    """F34."""
    wanted = NUMBERS[written]
    if wanted is not None:
        assert number(written) == wanted
        return
    with pytest.raises(Odd) as caught:
        number(written)
    assert caught.value.reason and caught.value.remedy


DECLARED = [
    ("1.234,56", "1.234", "1234"),
    ("1.234,56", "1.234,5", "1234.5"),
    ("1.234,56", "1234,5", "1234.5"),
    ("1.234,56", "12", "12"),
    ("1.234,56", "1.234.567,89", "1234567.89"),
    ("1.234,56", "-1.234,56", "-1234.56"),
    ("1.234,56", "12,5 %", "0.125"),
    ("1.234,56", "1.5", None),
    ("1.234,56", "1,234.56", None),
    ("1.234,56", "1.23", None),
    ("1,234.56", "1,234", "1234"),
    ("1,234.56", "1.234", "1.234"),
    ("1,234.56", "1.234,56", None),
    ("1.234", "1.234", "1234"),
    ("1.234", "2,5", "2.5"),
    ("1,234", "12,345", "12345"),
    ("1234.56", "1.234", "1.234"),
    ("1234.56", "1,234", None),
    ("1234,56", "1,234", "1.234"),
    ("1 234,56", "1\u00a0234,5", "1234.5"),
    ("1\u2019234.50", "1'234.5", "1234.5"),
    ("1234", "12", "12"),
    ("1234", "1.5", None),
    ("1.234,56 €", "-1.234,56 €", "-1234.56"),
    ("1.234,56 €", "5", "5"),
    ("€1,234.56", "€-5", "-5"),
    ("€1,234.56", "-€5", "-5"),
    ("€1,234.56", "$5", None),
    ("1.234,56 %", "45,5 %", "0.455"),
]


@pytest.mark.parametrize(("form", "written", "wanted"), DECLARED)
def test_a_declared_format_decides(form: str, written: str, wanted: str | None) -> None:
    """F34."""
    declared = number_format(form)
    assert declared is not None
    if wanted is None:
        with pytest.raises(Odd, match="is not written as"):
            number(written, declared)
    else:
        assert number(written, declared) == wanted


@pytest.mark.parametrize("form", ["", "abc", "1.234.56", "1,234,56", "5678", "12.34", "DD.MM.YYYY", "1-234", "-1.234,56"])
def test_what_is_no_format_of_numbers(form: str) -> None:
    assert number_format(form) is None


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=4),
    st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]),
)
def test_every_number_survives_its_declared_format(value: Decimal, marks: tuple[str, str]) -> None:
    group, point = marks
    declared = number_format(f"1{group}234{point}56")
    written = f"{value:,f}".replace(",", "@").replace(".", point).replace("@", group)
    assert declared is not None
    assert Decimal(number(written, declared)) == value


@given(st.text(max_size=20))
def test_no_text_is_read_as_two_numbers_or_breaks_the_reader(text: str) -> None:
    try:
        found = number(text)
    except Odd:
        return
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", found) and found != "-0"


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_numbers_of_workbooks_are_plain(value: float) -> None:
    try:
        found = plain(value)
    except Odd:
        assert not abs(value) < 1e18
        return
    assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", found)
    assert float(found) == pytest.approx(value, rel=1e-14, abs=1e-17)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(0.1 + 0.2, "0.3"), (5.0, "5"), (-0.0, "0"), (1e15, "1000000000000000"), (1e-7, "0.0000001"), (59.97, "59.97")],
)
def test_numbers_of_workbooks_are_what_people_see_there(value: float, wanted: str) -> None:
    assert plain(value) == wanted


@pytest.mark.parametrize("value", [True, date(2026, 1, 1), time(12), timedelta(hours=5), "abc"])
def test_other_cells_are_no_numbers(value: Any) -> None:
    with pytest.raises(Odd):
        number_of(value, None)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(1001.0, "1001"), ("  a\u0301 ", "\u00e1"), (True, "true"), (date(2026, 10, 1), "2026-10-01"), ("a\x07b", "a\ufffdb"),
     (None, ""), (datetime.fromisoformat("2026-10-01T08:30"), "2026-10-01 08:30:00"), ("=HYPERLINK()", "=HYPERLINK()")],
)  # fmt: skip
def test_texts(value: Any, wanted: str) -> None:
    assert text_of(value) == wanted


# ---- dates ------------------------------------------------------------------------------------------------------------------

DATES = [
    (date(2026, 10, 1), None, "2026-10-01"),
    (datetime.fromisoformat("2026-10-01T13:45"), None, "2026-10-01"),
    (46296.0, None, "2026-10-01"),
    (46296.5, None, "2026-10-01"),
    ("2026-10-01", None, "2026-10-01"),
    ("2026-10-01T22:30:00Z", None, "2026-10-02"),
    ("2026-10-01 22:30", None, "2026-10-01"),
    ("2026-10-01T23:00:00+02:00", None, "2026-10-01"),
    ("01.10.2026", "DD.MM.YYYY", "2026-10-01"),
    ("1.10.2026", "DD.MM.YYYY", "2026-10-01"),
    ("01.10.2026 08:15", "DD.MM.YYYY", "2026-10-01"),
    ("2026-10-01", "DD.MM.YYYY", "2026-10-01"),
    ("10/1/26", "M/D/YY", "2026-10-01"),
    ("01/10/2026", "dd/mm/yyyy", "2026-10-01"),
    ("20261001", "YYYYMMDD", "2026-10-01"),
    ("01.10.2026 17:05", "DD.MM.YYYY HH:mm", "2026-10-01"),
]


@pytest.mark.parametrize(("value", "form", "wanted"), DATES)
def test_dates(value: Any, form: str | None, wanted: str) -> None:
    declared = date_format(form) if form else None
    assert (declared is None) == (form is None)
    assert Dates("Europe/Berlin").day(value, declared) == wanted


@pytest.mark.parametrize(
    ("value", "form"),
    [("01.10.2026", None), ("10/01/2026", None), ("2026-13-01", None), ("2026-02-30", None), ("0026-10-01", None), ("Q3", None),
     (2026.0, None), (20261001.0, None), (-1.0, None), (True, None), (time(12), None), (timedelta(days=3), None), ("46296", None),
     ("31.02.2026", "DD.MM.YYYY"), ("10/01/2026", "DD.MM.YYYY"), ("01.10.26", "DD.MM.YYYY")],
)  # fmt: skip
def test_what_is_no_date(value: Any, form: str | None) -> None:
    with pytest.raises(Odd):
        Dates("UTC").day(value, date_format(form) if form else None)


@pytest.mark.parametrize(
    "form", ["", "DD.MM", "YYYY", "DD.DD.YYYY", "1.234,56", "DD.MMM.YYYY", "HH:mm", "YYYY-MM-DD YY", "DD.MM.YYYY HH"]
)
def test_what_is_no_format_of_dates(form: str) -> None:
    assert date_format(form) is None


def test_serial_numbers_count_from_the_workbooks_own_beginning() -> None:
    assert Dates("UTC").day(46296.0) == "2026-10-01"
    assert Dates("UTC", from_1904=True).day(44834.0) == "2026-10-01"


def test_an_instant_is_in_the_strategys_zone_and_a_day_begins_there() -> None:
    berlin = Dates("Europe/Berlin")
    assert berlin.instant(date(2026, 10, 1)) == "2026-09-30T22:00:00+00:00"
    assert berlin.instant(date(2026, 12, 1)) == "2026-11-30T23:00:00+00:00"
    assert berlin.instant("2026-10-01 08:30") == "2026-10-01T06:30:00+00:00"
    assert berlin.instant("2026-10-01T08:30:00Z") == "2026-10-01T08:30:00+00:00"
    assert berlin.instant(46296.5) == "2026-10-01T10:00:00+00:00"


@given(st.dates(date(1932, 1, 1), date(2170, 1, 1)), st.booleans())
def test_serial_numbers_and_days_are_one_to_one(day: date, from_1904: bool) -> None:
    zero = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
    assert Dates("UTC", from_1904).day(float((day - zero).days)) == day.isoformat()
