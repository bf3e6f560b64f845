"""The SQL connector on a real SQLite file and a real PostgreSQL: what it owes, values, items, parameters."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.base import BadData, Misconfigured, Secret, SourceError, SourceSettings
from tests.connectors.sql_world import Relay, Warehouse, folder_of, items, opened, over_tcp, read, values
from tests.connectors.whole import WholeContract

DAYS = 1200


class _Owed(WholeContract):
    place: Warehouse

    def fill(self) -> None:
        rows = [
            (f"20{20 + n // 360}-{n // 30 % 12 + 1:02}-{n % 28 + 1:02}", n / 4, "EMEA" if n % 2 else "AMER") for n in range(DAYS)
        ]
        self.place.run("".join(f"INSERT INTO sale VALUES ('{day}', {amount}, '{where}');" for day, amount, where in set(rows)))
        self.place.run("CREATE TABLE deal (id integer, name text)")
        if self.place.kind == "postgresql":
            self.place.run("GRANT SELECT ON deal TO reader")
        self.place.run("INSERT INTO deal VALUES " + ",".join(f"({n}, 'Deal {n}')" for n in range(DAYS)))

    def settings(self, **changes: Any) -> SourceSettings:
        queries = {
            "sales": "SELECT day AS date, sum(amount) AS value, region FROM sale GROUP BY day, region",
            "deals": "SELECT id AS key, name AS title FROM deal",
        }
        return self.place.settings(**({"queries": queries} | changes))

    def truth(self) -> dict[str, set[Any]]:
        sales = self.place.rows("SELECT DISTINCT day, region FROM sale")
        return {
            "sales": {("sales", str(day), f"region={region}") for day, region in sales},
            "deals": {f"deals:{id}" for (id,) in self.place.rows("SELECT id FROM deal")},
        }

    def shuffle(self) -> None:
        for table in ("sale", "deal"):
            self.place.run(f"CREATE TABLE other AS SELECT * FROM {table} ORDER BY 2 DESC; DELETE FROM {table};")
            self.place.run(f"INSERT INTO {table} SELECT * FROM other; DROP TABLE other;")

    def broken(self) -> dict[str, SourceSettings]:
        return {
            "no table": self.settings(queries={"q": "SELECT * FROM nowhere"}),
            "NULL": self.settings(queries={"q": "SELECT '2027-01-01' AS date, NULL AS value"}),
            "writes": self.settings(queries={"q": "DELETE FROM sale"}),
            "unknown parameter": self.settings(queries={"q": "SELECT :password AS key"}),
        }


class TestSqlite(_Owed):
    needs_secret = False

    @pytest.fixture(autouse=True)
    def _filled(self, lake: Warehouse) -> None:
        self.place = lake
        self.fill()

    def nobody(self) -> SourceSettings:
        return self.settings(url=f"sqlite:///{self.place.folder / 'nowhere.db'}")


@pytest.mark.postgres
class TestPostgres(_Owed):
    needs_secret = True

    @pytest.fixture(autouse=True)
    def _filled(self, server: Warehouse) -> None:
        self.place = server
        self.fill()

    def nobody(self) -> SourceSettings:
        with Relay(folder_of(self.place.url)) as relay:
            port = relay.port
        return over_tcp(self.place, port)

    def broken(self) -> dict[str, SourceSettings]:
        return {
            **super().broken(),
            "wrong password": self.settings(token=Secret("another+passw/rd of nobody")),
            "no such database": self.settings(url=self.place.url.replace("warehouse_", "warehouse-")),
            "nobody listens": self.nobody(),
        }


# ---- values -----------------------------------------------------------------------------------------------------------------


def test_a_query_with_a_date_and_a_value_gives_values_with_its_other_columns_as_fields(warehouse: Warehouse) -> None:
    warehouse.run("INSERT INTO sale VALUES ('2027-01-02', 1.50, 'EMEA'), ('2027-01-02', -2, 'AMER')")
    found = values(
        warehouse.settings("SELECT day AS Date, amount AS VALUE, region AS Region, 'EUR' AS unit FROM sale ORDER BY 2")
    )
    assert [(v.series, v.on, v.unit, v.key, v.fields, v.at) for v in found] == [
        ("q", date(2027, 1, 2), "EUR", "region=AMER", {"region": "AMER"}, "row 1"),
        ("q", date(2027, 1, 2), "EUR", "region=EMEA", {"region": "EMEA"}, "row 2"),
    ]
    assert [v.value for v in found] == ["-2", "1.5" if warehouse.kind == "sqlite" else "1.50"]  # NUMERIC of SQLite keeps no zeros


def test_series_key_author_and_note_may_come_from_columns(warehouse: Warehouse) -> None:
    query = "SELECT '2027-01-02' AS date, 3 AS value, 'mrr' AS metric, 'k' AS key, 'ben' AS \"by\", 'late' AS note, 'x' AS plan"
    (value,) = values(warehouse.settings(query))
    assert (value.series, value.key, value.by, value.note, value.fields) == ("mrr", "k", "ben", "late", {"plan": "x"})


def test_the_order_of_columns_changes_no_key_and_no_two_rows_share_one_by_chance(warehouse: Warehouse) -> None:
    def keys(columns: str) -> list[str]:
        return [v.key for v in values(warehouse.settings(f"SELECT '2027-01-02' AS date, 3 AS value, {columns}"))]

    assert keys("'1' AS a, '2' AS b") == keys("'2' AS b, '1' AS a") == ["a=1;b=2"]
    assert keys("'1;b=2' AS a") == ["a=1\\;b\\=2"]
    assert keys("NULL AS a") == [""]
    (long,) = keys(f"'{'x' * 500}' AS a")
    assert len(long) == 32


def test_our_names_for_columns(warehouse: Warehouse) -> None:
    query = "SELECT '2027-01-02' AS date, 3 AS value, 'EMEA' AS sales_region, 'x' AS note"
    (value,) = values(warehouse.settings(query, fields={"region": "Sales_Region", "plan": "note"}))
    assert (value.fields, value.note) == ({"region": "EMEA", "plan": "x"}, None)


def test_a_column_that_is_named_in_the_settings_and_nowhere_stops_the_run(warehouse: Warehouse) -> None:
    settings = warehouse.settings("SELECT '2027-01-02' AS date, 3 AS value", fields={"region": "sales_region"})
    with opened(settings) as connector:
        assert connector.check().unresolved == ("no query has the column sales_region, which `fields` names for region",)


# ---- items ------------------------------------------------------------------------------------------------------------------


def test_a_query_with_a_key_gives_items(warehouse: Warehouse) -> None:
    query = (
        "SELECT 17 AS id, 'D-17' AS key, 'Big deal' AS title, 'Signed' AS status, 'done' AS state, '2027-01-02' AS created,"
        " '2027-01-03 10:30:00' AS started, '2027-02-01T12:00:00+02:00' AS done, '2027-03-31' AS due, 12.5 AS amount,"
        " 'EUR' AS currency, 3 AS estimate, 'ben' AS assignee, 'big, new' AS labels, 'Deal' AS type, 'D-1' AS parent,"
        " 'https://crm.example/17' AS url, '2027-01-20' AS \"Stage:Legal Review\", NULL AS \"stage:Lost\", 'EMEA' AS region"
    )
    (item,) = items(warehouse.settings(query, timezone="Europe/Berlin"))
    assert (item.id, item.key, item.title, item.status, item.category) == ("q:17", "D-17", "Big deal", "Signed", "done")
    assert item.created_at == datetime(2027, 1, 1, 23, tzinfo=UTC), "a day begins in the strategy's zone"
    assert item.started_at == datetime(2027, 1, 3, 9, 30, tzinfo=UTC)
    assert item.done_at == datetime(2027, 2, 1, 10, tzinfo=UTC)
    assert (item.due_on, item.amount, item.currency, item.estimate) == (date(2027, 3, 31), "12.5", "EUR", "3")
    assert (item.assignee, item.labels, item.type, item.parent_ref) == ("ben", ("big", "new"), "Deal", "D-1")
    assert (item.url, item.containers, item.fields) == ("https://crm.example/17", ("q",), {"region": "EMEA"})
    assert item.stages == {"Legal Review": datetime(2027, 1, 19, 23, tzinfo=UTC)}


def test_an_item_without_a_title_is_called_by_its_key(warehouse: Warehouse) -> None:
    (item,) = items(warehouse.settings("SELECT 'A' AS key, NULL AS title"))
    assert (item.title, item.id, item.category, item.fields) == ("A", "q:A", None, {})


@pytest.mark.parametrize(
    ("state", "category", "resolution"),
    [
        ("todo", "new", None),
        ("Doing", "indeterminate", None),
        ("done", "done", None),
        ("dropped", "done", "Won't Do"),
        ("x", "x", None),
    ],
)
def test_a_state_becomes_the_category_that_the_core_knows(
    lake: Warehouse, state: str, category: str, resolution: str | None
) -> None:
    (item,) = items(lake.settings(f"SELECT 'A' AS key, '{state}' AS state"))
    assert (item.category, item.resolution) == (category, resolution)


def test_keys_of_two_queries_may_be_the_same(lake: Warehouse) -> None:
    settings = lake.settings(queries={"deals": "SELECT 1 AS key", "incidents": "SELECT 1 AS key"})
    with opened(settings) as connector:
        for partition in connector.partitions():
            list(connector.changes(partition, None, None))
        assert [item.id for item in connector.get(["deals:1", "incidents:1"]).items] == ["deals:1", "incidents:1"]
        assert {item.id for item in connector.get(["1"]).items} == {"deals:1", "incidents:1"}
        assert connector.get(["deals:2"]).denied == ("deals:2",)
        assert connector.get(["elsewhere:1"]).denied == ()


# ---- parameters, rows, partitions -------------------------------------------------------------------------------------------


def test_a_query_asks_for_the_days_of_the_cycle(warehouse: Warehouse) -> None:
    for day in ("2026-12-31", "2027-01-01", "2027-03-31", "2027-04-01"):
        warehouse.run(f"INSERT INTO sale VALUES ('{day}', 1, 'EMEA')")
    query = "SELECT day AS date, amount AS value FROM sale WHERE day >= :cycle_start AND day <= :cycle_end -- not :this\n;"
    assert [v.on for v in values(warehouse.settings(query))] == [date(2027, 1, 1), date(2027, 3, 31)]


def test_colons_and_percents_in_quotes_casts_and_comments_are_the_query_s_own(server: Warehouse) -> None:
    query = (
        "/* a /* nested */ :comment; 100% */ SELECT :cycle_start::date AS date, 1::int AS value, ':x 50% \\:y' AS a,"
        " E'it\\'s :x' AS b, $$:x;$$ AS c, (ARRAY[1,2,3])[1:2] AS d, 'C%' AS \"e:f\""
    )
    with pytest.raises(Misconfigured, match="the column 'e:f' needs another name"):
        values(server.settings(query))
    (value,) = values(server.settings(query.replace("e:f", "e")))
    assert value.on == date(2027, 1, 1)
    assert value.fields == {"a": ":x 50% \\:y", "b": "it's :x", "c": ":x;", "d": [1, 2], "e": "C%"}


def test_no_row_is_a_complete_and_empty_pass_and_is_said(warehouse: Warehouse, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "connectors")
    (page,) = read(warehouse.settings("SELECT day AS date, amount AS value FROM sale"))
    assert (page.values, page.items, page.end) == ((), (), "complete")
    assert caplog.messages == ["queries/q.sql gave no row."]


def test_the_fingerprint_is_of_the_text_and_of_the_parameters_it_asks_for(lake: Warehouse) -> None:
    def fingerprint(settings: SourceSettings) -> str:
        with opened(settings) as connector:
            return connector.partitions()[0].fingerprint

    plain, asks = (lake.settings(f"SELECT {day} AS date, 1 AS value") for day in ("'2027-01-01'", ":cycle_start"))
    next_cycle = {"cycle_start": date(2027, 4, 1), "cycle_end": date(2027, 6, 30)}
    assert fingerprint(plain) == fingerprint(plain) == fingerprint(replace(plain, parameters=next_cycle))
    assert fingerprint(asks) != fingerprint(replace(asks, parameters=next_cycle))
    assert fingerprint(plain) != fingerprint(lake.settings("SELECT '2027-01-01' AS date, 2 AS value"))


def test_a_query_that_fails_fails_alone_and_the_online_check_tells_all(warehouse: Warehouse) -> None:
    settings = warehouse.settings(
        queries={"bad": "SELECT 1 AS date", "good": "SELECT '2027-01-01' AS date, 1 AS value", "worse": "SELECT nope FROM sale"},
        partitions=("bad", "good", "worse", "absent"),
    )
    with opened(settings) as connector:
        account = connector.check()
        assert account.missing == ("mappings/queries/absent.sql does not exist",)
        states = {part.id: part.state for part in connector.partitions()}
        assert states == {"bad": "live", "good": "live", "worse": "live", "absent": "unseen"}
        by_name = {part.id: part for part in connector.partitions()}
        assert list(connector.changes(by_name["good"], None, None))[-1].end == "complete"
        connector.examine(by_name["good"])
        for name in ("bad", "worse"):
            with pytest.raises(SourceError, match=rf"queries/{name}\.sql"):
                connector.examine(by_name[name])
            with pytest.raises(SourceError, match=rf"queries/{name}\.sql"):
                list(connector.changes(by_name[name], None, None))


def test_the_columns_are_learned_without_running_the_query(warehouse: Warehouse) -> None:
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT '2027-01-01' AS date, max(i) AS value FROM n"
    )
    with opened(warehouse.settings(endless)) as connector:
        assert connector.check().missing == ()
        assert [part.yields for part in connector.partitions()] == ["values"]


def test_a_bad_row_at_the_end_lets_nothing_through(warehouse: Warehouse) -> None:
    rows = ",".join(f"('2027-01-01', {n}, '{n}')" for n in range(1500))
    warehouse.run(f"INSERT INTO sale VALUES {rows}, ('2027-01-01', NULL, 'last')")
    with opened(warehouse.settings("SELECT day AS date, amount AS value, region FROM sale")) as connector:
        (partition,) = connector.partitions()
        pages = []
        with pytest.raises(BadData, match="row 1501, column value: is NULL"):
            for page in connector.changes(partition, None, None):
                pages.append(page)
        assert pages == []
        assert connector.io.counters()["retries"] == 0  # it would be as bad a second later


def test_lists_for_conditions_name_queries_and_columns(lake: Warehouse) -> None:
    settings = lake.settings("SELECT '2027-01-02' AS date, 3 AS value, 'EMEA' AS sales_region", fields={"region": "sales_region"})
    with opened(settings) as connector:
        assert [(row.kind, row.id, row.name) for row in connector.dimensions()] == [
            ("container", "q", "q"),
            ("field", "sales_region", "region"),
        ]


def test_no_query_at_all_is_an_error_that_says_where_to_name_one(lake: Warehouse) -> None:
    with opened(lake.settings(queries={})) as connector, pytest.raises(Misconfigured, match="no query is named") as caught:
        connector.check()
    assert "mappings/queries/NAME.sql" in caught.value.hint


@pytest.mark.postgres
def test_who_reads_until_when_and_what_the_role_could_change(server: Warehouse) -> None:
    settings = server.settings("SELECT day AS date, amount AS value FROM sale")
    with opened(settings) as connector:
        account = connector.check()
        assert (account.name, account.expires_at) == ("reader", datetime(2031, 1, 1, tzinfo=UTC))
        assert connector.writes() == ()
    server.run("GRANT INSERT, DELETE ON sale TO reader")
    with opened(settings) as connector:
        assert connector.writes() == ("DELETE", "INSERT")
    with opened(replace(settings, url=server.url.replace("reader@", "writer@"))) as connector:
        assert connector.writes() == ("everything: it is a superuser",)
