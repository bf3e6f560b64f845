"""Reading what sources feed: the key results and measures that their items take part in, and what was typed."""

from __future__ import annotations

from collections.abc import Collection

from hub.store.dialect import Sql, in_numbers, in_texts


def attached(sql: Sql, sources: Collection[str]) -> set[tuple[str, str, str]]:
    """(cycle, key result, source) of items that are attached."""
    rows = sql.rows(
        "SELECT DISTINCT link.cycle, link.target, item.source FROM link JOIN item ON item.no = link.item_no"
        f" WHERE link.target_kind = 'key_result' AND {in_texts(sql.dialect, 'item.source')}",
        sql.dialect.array(sources),
    )
    return {(row[0], row[1], row[2]) for row in rows}


def measured(sql: Sql, sources: Collection[str], measures: Collection[int]) -> set[tuple[int, str]]:
    """(measure, source) of items that add to one of these measures."""
    if not measures:
        return set()
    d = sql.dialect
    rows = sql.rows(
        "SELECT DISTINCT contribution.measure, item.source FROM contribution JOIN item ON item.no = contribution.item_no"
        f" WHERE {in_numbers(d, 'contribution.measure')} AND {in_texts(d, 'item.source')}",
        *(d.array(measures), d.array(sources)),
    )
    return {(row[0], row[1]) for row in rows}


def series(sql: Sql) -> list[tuple[str, str]]:
    """(source, series) of values in force."""
    rows = sql.rows("SELECT DISTINCT source, series FROM metric_value WHERE to_seq IS NULL ORDER BY source, series")
    return [(row[0], row[1]) for row in rows]


def typed(sql: Sql) -> list[tuple[str, str]]:
    """(source, series) of values in force with somebody who typed them."""
    statement = "SELECT DISTINCT source, series FROM metric_value WHERE to_seq IS NULL AND typed_by IS NOT NULL"
    rows = sql.rows(f"{statement} ORDER BY source, series")
    return [(row[0], row[1]) for row in rows]
