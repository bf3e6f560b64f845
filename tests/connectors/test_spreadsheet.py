"""The spreadsheet connector: the conformance class over https, and what files and sheets become."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

import connectors
from connectors.base import (
    BadData,
    Connector,
    CursorExpired,
    Dimension,
    EndpointGone,
    Gone,
    Misconfigured,
    Secret,
    SourceSettings,
    WorkItem,
    checked,
)
from tests.connectors.contract import ConnectorContract, StandIn
from tests.connectors.sheet_site import OPTIONS, FileSite
from tests.connectors.sheets import (
    DEALS,
    ITEMS,
    TYPED,
    VALUES,
    csv_text,
    items_of,
    opened,
    pages_of,
    settings_of,
    values_of,
    xlsx,
)


class TestOverHttps(ConnectorContract):
    """A file is fetched whole, by one request, before anything is listed. So faults are put in front of that request, nothing is
    paged, and a record that cannot be understood fails the sheet, which is last week's then and says so."""

    kind = "spreadsheet"
    posts = frozenset()
    optional_fields: ClassVar[dict[str, str]] = {"region": "Region", "prio": "Priority"}
    PASSING: ClassVar[list[int]] = [1]

    @pytest.fixture
    def standin(self) -> Iterator[StandIn]:
        site = FileSite()
        yield site
        site.close()

    def read_under(self, connector: Connector, standin: StandIn, **fault: Any) -> dict[str, WorkItem]:
        standin.fault(**fault)
        return self.read(connector, self.largest(connector, standin))[1]

    @contextlib.contextmanager
    def serving(self, rows: list[bytes]) -> Iterator[SourceSettings]:
        site = FileSite(b"\n".join([b"Deal ID,Deal,Stage,Amount", *rows]))
        try:
            yield site.settings()
        finally:
            site.close()

    def good(self, ident: str) -> bytes:
        return b"%s,Deal,Won,5" % ident.encode()

    def hostile(self) -> dict[str, tuple[bytes, bool]]:
        return {
            "four bytes and right to left": ("1,😀 مرحبا,Won,5".encode(), True),
            "a formula": (b'1,"=HYPERLINK(""http://x"")",Won,5', True),
            "a control character": (b"1,a\x07b,Won,5", True),
            "a line break": (b'1,"a\nb",Won,5', True),
            "empty cells": (b"1,,,", True),
            "not UTF-8": (b"1,a\xffb,Won,5", False),
            "NUL": (b"1,a\x00b,Won,5", False),
            "no key": (b",Deal,Won,5", False),
            "no number": (b"1,Deal,Won,five", False),
            "NaN": (b"1,Deal,Won,NaN", False),
            "infinite": (b"1,Deal,Won,1e400", False),
            "an error": (b"1,Deal,#REF!,5", False),
            "too many cells": (b"1,Deal,Won,5,6", False),
            "too few cells": (b"1,Deal,Won", False),
            "a torn text": (b'1,"Deal,Won,5', False),
            "a text without an end": (b"1," + b"x" * 40_000 + b",Won,5", False),
        }

    def test_one_bad_record_never_costs_its_page(self) -> None:
        """Of a sheet it costs all of them, on purpose: half a sheet is a wrong sum that looks right. Nothing is quarantined."""
        for name, (row, is_item) in self.hostile().items():
            with self.serving([row, self.good("2")]) as settings, self.opened(settings) as connector:
                (partition,) = connector.partitions()
                if not is_item:
                    with pytest.raises(BadData):
                        self.read(connector, partition)
                    continue
                pages, items = self.read(connector, partition)
                assert (set(items), [page.rejected for page in pages]) == ({"1", "2"}, [()]), name
                assert "\0" not in repr(items)

    def test_the_same_record_twice_is_one_item(self) -> None:
        """Two rows of one key are a mistake that only a person can mend: which of the two is meant?"""
        with self.serving([self.good("1"), self.good("1")]) as settings, self.opened(settings) as connector:
            (partition,) = connector.partitions()
            with pytest.raises(BadData, match='the Deal ID "1" is also in row 2'):
                self.read(connector, partition)

    def test_a_repeated_token_is_an_error(self, standin: StandIn) -> None:
        """There are no tokens: a run is one request, however many pages it hands over."""
        with self.opened(standin.settings()) as connector:
            connector.check()
            partition = self.largest(connector, standin)
            assert len(self.read(connector, partition)[0]) == 3
            list(connector.census(partition))
        assert len(standin.log()) == 1

    @pytest.mark.parametrize(
        "changes", [{"url": "http://vendor.example.com"}, {"url": "https://a:b@vendor.example.com"}, {"url": "nonsense"}]
    )
    def test_settings_that_cannot_work_are_refused(self, changes: dict[str, Any]) -> None:
        """A file may well need no token."""
        settings = dataclasses.replace(self.any_settings("https://vendor.example.com"), **changes)
        with pytest.raises(Misconfigured), self.opened(settings) as connector:
            connector.check()

    def any_settings(self, url: str) -> SourceSettings:
        return SourceSettings("any", self.kind, url, user="robot", token=Secret("any-token-0123456789"), options=OPTIONS)


# ---- items ------------------------------------------------------------------------------------------------------------------

EVERYTHING = {
    "key": "ID",
    "columns": {
        "title": "Deal", "status": "Stage", "type": "Kind", "labels": "Tags", "assignee": "Owner", "estimate": "Days",
        "amount": "Amount", "currency": "Currency", "created": "Created", "started": "Started", "done": "Closed", "due": "Due",
        "parent": "Account", "url": "Link", "stage:Pitch": "Pitched",
    },
    "formats": {"Amount": "1.234,56", "Created": "DD.MM.YYYY", "Share": "1.234,56"},
}  # fmt: skip
HEADERS = ("ID", "Deal", "Stage", "Kind", "Tags", "Owner", "Days", "Amount", "Currency", "Created", "Started", "Closed", "Due",
           "Account", "Link", "Pitched", "Region", "Share")  # fmt: skip


def test_a_row_with_everything(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    row = ("7", "Alpen AG", "Won", "New", "big; EMEA, ", "u-12", "3.50", "1.234,50", "EUR", "01.09.2026", "2026-09-02",
           "2026-09-30T10:00:00Z", "2026-10-15", "A-1", "https://crm.example/7", "2026-09-10 09:30", "", "12,5")  # fmt: skip
    path.write_text(csv_text([HEADERS, row], ";"))
    (item,) = items_of(path, EVERYTHING, fields={"region": "Region", "share": "Share"}, timezone="Europe/Berlin")
    assert item == WorkItem(
        id="7", title="Alpen AG", key="7", url="https://crm.example/7", type="New", status="Won", parent_ref="A-1",
        containers=("deals",), labels=("big", "EMEA"), assignee="u-12", estimate="3.5", amount="1234.5", currency="EUR",
        created_at=datetime(2026, 8, 31, 22, tzinfo=UTC), done_at=datetime(2026, 9, 30, 10, tzinfo=UTC),
        due_on=date(2026, 10, 15), started_at=datetime(2026, 9, 1, 22, tzinfo=UTC),
        stages={"Pitch": datetime(2026, 9, 10, 7, 30, tzinfo=UTC)}, fields={"region": None, "share": "12.5"},
    )  # fmt: skip


def test_a_row_with_a_key_alone(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "deals.xlsx", {"Deals": (("ID",), (1001,), (" D\u0061\u0308-2 ",))})
    assert items_of(path, {"key": "ID"}) == [
        WorkItem(id=key, title=key, key=key, containers=("Deals",)) for key in ("1001", "D\u00e4-2")
    ]


def test_a_workbook_and_a_csv_of_it_give_the_same_items(tmp_path: Path) -> None:
    book = xlsx(tmp_path / "Deals.xlsx", {"Deals": DEALS})
    text = tmp_path / "Deals.csv"
    text.write_text(csv_text(DEALS))
    fields = {"stage": "Stage", "amount": "Amount", "created": "Created"}
    assert items_of(book, fields=fields) == items_of(text, fields=fields) != []
    assert items_of(book, fields=fields)[0].fields == {"stage": "Won", "amount": "1200.5", "created": "2026-09-01"}


def test_sheets_are_partitions_and_containers(tmp_path: Path) -> None:
    path = xlsx(
        tmp_path / "deals.xlsx", {"EMEA": DEALS, "AMER": (DEALS[0],), "Empty": (), "Secret": (DEALS[0],)}, hidden=["Secret"]
    )
    with opened(settings_of(path)) as connector:
        assert [(part.id, part.key, part.title, part.reads, part.yields) for part in connector.partitions()] == [
            (name, name, name, "whole", "items") for name in ("EMEA", "AMER")
        ]
        assert list(connector.dimensions()) == [
            Dimension("container", name, name, attributes={"key": name}) for name in ("EMEA", "AMER", "Empty", "Secret")
        ]
    with opened(settings_of(path, partitions=("secret", "emea", "Nowhere"))) as connector:
        assert [(part.id, part.state) for part in connector.partitions()] == [
            ("Secret", "live"), ("EMEA", "live"), ("Nowhere", "unseen"),
        ]  # fmt: skip


def test_a_sheet_with_headers_alone_is_complete_and_empty(tmp_path: Path) -> None:
    (page,) = pages_of(settings_of(xlsx(tmp_path / "deals.xlsx", {"Deals": DEALS[:1]})))
    assert (page.items, page.end) == ((), "complete")


def test_the_account_is_the_file(tmp_path: Path) -> None:
    path = tmp_path / "Übersicht (neu) 100%.csv"
    path.write_text(csv_text(DEALS))
    with opened(settings_of(path)) as connector:
        account = connector.check()
        assert (account.id, account.timezone, connector.writes()) == (str(path), "UTC", ())
        assert [part.id for part in connector.partitions()] == ["Übersicht (neu) 100%"]


def test_a_row_that_is_in_no_sheet_is_deleted_if_all_sheets_can_be_read(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "deals.xlsx", {"EMEA": DEALS, "AMER": (DEALS[0], ("D-9", "Nine", "Won", 9, None))})
    with opened(settings_of(path)) as connector:
        found = connector.get(["D-9", "D-1", "D-7"])
        assert {item.id: item.containers for item in found.items} == {"D-9": ("AMER",), "D-1": ("EMEA",)}
        assert found.gone == (Gone("D-7", "deleted"),)
    xlsx(path, {"EMEA": DEALS, "AMER": (DEALS[0], ("D-9", "Nine", "Won", "nine", None))})
    with opened(settings_of(path)) as connector:
        found = connector.get(["D-9", "D-1"])
        assert ([item.id for item in found.items], found.gone, found.denied) == (["D-1"], (), ())


def test_a_position_is_good_for_the_same_content_only(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    rows = [(f"D-{n}", "x", "Won", n, "2026-09-01") for n in range(2_100)]
    path.write_text(csv_text([DEALS[0], *rows]))
    with opened(settings_of(path)) as connector:
        (part,) = connector.partitions()
        pages = list(checked(connector.changes(part, None, None)))
    assert [len(page.items) for page in pages] == [1000, 1000, 100]
    with opened(settings_of(path)) as connector:
        rest = list(checked(connector.changes(part, None, pages[1].resume)))
        assert [item.id for page in rest for item in page.items] == [f"D-{n}" for n in range(2_000, 2_100)]
        assert [page.end for page in connector.changes(part, None, pages[2].resume)] == ["complete"]
    path.write_text(csv_text([DEALS[0], *rows[1:]]))
    with opened(settings_of(path)) as connector, pytest.raises(CursorExpired):
        list(connector.changes(part, None, pages[1].resume))


def test_the_sheets_of_a_workbook_may_be_read_by_several_threads(tmp_path: Path) -> None:
    sheets = {name: (DEALS[0], *((f"{name}-{n}", "x", "Won", n, None) for n in range(1_500))) for name in ("A", "B", "C", "D")}
    with opened(settings_of(xlsx(tmp_path / "deals.xlsx", sheets))) as connector, ThreadPoolExecutor(8) as pool:
        parts = connector.partitions() * 2
        found = list(pool.map(lambda part: [i.id for page in connector.changes(part, None, None) for i in page.items], parts))
    assert found == [[f"{name}-{n}" for n in range(1_500)] for name in "ABCD"] * 2


# ---- values -----------------------------------------------------------------------------------------------------------------


def test_the_one_long_sheet_of_typed_values_keeps_who_and_why(tmp_path: Path) -> None:
    found = values_of(xlsx(tmp_path / "kpis.xlsx", {"KPIs": TYPED}))
    assert [(value.series, value.on, value.value, value.by, value.note, value.at) for value in found] == [
        ("NPS", date(2026, 9, 30), "41", "Ada", None, "KPIs!C2"),
        ("Churn", date(2026, 9, 30), "2.5", "Ben", "two accounts", "KPIs!C3"),
        ("NPS", date(2026, 10, 31), "44", "Ada", None, "KPIs!C4"),
    ]


def test_without_a_column_for_it_the_series_is_the_sheet(tmp_path: Path) -> None:
    rows = (("Date", "Value", "Unit"), (date(2026, 9, 30), 0.45, "%"))
    (value,) = values_of(xlsx(tmp_path / "kpis.xlsx", {"NPS": rows}), {"date": "Date", "value": "Value", "unit": "Unit"})
    assert (value.series, value.value, value.unit, value.key) == ("NPS", "0.45", "%", "")


def test_further_columns_tell_values_of_a_day_apart(tmp_path: Path) -> None:
    path = tmp_path / "kpis.csv"
    path.write_text("Date,Value,Region,Plant\n2026-09-30,1,EMEA,North\n2026-09-30,2,EMEA,\n2026-09-30,3,AMER,North\n")
    options = {"date": "Date", "value": "Value"}
    found = values_of(path, options, fields={"region": "Region", "plant": "Plant"})
    assert [(value.key, value.fields) for value in found] == [
        ("North / EMEA", {"plant": "North", "region": "EMEA"}),
        (" / EMEA", {"plant": None, "region": "EMEA"}),
        ("North / AMER", {"plant": "North", "region": "AMER"}),
    ]
    assert [value.key for value in values_of(path, {**options, "key": "Value"})] == ["1", "2", "3"]


def test_values_have_no_items_to_ask_for(tmp_path: Path) -> None:
    with opened(settings_of(xlsx(tmp_path / "kpis.xlsx", {"KPIs": TYPED}), VALUES)) as connector:
        (part,) = connector.partitions()
        assert part.yields == "values"
        assert (list(connector.census(part)), connector.get(["1"]).gone) == ([], ())


# ---- over https -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def site() -> Iterator[FileSite]:
    found = FileSite()
    yield found
    found.close()


def test_a_file_that_is_gone_is_said_to_be(site: FileSite) -> None:
    said = r"there is no other.csv at this address \(404\)"
    other = site.settings(url=site.url.replace("deals", "other"))
    with opened(other) as connector, pytest.raises(EndpointGone, match=said):
        connector.check()


def test_a_token_without_a_user_is_a_bearer(site: FileSite) -> None:
    with opened(site.settings(user=None)) as connector, pytest.raises(connectors.base.AuthError):
        connector.check()
    assert site.log()[0]["headers"]["authorization"] == "Bearer t0ken-of-the/f1le=server"


def test_a_workbook_comes_by_https_as_well(tmp_path: Path) -> None:
    site = FileSite(xlsx(tmp_path / "x.xlsx", {"Deals": DEALS}).read_bytes(), "/share/Q3%20deals.xlsx")
    try:
        with opened(site.settings(options=ITEMS)) as connector:
            (part,) = connector.partitions()
            assert len([item for page in connector.changes(part, None, None) for item in page.items]) == 3
            assert connector.check().id == site.url
    finally:
        site.close()
