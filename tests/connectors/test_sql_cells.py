"""Cells: numbers stay exactly what they are, days are days, and every result can be stored."""

from __future__ import annotations

import json
import math
import sqlite3
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.sql import cells
from connectors.sql.query import Query
from connectors.sql.rows import key_of, shape
from tests.connectors.sql_world import Warehouse, values
from tests.hub.store.databases import PostgresServer

BERLIN = ZoneInfo("Europe/Berlin")
decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18, places=6)


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_exactly_the_number_in_plain_digits_or_is_refused(number: Any) -> None:
    try:
        literal = cells.number(number)
    except cells.Wrong:
        assert len(format(Decimal(repr(number) if isinstance(number, float) else number), "f")) > 50
        return
    assert Decimal(literal) == (Decimal(repr(number)) if isinstance(number, float) else Decimal(number))
    assert set(literal) <= set("-0123456789.")
    if isinstance(number, float):
        assert float(literal) == number


@given(decimals)
@example(Decimal("-0"))
@example(Decimal("1E+3"))
@example(Decimal("0.000001"))
def test_the_text_of_a_number_reads_as_the_number(number: Decimal) -> None:
    assert Decimal(cells.number(format(number, "f"))) == number
    assert not cells.number(number).startswith("-0.000000") or number != 0


@pytest.mark.parametrize(
    "cell", [math.nan, math.inf, Decimal("sNaN"), "1e5", "1.", ".5", "0x1", "١", "", True, b"1", [1], date(2027, 1, 1)]
)
def test_what_is_no_number_is_refused(cell: Any) -> None:
    with pytest.raises(cells.Wrong):
        cells.number(cell)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(decimals, min_size=1, max_size=20))
@pytest.mark.postgres
def test_decimals_of_postgresql_come_as_they_are_stored(server: Warehouse, numbers: list[Decimal]) -> None:
    server.run("TRUNCATE sale")
    rows = ",".join(f"('2027-01-01', {number}, '{n}')" for n, number in enumerate(numbers))
    server.run(f"INSERT INTO sale VALUES {rows}")
    found = values(server.settings("SELECT day AS date, amount AS value, region AS key FROM sale"))
    assert {v.key: Decimal(v.value) for v in found} == {str(n): number for n, number in enumerate(numbers)}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(decimals, min_size=1, max_size=20))
def test_decimals_that_sqlite_keeps_as_texts_come_as_they_are_written(lake: Warehouse, numbers: list[Decimal]) -> None:
    lake.run("CREATE TABLE IF NOT EXISTS money (amount TEXT, n); DELETE FROM money")
    lake.run("".join(f"INSERT INTO money VALUES ('{number:f}', {n});" for n, number in enumerate(numbers)))
    found = values(lake.settings("SELECT '2027-01-01' AS date, amount AS value, n AS key FROM money"))
    assert [Decimal(v.value) for v in found] == numbers


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_float_of_sqlite_is_the_shortest_number_that_reads_as_it(lake: Warehouse, number: float) -> None:
    if abs(number) < 1e-20:
        number = 0.0
    lake.run("CREATE TABLE IF NOT EXISTS f (x REAL); DELETE FROM f")
    lake.run(f"INSERT INTO f VALUES ({number!r})")
    (value,) = values(lake.settings("SELECT '2027-01-01' AS date, x AS value FROM f"))
    assert float(value.value) == number


@given(st.dates())
def test_a_day_is_a_day_however_it_is_written(day: date) -> None:
    for cell in (day, day.isoformat(), datetime.combine(day, time(23, 59)), f"{day}T23:59:59.5", f" {day} 00:00"):
        assert cells.day(cell, BERLIN) == day


def test_an_instant_with_a_zone_is_of_the_day_in_the_strategy_s_zone() -> None:
    late = datetime(2027, 3, 31, 23, 30, tzinfo=UTC)
    assert cells.day(late, BERLIN) == date(2027, 4, 1)
    assert cells.day("2027-03-31T23:30:00Z", BERLIN) == date(2027, 4, 1)
    assert cells.day(late.replace(tzinfo=None), BERLIN) == date(2027, 3, 31)
    assert cells.instant("2027-03-31 12:00", BERLIN) == datetime(2027, 3, 31, 10, tzinfo=UTC)
    assert cells.instant(datetime(2027, 3, 31, 12, tzinfo=timezone(timedelta(hours=5))), BERLIN) == datetime(
        2027, 3, 31, 7, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "cell", ["0001-01-01", "9999-12-31T23:59:59-08:00", datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))]
)
def test_an_instant_beyond_time_is_refused(cell: Any) -> None:
    with pytest.raises(cells.Wrong, match="outside of the years 1 to 9999"):
        cells.instant(cell, BERLIN)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.dates() | st.datetimes() | st.uuids()
    | st.binary() | st.timedeltas(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)  # fmt: skip


@given(st.lists(anything, min_size=3, max_size=3))
def test_whatever_a_row_holds_it_becomes_a_record_that_can_be_stored_or_one_error_that_names_it(row: list[Any]) -> None:
    from connectors.base import BadData

    query = Query("q", "", ())
    for columns in (("date", "value", "other"), ("key", "title", "amount"), ("id", "done", "labels")):
        try:
            record = shape(query, columns, {}, BERLIN).record(7, row)
        except BadData as error:
            assert str(error).startswith("queries/q.sql, row 7, column ")
            assert len(str(error)) < 200
            continue
        json.dumps(dict(record.fields), allow_nan=False)
        repr(record).encode("utf-8")
        assert "\0" not in repr(record)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@given(
    st.dictionaries(texts, st.none() | texts | st.integers(), max_size=4), st.dictionaries(texts, st.none() | texts, max_size=4)
)
def test_a_key_tells_rows_apart_by_what_they_hold(one: dict[str, Any], other: dict[str, Any]) -> None:
    def content(fields: dict[str, Any]) -> dict[str, str]:
        return {name: str(value) for name, value in fields.items() if value is not None}

    assert (key_of(one) == key_of(other)) == (content(one) == content(other))
    assert key_of(one) == key_of(dict(reversed(list(one.items()))))


def test_drivers_give_what_these_tests_assume(postgres_server: PostgresServer) -> None:
    """The types of the two drivers: a changed driver shows here first."""
    with psycopg.connect(postgres_server.create("types", empty=True)) as db:
        row = db.execute("SELECT 1.50::numeric, 1.5::float8, date '2027-01-01', now(), true, ARRAY[1]").fetchone()
    assert row is not None
    assert [type(cell) for cell in row] == [Decimal, float, date, datetime, bool, list]
    assert sqlite3.connect(":memory:").execute("SELECT 1.50, date('2027-01-01'), 1 = 1").fetchone() == (1.5, "2027-01-01", 1)
