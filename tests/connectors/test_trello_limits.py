"""Trello's windows of ten seconds: nothing is refused at the kind's own rate, and whoever is refused waits a whole window."""

from __future__ import annotations

from pathlib import Path

import pytest

import connectors
from connectors.base import AuthError, IoSettings, RateLimited
from connectors.trello import KIND, RATE
from connectors.trello.client import WINDOW, api_url, refusal
from tests.connectors.runs import Clock, make_io
from tests.connectors.trello_site import (
    GROWTH,
    TrelloStandIn,
    board_of,
    body,
    read_board,
    reply,
    stubbed,
    trello,
    trello_settings,
)
from tests.hub.sandbox.process import Sandbox


class Shared(Clock):
    """A virtual clock of which the stand-in hears."""

    def __init__(self, sb: Sandbox) -> None:
        super().__init__()
        self._sb = sb

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._sb.waited(seconds)


def everything(sb: Sandbox, clock: Clock, rate: float | None) -> int:
    settings = trello_settings(sb)
    io = make_io(settings.url, clock, settings=settings, rate=rate, attempts=8)
    with KIND.factory(settings, io) as connector:
        found = {ident for part in connector.partitions() if part.state == "live" for ident in read_board(connector, part.title)}
        assert {item.id for item in connector.get(found).items} == found
    return len(found)


def test_at_the_kinds_own_rate_nothing_is_refused(tr: Sandbox) -> None:
    tr.switch(limit=100)
    clock = Shared(tr)
    assert everything(tr, clock, RATE) == sum(len(ids) for ids in TrelloStandIn(tr).truth().values())
    shown = tr.violations()
    assert shown["requests"] > 100 and sum(clock.slept) > WINDOW, "the limit was never near"
    assert shown["worst"] == 0


def test_without_a_rate_of_its_own_it_waits_out_the_window_and_is_never_locked_out(tr: Sandbox) -> None:
    tr.switch(limit=20)
    clock = Shared(tr)
    assert everything(tr, clock, None) == sum(len(ids) for ids in TrelloStandIn(tr).truth().values())
    shown = tr.violations()
    assert 0 < shown["worst"] <= 16 and shown["lockouts"] == 0, "at most what was under way, twice"
    assert min(seconds for seconds in clock.slept) > 0 and max(clock.slept) >= WINDOW


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (b'{"error":"API_TOKEN_LIMIT_EXCEEDED"}', "of the token is"),
        (b'{"error":"API_KEY_LIMIT_EXCEEDED"}', "of the API key is"),
        (b'{"error":"API_TOKEN_DB_LIMIT_EXCEEDED"}', "its database"),
        (b"<html>", "slow down"),
    ],
)
def test_a_429_says_which_limit_it_is_and_waits_a_window(code: bytes, told: str) -> None:
    error = refusal(429, {}, code)
    assert isinstance(error, RateLimited) and told in str(error) and error.retry_after == WINDOW


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "3"}, 10.0),
        ({"Retry-After": "30"}, 30.0),
        ({"x-rate-limit-api-token-remaining": "0", "x-rate-limit-api-token-interval-ms": "900000"}, 900.0),
        ({"x-rate-limit-api-token-remaining": "5", "x-rate-limit-api-token-interval-ms": "900000"}, 10.0),
        ({"x-rate-limit-api-key-remaining": "0", "x-rate-limit-api-key-interval-ms": "99999999999"}, 900.0),
        ({"x-rate-limit-api-key-remaining": "0", "x-rate-limit-api-key-interval-ms": "soon"}, 10.0),
    ],
)
def test_a_window_that_the_answer_names_is_waited_out(headers: dict[str, str], wait: float) -> None:
    error = refusal(429, headers, b"")
    assert isinstance(error, RateLimited) and error.retry_after == wait


def test_all_requests_of_an_account_wait_together() -> None:
    """One refused request closes the gate for the others of this key, whatever they ask for."""
    slow = [reply(b'{"error":"API_TOKEN_LIMIT_EXCEEDED"}', "429 Too Many Requests"), body([])]
    with stubbed(labels=slow, clock=(clock := Clock()), attempts=3) as (connector, _):
        read_board(connector, "Eng")
    assert len(clock.slept) == 1 and clock.slept[0] >= WINDOW


def test_the_kinds_rate_holds_where_the_configuration_says_nothing(tr: Sandbox, tmp_path: Path) -> None:
    for given, rate in ((IoSettings(), RATE), (None, RATE), (IoSettings(rate=2.0), 2.0)):
        with connectors.open(trello_settings(tr), given) as connector:
            assert connector.io._limits.rate == rate  # type: ignore[attr-defined]
    assert RATE * WINDOW < 100


def test_a_login_that_is_refused_is_not_tried_again(tr: Sandbox) -> None:
    with trello(tr, clock := Clock(), attempts=8, user="f" * 32) as connector, pytest.raises(AuthError) as caught:
        connector.check()
    assert "API key" in caught.value.hint and clock.slept == []


def test_an_address_without_a_version_gets_it(tr: Sandbox) -> None:
    assert api_url("https://api.trello.com") == api_url("https://api.trello.com/1/") == "https://api.trello.com/1"
    with trello(tr, url=tr.url) as connector:
        assert board_of(connector).title == GROWTH
