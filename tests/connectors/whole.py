"""What every connector owes that reads no site over HTTP, and each of whose partitions is read whole.

``ConnectorContract`` is about a vendor's HTTP: paging marks, resume positions, redirects, origins, broken answers, one bad record
in a page. Of these a query has none: a result comes whole or not at all, and a bad row fails it. What is left of the contract
stands here, with the same meaning, and is inherited once for each kind of database.
"""

from __future__ import annotations

import abc
import logging
import traceback
from typing import Any, ClassVar

import pytest

from connectors.base import AuthError, MetricValue, SourceError, SourceSettings, Unavailable, WorkItem, checked
from tests.connectors.contract import secret_forms
from tests.connectors.sql_world import opened


class WholeContract(abc.ABC):
    """Inherited by tests of such connectors."""

    needs_secret: ClassVar[bool]

    @abc.abstractmethod
    def settings(self, **changes: Any) -> SourceSettings:
        """A source with one partition of values and one of items, several pages of each."""

    @abc.abstractmethod
    def truth(self) -> dict[str, set[Any]]:
        """Partition id -> identities of what it holds, learned without the connector."""

    @abc.abstractmethod
    def shuffle(self) -> None:
        """Put the same rows there in another order."""

    @abc.abstractmethod
    def broken(self) -> dict[str, SourceSettings]:
        """Name of a fault -> settings with which something fails."""

    @abc.abstractmethod
    def nobody(self) -> SourceSettings:
        """Settings of a source that is not there."""

    @staticmethod
    def everything(settings: SourceSettings) -> dict[str, list[MetricValue | WorkItem]]:
        found: dict[str, list[MetricValue | WorkItem]] = {}
        with opened(settings) as connector:
            for partition in connector.partitions():
                pages = list(checked(connector.changes(partition, None, None)))
                found[partition.id] = [record for page in pages for record in (*page.values, *page.items)]
        return found

    def test_everything_is_read_once(self) -> None:
        for name, records in self.everything(self.settings()).items():
            identities = [_identity(record) for record in records]
            assert set(identities) == self.truth()[name]
            assert len(identities) == len(set(identities))

    def test_two_reads_are_equal_whatever_the_order_of_rows(self) -> None:
        before = self.everything(self.settings())
        self.shuffle()
        after = self.everything(self.settings())
        for name, records in before.items():
            assert {_identity(r): _content(r) for r in records} == {_identity(r): _content(r) for r in after[name]}

    def test_a_partition_says_what_it_is_before_it_is_read(self) -> None:
        with opened(self.settings()) as connector:
            for partition in connector.partitions():
                pages = list(connector.changes(partition, None, None))
                assert (partition.state, partition.reads) == ("live", "whole")
                assert any(page.values for page in pages) == (partition.yields == "values")
                assert any(page.items for page in pages) == (partition.yields == "items")
                assert [page.end for page in pages] == [None] * (len(pages) - 1) + ["complete"]
                assert len(pages) > 1

    def test_the_account_is_the_same_from_run_to_run(self) -> None:
        found = []
        for _ in range(2):
            with opened(self.settings()) as connector:
                found.append((connector.check(), connector.partitions(), list(connector.dimensions())))
        assert found[0] == found[1]

    def test_the_census_and_asking_by_id_agree_with_the_pass(self) -> None:
        with opened(self.settings()) as connector:
            for partition in connector.partitions():
                items = {i.id: i for page in connector.changes(partition, None, None) for i in page.items}
                assert {seen.id for seen in connector.census(partition)} == set(items)
                assert {item.id: item for item in connector.get(items).items} == items

    def test_a_partition_that_is_configured_and_nowhere_is_unseen(self) -> None:
        with opened(self.settings(partitions=("nowhere",))) as connector:
            assert [part.id for part in connector.partitions() if part.state == "unseen"] == ["nowhere"]

    def test_what_is_not_there_is_unavailable_or_misconfigured_and_says_what_to_do(self) -> None:
        with pytest.raises(SourceError) as caught, opened(self.nobody()) as connector:
            connector.check()
        assert caught.value.hint
        assert self.needs_secret == isinstance(caught.value, Unavailable)

    def test_a_wrong_credential_is_an_auth_error(self) -> None:
        if not self.needs_secret:
            with opened(self.settings()) as connector:
                assert connector.check().id, "it is open to whoever may open the file"
            return
        wrong = self.broken()["wrong password"]
        with pytest.raises(AuthError) as caught, opened(wrong) as connector:
            connector.check()
        assert caught.value.hint

    def test_no_secret_is_in_any_error_or_log(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        for name, settings in self.broken().items():
            with pytest.raises(SourceError) as caught:
                self.everything_or_error(settings)
            error = caught.value
            shown = "".join(traceback.format_exception(error)) + repr(error) + error.hint + repr(settings) + caplog.text
            for form in secret_forms(settings) if settings.token else ():
                assert form not in shown, name
            assert error.__cause__ is None, name
            assert error.__context__ is None, name

    def everything_or_error(self, settings: SourceSettings) -> None:
        with opened(settings) as connector:
            connector.check()
            for partition in connector.partitions():
                list(connector.changes(partition, None, None))


def _identity(record: MetricValue | WorkItem) -> Any:
    return record.id if isinstance(record, WorkItem) else (record.series, record.on.isoformat(), record.key)


def _content(record: MetricValue | WorkItem) -> Any:
    """All but where it stands."""
    return record if isinstance(record, WorkItem) else (record.value, record.unit, record.fields, record.by, record.note)
