"""A file that is what it was last night: its server says so by an ETag, or its hash does; and when it is read all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.config import load_config
from hub.mappings import load_mappings
from hub.store import Store
from hub.store.write import Writer
from hub.sync import RunSummary, sync_source
from hub.sync.plan import Mode
from hub.sync.verify import verify_source
from tests.connectors.sheet_site import FileSite, deals
from tests.connectors.sheets import csv_text, xlsx
from tests.hub.sync.tracker import START, STRATEGY

AT = int(START.timestamp() * 1000)
KPIS = [("Day", "Measure", "Value"), *((f"2026-10-{day:02}", "nps", day) for day in range(1, 31))]
ITEMS = 'key = "Deal ID"\ncolumns.title = "Deal"\ncolumns.status = "Stage"\n'
VALUES = 'date = "Day"\nvalue = "Value"\nseries = "Measure"\n'


class Nights:
    """A hub whose only source is one file on a server."""

    def __init__(self, folder: Path, store: Store, site: FileSite) -> None:
        self.folder, self.store, self.site = folder, store, site
        (folder / "mappings").mkdir(parents=True)
        (folder / "mappings" / "strategy.toml").write_text(STRATEGY)
        self.nights = 0
        self.configure()

    def configure(self, more: str = "", where: str | None = None, yields: str = VALUES) -> None:
        lines = ["[source.kpis]", 'kind = "spreadsheet"', where or f'url = "{self.site.url}"\nuser = "reader"', yields, more]
        (self.folder / "config.toml").write_text("\n".join(lines))

    def sync(self, mode: Mode = "nightly") -> RunSummary:
        self.nights += 1
        at, mapping = AT + self.nights * 86_400_000, load_mappings(self.folder / "mappings", "UTC")[0]
        config = load_config(self.folder / "config.toml", {"ANCHORLINE_KPIS__TOKEN": "t0ken-of-the/f1le=server"})
        return sync_source(config, mapping, self.store, "kpis", mode=mode, as_of=at, now=lambda: at, threads=1)

    def read(self, mode: Mode = "nightly") -> int:
        """How many values a complete night read."""
        summary = self.sync(mode)
        assert summary.result == "complete", summary.error
        return summary.counts["values"]

    def values(self) -> dict[str, str]:
        with self.store.read() as sql:
            return dict(sql.rows("SELECT row_key || series || on_day, value FROM metric_value WHERE to_seq IS NULL"))

    def titles(self) -> list[str]:
        with self.store.read() as sql:
            return [row[0] for row in sql.rows("SELECT title FROM item")]

    def answers(self) -> int:
        return len(self.site.log())


@pytest.fixture
def hub(tmp_path: Path, store: Store) -> Iterator[Nights]:
    site = FileSite(csv_text(KPIS).encode(), "/kpis.csv")
    site.etags = True
    yield Nights(tmp_path / "hub", store, site)
    site.close()


def changed(value: int, rows: list[tuple[str, str, object]] = KPIS) -> bytes:
    """The file with another number on its last day."""
    return csv_text([*rows[:-1], (*rows[-1][:2], value)]).encode()


def test_a_night_without_a_change_reads_nothing_and_is_as_good_as_one_that_read(hub: Nights) -> None:
    assert hub.read() == 30
    stored = hub.values()
    for _ in range(2):
        before = hub.answers()
        assert hub.read() == 0
        assert hub.site.log()[-1]["headers"].get("if-none-match", hub.site.log()[-1]["headers"].get("If-None-Match"))
        assert hub.answers() == before + 1, "one question, answered by 304"
    assert hub.values() == stored


def test_a_change_is_read_and_the_way_back_as_well(hub: Nights) -> None:
    hub.read()
    first = hub.site.content
    hub.site.content = changed(77)
    assert (hub.read(), hub.read()) == (30, 0)
    assert "77" in hub.values().values()
    hub.site.content = first
    assert hub.read() == 30
    assert "77" not in hub.values().values()


def test_what_was_read_of_a_night_that_broke_off_is_of_no_version(hub: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the new file, then the old one again: its ETag is known, and what is stored is not it."""
    hub.configure(ITEMS, yields="")
    hub.site.content = first = deals(2_500)
    assert hub.sync().counts["new"] == 2_500
    hub.site.content = first.replace(b",Deal ", b",Renamed ")
    with monkeypatch.context() as patched:
        patched.setattr(Writer, "put_page", _once(Writer.put_page))
        with pytest.raises(KeyboardInterrupt):
            hub.sync()
    assert len([title for title in hub.titles() if title.startswith("Renamed")]) >= 1_000
    hub.site.content = first
    hub.sync()
    assert all(title.startswith("Deal ") for title in hub.titles())
    assert hub.sync().counts["read"] == 0


def _once(put_page: Callable[..., Any]) -> Callable[..., Any]:
    calls: list[int] = []

    def put(*args: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return put_page(*args, **named)

    return put


def test_other_columns_and_a_full_run_are_read_whatever_the_server_says(hub: Nights) -> None:
    hub.read()
    hub.configure('unit = "Measure"')
    assert (hub.read(), hub.read()) == (30, 0)
    assert hub.read("full") == 30
    assert hub.read() == 0


def test_verifying_reads_the_file(hub: Nights) -> None:
    hub.read()
    config = load_config(hub.folder / "config.toml", {"ANCHORLINE_KPIS__TOKEN": "t0ken-of-the/f1le=server"})
    (checked,) = verify_source(config, hub.store, "kpis").partitions
    assert (checked.listed, checked.missing, checked.error) == (30, 0, None)


def test_a_server_without_etags_sends_the_file_and_it_is_not_parsed_again(hub: Nights) -> None:
    hub.site.etags = False
    assert (hub.read(), hub.read()) == (30, 0)
    hub.site.content = changed(78)
    assert hub.read() == 30


def test_an_answer_that_nothing_changed_to_who_asked_for_all_is_an_error(hub: Nights) -> None:
    hub.site.fault("status", status=304)
    summary = hub.sync()
    assert summary.result == "failed" and "304" in (summary.error or "")


def test_a_local_file_is_told_by_its_content(hub: Nights) -> None:
    path = hub.folder / "kpis.csv"
    path.write_bytes(hub.site.content)
    hub.configure(where='file = "kpis.csv"')
    assert hub.read() == 30
    path.write_bytes(hub.site.content)
    assert hub.read() == 0
    path.write_bytes(changed(79))
    assert hub.read() == 30


def test_one_sheet_that_failed_is_asked_for_and_the_others_with_it(hub: Nights, tmp_path: Path) -> None:
    rows = [(day, name, number) for day, name, number in KPIS[1:]]
    book = {"Good": [KPIS[0], *rows], "Bad": [KPIS[0], *rows[:-1], ("2026-10-30", "nps", "twelve")]}
    hub.site.content = xlsx(tmp_path / "a.xlsx", book).read_bytes()
    assert hub.sync().result == "partial"
    assert hub.sync().result == "partial", "a fault stays one"
    hub.site.content = xlsx(tmp_path / "b.xlsx", book | {"Bad": [KPIS[0], *rows]}).read_bytes()
    assert hub.read() == 60
    assert hub.read() == 0


def test_a_sheet_that_was_left_out_for_a_while_is_read_again(hub: Nights, tmp_path: Path) -> None:
    book = {"A": KPIS, "B": KPIS}
    hub.site.content = xlsx(tmp_path / "a.xlsx", book).read_bytes()
    hub.configure('sheets = ["A", "B"]')
    assert (hub.read(), hub.read()) == (60, 0)
    hub.configure('sheets = ["A"]')
    hub.read()
    hub.configure('sheets = ["A", "B"]')
    assert hub.read() == 60
