"""What every connector must do, whatever its vendor. A connector's test inherits ``ConnectorContract`` and brings a stand-in.

class TestTrello(ConnectorContract):
    kind = "trello"
    posts = frozenset()

    @pytest.fixture
    def standin(self) -> StandIn: ...
"""

from __future__ import annotations

import abc
import base64
import contextlib
import dataclasses
import logging
import time
import traceback
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import quote

import pytest

import connectors
from connectors.base import (
    AuthError,
    BadData,
    Connector,
    Misconfigured,
    Page,
    Partition,
    Rejected,
    Secret,
    SourceError,
    SourceSettings,
    Unavailable,
    WorkItem,
    checked,
)
from tests.connectors.raw import raw_server, reply, silence
from tests.connectors.runs import Clock, make_io


class StandIn(abc.ABC):
    """A running stand-in with known content, whose pages are small enough that a pass has several."""

    url: str

    @abc.abstractmethod
    def settings(self, **changes: Any) -> SourceSettings:
        """Valid settings for it, with a secret long enough to be searched for."""

    @abc.abstractmethod
    def truth(self) -> dict[str, set[str]]:
        """Partition id -> ids of its items, learned without the connector. One partition has several pages."""

    @abc.abstractmethod
    def fault(self, do: str, **options: Any) -> None:
        """Put a fault in front of the requests that a pass makes: status, html, json, truncate, reset, redirect, repeat_token."""

    @abc.abstractmethod
    def heal(self) -> None:
        """Drop all faults."""

    @abc.abstractmethod
    def log(self) -> list[dict[str, Any]]:
        """Requests so far: ``method``, ``path``, ``query``, ``headers``, ``body``."""


class ConnectorContract(abc.ABC):
    """Inherited by the tests of every connector."""

    kind: ClassVar[str]
    posts: ClassVar[frozenset[str]]
    """Paths of the POSTs that the connector declares, as the stand-in logs them."""
    first: ClassVar[str] = "1"
    second: ClassVar[str] = "2"
    """Two ids as the vendor has them."""
    optional_fields: ClassVar[dict[str, str]]
    """Two fields, our name -> the vendor's, that items of the stand-in have: read in one test, left out in another."""

    @pytest.fixture
    @abc.abstractmethod
    def standin(self) -> StandIn:
        """A stand-in as it was at the start."""

    @abc.abstractmethod
    def serving(self, rows: list[bytes]) -> contextlib.AbstractContextManager[SourceSettings]:
        """Settings of a source whose only partition holds exactly these records, as raw JSON."""

    @abc.abstractmethod
    def hostile(self) -> dict[str, tuple[bytes, bool]]:
        """Name of a trap -> (a record as raw JSON with the id ``first``, whether it becomes an item; else it is rejected)."""

    @abc.abstractmethod
    def good(self, ident: str) -> bytes:
        """An ordinary record as raw JSON."""

    # ---- tools

    @contextlib.contextmanager
    def opened(self, settings: SourceSettings, **limits: Any) -> Iterator[Connector]:
        """The connector with a run in virtual time."""
        io = make_io(settings.url, limits.pop("clock", None) or Clock(), settings=settings, **limits)
        with connectors.load(self.kind).factory(settings, io) as connector:
            yield connector

    @staticmethod
    def read(connector: Connector, partition: Partition, resume: str | None = None) -> tuple[list[Page], dict[str, WorkItem]]:
        """A whole full pass: its pages, and its items by id."""
        pages = list(checked(connector.changes(partition, None, resume)))
        return pages, {item.id: item for page in pages for item in page.items}

    def largest(self, connector: Connector, standin: StandIn) -> Partition:
        """The live partition with most items."""
        truth = standin.truth()
        return max(
            (part for part in connector.partitions() if part.state == "live"), key=lambda part: len(truth.get(part.id, ()))
        )

    def read_under(self, connector: Connector, standin: StandIn, **fault: Any) -> dict[str, WorkItem]:
        """The items of the largest partition, read while the fault is in front of the requests of the pass. A connector that
        asks for everything before its first pass puts it there earlier."""
        partition = self.largest(connector, standin)
        standin.fault(**fault)
        return self.read(connector, partition)[1]

    # ---- reading

    def test_everything_is_read_and_the_census_agrees(self, standin: StandIn) -> None:
        truth = standin.truth()
        with self.opened(standin.settings()) as connector:
            live = [part for part in connector.partitions() if part.state == "live"]
            assert {part.id for part in live if part.yields == "items"} == set(truth)
            for partition in live:
                pages, items = self.read(connector, partition)
                assert set(items) == truth[partition.id]
                assert sum(len(page.items) for page in pages) == len(items), "an item came twice"
                assert [page.rejected for page in pages if page.rejected] == []
                if partition.reads == "delta":
                    seen = list(connector.census(partition))
                    assert {one.id for one in seen} == set(items)
                    assert len(seen) == len(items)

    def test_a_pass_of_several_pages_ends_once_and_on_its_last_page(self, standin: StandIn) -> None:
        with self.opened(standin.settings()) as connector:
            pages, _ = self.read(connector, self.largest(connector, standin))
            assert len(pages) >= 3
            assert [page.end for page in pages[:-1]] == [None] * (len(pages) - 1)
            assert pages[-1].end == "complete"

    def test_two_readings_are_equal_and_the_account_is_the_same(self, standin: StandIn) -> None:
        found = []
        for _ in range(2):
            with self.opened(standin.settings()) as connector:
                partition = self.largest(connector, standin)
                found.append((connector.check(), partition, self.read(connector, partition)[1], list(connector.dimensions())))
        assert found[0] == found[1]

    def test_items_are_complete_values(self, standin: StandIn) -> None:
        with self.opened(standin.settings()) as connector:
            for item in self.read(connector, self.largest(connector, standin))[1].values():
                assert item.id and item.title and item.containers
                for stamp in (item.created_at, item.updated_at, item.done_at):
                    assert stamp is None or stamp.tzinfo is not None
                assert item.estimate is None or isinstance(item.estimate, str)

    def test_a_pass_continues_after_any_page(self, standin: StandIn) -> None:
        with self.opened(standin.settings()) as connector:
            partition = self.largest(connector, standin)
            pages, items = self.read(connector, partition)
            for cut in range(1, len(pages)):
                before = {item.id for page in pages[:cut] for item in page.items}
                with self.opened(standin.settings()) as later:
                    rest = self.read(later, partition, pages[cut - 1].resume)[1]
                assert before | set(rest) == set(items)
                assert not before & set(rest), "a committed page was read again"

    def test_items_are_found_again_by_id(self, standin: StandIn) -> None:
        with self.opened(standin.settings()) as connector:
            items = self.read(connector, self.largest(connector, standin))[1]
            fetched = connector.get(items)
            assert {item.id: item for item in fetched.items} == items
            assert (fetched.gone, fetched.denied) == ((), ())

    def test_a_field_that_is_not_asked_for_is_absent_and_an_empty_one_is_none(self, standin: StandIn) -> None:
        with self.opened(standin.settings()) as connector:
            plain = self.read(connector, self.largest(connector, standin))[1]
        with self.opened(standin.settings(fields=self.optional_fields)) as connector:
            asked = self.read(connector, self.largest(connector, standin))[1]
        assert all(item.fields == {} for item in plain.values())
        assert all(set(item.fields) == set(self.optional_fields) for item in asked.values())
        assert any(value is not None for item in asked.values() for value in item.fields.values())
        assert {ident: dataclasses.replace(item, fields={}) for ident, item in asked.items()} == plain

    def test_another_field_mapping_is_another_fingerprint(self, standin: StandIn) -> None:
        prints = set()
        for changes in ({}, {"fields": self.optional_fields}, {}):
            with self.opened(standin.settings(**changes)) as connector:
                prints.add(self.largest(connector, standin).fingerprint)
        assert len(prints) == 2

    def test_a_configured_partition_that_nobody_lists_is_unseen(self, standin: StandIn) -> None:
        with self.opened(standin.settings(partitions=("NOWHERE",))) as connector:
            assert [part.state for part in connector.partitions()] == ["unseen"]

    # ---- what must fail

    PASSING: ClassVar[list[int]] = [2, 4]
    """Which requests of a pass fail where a fault passes."""
    FAULTS: ClassVar[dict[str, tuple[dict[str, Any], type[SourceError]]]] = {
        "html": ({"do": "html"}, BadData),
        "empty object": ({"do": "json", "body": {}}, BadData),
        "list": ({"do": "json", "body": []}, BadData),
        "errors with 200": ({"do": "json", "body": {"errors": [{"message": "no"}]}}, BadData),
        "cut": ({"do": "truncate", "keep": 20}, Unavailable),
        "cut chunk": ({"do": "truncate", "keep": 20, "chunked": True}, Unavailable),
        "torn": ({"do": "reset", "keep": 20}, Unavailable),
        "500": ({"do": "status", "status": 500}, Unavailable),
        "503 with a wait": ({"do": "status", "status": 503, "headers": {"Retry-After": "3"}}, Unavailable),
        "401": ({"do": "status", "status": 401}, AuthError),
        "bomb": ({"do": "gzip_bomb", "megabytes": 70}, Misconfigured),
    }

    @pytest.mark.parametrize("name", FAULTS)
    def test_a_fault_that_stays_fails_the_pass_and_never_shortens_it(self, standin: StandIn, name: str) -> None:
        fault, error = self.FAULTS[name]
        with self.opened(standin.settings(), attempts=2) as connector, pytest.raises(error):
            self.read_under(connector, standin, **fault, times=0)

    @pytest.mark.parametrize("name", ["html", "empty object", "cut", "torn", "500", "503 with a wait"])
    def test_a_fault_that_passes_is_survived_with_the_same_items(self, standin: StandIn, name: str) -> None:
        with self.opened(standin.settings()) as connector:
            found = self.read_under(connector, standin, **self.FAULTS[name][0], at=self.PASSING)
            standin.heal()
            assert set(found) == standin.truth()[self.largest(connector, standin).id]

    def test_a_repeated_token_is_an_error(self, standin: StandIn) -> None:
        with self.opened(standin.settings()) as connector:
            partition = self.largest(connector, standin)
            standin.fault("repeat_token", times=0)
            with pytest.raises(BadData, match="repeat"):
                self.read(connector, partition)

    def test_a_redirect_to_another_origin_is_refused_and_nothing_is_sent_there(self, standin: StandIn) -> None:
        with raw_server() as other, self.opened(standin.settings()) as connector:
            with pytest.raises(Misconfigured, match="another origin"):
                self.read_under(connector, standin, do="redirect", location=f"{other.url}/rest/x", times=0)
            assert other.requests == []

    def test_a_wrong_credential_is_an_auth_error(self, standin: StandIn) -> None:
        with self.opened(standin.settings(token=Secret("wrong")), clock=(clock := Clock())) as connector:
            with pytest.raises(AuthError) as caught:
                connector.check()
            assert caught.value.hint and clock.slept == []

    def test_a_dead_server_is_unavailable(self) -> None:
        with raw_server() as server:
            url = server.url
        with self.opened(self.any_settings(url), attempts=2) as connector, pytest.raises(Unavailable):
            connector.check()

    def test_a_silent_server_is_left_after_the_timeout(self) -> None:
        with raw_server(silence) as server:
            settings = self.any_settings(server.url)
            with self.opened(settings, read_timeout=0.05, attempts=1) as connector, pytest.raises(Unavailable) as caught:
                connector.check()
            assert caught.value.timed_out

    @pytest.mark.parametrize("status", ["429 Slow", "500 No", "503 No"])
    def test_the_sdk_retries_nothing_and_sleeps_never(self, monkeypatch: pytest.MonkeyPatch, status: str) -> None:
        def forbidden(_: float) -> None:
            raise AssertionError("something slept on its own")

        monkeypatch.setattr(time, "sleep", forbidden)
        with raw_server(reply(b"<html>", status, "Retry-After: 1")) as server:
            with self.opened(self.any_settings(server.url), attempts=1) as connector, pytest.raises(SourceError):
                connector.check()
            assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "changes",
        [{"url": "http://vendor.example.com"}, {"url": "https://a:b@vendor.example.com"}, {"url": "nonsense"}, {"token": None}],
    )
    def test_settings_that_cannot_work_are_refused(self, changes: dict[str, Any]) -> None:
        settings = dataclasses.replace(self.any_settings("https://vendor.example.com"), **changes)
        with pytest.raises(Misconfigured), self.opened(settings) as connector:
            connector.check()

    def any_settings(self, url: str) -> SourceSettings:
        """Well-formed settings for any server."""
        return SourceSettings("any", self.kind, url, user="robot@example.com", token=Secret("any-token-0123456789"))

    # ---- what leaves

    def test_only_reading_requests_leave(self, standin: StandIn) -> None:
        with self.opened(standin.settings()) as connector:
            connector.check()
            list(connector.dimensions())
            partition = self.largest(connector, standin)
            connector.get(self.read(connector, partition)[1])
            list(connector.census(partition))
        sent = {(entry["method"], entry["path"]) for entry in standin.log()}
        assert {path for method, path in sent if method != "GET"} <= self.posts
        assert {method for method, _ in sent} <= {"GET", "POST"}

    @pytest.mark.parametrize("name", FAULTS)
    def test_no_secret_is_in_any_error_or_log(self, standin: StandIn, caplog: pytest.LogCaptureFixture, name: str) -> None:
        settings = standin.settings()
        caplog.set_level(logging.DEBUG)
        with self.opened(settings, attempts=2) as connector, pytest.raises(SourceError) as caught:
            self.read_under(connector, standin, **self.FAULTS[name][0], times=0)
        error = caught.value
        shown = "".join(traceback.format_exception(error)) + repr(error) + error.hint + repr(settings) + caplog.text
        for form in secret_forms(settings):
            assert form not in shown

    # ---- hostile records

    def test_one_bad_record_never_costs_its_page(self) -> None:
        for name, (row, is_item) in self.hostile().items():
            with self.serving([row, self.good(self.second)]) as settings, self.opened(settings) as connector:
                (partition,) = connector.partitions()
                pages, items = self.read(connector, partition)
                rejected: list[Rejected] = [one for page in pages for one in page.rejected]
                assert self.second in items, name
                assert (self.first in items) == is_item, f"{name}: {rejected}"
                assert bool(rejected) == (not is_item), name
                for one in rejected:
                    assert one.reason and len(one.raw) <= 5000
                    (one.raw + one.reason).encode("utf-8")
                for item in items.values():
                    assert "\0" not in repr(dataclasses.astuple(item))
                    repr(dataclasses.astuple(item)).encode("utf-8")

    def test_the_same_record_twice_is_one_item(self) -> None:
        with self.serving([self.good(self.first), self.good(self.first)]) as settings, self.opened(settings) as connector:
            (partition,) = connector.partitions()
            pages, items = self.read(connector, partition)
            assert sum(len(page.items) for page in pages) == len(items) == 1


def secret_forms(settings: SourceSettings) -> list[str]:
    """A credential as it might leak: plain, quoted, JSON-escaped by repr, in base64 alone and as basic authentication."""
    assert settings.token is not None
    secret = settings.token.reveal()
    basic = base64.b64encode(f"{settings.user}:{secret}".encode()).decode()
    return [secret, quote(secret, safe=""), repr(secret)[1:-1], base64.b64encode(secret.encode()).decode().rstrip("="), basic]
