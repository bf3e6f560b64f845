"""Numbers as vendors and people write them: exact ones count, everything else is missing and reported, never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.status import estimate_of

NUMBERS = {
    **{text: text for text in ("0", "1", "13", "2.0", "2.50", "0.5", "1000000000", "999999999.999", "0.0000001")},
    "007": "7", "-0": "0", "-0.00": "0", "1e3": "1000", "1E-2": "0.01",
}  # fmt: skip
NO_NUMBERS = (
    *("", " ", "-1", "-0.5", "1,5", "1.234,5", "1,234.5", "1 000", "1_000", "1'000", "5 SP", "~3", "3?", "½", "1/2", "٣", "５"),
    *("Ⅴ", "0x10", "0b1", "0o7", "1e400", "1e9999", "-1e400", "NaN", "nan", "sNaN", "Infinity", "-Infinity", "inf", "1.2.3"),
    *("1..2", ".", ".5.", "--1", "1-", "TRUE", "true", "None", "null", "[3]", "3\n", "\t3", "3\0", "9223372036854775808000"),
    *("1000000000.0000001", "1" * 400, "5%", "$5", "5€", "#REF!", "=5", "'5", "5;", "5h", "1:30", "2026-11-22", "-NaN", "+3"),
)


@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_exact_numbers(text: str, value: str) -> None:
    """F34: the vendor's literal, exactly."""
    assert estimate_of(text) == Decimal(value)


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_missing(text: str) -> None:
    """F34, F36: no locale is guessed, nothing infinite, negative, gigantic or not a number is one."""
    assert estimate_of(text) is None


def test_none_is_missing() -> None:
    assert estimate_of(None) is None
