"""The text of a query as it is understood; and that no text of ours puts values into SQL."""

from __future__ import annotations

import ast
import sqlite3
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool

from connectors.base import Misconfigured
from connectors.sql.query import understood

ROOT = Path(__file__).parents[2]
DAYS = ("cycle_start", "cycle_end")


@pytest.mark.parametrize(
    "written",
    [
        "SELECT 1",
        "  select 1 ; ",
        "SELECT 1;;",
        "-- a comment; with a semicolon\nSELECT 1 -- another",
        "/* ; */ (SELECT 1)",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "WITH RECURSIVE a(n) AS (SELECT 1), b AS MATERIALIZED (SELECT 2) SELECT replace(n, ';', '') FROM a",
        "VALUES (1)",
        "SELECT ';', \"a;b\", `c;d`, E'\\';', $$;$$, $x$ ; $$ $x$",
        "SELECT update, delete FROM insert",
        "SELECT 1\n-- the last line has no end",
    ],
)
def test_one_reading_statement_is_understood(written: str) -> None:
    assert understood("q", written, DAYS).asks == ()


@pytest.mark.parametrize(
    "first", ["INSERT", "update", "PRAGMA", "ATTACH", "COPY", "SET", "EXPLAIN", "CALL", "BEGIN", "DROP", "4", "%"]
)
def test_a_statement_that_begins_otherwise_is_not(first: str) -> None:
    with pytest.raises(Misconfigured, match=f"begins with {first}"):
        understood("q", f"{first} something", DAYS)


@pytest.mark.parametrize(
    ("written", "asks"),
    [
        (":cycle_start", ("cycle_start",)),
        (":cycle_end >= :cycle_start AND :cycle_end > x", ("cycle_end", "cycle_start")),
        (":cycle_start::date", ("cycle_start",)),
        ("CAST(:cycle_start AS date)", ("cycle_start",)),
        ("x::date", ()),
        ("':cycle_start'", ()),
        ("a[1:cycle_start]", ()),
        ("a := 1", ()),
        ("1 -- :cycle_start", ()),
    ],
)
def test_parameters_are_found_where_they_are(written: str, asks: tuple[str, ...]) -> None:
    assert understood("q", f"SELECT {written}", DAYS).asks == asks


literals = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@given(literals)
@example(":cycle_start")
@example("a::b")
@example("\\:x")
@example("'; DROP TABLE sale; --")
@example("%(x)s %%")
def test_a_literal_arrives_as_it_is_written(literal: str) -> None:
    quoted = literal.replace("'", "''")
    query = understood("q", f"SELECT '{quoted}', :cycle_start", DAYS)
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        row = connection.execute(text(query.text).bindparams(cycle_start="x")).one()
    engine.dispose()
    assert tuple(row) == (literal, "x")


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused_with_its_file(written: str) -> None:
    try:
        understood("q", written, DAYS)
    except Misconfigured as refused:
        assert str(refused).startswith("queries/q.sql")
        assert refused.hint


@given(st.text(alphabet="SELECT1 ;'\"-/*$a:\n(),", max_size=40).map(lambda rest: f"SELECT 1 {rest}"))
def test_what_is_taken_for_one_statement_is_one_to_sqlite_too(written: str) -> None:
    try:
        query = understood("q", written, DAYS)
    except Misconfigured:
        return
    db = sqlite3.connect(":memory:")
    try:
        db.execute(query.text.replace("\\:", ":"))
    except (sqlite3.Error, sqlite3.Warning) as error:
        assert "one statement" not in str(error)
    finally:
        db.close()


# ---- no text of ours ----------------------------------------------------------------------------------------------------------


def _texts(tree: ast.AST) -> list[ast.expr]:
    """The first argument of each call of ``text`` and of what runs SQL as it is given."""
    names = {"text", "exec_driver_sql"}
    return [
        node.args[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and node.args
        and (node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")) in names
    ]


def _is_put_together(argument: ast.expr) -> bool:
    """Whether a text is made of pieces at the call: an f-string, ``+``, ``%``, ``format``, ``join``, ``replace``."""
    if isinstance(argument, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in argument.values)
    if isinstance(argument, ast.BinOp):
        return True
    return isinstance(argument, ast.Call) and getattr(argument.func, "attr", "") in ("format", "join", "replace", "format_map")


@pytest.mark.parametrize("path", sorted((ROOT / "connectors" / "sql").rglob("*.py")), ids=lambda path: path.name)
def test_no_statement_is_put_together_where_it_is_run(path: Path) -> None:
    for argument in _texts(ast.parse(path.read_text("utf-8"))):
        assert not _is_put_together(argument), f"{path.name}:{argument.lineno}: bind a parameter"


def test_the_look_for_it_sees_what_it_looks_for() -> None:
    bad = (
        'text(f"SELECT {x}")',
        'text("SELECT " + x)',
        'text("SELECT %s" % x)',
        'a.text("{}".format(x))',
        'c.exec_driver_sql(f"{x}")',
    )
    for source in bad:
        (argument,) = _texts(ast.parse(source))
        assert _is_put_together(argument), source
    for source in ('text("SELECT 1")', "text(query.text)", 'text(f"SELECT 1")'):
        (argument,) = _texts(ast.parse(source))
        assert not _is_put_together(argument), source
    assert any(_texts(ast.parse(path.read_text("utf-8"))) for path in (ROOT / "connectors" / "sql").rglob("*.py"))
