"""The table of faults is complete, and every row that applies has a test that carries its id."""

from __future__ import annotations

import pytest

from tests.docs.reliability import NOT_YET, PAGE, known, page, rows


def test_the_table_is_the_one_of_the_tests() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m tests.docs.reliability"


def test_every_row_is_there() -> None:
    wanted = {f"F{n:02}" for n in range(1, 49)} | {f"S{n:02}" for n in (*range(1, 7), 11, 15, 22, 23, 24)}
    assert set(rows()) == wanted


@pytest.mark.parametrize("row", [row for row, (_, then) in rows().items() if not then.startswith(NOT_YET)])
def test_a_row_that_applies_has_a_test(row: str) -> None:
    assert known().get(row), f"no test's docstring begins with {row}"


def test_the_planted_bugs_are_those_of_the_simulation() -> None:
    from tests.simulation.planted import PLANTS, table

    assert len(PLANTS) >= 20
    assert table() in PAGE.read_text("utf-8"), "python -m tests.simulation 0 --plants"
