"""Page bytes to objects: hostile text costs a value, never the page; a wrong shape is never an empty page."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors._shared import decode
from connectors.base import BadData

JSON = "application/json;charset=UTF-8"
NUL, SURROGATE = "\0", "\ud800"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": "x\\u0000y"}', "x�y"),
        (b'{"a": "x\x00y"}', "x�y"),
        (b'{"a": "x\\ud800y"}', "x�y"),
        (b'{"a": "\\ud83d\\ude00"}', "😀"),
        (b'{"a": "\\\\u0000"}', "\\u0000"),
        (b'{"a": "x\xffy"}', "x�y"),
        (b'\xef\xbb\xbf{"a": 1}', 1),
        (b'{"a": 1, "a": 2}', 2),
        (b'{"a": 2.0}', 2.0),
    ],
)
def test_odd_text_is_mended_and_the_page_survives(body: bytes, value: object) -> None:
    """F24: NUL and lone surrogates become U+FFFD, emoji stay."""
    assert decode.obj(body, JSON, "a") == {"a": value}


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
def test_a_number_that_is_none_stays_as_its_literal_for_validation_to_refuse(literal: str) -> None:
    """F36: one such number must not cost the page."""
    assert decode.loads(f'[{literal}, 1.5, "ok"]'.encode()) == [literal, 1.5, "ok"]


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (b"<html>Log in</html>", "text/html; charset=utf-8", "login page"),
        (b"{}", "text/plain", "text/plain"),
        (b"", JSON, "no body"),
        (b"  \n", JSON, "no body"),
        (b"{}", JSON, "lacks 'issues'"),
        (b"[]", JSON, "array instead of an object"),
        (b'"issues"', JSON, "string instead"),
        (b"null", JSON, "null instead"),
        (b'{"errors": [{"message": "no"}]}', JSON, "reports errors"),
        (b'{"errorMessages": ["no"], "issues": []}', JSON, "reports errors"),
        (b'{"issues": [', JSON, "not valid JSON"),
        (b'{"issues": [1,]}', JSON, "not valid JSON"),
        (b"[" * 100_000, JSON, "not valid JSON"),
    ],
)
def test_what_is_not_the_page_is_bad_data(body: bytes, kind: str, says: str) -> None:
    """F07: never an empty page."""
    with pytest.raises(BadData, match=says):
        decode.obj(body, kind, "issues")


def test_an_object_in_place_of_an_array_is_bad_data() -> None:
    with pytest.raises(BadData, match="object instead of an array"):
        decode.array(b"{}", JSON)


def test_deep_nesting_is_bad_data_and_no_crash() -> None:
    with pytest.raises(BadData):
        decode.loads(b"[" * 300 + b'"\\u0000"' + b"]" * 300)


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.text(max_size=20) | st.integers(-(2**53), 2**53), st.lists, max_leaves=10))
def test_values_come_back_as_they_are_but_for_nul(value: object) -> None:
    written = json.dumps(value)
    assert decode.loads(written.encode()) == json.loads(written.replace("\\u0000", "\\ufffd"))


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=30))
def test_cleaned_text_can_be_stored_anywhere(text: str) -> None:
    """F24: any text at all, with a NUL and a lone surrogate."""
    cleaned = decode.clean(text + NUL + SURROGATE)
    assert NUL not in cleaned
    assert cleaned.encode("utf-8")


def test_a_nul_is_found_behind_any_number_of_other_escapes() -> None:
    """A page of Windows paths has thousands of backslashes before the one that matters."""
    paths = ", ".join(['"C:\\\\Users"'] * 3000)
    found = decode.loads(f'[{paths}, "x\\u0000y"]'.encode())
    assert found[-1] == "x\ufffdy" and found[0] == "C:\\Users"


@pytest.mark.parametrize("extra", ["", '\\"' * 50, "ü" * 10])
def test_a_text_longer_than_any_field_is_cut_with_a_mark_and_its_neighbours_stay(extra: str) -> None:
    """F22: a title of a megabyte costs no more than a long one, and its end says that there was more."""
    long = "x" * 2**20
    page = f'{{"issues": [{{"title": "{long}{extra}"}}, {{"title": "short"}}]}}'.encode()
    first, second = (row["title"] for row in decode.obj(page, JSON, "issues")["issues"])
    assert first == "x" * decode.MAX_TEXT + decode.CUT
    assert second == "short"


def test_the_longest_text_of_any_vendor_stays_whole() -> None:
    """F22: Salesforce's long text areas hold 131,072 characters."""
    long = "ü" * 131_072
    assert decode.loads(json.dumps([long]).encode()) == [long]
    assert decode.loads(json.dumps([long], ensure_ascii=False).encode()) == [long]


@pytest.mark.parametrize("number", [2**63, 2**63 - 1, -(2**63), -0.0, 0.1])
def test_numbers_that_can_be_told_come_as_they_are(number: float) -> None:
    """F36: 2**63 is an integer for the core to judge; minus zero equals zero."""
    assert decode.loads(json.dumps([number]).encode()) == [number]
