"""What can be wrong with a query or its result: one clear sentence each, and what to do about it."""

from __future__ import annotations

import pytest

from connectors.base import BadData, Misconfigured, QuotaExhausted, SourceError
from connectors.sql import connector
from tests.connectors.sql_world import Warehouse, items, opened, read, values

NUMBER = "It must be a number: CAST it, or filter such rows out."
DATE = "It must be a date, or a text such as 2027-03-31."
NO_DATE = "Leave rows without a date out: WHERE ... IS NOT NULL."
IDENTIFIES = "It identifies the row, so every row must have one."
WRITES = "Only reading queries are run; nothing was changed."
TWO_NAMES = "Name the columns one by one, each with a name of its own: ... AS name."
COLUMNS = "Values need `date` and `value`, work items a `key`: name columns with ... AS date."
PARTS = "Add the column that tells them apart, or a column `key`, or sum them up with GROUP BY."

FAULTS = {
    "no date": ("SELECT NULL AS date, 1 AS value", BadData, "queries/q.sql, row 1, column date: is NULL", NO_DATE),
    "no value": (
        "SELECT '2027-01-01' AS date, 1 AS value UNION ALL SELECT '2027-01-02', NULL",
        BadData, "queries/q.sql, row 2, column value: is NULL", "Leave rows without a number out: WHERE ... IS NOT NULL.",
    ),
    "a text for a number": (
        "SELECT '2027-01-01' AS date, 'n/a' AS value",
        BadData, "queries/q.sql, row 1, column value: is 'n/a', not a plain number", NUMBER,
    ),
    "a grouped number": (
        "SELECT '2027-01-01' AS date, '1,250' AS value",
        BadData, "queries/q.sql, row 1, column value: is '1,250', not a plain number", NUMBER,
    ),
    "a text for a date": (
        "SELECT '1.2.2027' AS date, 1 AS value", BadData, "queries/q.sql, row 1, column date: is '1.2.2027', not a date", DATE,
    ),
    "a day that does not exist": (
        "SELECT '2027-02-30' AS date, 1 AS value", BadData, "queries/q.sql, row 1, column date: is '2027-02-30', not a date",
        DATE,
    ),
    "a number for a date": (
        "SELECT 20270101 AS date, 1 AS value", BadData, "queries/q.sql, row 1, column date: is a number, not a date", DATE,
    ),
    "a number beyond measure": (
        "SELECT '2027-01-01' AS date, 1e300 AS value",
        BadData, "queries/q.sql, row 1, column value: is too large or too small a number", NUMBER,
    ),
    "the same day twice": (
        "SELECT '2027-01-01' AS date, 1 AS value UNION ALL SELECT '2027-01-02', 2 UNION ALL SELECT '2027-01-01', 3",
        BadData, "queries/q.sql, rows 1 and 3 have the same date 2027-01-01", PARTS,
    ),
    "the same day and column twice": (
        "SELECT '2027-01-01' AS date, 1 AS value, 'x' AS a UNION ALL SELECT '2027-01-01', 2, 'x'",
        BadData, "queries/q.sql, rows 1 and 2 have the same date 2027-01-01 and the key 'a=x'", PARTS,
    ),
    "the same key twice": (
        "SELECT 'A' AS key UNION ALL SELECT 'A'", BadData, "queries/q.sql, rows 1 and 2 have the same key 'A'",
        "Give every row a key of its own.",
    ),
    "no key": ("SELECT NULL AS key", BadData, "queries/q.sql, row 1, column key: is NULL", IDENTIFIES),
    "a blank key": ("SELECT ' ' AS key", BadData, "queries/q.sql, row 1, column key: is empty", IDENTIFIES),
    "a series that is not there": (
        "SELECT '2027-01-01' AS date, 1 AS value, NULL AS series", BadData, "queries/q.sql, row 1, column series: is NULL",
        IDENTIFIES,
    ),
    "a stage that is no date": (
        "SELECT 'A' AS key, 'soon' AS \"stage:Review\"",
        BadData, "queries/q.sql, row 1, column stage:Review: is 'soon', not a date",
        "It must be a date or a timestamp.",
    ),
    "an amount that is no number": (
        "SELECT 'A' AS key, '3 EUR' AS amount", BadData, "queries/q.sql, row 1, column amount: is '3 EUR', not a plain number",
        NUMBER,
    ),
    "no value column": (
        "SELECT '2027-01-01' AS date, 1 AS amount", Misconfigured,
        "queries/q.sql: there is a column `date`, but no column `value`", COLUMNS,
    ),
    "neither": ("SELECT 1 AS a, 2 AS b", Misconfigured, "queries/q.sql: the columns are a, b", COLUMNS),
    "two names for the series": (
        "SELECT '2027-01-01' AS date, 1 AS value, 'a' AS series, 'b' AS metric", Misconfigured,
        "queries/q.sql: `series` and `metric` mean the same", "Leave one of the two columns out.",
    ),
    "a column without a name": (
        "SELECT '2027-01-01' AS date, 1 AS value, 'x' AS \"sales region\"", Misconfigured,
        "queries/q.sql: the column 'sales region' needs another name", "Give it one of letters, digits, - and _: ... AS name.",
    ),
    "a column in two cases": (
        "SELECT '2027-01-01' AS date, 1 AS value, 2 AS \"VALUE\"",
        Misconfigured, "queries/q.sql: two columns have the name VALUE", TWO_NAMES,
    ),
    "a parameter misspelt": (
        "SELECT 1 AS key\nWHERE :cycle_strat = 1", Misconfigured,
        "queries/q.sql, line 2: it asks for :cycle_strat, which nobody gives", "Did you mean :cycle_start?",
    ),
    "another parameter": (
        "SELECT :region AS key", Misconfigured, "queries/q.sql, line 1: it asks for :region, which nobody gives",
        "There are :cycle_start and :cycle_end.",
    ),
    "two statements": (
        "SELECT 1 AS key;\n\nDELETE FROM sale;", Misconfigured, "queries/q.sql, line 3: a second statement begins here",
        "Keep one statement in a file.",
    ),
    "nothing": (" -- later\n", Misconfigured, "queries/q.sql holds no statement", "Write a SELECT into it."),
    "an open quote": (
        "SELECT 'A AS key", Misconfigured, "queries/q.sql, line 1: what begins here with ' has no end", "Close it.",
    ),
    "an open comment": (
        "SELECT 1 AS key\n/* /* */", Misconfigured, "queries/q.sql, line 2: what begins here with /* has no end", "Close it.",
    ),
    "writes": (
        "DELETE FROM sale", Misconfigured, "queries/q.sql, line 1: the query begins with DELETE",
        "It must read: SELECT, WITH or VALUES.",
    ),
    "writes after WITH": (
        "WITH gone AS (SELECT 1)\nDELETE FROM sale", Misconfigured, "queries/q.sql, line 2: the query writes: DELETE",
        "It must read: WITH ... SELECT.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_in_one_sentence_with_what_to_do(warehouse: Warehouse, name: str) -> None:
    query, kind, text, hint = FAULTS[name]
    with pytest.raises(kind) as caught:
        read(warehouse.settings(query))
    assert (str(caught.value), caught.value.hint) == (text, hint)


def test_binary_data_and_unreadable_texts(lake: Warehouse) -> None:
    with pytest.raises(BadData, match=r"row 1, column a: is binary data"):
        values(lake.settings("SELECT '2027-01-01' AS date, 1 AS value, X'00FF' AS a"))
    with pytest.raises(BadData, match=r"queries/q\.sql: a text is not UTF-8"):
        values(lake.settings("SELECT '2027-01-01' AS date, 1 AS value, CAST(X'FF' AS TEXT) AS a"))


def test_a_text_that_no_database_would_keep_is_mended(lake: Warehouse) -> None:
    (item,) = items(lake.settings("SELECT 'A' AS key, 'a' || char(0) || 'b' AS title"))
    assert item.title == "a\N{REPLACEMENT CHARACTER}b"


SERVER = {
    "no table": (
        "SELECT day\nFROM nowhere", 'queries/q.sql, line 2: PostgreSQL says: relation "nowhere" does not exist',
        "Mend the query, or give the role SELECT on what it names.",
    ),
    "no right": (
        "SELECT id AS key FROM secret", "queries/q.sql: permission denied for table secret",
        "Give the role the right to read it: GRANT SELECT ON ... TO ...",
    ),
    "a calculation that fails": (
        "SELECT '2027-01-01' AS date, 1 / (amount - amount) AS value FROM sale",
        "queries/q.sql: PostgreSQL says: division by zero",
        "Mend the query, or what it reads.",
    ),
    "NaN": ("SELECT date '2027-01-01' AS date, 'NaN'::numeric AS value", "queries/q.sql, row 1, column value: is NaN", NUMBER),
    "Infinity": (
        "SELECT date '2027-01-01' AS date, '-Infinity'::float8 AS value", "queries/q.sql, row 1, column value: is -Infinity",
        NUMBER,
    ),
    "true for a number": (
        "SELECT date '2027-01-01' AS date, true AS value",
        "queries/q.sql, row 1, column value: is true or false, not a number", NUMBER,
    ),
    "JSON": (
        "SELECT date '2027-01-01' AS date, 1 AS value, '{}'::jsonb AS a", "queries/q.sql, row 1, column a: is a JSON object",
        "Leave the column out, or make a text of it.",
    ),
    "a time span": (
        "SELECT date '2027-01-01' AS date, 1 AS value, interval '1 day' AS a",
        "queries/q.sql, row 1, column a: is a value of the type timedelta", "Leave the column out, or CAST it to a text.",
    ),
}  # fmt: skip


@pytest.mark.postgres
@pytest.mark.parametrize("name", SERVER)
def test_what_postgresql_says_is_told_without_the_statement(server: Warehouse, name: str) -> None:
    server.run("CREATE TABLE secret (id int); INSERT INTO sale VALUES ('2027-01-01', 1, 'EMEA')")
    query, text, hint = SERVER[name]
    with pytest.raises(SourceError) as caught:
        read(server.settings(query))
    assert (str(caught.value), caught.value.hint) == (text, hint)


@pytest.mark.postgres
def test_a_date_that_python_has_no_value_for(server: Warehouse) -> None:
    with pytest.raises(BadData, match="a value cannot be read") as caught:
        read(server.settings("SELECT 'infinity'::date AS date, 1 AS value"))
    assert caught.value.hint == "CAST it to a text, or leave such rows out."


def test_sqlite_s_own_words(lake: Warehouse) -> None:
    with pytest.raises(Misconfigured) as caught:
        read(lake.settings("SELECT * FROM nowhere"))
    assert (str(caught.value), caught.value.hint) == ("queries/q.sql: SQLite says: no such table: nowhere", "Mend the query.")


def test_infinity_on_sqlite(lake: Warehouse) -> None:
    with pytest.raises(BadData, match="row 1, column value: is Infinity"):
        read(lake.settings("SELECT '2027-01-01' AS date, 9e999 AS value"))


def test_two_columns_of_one_field(lake: Warehouse) -> None:
    query = "SELECT '2027-01-01' AS date, 1 AS value, 'x' AS region, 'y' AS area"
    with pytest.raises(Misconfigured, match="two columns would be the field region"):
        read(lake.settings(query, fields={"region": "area"}))


def test_a_parameter_without_a_cycle_says_that_there_is_none(lake: Warehouse) -> None:
    with pytest.raises(Misconfigured, match=r"asks for :cycle_start, and no cycle is in force") as caught:
        read(lake.settings("SELECT :cycle_start AS date, 1 AS value", parameters={}))
    assert "[cycle]" in caught.value.hint


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS key FROM n"


def test_a_result_has_an_end(lake: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = ENDLESS.replace("i AS key", "i AS key, printf('%.*c', 1000, 'x') AS title")
    monkeypatch.setattr(connector, "MAX_ROWS", 2_500)
    with pytest.raises(Misconfigured, match=r"queries/q\.sql gives more than 2,500 rows"):
        read(lake.settings(endless))
    monkeypatch.setattr(connector, "MAX_ROWS", 10**9)
    monkeypatch.setattr(connector, "MAX_MEGABYTES", 3)
    with pytest.raises(Misconfigured, match=r"queries/q\.sql gives more than 3 MB"):
        read(lake.settings(endless))


def test_a_run_that_has_read_enough_stops(lake: Warehouse) -> None:
    with pytest.raises(QuotaExhausted):
        read(lake.settings(ENDLESS), max_run_bytes=50_000)


def test_what_was_read_before_stays_known_to_those_that_ask(lake: Warehouse) -> None:
    lake.run("CREATE TABLE deal (id); INSERT INTO deal VALUES ('A'), ('B')")
    with opened(lake.settings("SELECT id AS key FROM deal")) as opened_one:
        (partition,) = opened_one.partitions()
        list(opened_one.changes(partition, None, None))
        lake.run("INSERT INTO deal VALUES ('A')")
        with pytest.raises(BadData, match="rows 1 and 3"):
            list(opened_one.changes(partition, None, None))
        assert [item.id for item in opened_one.get(["q:A"]).items] == ["q:A"]
